//! Keyset pagination: a page is identified by a cursor in an ordered list, so that the last page costs as much as the first.
//!
//! Invariant: a cursor that cannot be parsed, or that has no rows on its side, selects the newest page and is never an error.

use super::{id::Id, time::Timestamp};

/// Number of rows per page.
pub(crate) const PAGE_SIZE: usize = 50;
/// Number of rows fetched: the extra row shows whether there is another page.
pub(crate) const FETCH_LIMIT: i64 = 51;

/// A position in a list. As text it is a parameter of the URL.
pub(crate) trait Cursor: Copy + PartialEq {
    /// The position before the newest row of every list.
    const NEWEST: Self;

    /// Parses the text of [`Self::format`]; `None` if it is not such a text.
    fn parse(text: &str) -> Option<Self>;

    fn format(&self) -> String;
}

/// A list in the order of creation.
impl<I: Id> Cursor for I {
    const NEWEST: Self = I::GREATEST;

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn format(&self) -> String {
        self.to_string()
    }
}

/// A list in the order of a time, which several rows may have.
impl<I: Id> Cursor for (Timestamp, I) {
    const NEWEST: Self = (Timestamp::from_millis(i64::MAX), I::GREATEST);

    fn parse(text: &str) -> Option<Self> {
        let (millis, id) = text.split_once('_')?;
        Some((Timestamp::from_millis(millis.parse().ok()?), id.parse().ok()?))
    }

    fn format(&self) -> String {
        format!("{}_{}", self.0.millis(), self.1)
    }
}

/// A row of a list.
pub(crate) trait Listed {
    type Cursor: Cursor;

    /// Returns its position.
    fn cursor(&self) -> Self::Cursor;
}

/// The requested page of a list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageRequest<C> {
    Newest,
    Before(C),
    After(C),
}

impl<C: Cursor> PageRequest<C> {
    /// Parses the cursors of the URL.
    pub(crate) fn read(before: &str, after: &str) -> Self {
        match (C::parse(before), C::parse(after)) {
            (Some(place), _) => Self::Before(place),
            (None, Some(place)) => Self::After(place),
            (None, None) => Self::Newest,
        }
    }
}

/// The rows found on one side of a cursor, closest to it first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found<T: Listed> {
    /// Up to [`FETCH_LIMIT`].
    pub(crate) rows: Vec<T>,
    /// Where the search ended, if there may be further rows beyond: it examines a limited number of rows.
    pub(crate) end: Option<T::Cursor>,
}

/// What is on a side of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beyond<C> {
    Nothing,
    /// Further rows, from the page's last row on that side.
    Rows(C),
    /// Rows that were not examined yet, from this position on.
    Unsearched(C),
}

/// The rows of a page, newest first, and what is on its sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListPage<T: Listed> {
    pub(crate) rows: Vec<T>,
    pub(crate) newer: Beyond<T::Cursor>,
    pub(crate) older: Beyond<T::Cursor>,
}

impl<T: Listed> Default for ListPage<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), newer: Beyond::Nothing, older: Beyond::Nothing }
    }
}

impl<T: Listed> ListPage<T> {
    /// Builds the requested page from what was found; `None` if the newest page should be shown instead.
    pub(crate) fn new(Found { mut rows, end }: Found<T>, side: &PageRequest<T::Cursor>) -> Option<Self> {
        let has_more = rows.len() > PAGE_SIZE;
        rows.truncate(PAGE_SIZE);
        let further = match rows.last() {
            Some(last) if has_more => Beyond::Rows(last.cursor()),
            _ => end.map_or(Beyond::Nothing, Beyond::Unsearched),
        };
        let back = |cursor: T::Cursor, nearest: Option<&T>| Beyond::Rows(nearest.map_or(cursor, Listed::cursor));
        match *side {
            PageRequest::Newest => Some(Self { rows, newer: Beyond::Nothing, older: further }),
            PageRequest::Before(_) if rows.is_empty() && end.is_none() => None,
            PageRequest::Before(cursor) => Some(Self { newer: back(cursor, rows.first()), older: further, rows }),
            PageRequest::After(_) if rows.len() < PAGE_SIZE && end.is_none() => None,
            PageRequest::After(cursor) => {
                let older = back(cursor, rows.first());
                rows.reverse();
                Some(Self { rows, newer: further, older })
            }
        }
    }

    /// Returns the page after the last match of a search that went on from `cursor`.
    pub(crate) const fn end_of_search(cursor: T::Cursor) -> Self {
        Self { rows: Vec::new(), newer: Beyond::Rows(cursor), older: Beyond::Nothing }
    }

    /// True if only a part of the list was searched, and there may be matches in the rest of it.
    pub(crate) const fn is_partial(&self) -> bool {
        matches!(self.newer, Beyond::Unsearched(_)) || matches!(self.older, Beyond::Unsearched(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::id::{EventId, TransactionId};

    #[test]
    fn a_cursor_that_cannot_be_parsed_is_the_newest_page() {
        let ids = [7, 8].map(EventId::from_number);
        let [before, after] = ids.map(|id| id.to_string());
        assert_eq!(PageRequest::read(&before, ""), PageRequest::Before(ids[0]));
        assert_eq!(PageRequest::read("x", &after), PageRequest::After(ids[1]));
        assert_eq!(PageRequest::<EventId>::read("'; DROP", "99999999999999999999"), PageRequest::Newest);
    }

    #[test]
    fn a_cursor_is_parsed_back_and_anything_else_is_none() {
        let id = EventId::unique();
        let cursor = (Timestamp::from_millis(1_795_343_403_000), id);
        assert_eq!(
            (cursor.format(), <(Timestamp, EventId)>::parse(&cursor.format())),
            (format!("1795343403000_{id}"), Some(cursor))
        );
        let other = TransactionId::unique();
        let foreign = [format!("x_{id}"), format!("99999999999999999999_{id}"), format!("7_{other}")];
        for hostile in ["", "_", "7", "7_", "7_ev_", "7_ev_'--\0"].into_iter().chain(foreign.iter().map(String::as_str)) {
            assert_eq!(<(Timestamp, EventId)>::parse(hostile), None, "{hostile:?}");
        }
        assert_eq!((EventId::parse(&id.format()), EventId::parse(&other.format())), (Some(id), None));
    }

    #[test]
    fn a_page_knows_its_neighbours() {
        let id = |number: i64| EventId::from_number(number);
        let (start, end) = (id(1_000), id(2_000));
        let older = |count: i64| Found { rows: (0..count).map(|row| id(999 - row)).collect(), end: None };
        let newer = |count: i64| Found { rows: (0..count).map(|row| id(1_001 + row)).collect(), end: None };
        let page = ListPage::new(older(51), &PageRequest::Newest).unwrap();
        assert_eq!((page.rows.len(), page.newer, page.older), (50, Beyond::Nothing, Beyond::Rows(id(950))));
        let page = ListPage::new(newer(51), &PageRequest::After(start)).unwrap();
        assert_eq!((page.rows[0], page.rows.len()), (id(1_050), 50));
        assert_eq!((page.newer, page.older), (Beyond::Rows(id(1_050)), Beyond::Rows(id(1_001))));
        let page = ListPage::new(older(3), &PageRequest::Before(start)).unwrap();
        assert_eq!((page.rows.len(), page.newer, page.older), (3, Beyond::Rows(id(999)), Beyond::Nothing));
        assert_eq!(ListPage::new(newer(3), &PageRequest::After(start)), None);
        assert_eq!(ListPage::new(older(0), &PageRequest::Before(start)), None);

        let page = ListPage::new(Found { end: Some(end), ..older(3) }, &PageRequest::Before(start)).unwrap();
        assert_eq!((page.newer, page.older), (Beyond::Rows(id(999)), Beyond::Unsearched(end)));
        let page = ListPage::new(Found { end: Some(end), ..older(0) }, &PageRequest::Before(start)).unwrap();
        assert_eq!((page.newer, page.older), (Beyond::Rows(start), Beyond::Unsearched(end)), "the way back is kept");
        let page = ListPage::new(Found { end: Some(end), ..newer(3) }, &PageRequest::After(start)).unwrap();
        assert_eq!((page.rows[0], page.newer, page.older), (id(1_003), Beyond::Unsearched(end), Beyond::Rows(id(1_001))));
        let page = ListPage::new(Found { end: Some(end), ..newer(0) }, &PageRequest::After(start)).unwrap();
        assert_eq!((page.newer, page.older, page.is_partial()), (Beyond::Unsearched(end), Beyond::Rows(start), true));
    }
}
