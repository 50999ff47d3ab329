//! The page of a transaction.
//!
//! Invariant: all it shows is read in one transaction.

use actix_web::{HttpResponse, web::Path};
use sha2::{Digest as _, Sha256};

use super::{automation_runs, detail, refund_lines, timeline::PartDigests};
use crate::{
    apps::App,
    console::http::{
        error::AppError,
        layout::{AppEntry, Layout},
        page::RequestContext,
        payload::Payload,
    },
    db::{DbError, Reader},
    events::{self, payload::StoredPayload},
    gateways::{Mode, event_kind::EventKind, payment::Status, payment_details::PaymentDetails},
    i18n::{Text, isolate},
    ledger::{
        orders::{self, OrderState},
        payments::{
            Transaction,
            store::{self, references},
        },
    },
    messages::{self, text::transactions as t},
    primitives::id::EventId,
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// The maximum number of events on the page of a transaction.
const MAX_EVENTS_SHOWN: i64 = 200;
/// The maximum number of failed payment attempts that are shown with their reason.
const MAX_REASONS_SHOWN: usize = 10;
/// The request that was read last: events of one request follow each other.
type LastRequest = Option<(EventId, StoredPayload)>;

/// Returns the event's own bytes, while the body of its request is stored.
async fn own_bytes(reader: &mut Reader, event: &events::Event, last: &mut LastRequest) -> Result<Option<Vec<u8>>, DbError> {
    if last.as_ref().is_none_or(|(id, _)| *id != event.request()) {
        *last = Some((event.request(), events::store::find_payload(reader, event).await?));
    }
    let Some(body) = last.as_ref().and_then(|(_, stored)| stored.body()) else { return Ok(None) };
    match event.own_bytes(body) {
        Ok(own) => Ok(Some(own.to_vec())),
        Err(error) => {
            tracing::error!(event = %event.id, %error, "an event is not found in its request");
            Ok(None)
        }
    }
}

/// Returns what the last event says of customer and fees, and its payload. Where it lacks the fee, which it has if it was sent before
/// the capture, the latest report of the capture is read too: at most two bodies, however many events there are.
async fn details(
    reader: &mut Reader,
    events: &[events::Event],
    last: &mut LastRequest,
) -> Result<(PaymentDetails, Option<Payload>), DbError> {
    let Some(newest) = events.last() else { return Ok((PaymentDetails::default(), None)) };
    let read = |event: &events::Event, own: Option<Vec<u8>>| {
        own.map(|own| event.gateway.adapter().payment_details(&own)).unwrap_or_default()
    };
    let own = own_bytes(reader, newest, last).await?;
    let details = read(newest, own);
    let payload = last.as_ref().and_then(|(_, stored)| stored.body()).map(Payload::new);
    let is_capture = |event: &&events::Event| {
        event.id != newest.id && event.subject_id.is_none() && event.subject_status.as_deref() == Some(Status::Captured.as_str())
    };
    let Some(capture) = events.iter().rfind(is_capture).filter(|_| details.fee.is_none()) else { return Ok((details, payload)) };
    let own = own_bytes(reader, capture, last).await?;
    Ok((details.or(read(capture, own)), payload))
}

/// Returns the other captured payments of the payment's order, and the order if there are any.
async fn order(reader: &mut Reader, of: &Transaction) -> Result<(Vec<Transaction>, OrderState), DbError> {
    let Some(id) = of.order_id.as_deref() else { return Ok(Default::default()) };
    let scope = (of.app, of.mode, of.gateway);
    let mut others = references::list_captured_of_order(&mut *reader, scope, id, references::MAX_OTHERS + 2).await?;
    others.retain(|other| other.id != of.id);
    let order = if others.is_empty() { None } else { orders::store::find(reader, scope, id).await? };
    Ok((others, order.map(|order| order.state).unwrap_or_default()))
}

/// Returns the layout of a page about a payment, at the address `own`. The other mode has no such page.
pub(super) fn layout(
    page: &RequestContext,
    (app, transaction): (&App, &Transaction),
    (title, own): (impl Into<Text>, String),
) -> Layout {
    let mode = transaction.mode;
    page.remember_mode(app.id, mode);
    let in_mode = |path: String| urls::in_mode(&path, mode);
    let twin = |mode| urls::in_mode(&urls::transactions(app.id), mode);
    let (test, live) = if mode == Mode::Test { (own, twin(Mode::Live)) } else { (twin(Mode::Test), own) };
    let layout = page.layout(title).app(app, AppEntry::Transactions, Some(mode)).with_mode_urls(mode, test, live).below_ks_pay();
    let layout = layout.crumb(Text::verbatim(isolate(&app.name)), in_mode(urls::app(app.id)));
    layout.crumb(t::title(), in_mode(urls::transactions(app.id)))
}

/// `GET /ks-pay/apps/{app}/transactions/{transaction}`
pub(crate) async fn show(page: RequestContext, path: Path<(String, String)>) -> Answer {
    let (app, id) = path.into_inner();
    let app = page.app(&app).await?;
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let mut reader = page.state.db.page_reader().await?;
    let transaction = store::find(&mut reader, app.id, id).await?.ok_or(AppError::NotFound)?;
    let mut events = events::store::list_of_transaction(&mut reader, app.id, id, MAX_EVENTS_SHOWN + 1).await?;
    let is_truncated = i64::try_from(events.len()).is_ok_and(|count| count > MAX_EVENTS_SHOWN);
    events.truncate(usize::try_from(MAX_EVENTS_SHOWN).unwrap_or_default());
    let (mut reasons, mut last) = (Vec::new(), None);
    let failed = |event: &&events::Event| event.kind() == Some(EventKind::PaymentFailed);
    for event in events.iter().filter(failed).take(MAX_REASONS_SHOWN) {
        let own = own_bytes(&mut reader, event, &mut last).await?;
        let reason = own.and_then(|own| event.gateway.adapter().failure_reason(&own));
        reasons.extend(reason.map(|reason| (event.id, reason)));
    }
    let mut digests = PartDigests::new();
    for event in events.iter().filter(|event| event.part.is_some()) {
        digests.extend(own_bytes(&mut reader, event, &mut last).await?.map(|own| (event.id, Sha256::digest(own).into())));
    }
    let (details, payload) = details(&mut reader, &events, &mut last).await?;
    let references = events::store::list_references(&mut reader, id).await?;
    let disputes = references::list_disputes(&mut reader, id).await?;
    let (others, order) = order(&mut reader, &transaction).await?;
    let runs = automation_runs::list(&mut reader, (&page, &app), &transaction).await?;
    let refunds = refund_lines::read(&mut reader, &page, &app, (&transaction, &events)).await?;
    drop(reader);
    let title = messages::payment_title(&transaction);
    let layout = layout(&page, (&app, &transaction), (title, urls::transaction(app.id, id)));
    page.ok(&detail::Show {
        layout,
        transaction,
        events,
        digests,
        reasons,
        is_truncated,
        details,
        payload,
        references,
        disputes,
        others,
        order,
        runs,
        refunds,
        zone: page.reader().zone,
        now: page.now,
    })
}
