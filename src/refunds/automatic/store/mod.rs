//! The `automatic_refunds` table.

pub(crate) mod settings;

use sqlx::FromRow;

use super::{AutomaticRefund, Reason, State};
use crate::{
    db::{DbError, Exec, run, sql},
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

sql! {
    FIND = concat!("SELECT ", columns!(), " FROM automatic_refunds WHERE id = $1");
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
