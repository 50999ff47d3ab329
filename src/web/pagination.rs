//! What lists share: the filters in force, the way to newer and older rows, and what stands where there are none.

/// A filter in force; its link takes it away.
pub(crate) struct ActiveFilter {
    pub(crate) label: String,
    pub(crate) url: String,
}

/// Newer and older, where there are any.
pub(crate) struct Pager {
    pub(crate) newer: Option<String>,
    pub(crate) older: Option<String>,
    /// What this page shows.
    pub(crate) shown: String,
}

/// Why there is no row, and the way on.
pub(crate) struct EmptyState {
    pub(crate) icon: &'static str,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Where to, and what the button says.
    pub(crate) way: Option<(String, String)>,
}
