//! Parsing a verified body never panics and accepts no invalid value, whichever the gateway; the oracle of a gateway finds the
//! same values; and payment states are the same in any order and after any number of repetitions.
//!
//! An input is one body, or several separated by a line of `--`.
#![no_main]

use ks_pay::{fuzzing, primitives::money::Money};
use ks_pay_fuzz::oracles;
use libfuzzer_sys::fuzz_target;

/// The largest amount in subunits that a gateway's parser may accept.
const MAX_SUBUNITS: i64 = 100_000_000_000_000;
/// The latest time that a gateway's parser may accept, in Unix seconds.
const MAX_SECONDS: i64 = 4_765_046_400;

fuzz_target!(init: ks_pay_fuzz::sow(ks_pay_fuzz::payments), |input: &[u8]| {
    let bodies = parts(input);
    for gateway in fuzzing::gateways() {
        for body in &bodies {
            let parsed = fuzzing::parse_body(gateway, body).expect("a gateway of ours");
            assert!(parsed.event_type.as_deref().is_none_or(is_clean), "{parsed:?}");
            assert!(parsed.occurred_at.is_none_or(|at| (0..=MAX_SECONDS).contains(&at)), "{parsed:?}");
            assert!(parsed.amount.is_none_or(is_bounded), "{parsed:?}");
            if let Some(payment) = &parsed.payment {
                assert_valid(payment);
            }
            oracles::check(gateway, &parsed, body);
        }
        assert_order_is_irrelevant(gateway, &bodies);
    }
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
    (0..=MAX_SUBUNITS).contains(&money.subunits) && money.currency.as_str().bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Asserts that identifiers are well-formed, and that amounts and timestamps are within bounds.
fn assert_valid(payment: &fuzzing::ReportedPayment) {
    let mut names = vec![&payment.payment_id];
    names.extend(&payment.order_id);
    names.extend(&payment.method);
    names.extend(payment.refund.as_ref().map(|refund| &refund.0));
    names.extend(payment.dispute.as_ref().map(|dispute| &dispute.0));
    assert!(names.into_iter().all(|name| is_clean(name)), "{payment:?}");
    let mut moneys: Vec<Money> = payment.snapshot.iter().map(|snapshot| snapshot.1).collect();
    moneys.extend(payment.refund.as_ref().map(|refund| refund.2));
    moneys.extend(payment.dispute.as_ref().map(|dispute| dispute.2));
    assert!(moneys.into_iter().all(is_bounded), "{payment:?}");
    let mut totals: Vec<i64> = payment.snapshot.iter().filter_map(|snapshot| snapshot.2).collect();
    totals.extend(payment.dispute.as_ref().and_then(|dispute| dispute.3));
    assert!(totals.into_iter().all(|total| (0..=MAX_SUBUNITS).contains(&total)), "{payment:?}");
    assert!(payment.times.iter().all(|at| (0..=MAX_SECONDS).contains(at)), "{payment:?}");
    assert!(payment.refund.is_none() || payment.dispute.is_none(), "{payment:?}");
}

fn assert_order_is_irrelevant(gateway: &str, bodies: &[&[u8]]) {
    let merged = |bodies: &[&[u8]]| fuzzing::merge_bodies(gateway, bodies).expect("a gateway of ours");
    let once = merged(bodies);
    assert!(once.refunded >= 0 && once.amount.is_none_or(|amount| once.refunded <= amount), "{once:?}");
    assert_eq!(once, merged(&[bodies, bodies].concat()), "each body twice");
    let backwards: Vec<&[u8]> = bodies.iter().rev().copied().collect();
    assert_eq!(once, merged(&backwards), "in reverse order");
}
