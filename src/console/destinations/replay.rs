//! Sends the events of a time range, or all failed deliveries, to a destination again.
//!
//! Invariant: a page shows how many that are before it asks to confirm.

use std::time::Duration;

use actix_web::{HttpResponse, web::Query};
use askama::Template;

use super::{
    actions::Confirm,
    replay_form::ReplayForm,
    scope::{DestinationPath, Found},
};
use crate::{
    console::http::{
        error::AppError,
        form::FieldErrors,
        layout::Layout,
        page::RequestContext,
        signed_form::{EmptyForm, SignedForm},
    },
    deliveries::{destination::DestinationState, request},
    i18n::{Text, code, isolate},
    messages::{
        self, DisplayTime,
        text::{destinations as t, shared},
    },
    replays::{self, Plan, Range, ReplayError, Scope},
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `…/{destination}/replays`
#[derive(Template)]
#[template(path = "destinations/replay.html")]
struct ReplayPage {
    layout: Layout,
    url: String,
    form: ReplayForm,
    since_hint: Text,
    errors: FieldErrors,
    /// What happens if the user confirms, once the form is valid.
    preview: Option<Preview>,
}

struct Preview {
    /// How many events are sent.
    count: Text,
    effects: Vec<Text>,
    /// False if there is nothing to send.
    has_events: bool,
}

/// `GET …/{destination}/replays`: the form, and how many events the chosen range has.
pub(crate) async fn ask(page: RequestContext, path: DestinationPath, asked: Query<ReplayForm>) -> Answer {
    let found = Found::open(page, (&path.0, &path.1)).await?;
    let (form, page) = (asked.into_inner(), &found.page);
    if form.is_empty() {
        let fresh = ReplayForm::fresh(found.app.zone, page.now);
        return page.ok(&view(&found, fresh, FieldErrors::default(), None));
    }
    match form.parse(found.app.zone, page.now) {
        Err(errors) => page.unprocessable(&view(&found, form, errors, None)),
        Ok(chosen) => {
            let preview = preview(&found, chosen).await?;
            page.ok(&view(&found, form, FieldErrors::default(), Some(preview)))
        }
    }
}

/// `POST …/{destination}/replays`
pub(crate) async fn start(posted: SignedForm<ReplayForm>, path: DestinationPath) -> Answer {
    let SignedForm { page, form, .. } = posted;
    let found = Found::open(page, (&path.0, &path.1)).await?;
    match form.parse(found.app.zone, found.page.now) {
        Err(errors) => found.page.unprocessable(&view(&found, form, errors, None)),
        Ok(chosen) => begin(&found, chosen).await,
    }
}

fn view(found: &Found, form: ReplayForm, errors: FieldErrors, preview: Option<Preview>) -> ReplayPage {
    let since_hint = t::since_hint(found.app.zone.name());
    ReplayPage { layout: found.layout_below(t::replay_range()), url: found.url(), form, since_hint, errors, preview }
}

async fn preview(found: &Found, (scope, range): (Scope, Range)) -> Result<Preview, AppError> {
    let stored = range.with_bodies(retention(found), found.page.now);
    let plan = Plan::make(&mut found.page.state.db.page_reader().await?, &found.destination, (scope, stored)).await?;
    let has_events = messages::destinations::has_events(&plan);
    let cut = (stored != range).then(|| t::bodies_since(DisplayTime::of_moment(stored.since, found.page.now)));
    let effects = if has_events { effects(found) } else { Vec::new() };
    Ok(Preview {
        count: messages::destinations::replay_count(&plan),
        effects: cut.into_iter().chain(effects).collect(),
        has_events,
    })
}

fn retention(found: &Found) -> Option<Duration> {
    found.page.state.settings.body_retention
}

/// Says what a replay does, besides its number.
fn effects(found: &Found) -> Vec<Text> {
    let is_paused = found.destination.state == DestinationState::Paused;
    let always = [t::replay_same_id(isolate(found.name())), t::replay_twice(code(request::ID))];
    always.into_iter().chain(is_paused.then(t::replay_paused)).collect()
}

/// Begins a replay, and says so on the destination's page.
async fn begin(found: &Found, (scope, range): (Scope, Range)) -> Answer {
    let page = &found.page;
    let range = range.with_bodies(retention(found), page.now);
    let plan = Plan::make(&mut page.state.db.page_reader().await?, &found.destination, (scope, range)).await?;
    let mut tx = page.state.db.begin().await?;
    match replays::start(&mut tx, &found.destination, &plan, (&page.actor(), page.now)).await {
        Err(ReplayError::IsRunning) => {
            drop(tx);
            return Ok(page.redirect_warning(&found.url(), "replay-running", t::replay_still_running()));
        }
        started => started?,
    };
    tx.commit().await?;
    tracing::info!(destination = %found.destination.id, user = %page.signed_in.user.id, %scope, "a replay was started");
    Ok(page.redirect(&found.url(), t::replay_started()))
}

/// Every delivery that has failed.
fn all_failed(found: &Found) -> (Scope, Range) {
    (Scope::Exhausted, Range::until_now(None, found.page.now))
}

/// `GET …/{destination}/failed-deliveries/replay`
pub(crate) async fn ask_failed(page: RequestContext, path: DestinationPath) -> Answer {
    let found = Found::open(page, (&path.0, &path.1)).await?;
    let Preview { count, effects, has_events } = preview(&found, all_failed(&found)).await?;
    found.page.ok(&Confirm {
        layout: found.layout_below(t::replay_failed()),
        heading: t::replay_failed_title(),
        effects: [count].into_iter().chain(effects).collect(),
        action: urls::failed_replay(&found.url()),
        back: found.url(),
        keep: if has_events { shared::cancel() } else { t::back_to_destination() },
        button: has_events.then(t::replay),
        is_dangerous: false,
    })
}

/// `POST …/{destination}/failed-deliveries/replay`
pub(crate) async fn start_failed(posted: SignedForm<EmptyForm>, path: DestinationPath) -> Answer {
    let found = Found::open(posted.page, (&path.0, &path.1)).await?;
    begin(&found, all_failed(&found)).await
}

/// `POST …/{destination}/replays/cancellation`
pub(crate) async fn cancel(posted: SignedForm<EmptyForm>, path: DestinationPath) -> Answer {
    let found = Found::open(posted.page, (&path.0, &path.1)).await?;
    let page = &found.page;
    let mut tx = page.state.db.begin().await?;
    let is_canceled = replays::cancel(&mut tx, &found.destination, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    if !is_canceled {
        return Ok(page.redirect_warning(&found.url(), "no-replay", t::replay_not_running()));
    }
    Ok(page.redirect(&found.url(), t::replay_now_canceled()))
}
