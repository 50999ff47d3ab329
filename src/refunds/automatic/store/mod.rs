//! The `automatic_refunds` table.

pub(crate) mod pages;
pub(crate) mod settings;
pub(crate) mod write;

use sqlx::FromRow;

use super::{AutomaticRefund, Reason, State};
use crate::{
    db::{DbError, Exec, Reader, run, sql},
    gateways::Mode,
    ledger::payments::changes::ChangeKind,
    primitives::{
        id::{AppId, AutomaticRefundId, AutomationId, CompanyId, RefundRequestId, RunId, TransactionId},
        money::Money,
        time::Timestamp,
    },
};

macro_rules! columns {
    () => {
        "id, company_id, app_id, mode, automation_id, run_id, change_kind, transaction_id, order_id, refunded_id, amount_subunits, \
         currency, state, reason, due_at, request_id, decided_by, created_at, ended_at"
    };
}

pub(super) use columns;

sql! {
    FIND = concat!("SELECT ", columns!(), " FROM automatic_refunds WHERE id = $1");
    FIND_OF_RUN = concat!("SELECT ", columns!(), " FROM automatic_refunds WHERE run_id = $1");
    /// Whether the automations of its app refund nothing; no row if its app has the defaults.
    IS_STOPPED = "SELECT refund_settings.is_stopped FROM automatic_refunds JOIN refund_settings \
                  ON refund_settings.app_id = automatic_refunds.app_id AND refund_settings.mode = automatic_refunds.mode \
                  WHERE automatic_refunds.id = $1";
    LIST_DUE = concat!("SELECT ", columns!(), " FROM automatic_refunds WHERE due_at <= $1 ORDER BY due_at LIMIT $2");
    /// Those that only a wrong clock can have scheduled.
    LIST_AHEAD = concat!("SELECT ", columns!(), " FROM automatic_refunds WHERE due_at > $1 ORDER BY due_at LIMIT $2");
    LIST_TO_CONFIRM = concat!("SELECT ", columns!(), " FROM automatic_refunds WHERE app_id = $1 AND mode = $2 AND state = 'to_confirm' \
                               ORDER BY id LIMIT $3");
    LIST_RECENT = concat!("SELECT ", columns!(), " FROM automatic_refunds WHERE app_id = $1 AND mode = $2 ORDER BY id DESC LIMIT $3");
}

#[derive(FromRow)]
struct Row {
    id: AutomaticRefundId,
    company_id: CompanyId,
    app_id: AppId,
    mode: Mode,
    automation_id: AutomationId,
    run_id: RunId,
    change_kind: ChangeKind,
    transaction_id: TransactionId,
    order_id: Option<String>,
    refunded_id: Option<TransactionId>,
    amount_subunits: Option<i64>,
    currency: Option<String>,
    state: State,
    reason: Option<Reason>,
    due_at: Option<Timestamp>,
    request_id: Option<RefundRequestId>,
    decided_by: Option<String>,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
}

impl From<Row> for AutomaticRefund {
    fn from(row: Row) -> Self {
        let currency = row.currency.and_then(|currency| currency.parse().ok());
        Self {
            id: row.id,
            company: row.company_id,
            app: row.app_id,
            mode: row.mode,
            automation: row.automation_id,
            run: row.run_id,
            change: row.change_kind,
            transaction: row.transaction_id,
            order_id: row.order_id,
            refunded: row.refunded_id,
            amount: row.amount_subunits.zip(currency).map(|(subunits, currency)| Money::new(subunits, currency)),
            state: row.state,
            reason: row.reason,
            due_at: row.due_at,
            request: row.request_id,
            decided_by: row.decided_by,
            created_at: row.created_at,
            ended_at: row.ended_at,
        }
    }
}

/// Finds an automatic refund of any company.
pub(crate) async fn find(on: impl Into<Exec<'_>>, id: AutomaticRefundId) -> Result<Option<AutomaticRefund>, DbError> {
    let row: Option<Row> = run!(on, |conn| sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)?;
    Ok(row.map(AutomaticRefund::from))
}

/// Lists those of an app that a user is asked to confirm, the oldest first. The caller has checked access to the app.
pub(crate) async fn list_to_confirm(
    on: impl Into<Exec<'_>>,
    (app, mode): (AppId, Mode),
    limit: i64,
) -> Result<Vec<AutomaticRefund>, DbError> {
    let rows: Vec<Row> = run!(on, |conn| sqlx::query_as(LIST_TO_CONFIRM).bind(app).bind(mode).bind(limit).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(AutomaticRefund::from).collect())
}

/// Lists those of an app, newest first. The caller has checked access to the app.
pub(crate) async fn list_recent(
    on: impl Into<Exec<'_>>,
    (app, mode): (AppId, Mode),
    limit: i64,
) -> Result<Vec<AutomaticRefund>, DbError> {
    let rows: Vec<Row> = run!(on, |conn| sqlx::query_as(LIST_RECENT).bind(app).bind(mode).bind(limit).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(AutomaticRefund::from).collect())
}

/// Finds the automatic refund of a run of any company.
pub(crate) async fn find_of_run(on: impl Into<Exec<'_>>, run: RunId) -> Result<Option<AutomaticRefund>, DbError> {
    let row: Option<Row> = run!(on, |conn| sqlx::query_as(FIND_OF_RUN).bind(run).fetch_optional(conn).await)?;
    Ok(row.map(AutomaticRefund::from))
}

/// Lists those that continue now, the earliest first, and those that are due later than `ahead`, which no correct clock schedules.
pub(super) async fn list_due(
    reader: &mut Reader,
    (now, ahead): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<AutomaticRefund>, DbError> {
    let mut rows: Vec<Row> = run!(&mut *reader, |conn| sqlx::query_as(LIST_DUE).bind(now).bind(limit).fetch_all(conn).await)?;
    if rows.is_empty() {
        rows = run!(reader, |conn| sqlx::query_as(LIST_AHEAD).bind(ahead).bind(limit).fetch_all(conn).await)?;
    }
    Ok(rows.into_iter().map(AutomaticRefund::from).collect())
}

/// True if the automations of its app refund nothing at present.
pub(in crate::refunds) async fn is_stopped(on: impl Into<Exec<'_>>, id: AutomaticRefundId) -> Result<bool, DbError> {
    let stopped: Option<bool> = run!(on, |conn| sqlx::query_scalar(IS_STOPPED).bind(id).fetch_optional(conn).await)?;
    Ok(stopped == Some(true))
}
