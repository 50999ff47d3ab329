//! Parts of pages that messages fill.

use super::text::fixes as t;
use crate::i18n::Text;

/// Returns sentences as one text; no text if there are none.
pub(super) fn paragraph(sentences: impl IntoIterator<Item = Text>) -> Text {
    sentences.into_iter().reduce(t::then).unwrap_or_default()
}

/// Returns complete items as a list with commas.
pub(super) fn comma_list(items: impl IntoIterator<Item = Text>) -> Text {
    items.into_iter().reduce(t::list).unwrap_or_default()
}

/// Returns complete items as a list in a sentence, whose last is joined by *and*.
pub(super) fn list(items: impl IntoIterator<Item = Text>) -> Text {
    let mut items: Vec<Text> = items.into_iter().collect();
    let last = items.pop().unwrap_or_default();
    if items.is_empty() { last } else { t::list_last(comma_list(items), last) }
}

/// A warning about the server's configuration, shown on every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    /// Identifies it in tests.
    pub(crate) hook: &'static str,
    pub(crate) headline: Text,
    pub(crate) advice: Text,
}

/// Shown instead of an empty list: the reason, and the next step.
pub(crate) struct EmptyState {
    /// Identifies it in tests.
    pub(crate) hook: &'static str,
    /// The stored value of the cause that the text names.
    pub(crate) cause: Option<&'static str>,
    pub(crate) icon: &'static str,
    pub(crate) title: Text,
    pub(crate) text: Text,
    /// URL and label of the button.
    pub(crate) way: Option<(String, Text)>,
}
