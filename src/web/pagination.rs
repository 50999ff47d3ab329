//! Shared parts of list pages: active filters, pager, empty state.

/// An active filter; its link removes it.
pub(crate) struct ActiveFilter {
    pub(crate) label: String,
    pub(crate) url: String,
}

/// Links to newer and older rows, if there are any.
pub(crate) struct Pager {
    pub(crate) newer: Option<String>,
    pub(crate) older: Option<String>,
    /// Describes the rows on this page.
    pub(crate) shown: String,
}

/// Shown instead of an empty list: the reason, and the next step.
pub(crate) struct EmptyState {
    pub(crate) icon: &'static str,
    pub(crate) title: String,
    pub(crate) text: String,
    /// URL and label of the button.
    pub(crate) way: Option<(String, String)>,
}
