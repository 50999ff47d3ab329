//! The conditions of an automation.
//!
//! Invariant: pure. A condition on something that is not known of a change is not met.

use serde::{Deserialize, Serialize};

use crate::{
    gateways::Gateway,
    primitives::{
        money::{Currency, Money},
        text_enum::text_enum,
    },
};

text_enum! {
    /// How an amount is compared.
    pub(crate) enum Comparison, "a comparison" {
        /// Greater than the amount.
        Over = "over",
        /// Less than or equal to the amount.
        AtMost = "at_most",
    }
}

/// A condition on the amount of what changed. Amounts in other currencies do not meet it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AmountCondition {
    pub(crate) comparison: Comparison,
    pub(crate) amount: Money,
}

impl AmountCondition {
    fn is_met(self, money: Money) -> bool {
        money.currency == self.amount.currency
            && match self.comparison {
                Comparison::Over => money.subunits > self.amount.subunits,
                Comparison::AtMost => money.subunits <= self.amount.subunits,
            }
    }
}

/// All of them must be met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    pub(crate) amount: Option<AmountCondition>,
    /// The payment method, as gateways name it.
    pub(crate) method: Option<String>,
    pub(crate) gateway: Option<Gateway>,
}

/// What conditions are compared with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) money: Option<Money>,
    pub(crate) method: Option<&'a str>,
    pub(crate) gateway: Gateway,
}

impl Conditions {
    pub(crate) fn are_met(&self, facts: Facts<'_>) -> bool {
        let amount = self.amount.is_none_or(|condition| facts.money.is_some_and(|money| condition.is_met(money)));
        let method = self.method.as_ref().is_none_or(|method| facts.method == Some(method));
        amount && method && self.gateway.is_none_or(|gateway| gateway == facts.gateway)
    }
}

/// The stored form. Gateways and currencies are texts, so that a value that is no longer known is an error of one automation.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    comparison: Option<String>,
    subunits: i64,
    currency: String,
    method: Option<String>,
    gateway: Option<String>,
}

impl Conditions {
    /// Returns the stored form.
    pub(crate) fn to_json(&self) -> String {
        let amount = self.amount.map(|condition| condition.amount);
        let stored = Stored {
            comparison: self.amount.map(|condition| condition.comparison.to_string()),
            subunits: amount.map_or(0, |amount| amount.subunits),
            currency: amount.map(|amount| amount.currency.to_string()).unwrap_or_default(),
            method: self.method.clone(),
            gateway: self.gateway.map(|gateway| gateway.slug().to_owned()),
        };
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// Reads the stored form; `None` if it has a value that this version does not know.
    pub(crate) fn from_json(text: &str) -> Option<Self> {
        let Stored { comparison, subunits, currency, method, gateway } = serde_json::from_str(text).ok()?;
        let amount = match comparison {
            None => None,
            Some(comparison) => {
                let currency: Currency = currency.parse().ok()?;
                Some(AmountCondition { comparison: comparison.parse().ok()?, amount: Money::new(subunits, currency) })
            }
        };
        let gateway = gateway.map(|slug| slug.parse().ok()).map_or(Some(None), |found: Option<Gateway>| found.map(Some))?;
        Some(Self { amount, method, gateway })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rupees(subunits: i64) -> Money {
        Money::new(subunits, Currency::INR)
    }

    fn facts(money: Option<Money>) -> Facts<'static> {
        Facts { money, method: Some("upi"), gateway: Gateway::proposed() }
    }

    fn over(comparison: Comparison) -> Conditions {
        Conditions { amount: Some(AmountCondition { comparison, amount: rupees(50_000) }), ..Conditions::default() }
    }

    #[test]
    fn amounts_are_compared_in_their_own_currency() {
        let met = |conditions: &Conditions, money: Option<Money>| conditions.are_met(facts(money));
        let dollars = Money::new(50_001, "USD".parse().unwrap());
        let cases = [Some(rupees(50_001)), Some(rupees(50_000)), Some(rupees(49_999)), Some(dollars), None];
        assert_eq!(cases.map(|money| met(&over(Comparison::Over), money)), [true, false, false, false, false]);
        assert_eq!(cases.map(|money| met(&over(Comparison::AtMost), money)), [false, true, true, false, false]);
        assert_eq!(cases.map(|money| met(&Conditions::default(), money)), [true; 5]);
    }

    #[test]
    fn all_conditions_must_be_met() {
        let conditions =
            Conditions { method: Some("upi".to_owned()), gateway: Some(Gateway::proposed()), ..over(Comparison::Over) };
        let facts = facts(Some(rupees(50_001)));
        assert!(conditions.are_met(facts));
        assert!(!conditions.are_met(Facts { method: Some("card"), ..facts }));
        assert!(!conditions.are_met(Facts { method: None, ..facts }));
        let other = Gateway::all().find(|gateway| *gateway != Gateway::proposed()).unwrap();
        assert!(!conditions.are_met(Facts { gateway: other, ..facts }));
    }

    #[test]
    fn the_stored_form_is_read_back() {
        let all = Conditions { method: Some("upi".to_owned()), gateway: Some(Gateway::proposed()), ..over(Comparison::AtMost) };
        for conditions in [Conditions::default(), all] {
            assert_eq!(Conditions::from_json(&conditions.to_json()), Some(conditions));
        }
        for damaged in ["", "{", r#"{"gateway":"gone"}"#, r#"{"comparison":"over","currency":"rupees"}"#] {
            assert_eq!(Conditions::from_json(damaged), None, "{damaged}");
        }
    }
}
