//! Pages of a list in the database, by keyset pagination.
//!
//! Invariant: a page examines a limited number of rows, whatever its filter. Where an index serves the filter, those are the rows
//! of the page. Where none does, the statement examines the next [`MAX_EXAMINED`] rows of the list and returns those that match;
//! if they do not fill the page, the page offers to search on from the last row examined. A page that is empty, or has too few
//! newer rows, is replaced by the newest one; but a search that went on to the end says so. The SQL and the filters are the
//! store's.

use std::cmp::Reverse;

use super::{DbError, Reader};
use crate::primitives::keyset::{Cursor as _, FETCH_LIMIT, Found, ListPage, Listed, PAGE_SIZE, PageRequest};

/// The maximum number of rows that a page of a filtered list examines, as it stands in SQL.
macro_rules! max_examined {
    () => {
        "5000"
    };
}
pub(crate) use max_examined;

/// The maximum number of a company's connections that a search looks through, as it stands in SQL.
macro_rules! max_searched_connections {
    () => {
        "5000"
    };
}
pub(crate) use max_searched_connections;

/// The position in the list of the last row that is examined, from 0, as it stands in SQL.
macro_rules! last_examined {
    () => {
        "4999"
    };
}
pub(crate) use last_examined;

/// The ids of the rows of a page, from the second parameter of a statement on: a range of ids would include other rows.
macro_rules! among_page {
    () => {
        "IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, \
         $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51)"
    };
}
pub(crate) use among_page;

/// Returns the parameters of [`among_page`]: the ids of at most a page, then `least`, which no row has. `None` if there is no id.
pub(crate) fn page_ids<T: Copy>(ids: impl Iterator<Item = T>, least: T) -> Option<Vec<T>> {
    let mut ids: Vec<T> = ids.collect();
    debug_assert!(ids.len() <= PAGE_SIZE, "the statement has a parameter for each row of a page");
    let has_any = !ids.is_empty();
    ids.resize(PAGE_SIZE, least);
    has_any.then_some(ids)
}

/// The number behind [`max_examined`], for messages.
pub(crate) const MAX_EXAMINED: i64 = 5_000;

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

    /// True if the position is farther from the cursor than the end.
    pub(crate) fn is_beyond<C: Copy + Ord>(self, position: C, end: C) -> bool {
        match self {
            Self::Older => position < end,
            Self::Newer => position > end,
        }
    }

    /// Returns the position that is closest to the cursor.
    pub(crate) fn closest<C: Ord>(self, positions: impl Iterator<Item = C>) -> Option<C> {
        match self {
            Self::Older => positions.max(),
            Self::Newer => positions.min(),
        }
    }

    /// Sorts the rows of several lists, those closest to the cursor first, and leaves at most `limit` of them.
    pub(crate) fn merge<T: Listed<Cursor: Ord>>(self, rows: &mut Vec<T>, limit: i64) {
        match self {
            Self::Older => rows.sort_by_key(|row| Reverse(row.cursor())),
            Self::Newer => rows.sort_by_key(Listed::cursor),
        }
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
}

/// The position of a row in a list.
type CursorOf<L> = <<L as List>::Row as Listed>::Cursor;

/// A filtered list of a store.
pub(crate) trait List {
    type Row: Listed;

    /// Returns at most `limit` rows on that side of `from`, those closest to it first. With a filter that no index serves, only
    /// those among the [`MAX_EXAMINED`] closest rows of any kind.
    ///
    /// # Errors
    /// If the database fails.
    async fn fetch(&self, reader: &mut Reader, side: Side, from: CursorOf<Self>, limit: i64) -> Result<Vec<Self::Row>, DbError>;

    /// True if the list has a filter that no index serves.
    fn is_searched(&self) -> bool {
        false
    }

    /// Returns the position of the last row that [`Self::fetch`] examined for such a filter, if it may have left others
    /// unexamined.
    ///
    /// # Errors
    /// If the database fails.
    async fn last_examined(
        &self,
        _reader: &mut Reader,
        _side: Side,
        _from: CursorOf<Self>,
    ) -> Result<Option<CursorOf<Self>>, DbError> {
        Ok(None)
    }
}

/// Returns up to `limit` rows on that side of `from`, and where the search ended if it did not find as many.
async fn find<L: List>(
    reader: &mut Reader,
    list: &L,
    side: Side,
    from: CursorOf<L>,
    limit: i64,
) -> Result<Found<L::Row>, DbError> {
    let rows = list.fetch(reader, side, from, limit).await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|found| found >= limit);
    // Read second: rows that are added meanwhile move the end towards `from`, so none is skipped.
    let end = if is_full || !list.is_searched() { None } else { list.last_examined(reader, side, from).await? };
    Ok(Found { rows, end })
}

/// Returns a page of a list; the newest page if the requested one is empty, unless it ends a search.
///
/// # Errors
/// If the database fails.
pub(crate) async fn page<L: List>(
    reader: &mut Reader,
    list: &L,
    requested: PageRequest<CursorOf<L>>,
) -> Result<ListPage<L::Row>, DbError> {
    let (side, from) = match requested {
        PageRequest::Newest => (Side::Older, CursorOf::<L>::NEWEST),
        PageRequest::Before(cursor) => (Side::Older, cursor),
        PageRequest::After(cursor) => (Side::Newer, cursor),
    };
    if let Some(page) = ListPage::new(find(reader, list, side, from, FETCH_LIMIT).await?, &requested) {
        return Ok(page);
    }
    if side == Side::Older && list.is_searched() {
        return Ok(ListPage::end_of_search(from));
    }
    let found = find(reader, list, Side::Older, CursorOf::<L>::NEWEST, FETCH_LIMIT).await?;
    Ok(ListPage::new(found, &PageRequest::Newest).unwrap_or_default())
}

/// Returns the newest rows of a list.
///
/// # Errors
/// If the database fails.
pub(crate) async fn newest<L: List>(reader: &mut Reader, list: &L, limit: i64) -> Result<Vec<L::Row>, DbError> {
    list.fetch(reader, Side::Older, CursorOf::<L>::NEWEST, limit).await
}

/// Returns the rows before `from`, newest first, and from where the following ones are to be read; `None` at the end. For
/// reading a whole list in chunks of at most `limit` rows, of which some may be empty.
///
/// # Errors
/// If the database fails.
pub(crate) async fn chunk<L: List>(
    reader: &mut Reader,
    list: &L,
    from: CursorOf<L>,
    limit: i64,
) -> Result<(Vec<L::Row>, Option<CursorOf<L>>), DbError> {
    let Found { rows, end } = find(reader, list, Side::Older, from, limit).await?;
    let is_full = i64::try_from(rows.len()) == Ok(limit);
    let next = rows.last().filter(|_| is_full).map_or(end, |row| Some(row.cursor()));
    Ok((rows, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        db::{Db, Location},
        primitives::{
            id::{EventId, Id as _},
            keyset::{Beyond, PAGE_SIZE},
        },
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
        let list = InMemory((1..121).map(EventId::from_number).collect());
        let newest_first: Vec<EventId> = list.0.iter().rev().copied().collect();
        let mut pages = vec![page(&mut reader, &list, PageRequest::Newest).await.unwrap()];
        while let Some(Beyond::Rows(last)) = pages.last().map(|page| page.older) {
            pages.push(page(&mut reader, &list, PageRequest::Before(last)).await.unwrap());
        }
        assert_eq!(pages.iter().map(|page| page.rows.len()).collect::<Vec<_>>(), [PAGE_SIZE, PAGE_SIZE, 20]);
        assert_eq!(pages.iter().flat_map(|page| page.rows.clone()).collect::<Vec<_>>(), newest_first);
        for (newer, older) in pages.iter().zip(&pages[1..]) {
            let back = page(&mut reader, &list, PageRequest::After(older.rows[0])).await.unwrap();
            assert_eq!((&back.rows, back.older), (&newer.rows, Beyond::Rows(newer.rows[PAGE_SIZE - 1])));
        }
        for beyond in [PageRequest::Before(newest_first[119]), PageRequest::After(newest_first[0])] {
            assert_eq!(page(&mut reader, &list, beyond).await.unwrap(), pages[0], "the newest page replaces an empty one");
        }
        assert_eq!(newest(&mut reader, &list, 2).await.unwrap(), newest_first[..2]);
    }
    /// Every seventh row of a list in memory, of which a page examines 100.
    struct Sevenths(InMemory);

    impl Sevenths {
        async fn examined(&self, reader: &mut Reader, side: Side, from: EventId) -> Vec<EventId> {
            self.0.fetch(reader, side, from, 100).await.unwrap()
        }
    }

    impl List for Sevenths {
        type Row = EventId;

        async fn fetch(&self, reader: &mut Reader, side: Side, from: EventId, limit: i64) -> Result<Vec<EventId>, DbError> {
            let is_wanted = |id: &EventId| self.0.0.iter().position(|row| row == id).unwrap().is_multiple_of(7);
            let examined = self.examined(reader, side, from).await.into_iter();
            Ok(examined.filter(is_wanted).take(usize::try_from(limit).unwrap()).collect())
        }

        fn is_searched(&self) -> bool {
            true
        }

        async fn last_examined(&self, reader: &mut Reader, side: Side, from: EventId) -> Result<Option<EventId>, DbError> {
            Ok(self.examined(reader, side, from).await.get(99).copied())
        }
    }

    #[tokio::test]
    async fn a_search_goes_on_where_it_ended_and_finds_every_match_once() {
        let directory = tempfile::tempdir().unwrap();
        let Ok(db) = Db::connect(&Location::Sqlite(directory.path().join("ks-pay.db"))).await else { panic!("it opens") };
        let mut reader = db.reader().await.unwrap();
        let all: Vec<EventId> = (1_000..1_420).map(EventId::from_number).collect();
        let wanted: Vec<EventId> = all.iter().step_by(7).rev().copied().collect();
        let list = Sevenths(InMemory(all.clone()));

        let mut pages = vec![page(&mut reader, &list, PageRequest::Newest).await.unwrap()];
        while let Some(Beyond::Unsearched(end)) = pages.last().map(|page| page.older) {
            assert!(pages.last().unwrap().is_partial() && pages.len() < 9, "a page examines at most 100 rows");
            pages.push(page(&mut reader, &list, PageRequest::Before(end)).await.unwrap());
        }
        assert_eq!(pages.iter().map(|page| page.rows.len()).collect::<Vec<_>>(), [14, 14, 14, 15, 3]);
        assert_eq!(pages.iter().flat_map(|page| page.rows.clone()).collect::<Vec<_>>(), wanted);
        assert_eq!(pages[4].older, Beyond::Nothing);
        let end = page(&mut reader, &list, PageRequest::Before(all[0])).await.unwrap();
        assert_eq!((end.rows.len(), end.newer, end.older), (0, Beyond::Rows(all[0]), Beyond::Nothing));

        let back = page(&mut reader, &list, PageRequest::After(all[0])).await.unwrap();
        assert_eq!((back.rows.len(), back.newer, back.older), (14, Beyond::Unsearched(all[100]), Beyond::Rows(all[7])));
        let newest = page(&mut reader, &list, PageRequest::After(all[400])).await.unwrap();
        assert_eq!(newest, pages[0], "where nothing newer is left to search, the newest page is shown");

        let (mut chunks, mut next) = (Vec::new(), Some(EventId::NEWEST));
        while let Some(from) = next {
            let (rows, further) = chunk(&mut reader, &list, from, 10).await.unwrap();
            assert!(rows.len() <= 10);
            chunks.extend(rows);
            next = further;
        }
        assert_eq!(chunks, wanted, "a whole list is read in chunks");
    }

    #[test]
    fn the_limit_is_the_same_in_sql_and_in_messages() {
        assert_eq!((max_examined!().parse(), last_examined!().parse()), (Ok(MAX_EXAMINED), Ok(MAX_EXAMINED - 1)));
    }
}
