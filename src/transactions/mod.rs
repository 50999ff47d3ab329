//! Transactions: one payment as the events tell it, with its order, refunds and disputes.
//!
//! The rule: a transaction is a pure function of the facts, the same in any order and any multiplicity, so that it
//! can be rebuilt from the events at any time.

pub(crate) mod projection;
pub(crate) mod store;

use std::{fmt, str::FromStr};

use projection::Facts;

use crate::{
    connections::Place,
    db::{DbError, Tx},
    gateways::{Gateway, Mode},
    kernel::{
        id::{AppId, ConnectionId, TransactionId},
        money::{Currency, Money},
        time::Timestamp,
    },
};

/// Where a payment stands. Partly refunded stays captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Status {
    // In the order in which a later one wins; `failed` is not final, since Razorpay may still learn of the money.
    Created,
    Failed,
    Authorized,
    Captured,
    Refunded,
}

impl Status {
    pub(crate) const ALL: [Self; 5] = [Self::Created, Self::Failed, Self::Authorized, Self::Captured, Self::Refunded];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Failed => "failed",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Refunded => "refunded",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or("no status of a payment")
    }
}

impl TryFrom<String> for Status {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A transaction as lists and exports show it.
#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    pub(crate) id: TransactionId,
    pub(crate) app: AppId,
    pub(crate) connection: ConnectionId,
    pub(crate) gateway: Gateway,
    pub(crate) mode: Mode,
    pub(crate) payment_id: String,
    pub(crate) order_id: Option<String>,
    pub(crate) status: Option<Status>,
    pub(crate) amount: Option<i64>,
    pub(crate) refunded: i64,
    pub(crate) currency: Option<Currency>,
    pub(crate) method: Option<String>,
    pub(crate) is_disputed: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Transaction {
    /// The amount with its currency, once both are known.
    pub(crate) fn money(&self) -> Option<Money> {
        Some(Money::new(self.amount?, self.currency?))
    }

    /// What went back to the customer, if anything did.
    pub(crate) fn refund(&self) -> Option<Money> {
        (self.refunded > 0).then_some(Money::new(self.refunded, self.currency?))
    }

    /// Whether some of it, but not all, went back.
    pub(crate) fn is_partly_refunded(&self) -> bool {
        self.status == Some(Status::Captured) && self.refunded > 0
    }
}

/// Lets the facts into the payment's story, and returns the transaction they belong to.
///
/// # Errors
/// When the database refuses; then the event itself is not stored either.
pub(crate) async fn project(tx: &mut Tx, place: &Place, facts: &Facts, now: Timestamp) -> Result<TransactionId, DbError> {
    // Makes the row or takes its lock: two servers that learn of one payment at once follow each other.
    let id = store::claim(tx, place, &facts.payment_id, TransactionId::new(now), facts.at).await?;
    let mut story = store::read(tx, id).await?;
    story.absorb(facts);
    store::write(tx, id, &story, facts).await?;
    Ok(id)
}
