//! The routes of the event list, of an event, and of its raw body.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web::{Path, Query},
};

use super::{
    forms::{ListForm, Wanted},
    views,
};
use crate::{
    apps::App,
    connections::{self, Step, activity},
    console::{
        http::{
            confirmation,
            error::AppError,
            layout::{AppEntry, Layout},
            page::RequestContext,
            pagination::Pager,
            payload::StoredContent,
        },
        read_models::{
            event_disputes,
            mode_selection::{ModeSelection, shown},
            rejection_summary,
        },
    },
    db::{DbError, Reader, list},
    events::{
        Event, State, begin_download,
        payload::{Payload, StoredPayload},
        store,
    },
    gateways::{Mode, parts},
    i18n::{Text, isolate},
    ledger::payments::store::cross_mode,
    messages::{self, EmptyState, Notice, text::events as t},
    primitives::keyset::{ListPage as Rows, PageRequest},
    rejections::{self, store::recoveries},
    test_events::store as test_events,
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `GET /ks-pay/apps/{app}/events`
pub(crate) async fn index(page: RequestContext, app: Path<String>, form: Query<ListForm>) -> Answer {
    let app = page.app(&app).await?;
    let form = form.into_inner();
    let wanted = form.read();
    let mut reader = page.state.db.reader().await?;
    let shown = shown(&page, &app, page.chosen_mode(app.id, &form.mode)?);
    let mode = shown.mode;
    let types = suggested_types(&mut reader, &app, mode).await?;
    if !wanted.errors.is_empty() {
        let empty = Some(messages::invalid_filters(urls::in_mode(&urls::events(app.id), mode)));
        let pager = pager(&app, mode, &wanted, &Rows::default());
        let layout = list_layout(&page, &app, shown);
        return page.unprocessable(&views::Index {
            layout,
            app: app.id,
            mode,
            form,
            wanted,
            rows: Vec::new(),
            pager,
            empty,
            types,
        });
    }
    let requested = PageRequest::read(&form.before, &form.after);
    let rows = list::page(&mut reader, &wanted.filter(shown.connection_ids()), requested).await?;
    let mut pager = pager(&app, mode, &wanted, &rows);
    let empty = match pager.take_empty() {
        None if rows.rows.is_empty() => Some(nothing(&mut reader, &app, &shown, &wanted).await?),
        of_search => of_search,
    };
    let ids = || rows.rows.iter().map(|event| event.id);
    let recovered = recoveries::list_among(&mut reader, app.id, ids()).await?;
    let tests = test_events::list_among(&mut reader, app.id, ids()).await?;
    let disputes = event_disputes::of(&mut reader, &rows.rows).await?;
    drop(reader);
    let layout = list_layout(&page, &app, shown);
    let rows = rows.rows.iter().map(|event| views::Row::new(event, (&recovered, &tests), &disputes, page.now)).collect();
    page.ok(&views::Index { layout, app: app.id, mode, form, wanted, rows, pager, empty, types })
}

/// Returns the event types that the gateways connected in that mode recommend.
async fn suggested_types(reader: &mut Reader, app: &App, mode: Mode) -> Result<Vec<&'static str>, AppError> {
    let connections = connections::store::list_of_app(&mut *reader, app.company_id, app.id).await?;
    let gateways = connections.iter().filter(|connection| connection.mode == mode).map(|connection| connection.gateway);
    Ok(gateways.flat_map(|gateway| gateway.profile().recommended_events).copied().collect())
}

fn list_layout(page: &RequestContext, app: &App, shown: ModeSelection) -> Layout {
    let path = urls::events(app.id);
    let layout = page.layout(t::title()).app(app, AppEntry::Events, Some(shown.mode)).in_mode(&path, shown.mode);
    let layout = layout.notices(shown.other, shown.off);
    layout.below_app(app)
}

fn pager(app: &App, mode: Mode, wanted: &Wanted, rows: &Rows<Event>) -> Pager {
    let (state, kind) = (wanted.state.map_or("", State::as_str), wanted.event_type.as_deref().unwrap_or_default());
    let query = [("mode", mode.slug()), ("state", state), ("type", kind)];
    Pager::new(&urls::events(app.id), &query, rows)
}

async fn nothing(reader: &mut Reader, app: &App, shown: &ModeSelection, wanted: &Wanted) -> Result<EmptyState, DbError> {
    let mode = shown.mode;
    let any = store::Filter { connections: shown.connection_ids(), state: None, event_type: None };
    let is_nothing_yet = wanted.is_any() || list::newest(reader, &any, 1).await?.is_empty();
    let failing = shown.connections.iter().filter(|_| is_nothing_yet).map(|(_, activity)| (app, activity));
    let causes = rejection_summary::causes(&mut *reader, failing).await?;
    Ok(if is_nothing_yet {
        let yet = messages::no_event_yet(app.id, mode, shown.gateway());
        messages::nothing_but_refused(yet, &shown.connections, &causes)
    } else {
        messages::no_such_event(wanted.event_type.as_deref(), wanted.state, &urls::in_mode(&urls::events(app.id), mode))
    })
}

/// `GET /ks-pay/apps/{app}/events/{event}`
pub(crate) async fn show(page: RequestContext, path: Path<(String, String)>) -> Answer {
    let (app, event, payload) = found(&page, &path).await?;
    page.remember_mode(app.id, event.mode);
    let list = urls::in_mode(&urls::events(app.id), event.mode);
    let other = if event.mode == Mode::Test { Mode::Live } else { Mode::Test };
    let twin = urls::in_mode(&urls::events(app.id), other);
    let own = urls::event(app.id, event.id);
    let (test, live) = if event.mode == Mode::Test { (own, twin) } else { (twin, own) };
    let title = event.event_type.as_ref().map_or_else(t::unknown_type, |name| Text::verbatim(name.as_str()));
    let layout = page.layout(title).app(&app, AppEntry::Events, Some(event.mode)).with_mode_urls(event.mode, test, live);
    let overview = urls::in_mode(&urls::app(app.id), event.mode);
    let layout = layout.below_ks_pay();
    let layout = layout.crumb(Text::verbatim(isolate(&app.name)), overview).crumb(t::title(), list);
    let mixups = mixups(&page, &event, payload.body()).await?;
    let webhook = urls::step(app.id, event.gateway, event.mode, Step::Webhook);
    let siblings = payload.body().and_then(|body| parts::count(event.gateway, body));
    let damage = match &payload {
        StoredPayload::Damaged(damage) => Some(messages::damaged_payload(*damage)),
        StoredPayload::Present(_) | StoredPayload::Deleted => None,
    };
    let kept = match payload {
        StoredPayload::Present(payload) => Some(StoredContent::new(&payload.headers, &payload.body)),
        StoredPayload::Deleted | StoredPayload::Damaged(_) => None,
    };
    let mut reader = page.state.db.reader().await?;
    let test = test_events::find(&mut reader, app.id, event.id).await?;
    let recovery = recoveries::find(&mut reader, app.id, event.id).await?;
    let rejection = match recovery.as_ref().and_then(|recovery| recovery.rejection_id) {
        Some(id) => rejections::store::find(&mut reader, app.id, id).await?.map(|found| found.id),
        None => None,
    };
    let disputes = event_disputes::of(&mut reader, [&event]).await?;
    drop(reader);
    let now = page.now;
    page.ok(&views::Show { layout, event, disputes, kept, damage, siblings, mixups, webhook, test, recovery, rejection, now })
}

/// Returns a notice for each misconfiguration at the gateway that this event reveals.
async fn mixups(page: &RequestContext, event: &Event, body: Option<&[u8]>) -> Result<Vec<Notice>, AppError> {
    let mut reader = page.state.db.reader().await?;
    let mut found = Vec::new();
    if let Some(account) = body.and_then(|body| event.gateway.adapter().account(body)) {
        let activity = activity::get(&mut reader, event.connection_id).await?;
        if activity.is_unexpected(account) {
            found.push(messages::account_mismatch::event_of_other_account(event.gateway, account, &activity));
        }
    }
    if let Some(transaction) = event.transaction_id
        && cross_mode::counterpart(&mut reader, event.app_id, transaction).await?.is_some()
    {
        found.push(messages::account_mismatch::event_of_both_modes(event.gateway, event.mode));
    }
    Ok(found)
}

/// `GET /ks-pay/apps/{app}/events/{event}/body`
pub(crate) async fn body(request: HttpRequest, page: RequestContext, path: Path<(String, String)>) -> Answer {
    let (app, event, payload) = found(&page, &path).await?;
    let StoredPayload::Present(Payload { body, .. }) = payload else { return Err(AppError::NotFound) };
    confirmation::require_for_download(&page, &request, &urls::event(app.id, event.id))?;
    if request.method() != Method::HEAD {
        let mut tx = page.state.db.begin().await?;
        begin_download(&mut tx, &app, event.id, (&page.actor(), page.now)).await?;
        tx.commit().await?;
    }
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        // As stored: the signature covers exactly these bytes.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.bin\"", event.id)))
        .body(body))
}

/// Returns the app's event, and what is stored of its request.
async fn found(page: &RequestContext, (app, event): &(String, String)) -> Result<(App, Event, StoredPayload), AppError> {
    let app = page.app(app).await?;
    let id = event.parse().map_err(|_| AppError::NotFound)?;
    let mut reader = page.state.db.reader().await?;
    let event = store::find(&mut reader, app.id, id).await?.ok_or(AppError::NotFound)?;
    let payload = store::find_payload(&mut reader, &event).await?;
    Ok((app, event, payload))
}
