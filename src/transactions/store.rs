//! The `transactions`, `refunds` and `disputes` tables.

pub(crate) mod sums;

use std::collections::BTreeMap;

use sqlx::{FromRow, Row};

use super::{
    Status, Transaction,
    forms::Choice,
    projection::{Facts, Story},
};
use crate::{
    connections::Place,
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::Mode,
    kernel::{
        id::{AppId, TransactionId},
        money::Currency,
        time::Timestamp,
    },
};

/// What is read of a row, everywhere in the same order.
macro_rules! columns {
    () => {
        "id, app_id, connection_id, gateway, mode, payment_id, order_id, status, amount_subunits, \
             amount_refunded_subunits, currency, method, is_disputed, created_at, updated_at, \
             (EXISTS (SELECT 1 FROM disputes WHERE transaction_id = transactions.id AND disputes.status = 'lost') \
             AND NOT EXISTS (SELECT 1 FROM disputes WHERE transaction_id = transactions.id \
             AND disputes.status IN ('open', 'under_review'))) AS is_dispute_lost"
    };
}

sql! {
    /// An update that changes nothing still locks the row on PostgreSQL.
    CLAIM = "INSERT INTO transactions (id, company_id, app_id, connection_id, gateway, mode, payment_id, \
             amount_refunded_subunits, is_disputed, reported_refunded_subunits, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0, FALSE, 0, $8, $8) \
             ON CONFLICT (connection_id, payment_id) DO UPDATE SET payment_id = excluded.payment_id RETURNING id";
    READ = "SELECT order_id, method, amount_subunits, snapshot_status, snapshot_at, snapshot_currency, \
            reported_refunded_subunits, created_at, updated_at FROM transactions WHERE id = $1";
    READ_REFUNDS = "SELECT refund_id, amount_subunits, currency, status, reported_refunded_subunits FROM refunds WHERE transaction_id = $1";
    READ_DISPUTES = "SELECT dispute_id, status, status_at FROM disputes WHERE transaction_id = $1";
    WRITE = "UPDATE transactions SET order_id = $2, method = $3, status = $4, amount_subunits = $5, currency = $6, \
             amount_refunded_subunits = $7, is_disputed = $8, snapshot_status = $9, snapshot_at = $10, \
             snapshot_currency = $11, reported_refunded_subunits = $12, created_at = $13, updated_at = $14 WHERE id = $1";
    WRITE_REFUND = "INSERT INTO refunds (transaction_id, refund_id, amount_subunits, currency, status, reported_refunded_subunits) \
                    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (transaction_id, refund_id) DO UPDATE SET \
                    amount_subunits = excluded.amount_subunits, currency = excluded.currency, status = excluded.status, \
                    reported_refunded_subunits = excluded.reported_refunded_subunits";
    WRITE_DISPUTE = "INSERT INTO disputes (transaction_id, dispute_id, status, status_at) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (transaction_id, dispute_id) DO UPDATE SET status = excluded.status, status_at = excluded.status_at";
    FIND = concat!("SELECT ", columns!(), " FROM transactions WHERE app_id = $1 AND id = $2");
    EXPORT = concat!("SELECT ", columns!(), " FROM transactions WHERE id > $1 ORDER BY id LIMIT $2");
    EXPORT_APP = concat!("SELECT ", columns!(), " FROM transactions WHERE id > $1 AND app_id = $3 ORDER BY id LIMIT $2");
    /// Newest first, from a place in the order of creation and id; every filter may be absent.
    LIST = concat!("SELECT ", columns!(), " FROM transactions WHERE app_id = $1 AND mode = $2 AND created_at >= $3 AND created_at < $4 \
            AND (created_at, id) < ($5, $6) AND (CAST($7 AS TEXT) IS NULL OR status = $7 OR ($7 = 'disputed' AND is_disputed) \
            OR ($7 = 'partly_refunded' AND status = 'captured' AND amount_refunded_subunits > 0)) \
            ORDER BY created_at DESC, id DESC LIMIT $8");
    /// The same the other way, for the page of newer ones.
    LIST_NEWER = concat!("SELECT ", columns!(), " FROM transactions WHERE app_id = $1 AND mode = $2 AND created_at >= $3 AND created_at < $4 \
                  AND (created_at, id) > ($5, $6) AND (CAST($7 AS TEXT) IS NULL OR status = $7 OR ($7 = 'disputed' AND is_disputed) \
            OR ($7 = 'partly_refunded' AND status = 'captured' AND amount_refunded_subunits > 0)) \
                  ORDER BY created_at, id LIMIT $8");
    FIND_NAMED = concat!("SELECT ", columns!(), " FROM transactions WHERE app_id = $1 AND mode = $2 AND (payment_id = $3 OR order_id = $3) \
                  ORDER BY created_at DESC, id DESC LIMIT $4");
}

impl<'r, R: Row> FromRow<'r, R> for Transaction
where
    &'static str: sqlx::ColumnIndex<R>,
    TransactionId: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    AppId: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    crate::kernel::id::ConnectionId: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Timestamp: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<String>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<i64>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    bool: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            app: row.try_get("app_id")?,
            connection: row.try_get("connection_id")?,
            gateway: word(&row.try_get::<String, _>("gateway")?)?,
            mode: word(&row.try_get::<String, _>("mode")?)?,
            payment_id: row.try_get("payment_id")?,
            order_id: row.try_get("order_id")?,
            status: row.try_get::<Option<String>, _>("status")?.as_deref().map(word).transpose()?,
            amount: row.try_get("amount_subunits")?,
            refunded: row.try_get("amount_refunded_subunits")?,
            currency: row.try_get::<Option<String>, _>("currency")?.as_deref().map(word).transpose()?,
            method: row.try_get("method")?,
            is_disputed: row.try_get("is_disputed")?,
            is_dispute_lost: row.try_get("is_dispute_lost")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// A value of a closed list, as the database has it.
fn word<T: std::str::FromStr>(text: &str) -> Result<T, sqlx::Error> {
    text.parse().map_err(|_| sqlx::Error::Decode(format!("{text:?} is none of the known words").into()))
}

/// The transaction of that payment, locked; made if there is none.
pub(super) async fn claim(
    tx: &mut Tx,
    place: &Place,
    payment: &str,
    id: TransactionId,
    at: Timestamp,
) -> Result<TransactionId, DbError> {
    run!(tx, |conn| sqlx::query_scalar(CLAIM)
        .bind(id)
        .bind(place.company)
        .bind(place.app)
        .bind(place.connection)
        .bind(place.gateway.slug())
        .bind(place.mode.slug())
        .bind(payment)
        .bind(at)
        .fetch_one(conn)
        .await)
}

#[derive(FromRow)]
struct StoryRow {
    order_id: Option<String>,
    method: Option<String>,
    amount_subunits: Option<i64>,
    snapshot_status: Option<String>,
    snapshot_at: Option<Timestamp>,
    snapshot_currency: Option<String>,
    reported_refunded_subunits: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The story so far.
pub(crate) async fn read(tx: &mut Tx, id: TransactionId) -> Result<Story, DbError> {
    let row: StoryRow = run!(&mut *tx, |conn| sqlx::query_as(READ).bind(id).fetch_one(conn).await)?;
    let refunds: Vec<(String, i64, String, String, i64)> =
        run!(&mut *tx, |conn| sqlx::query_as(READ_REFUNDS).bind(id).fetch_all(conn).await)?;
    let disputes: Vec<(String, String, Timestamp)> =
        run!(&mut *tx, |conn| sqlx::query_as(READ_DISPUTES).bind(id).fetch_all(conn).await)?;
    story(row, refunds, disputes).map_err(DbError::from)
}

fn story(
    row: StoryRow,
    refunds: Vec<(String, i64, String, String, i64)>,
    disputes: Vec<(String, String, Timestamp)>,
) -> Result<Story, sqlx::Error> {
    let status = row.snapshot_status.as_deref().map(word::<Status>).transpose()?;
    let currency = row.snapshot_currency.as_deref().map(word::<Currency>).transpose()?;
    let decisive = match (status, row.snapshot_at, row.amount_subunits, currency) {
        (Some(status), Some(at), Some(amount), Some(currency)) => Some((status, at, amount, currency)),
        _ => None,
    };
    let mut story = Story {
        order_id: row.order_id,
        method: row.method,
        reported: row.reported_refunded_subunits,
        created_at: decisive.map(|_| row.created_at),
        updated_at: Some(row.updated_at),
        decisive,
        refunds: BTreeMap::new(),
        disputes: BTreeMap::new(),
    };
    for (id, amount, currency, status, reported) in refunds {
        story.refunds.insert(id, (word(&status)?, (amount, word(&currency)?), reported));
    }
    for (id, status, at) in disputes {
        story.disputes.insert(id, (at, word(&status)?));
    }
    Ok(story)
}

/// Writes the story down, and of its refunds and disputes those that these facts touched.
pub(super) async fn write(tx: &mut Tx, id: TransactionId, story: &Story, facts: &Facts) -> Result<(), DbError> {
    execute!(
        &mut *tx,
        sqlx::query(WRITE)
            .bind(id)
            .bind(&story.order_id)
            .bind(&story.method)
            .bind(story.status().map(Status::as_str))
            .bind(story.amount())
            .bind(story.currency().map(|currency| currency.to_string()))
            .bind(story.refunded())
            .bind(story.is_disputed())
            .bind(story.decisive.map(|decisive| decisive.0.as_str()))
            .bind(story.decisive.map(|decisive| decisive.1))
            .bind(story.decisive.map(|decisive| decisive.3.to_string()))
            .bind(story.reported)
            .bind(story.created_at.or(story.updated_at))
            .bind(story.updated_at)
    )?;
    if let Some((refund, (status, (amount, currency), reported))) =
        facts.refund.as_ref().and_then(|refund| story.refunds.get_key_value(&refund.id))
    {
        execute!(
            &mut *tx,
            sqlx::query(WRITE_REFUND)
                .bind(id)
                .bind(refund)
                .bind(amount)
                .bind(currency.to_string())
                .bind(status.as_str())
                .bind(reported)
        )?;
    }
    if let Some((dispute, (at, status))) = facts.dispute.as_ref().and_then(|dispute| story.disputes.get_key_value(&dispute.id)) {
        execute!(&mut *tx, sqlx::query(WRITE_DISPUTE).bind(id).bind(dispute).bind(status.as_str()).bind(at))?;
    }
    Ok(())
}

/// The app's transaction.
pub(crate) async fn find(on: impl Into<Exec<'_>>, app: AppId, id: TransactionId) -> Result<Option<Transaction>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(app).bind(id).fetch_optional(conn).await)
}

/// The next of all transactions in the order they were made, or of one app's.
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

/// Which transactions a list shows.
pub(crate) struct Filter {
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
    pub(crate) from: Timestamp,
    /// The first moment that does not belong.
    pub(crate) until: Timestamp,
    pub(crate) status: Option<Choice>,
}

/// A place in the order of a list.
pub(crate) type Cursor = (Timestamp, TransactionId);

/// Those older than the cursor, newest first.
pub(crate) async fn list_older(
    on: impl Into<Exec<'_>>,
    filter: &Filter,
    from: Cursor,
    limit: i64,
) -> Result<Vec<Transaction>, DbError> {
    list(on, LIST, filter, from, limit).await
}

/// Those newer than the cursor, newest first.
pub(crate) async fn list_newer(
    on: impl Into<Exec<'_>>,
    filter: &Filter,
    from: Cursor,
    limit: i64,
) -> Result<Vec<Transaction>, DbError> {
    let mut found = list(on, LIST_NEWER, filter, from, limit).await?;
    found.reverse();
    Ok(found)
}

async fn list(
    on: impl Into<Exec<'_>>,
    text: &'static str,
    filter: &Filter,
    from: Cursor,
    limit: i64,
) -> Result<Vec<Transaction>, DbError> {
    run!(on, |conn| sqlx::query_as(text)
        .bind(filter.app)
        .bind(filter.mode.slug())
        .bind(filter.from)
        .bind(filter.until)
        .bind(from.0)
        .bind(from.1)
        .bind(filter.status.map(Choice::as_str))
        .bind(limit)
        .fetch_all(conn)
        .await)
}

/// Those with exactly that payment or order id, newest first.
pub(crate) async fn find_named(
    on: impl Into<Exec<'_>>,
    app: AppId,
    mode: Mode,
    name: &str,
    limit: i64,
) -> Result<Vec<Transaction>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_NAMED).bind(app).bind(mode.slug()).bind(name).bind(limit).fetch_all(conn).await)
}
