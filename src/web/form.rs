//! Forms: what was typed, and what is wrong with it, field by field.
//!
//! The rule: parse once into a domain type, or answer with every error at its field. Secret values are never kept.

use crate::primitives::text_input::Fault;

/// Every error of one form, in the order of its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldErrors(Vec<(&'static str, String)>);

impl FieldErrors {
    /// Notes what is wrong with a field.
    pub(crate) fn add(&mut self, field: &'static str, sentence: impl Into<String>) {
        self.0.push((field, sentence.into()));
    }

    /// The first error of a field.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == field).map(|(_, sentence)| sentence.as_str())
    }

    /// What is wrong first.
    pub(crate) fn first(&self) -> &str {
        self.0.first().map_or("", |(_, sentence)| sentence)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes the fault of a line of text and lets a good one through.
    pub(crate) fn take<T: Default>(&mut self, field: &'static str, label: &str, parsed: Result<T, Fault>) -> T {
        parsed.unwrap_or_else(|fault| {
            self.add(field, sentence(label, fault));
            T::default()
        })
    }

    /// Notes the fault of an e-mail address and lets a good one through.
    pub(crate) fn take_email(&mut self, field: &'static str, parsed: Result<String, Option<Fault>>) -> String {
        parsed.unwrap_or_else(|fault| {
            let what_to_do = "Type an e-mail address, for example accounts@neemtree.example.".to_owned();
            self.add(field, fault.map_or(what_to_do, |fault| sentence("E-mail", fault)));
            String::new()
        })
    }
}

/// What to do about a line of text.
pub(crate) fn sentence(label: &str, fault: Fault) -> String {
    match fault {
        Fault::Empty => format!("{label} is empty. Type it here."),
        Fault::ShorterThan(least) => format!("{label} needs at least {least} characters."),
        Fault::LongerThan(most) => format!("{label} may have at most {most} characters."),
        Fault::Control => format!("{label} holds a character that cannot be seen. Type it by hand instead of pasting."),
    }
}
