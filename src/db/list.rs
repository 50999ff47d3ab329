//! Pages of a list in the database, by keyset pagination.
//!
//! Invariant: a page costs one statement, the page of the newest rows that replaces an empty one costs a second. The SQL and the
//! filters are those of the store.

use super::{DbError, Reader};
use crate::primitives::keyset::{Cursor as _, FETCH_LIMIT, ListPage, Listed, PageRequest};

/// On which side of a cursor rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The rows before the cursor, newest first.
    Older,
    /// The rows that directly follow the cursor, oldest first.
    Newer,
}

impl Side {
    /// Returns the statement for this side.
    pub(crate) const fn pick(self, older: &'static str, newer: &'static str) -> &'static str {
        match self {
            Self::Older => older,
            Self::Newer => newer,
        }
    }
}

/// The position of a row in a list.
type CursorOf<L> = <<L as List>::Row as Listed>::Cursor;

/// A filtered list of a store.
pub(crate) trait List {
    type Row: Listed;

    /// Returns at most `limit` rows on that side of `from`, those closest to it first.
    ///
    /// # Errors
    /// If the database fails.
    async fn fetch(&self, reader: &mut Reader, side: Side, from: CursorOf<Self>, limit: i64) -> Result<Vec<Self::Row>, DbError>;
}

/// Returns a page of a list; the newest page if the requested one is empty.
///
/// # Errors
/// If the database fails.
pub(crate) async fn page<L: List>(
    reader: &mut Reader,
    list: &L,
    requested: PageRequest<CursorOf<L>>,
) -> Result<ListPage<L::Row>, DbError> {
    let rows = match requested {
        PageRequest::Newest => newest(reader, list, FETCH_LIMIT).await?,
        PageRequest::Before(cursor) => list.fetch(reader, Side::Older, cursor, FETCH_LIMIT).await?,
        PageRequest::After(cursor) => {
            let mut rows = list.fetch(reader, Side::Newer, cursor, FETCH_LIMIT).await?;
            rows.reverse();
            rows
        }
    };
    if let Some(page) = ListPage::from_rows(rows, &requested) {
        return Ok(page);
    }
    let rows = newest(reader, list, FETCH_LIMIT).await?;
    Ok(ListPage::from_rows(rows, &PageRequest::<CursorOf<L>>::Newest).unwrap_or_default())
}

/// Returns the newest rows of a list.
///
/// # Errors
/// If the database fails.
pub(crate) async fn newest<L: List>(reader: &mut Reader, list: &L, limit: i64) -> Result<Vec<L::Row>, DbError> {
    list.fetch(reader, Side::Older, CursorOf::<L>::NEWEST, limit).await
}
