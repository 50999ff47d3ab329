//! Parses a verified Razorpay body: key fields, which the projection relies on, strictly; display fields leniently.
//!
//! Invariant: a missing, duplicated or malformed key field quarantines the event, since two parsers could disagree about it.
//! All other content, such as a customer's notes, is skipped and cannot hide a paid order.

mod body;
mod details;
mod faults;
mod key_fields;
mod shown;
pub(super) mod status;

use serde::{Deserialize, de::IgnoredAny};

use body::{
    DisputeKeys, Envelope, EventName, FullEnvelope, Keys, OfDispute, OfPayment, OfRefund, PaymentKeys, RefundKeys, ShownPayload,
};

use super::event_types::{Subject, subject};
use crate::{
    gateways::{
        adapter::{EventContent, ParsedEvent, is_safe_identifier},
        payment::{Details, Dispute, PaymentObservation, Refund, Snapshot, Status, TimeSource},
        strict_object::Object,
    },
    primitives::{
        money::{Currency, Money},
        time::Timestamp,
    },
};

/// The parsed parts of a body.
struct Parsed<'a> {
    event: String,
    subject: Subject,
    created_at: Option<i64>,
    keys: Keys,
    shown: ShownPayload<'a>,
    received_at: Timestamp,
}

/// Parses the body, which is stored regardless. If it has no time, the time of receipt is used.
pub(super) fn read(body: &[u8], received_at: Timestamp) -> ParsedEvent {
    let Ok(Object(FullEnvelope { event, created_at, payload })) = serde_json::from_slice(body) else {
        return read_in_parts(body, received_at);
    };
    if !is_safe_identifier(&event) {
        return ParsedEvent::quarantined(None, "event");
    }
    let subject = subject(&event);
    let (keys, shown) = match payload {
        Some(payload) => payload.0.split(),
        None if matches!(subject, Subject::Paid | Subject::Other) => Default::default(),
        None => return ParsedEvent::quarantined(Some(event.into_owned()), "payload"),
    };
    Parsed { event: event.into_owned(), subject, created_at, keys, shown, received_at }.reading()
}

/// Returns the event type that an unverified body claims.
pub(super) fn claimed_type(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Envelope {
        event: Option<String>,
    }
    let Object(envelope): Object<Envelope> = serde_json::from_slice(body).ok()?;
    envelope.event
}

/// Parses a body with unexpected content: type, key fields and display fields separately, so that a fault in one does not
/// affect the others.
fn read_in_parts(body: &[u8], received_at: Timestamp) -> ParsedEvent {
    let head: EventName<'_> = match serde_json::from_slice(body) {
        Ok(Object(head)) => head,
        Err(error) if error.is_data() => return ParsedEvent::quarantined(None, "event"),
        Err(_) => return ParsedEvent::quarantined(None, "json"),
    };
    if !is_safe_identifier(&head.event) {
        return ParsedEvent::quarantined(None, "event");
    }
    let event = head.event.into_owned();
    let subject = subject(&event);
    let keyed = match subject {
        Subject::Payment => keyed::<OfPayment>(body, subject),
        Subject::Refund => keyed::<OfRefund>(body, subject),
        Subject::Dispute => keyed::<OfDispute>(body, subject),
        Subject::Paid | Subject::Other => keyed_of_payment_if_any(body, subject),
    };
    match keyed {
        Ok((created_at, keys)) => {
            let shown = details::shown(body);
            Parsed { event, subject, created_at, keys, shown, received_at }.reading()
        }
        Err(fault) => ParsedEvent::quarantined(Some(event), fault),
    }
}

type KeyFields = Result<(Option<i64>, Keys), &'static str>;

fn keyed<'a, P: Deserialize<'a>>(body: &'a [u8], subject: Subject) -> KeyFields
where
    Keys: From<P>,
{
    let envelope: Envelope<P> = serde_json::from_slice(body).map_err(|_| first_fault(body, subject))?;
    Ok((envelope.created_at, envelope.payload.0.into()))
}

/// What is named if no field is faulty: a text of the payload cannot be decoded.
const UNKNOWN_FIELD: &str = "payload";

fn first_fault(body: &[u8], subject: Subject) -> &'static str {
    faults::of_event(body, subject).map_or(UNKNOWN_FIELD, |fault| fault.field)
}

/// Parses the key fields of an event whose payment is optional, and of unknown types.
fn keyed_of_payment_if_any(body: &[u8], subject: Subject) -> KeyFields {
    let is_paid = subject == Subject::Paid;
    match carried(body) {
        Ok(carried) if carried == Carried::Whole || (is_paid && carried == Carried::Part) => keyed::<OfPayment>(body, subject),
        Ok(_) => Ok((created_at(body), Keys::default())),
        Err(_) => match faults::of_carried(body) {
            Some(fault) if is_paid || fault.is_duplicate => Err(fault.field),
            None if is_paid => Err(UNKNOWN_FIELD),
            _ => Ok((created_at(body), Keys::default())),
        },
    }
}

/// How complete the payment in an event is.
#[derive(PartialEq, Eq)]
enum Carried {
    Nothing,
    /// A payment without all of its key fields.
    Part,
    Whole,
}

fn carried(body: &[u8]) -> serde_json::Result<Carried> {
    #[derive(Deserialize)]
    struct Envelope {
        payload: Option<Object<Payload>>,
    }
    #[derive(Deserialize)]
    struct Payload {
        payment: Option<Object<Wrapper>>,
    }
    #[derive(Deserialize)]
    struct Wrapper {
        entity: Option<Object<Entity>>,
    }
    #[derive(Deserialize)]
    struct Entity {
        id: Option<IgnoredAny>,
        amount: Option<IgnoredAny>,
        currency: Option<IgnoredAny>,
        status: Option<IgnoredAny>,
    }
    let Object(envelope): Object<Envelope> = serde_json::from_slice(body)?;
    let Some(Object(payment)) = envelope.payload.and_then(|payload| payload.0.payment) else {
        return Ok(Carried::Nothing);
    };
    let is_whole = payment
        .entity
        .is_some_and(|Object(entity)| [entity.id, entity.amount, entity.currency, entity.status].iter().all(Option::is_some));
    Ok(if is_whole { Carried::Whole } else { Carried::Part })
}

fn created_at(body: &[u8]) -> Option<i64> {
    #[derive(Deserialize)]
    struct Timed {
        created_at: Option<i64>,
    }
    serde_json::from_slice::<Timed>(body).ok().and_then(|timed| timed.created_at)
}

impl Parsed<'_> {
    fn reading(self) -> ParsedEvent {
        let carries_nothing = matches!(self.subject, Subject::Paid | Subject::Other) && self.keys.payment.is_none();
        if carries_nothing || self.is_in_an_unknown_status() {
            return self.unhandled();
        }
        match self.facts() {
            Ok((amount, facts)) => ParsedEvent {
                event_type: Some(self.event),
                occurred_at: (facts.time_source != TimeSource::Received).then_some(facts.at),
                is_time_borrowed: facts.time_source != TimeSource::Envelope,
                amount,
                reference: None,
                content: EventContent::Observation(Box::new(facts)),
            },
            Err(fault) => ParsedEvent::quarantined(Some(self.event), fault),
        }
    }

    /// True if an unknown type has an unknown status, which is not a fault of the event.
    fn is_in_an_unknown_status(&self) -> bool {
        let payment = self.keys.payment.as_ref().filter(|_| self.subject == Subject::Other);
        payment.is_some_and(|payment| is_safe_identifier(&payment.status) && status::of_payment(&payment.status).is_none())
    }

    /// Returns an event that is stored only, with its time if that is valid, and a settlement's amount and reference.
    fn unhandled(self) -> ParsedEvent {
        let (amount, reference) = match self.event.as_str() {
            "settlement.processed" => details::settlement(&self.shown),
            _ => (None, None),
        };
        let occurred_at = self.created_at.and_then(|at| moment(at).ok());
        ParsedEvent { occurred_at, amount, reference, ..ParsedEvent::unhandled(self.event) }
    }

    /// Returns the amount of the event, and the observation.
    fn facts(&self) -> Result<(Option<Money>, PaymentObservation), &'static str> {
        let payment = self.keys.payment.as_ref();
        let (at, time_source) = self.time()?;
        let snapshot = payment.map(|payment| snapshot(payment, at, &self.shown)).transpose()?;
        let (amount, payment_id, refund, dispute) = match self.subject {
            Subject::Payment | Subject::Paid | Subject::Other => {
                let payment = payment.ok_or("payment")?;
                let money = money(payment.amount, &payment.currency)?;
                // An order may be paid in parts, so its amount differs from that of the payment that completed it.
                let amount = if self.event == "order.paid" { details::order(&self.shown) } else { Some(money) };
                (amount, payment.id.clone(), None, None)
            }
            Subject::Refund => {
                let entity = self.keys.refund.as_ref().ok_or("refund")?;
                let refund = refund(entity)?;
                (Some(refund.money), entity.payment_id.clone(), Some(refund), None)
            }
            Subject::Dispute => {
                let entity = self.keys.dispute.as_ref().ok_or("dispute")?;
                let dispute = dispute(entity, details::respond_by(&self.shown))?;
                (Some(dispute.money), entity.payment_id.clone(), None, Some(dispute))
            }
        };
        identifier("payment_id", &payment_id)?;
        if payment.is_some_and(|payment| payment.id != payment_id) {
            return Err("payment_id");
        }
        let currency = snapshot.as_ref().map(|snapshot| snapshot.money.currency);
        let of_payment = snapshot.as_ref().and_then(|snapshot| snapshot.order_id.as_deref());
        let details = Details {
            settled: details::settled(&self.shown, currency),
            references: details::references(&self.shown),
            order: details::order_report(&self.event, &self.shown, of_payment),
        };
        Ok((amount, PaymentObservation { payment_id, at, time_source, digest: 0, snapshot, refund, dispute, details }))
    }

    /// Returns the gateway's time of the event, else that of its entity, else the time of receipt.
    fn time(&self) -> Result<(Timestamp, TimeSource), &'static str> {
        if let Some(at) = self.created_at {
            return Ok((moment(at)?, TimeSource::Envelope));
        }
        let entity = match self.subject {
            Subject::Payment | Subject::Paid | Subject::Other => self.keys.payment.as_ref().and_then(|keys| keys.created_at),
            Subject::Refund => self.keys.refund.as_ref().and_then(|keys| keys.created_at),
            Subject::Dispute => self.keys.dispute.as_ref().and_then(|keys| keys.created_at),
        };
        if let Some(at) = entity {
            return Ok((moment(at)?, TimeSource::Entity));
        }
        let in_payload = self.shown.created_at.number().and_then(|at| moment(at).ok());
        Ok(in_payload.map_or((self.received_at, TimeSource::Received), |at| (at, TimeSource::Entity)))
    }
}

fn snapshot(payment: &PaymentKeys, at: Timestamp, shown: &ShownPayload<'_>) -> Result<Snapshot, &'static str> {
    identifier("id", &payment.id)?;
    // Some events have an empty order id for a payment without an order.
    let order_id = payment.order_id.as_deref().filter(|id| !id.is_empty());
    let status = status::of_payment(&payment.status).ok_or("status")?;
    Ok(Snapshot {
        status,
        was_captured: details::captured(shown),
        money: money(payment.amount, &payment.currency)?,
        created_at: payment.created_at.map_or(Ok(at), moment)?,
        order_id: order_id.map(|id| identifier("order_id", id)).transpose()?.map(str::to_owned),
        method: details::method(shown),
        refunded: payment.amount_refunded.map(valid_amount).transpose()?,
        // A payment that succeeded later may still have the reason of an earlier attempt.
        failure: details::failure(shown).filter(|_| status == Status::Failed),
    })
}

fn refund(entity: &RefundKeys) -> Result<Refund, &'static str> {
    Ok(Refund {
        id: identifier("id", &entity.id)?.to_owned(),
        money: money(entity.amount, &entity.currency)?,
        status: status::of_refund(&entity.status).ok_or("status")?,
        created_at: entity.created_at.map(moment).transpose()?,
    })
}

fn dispute(entity: &DisputeKeys, respond_by: Option<Timestamp>) -> Result<Dispute, &'static str> {
    Ok(Dispute {
        id: identifier("id", &entity.id)?.to_owned(),
        status: status::of_dispute(&entity.status).ok_or("status")?,
        money: money(entity.amount, &entity.currency)?,
        deducted: entity.amount_deducted.map(valid_amount).transpose()?,
        respond_by,
    })
}

fn identifier<'a>(field: &'static str, text: &'a str) -> Result<&'a str, &'static str> {
    if is_safe_identifier(text) { Ok(text) } else { Err(field) }
}

/// The largest accepted amount, in subunits: a trillion rupees. Sums of many stay within an `i64`.
const MAX_AMOUNT: i64 = 100_000_000_000_000;

fn valid_amount(amount: i64) -> Result<i64, &'static str> {
    if (0..=MAX_AMOUNT).contains(&amount) { Ok(amount) } else { Err("amount") }
}

fn money(amount: i64, currency: &str) -> Result<Money, &'static str> {
    Ok(Money::new(valid_amount(amount)?, currency.parse::<Currency>().map_err(|_| "currency")?))
}

/// Parses Unix seconds within the range of Razorpay's API (its `from` and `to` end at 4765046400).
fn moment(seconds: i64) -> Result<Timestamp, &'static str> {
    if (0..=4_765_046_400).contains(&seconds) { Ok(Timestamp::from_seconds(seconds)) } else { Err("created_at") }
}

#[cfg(test)]
mod tests;
