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
