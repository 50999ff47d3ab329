//! Calculates how a unit of work changes the daily totals: subtracts the contribution of each payment's previous state and
//! adds that of the new one. Pure.
//!
//! Invariant: a payment's contribution is a function of its state alone, so that exactly what was added for a state is
//! subtracted when the state changes. Which totals are of received money is decided by [`Totals::received`] alone.

use std::collections::BTreeMap;

use sqlx::FromRow;

use super::{projection::PaymentState, state::DisplayState, store::write::PaymentRow};
use crate::{
    gateways::{
        Gateway, Mode,
        payment::{FailureCategory, Status},
    },
    primitives::{id::AppId, money::Currency, time::Timestamp, zone::Zone},
};

/// The key of a total: payments with equal keys are added up. Every server writes in the order of the keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TotalsKey {
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
    pub(crate) zone: Zone,
    /// Days since 1970 in the zone.
    pub(crate) day: i64,
    pub(crate) currency: Option<Currency>,
    pub(crate) status: Option<Status>,
    pub(crate) method: Option<String>,
    pub(crate) state: DisplayState,
    pub(crate) gateway: Gateway,
    /// Why failed payments failed.
    pub(crate) failure: Option<FailureCategory>,
}

/// The number and the totals in subunits of the payments of a key; or the change of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
pub(crate) struct Totals {
    pub(crate) payments: i64,
    #[sqlx(rename = "amount_subunits")]
    pub(crate) amount: i64,
    #[sqlx(rename = "refunded_subunits")]
    pub(crate) refunded: i64,
    /// The number refunded without ever having been captured: their money was not received.
    pub(crate) returned_payments: i64,
    #[sqlx(rename = "returned_subunits")]
    pub(crate) returned: i64,
    /// The part of `refunded` whose refunds of received money are not processed yet.
    #[sqlx(rename = "refund_pending_subunits")]
    pub(crate) refund_pending: i64,
    /// The number of payments refunded in full that have such a refund.
    pub(crate) refund_pending_payments: i64,
    /// What lost disputes cost.
    #[sqlx(rename = "lost_subunits")]
    pub(crate) lost: i64,
    /// What is deducted for disputes that are undecided or closed.
    #[sqlx(rename = "held_subunits")]
    pub(crate) held: i64,
}

/// The part of totals whose money was received: without payments that were refunded instead of captured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) payments: i64,
    pub(crate) amount: i64,
    /// The part of the amount that went back.
    pub(crate) refunded: i64,
}

impl Totals {
    /// Returns the number of payments without those that were refunded instead of captured.
    pub(crate) const fn payments_not_returned(&self) -> i64 {
        self.payments.saturating_sub(self.returned_payments)
    }

    /// Returns the received part of the totals of payments that all have this status.
    pub(crate) fn received(&self, status: Option<Status>) -> Option<Received> {
        status.is_some_and(Status::is_received).then_some(Received {
            payments: self.payments_not_returned(),
            amount: self.amount.saturating_sub(self.returned),
            refunded: self.refunded.saturating_sub(self.returned).saturating_sub(self.refund_pending),
        })
    }
}

/// The changes of a unit of work, in the order in which every server writes them.
#[derive(Debug, Default)]
pub(crate) struct TotalsDelta(BTreeMap<TotalsKey, Totals>);

impl TotalsDelta {
    /// Adds the contribution of a new payment.
    pub(crate) fn add(&mut self, row: &PaymentRow<'_>, state: &PaymentState) {
        self.put(row, state, 1);
    }

    /// Replaces the contribution of an updated payment.
    pub(crate) fn replace(&mut self, row: &PaymentRow<'_>, old: &PaymentState, new: &PaymentState) {
        self.put(row, old, -1);
        self.put(row, new, 1);
    }

    /// Returns the changes that must be written.
    pub(crate) fn rows(&self) -> Vec<(&TotalsKey, &Totals)> {
        self.0.iter().filter(|(_, sum)| **sum != Totals::default()).collect()
    }

    fn put(&mut self, row: &PaymentRow<'_>, state: &PaymentState, sign: i64) {
        row.zones.added_up().for_each(|zone| self.put_on_day(zone, row, state, sign));
    }

    fn put_on_day(&mut self, zone: Zone, row: &PaymentRow<'_>, state: &PaymentState, sign: i64) {
        let kind = TotalsKey {
            app: row.scope.app,
            mode: row.scope.mode,
            zone,
            day: effective_created_at(state).map_or(0, |at| zone.day(at)),
            currency: state.currency(),
            status: state.status(),
            method: state.method.clone(),
            state: DisplayState::of(state),
            gateway: row.scope.gateway,
            failure: state.failure(),
        };
        for (currency, (lost, held)) in state.costs_elsewhere() {
            let elsewhere = self.0.entry(TotalsKey { currency: Some(currency), ..kind.clone() }).or_default();
            elsewhere.lost = elsewhere.lost.saturating_add(sign.saturating_mul(lost));
            elsewhere.held = elsewhere.held.saturating_add(sign.saturating_mul(held));
        }
        let sum = self.0.entry(kind).or_default();
        sum.payments = sum.payments.saturating_add(sign);
        sum.amount = sum.amount.saturating_add(sign.saturating_mul(state.amount().unwrap_or_default()));
        sum.refunded = sum.refunded.saturating_add(sign.saturating_mul(state.refunded()));
        sum.lost = sum.lost.saturating_add(sign.saturating_mul(state.lost()));
        sum.held = sum.held.saturating_add(sign.saturating_mul(state.held()));
        if state.is_captured() && state.refund_pending() > 0 {
            let is_whole = state.status() == Some(Status::Refunded);
            sum.refund_pending_payments = sum.refund_pending_payments.saturating_add(sign * i64::from(is_whole));
            sum.refund_pending = sum.refund_pending.saturating_add(sign.saturating_mul(state.refund_pending()));
        }
        if state.status() == Some(Status::Refunded) && !state.is_captured() {
            sum.returned_payments = sum.returned_payments.saturating_add(sign);
            sum.returned = sum.returned.saturating_add(sign.saturating_mul(state.amount().unwrap_or_default()));
        }
    }
}

/// Returns the time of the payment; while that is unknown, the time of its latest event.
pub(crate) fn effective_created_at(state: &PaymentState) -> Option<Timestamp> {
    state.created_at.or(state.updated_at.map(|updated| updated.at))
}
