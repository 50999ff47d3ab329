//! Shared parts of list pages: pager, empty state of a search.

use crate::{
    db::list::MAX_EXAMINED,
    i18n::Text,
    messages::{
        self, EmptyState,
        text::{lists, shared as t},
    },
    primitives::keyset::{Beyond, Cursor, ListPage, Listed},
    urls,
};

/// A link to newer or older rows.
pub(crate) struct PageLink {
    pub(crate) url: String,
    pub(crate) label: Text,
}

/// Links to newer and older rows, if there are any.
pub(crate) struct Pager {
    pub(crate) newer: Option<PageLink>,
    pub(crate) older: Option<PageLink>,
    /// Describes the rows on this page.
    pub(crate) shown: Text,
    /// What to show instead of rows, where a search has not found any yet or has come to its end.
    empty: Option<EmptyState>,
}

impl Pager {
    /// Returns the pager of a page of the list at `path`. Its links keep the `query`.
    pub(crate) fn new<T: Listed>(path: &str, query: &[(&str, &str)], page: &ListPage<T>) -> Self {
        let link = |beyond: Beyond<T::Cursor>, side: &str, [rows, search]: [Text; 2]| {
            let (cursor, label) = match beyond {
                Beyond::Nothing => return None,
                Beyond::Rows(cursor) => (cursor, rows),
                Beyond::Unsearched(cursor) => (cursor, search),
            };
            Some(PageLink { url: urls::query(path, &[query, &[(side, &cursor.format())]].concat()), label })
        };
        let mut pager = Self {
            newer: link(page.newer, "after", [t::newer(), t::search_newer()]),
            older: link(page.older, "before", [t::older(), t::search_older()]),
            shown: if page.is_partial() {
                lists::found_among(page.rows.len(), MAX_EXAMINED)
            } else {
                t::rows_shown(page.rows.len())
            },
            empty: None,
        };
        if page.rows.is_empty() {
            pager.shown = Text::default();
            let side = if matches!(page.newer, Beyond::Unsearched(_)) { &mut pager.newer } else { &mut pager.older };
            if page.is_partial() {
                pager.empty = side.take().map(|link| messages::search_on((link.url, link.label), MAX_EXAMINED));
            } else if matches!(page.newer, Beyond::Rows(_)) {
                pager.newer = None;
                pager.empty = Some(messages::end_of_search(urls::query(path, query)));
            }
        }
        pager
    }

    /// Returns what to show instead of rows, if that is up to the search.
    pub(crate) fn take_empty(&mut self) -> Option<EmptyState> {
        self.empty.take()
    }

    /// True if there is another page.
    pub(crate) const fn has_links(&self) -> bool {
        self.newer.is_some() || self.older.is_some()
    }
}
