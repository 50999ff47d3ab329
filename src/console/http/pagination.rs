//! Shared parts of list pages: active filters, pager, empty state.

use crate::{
    primitives::keyset::{Cursor as _, ListPage, Listed},
    urls,
};

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

impl Pager {
    /// Returns the pager of a page of the list at `path`. Its links keep the `query`.
    pub(crate) fn new<T: Listed>(path: &str, query: &[(&str, &str)], page: &ListPage<T>) -> Self {
        let link = |side, row: Option<&T>| {
            let cursor = row?.cursor().format();
            Some(urls::query(path, &[query, &[(side, &cursor)]].concat()))
        };
        Self {
            newer: page.has_newer.then(|| link("after", page.rows.first())).flatten(),
            older: page.has_older.then(|| link("before", page.rows.last())).flatten(),
            shown: format!("{} shown, newest first", page.rows.len()),
        }
    }
}
