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
    rows: usize,
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
            rows: page.rows.len(),
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

    /// Says that a printed page is only a part of the list, which has `total` rows if that is known.
    pub(crate) fn printed(&self, total: Option<i64>) -> Option<Text> {
        let first_of = total.filter(|_| self.newer.is_none());
        let text = first_of.map_or_else(|| lists::printed_part(self.rows), |total| lists::printed_first(self.rows, total));
        self.has_links().then_some(text)
    }

    /// True if there is another page.
    pub(crate) const fn has_links(&self) -> bool {
        self.newer.is_some() || self.older.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{i18n::Locale, primitives::id::TransactionId};

    struct Row;

    impl Listed for Row {
        type Cursor = TransactionId;

        fn cursor(&self) -> TransactionId {
            TransactionId::least()
        }
    }

    #[test]
    fn a_print_says_that_it_has_only_a_part_of_the_list() {
        let printed = |newer: bool, older: bool, total| {
            let link = |is_there| if is_there { Beyond::Rows(TransactionId::least()) } else { Beyond::Nothing };
            let page = ListPage { rows: vec![Row, Row], newer: link(newer), older: link(older) };
            Pager::new("/list", &[], &page).printed(total).map(|text| text.to_plain(Locale::English))
        };
        assert_eq!(printed(false, false, Some(2)), None, "all of it");
        assert_eq!(printed(false, true, Some(1_234)).unwrap(), "The first 2 of 1,234 rows, newest first");
        for (newer, older, total) in [(true, true, Some(5)), (true, false, Some(5)), (false, true, None)] {
            assert_eq!(printed(newer, older, total).unwrap(), "2 rows of a longer list, newest first");
        }
    }
}
