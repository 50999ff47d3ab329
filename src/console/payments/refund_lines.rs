//! The refunds of a payment that were requested here, on its page, and the way to request one.

use std::time::Duration;

use crate::{
    accounts::authz::Permission,
    apps::App,
    connections::{Step, credentials},
    console::http::{error::AppError, page::RequestContext},
    db::Reader,
    events::Event,
    gateways::{event_kind::EventKind, payment::Status},
    i18n::{Text, link},
    ledger::payments::Transaction,
    messages::{
        Badge, automatic_refunds,
        refunds::{self, Reported},
        text::refunds as t,
    },
    primitives::{money::Money, time::Timestamp},
    refunds::{
        RefundRequest, State,
        automatic::{AutomaticRefund, manage},
        store,
    },
    urls,
};

/// The most requests that are listed.
const MAX_REQUESTS_SHOWN: i64 = 20;
/// How long the page of a payment updates itself after a refund was requested.
const UPDATES_FOR: Duration = Duration::from_mins(15);

/// What the page of a payment has about refunds.
pub(crate) struct PaymentRefunds {
    /// Newest first.
    pub(crate) lines: Vec<RefundLine>,
    /// The page that requests a refund, if there is something to refund.
    pub(crate) button: Option<String>,
    /// Says that API keys are missing for it.
    pub(crate) without_keys: Option<Text>,
    /// The refunds that automations have started for it, newest first.
    pub(crate) automatic: Vec<AutomaticLine>,
    /// The stream that reports events, while a refund waits for one.
    pub(crate) stream: Option<String>,
}

/// A refund that an automation has started.
pub(crate) struct AutomaticLine {
    pub(crate) url: String,
    pub(crate) amount: Text,
    pub(crate) badge: Badge,
    pub(crate) sentence: Text,
}

/// A refund that was requested here.
pub(crate) struct RefundLine {
    pub(crate) amount: Money,
    pub(crate) badge: Badge,
    pub(crate) sentence: Text,
    pub(crate) by: Text,
    pub(crate) note: Option<String>,
}

/// Reads the requests of a payment; `events` are its events.
pub(super) async fn read(
    reader: &mut Reader,
    page: &RequestContext,
    app: &App,
    (payment, events): (&Transaction, &[Event]),
) -> Result<PaymentRefunds, AppError> {
    let requests = store::list_of_transaction(&mut *reader, payment.id, MAX_REQUESTS_SHOWN).await?;
    let is_open = requests.iter().any(|request| request.state.is_open());
    let may_refund = page.actor().require(Permission::RefundPayments, app.company_id).is_ok();
    let (mut button, mut without_keys) = (None, None);
    if may_refund && !is_open && is_refundable(payment) {
        if has_keys(reader, payment).await? {
            button = Some(urls::transaction_refund(app.id, payment.id));
        } else {
            let keys = urls::step(app.id, payment.gateway, payment.mode, Step::Credentials);
            without_keys = Some(t::add_keys(link(keys), payment.gateway.label()));
        }
    }
    let is_waiting = may_refund && requests.iter().any(|request| waits(request, events, page.now));
    let stream = is_waiting.then(|| urls::evidence_stream(&urls::step(app.id, payment.gateway, payment.mode, Step::Webhook)));
    let line = |request: RefundRequest| {
        let reported = reported(&request, events);
        RefundLine {
            amount: request.amount,
            badge: refunds::request_state(request.state, reported),
            sentence: refunds::request_sentence(&request, reported),
            by: refunds::requested_by(&request, page.now),
            note: request.note,
        }
    };
    let of_payment = (app, payment.id);
    let automatic = manage::list_of_payment(reader, of_payment, MAX_REQUESTS_SHOWN, &page.actor()).await?;
    let automatic_line = |refund: &AutomaticRefund| AutomaticLine {
        url: urls::automatic_refund(app.id, refund.id),
        amount: automatic_refunds::amount(refund),
        badge: automatic_refunds::state(refund.state),
        sentence: automatic_refunds::sentence(refund, Some(payment.gateway.label())),
    };
    Ok(PaymentRefunds {
        lines: requests.into_iter().map(line).collect(),
        button,
        without_keys,
        automatic: automatic.iter().map(automatic_line).collect(),
        stream,
    })
}

/// True if the page is to change soon: the outcome of the request is not known yet, or its event has not arrived.
fn waits(request: &RefundRequest, events: &[Event], now: Timestamp) -> bool {
    let is_final = |event: &Event| matches!(event.kind(), Some(EventKind::RefundProcessed | EventKind::RefundFailed));
    let is_decided = || events.iter().any(|event| event.subject_id == request.refund_id && is_final(event));
    let is_accepted = request.state == State::Confirmed && !is_decided();
    (request.state.is_open() || is_accepted) && now.since(request.created_at) < UPDATES_FOR
}

/// Returns what events report of the refund of a request.
fn reported(request: &RefundRequest, events: &[Event]) -> Reported {
    let is_own = |event: &&Event| request.refund_id.is_some() && event.subject_id == request.refund_id;
    let kinds: Vec<Option<EventKind>> = events.iter().filter(is_own).map(Event::kind).collect();
    let has = |kind| kinds.contains(&Some(kind));
    if has(EventKind::RefundFailed) && !has(EventKind::RefundProcessed) {
        Reported::Failure
    } else if kinds.is_empty() {
        Reported::Nothing
    } else {
        Reported::Refund
    }
}

/// True if events report something to refund. Whether there is, the gateway says when the page of the form is opened.
fn is_refundable(payment: &Transaction) -> bool {
    let is_left = payment.amount.is_none_or(|amount| payment.refunded < amount);
    payment.gateway.profile().refunds.is_some() && payment.is_captured && payment.status == Some(Status::Captured) && is_left
}

async fn has_keys(reader: &mut Reader, payment: &Transaction) -> Result<bool, AppError> {
    let Some(keys) = &payment.gateway.profile().api_keys else { return Ok(false) };
    let stored = credentials::store::list_of_connection(reader, payment.connection).await?;
    Ok(credentials::is_complete(&stored, keys))
}
