//! The content of a message, before a channel gives it its form.
//!
//! Invariant: plain text, without any markup.

/// A message to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) subject: String,
    pub(crate) paragraphs: Vec<String>,
    /// Labels with their values.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) action: Option<Action>,
    pub(crate) footer: Option<String>,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) label: String,
    pub(crate) url: String,
}
