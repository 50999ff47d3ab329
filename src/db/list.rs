//! Pages of a list in the database, by keyset pagination.
//!
//! Invariant: a page costs one statement. If it is empty, or has too few newer rows, the newest page replaces it, which costs a
//! second one. The SQL and the filters are the store's.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        db::{Db, Location},
        primitives::{id::EventId, keyset::PAGE_SIZE, time::Timestamp},
    };

    impl Listed for EventId {
        type Cursor = Self;

        fn cursor(&self) -> Self {
            *self
        }
    }

    /// A list in memory, oldest first.
    struct InMemory(Vec<EventId>);

    impl List for InMemory {
        type Row = EventId;

        async fn fetch(&self, _: &mut Reader, side: Side, from: EventId, limit: i64) -> Result<Vec<EventId>, DbError> {
            let limit = usize::try_from(limit).unwrap();
            Ok(match side {
                Side::Older => self.0.iter().rev().filter(|id| **id < from).take(limit).copied().collect(),
                Side::Newer => self.0.iter().filter(|id| **id > from).take(limit).copied().collect(),
            })
        }
    }

    #[tokio::test]
    async fn pages_there_and_back_show_every_row_once_newest_first() {
        let directory = tempfile::tempdir().unwrap();
        let Ok(db) = Db::connect(&Location::Sqlite(directory.path().join("ks-pay.db"))).await else { panic!("it opens") };
        let mut reader = db.reader().await.unwrap();
        let list = InMemory((0..120).map(|millis| EventId::new(Timestamp::from_millis(1_795_343_400_000 + millis))).collect());
        let newest_first: Vec<EventId> = list.0.iter().rev().copied().collect();
        let mut pages = vec![page(&mut reader, &list, PageRequest::Newest).await.unwrap()];
        while let Some(last) = pages.last().filter(|page| page.has_older).and_then(|page| page.rows.last()) {
            pages.push(page(&mut reader, &list, PageRequest::Before(*last)).await.unwrap());
        }
        assert_eq!(pages.iter().map(|page| page.rows.len()).collect::<Vec<_>>(), [PAGE_SIZE, PAGE_SIZE, 20]);
        assert_eq!(pages.iter().flat_map(|page| page.rows.clone()).collect::<Vec<_>>(), newest_first);
        for (newer, older) in pages.iter().zip(&pages[1..]) {
            let back = page(&mut reader, &list, PageRequest::After(older.rows[0])).await.unwrap();
            assert_eq!((&back.rows, back.has_older), (&newer.rows, true));
        }
        for beyond in [PageRequest::Before(newest_first[119]), PageRequest::After(newest_first[0])] {
            assert_eq!(page(&mut reader, &list, beyond).await.unwrap(), pages[0], "the newest page replaces an empty one");
        }
        assert_eq!(newest(&mut reader, &list, 2).await.unwrap(), newest_first[..2]);
    }
}
