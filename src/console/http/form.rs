//! Validation errors of forms, by field.
//!
//! A form is parsed once into a domain type, or shown again with every error at its field. Secret values are never filled in
//! again.

use crate::primitives::{email::EmailFault, text_input::Fault};

/// The errors of a form, in the order of its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldErrors(Vec<(&'static str, String)>);

impl FieldErrors {
    /// Adds an error to a field.
    pub(crate) fn add(&mut self, field: &'static str, sentence: impl Into<String>) {
        self.0.push((field, sentence.into()));
    }

    /// Returns the first error of a field.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == field).map(|(_, sentence)| sentence.as_str())
    }

    /// Returns the first error of the form.
    pub(crate) fn first(&self) -> &str {
        self.0.first().map_or("", |(_, sentence)| sentence)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the parsed value; on failure adds the error and returns the default.
    pub(crate) fn take<T: Default>(&mut self, field: &'static str, label: &str, parsed: Result<T, Fault>) -> T {
        parsed.unwrap_or_else(|fault| {
            self.add(field, sentence(label, fault));
            T::default()
        })
    }

    /// Returns the parsed email address; on failure adds the error and returns an empty string.
    pub(crate) fn take_email(&mut self, field: &'static str, parsed: Result<String, EmailFault>) -> String {
        parsed.unwrap_or_else(|fault| {
            let message = match fault {
                EmailFault::Line(fault) => sentence("E-mail", fault),
                EmailFault::NotAsciiBeforeAt => {
                    "Before the @, use only English letters, digits and signs such as . or _.".to_owned()
                }
                EmailFault::NotAnAddress => "Type an e-mail address, for example accounts@neemtree.example.".to_owned(),
            };
            self.add(field, message);
            String::new()
        })
    }
}

/// Returns the error message for an invalid domain.
pub(crate) fn domain_sentence(fault: Option<Fault>) -> String {
    fault
        .map_or_else(|| "Type the domain alone, for example shop.neemtree.example.".to_owned(), |fault| sentence("Domain", fault))
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
