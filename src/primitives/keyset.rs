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

/// The rows of a page, newest first, and whether there are further pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListPage<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) has_newer: bool,
    pub(crate) has_older: bool,
}

impl<T> Default for ListPage<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), has_newer: false, has_older: false }
    }
}

impl<T> ListPage<T> {
    /// Builds a page from up to [`FETCH_LIMIT`] rows, newest first; `None` if the newest page should be shown instead.
    pub(crate) fn from_rows<C>(mut rows: Vec<T>, side: &PageRequest<C>) -> Option<Self> {
        let has_more = rows.len() > PAGE_SIZE;
        match side {
            PageRequest::Before(_) if rows.is_empty() => None,
            PageRequest::After(_) if rows.len() < PAGE_SIZE => None,
            PageRequest::After(_) => {
                if has_more {
                    rows.remove(0);
                }
                Some(Self { rows, has_newer: has_more, has_older: true })
            }
            PageRequest::Newest | PageRequest::Before(_) => {
                rows.truncate(PAGE_SIZE);
                Some(Self { rows, has_newer: matches!(side, PageRequest::Before(_)), has_older: has_more })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::id::{EventId, TransactionId};

    #[test]
    fn a_cursor_that_cannot_be_parsed_is_the_newest_page() {
        let ids = [7, 8].map(|millis| EventId::new(Timestamp::from_millis(millis)));
        let [before, after] = ids.map(|id| id.to_string());
        assert_eq!(PageRequest::read(&before, ""), PageRequest::Before(ids[0]));
        assert_eq!(PageRequest::read("x", &after), PageRequest::After(ids[1]));
        assert_eq!(PageRequest::<EventId>::read("'; DROP", "99999999999999999999"), PageRequest::Newest);
    }

    #[test]
    fn a_cursor_is_parsed_back_and_anything_else_is_none() {
        let id = EventId::new(Timestamp::from_millis(7));
        let cursor = (Timestamp::from_millis(1_795_343_403_000), id);
        assert_eq!(
            (cursor.format(), <(Timestamp, EventId)>::parse(&cursor.format())),
            (format!("1795343403000_{id}"), Some(cursor))
        );
        let other = TransactionId::new(Timestamp::from_millis(7));
        let foreign = [format!("x_{id}"), format!("99999999999999999999_{id}"), format!("7_{other}")];
        for hostile in ["", "_", "7", "7_", "7_ev_", "7_ev_'--\0"].into_iter().chain(foreign.iter().map(String::as_str)) {
            assert_eq!(<(Timestamp, EventId)>::parse(hostile), None, "{hostile:?}");
        }
        assert_eq!((EventId::parse(&id.format()), EventId::parse(&other.format())), (Some(id), None));
    }

    #[test]
    fn a_page_knows_its_neighbours() {
        let rows = |count: i32| (0..count).collect::<Vec<_>>();
        let page = ListPage::from_rows(rows(51), &PageRequest::<i64>::Newest).unwrap();
        assert_eq!((page.rows.len(), page.has_newer, page.has_older), (50, false, true));
        let page = ListPage::from_rows(rows(51), &PageRequest::After(1)).unwrap();
        assert_eq!((page.rows[0], page.rows.len(), page.has_newer, page.has_older), (1, 50, true, true));
        let page = ListPage::from_rows(rows(3), &PageRequest::Before(1)).unwrap();
        assert_eq!((page.rows.len(), page.has_newer, page.has_older), (3, true, false));
        assert!(
            ListPage::from_rows(rows(3), &PageRequest::After(1)).is_none()
                && ListPage::from_rows(rows(0), &PageRequest::Before(1)).is_none()
        );
    }
}
