//! Parses the form of a request.

use std::str::FromStr as _;

use memchr::memmem;
use url::form_urlencoded;

use crate::{
    gateways::{
        adapter::{EventContent, ParsedEvent, is_safe_identifier},
        parts::Part,
        payment::{Details, PaymentObservation, Snapshot, Status, TimeSource},
    },
    primitives::{
        money::{Currency, Money},
        time::Timestamp,
    },
};

/// The field with which each event begins.
const NOTICE: &[u8] = b"notice=";

/// Returns where the events begin.
pub(super) fn starts(body: &[u8]) -> Vec<usize> {
    memmem::find_iter(body, NOTICE).filter(|at| *at == 0 || body[at - 1] == b'&').collect()
}

/// Returns the first field of that name, whose value must not be escaped.
pub(super) fn field<'a>(form: &'a [u8], name: &str) -> Option<&'a str> {
    let form = std::str::from_utf8(form).ok()?;
    form.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Parses an event, whose currency is that of the envelope.
pub(super) fn read(part: &Part<'_>, shared: &Fields) -> ParsedEvent {
    let event_type = field(part.bytes(), "about").filter(|name| is_safe_identifier(name)).map(str::to_owned);
    match observation(part, shared) {
        Ok(observation) => ParsedEvent {
            event_type,
            occurred_at: Some(observation.at),
            is_time_borrowed: false,
            amount: observation.snapshot.as_ref().map(|snapshot| snapshot.money),
            reference: None,
            content: EventContent::Observation(Box::new(observation)),
        },
        Err(fault) => ParsedEvent::quarantined(event_type, fault),
    }
}

/// Returns the fields of a form by name; one that occurs twice is as good as none.
pub(super) fn single(form: &[u8]) -> Fields {
    Fields(form_urlencoded::parse(form).into_owned().collect())
}

/// The fields of a form.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    fn get(&self, name: &'static str) -> Result<String, &'static str> {
        let mut found = self.0.iter().filter(|(known, _)| known == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value.clone()),
            _ => Err(name),
        }
    }
}

fn observation(part: &Part<'_>, shared: &Fields) -> Result<PaymentObservation, &'static str> {
    let fields = single(part.bytes());
    let own = |name: &'static str| fields.get(name);
    let at = Timestamp::from_seconds(own("at")?.parse().map_err(|_| "at")?);
    let currency = Currency::from_str(&shared.get("currency")?).map_err(|_| "currency")?;
    let money = Money::new(subunits(&own("amount")?, currency).ok_or("amount")?, currency);
    let status = match own("state")?.as_str() {
        "paid" => Status::Captured,
        "declined" => Status::Failed,
        _ => return Err("state"),
    };
    Ok(PaymentObservation {
        payment_id: own("payment").ok().filter(|id| is_safe_identifier(id)).ok_or("payment")?,
        at,
        time_source: TimeSource::Envelope,
        digest: 0,
        snapshot: Some(Snapshot {
            status,
            was_captured: None,
            money,
            created_at: at,
            order_id: None,
            method: None,
            refunded: None,
            failure: None,
        }),
        refund: None,
        dispute: None,
        details: Details::default(),
    })
}

/// Reads a decimal number exactly: never through a floating-point number.
pub(super) fn subunits(text: &str, currency: Currency) -> Option<i64> {
    let digits = usize::try_from(currency.exponent()).ok()?;
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_decimal = !whole.is_empty() && whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit());
    (is_decimal && part.len() <= digits).then(|| format!("{whole}{part:0<digits$}").parse().ok())?
}
