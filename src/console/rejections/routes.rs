//! Routes of the list of rejections, a rejection, the bytes of a stored request, and recovery.

use std::collections::HashMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web::{Path, Query},
};
use serde::Deserialize;

use super::{
    forms::{RejectionParams, RejectionSearch},
    list_view::{self, Index, Row},
    views,
};
use crate::{
    apps::App,
    connections::{self, Connection},
    console::{
        http::{
            confirmation::{self, Action, SensitiveAction},
            error::AppError,
            form::{FieldError, FieldErrors},
            layout::{AppEntry, Layout},
            list_query::only_page,
            page::{RequestContext, see_other},
            payload::StoredContent,
            signed_form::{EmptyForm, SignedForm},
        },
        read_models::{event_disputes, mode_selection::open_list, rejection_summary},
    },
    db::{DbError, Reader, list},
    events::{self, Event},
    gateways::Mode,
    i18n::{Text, isolate},
    messages::{
        self,
        rejections::{self, Explanation},
        text::{fixes, rejections as t},
    },
    primitives::{
        id::{ConnectionId, RejectionId, RequestId},
        keyset::{Cursor as _, ListPage as Rows},
    },
    rejections::{
        Cause, Rejection, Request,
        adopt_secret::{self, AdoptOutcome},
        begin_download, recovery,
        store::{self, Filter, recoveries},
        store_batch,
    },
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// The most stored requests in the list of a rejection.
const MAX_LISTED_REQUESTS: i64 = 20;
/// The field of the errors of the recovery form.
const RECOVERY: &str = "recovery";
/// The most recovered events listed.
const MAX_RECOVERED_EVENTS: i64 = 10;

/// `GET` of the paths below a rejection that take its forms
pub(crate) async fn form_page(page: RequestContext, path: Path<(String, String)>) -> Answer {
    let (app, rejection) = path.into_inner();
    let app = page.app(&app).await?;
    let rejection: RejectionId = rejection.parse().map_err(|_| AppError::NotFound)?;
    Ok(see_other(&urls::rejection(app.id, rejection)))
}

/// `GET /ks-pay/apps/{app}/rejections`
pub(crate) async fn index(page: RequestContext, app: Path<String>, form: Query<RejectionParams>) -> Answer {
    let (app, shown, context) = open_list(&page, &app, &form.list.mode).await?;
    let query = form.into_inner().read(context);
    let mode = shown.mode;
    let mut reader = page.state.db.page_reader().await?;
    let found = match query.search {
        _ if !query.list.is_valid() => Rows::default(),
        Some(RejectionSearch::Rejection(id)) => {
            let found = store::find(&mut reader, app.id, id).await?.filter(|rejection| rejection.mode == mode);
            only_page(found.into_iter().collect())
        }
        Some(RejectionSearch::Address(_)) | None => {
            let selection = query.selection(Filter { app: app.id, mode });
            list::page(&mut reader, &selection, query.list.page_request()).await?
        }
    };
    let others = rejection_summary::others(&mut reader, &app, &found.rows).await?;
    let other = |rejection: &Rejection| others.get(&rejection.other_connection_id?);
    let explanations = rejection_summary::explanations(&mut reader, &found.rows, other).await?;
    drop(reader);
    let enabled = shown.connections.iter().map(|(connection, _)| connection).filter(|one| one.is_enabled && app.is_enabled);
    let enabled: Vec<ConnectionId> = enabled.map(|connection| connection.id).collect();
    let row = |(rejection, explanation): (&Rejection, Explanation)| {
        let is_enabled = enabled.contains(&rejection.connection_id);
        Row::new(rejection, (explanation, is_enabled), page.now)
    };
    let mut rows: Vec<Row> = found.rows.iter().zip(explanations).map(row).collect();
    list_view::tell_apart(&mut rows);
    let mut pager = query.list.pager(&found);
    let filters = &query.list.filters;
    let empty = match query.list.invalid().or_else(|| pager.take_empty()) {
        None if rows.is_empty() && (filters.is_any() || query.search.is_some()) => {
            Some(rejections::none_of_filters(filters.cleared()))
        }
        None => rows.is_empty().then(|| rejections::nothing(mode)),
        of_query => of_query,
    };
    let (gateways, zones_note) = (shown.gateways(), page.zones_note(&app));
    let layout = shown.list_layout(&page, &app, (t::title(), &query.list));
    let view = Index { layout, query, gateways, rows, pager, empty, zones_note };
    view.query.list.answer(&page, &view)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ShowQuery {
    request: String,
}

/// A rejection of the company, and its connection.
struct Found {
    page: RequestContext,
    app: App,
    connection: Connection,
    rejection: Rejection,
}

impl Found {
    async fn open(page: RequestContext, app: &str, rejection: &str) -> Result<Self, AppError> {
        let app = page.app(app).await?;
        let id: RejectionId = rejection.parse().map_err(|_| AppError::NotFound)?;
        let mut reader = page.state.db.page_reader().await?;
        let rejection = store::find(&mut reader, app.id, id).await?.ok_or(AppError::NotFound)?;
        let all = connections::store::list_of_app(&mut reader, app.company_id, app.id).await?;
        drop(reader);
        let own = all.into_iter().find(|connection| connection.id == rejection.connection_id);
        Ok(Self { connection: own.ok_or(AppError::NotFound)?, page, app, rejection })
    }

    /// Returns the page, with the errors of its form.
    async fn view(&self, request: &str, errors: FieldErrors) -> Result<views::Show, AppError> {
        let (state, id) = (&self.page.state, self.rejection.id);
        let count = recovery::count(&state.db, &state.vault, &self.connection, &self.rejection, self.page.now).await?;
        let is_stuck = count.stored > 0 && count.verify() == 0;
        let offer = if is_stuck {
            adopt_secret::offer(&state.context(), &self.connection, &self.rejection, self.page.now).await?
        } else {
            None
        };
        let mut reader = state.db.page_reader().await?;
        let requests = store::list_requests(&mut reader, id, RequestId::NEWEST, MAX_LISTED_REQUESTS).await?;
        let types = self.types(&mut reader, &requests).await?;
        let request = match request.parse() {
            Ok(wanted) => store::find_request(&mut reader, id, wanted).await?,
            Err(_) => requests.first().cloned(),
        };
        let request = match request {
            Some(request) => self.said(&mut reader, request).await?,
            None => None,
        };
        let stored = store::count_requests(&mut reader, id).await?;
        let other = rejection_summary::other(&mut reader, &self.app, &self.rejection).await?;
        let other_url = rejection_summary::other_webhook(&mut reader, &self.app, &self.rejection).await?;
        let recovered_events = self.recovered_events(&mut reader).await?;
        let disputes = event_disputes::of(&mut reader, &recovered_events).await?;
        let mut explanation = rejection_summary::explanation(&mut reader, &self.rejection, other.as_ref()).await?;
        drop(reader);
        if self.rejection.cause == Cause::Disabled && self.connection.is_enabled && self.app.is_enabled {
            explanation.fix = vec![if count.verify() > 0 { fixes::enabled_again() } else { fixes::enabled() }];
        }
        Ok(views::Show {
            layout: self.layout(explanation.why.clone()),
            app: self.app.clone(),
            connection: self.connection.clone(),
            rejection: self.rejection.clone(),
            explanation,
            request,
            requests,
            types,
            stored,
            count,
            recovered_events,
            disputes,
            offer,
            other: other_url,
            errors,
            now: self.page.now,
        })
    }

    /// Returns the event types that the listed requests claim. They are not verified.
    async fn types(&self, reader: &mut Reader, requests: &[Request]) -> Result<HashMap<RequestId, String>, DbError> {
        let mut types = HashMap::new();
        for request in requests.iter().filter(|request| !request.is_truncated && requests.len() > 1) {
            let Some((headers, body)) = store::find_content(&mut *reader, self.rejection.id, request.id).await? else { continue };
            let said = store_batch::open(&self.page.state.vault, request.id, (&headers, &body)).ok();
            types.extend(said.and_then(|said| said.event_type(self.connection.gateway)).map(|name| (request.id, name)));
        }
        Ok(types)
    }

    /// Returns the newest events recovered from it.
    async fn recovered_events(&self, reader: &mut Reader) -> Result<Vec<Event>, DbError> {
        if self.rejection.recovered_count == 0 {
            return Ok(Vec::new());
        }
        let ids = recoveries::list_of_rejection(&mut *reader, self.app.id, self.rejection.id, MAX_RECOVERED_EVENTS).await?;
        let mut events = Vec::new();
        for id in ids {
            events.extend(events::store::find(&mut *reader, self.app.id, id).await?);
        }
        Ok(events)
    }

    /// Allows a sensitive action, or asks for the password first.
    async fn confirm(&self, action: &Action, what: Text) -> Result<(), AppError> {
        let back = urls::rejection(self.app.id, self.rejection.id);
        let layout = || self.layout(confirmation::TITLE).crumb(t::rejection(), back.clone());
        confirmation::require(&self.page, action, SensitiveAction { what, back: back.clone(), layout }).await
    }

    async fn said(&self, reader: &mut Reader, request: Request) -> Result<Option<(Request, StoredContent)>, AppError> {
        let Some((headers, body)) = store::find_content(reader, self.rejection.id, request.id).await? else { return Ok(None) };
        let said = store_batch::open(&self.page.state.vault, request.id, (&headers, &body))?;
        let is_complete = !request.is_truncated && request.size.is_some();
        let content = StoredContent::new((&said.headers, &said.body), self.connection.gateway, request.id, is_complete);
        Ok(Some((request, content)))
    }

    fn layout(&self, title: impl Into<Text>) -> Layout {
        let (app, mode) = (&self.app, self.rejection.mode);
        self.page.remember_mode(app.id, mode);
        let list = |mode| urls::in_mode(&urls::rejections(app.id), mode);
        let own = urls::rejection(app.id, self.rejection.id);
        let (test, live) = match mode {
            Mode::Test => (own, list(Mode::Live)),
            Mode::Live => (list(Mode::Test), own),
        };
        let layout = self.page.layout(title).app(app, AppEntry::Rejections, Some(mode)).with_mode_urls(mode, test, live);
        let overview = urls::in_mode(&urls::app(app.id), mode);
        let layout = layout.notices(None, messages::off_connection(app, &self.connection).into_iter().collect());
        let layout = layout.below_ks_pay();
        layout.crumb(Text::verbatim(isolate(&app.name)), overview).crumb(t::title(), list(mode))
    }
}

/// `GET /ks-pay/apps/{app}/rejections/{rejection}`
pub(crate) async fn show(page: RequestContext, path: Path<(String, String)>, asked: Query<ShowQuery>) -> Answer {
    let found = Found::open(page, &path.0, &path.1).await?;
    let view = found.view(&asked.request, FieldErrors::default()).await?;
    found.page.ok(&view)
}

/// `GET /ks-pay/apps/{app}/rejections/{rejection}/requests/{request}/body`
pub(crate) async fn body(request: HttpRequest, page: RequestContext, path: Path<(String, String, String)>) -> Answer {
    let found = Found::open(page, &path.0, &path.1).await?;
    let id: RequestId = path.2.parse().map_err(|_| AppError::NotFound)?;
    confirmation::require_for_download(&found.page, &request, &urls::rejection(found.app.id, found.rejection.id))?;
    let mut reader = found.page.state.db.page_reader().await?;
    let (headers, body) = store::find_content(&mut reader, found.rejection.id, id).await?.ok_or(AppError::NotFound)?;
    drop(reader);
    let said = store_batch::open(&found.page.state.vault, id, (&headers, &body))?;
    if request.method() != Method::HEAD {
        let mut tx = found.page.state.db.begin().await?;
        begin_download(&mut tx, &found.connection, id, (&found.page.actor(), found.page.now)).await?;
        tx.commit().await?;
    }
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.bin\"")))
        .body(said.body))
}

/// `POST /ks-pay/apps/{app}/rejections/{rejection}/acceptance`
pub(crate) async fn accept(posted: SignedForm<EmptyForm>, path: Path<(String, String)>) -> Answer {
    let found = Found::open(posted.page, &path.0, &path.1).await?;
    let page = &found.page;
    let refused = async |reason: &'static str, sentence: Text| {
        page.unprocessable(&found.view("", FieldError::new(reason, sentence).at(RECOVERY)).await?)
    };
    if !found.rejection.cause.can_adopt_secret() {
        return refused("nothing-to-accept", t::nothing_to_add()).await;
    }
    found.confirm(&posted.action, messages::access::ADOPT).await?;
    let by = (&page.actor(), page.now);
    let id = found.rejection.id;
    match adopt_secret::adopt(&page.state.context(), &found.connection, &found.rejection, by).await? {
        AdoptOutcome::Adopted(secret) => {
            let (connection, user) = (found.connection.id, page.signed_in.user.id);
            tracing::info!(%connection, rejection = %id, %secret, %user, "a secret was adopted from rejected requests");
            Ok(page.redirect(&urls::rejection(found.app.id, id), t::added()))
        }
        AdoptOutcome::AlreadyValid => refused("already-valid", messages::text::secrets::already_valid()).await,
        AdoptOutcome::LimitReached => refused("too-many-imported", messages::secrets::too_many_imported()).await,
        AdoptOutcome::NotFound => refused("nothing-to-accept", t::nothing_to_add()).await,
    }
}

/// Which requests to recover.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct RecoveryForm {
    /// Empty: all that verify.
    request: String,
}

/// `POST /ks-pay/apps/{app}/rejections/{rejection}/recovery`
pub(crate) async fn recover(posted: SignedForm<RecoveryForm>, path: Path<(String, String)>) -> Answer {
    let found = Found::open(posted.page, &path.0, &path.1).await?;
    let (page, form) = (&found.page, posted.form);
    let only = match form.request.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| AppError::NotFound)?),
    };
    if !found.connection.is_enabled || !found.app.is_enabled {
        let errors = FieldError::new("disabled", t::enable_first()).at(RECOVERY);
        return page.unprocessable(&found.view(&form.request, errors).await?);
    }
    found.confirm(&posted.action, messages::access::RECOVER).await?;
    let by = (&page.actor(), page.now);
    let stores = (&page.state.db, &page.state.vault);
    let recovered = recovery::recover(stores, &found.connection, &found.rejection, only, by).await?;
    tracing::info!(rejection = %found.rejection.id, user = %page.signed_in.user.id, events = recovered.events, "rejected requests were recovered");
    Ok(page.redirect(&urls::rejection(found.app.id, found.rejection.id), rejections::recovered(recovered)))
}
