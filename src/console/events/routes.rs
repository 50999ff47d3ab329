//! The routes of the event list, of an event, and of its raw body.

use std::cmp::Reverse;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web::{Path, Query},
};

use super::{
    forms::{EventParams, EventQuery, EventSearch},
    list_view::{Index, Row},
    views,
};
use crate::{
    accounts::authz::Permission,
    apps::App,
    connections::{Step, activity},
    console::{
        http::{
            confirmation, error::AppError, layout::AppEntry, list_query::only_page, page::RequestContext, payload::StoredContent,
        },
        read_models::{
            event_deliveries::EventDeliveries,
            event_disputes,
            mode_selection::{ModeSelection, open_list},
            rejection_summary,
        },
    },
    db::{DbError, Reader, list},
    events::{
        Event, begin_download,
        payload::{Payload, StoredPayload},
        store,
    },
    gateways::{Mode, parts},
    i18n::{Text, isolate},
    ledger::payments::store::{self as payments, cross_mode},
    messages::{self, EmptyState, NoSuchEvent, Notice, text::events as t},
    primitives::{
        id::TransactionId,
        keyset::{FETCH_LIMIT, ListPage as Rows, PAGE_SIZE},
    },
    rejections::{self, store::recoveries},
    test_events::store as test_events,
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// The maximum number of payments whose events a search shows.
const MAX_PAYMENTS_SEARCHED: i64 = 20;

/// `GET /ks-pay/apps/{app}/events`
pub(crate) async fn index(page: RequestContext, app: Path<String>, form: Query<EventParams>) -> Answer {
    let (app, shown, context) = open_list(&page, &app, &form.list.mode).await?;
    let query = form.into_inner().read(context);
    let mut reader = page.state.db.page_reader().await?;
    let (found, has_more) = rows(&mut reader, &app, &shown, &query).await?;
    let mut pager = query.list.pager(&found);
    let empty = match query.list.invalid().or_else(|| pager.take_empty()) {
        None if found.rows.is_empty() => Some(nothing(&mut reader, &app, &shown, &query).await?),
        of_query => of_query,
    };
    let ids = || found.rows.iter().map(|event| event.id);
    let recovered = recoveries::list_among(&mut reader, app.id, ids()).await?;
    let tests = test_events::list_among(&mut reader, app.id, ids()).await?;
    let disputes = event_disputes::of(&mut reader, &found.rows).await?;
    drop(reader);
    let rows = found.rows.iter().map(|event| Row::new(event, (&recovered, &tests), &disputes, page.now)).collect();
    let (gateways, zones_note) = (shown.gateways(), page.zones_note(&app));
    let layout = shown.list_layout(&page, &app, (t::title(), &query.list));
    let view = Index { layout, query, gateways, rows, has_more, pager, empty, zones_note };
    view.query.list.answer(&page, &view)
}

/// Returns the rows of the page, none while a filter is invalid, and whether a search has found more.
async fn rows(reader: &mut Reader, app: &App, shown: &ModeSelection, query: &EventQuery) -> Result<(Rows<Event>, bool), DbError> {
    if !query.list.is_valid() {
        return Ok((Rows::default(), false));
    }
    let Some(search) = &query.search else {
        let filter = query.filter(shown.connections.iter().map(|(connection, _)| (connection.id, connection.gateway)));
        return Ok((list::page(reader, &filter, query.list.page_request()).await?, false));
    };
    let mut rows = find(reader, app, shown, search).await?;
    let has_more = rows.len() > PAGE_SIZE;
    rows.truncate(PAGE_SIZE);
    Ok((only_page(rows), has_more))
}

/// Returns the events that a search finds, newest first: the one with that id, or those of the payments with that id.
async fn find(reader: &mut Reader, app: &App, shown: &ModeSelection, search: &EventSearch) -> Result<Vec<Event>, DbError> {
    let mut found = Vec::new();
    match search {
        EventSearch::Event(id) => found.extend(store::find(&mut *reader, app.id, *id).await?),
        EventSearch::Transaction(id) => found.extend(of_transaction(reader, app, *id).await?),
        EventSearch::Name(name) => {
            for connection in shown.connection_ids() {
                found.extend(store::find_named(&mut *reader, connection, name).await?);
            }
            found.extend(store::find_by_reference(&mut *reader, app.id, shown.mode, name).await?);
            for payment in payments::find_by_gateway_id(&mut *reader, app.id, shown.mode, name, MAX_PAYMENTS_SEARCHED).await? {
                found.extend(of_transaction(reader, app, payment.id).await?);
            }
        }
    }
    found.retain(|event| event.mode == shown.mode);
    found.sort_by_key(|event| Reverse(event.id));
    found.dedup_by_key(|event| event.id);
    Ok(found)
}

async fn of_transaction(reader: &mut Reader, app: &App, id: TransactionId) -> Result<Vec<Event>, DbError> {
    store::list_of_transaction(reader, app.id, id, FETCH_LIMIT).await
}

async fn nothing(reader: &mut Reader, app: &App, shown: &ModeSelection, query: &EventQuery) -> Result<EmptyState, DbError> {
    let (mode, filters) = (shown.mode, &query.list.filters);
    let is_any = !filters.is_any() && query.search.is_none();
    let is_nothing_yet = is_any || list::newest(reader, &store::Filter::all(shown.connection_ids()), 1).await?.is_empty();
    let failing = shown.connections.iter().filter(|_| is_nothing_yet).map(|(_, activity)| (app, activity));
    let causes = rejection_summary::causes(&mut *reader, failing).await?;
    if is_nothing_yet {
        let yet = messages::no_event_yet(app.id, mode, shown.gateway());
        return Ok(messages::nothing_but_refused(yet, &shown.connections, &causes));
    }
    let reason = match (query.event_type.as_deref(), query.state) {
        _ if query.search.is_some() => NoSuchEvent::Named(query.list.searched()),
        _ if query.list.days.is_some() || query.gateway.is_some() => NoSuchEvent::OfFilters,
        (Some(name), None) => NoSuchEvent::OfType(name),
        (None, Some(state)) => NoSuchEvent::InState(state),
        (Some(name), Some(state)) => NoSuchEvent::OfTypeInState(name, state),
        (None, None) => NoSuchEvent::OfFilters,
    };
    Ok(reason.among(filters.cleared()))
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
        StoredPayload::Present(Payload { headers, body }) => {
            Some(StoredContent::new((&headers, &body), event.gateway, event.id, true))
        }
        StoredPayload::Deleted | StoredPayload::Damaged(_) => None,
    };
    let mut reader = page.state.db.page_reader().await?;
    let test = test_events::find(&mut reader, app.id, event.id).await?;
    let recovery = recoveries::find(&mut reader, app.id, event.id).await?;
    let rejection = match recovery.as_ref().and_then(|recovery| recovery.rejection_id) {
        Some(id) => rejections::store::find(&mut reader, app.id, id).await?.map(|found| found.id),
        None => None,
    };
    let disputes = event_disputes::of(&mut reader, [&event]).await?;
    let deliveries = if page.signed_in.user.role.permits(Permission::ManageDestinations) {
        EventDeliveries::read(&mut reader, &app, &event, test.is_some()).await?
    } else {
        EventDeliveries::default()
    };
    drop(reader);
    let now = page.now;
    page.ok(&views::Show {
        layout,
        event,
        disputes,
        deliveries,
        kept,
        damage,
        siblings,
        mixups,
        webhook,
        test,
        recovery,
        rejection,
        now,
    })
}

/// Returns a notice for each misconfiguration at the gateway that this event reveals.
async fn mixups(page: &RequestContext, event: &Event, body: Option<&[u8]>) -> Result<Vec<Notice>, AppError> {
    let mut reader = page.state.db.page_reader().await?;
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
    let mut reader = page.state.db.page_reader().await?;
    let event = store::find(&mut reader, app.id, id).await?.ok_or(AppError::NotFound)?;
    let payload = store::find_payload(&mut reader, &event).await?;
    Ok((app, event, payload))
}
