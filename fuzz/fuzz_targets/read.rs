//! Parsing a verified body never panics and accepts no invalid value; each accepted value is in the body; and payment states
//! are the same in any order and after any number of repetitions.
//!
//! An input is one body, or several separated by a line of `--`.
#![no_main]

use ks_pay::{fuzzing, primitives::money::Money};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Same bound as in `src/gateways/razorpay/parse.rs`.
const LARGEST: i64 = 100_000_000_000_000;
const LATEST: i64 = 4_765_046_400;

fuzz_target!(init: ks_pay_fuzz::sow(ks_pay_fuzz::stories), |input: &[u8]| {
    let bodies = parts(input);
    for body in &bodies {
        for gateway in fuzzing::gateways() {
            let read = fuzzing::read(gateway, body).expect("a gateway of ours");
            assert!(read.event_type.as_deref().is_none_or(is_clean), "{read:?}");
            assert!(read.occurred_at.is_none_or(|at| (0..=LATEST).contains(&at)), "{read:?}");
            assert!(read.amount.is_none_or(is_bounded), "{read:?}");
            assert!(gateway == "razorpay" || read.observed.is_none(), "the generic gateway tells of no payment");
            if let Some(observed) = &read.observed {
                sound(observed);
                said(observed, &read, body);
            }
            // Anything but an object is not an event: two parsers could read it differently.
            let is_object = body.trim_ascii_start().first() == Some(&b'{');
            assert!(is_object || read.event_type.is_none(), "{read:?}");
        }
    }
    stories(&bodies);
});

fn parts(input: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = input;
    while let Some(at) = rest.windows(4).position(|window| window == b"\n--\n") {
        parts.push(&rest[..at]);
        rest = &rest[at + 4..];
    }
    parts.push(rest);
    parts.truncate(16);
    parts
}

fn is_clean(name: &str) -> bool {
    (1..=128).contains(&name.len()) && name.bytes().all(|byte| (0x21..=0x7e).contains(&byte))
}

fn is_bounded(money: Money) -> bool {
    (0..=LARGEST).contains(&money.subunits) && money.currency.as_str().bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Asserts that identifiers are well-formed, and that amounts and timestamps are within bounds.
fn sound(observed: &fuzzing::Told) {
    let mut names = vec![&observed.payment_id];
    names.extend(&observed.order_id);
    names.extend(&observed.method);
    names.extend(observed.refund.as_ref().map(|refund| &refund.0));
    names.extend(observed.dispute.as_ref().map(|dispute| &dispute.0));
    assert!(names.into_iter().all(|name| is_clean(name)), "{observed:?}");
    let mut moneys: Vec<Money> = observed.snapshot.iter().map(|snapshot| snapshot.1).collect();
    moneys.extend(observed.refund.as_ref().map(|refund| refund.2));
    moneys.extend(observed.dispute.as_ref().map(|dispute| dispute.2));
    assert!(moneys.into_iter().all(is_bounded), "{observed:?}");
    let mut totals: Vec<i64> = observed.snapshot.iter().filter_map(|snapshot| snapshot.2).collect();
    totals.extend(observed.dispute.as_ref().and_then(|dispute| dispute.3));
    assert!(totals.into_iter().all(|total| (0..=LARGEST).contains(&total)), "{observed:?}");
    assert!(observed.moments.iter().all(|at| (0..=LATEST).contains(at)), "{observed:?}");
    assert!(observed.refund.is_none() || observed.dispute.is_none(), "{observed:?}");
}

/// Asserts that another parser finds the same values. It parses the whole body and fails where ours skips, so it may find
/// nothing.
fn said(observed: &fuzzing::Told, read: &fuzzing::Read, body: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return };
    let text = |path: &str| body.pointer(path).and_then(Value::as_str);
    let number = |path: &str| body.pointer(path).and_then(Value::as_i64);
    assert_eq!(text("/event"), read.event_type.as_deref());
    if read.is_time_borrowed {
        assert_eq!(number("/created_at"), None);
    } else {
        assert_eq!(number("/created_at"), read.occurred_at);
    }
    if let Some((status, money, refunded)) = observed.snapshot {
        let payment = |field: &str| format!("/payload/payment/entity/{field}");
        assert_eq!(text(&payment("id")), Some(observed.payment_id.as_str()));
        assert_eq!(text(&payment("status")), Some(status));
        assert_eq!(
            (number(&payment("amount")), text(&payment("currency"))),
            (Some(money.subunits), Some(money.currency.as_str()))
        );
        assert_eq!(number(&payment("amount_refunded")), refunded);
        assert_eq!(text(&payment("order_id")).filter(|id| !id.is_empty()), observed.order_id.as_deref());
    }
    if let Some((id, status, money)) = &observed.refund {
        let refund = |field: &str| format!("/payload/refund/entity/{field}");
        assert_eq!((text(&refund("id")), text(&refund("status"))), (Some(id.as_str()), Some(*status)));
        assert_eq!(
            (number(&refund("amount")), text(&refund("payment_id"))),
            (Some(money.subunits), Some(observed.payment_id.as_str()))
        );
    }
    if let Some((id, status, money, deducted)) = &observed.dispute {
        let dispute = |field: &str| format!("/payload/dispute/entity/{field}");
        assert_eq!((text(&dispute("id")), text(&dispute("status"))), (Some(id.as_str()), Some(*status)));
        assert_eq!(text(&dispute("payment_id")), Some(observed.payment_id.as_str()));
        assert_eq!((number(&dispute("amount")), number(&dispute("amount_deducted"))), (Some(money.subunits), *deducted));
    }
}

fn stories(bodies: &[&[u8]]) {
    let story = fuzzing::story(bodies);
    assert!(story.refunded >= 0 && story.amount.is_none_or(|amount| story.refunded <= amount), "{story:?}");
    assert_eq!(story, fuzzing::story(&[bodies, bodies].concat()), "told twice");
    let backwards: Vec<&[u8]> = bodies.iter().rev().copied().collect();
    assert_eq!(story, fuzzing::story(&backwards), "told backwards");
}
