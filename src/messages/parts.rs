//! Parts of pages that messages fill.

use crate::i18n::Text;

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
