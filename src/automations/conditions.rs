//! The conditions of an automation.
//!
//! Invariant: pure. A condition on an unknown value is not met.
//!
//! All but the condition on a note are checked when the change is stored. Notes are in the bodies of events only, and those of a change may
//! be in another event than the one that makes it, so that condition is checked when the run is executed.

use serde::{Deserialize, Serialize};

use crate::{
    gateways::Gateway,
    primitives::{
        money::{Currency, Money},
        text_enum::text_enum,
        text_input,
    },
};

/// The most characters of a note's name and value in a condition, which are Razorpay's limits of a note's value.
pub(crate) const MAX_NOTE_CHARS: usize = 256;

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

text_enum! {
    /// How a note is compared.
    pub(crate) enum NoteComparison, "a comparison of a note" {
        Is = "is",
        Contains = "contains",
    }
}

/// A condition on one of the payment's notes. Names are compared exactly, values without regard to case and surrounding spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoteCondition {
    pub(crate) comparison: NoteComparison,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl NoteCondition {
    fn is_met(&self, notes: &[(String, String)]) -> bool {
        let folded = |text: &str| text_input::normalized(text.trim()).to_lowercase();
        let wanted = folded(&self.value);
        let name = |name: &str| text_input::normalized(name.trim()) == self.name;
        notes.iter().filter(|note| name(&note.0)).any(|(_, value)| match self.comparison {
            NoteComparison::Is => folded(value) == wanted,
            NoteComparison::Contains => folded(value).contains(&wanted),
        })
    }
}

/// The conditions of an automation; all must be met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    pub(crate) amount: Option<AmountCondition>,
    /// The payment method, as gateways name it.
    pub(crate) method: Option<String>,
    pub(crate) gateway: Option<Gateway>,
    pub(crate) note: Option<NoteCondition>,
}

/// The values of a change that conditions are evaluated against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) money: Option<Money>,
    pub(crate) method: Option<&'a str>,
    pub(crate) gateway: Gateway,
}

impl Conditions {
    /// True if all conditions but that on a note are met.
    pub(crate) fn are_met(&self, facts: Facts<'_>) -> bool {
        let amount = self.amount.is_none_or(|condition| facts.money.is_some_and(|money| condition.is_met(money)));
        let method = self.method.as_ref().is_none_or(|method| facts.method == Some(method));
        amount && method && self.gateway.is_none_or(|gateway| gateway == facts.gateway)
    }

    /// True if the condition on a note is met, or there is none.
    pub(crate) fn is_note_met(&self, notes: &[(String, String)]) -> bool {
        self.note.as_ref().is_none_or(|condition| condition.is_met(notes))
    }
}

/// The stored form. Gateways and currencies are stored as text, so that an unknown value invalidates one automation only.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    comparison: Option<String>,
    subunits: i64,
    currency: String,
    method: Option<String>,
    gateway: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<StoredNote>,
}

#[derive(Serialize, Deserialize)]
struct StoredNote {
    comparison: String,
    name: String,
    value: String,
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
            note: self.note.as_ref().map(|note| StoredNote {
                comparison: note.comparison.to_string(),
                name: note.name.clone(),
                value: note.value.clone(),
            }),
        };
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// Reads the stored form; `None` if it has a value that this version does not know.
    pub(crate) fn from_json(text: &str) -> Option<Self> {
        let Stored { comparison, subunits, currency, method, gateway, note } = serde_json::from_str(text).ok()?;
        let amount = match comparison {
            None => None,
            Some(comparison) => {
                let currency: Currency = currency.parse().ok()?;
                Some(AmountCondition { comparison: comparison.parse().ok()?, amount: Money::new(subunits, currency) })
            }
        };
        let gateway = gateway.map(|slug| slug.parse().ok()).map_or(Some(None), |found: Option<Gateway>| found.map(Some))?;
        let note = match note {
            None => None,
            Some(StoredNote { comparison, name, value }) => {
                Some(NoteCondition { comparison: comparison.parse().ok()?, name, value })
            }
        };
        Some(Self { amount, method, gateway, note })
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

    const UNKNOWN_NOTE: &str = r#"{"note":{"comparison":"resembles","name":"plan","value":"gold"}}"#;

    fn note(comparison: NoteComparison, name: &str, value: &str) -> NoteCondition {
        NoteCondition { comparison, name: name.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn a_note_has_the_exact_name_and_the_value_in_any_case() {
        use NoteComparison::{Contains, Is};
        let notes = [("plan", " Gold Plus "), ("Plan", "silver"), ("नोट", "Émile")];
        let notes = notes.map(|(name, value)| (name.to_owned(), value.to_owned()));
        for (comparison, name, value, expected) in [
            (Is, "plan", "gold plus", true),
            (Is, "plan", "GOLD PLUS", true),
            (Is, "plan", "gold", false),
            (Is, "PLAN", "gold plus", false),
            (Is, "Plan", "Silver", true),
            (Is, "नोट", "e\u{301}mile", true),
            (Contains, "plan", "PLUS", true),
            (Contains, "plan", "d p", true),
            (Contains, "plan", "silver", false),
            (Contains, "other", "gold", false),
        ] {
            let conditions = Conditions { note: Some(note(comparison, name, value)), ..Conditions::default() };
            assert_eq!(conditions.is_note_met(&notes), expected, "{name} {comparison} {value}");
            assert!(conditions.are_met(facts(None)) && !conditions.is_note_met(&[]), "{name}");
        }
        assert!(Conditions::default().is_note_met(&[]));
    }

    #[test]
    fn the_stored_form_is_read_back() {
        let all = Conditions {
            method: Some("upi".to_owned()),
            gateway: Some(Gateway::proposed()),
            note: Some(note(NoteComparison::Contains, "plan", "gold")),
            ..over(Comparison::AtMost)
        };
        for conditions in [Conditions::default(), all] {
            assert_eq!(Conditions::from_json(&conditions.to_json()), Some(conditions));
        }
        for damaged in ["", "{", r#"{"gateway":"gone"}"#, r#"{"comparison":"over","currency":"rupees"}"#, UNKNOWN_NOTE] {
            assert_eq!(Conditions::from_json(damaged), None, "{damaged}");
        }
    }
}
