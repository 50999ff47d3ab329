//! What the body of an event says of a payment besides its amounts: who paid, how, and what the gateway charged.
//!
//! Invariant: read for a page while the body is stored, never stored apart from it, and nothing is counted by it. All texts are
//! ready for display.

use crate::primitives::money::Money;

/// The details of a payment; all of them may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PaymentDetails {
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) upi_id: Option<String>,
    pub(crate) card: Option<Card>,
    /// The bank of the customer, as the gateway names it.
    pub(crate) bank: Option<String>,
    pub(crate) wallet: Option<String>,
    /// What the gateway charged in all, tax included.
    pub(crate) fee: Option<Money>,
    /// The tax in that.
    pub(crate) tax: Option<Money>,
    /// What the merchant noted with the payment: name and value.
    pub(crate) notes: Vec<(String, String)>,
}

/// A card, without its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) last4: String,
    pub(crate) network: Option<String>,
    /// Debit, credit or prepaid, as the gateway names it.
    pub(crate) kind: Option<String>,
}

impl PaymentDetails {
    /// Adds what another event says and this one does not.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            email: self.email.or(other.email),
            phone: self.phone.or(other.phone),
            upi_id: self.upi_id.or(other.upi_id),
            card: self.card.or(other.card),
            bank: self.bank.or(other.bank),
            wallet: self.wallet.or(other.wallet),
            // Of the same report.
            tax: if self.fee.is_some() { self.tax } else { other.tax },
            fee: self.fee.or(other.fee),
            notes: if self.notes.is_empty() { other.notes } else { self.notes },
        }
    }

    pub(crate) fn has_customer(&self) -> bool {
        self.email.is_some() || self.phone.is_some() || self.upi_id.is_some()
    }
}
