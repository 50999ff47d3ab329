//! Validation errors of forms, by field.
//!
//! A form is parsed once into a domain type, or shown again with every error at its field. Secret values are never filled in
//! again.

use crate::{
    i18n::{Text, ToArg},
    messages::text::{forms as t, time_zones},
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

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the parsed line of a required field; on failure adds the error and returns an empty string. `enter` is the error
    /// of an empty field.
    pub(crate) fn take(&mut self, field: &'static str, enter: Text, parsed: Result<String, Fault>) -> String {
        parsed.unwrap_or_else(|fault| {
            self.add_line(field, enter, fault);
            String::new()
        })
    }

    /// Adds the error of an invalid line of text; `enter` is that of an empty field.
    pub(crate) fn add_line(&mut self, field: &'static str, enter: Text, fault: Fault) {
        self.add(field, reason(fault), line_error(enter, fault));
    }

    /// Returns the parsed email address; on failure adds the error and returns an empty string.
    pub(crate) fn take_email(&mut self, field: &'static str, parsed: Result<String, EmailFault>) -> String {
        parsed.unwrap_or_else(|fault| {
            self.add_email(field, fault);
            String::new()
        })
    }

    /// Adds the error of an invalid email address.
    pub(crate) fn add_email(&mut self, field: &'static str, fault: EmailFault) {
        match fault {
            EmailFault::Line(fault) => self.add_line(field, t::enter_email(), fault),
            EmailFault::NotAsciiBeforeAt => self.add(field, "not-ascii-before-at", t::email_ascii()),
            EmailFault::NotAnAddress => self.add(field, "not-an-address", t::email_invalid()),
        }
    }

    /// Returns the chosen time zone; `None` for the option without one. On failure adds the error.
    pub(crate) fn take_zone(&mut self, field: &'static str, chosen: &str) -> Option<Zone> {
        Zone::entered(chosen).unwrap_or_else(|_| {
            self.add(field, "unknown", time_zones::unknown());
            None
        })
    }
}

/// Returns the error of an invalid domain.
pub(crate) fn domain_error(fault: Option<Fault>) -> FieldError {
    fault.map_or_else(
        || FieldError::new("not-a-domain", t::domain_invalid()),
        |fault| FieldError::new(reason(fault), line_error(t::enter_domain(), fault)),
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

/// Returns the error message for an invalid line of text in a field with this label.
pub(crate) fn sentence(label: impl ToArg, fault: Fault) -> Text {
    line_error(t::enter(label), fault)
}

/// Returns the error message for an invalid line of text; `enter` is the one for an empty line.
fn line_error(enter: Text, fault: Fault) -> Text {
    match fault {
        Fault::Empty => enter,
        Fault::ShorterThan(least) => t::too_short(least),
        Fault::LongerThan(most) => t::too_long(most),
        Fault::Control => t::invisible_character(),
    }
}
