//! The disputes that wait for a response, of an app or of a company.
//!
//! Invariant: the next deadlines are read from an index in their order, so the cost does not depend on how many disputes there were.

use sqlx::FromRow;

use super::references::DisputeRow;
use crate::{
    db::{DbError, Reader, run, sql},
    gateways::{Gateway, Mode},
    ledger::payments::disputes::OpenDispute,
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

fn read(due: Vec<OpenRow>, undated: Vec<OpenRow>) -> Result<Vec<OpenDispute>, DbError> {
    Ok(due.into_iter().chain(undated).map(OpenRow::read).collect::<Result<_, _>>()?)
}
