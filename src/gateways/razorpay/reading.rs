//! Reads a verified Razorpay body: only the fields the projection keys on, and those strictly.
//!
//! A field that is missing, doubled or not clean quarantines the event, since two parsers could disagree about it.
//! Everything else – a customer's notes above all – is skipped unread and can never hide a paid order.

use std::borrow::Cow;

use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    gateways::{
        adapter::{Content, Reading, is_clean},
        object::Object,
    },
    kernel::{
        money::{Currency, Money},
        time::Timestamp,
    },
    transactions::{
        Status,
        projection::{Dispute, DisputeStatus, Facts, Refund, RefundStatus, Snapshot, TimeSource},
    },
};

/// Enough of any body to know its type.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
}

/// All of any body that the projection keys on.
#[derive(Deserialize)]
struct Envelope {
    created_at: i64,
    payload: Object<Payload<Keyed>>,
}

/// A body whose every field that we read is plain to see, as nearly all are: read in one pass.
#[derive(Deserialize)]
struct Plain<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    created_at: i64,
    payload: Object<Payload<Payment>>,
}

#[derive(Deserialize)]
struct Payload<P> {
    payment: Option<Object<Holder<P>>>,
    refund: Option<Object<Holder<RefundEntity>>>,
    dispute: Option<Object<Holder<DisputeEntity>>>,
}

#[derive(Deserialize)]
struct Holder<T> {
    entity: Object<T>,
}

macro_rules! payment {
    ($(#[$doc:meta])* $name:ident { $($shown:tt)* }) => {
        $(#[$doc])*
        #[derive(Deserialize)]
        struct $name {
            id: String,
            amount: i64,
            currency: String,
            status: String,
            created_at: i64,
            #[serde(default)]
            order_id: Option<String>,
            #[serde(default)]
            amount_refunded: Option<i64>,
            $($shown)*
        }
    };
}
payment! {
    /// A payment.
    Payment {
        #[serde(default)]
        method: Option<String>,
        #[serde(default)]
        captured: Option<bool>,
    }
}
payment! {
    /// The same with nothing but what is keyed on: what only adds to it is read apart.
    Keyed {}
}

impl Keyed {
    fn with(self, method: Option<String>, captured: Option<bool>) -> Payment {
        let Self { id, amount, currency, status, created_at, order_id, amount_refunded } = self;
        Payment { id, amount, currency, status, created_at, order_id, amount_refunded, captured, method }
    }
}

impl<P> Payload<P> {
    fn map<Q>(self, payment: impl FnOnce(P) -> Q) -> Payload<Q> {
        let held = |holder: Object<Holder<P>>| Object(Holder { entity: Object(payment(holder.0.entity.0)) });
        Payload { payment: self.payment.map(held), refund: self.refund, dispute: self.dispute }
    }
}

#[derive(Deserialize)]
struct RefundEntity {
    id: String,
    payment_id: String,
    amount: i64,
    currency: String,
    status: String,
    #[serde(default)]
    created_at: Option<i64>,
}

#[derive(Deserialize)]
struct DisputeEntity {
    id: String,
    payment_id: String,
    status: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    amount_deducted: Option<i64>,
}

/// What an event of a type is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    Payment,
    Refund,
    Dispute,
}

fn subject(event: &str) -> Option<Subject> {
    match event {
        "payment.created" | "payment.authorized" | "payment.captured" | "payment.failed" | "order.paid" => Some(Subject::Payment),
        "refund.created" | "refund.processed" | "refund.failed" | "refund.speed_changed" => Some(Subject::Refund),
        "payment.dispute.created"
        | "payment.dispute.under_review"
        | "payment.dispute.action_required"
        | "payment.dispute.won"
        | "payment.dispute.lost"
        | "payment.dispute.closed" => Some(Subject::Dispute),
        _ => None,
    }
}

/// Reads the body; whatever it is, the event is kept.
pub(super) fn read(body: &[u8]) -> Reading {
    let Ok(Object(Plain { event, created_at, payload })) = serde_json::from_slice(body) else {
        return read_in_parts(body);
    };
    if !is_clean(&event) {
        return Reading::quarantined(None, "event");
    }
    match subject(&event) {
        Some(subject) => tell(event.into_owned(), facts(subject, created_at, &payload.0)),
        None => unhandled(event.into_owned(), Some(created_at)),
    }
}

/// The same of a body that has something unexpected in it: its type, what is keyed on and what is only shown each by
/// itself, so that one does not spoil the others.
fn read_in_parts(body: &[u8]) -> Reading {
    let head: Head<'_> = match serde_json::from_slice(body) {
        Ok(Object(head)) => head,
        Err(error) if error.is_data() => return Reading::quarantined(None, "event"),
        Err(_) => return Reading::quarantined(None, "json"),
    };
    if !is_clean(&head.event) {
        return Reading::quarantined(None, "event");
    }
    let event = head.event.into_owned();
    let Some(subject) = subject(&event) else {
        return unhandled(event, created_at(body));
    };
    match serde_json::from_slice::<Envelope>(body) {
        Ok(envelope) => {
            let payload = envelope.payload.0.map(|payment| payment.with(method(body), captured(body)));
            tell(event, facts(subject, envelope.created_at, &payload))
        }
        Err(error) => Reading::quarantined(Some(event), field(&error)),
    }
}

fn tell(event: String, said: Result<(Money, Facts), &'static str>) -> Reading {
    match said {
        Ok((amount, facts)) => Reading {
            event_type: Some(event),
            occurred_at: Some(facts.at),
            amount: Some(amount),
            content: Content::Facts(Box::new(facts)),
        },
        Err(fault) => Reading::quarantined(Some(event), fault),
    }
}

/// A type without a rule: kept, with its time where that is plain to see.
fn unhandled(event: String, created_at: Option<i64>) -> Reading {
    let occurred_at = created_at.and_then(|at| moment(at).ok());
    Reading { event_type: Some(event), occurred_at, amount: None, content: Content::Unhandled }
}

fn created_at(body: &[u8]) -> Option<i64> {
    #[derive(Deserialize)]
    struct Timed {
        created_at: i64,
    }
    serde_json::from_slice::<Timed>(body).ok().map(|timed| timed.created_at)
}

/// The amount the event is about, and the facts.
fn facts(subject: Subject, created_at: i64, payload: &Payload<Payment>) -> Result<(Money, Facts), &'static str> {
    let at = moment(created_at)?;
    let payment = payload.payment.as_ref().map(|holder| &holder.0.entity.0);
    let snapshot = payment.map(snapshot).transpose()?;
    let (amount, payment_id, refund, dispute) = match subject {
        Subject::Payment => {
            let payment = payment.ok_or("payment")?;
            let money = money(payment.amount, &payment.currency)?;
            (money, payment.id.clone(), None, None)
        }
        Subject::Refund => {
            let entity = &payload.refund.as_ref().ok_or("refund")?.0.entity.0;
            let refund = refund(entity)?;
            (refund.money, entity.payment_id.clone(), Some(refund), None)
        }
        Subject::Dispute => {
            let entity = &payload.dispute.as_ref().ok_or("dispute")?.0.entity.0;
            let dispute = dispute(entity)?;
            (dispute.money, entity.payment_id.clone(), None, Some(dispute))
        }
    };
    clean("payment_id", &payment_id)?;
    if payment.is_some_and(|payment| payment.id != payment_id) {
        return Err("payment_id");
    }
    let time_source = TimeSource::Envelope;
    Ok((amount, Facts { payment_id, at, time_source, digest: 0, snapshot, refund, dispute }))
}

fn snapshot(payment: &Payment) -> Result<Snapshot, &'static str> {
    clean("id", &payment.id)?;
    let order_id = payment.order_id.as_deref().map(|id| clean("order_id", id)).transpose()?;
    Ok(Snapshot {
        status: payment.status.parse::<Status>().map_err(|_| "status")?,
        was_captured: payment.captured,
        money: money(payment.amount, &payment.currency)?,
        created_at: moment(payment.created_at)?,
        order_id: order_id.map(str::to_owned),
        method: payment.method.clone().filter(|method| is_clean(method)),
        refunded: payment.amount_refunded.map(whole).transpose()?,
    })
}

fn refund(entity: &RefundEntity) -> Result<Refund, &'static str> {
    Ok(Refund {
        id: clean("id", &entity.id)?.to_owned(),
        money: money(entity.amount, &entity.currency)?,
        status: entity.status.parse::<RefundStatus>().map_err(|_| "status")?,
        created_at: entity.created_at.map(moment).transpose()?,
    })
}

fn dispute(entity: &DisputeEntity) -> Result<Dispute, &'static str> {
    Ok(Dispute {
        id: clean("id", &entity.id)?.to_owned(),
        status: entity.status.parse::<DisputeStatus>().map_err(|_| "status")?,
        money: money(entity.amount, &entity.currency)?,
        deducted: entity.amount_deducted.map(whole).transpose()?,
    })
}

fn clean<'a>(field: &'static str, text: &'a str) -> Result<&'a str, &'static str> {
    if is_clean(text) { Ok(text) } else { Err(field) }
}

/// The largest amount believed, in subunits: a trillion rupees. Sums of many stay within an `i64`.
const LARGEST: i64 = 100_000_000_000_000;

fn whole(amount: i64) -> Result<i64, &'static str> {
    if (0..=LARGEST).contains(&amount) { Ok(amount) } else { Err("amount") }
}

fn money(amount: i64, currency: &str) -> Result<Money, &'static str> {
    Ok(Money::new(whole(amount)?, currency.parse::<Currency>().map_err(|_| "currency")?))
}

/// Unix seconds, as far as Razorpay's API takes them (its `from` and `to` end at 4765046400).
fn moment(seconds: i64) -> Result<Timestamp, &'static str> {
    if (0..=4_765_046_400).contains(&seconds) { Ok(Timestamp::from_seconds(seconds)) } else { Err("created_at") }
}

/// The field an error is about, from the closed list of those we key on.
fn field(error: &serde_json::Error) -> &'static str {
    let said = error.to_string();
    ["created_at", "amount", "currency", "status", "payment_id", "order_id", "payload", "entity", "id"]
        .into_iter()
        .find(|name| said.contains(&format!("`{name}`")))
        .unwrap_or("payload")
}

/// How the customer paid, where that is plain to see. It is shown and decides nothing, so it is read apart: whatever it
/// holds, the event stands.
fn method(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Entity {
        method: String,
    }
    apart::<Entity>(body).map(|entity| entity.method)
}

/// Whether the payment says that it was captured: a flag in most bodies, `"1"` in some. It only tells a refund from a
/// return, so it is read apart as well.
fn captured(body: &[u8]) -> Option<bool> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flag {
        Bool(bool),
        Number(u8),
        Text(String),
    }
    #[derive(Deserialize)]
    struct Entity {
        captured: Flag,
    }
    match apart::<Entity>(body)?.captured {
        Flag::Bool(flag) => Some(flag),
        Flag::Number(number) => Some(number != 0),
        Flag::Text(text) => Some(!matches!(text.as_str(), "" | "0" | "false")),
    }
}

/// Some field of the payment, by itself.
fn apart<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    #[derive(Deserialize)]
    struct Envelope<T> {
        payload: Object<Payload<T>>,
    }
    #[derive(Deserialize)]
    struct Payload<T> {
        payment: Object<Holder<T>>,
    }
    let Object(envelope): Object<Envelope<T>> = serde_json::from_slice(body).ok()?;
    Some(envelope.payload.0.payment.0.entity.0)
}

#[cfg(test)]
mod tests;
