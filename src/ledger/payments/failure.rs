//! Why a payment failed, as a filter of lists and of daily totals.

use std::str::FromStr;

use crate::gateways::payment::FailureCategory;

/// The reason of a failed payment; `None` if the gateway reported none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FailureReason(pub(crate) Option<FailureCategory>);

/// The text of a failure without a reason in an address.
const NOT_GIVEN: &str = "not_given";

impl FailureReason {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        FailureCategory::ALL.iter().map(|category| Self(Some(*category))).chain([Self(None)])
    }

    /// Returns its text in an address.
    pub(crate) const fn as_str(self) -> &'static str {
        match self.0 {
            Some(category) => category.as_str(),
            None => NOT_GIVEN,
        }
    }

    /// Returns its text in the key of a daily total, where what is unknown is empty.
    pub(crate) fn key(self) -> &'static str {
        self.0.map_or("", FailureCategory::as_str)
    }
}

impl FromStr for FailureReason {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::all().find(|reason| reason.as_str() == text).ok_or(())
    }
}
