//! The `transactions`, `refunds` and `disputes` tables.

pub(crate) mod cross_mode;
pub(crate) mod daily_totals;
pub(crate) mod open_disputes;
pub(crate) mod recount;
pub(crate) mod references;
pub(crate) mod search;
pub(crate) mod write;

use sqlx::{FromRow, Row};

use super::{Transaction, failure::FailureReason, state::DisplayState};
use crate::{
    db::{
        DbError, Exec, Reader, Tx, execute,
        list::{List, Side, last_examined, max_examined},
        run, sql,
    },
    gateways::{Gateway, Mode, payment::Status},
    primitives::{
        id::{AppId, ConnectionId, TransactionId},
        money::{Currency, Money},
        time::Timestamp,
    },
};

/// The maximum number of payments that a search by a gateway's id finds.
pub(crate) const MAX_FOUND: i64 = 2_000;

/// The columns of [`Transaction`].
macro_rules! columns {
    () => {
        "id, app_id, connection_id, gateway, mode, payment_id, order_id, status, snapshot_status, state, amount_subunits, \
             amount_refunded_subunits, amount_refund_pending_subunits, amount_refund_failed_subunits, currency, method, is_disputed, is_captured, \
             snapshot_failure, amount_lost_subunits, amount_held_subunits, settled_subunits, settled_currency, created_at, updated_at, \
             (EXISTS (SELECT 1 FROM disputes WHERE transaction_id = transactions.id AND disputes.status = 'lost') \
             AND NOT EXISTS (SELECT 1 FROM disputes WHERE transaction_id = transactions.id \
             AND disputes.status IN ('open', 'under_review'))) AS is_dispute_lost"
    };
}
use columns;

/// The rows of a list on one side of a cursor, from a creation time on that is included, up to another that is not. Each is an
/// end of the range in the index: the cursor and the period together are the nearer of the two, see [`Filter::range`].
macro_rules! range {
    (older) => {
        "app_id = $1 AND mode = $2 AND created_at >= $3 AND (created_at, id) < ($4, $5)"
    };
    (newer) => {
        "app_id = $1 AND mode = $2 AND created_at < $3 AND (created_at, id) > ($4, $5)"
    };
}

/// The rows of a list that are of the wanted kinds, among the next ones from a cursor. The state is in no index: each change of a
/// payment would have to write it there.
macro_rules! search {
    ($side:ident, $order:literal, $examined:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM (SELECT examined_id FROM (SELECT id AS examined_id, created_at AS examined_at, \
             state AS examined_state, method AS examined_method, gateway AS examined_gateway, status AS examined_status, \
             snapshot_failure AS examined_failure FROM transactions WHERE ",
            range!($side),
            " ORDER BY ",
            $order,
            " LIMIT ",
            max_examined!(),
            ") AS examined WHERE (CAST($6 AS TEXT) IS NULL OR examined_state = $6 \
             OR (CAST($6 AS TEXT) = 'captured' AND examined_status = 'captured')) AND (CAST($7 AS TEXT) IS NULL OR \
             examined_method = $7) AND (CAST($8 AS TEXT) IS NULL OR examined_gateway = $8) AND (CAST($9 AS TEXT) IS NULL OR \
             (examined_status = 'failed' AND COALESCE(examined_failure, '') = $9)) ORDER BY ",
            $examined,
            " LIMIT $10) AS matching JOIN transactions ON id = examined_id ORDER BY ",
            $order
        )
    };
}

/// The rows of an app with an id, newest first, in the order of the index of both. The id is written as a range: for an equal one,
/// PostgreSQL's planner may read rows in the order of time instead, all of other apps' with that id among them.
macro_rules! with_id {
    ($column:literal, $value:literal, $payment:literal) => {
        concat!(
            "app_id = $1 AND ",
            $column,
            " >= ",
            $value,
            " AND ",
            $column,
            " <= ",
            $value,
            " ORDER BY ",
            $column,
            " DESC, ",
            $payment,
            " DESC LIMIT 2001"
        )
    };
}

sql! {
    FIND = concat!("SELECT ", columns!(), " FROM transactions WHERE app_id = $1 AND id = $2");
    /// An update that changes nothing still locks the row on PostgreSQL.
    LOCK_ROW = "UPDATE transactions SET amount_lost_subunits = amount_lost_subunits WHERE id = $1";
    FIND_OF_CONNECTION = concat!("SELECT ", columns!(), " FROM transactions WHERE connection_id = $1 AND payment_id = $2");
    EXPORT = concat!("SELECT ", columns!(), " FROM transactions WHERE id > $1 ORDER BY id LIMIT $2");
    /// COALESCE forces a scan by id: with the app's index, each page would sort all of the app's transactions.
    EXPORT_APP = concat!("SELECT ", columns!(), " FROM transactions WHERE id > $1 AND COALESCE(app_id, app_id) = $3 ORDER BY id LIMIT $2");
    /// Newest first, from a cursor of creation time and id.
    LIST_OLDER = concat!("SELECT ", columns!(), " FROM transactions WHERE ", range!(older), " ORDER BY created_at DESC, id DESC LIMIT $6");
    LIST_NEWER = concat!("SELECT ", columns!(), " FROM transactions WHERE ", range!(newer), " ORDER BY created_at, id LIMIT $6");
    SEARCH_OLDER = search!(older, "created_at DESC, id DESC", "examined_at DESC, examined_id DESC");
    SEARCH_NEWER = search!(newer, "created_at, id", "examined_at, examined_id");
    END_OLDER = concat!("SELECT created_at, id FROM transactions WHERE ", range!(older), " ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ", last_examined!());
    END_NEWER = concat!("SELECT created_at, id FROM transactions WHERE ", range!(newer), " ORDER BY created_at, id LIMIT 1 OFFSET ", last_examined!());
    /// Finds each kind of id by its own index: with one condition for all, or with the plain column of the app, SQLite may
    /// scan all of the app's rows. Many payments may have the same order, receipt, refund or dispute, so of each kind only the
    /// newest of both modes are examined: one more than [`MAX_FOUND`], which shows that there are more.
    FIND_NAMED = concat!("SELECT ", columns!(), " FROM transactions WHERE id IN \
                  (SELECT id FROM transactions WHERE connection_id IN (SELECT id FROM connections WHERE app_id = $1) AND payment_id = $3 \
                  UNION SELECT id FROM (SELECT id FROM transactions WHERE ", with_id!("order_id", "$3", "id"), ") AS of_order \
                  UNION SELECT transaction_id FROM (SELECT transaction_id FROM refunds WHERE ", with_id!("refund_id", "$3", "transaction_id"), ") AS of_refund \
                  UNION SELECT transaction_id FROM (SELECT transaction_id FROM disputes WHERE ", with_id!("dispute_id", "$3", "transaction_id"), ") AS of_dispute \
                  UNION SELECT transaction_id FROM (SELECT transaction_id FROM payment_references WHERE ", with_id!("search_key", "$5", "transaction_id"), ") \
                  AS with_reference) AND COALESCE(app_id, app_id) = $1 AND mode = $2 ORDER BY created_at DESC, id DESC LIMIT $4");
    /// Whether the payments of an order, a refund, a dispute or a reference, of both modes, are more than are examined.
    EXCEEDS_EXAMINED = concat!("SELECT (SELECT COUNT(*) FROM (SELECT id FROM transactions WHERE ", with_id!("order_id", "$2", "id"), ") AS of_order) > 2000 \
                  OR (SELECT COUNT(*) FROM (SELECT transaction_id FROM refunds WHERE ", with_id!("refund_id", "$2", "transaction_id"), ") AS of_refund) > 2000 \
                  OR (SELECT COUNT(*) FROM (SELECT transaction_id FROM disputes WHERE ", with_id!("dispute_id", "$2", "transaction_id"), ") AS of_dispute) > 2000 \
                  OR (SELECT COUNT(*) FROM (SELECT transaction_id FROM payment_references WHERE ", with_id!("search_key", "$3", "transaction_id"), ") \
                  AS with_reference) > 2000");
}

impl<'r, R: Row> FromRow<'r, R> for Transaction
where
    &'static str: sqlx::ColumnIndex<R>,
    TransactionId: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    AppId: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    crate::primitives::id::ConnectionId: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Timestamp: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<String>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<i64>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    bool: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let status = row.try_get("status")?;
        Ok(Self {
            id: row.try_get("id")?,
            app: row.try_get("app_id")?,
            connection: row.try_get("connection_id")?,
            gateway: row.try_get("gateway")?,
            mode: row.try_get("mode")?,
            payment_id: row.try_get("payment_id")?,
            order_id: row.try_get("order_id")?,
            failure: failure(status, row.try_get("snapshot_failure")?),
            status,
            stage: row.try_get("snapshot_status")?,
            state: row.try_get("state")?,
            amount: row.try_get("amount_subunits")?,
            refunded: row.try_get("amount_refunded_subunits")?,
            refund_pending: row.try_get("amount_refund_pending_subunits")?,
            refund_failed: row.try_get("amount_refund_failed_subunits")?,
            currency: row.try_get::<Option<String>, _>("currency")?.as_deref().map(parse_currency).transpose()?,
            method: row.try_get("method")?,
            is_disputed: row.try_get("is_disputed")?,
            is_captured: row.try_get("is_captured")?,
            lost: row.try_get("amount_lost_subunits")?,
            held: row.try_get("amount_held_subunits")?,
            settled: settled(row.try_get("settled_subunits")?, row.try_get("settled_currency")?)?,
            is_dispute_lost: row.try_get("is_dispute_lost")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// Parses a stored currency.
fn parse_currency(text: &str) -> Result<Currency, sqlx::Error> {
    text.parse().map_err(|_| sqlx::Error::Decode(format!("{text:?} is no known currency").into()))
}

/// Returns the reason of a payment that failed. The latest attempt may have failed at one that was paid since.
fn failure(status: Option<Status>, category: Option<String>) -> Option<FailureReason> {
    let is_failed = status == Some(Status::Failed);
    is_failed.then(|| FailureReason(category.and_then(|category| category.parse().ok())))
}

fn settled(subunits: Option<i64>, currency: Option<String>) -> Result<Option<Money>, sqlx::Error> {
    let (Some(subunits), Some(currency)) = (subunits, currency) else { return Ok(None) };
    Ok(Some(Money::new(subunits, parse_currency(&currency)?)))
}

pub(crate) async fn find(on: impl Into<Exec<'_>>, app: AppId, id: TransactionId) -> Result<Option<Transaction>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(app).bind(id).fetch_optional(conn).await)
}

/// Finds a payment by the gateway's id. The caller has checked access to the connection.
pub(crate) async fn find_of_connection(
    on: impl Into<Exec<'_>>,
    connection: ConnectionId,
    payment_id: &str,
) -> Result<Option<Transaction>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_OF_CONNECTION).bind(connection).bind(payment_id).fetch_optional(conn).await)
}

/// Locks a payment until the unit of work ends, and changes nothing.
pub(crate) async fn lock_row(tx: &mut Tx, id: TransactionId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(LOCK_ROW).bind(id))?;
    Ok(())
}

/// Lists the transactions after `after` in the order of their ids, of all apps or of one.
pub(crate) async fn export(
    on: impl Into<Exec<'_>>,
    after: TransactionId,
    app: Option<AppId>,
    limit: i64,
) -> Result<Vec<Transaction>, DbError> {
    match app {
        None => run!(on, |conn| sqlx::query_as(EXPORT).bind(after).bind(limit).fetch_all(conn).await),
        Some(app) => run!(on, |conn| sqlx::query_as(EXPORT_APP).bind(after).bind(limit).bind(app).fetch_all(conn).await),
    }
}

/// The kinds of payments that a list or a sum is of; what is `None` may have any value. Each is a part of a daily total's key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kinds {
    /// `Captured` selects every payment whose money was received and not refunded in full, also one with a partial refund or a
    /// dispute: those that a sum counts as paid.
    pub(crate) state: Option<DisplayState>,
    pub(crate) method: Option<&'static str>,
    pub(crate) gateway: Option<Gateway>,
    /// Of failed payments alone.
    pub(crate) failure: Option<FailureReason>,
}

impl Kinds {
    pub(crate) fn is_any(&self) -> bool {
        *self == Self::default()
    }
}

/// Selects the transactions of a list.
pub(crate) struct Filter {
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
    pub(crate) from: Timestamp,
    /// Exclusive.
    pub(crate) until: Timestamp,
    pub(crate) kinds: Kinds,
}

/// The position of a transaction in a list.
type Cursor = (Timestamp, TransactionId);

impl Filter {
    /// Returns the ends of the range on that side of a cursor: the far one, and the near one, which is excluded.
    fn range(&self, side: Side, from: Cursor) -> (Timestamp, Cursor) {
        match side {
            Side::Older => (self.from, from.min((self.until, TransactionId::least()))),
            Side::Newer => (self.until, from.max((self.from, TransactionId::least()))),
        }
    }
}

impl List for Filter {
    type Row = Transaction;

    async fn fetch(&self, reader: &mut Reader, side: Side, from: Cursor, limit: i64) -> Result<Vec<Transaction>, DbError> {
        let (end, (at, id)) = self.range(side, from);
        if self.kinds.is_any() {
            return run!(reader, |conn| sqlx::query_as(side.pick(LIST_OLDER, LIST_NEWER))
                .bind(self.app)
                .bind(self.mode)
                .bind(end)
                .bind(at)
                .bind(id)
                .bind(limit)
                .fetch_all(conn)
                .await);
        }
        run!(reader, |conn| sqlx::query_as(side.pick(SEARCH_OLDER, SEARCH_NEWER))
            .bind(self.app)
            .bind(self.mode)
            .bind(end)
            .bind(at)
            .bind(id)
            .bind(self.kinds.state)
            .bind(self.kinds.method)
            .bind(self.kinds.gateway)
            .bind(self.kinds.failure.map(FailureReason::key))
            .bind(limit)
            .fetch_all(conn)
            .await)
    }

    fn is_searched(&self) -> bool {
        !self.kinds.is_any()
    }

    async fn last_examined(&self, reader: &mut Reader, side: Side, from: Cursor) -> Result<Option<Cursor>, DbError> {
        let (end, (at, id)) = self.range(side, from);
        run!(reader, |conn| sqlx::query_as(side.pick(END_OLDER, END_NEWER))
            .bind(self.app)
            .bind(self.mode)
            .bind(end)
            .bind(at)
            .bind(id)
            .fetch_optional(conn)
            .await)
    }
}

/// True if not all payments that [`find_by_gateway_id`] could find are examined by it, because too many share the id.
pub(crate) async fn exceeds_examined(on: impl Into<Exec<'_>>, app: AppId, name: &str) -> Result<bool, DbError> {
    let key = references::search_key(name);
    run!(on, |conn| sqlx::query_scalar(EXCEEDS_EXAMINED).bind(app).bind(name).bind(&key).fetch_one(conn).await)
}

/// Finds transactions by the exact id of a payment, an order, a refund or a dispute, or by a case-insensitive reference,
/// newest first.
pub(crate) async fn find_by_gateway_id(
    on: impl Into<Exec<'_>>,
    app: AppId,
    mode: Mode,
    name: &str,
    limit: i64,
) -> Result<Vec<Transaction>, DbError> {
    let key = references::search_key(name);
    run!(on, |conn| sqlx::query_as(FIND_NAMED).bind(app).bind(mode).bind(name).bind(limit).bind(&key).fetch_all(conn).await)
}
