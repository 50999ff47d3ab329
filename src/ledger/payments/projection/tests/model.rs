//! Tests the projection against a reference model of a gateway.

#[path = "../../../../../tests/it/histories/gateway.rs"]
mod gateway;

use proptest::prelude::*;

use super::*;
use gateway::{Gateway, Quoted, Report, Step, Way};

pub(super) fn facts(report: &Report, amount: i64) -> PaymentObservation {
    let time = Timestamp::from_seconds;
    let snapshot = |quoted: &Quoted| Snapshot {
        was_captured: Some(quoted.is_captured),
        money: money(amount),
        ..shown(quoted.status.parse().unwrap(), Some(quoted.refunded))
    };
    let refund = |refund: &gateway::Refund| Refund {
        id: format!("rfnd_{}", refund.number),
        money: money(refund.amount),
        status: refund.status.parse().unwrap(),
        created_at: Some(time(refund.created_at)),
    };
    let dispute = |dispute: &gateway::Dispute| Dispute {
        id: format!("disp_{}", dispute.number),
        status: dispute.status.parse().unwrap(),
        money: money(dispute.amount),
        deducted: Some(dispute.deducted),
        respond_by: None,
    };
    PaymentObservation {
        digest: i64::try_from(format!("{report:?}").len()).unwrap(),
        snapshot: report.payment.as_ref().map(snapshot),
        refund: report.refund.as_ref().map(refund),
        dispute: report.dispute.as_ref().map(dispute),
        ..bare(report.at)
    }
}

/// Generates a life cycle of a payment. Steps can share a second if `wait` begins with 0.
pub(super) fn any_life(wait: std::ops::Range<i64>) -> impl Strategy<Value = Gateway> {
    let steps = prop::collection::vec((wait, gateway::any_step()), 1..14);
    (any_way(), prop::bool::weighted(0.8), steps).prop_map(|(way, is_captured, steps)| {
        let mut gateway = Gateway::authorize(AMOUNT, way, 1_000);
        if is_captured {
            gateway.take(Step::Capture);
        }
        for (seconds, step) in steps {
            gateway.take(Step::Wait(seconds));
            gateway.take(step);
        }
        gateway
    })
}

fn any_way() -> impl Strategy<Value = Way> {
    prop_oneof![Just(Way::TakenOut), Just(Way::StillIn)]
}

/// Generates a life cycle of a captured payment whose refunds have amounts of which no two sums are equal. With
/// `is_first_quoted`, the report of each new refund quotes a total, and no later one does while it is pending.
fn any_distinct_life(most: usize, is_first_quoted: bool) -> impl Strategy<Value = Gateway> {
    let steps = prop::collection::vec((1..4i64, gateway::any_step()), 1..=most);
    (any_way(), steps).prop_map(move |(way, steps)| {
        let mut gateway = Gateway::authorize(1 << 30, way, 1_000);
        gateway.take(Step::Capture);
        for (number, (seconds, step)) in steps.into_iter().enumerate() {
            gateway.take(Step::Wait(seconds));
            gateway.take(match step {
                Step::Refund { is_instant, quotes, .. } => {
                    Step::Refund { amount: 10 << number, is_instant, quotes: quotes || is_first_quoted }
                }
                Step::ReportRefund { number, quotes } => Step::ReportRefund { number, quotes: quotes && !is_first_quoted },
                step => step,
            });
        }
        gateway
    })
}

fn check(gateway: &Gateway, state: &PaymentState) -> Result<(), TestCaseError> {
    prop_assert_eq!(state.refunded(), gateway.refunded());
    prop_assert_eq!(state.status().map(Status::as_str), Some(gateway.status()));
    prop_assert_eq!(state.is_captured(), gateway.is_captured());
    prop_assert_eq!((state.lost(), state.is_disputed()), (gateway.lost(), gateway.is_disputed()));
    Ok(())
}

/// Generates arbitrary observations, which no gateway would send, including several of one rank.
pub(super) fn any_facts() -> impl Strategy<Value = PaymentObservation> {
    let sources = prop::sample::select(vec![TimeSource::Envelope, TimeSource::Entity, TimeSource::Received]);
    let quoted = prop::option::of((0..5usize, prop::option::of(0..3i64), prop::option::of(any::<bool>()), 0..2u8));
    let refund = (0..3u8, 0..3usize, 1..5i64, prop::option::of(1..9i64));
    let dispute = (0..2u8, 0..5usize, 1..5i64, prop::option::of(0..3i64));
    let subject = prop_oneof![
        Just((None, None)),
        refund.prop_map(|refund| (Some(refund), None)),
        dispute.prop_map(|dispute| (None, Some(dispute)))
    ];
    (1..9i64, sources, 0..3i64, quoted, subject).prop_map(|(at, time_source, digest, quoted, (refund, dispute))| {
        PaymentObservation {
            time_source,
            digest,
            snapshot: quoted.map(|(status, refunded, was_captured, order)| Snapshot {
                was_captured,
                order_id: (order > 0).then(|| format!("order_{at}")),
                created_at: Timestamp::from_seconds(at % 3),
                money: money(AMOUNT + at % 2),
                failure: FailureCategory::ALL.get(usize::from(order)).copied(),
                ..shown(Status::ALL[status], refunded.map(|tenths| tenths * 30_000))
            }),
            refund: refund.map(|(id, status, tenths, made_at)| Refund {
                id: format!("r{id}"),
                money: money(tenths * 10_000),
                status: [RefundStatus::Pending, Processed, Failed][status],
                created_at: made_at.map(Timestamp::from_seconds),
            }),
            dispute: dispute.map(|(id, status, tenths, deducted)| {
                use DisputeStatus::{Closed, Lost, Open, UnderReview, Won};
                let status = [Open, UnderReview, Lost, Won, Closed][status];
                let (id, deducted) = (format!("d{id}"), deducted.map(|tenths| tenths * 10_000));
                Dispute { id, status, money: money(tenths * 10_000), deducted, respond_by: None }
            }),
            ..bare(at)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn a_whole_life_in_any_order_ends_as_the_gateway_has_it(
        (gateway, order) in any_life(1..4).prop_flat_map(|gateway| {
            let reports = gateway.reports.len();
            (Just(gateway), prop::collection::vec(0..reports, 0..8).prop_flat_map(move |again| {
                Just((0..reports).chain(again).collect::<Vec<_>>()).prop_shuffle()
            }))
        }),
    ) {
        let reports: Vec<PaymentObservation> = gateway.reports.iter().map(|report| facts(report, gateway.amount)).collect();
        let state = merged(&order.iter().map(|index| reports[*index].clone()).collect::<Vec<_>>());
        check(&gateway, &state)?;
        prop_assert_eq!((state.refund_pending(), state.refund_failed()), (gateway.refund_pending(), gateway.refund_failed()));
        prop_assert_eq!(state, merged(&reports));
    }

    /// For arbitrary reports, order and repetition make no difference, and status and amounts agree.
    #[test]
    fn any_reports_in_any_order_and_number_give_the_same(
        (reports, order) in prop::collection::vec(any_facts(), 1..12).prop_flat_map(|reports| {
            let count = reports.len();
            (Just(reports), prop::collection::vec(0..count, 0..8).prop_flat_map(move |again| {
                Just((0..count).chain(again).collect::<Vec<_>>()).prop_shuffle()
            }))
        }),
    ) {
        let state = merged(&order.iter().map(|index| reports[*index].clone()).collect::<Vec<_>>());
        prop_assert_eq!(&state, &merged(&reports));
        let (refunded, amount, status) = (state.refunded(), state.amount(), state.status());
        prop_assert!(refunded >= 0 && amount.is_none_or(|amount| refunded <= amount));
        let (pending, failed) = (state.refund_pending(), state.refund_failed());
        prop_assert!((0..=refunded).contains(&pending) && failed >= 0);
        prop_assert!(amount.is_none_or(|amount| failed <= amount - refunded));
        prop_assert_eq!(status == Some(Status::Refunded), amount.is_some_and(|amount| refunded == amount && amount > 0));
        prop_assert!(refunded == 0 || !matches!(status, Some(Status::Created | Status::Failed)));
        // A partially refunded payment is uncaptured only if a report says so.
        let says_uncaptured =
            |report: &PaymentObservation| report.snapshot.as_ref().is_some_and(|snapshot| snapshot.stage() == Status::Authorized);
        prop_assert!(refunded == 0 || status != Some(Status::Authorized) || reports.iter().any(says_uncaptured));
        prop_assert!(status != Some(Status::Authorized) || !state.is_captured());
        prop_assert!(status != Some(Status::Captured) || state.is_captured());
    }

    /// Steps within one second are distinguished, provided that everything was reported.
    #[test]
    fn a_life_within_few_seconds_ends_as_the_gateway_has_it(gateway in any_life(0..2), seed in any::<u64>()) {
        let mut reports: Vec<PaymentObservation> = gateway.reports.iter().map(|report| facts(report, gateway.amount)).collect();
        shuffle(&mut reports, seed);
        check(&gateway, &merged(&reports))?;
    }

    /// The latest quote and the reports after it suffice, regardless of other missing reports. While that quote is from a
    /// failure's own report, its two readings cannot be distinguished, and the refund is taken as already excluded: in the
    /// other reading the total is correct once every refund's earlier report was received.
    #[test]
    fn the_latest_quote_and_what_follows_it_are_enough(
        gateway in any_distinct_life(13, false),
        kept in prop::collection::vec(any::<bool>(), 64), seed in any::<u64>(),
    ) {
        let latest = gateway.reports.iter().rposition(|report| report.payment.is_some()).unwrap();
        let is_failure = gateway.reports[latest].refund.as_ref().is_some_and(|refund| refund.status == "failed");
        let needs_all = is_failure && gateway.way == Way::StillIn;
        let is_kept = |index: usize, report: &Report| index >= latest || kept[index] || (needs_all && report.refund.is_some());
        let reports = gateway.reports.iter().enumerate().filter(|(index, report)| is_kept(*index, report));
        let mut reports: Vec<PaymentObservation> = reports.map(|(_, report)| facts(report, gateway.amount)).collect();
        shuffle(&mut reports, seed);
        prop_assert_eq!(merged(&reports).refunded(), gateway.refunded());
    }

    /// A gateway whose totals are without pending refunds is recognised by the first report of one.
    #[test]
    fn totals_without_pending_refunds_are_recognised(gateway in any_distinct_life(8, true), seed in any::<u64>()) {
        let reports = without_pending(&gateway);
        let mut reports: Vec<PaymentObservation> = reports.iter().map(|report| facts(report, gateway.amount)).collect();
        shuffle(&mut reports, seed);
        let state = merged(&reports);
        check(&gateway, &state)?;
        prop_assert_eq!(state.refund_pending(), gateway.refund_pending());
    }
}

/// Returns the reports with totals that leave pending refunds out.
fn without_pending(gateway: &Gateway) -> Vec<Report> {
    let mut pending = BTreeMap::new();
    let change = |report: &Report| {
        let before: i64 = pending.values().sum();
        if let Some(refund) = &report.refund {
            pending.insert(refund.number, if refund.status == "pending" { refund.amount } else { 0 });
        }
        let is_still_in = report.event == "refund.failed" && gateway.way == Way::StillIn;
        let left_out = if is_still_in { before } else { pending.values().sum() };
        let payment = report.payment.clone().map(|quoted| Quoted { refunded: quoted.refunded - left_out, ..quoted });
        Report { payment, ..report.clone() }
    };
    gateway.reports.iter().map(change).collect()
}

/// Shuffles deterministically for a seed.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for index in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(index, usize::try_from(state >> 33).unwrap() % (index + 1));
    }
}
