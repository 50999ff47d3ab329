//! The disputes that wait for a response, of an app or of a company.
//!
//! Invariant: the next deadlines are read from an index in their order, so the cost does not depend on how many disputes there were.

use sqlx::FromRow;

use super::references::DisputeRow;
use crate::{
    db::{DbError, Reader, run, sql},
    gateways::{Gateway, Mode},
    ledger::payments::{
        disputes::{DueDispute, OpenDispute},
        projection::Moment,
    },
    primitives::{
        id::{AppId, CompanyId, TransactionId},
        time::Timestamp,
    },
};

/// The maximum number of open disputes of an app and mode that [`all_of_app`] lists of each kind.
pub(crate) const MAX_OPEN_DISPUTES: usize = 200;

/// Selects disputes of an owner, with the gateway of the payment. Fewer than ten are shown of each kind.
macro_rules! open {
    ($owner:literal, $deadline:literal, $order:literal, $limit:literal) => {
        concat!(
            "SELECT transaction_id, due.app_id, gateway, dispute_id, due.status, due.amount_subunits, due.currency, \
             amount_deducted_subunits, respond_by FROM (SELECT transaction_id, app_id, dispute_id, status, amount_subunits, currency, \
             amount_deducted_subunits, respond_by FROM disputes WHERE ",
            $owner,
            " = $1 AND mode = $2 AND status = 'open' AND ",
            $deadline,
            $order,
            " LIMIT ",
            $limit,
            ") AS due JOIN transactions ON id = transaction_id",
            $order
        )
    };
}

sql! {
    DUE_OF_APP = open!("app_id", "respond_by > $3", " ORDER BY respond_by", 10);
    UNDATED_OF_APP = open!("app_id", "respond_by IS NULL", "", 10);
    ALL_DUE_OF_APP = open!("app_id", "respond_by > $3", " ORDER BY respond_by", 200);
    ALL_UNDATED_OF_APP = open!("app_id", "respond_by IS NULL", "", 200);
    DUE_OF_COMPANY = open!("company_id", "respond_by > $3", " ORDER BY respond_by", 10);
    LIST_DUE = "SELECT transaction_id, due.app_id, gateway, dispute_id, due.status, due.amount_subunits, due.currency, \
                amount_deducted_subunits, respond_by, due.status_at, method, updated_at FROM (SELECT transaction_id, app_id, dispute_id, \
                status, amount_subunits, currency, amount_deducted_subunits, respond_by, status_at FROM disputes WHERE app_id = $1 \
                AND mode = $2 AND status = 'open' AND respond_by <= $3 AND (respond_by, transaction_id, dispute_id) > ($4, $5, $6) \
                ORDER BY respond_by, transaction_id, dispute_id LIMIT 200) AS due JOIN transactions ON id = transaction_id \
                ORDER BY respond_by, transaction_id, dispute_id";
    UNDATED_OF_COMPANY = open!("company_id", "respond_by IS NULL", "", 10);
}

#[derive(FromRow)]
struct OpenRow {
    transaction_id: TransactionId,
    app_id: AppId,
    gateway: Gateway,
    #[sqlx(flatten)]
    dispute: DisputeRow,
}

impl OpenRow {
    fn read(self) -> Result<OpenDispute, sqlx::Error> {
        let Self { transaction_id: transaction, app_id: app, gateway, dispute } = self;
        Ok(OpenDispute { transaction, app, gateway, dispute: dispute.read()? })
    }
}

/// Lists open disputes of an app, the next deadline first, then those without one. Past deadlines are left out.
pub(crate) async fn of_app(reader: &mut Reader, app: AppId, mode: Mode, now: Timestamp) -> Result<Vec<OpenDispute>, DbError> {
    let due = run!(&mut *reader, |conn| sqlx::query_as(DUE_OF_APP).bind(app).bind(mode).bind(now).fetch_all(conn).await)?;
    let undated = run!(reader, |conn| sqlx::query_as(UNDATED_OF_APP).bind(app).bind(mode).fetch_all(conn).await)?;
    read(due, undated)
}

/// Lists as many open disputes of an app as alerts are made of, at most [`MAX_OPEN_DISPUTES`] with a deadline and as many without.
pub(crate) async fn all_of_app(reader: &mut Reader, app: AppId, mode: Mode, now: Timestamp) -> Result<Vec<OpenDispute>, DbError> {
    let due = run!(&mut *reader, |conn| sqlx::query_as(ALL_DUE_OF_APP).bind(app).bind(mode).bind(now).fetch_all(conn).await)?;
    let undated = run!(reader, |conn| sqlx::query_as(ALL_UNDATED_OF_APP).bind(app).bind(mode).fetch_all(conn).await)?;
    read(due, undated)
}

/// The same of a company's apps, in Live mode.
pub(crate) async fn of_company(reader: &mut Reader, company: CompanyId, now: Timestamp) -> Result<Vec<OpenDispute>, DbError> {
    let mode = Mode::Live;
    let due = run!(&mut *reader, |conn| sqlx::query_as(DUE_OF_COMPANY).bind(company).bind(mode).bind(now).fetch_all(conn).await)?;
    let undated = run!(reader, |conn| sqlx::query_as(UNDATED_OF_COMPANY).bind(company).bind(mode).fetch_all(conn).await)?;
    read(due, undated)
}

/// Where a list of due disputes goes on: after a deadline, and after a dispute among those with that deadline.
#[derive(Debug, Clone)]
pub(crate) struct DueCursor(Timestamp, TransactionId, String);

impl DueCursor {
    /// Begins with the deadlines that are not over at a time.
    pub(crate) const fn from(time: Timestamp) -> Self {
        Self(time, TransactionId::least(), String::new())
    }

    /// Goes on after a dispute.
    pub(crate) fn after(due: &DueDispute) -> Self {
        Self(due.respond_by, due.open.transaction, due.open.dispute.id.clone())
    }
}

#[derive(FromRow)]
struct DueRow {
    #[sqlx(flatten)]
    open: OpenRow,
    status_at: Moment,
    method: Option<String>,
    updated_at: Timestamp,
}

impl DueRow {
    fn read(self) -> Result<Option<DueDispute>, sqlx::Error> {
        let Self { open, status_at, method, updated_at } = self;
        // Without a time of the gateway, it is that of the payment's latest event.
        let reported_at = status_at.seconds().map_or(updated_at, Timestamp::from_seconds);
        let open = open.read()?;
        Ok(open.dispute.respond_by.map(|respond_by| DueDispute { open, respond_by, method, reported_at }))
    }
}

/// Lists at most [`MAX_OPEN_DISPUTES`] open disputes of an app with a deadline up to `until`, the next one first.
pub(crate) async fn list_due(
    reader: &mut Reader,
    (app, mode): (AppId, Mode),
    (after, until): (&DueCursor, Timestamp),
) -> Result<Vec<DueDispute>, DbError> {
    let DueCursor(deadline, transaction, dispute) = after;
    let rows: Vec<DueRow> = run!(reader, |conn| sqlx::query_as(LIST_DUE)
        .bind(app)
        .bind(mode)
        .bind(until)
        .bind(*deadline)
        .bind(*transaction)
        .bind(dispute)
        .fetch_all(conn)
        .await)?;
    Ok(rows.into_iter().filter_map(|row| row.read().transpose()).collect::<Result<_, _>>()?)
}

fn read(due: Vec<OpenRow>, undated: Vec<OpenRow>) -> Result<Vec<OpenDispute>, DbError> {
    Ok(due.into_iter().chain(undated).map(OpenRow::read).collect::<Result<_, _>>()?)
}
