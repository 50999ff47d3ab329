//! The form that adds or changes a destination.
//!
//! Invariant: where events are sent to is chosen with the password only, since they contain personal data.

use std::collections::BTreeSet;

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{
    forms::{DestinationForm, FormatChoice, Parsed, UNKNOWN_TYPE, missing_formats, name_taken},
    scope::{DestinationPath, Found, connections_in, layout},
};
use crate::{
    accounts::authz::UseCaseError,
    apps::App,
    connections::Connection,
    console::{
        http::{
            confirmation::{self, SensitiveAction},
            error::AppError,
            form::{FieldError, FieldErrors},
            layout::Layout,
            page::RequestContext,
            signed_form::SignedForm,
        },
        read_models::mode_selection::shown,
    },
    db::DbError,
    deliveries::{
        destination::{MAX_CONCURRENCY, MAX_DESTINATIONS, MAX_PER_SECOND, MAX_TIMEOUT_SECONDS},
        manage::{self, DestinationError},
        normalized::{self, change},
    },
    gateways::{Gateway, Mode},
    i18n::{Text, code},
    messages::{
        destinations::{EXAMPLE_GROUP, EXAMPLE_TYPE},
        text::{destinations as t, shared},
    },
    primitives::time::Timestamp,
    replays::{self, Plan, Range, Scope},
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// The field of the errors that concern no single field.
const WHOLE_FORM: &str = "destination";

/// `/ks-pay/apps/{app}/destinations/new` and `…/{destination}/edit`
#[derive(Template)]
#[template(path = "destinations/edit.html")]
struct Edit {
    layout: Layout,
    action: String,
    back: String,
    /// True for a new one.
    is_new: bool,
    mode: Mode,
    form: DestinationForm,
    choices: Vec<FormatChoice>,
    /// The formats that are not possible, and why.
    missing: Vec<Text>,
    gateways: Vec<Gateway>,
    since_hint: Text,
    errors: FieldErrors,
}

impl Edit {
    fn events_hint() -> Text {
        t::events_hint(code(format!("{EXAMPLE_TYPE} {EXAMPLE_GROUP}")), code(change::EVENT_TYPE))
    }

    /// Returns the normalized types of the events that gateways recommend.
    fn normalized_types() -> BTreeSet<&'static str> {
        let of_gateway = |gateway: Gateway| {
            let kinds = gateway.profile().recommended_events.iter().filter_map(move |name| gateway.adapter().event_kind(name));
            kinds.filter_map(normalized::event_type)
        };
        Gateway::all().flat_map(of_gateway).chain([change::EVENT_TYPE]).collect()
    }

    /// Returns what the next submission confirms.
    fn confirmed(&self) -> String {
        let is_pointed_out = self.errors.of("events").is_some_and(|error| error.reason == UNKNOWN_TYPE);
        if is_pointed_out { self.form.confirmation() } else { self.form.confirmed.clone() }
    }

    /// True if order and speed are not folded away.
    fn shows_speed(&self) -> bool {
        !self.is_new
            || ["order", "concurrency", "per_second", "timeout_seconds"].iter().any(|name| self.errors.of(name).is_some())
    }

    fn is_of_test_mode(&self) -> bool {
        self.mode == Mode::Test
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    mode: String,
}

/// `GET /ks-pay/apps/{app}/destinations/new`
pub(crate) async fn new(page: RequestContext, app: Path<String>, asked: Query<Asked>) -> Answer {
    let app = page.app(&app).await?;
    let mode = shown(&page, &app, page.chosen_mode(app.id, &asked.mode)?).mode;
    let connections = connections(&page, &app, mode).await?;
    let form = DestinationForm::fresh(mode, &FormatChoice::all(&connections));
    page.ok(&new_view(&page, &app, (mode, &connections), form, FieldErrors::default()))
}

/// `POST /ks-pay/apps/{app}/destinations`
pub(crate) async fn create(posted: SignedForm<DestinationForm>, app: Path<String>) -> Answer {
    let SignedForm { page, form, action } = posted;
    let app = page.app(&app).await?;
    let mode = page.asked_mode(&form.mode)?.ok_or(AppError::BadRequest)?;
    let connections = connections(&page, &app, mode).await?;
    let again = |form, errors| page.unprocessable(&new_view(&page, &app, (mode, &connections), form, errors));
    let choices = FormatChoice::all(&connections);
    let parsed = match form.parse(&choices, (&page.state, &app, page.now), None).await {
        Ok(parsed) => parsed,
        Err(errors) => return again(form, errors),
    };
    let own_signature = parsed.gateway.filter(|_| !parsed.settings.is_resigned);
    let back = urls::in_mode(&urls::destinations(app.id), mode);
    let confirming = || layout(&page, &app, (mode, None), confirmation::TITLE);
    confirmation::require(&page, &action, SensitiveAction { what: t::to_add(), back, layout: confirming }).await?;
    let plan = plan(&page, parsed.since).await?;
    let by = (&page.actor(), page.now);
    let mut tx = page.state.db.begin().await?;
    let created = manage::create(&mut tx, &page.state.vault, (&app, mode), (parsed.settings, parsed.gateway), by).await;
    let destination = match created {
        Ok(destination) => destination,
        Err(error) => {
            drop(tx);
            return again(form, refused(error, mode)?);
        }
    };
    if let Some(plan) = plan {
        replays::start(&mut tx, &destination, &plan, by).await?;
    }
    tx.commit().await?;
    tracing::info!(destination = %destination.id, user = %page.signed_in.user.id, "a destination was added");
    let said = own_signature.map_or_else(t::added_now, |gateway| t::added_now_passed(gateway.label()));
    Ok(page.redirect(&urls::destination(app.id, destination.id), said))
}

/// Plans to send a new destination the events received since then, if it is to receive them.
async fn plan(page: &RequestContext, since: Option<Timestamp>) -> Result<Option<Plan>, AppError> {
    if since.is_none() {
        return Ok(None);
    }
    let range = Range::until_now(since, page.now).with_bodies(page.state.settings.body_retention, page.now);
    Ok(Some(Plan::uncounted(&mut page.state.db.page_reader().await?, (Scope::Every, range)).await?))
}

/// `GET …/{destination}/edit`
pub(crate) async fn ask(page: RequestContext, path: DestinationPath) -> Answer {
    let found = Found::open(page, (&path.0, &path.1)).await?;
    let mut reader = found.page.state.db.page_reader().await?;
    let gateway = found.gateway(&mut reader).await?;
    let connections = connections_in(&mut reader, &found.app, found.destination.mode).await?;
    drop(reader);
    let form = DestinationForm::of(&found.destination.settings, found.destination.mode, gateway);
    found.page.ok(&edit_view(&found, &connections, form, FieldErrors::default()))
}

/// `POST …/{destination}`
pub(crate) async fn update(posted: SignedForm<DestinationForm>, path: DestinationPath) -> Answer {
    let SignedForm { page, form, action } = posted;
    let found = Found::open(page, (&path.0, &path.1)).await?;
    let (page, destination) = (&found.page, &found.destination);
    let connections = connections(page, &found.app, destination.mode).await?;
    let again = |form, errors| page.unprocessable(&edit_view(&found, &connections, form, errors));
    let choices = FormatChoice::all(&connections);
    let current = destination.settings.url.as_str();
    let parsed = form.parse(&choices, (&page.state, &found.app, page.now), Some(current)).await;
    let Parsed { settings, gateway, .. } = match parsed {
        Ok(parsed) => parsed,
        Err(errors) => return again(form, errors),
    };
    if settings.url != current {
        found.confirm(&action, t::to_change()).await?;
    }
    let by = (&page.actor(), page.now);
    let mut tx = page.state.db.begin().await?;
    let is_moved = match manage::update(&mut tx, &page.state.vault, destination, (&settings, gateway), by).await {
        Ok(is_moved) => is_moved,
        Err(error) => {
            drop(tx);
            return again(form, refused(error, destination.mode)?);
        }
    };
    tx.commit().await?;
    tracing::info!(destination = %destination.id, user = %page.signed_in.user.id, is_moved, "a destination was changed");
    Ok(page.redirect(&found.url(), if is_moved { t::saved_with_secret() } else { t::saved() }))
}

/// Returns the error of the form for what the use case refuses.
fn refused(error: DestinationError, mode: Mode) -> Result<FieldErrors, AppError> {
    match error {
        DestinationError::UseCase(UseCaseError::Db(DbError::NotUnique)) => Ok(name_taken(mode)),
        DestinationError::TooMany => Ok(FieldError::new("too-many", t::too_many(MAX_DESTINATIONS)).at(WHOLE_FORM)),
        other => Err(other.into()),
    }
}

async fn connections(page: &RequestContext, app: &App, mode: Mode) -> Result<Vec<Connection>, AppError> {
    connections_in(&mut page.state.db.page_reader().await?, app, mode).await
}

fn new_view(
    page: &RequestContext,
    app: &App,
    (mode, connections): (Mode, &[Connection]),
    form: DestinationForm,
    errors: FieldErrors,
) -> Edit {
    let own = urls::new_destination(app.id, mode);
    let other = urls::new_destination(app.id, mode.other());
    let (test, live) = if mode == Mode::Test { (own, other) } else { (other, own) };
    let layout = layout(page, app, (mode, None), t::new_title()).with_mode_urls(mode, test, live);
    Edit {
        layout,
        action: urls::destinations(app.id),
        back: urls::in_mode(&urls::destinations(app.id), mode),
        is_new: true,
        mode,
        form,
        choices: FormatChoice::all(connections),
        missing: missing_formats(connections, mode),
        gateways: connections.iter().map(|connection| connection.gateway).collect(),
        since_hint: t::since_hint(app.zone.name()),
        errors,
    }
}

fn edit_view(found: &Found, connections: &[Connection], form: DestinationForm, errors: FieldErrors) -> Edit {
    Edit {
        layout: found.layout_below(t::edit_title()),
        action: found.url(),
        back: found.url(),
        is_new: false,
        mode: found.destination.mode,
        form,
        choices: FormatChoice::all(connections),
        missing: missing_formats(connections, found.destination.mode),
        gateways: connections.iter().map(|connection| connection.gateway).collect(),
        since_hint: t::since_hint(found.app.zone.name()),
        errors,
    }
}
