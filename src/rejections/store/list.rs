//! Lists rejections, those with the latest request first.

use super::{Filter, columns};
use crate::{
    db::{
        DbError, Reader,
        list::{List, Side, last_examined, max_examined},
        run, sql,
    },
    gateways::Gateway,
    primitives::{id::RejectionId, time::Timestamp},
    rejections::{Reason, Rejection},
};

/// The rows on one side of a cursor, up to the other end of the period.
macro_rules! range {
    (older) => {
        "app_id = $1 AND mode = $2 AND last_at >= $3 AND (last_at, id) < ($4, $5)"
    };
    (newer) => {
        "app_id = $1 AND mode = $2 AND last_at < $3 AND (last_at, id) > ($4, $5)"
    };
}

/// The rows with a reason, a gateway and an address, among the next ones from a cursor: no index has these. Ordered by what was
/// examined: for the order of the table, PostgreSQL may read the rejections of every app by their time.
macro_rules! search {
    ($side:ident, $order:literal, $examined:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM (SELECT examined_id, examined_at FROM (SELECT id AS examined_id, last_at AS examined_at, reason AS examined_reason, \
             gateway AS examined_gateway, address AS examined_address FROM rejections WHERE ",
            range!($side),
            " ORDER BY ",
            $order,
            " LIMIT ",
            max_examined!(),
            ") AS examined WHERE (CAST($6 AS TEXT) IS NULL OR examined_reason = $6) AND (CAST($7 AS TEXT) IS NULL OR \
             examined_gateway = $7) AND (CAST($8 AS TEXT) IS NULL OR examined_address = $8) ORDER BY ",
            $examined,
            " LIMIT $9) AS matching JOIN rejections ON id = examined_id ORDER BY ",
            $examined
        )
    };
}

sql! {
    LIST_OLDER = concat!("SELECT ", columns!(), " FROM rejections WHERE ", range!(older), " ORDER BY last_at DESC, id DESC LIMIT $6");
    LIST_NEWER = concat!("SELECT ", columns!(), " FROM rejections WHERE ", range!(newer), " ORDER BY last_at, id LIMIT $6");
    SEARCH_OLDER = search!(older, "last_at DESC, id DESC", "examined_at DESC, examined_id DESC");
    SEARCH_NEWER = search!(newer, "last_at, id", "examined_at, examined_id");
    END_OLDER = concat!("SELECT last_at, id FROM rejections WHERE ", range!(older), " ORDER BY last_at DESC, id DESC LIMIT 1 OFFSET ", last_examined!());
    END_NEWER = concat!("SELECT last_at, id FROM rejections WHERE ", range!(newer), " ORDER BY last_at, id LIMIT 1 OFFSET ", last_examined!());
}

/// Selects the rejections of a list.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) of: Filter,
    /// The time of their last request: from the first time to the second, which is not included.
    pub(crate) last: Option<(Timestamp, Timestamp)>,
    pub(crate) reason: Option<Reason>,
    pub(crate) gateway: Option<Gateway>,
    pub(crate) address: Option<String>,
}

/// The position of a rejection in a list.
type Cursor = (Timestamp, RejectionId);

impl Selection {
    /// Selects all rejections of an app in a mode.
    pub(crate) const fn all(of: Filter) -> Self {
        Self { of, last: None, reason: None, gateway: None, address: None }
    }

    /// Returns the ends of the range on that side of a cursor: the far one, and the near one, which is excluded.
    fn range(&self, side: Side, from: Cursor) -> (Timestamp, Cursor) {
        let (first, end) = self.last.unwrap_or((Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX)));
        match side {
            Side::Older => (first, from.min((end, RejectionId::least()))),
            Side::Newer => (end, from.max((first, RejectionId::least()))),
        }
    }
}

impl List for Selection {
    type Row = Rejection;

    async fn fetch(&self, reader: &mut Reader, side: Side, from: Cursor, limit: i64) -> Result<Vec<Rejection>, DbError> {
        let (end, (at, id)) = self.range(side, from);
        let (app, mode) = (self.of.app, self.of.mode);
        if !self.is_searched() {
            let text = side.pick(LIST_OLDER, LIST_NEWER);
            return run!(reader, |conn| {
                sqlx::query_as(text).bind(app).bind(mode).bind(end).bind(at).bind(id).bind(limit).fetch_all(conn).await
            });
        }
        run!(reader, |conn| sqlx::query_as(side.pick(SEARCH_OLDER, SEARCH_NEWER))
            .bind(app)
            .bind(mode)
            .bind(end)
            .bind(at)
            .bind(id)
            .bind(self.reason)
            .bind(self.gateway)
            .bind(&self.address)
            .bind(limit)
            .fetch_all(conn)
            .await)
    }

    fn is_searched(&self) -> bool {
        self.reason.is_some() || self.gateway.is_some() || self.address.is_some()
    }

    async fn last_examined(&self, reader: &mut Reader, side: Side, from: Cursor) -> Result<Option<Cursor>, DbError> {
        let (end, (at, id)) = self.range(side, from);
        let text = side.pick(END_OLDER, END_NEWER);
        run!(reader, |conn| {
            sqlx::query_as(text).bind(self.of.app).bind(self.of.mode).bind(end).bind(at).bind(id).fetch_optional(conn).await
        })
    }
}
