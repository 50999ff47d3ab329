//! Sample events of a sender that follows the Standard Webhooks specification.
//!
//! Only the envelope (`type`, `timestamp`, `data`) is the specification's; the data is a fictitious invoice for every type of
//! event.

use jiff::Timestamp;
use rand::{Rng, RngExt};
use serde::Serialize;

use crate::gateways::samples::{Sample, Samples, alphanumerics, customers::Customer, digits, id, pick, shops::SHOPS};

/// What `ks-pay simulate` can send.
pub(super) const SAMPLES: Samples = Samples {
    events: STANDARD_EVENTS,
    usual: "invoice.paid",
    single: |event, _, at, mut rng| {
        let known = STANDARD_EVENTS.iter().find(|known| **known == event);
        known.map(|event| standard(event, at, &mut rng))
    },
    life_cycle: None,
};

/// The events whose invoice has a matching status; with any other name the invoice is open.
const STANDARD_EVENTS: &[&str] = &["invoice.created", "invoice.paid", "invoice.overdue", "invoice.voided"];

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    timestamp: String,
    data: Invoice,
}

#[derive(Serialize)]
struct Invoice {
    id: String,
    number: String,
    status: &'static str,
    seller: Party,
    buyer: Party,
    currency: &'static str,
    lines: Vec<Line>,
    total: i64,
    amount_paid: i64,
    amount_due: i64,
    issued_at: String,
    due_at: String,
    paid_at: Option<String>,
    memo: &'static str,
}

#[derive(Serialize)]
struct Party {
    name: String,
    email: String,
    country: &'static str,
}

#[derive(Serialize)]
struct Line {
    description: &'static str,
    quantity: i64,
    unit_amount: i64,
    amount: i64,
}

/// Creates an event that occurs at `at`, in Unix seconds.
fn standard(event: &'static str, at: i64, rng: &mut impl Rng) -> Sample {
    let body = Body { r#type: event, timestamp: rfc3339(at), data: Invoice::new(event, at, rng) };
    Sample {
        event,
        event_id: format!("msg_{}", alphanumerics(24, rng)),
        body: to_octets(&body),
        at,
        after_ms: rng.random_range(900..=2_400),
    }
}

fn to_octets(body: &Body<'_>) -> Vec<u8> {
    serde_json::to_vec(body).expect("plain structs of numbers and strings always serialise")
}

/// Formats a time. One that is out of range becomes the epoch, so that creating a sample cannot fail.
fn rfc3339(at: i64) -> String {
    Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

impl Invoice {
    fn new(event: &str, at: i64, rng: &mut impl Rng) -> Self {
        const DAY: i64 = 24 * 60 * 60;
        const DAYS_TO_PAY: i64 = 14;
        let (status, age) = match event {
            "invoice.paid" => ("paid", rng.random_range(1..DAYS_TO_PAY)),
            "invoice.overdue" => ("overdue", DAYS_TO_PAY + 1),
            "invoice.voided" => ("void", 2),
            _ => ("open", 0),
        };
        let issued = at - age * DAY;
        let shop = pick(SHOPS, rng);
        let buyer = Customer::new(rng);
        let lines: Vec<Line> = shop.sells.iter().take(2).map(|&(item, rupees)| Line::new(item, rupees, rng)).collect();
        let total: i64 = lines.iter().map(|line| line.amount).sum();
        let (amount_paid, amount_due) = match status {
            "paid" => (total, 0),
            "void" => (0, 0),
            _ => (0, total),
        };
        Self {
            id: id("in_", rng),
            number: format!("KB-{}", digits(6, rng)),
            status,
            seller: Party { name: shop.name.to_owned(), email: shop.email.to_owned(), country: shop.country },
            buyer: Party {
                name: buyer.email.split('@').next().unwrap_or_default().replace('.', " "),
                email: buyer.email,
                country: "IN",
            },
            currency: "INR",
            lines,
            total,
            amount_paid,
            amount_due,
            issued_at: rfc3339(issued),
            due_at: rfc3339(issued + DAYS_TO_PAY * DAY),
            paid_at: (status == "paid").then(|| rfc3339(at)),
            memo: "Goods stay ours until the bill is paid",
        }
    }
}

impl Line {
    fn new(description: &'static str, rupees: i64, rng: &mut impl Rng) -> Self {
        let (quantity, unit_amount) = (rng.random_range(1..=4), rupees * 100);
        Self { description, quantity, unit_amount, amount: quantity * unit_amount }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::gateways::samples::testing::{SplitMix, is_compact};

    #[test]
    fn a_standard_event_has_the_outer_shape_of_the_specification() {
        let mut rng = SplitMix::new(7);
        let sample = standard("invoice.paid", 1_767_225_600, &mut rng);
        let text = std::str::from_utf8(&sample.body).unwrap();
        let start = r#"{"type":"invoice.paid","timestamp":"2026-01-01T00:00:00Z","data":{"#;
        assert!(text.starts_with(start), "{text}");
        assert_eq!((sample.event, sample.at), ("invoice.paid", 1_767_225_600));
        let id = sample.event_id.strip_prefix("msg_").unwrap();
        assert!(id.len() == 24 && id.bytes().all(|octet| octet.is_ascii_alphanumeric()));
    }

    #[test]
    fn an_invoice_adds_up_whatever_the_event() {
        let mut rng = SplitMix::new(8);
        let mut ids = BTreeSet::new();
        for event in STANDARD_EVENTS.iter().copied().chain(["harvest.begun"]) {
            for _ in 0..50 {
                let sample = standard(event, 1_767_225_600, &mut rng);
                assert!(is_compact(&sample.body));
                assert!((600..=2_500).contains(&sample.body.len()), "{}", sample.body.len());
                assert!(ids.insert(sample.event_id));
                let data = &serde_json::from_slice::<Value>(&sample.body).unwrap()["data"];
                let number = |key: &str| data[key].as_i64().unwrap();
                let lines = data["lines"].as_array().unwrap();
                let sum: i64 = lines.iter().map(|line| line["amount"].as_i64().unwrap()).sum();
                assert_eq!(number("total"), sum);
                let accounted = number("amount_paid") + number("amount_due");
                assert_eq!(accounted, if data["status"] == "void" { 0 } else { sum });
                assert_eq!(data["paid_at"].is_string(), event == "invoice.paid");
            }
        }
    }

    #[test]
    fn an_impossible_time_is_no_reason_to_panic() {
        assert_eq!(rfc3339(i64::MAX), "1970-01-01T00:00:00Z");
    }
}
