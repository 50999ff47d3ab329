//! Validation errors of forms, by field.
//!
//! A form is parsed once into a domain type, or shown again with every error at its field. Secret values are never filled in
//! again.

use crate::{
    i18n::Text,
    messages::text::time_zones,
    primitives::{email::EmailFault, text_input::Fault, zone::Zone},
};

/// An error of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// In kebab case. Tests tell errors apart by it, because a sentence may be reworded.
    pub(crate) reason: &'static str,
    pub(crate) sentence: Text,
}

impl FieldError {
    pub(crate) fn new(reason: &'static str, sentence: impl Into<Text>) -> Self {
        Self { reason, sentence: sentence.into() }
    }

    /// Returns the errors of a form in which only this field has one.
    pub(crate) fn at(self, field: &'static str) -> FieldErrors {
        FieldErrors(vec![(field, self)])
    }
}

/// The errors of a form, in the order of its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldErrors(Vec<(&'static str, FieldError)>);

impl FieldErrors {
    /// Adds an error to a field.
    pub(crate) fn add(&mut self, field: &'static str, reason: &'static str, sentence: impl Into<Text>) {
        self.0.push((field, FieldError::new(reason, sentence)));
    }

    /// Returns the first error of a field.
    pub(crate) fn of(&self, field: &str) -> Option<&FieldError> {
        self.0.iter().find(|(known, _)| *known == field).map(|(_, error)| error)
    }

    /// Returns the sentence of the first error of the form.
    pub(crate) fn first(&self) -> Text {
        self.0.first().map(|(_, error)| error.sentence.clone()).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the parsed value; on failure adds the error and returns the default.
    pub(crate) fn take<T: Default>(&mut self, field: &'static str, label: &str, parsed: Result<T, Fault>) -> T {
        parsed.unwrap_or_else(|fault| {
            self.add(field, reason(fault), sentence(label, fault));
            T::default()
        })
    }

    /// Returns the parsed email address; on failure adds the error and returns an empty string.
    pub(crate) fn take_email(&mut self, field: &'static str, parsed: Result<String, EmailFault>) -> String {
        parsed.unwrap_or_else(|fault| {
            match fault {
                EmailFault::Line(fault) => self.add(field, reason(fault), sentence("E-mail", fault)),
                EmailFault::NotAsciiBeforeAt => {
                    let sentence = "Before the @, use only English letters, digits and signs such as . or _.";
                    self.add(field, "not-ascii-before-at", sentence);
                }
                EmailFault::NotAnAddress => {
                    self.add(field, "not-an-address", "Type an e-mail address, for example accounts@neemtree.example.");
                }
            }
            String::new()
        })
    }

    /// Returns the chosen time zone; `None` for the option without one. On failure adds the error.
    pub(crate) fn take_zone(&mut self, field: &'static str, chosen: &str) -> Option<Zone> {
        let name = chosen.trim();
        let zone = name.parse().ok();
        if zone.is_none() && !name.is_empty() {
            self.add(field, "unknown", time_zones::unknown());
        }
        zone
    }
}

/// Returns the error of an invalid domain.
pub(crate) fn domain_error(fault: Option<Fault>) -> FieldError {
    fault.map_or_else(
        || FieldError::new("not-a-domain", "Type the domain alone, for example shop.neemtree.example."),
        |fault| FieldError::new(reason(fault), sentence("Domain", fault)),
    )
}

/// Returns the reason of an invalid line of text.
pub(crate) const fn reason(fault: Fault) -> &'static str {
    match fault {
        Fault::Empty => "empty",
        Fault::ShorterThan(_) => "too-short",
        Fault::LongerThan(_) => "too-long",
        Fault::Control => "unseen",
    }
}

/// Returns the error message for an invalid line of text.
pub(crate) fn sentence(label: &str, fault: Fault) -> String {
    match fault {
        Fault::Empty => format!("{label} is empty. Type it here."),
        Fault::ShorterThan(least) => format!("{label} needs at least {least} characters."),
        Fault::LongerThan(most) => format!("{label} may have at most {most} characters."),
        Fault::Control => format!("{label} holds a character that cannot be seen. Type it by hand instead of pasting."),
    }
}
