//! Keyset paging: a page is a place in an order, so that the last page costs what the first did.
//!
//! The rule: a place that cannot be read, or beside which nothing stands, is the newest page and never an error.

use std::{fmt::Display, str::FromStr};

use super::time::Timestamp;

/// Rows of a page.
pub(crate) const SIZE: usize = 50;
/// What a store is asked for: one row more tells whether there is another page.
pub(crate) const FETCH: i64 = 51;

/// Which page of a list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side<C> {
    Newest,
    Before(C),
    After(C),
}

impl<C> Side<C> {
    /// From what stands in the address.
    pub(crate) fn read(before: &str, after: &str, parse: impl Fn(&str) -> Option<C>) -> Self {
        match (parse(before), parse(after)) {
            (Some(place), _) => Self::Before(place),
            (None, Some(place)) => Self::After(place),
            (None, None) => Self::Newest,
        }
    }
}

/// A place in an order of time and id, as it stands in an address.
pub(crate) fn place_text(at: Timestamp, id: impl Display) -> String {
    format!("{}_{id}", at.millis())
}

/// The place; nothing when the text is not one.
pub(crate) fn place<I: FromStr>(text: &str) -> Option<(Timestamp, I)> {
    let (millis, id) = text.split_once('_')?;
    Some((Timestamp::from_millis(millis.parse().ok()?), id.parse().ok()?))
}

/// The rows of a page, newest first, and whether there are others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) has_newer: bool,
    pub(crate) has_older: bool,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), has_newer: false, has_older: false }
    }
}

impl<T> Page<T> {
    /// From [`FETCH`] rows; `None` when the newest page is the better answer.
    pub(crate) fn cut<C>(mut rows: Vec<T>, side: &Side<C>) -> Option<Self> {
        let has_more = rows.len() > SIZE;
        match side {
            Side::Before(_) if rows.is_empty() => None,
            Side::After(_) if rows.len() < SIZE => None,
            Side::After(_) => {
                if has_more {
                    rows.remove(0);
                }
                Some(Self { rows, has_newer: has_more, has_older: true })
            }
            Side::Newest | Side::Before(_) => {
                rows.truncate(SIZE);
                Some(Self { rows, has_newer: matches!(side, Side::Before(_)), has_older: has_more })
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
        assert_eq!(Side::read("7", "", number), Side::Before(7));
        assert_eq!(Side::read("x", "8", number), Side::After(8));
        assert_eq!(Side::read("'; DROP", "99999999999999999999", number), Side::Newest);
    }

    #[test]
    fn a_page_knows_its_neighbours() {
        let rows = |count: i32| (0..count).collect::<Vec<_>>();
        let page = Page::cut(rows(51), &Side::<i64>::Newest).unwrap();
        assert_eq!((page.rows.len(), page.has_newer, page.has_older), (50, false, true));
        let page = Page::cut(rows(51), &Side::After(1)).unwrap();
        assert_eq!((page.rows[0], page.rows.len(), page.has_newer, page.has_older), (1, 50, true, true));
        let page = Page::cut(rows(3), &Side::Before(1)).unwrap();
        assert_eq!((page.rows.len(), page.has_newer, page.has_older), (3, true, false));
        assert!(Page::cut(rows(3), &Side::After(1)).is_none() && Page::cut(rows(0), &Side::Before(1)).is_none());
    }
}
