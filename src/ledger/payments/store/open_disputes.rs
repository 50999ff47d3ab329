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

/// Selects disputes of an owner, with the gateway of the payment. Fewer than ten are shown of each kind.
macro_rules! open {
    ($owner:literal, $deadline:literal, $order:literal) => {
        concat!(
            "SELECT transaction_id, due.app_id, gateway, dispute_id, due.status, due.amount_subunits, due.currency, \
             amount_deducted_subunits, respond_by FROM (SELECT transaction_id, app_id, dispute_id, status, amount_subunits, currency, \
             amount_deducted_subunits, respond_by FROM disputes WHERE ",
            $owner,
            " = $1 AND mode = $2 AND status = 'open' AND ",
            $deadline,
            $order,
            " LIMIT 10) AS due JOIN transactions ON id = transaction_id",
            $order
        )
    };
}

sql! {
    DUE_OF_APP = open!("app_id", "respond_by > $3", " ORDER BY respond_by");
    UNDATED_OF_APP = open!("app_id", "respond_by IS NULL", "");
    DUE_OF_COMPANY = open!("company_id", "respond_by > $3", " ORDER BY respond_by");
    UNDATED_OF_COMPANY = open!("company_id", "respond_by IS NULL", "");
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
