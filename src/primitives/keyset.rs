//! Keyset pagination: a page is identified by a cursor in an ordered list, so that the last page costs as much as the first.
//!
//! Invariant: a cursor that cannot be parsed, or that has no rows on its side, selects the newest page and is never an error.

use std::{fmt::Display, str::FromStr};

use super::time::Timestamp;

/// Number of rows per page.
pub(crate) const PAGE_SIZE: usize = 50;
/// Number of rows fetched: the extra row shows whether there is another page.
pub(crate) const FETCH_LIMIT: i64 = 51;

/// The requested page of a list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageRequest<C> {
    Newest,
    Before(C),
    After(C),
}

impl<C> PageRequest<C> {
    /// Parses the cursors of the URL.
    pub(crate) fn read(before: &str, after: &str, parse: impl Fn(&str) -> Option<C>) -> Self {
        match (parse(before), parse(after)) {
            (Some(place), _) => Self::Before(place),
            (None, Some(place)) => Self::After(place),
            (None, None) => Self::Newest,
        }
    }
}

/// Formats a cursor of time and id for the URL.
pub(crate) fn format_cursor(at: Timestamp, id: impl Display) -> String {
    format!("{}_{id}", at.millis())
}

/// Parses a cursor; `None` if the text is not one.
pub(crate) fn parse_cursor<I: FromStr>(text: &str) -> Option<(Timestamp, I)> {
    let (millis, id) = text.split_once('_')?;
    Some((Timestamp::from_millis(millis.parse().ok()?), id.parse().ok()?))
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
    /// Builds a page from up to [`FETCH_LIMIT`] rows; `None` if the newest page should be shown instead.
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

    fn number(text: &str) -> Option<i64> {
        text.parse().ok()
    }

    #[test]
    fn a_place_that_cannot_be_read_is_the_newest_page() {
        assert_eq!(PageRequest::read("7", "", number), PageRequest::Before(7));
        assert_eq!(PageRequest::read("x", "8", number), PageRequest::After(8));
        assert_eq!(PageRequest::read("'; DROP", "99999999999999999999", number), PageRequest::Newest);
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
