//! The projection: (story, facts) → story. Pure, and a join: facts may come in any order and any number of times.
//!
//! Each field is the greatest of what was said under some total order, or a map of such; nothing is added up as it
//! comes in.

use std::{collections::BTreeMap, str::FromStr};

use super::Status;
use crate::kernel::{
    money::{Currency, Money},
    time::Timestamp,
};

/// Where an event's time comes from. The least is trusted least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimeSource {
    /// Neither the envelope nor the entity has one: the time at which the event was received.
    Received,
    /// Borrowed from the entity that the event is about.
    Entity,
    /// The envelope's own.
    Envelope,
}

/// What one event says about one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) payment_id: String,
    /// The time of the event: the gateway's, or what stands in for it.
    pub(crate) at: Timestamp,
    pub(crate) time_source: TimeSource,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) refund: Option<Refund>,
    pub(crate) dispute: Option<Dispute>,
    pub(crate) details: Details,
}

/// What is shown of a payment and searched for; no status and no total depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Details {
    /// What a payment in a foreign currency is settled in.
    pub(crate) settled: Option<Money>,
    pub(crate) references: Vec<Reference>,
}

/// By what a customer or a bank calls a payment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    pub(crate) kind: ReferenceKind,
    pub(crate) text: String,
}

/// Who gave a payment a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ReferenceKind {
    /// The merchant.
    Receipt,
    /// The bank: RRN, UTR or ARN.
    Bank,
}

/// The payment as it was when the event occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) status: Status,
    pub(crate) money: Money,
    /// The gateway's time of the event.
    pub(crate) at: Timestamp,
    /// The gateway's time of the payment.
    pub(crate) created_at: Timestamp,
    pub(crate) order_id: Option<String>,
    pub(crate) method: Option<String>,
    /// What had gone back in all, in subunits, by the gateway's account.
    pub(crate) refunded: i64,
}

/// One refund of the payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) money: Money,
    pub(crate) status: RefundStatus,
    /// What had gone back in all when this refund was reported, in subunits.
    pub(crate) reported: i64,
}

/// Where a refund stands, in the order in which a later one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RefundStatus {
    Pending,
    Failed,
    Processed,
}

/// One dispute of the payment: its last word counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) status: DisputeStatus,
    pub(crate) at: Timestamp,
    /// The last moment for an answer.
    pub(crate) respond_by: Option<Timestamp>,
}

/// Where a dispute stands; of two words of one moment the greater counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DisputeStatus {
    Open,
    UnderReview,
    Lost,
    Won,
    Closed,
}

macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ }) => {
        impl $name {
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
        impl FromStr for $name {
            type Err = &'static str;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($word => Ok(Self::$variant),)+ _ => Err("no such status") }
            }
        }
    };
}
words!(ReferenceKind { Receipt = "receipt", Bank = "bank" });
words!(RefundStatus { Pending = "pending", Failed = "failed", Processed = "processed" });
words!(DisputeStatus { Open = "open", UnderReview = "under_review", Lost = "lost", Won = "won", Closed = "closed" });

/// A payment as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Story {
    /// The snapshot that decides status and amount.
    pub(crate) decisive: Option<Decisive>,
    pub(crate) order_id: Option<String>,
    pub(crate) method: Option<String>,
    /// The most that a payment's own events say went back, in subunits.
    pub(crate) reported: i64,
    pub(crate) refunds: BTreeMap<String, (RefundStatus, Money2, i64)>,
    pub(crate) disputes: BTreeMap<String, (Timestamp, DisputeStatus)>,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Timestamp>,
}

/// An amount in an order that does not matter but is always the same.
pub(crate) type Money2 = (i64, Currency);

/// Status, then the event's time, then what is left to tell two apart: the greatest decides.
pub(crate) type Decisive = (Status, Timestamp, i64, Currency);

impl Story {
    /// Lets the facts in.
    pub(crate) fn absorb(&mut self, facts: &Facts) {
        self.updated_at = self.updated_at.max(Some(facts.at));
        if let Some(snapshot) = &facts.snapshot {
            let money = snapshot.money;
            self.decisive = self.decisive.max(Some((snapshot.status, snapshot.at, money.subunits, money.currency)));
            keep_least(&mut self.order_id, snapshot.order_id.as_ref());
            keep_least(&mut self.method, snapshot.method.as_ref());
            keep_least(&mut self.created_at, Some(&snapshot.created_at));
            if facts.refund.is_none() {
                self.reported = self.reported.max(snapshot.refunded);
            }
        }
        if let Some(refund) = &facts.refund {
            let said = (refund.status, (refund.money.subunits, refund.money.currency), refund.reported);
            let known = self.refunds.entry(refund.id.clone()).or_insert(said);
            *known = (known.0.max(said.0), known.1.max(said.1), known.2.max(said.2));
        }
        if let Some(dispute) = &facts.dispute {
            let known = self.disputes.entry(dispute.id.clone()).or_insert((dispute.at, dispute.status));
            *known = (*known).max((dispute.at, dispute.status));
        }
    }

    /// The amount, in subunits, once a payment's own facts have come.
    pub(crate) fn amount(&self) -> Option<i64> {
        self.decisive.map(|(_, _, amount, _)| amount)
    }

    /// The payment's currency; until that is known, that of its refunds.
    pub(crate) fn currency(&self) -> Option<Currency> {
        self.decisive.map(|decisive| decisive.3).or_else(|| self.refunds.values().map(|(_, money, _)| money.1).max())
    }

    /// What went back, in subunits: the gateway's own total or the sum of the refunds done, whichever is more. A
    /// refund that failed takes its part of the story with it. Never more than was paid.
    pub(crate) fn refunded(&self) -> i64 {
        let standing = self.refunds.values().filter(|(status, ..)| *status != RefundStatus::Failed);
        let reported = standing.map(|&(.., reported)| reported).max().unwrap_or_default();
        let done = self.refunds.values().filter(|(status, ..)| *status == RefundStatus::Processed);
        let sum = done.fold(0i64, |sum, (_, money, _)| sum.saturating_add(money.0));
        sum.max(reported).max(self.reported).min(self.amount().unwrap_or(i64::MAX))
    }

    /// Where the payment stands; nothing while only a refund or a dispute is known.
    pub(crate) fn status(&self) -> Option<Status> {
        let (status, _, amount, _) = self.decisive?;
        let is_all_back = amount > 0 && self.refunded() >= amount;
        Some(if is_all_back && status >= Status::Captured { Status::Refunded } else { status })
    }

    /// Whether a dispute was lost and none is still going on.
    pub(crate) fn is_dispute_lost(&self) -> bool {
        let has = |wanted: &[DisputeStatus]| self.disputes.values().any(|(_, status)| wanted.contains(status));
        has(&[DisputeStatus::Lost]) && !has(&[DisputeStatus::Open, DisputeStatus::UnderReview])
    }

    /// Whether a dispute's last word is neither won nor closed.
    pub(crate) fn is_disputed(&self) -> bool {
        self.disputes.values().any(|(_, status)| !matches!(status, DisputeStatus::Won | DisputeStatus::Closed))
    }
}

/// Keeps the lesser of two where both are said: normally they are the same.
fn keep_least<T: Ord + Clone>(known: &mut Option<T>, said: Option<&T>) {
    if let Some(said) = said
        && known.as_ref().is_none_or(|known| said < known)
    {
        *known = Some(said.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts(status: Status, at: i64, refunded: i64) -> Facts {
        let at = Timestamp::from_seconds(at);
        let snapshot = Snapshot {
            status,
            money: Money::new(100_000, Currency::INR),
            at,
            created_at: Timestamp::from_seconds(1),
            order_id: Some("order_1".to_owned()),
            method: Some("upi".to_owned()),
            refunded,
        };
        let (time_source, details) = (TimeSource::Envelope, Details::default());
        Facts { payment_id: "pay_1".to_owned(), at, time_source, snapshot: Some(snapshot), refund: None, dispute: None, details }
    }

    fn refund(id: &str, amount: i64, status: RefundStatus, at: i64, reported: i64) -> Facts {
        let money = Money::new(amount, Currency::INR);
        let refund = Refund { id: id.to_owned(), money, status, reported };
        Facts { refund: Some(refund), snapshot: None, ..facts(Status::Captured, at, 0) }
    }

    fn dispute(status: DisputeStatus, at: i64) -> Facts {
        let dispute = Dispute { id: "disp_1".to_owned(), status, at: Timestamp::from_seconds(at), respond_by: None };
        Facts { dispute: Some(dispute), snapshot: None, ..facts(Status::Captured, at, 0) }
    }

    fn told(facts: &[Facts]) -> Story {
        let mut story = Story::default();
        for facts in facts {
            story.absorb(facts);
        }
        story
    }

    #[test]
    fn failed_is_not_final_and_captured_is_not_undone() {
        let (failed, authorized, captured) =
            (facts(Status::Failed, 2, 0), facts(Status::Authorized, 3, 0), facts(Status::Captured, 4, 0));
        assert_eq!(told(&[failed.clone(), authorized.clone(), captured.clone()]).status(), Some(Status::Captured));
        assert_eq!(told(&[captured.clone(), failed.clone()]).status(), Some(Status::Captured));
        assert_eq!(told(&[captured, authorized]).status(), Some(Status::Captured));
        assert_eq!(told(&[failed]).status(), Some(Status::Failed));
    }

    #[test]
    fn refunds_add_up_once_each() {
        let part = |id, amount| refund(id, amount, RefundStatus::Processed, 5, 0);
        let story = told(&[part("r1", 10_000), part("r2", 20_000), part("r1", 10_000), facts(Status::Captured, 2, 0)]);
        assert_eq!((story.refunded(), story.status()), (30_000, Some(Status::Captured)));
        let all = told(&[part("r1", 60_000), facts(Status::Captured, 2, 0), part("r2", 40_000)]);
        assert_eq!((all.refunded(), all.status()), (100_000, Some(Status::Refunded)));
    }

    #[test]
    fn a_refund_that_failed_takes_its_part_with_it() {
        let story = told(&[
            facts(Status::Captured, 2, 0),
            refund("r1", 10_000, RefundStatus::Pending, 3, 10_000),
            refund("r1", 10_000, RefundStatus::Failed, 4, 0),
        ]);
        assert_eq!(story.refunded(), 0);
    }

    #[test]
    fn with_only_a_refund_known_there_is_no_status() {
        let story = told(&[refund("r1", 10_000, RefundStatus::Processed, 3, 0)]);
        assert_eq!((story.status(), story.amount(), story.currency()), (None, None, Some(Currency::INR)));
    }

    #[test]
    fn a_disputes_last_word_counts_however_it_comes() {
        let (open, won) = (dispute(DisputeStatus::Open, 5), dispute(DisputeStatus::Won, 9));
        assert!(!told(&[won.clone(), open.clone()]).is_disputed());
        let lost = told(&[open.clone(), dispute(DisputeStatus::Lost, 7)]);
        assert!(lost.is_disputed() && lost.is_dispute_lost());
        assert!(!told(&[dispute(DisputeStatus::Lost, 7), dispute(DisputeStatus::Won, 8)]).is_dispute_lost());
        assert!(told(&[won, dispute(DisputeStatus::Open, 11)]).is_disputed());
    }

    fn any_facts() -> impl Strategy<Value = Facts> {
        let snapshot = (0..5usize, 1..20i64, 0..3i64, prop::option::of(0..2u8)).prop_map(|(status, at, refunded, order)| {
            let mut said = facts(Status::ALL[status], at, refunded * 30_000);
            if let Some(snapshot) = &mut said.snapshot {
                snapshot.order_id = order.map(|order| format!("order_{order}"));
                snapshot.money.subunits += at % 3;
            }
            said
        });
        let back = (0..4u8, 1..5i64, 0..3usize, 1..20i64, 0..100_000i64).prop_map(|(id, amount, status, at, reported)| {
            let statuses = [RefundStatus::Pending, RefundStatus::Failed, RefundStatus::Processed];
            refund(&format!("r{id}"), amount * 10_000, statuses[status], at, reported)
        });
        let trouble = (0..5usize, 1..20i64).prop_map(|(status, at)| {
            use DisputeStatus::{Closed, Lost, Open, UnderReview, Won};
            dispute([Open, UnderReview, Lost, Won, Closed][status], at)
        });
        prop_oneof![snapshot, back, trouble]
    }

    proptest! {
        #[test]
        fn any_order_and_any_number_of_times_gives_the_same_story(all in prop::collection::vec(any_facts(), 1..12).prop_shuffle(), seed in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
            let first = told(&all);
            let mut other: Vec<Facts> = all.iter().rev().cloned().collect();
            for index in &seed {
                let again = all[index.index(all.len())].clone();
                let at = index.index(other.len());
                other.insert(at, again);
            }
            prop_assert_eq!(&first, &told(&other));
            prop_assert!(first.amount().is_none_or(|amount| first.refunded() <= amount));
        }
    }
}
