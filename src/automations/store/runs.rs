//! The `automation_runs` table.

use std::time::Duration;

use sqlx::FromRow;

use crate::{
    automations::runs::{Run, RunState, SkipReason, Step},
    db::{
        DbError, Exec, Reader, Tx,
        batch::{execute_rows, rows},
        execute,
        list::{List, Side},
        run, sql,
    },
    primitives::{
        id::{AppId, AutomationId, RunId, TransactionId},
        money::Money,
        time::Timestamp,
    },
};

macro_rules! columns {
    () => {
        "id, automation_id, app_id, transaction_id, change_key, occurred_at, amount_subunits, currency, state, reason, steps, requested_by, \
         created_at, ended_at"
    };
}

sql! {
    FIND = concat!("SELECT ", columns!(), " FROM automation_runs WHERE id = $1");
    LIST_DUE = concat!("SELECT ", columns!(), " FROM automation_runs WHERE due_at <= $1 ORDER BY due_at LIMIT $2");
    /// A run that another server has handled in the meantime is not changed.
    ADVANCE = "UPDATE automation_runs SET state = $3, reason = $4, steps = $5, due_at = $6, ended_at = $7 \
               WHERE id = $1 AND state = $2 AND due_at IS NOT NULL";
    LOOK_LATER = "UPDATE automation_runs SET due_at = $2 WHERE id = $1 AND due_at IS NOT NULL";
    /// The others are looked at when they are due.
    LOOK_NOW = "UPDATE automation_runs SET due_at = $2 WHERE id IN (SELECT id FROM automation_runs WHERE automation_id = $1 \
                AND state = 'sending' ORDER BY id DESC LIMIT 1000)";
    REQUEST = "UPDATE automation_runs SET state = 'waiting', reason = NULL, due_at = $2, requested_by = $3, ended_at = NULL \
               WHERE id = $1 AND due_at IS NULL";
    LIST_OLDER = concat!("SELECT ", columns!(), " FROM automation_runs WHERE automation_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    LIST_NEWER = concat!("SELECT ", columns!(), " FROM automation_runs WHERE automation_id = $1 AND id > $2 ORDER BY id LIMIT $3");
    LIST_OLDER_IN_STATE = concat!("SELECT ", columns!(), " FROM automation_runs WHERE automation_id = $1 AND state = $4 AND id < $2 \
                           ORDER BY id DESC LIMIT $3");
    LIST_NEWER_IN_STATE = concat!("SELECT ", columns!(), " FROM automation_runs WHERE automation_id = $1 AND state = $4 AND id > $2 \
                           ORDER BY id LIMIT $3");
    LIST_OF_TRANSACTION = concat!("SELECT ", columns!(), " FROM automation_runs WHERE transaction_id = $1 \
                           ORDER BY automation_id, change_key LIMIT $2");
    FIND_OF_CHANGE = "SELECT id FROM automation_runs WHERE transaction_id = $1 AND automation_id = $2 AND change_key = $3";
    FIND_LATEST = concat!("SELECT ", columns!(), " FROM automation_runs WHERE automation_id = $1 ORDER BY id DESC LIMIT 1");
    /// No more are counted than a page says exactly.
    COUNT_IN_STATE = "SELECT COUNT(*) FROM (SELECT 1 FROM automation_runs WHERE automation_id = $1 AND state = $2 LIMIT 1000) AS counted";
    /// Makes runs due that only a wrong clock can have scheduled.
    REPAIR = "UPDATE automation_runs SET due_at = $2 WHERE id IN (SELECT id FROM automation_runs WHERE due_at > $1 LIMIT $3)";
    /// One that has not ended may have an open refund.
    DELETE_BEFORE = "DELETE FROM automation_runs WHERE id IN \
                     (SELECT id FROM automation_runs WHERE created_at < $1 AND due_at IS NULL ORDER BY created_at LIMIT $2)";
}

rows! {
    INSERT = "INSERT INTO automation_runs (id, automation_id, app_id, transaction_id, change_key, occurred_at, amount_subunits, currency, \
              state, reason, steps, due_at, created_at, ended_at) VALUES", "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '[]', ?, ?, ?)",
             "ON CONFLICT (transaction_id, automation_id, change_key) DO NOTHING";
}

/// The most runs of a state that are counted.
pub(crate) const MAX_COUNTED: i64 = 1_000;

/// A run to be stored.
pub(crate) struct NewRun {
    pub(crate) id: RunId,
    pub(crate) automation: AutomationId,
    pub(crate) app: AppId,
    pub(crate) transaction: TransactionId,
    pub(crate) change_key: String,
    pub(crate) occurred_at: Timestamp,
    pub(crate) money: Option<Money>,
    /// `None` if it is due.
    pub(crate) skipped: Option<SkipReason>,
    pub(crate) now: Timestamp,
}

#[derive(FromRow)]
struct Row {
    id: RunId,
    automation_id: AutomationId,
    app_id: AppId,
    transaction_id: TransactionId,
    change_key: String,
    occurred_at: Timestamp,
    amount_subunits: Option<i64>,
    currency: Option<String>,
    state: RunState,
    reason: Option<SkipReason>,
    steps: String,
    requested_by: Option<String>,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
}

impl From<Row> for Run {
    fn from(row: Row) -> Self {
        let currency = row.currency.and_then(|currency| currency.parse().ok());
        Self {
            id: row.id,
            automation: row.automation_id,
            app: row.app_id,
            transaction: row.transaction_id,
            change_key: row.change_key,
            occurred_at: row.occurred_at,
            money: row.amount_subunits.zip(currency).map(|(subunits, currency)| Money::new(subunits, currency)),
            state: row.state,
            reason: row.reason,
            steps: serde_json::from_str(&row.steps).unwrap_or_default(),
            requested_by: row.requested_by,
            created_at: row.created_at,
            ended_at: row.ended_at,
        }
    }
}

fn steps(steps: &[Step]) -> String {
    serde_json::to_string(steps).unwrap_or_default()
}

/// Inserts runs; a change that already has one is ignored.
pub(crate) async fn insert(tx: &mut Tx, runs: &[NewRun]) -> Result<(), DbError> {
    execute_rows!(tx, INSERT, runs, |query, new| {
        let is_due = new.skipped.is_none();
        query
            .bind(new.id)
            .bind(new.automation)
            .bind(new.app)
            .bind(new.transaction)
            .bind(&new.change_key)
            .bind(new.occurred_at)
            .bind(new.money.map(|money| money.subunits))
            .bind(new.money.map(|money| money.currency.to_string()))
            .bind(if is_due { RunState::Waiting } else { RunState::Skipped })
            .bind(new.skipped)
            .bind(is_due.then_some(new.now))
            .bind(new.now)
            .bind((!is_due).then_some(new.now))
    })?;
    Ok(())
}

/// Finds a run of any company.
pub(crate) async fn find(on: impl Into<Exec<'_>>, id: RunId) -> Result<Option<Run>, DbError> {
    let row: Option<Row> = run!(on, |conn| sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)?;
    Ok(row.map(Run::from))
}

/// Lists the runs for a payment, grouped by automation. The caller has checked access to the payment.
pub(crate) async fn list_of_transaction(
    on: impl Into<Exec<'_>>,
    transaction: TransactionId,
    limit: i64,
) -> Result<Vec<Run>, DbError> {
    let rows: Vec<Row> =
        run!(on, |conn| sqlx::query_as(LIST_OF_TRANSACTION).bind(transaction).bind(limit).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(Run::from).collect())
}

/// True if an automation has a run for a change of a payment.
pub(crate) async fn exists(
    on: impl Into<Exec<'_>>,
    (transaction, automation): (TransactionId, AutomationId),
    change_key: &str,
) -> Result<bool, DbError> {
    let found: Option<RunId> = run!(on, |conn| sqlx::query_scalar(FIND_OF_CHANGE)
        .bind(transaction)
        .bind(automation)
        .bind(change_key)
        .fetch_optional(conn)
        .await)?;
    Ok(found.is_some())
}

/// Finds the newest run of an automation.
pub(crate) async fn find_latest(on: impl Into<Exec<'_>>, automation: AutomationId) -> Result<Option<Run>, DbError> {
    let row: Option<Row> = run!(on, |conn| sqlx::query_as(FIND_LATEST).bind(automation).fetch_optional(conn).await)?;
    Ok(row.map(Run::from))
}

/// Lists the runs that are due, the earliest first.
pub(crate) async fn list_due(on: impl Into<Exec<'_>>, now: Timestamp, limit: i64) -> Result<Vec<Run>, DbError> {
    let rows: Vec<Row> = run!(on, |conn| sqlx::query_as(LIST_DUE).bind(now).bind(limit).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(Run::from).collect())
}

/// Moves a run from `from` to its new state and schedules its next check; returns false if another server was faster.
pub(crate) async fn advance(tx: &mut Tx, run: &Run, from: RunState, due_at: Option<Timestamp>) -> Result<bool, DbError> {
    let updated = execute!(
        tx,
        sqlx::query(ADVANCE)
            .bind(run.id)
            .bind(from)
            .bind(run.state)
            .bind(run.reason)
            .bind(steps(&run.steps))
            .bind(due_at)
            .bind(run.ended_at)
    )?;
    Ok(updated > 0)
}

/// Reschedules the next check of a run.
pub(crate) async fn look_later(tx: &mut Tx, id: RunId, at: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(LOOK_LATER).bind(id).bind(at))?;
    Ok(())
}

/// Makes the newest runs of an automation due whose messages are being sent.
pub(crate) async fn look_now(tx: &mut Tx, automation: AutomationId, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(LOOK_NOW).bind(automation).bind(now))?;
    Ok(())
}

/// Makes a run that has ended due; returns false if it has not ended.
pub(crate) async fn request(tx: &mut Tx, id: RunId, by: &str, now: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(REQUEST).bind(id).bind(now).bind(by))? > 0)
}

/// Counts the runs of an automation in a state, at most [`MAX_COUNTED`].
pub(crate) async fn count_in_state(on: impl Into<Exec<'_>>, automation: AutomationId, state: RunState) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT_IN_STATE).bind(automation).bind(state).fetch_one(conn).await)
}

/// Makes at most `limit` runs due that are scheduled further ahead than `ahead`, which no correct clock does.
pub(crate) async fn repair(tx: &mut Tx, (now, ahead): (Timestamp, Duration), limit: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(REPAIR).bind(now.plus(ahead)).bind(now).bind(limit))
}

/// Deletes at most `limit` runs that have ended and were created before a time; returns their number.
pub(crate) async fn delete_before(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(DELETE_BEFORE).bind(before).bind(limit))
}

/// Selects the runs of an automation, the newest first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selection {
    pub(crate) automation: AutomationId,
    pub(crate) state: Option<RunState>,
}

impl List for Selection {
    type Row = Run;

    async fn fetch(&self, reader: &mut Reader, side: Side, from: RunId, limit: i64) -> Result<Vec<Run>, DbError> {
        let rows: Vec<Row> = match self.state {
            None => {
                let text = if side == Side::Older { LIST_OLDER } else { LIST_NEWER };
                run!(reader, |conn| sqlx::query_as(text).bind(self.automation).bind(from).bind(limit).fetch_all(conn).await)?
            }
            Some(state) => {
                let text = if side == Side::Older { LIST_OLDER_IN_STATE } else { LIST_NEWER_IN_STATE };
                run!(reader, |conn| sqlx::query_as(text)
                    .bind(self.automation)
                    .bind(from)
                    .bind(limit)
                    .bind(state)
                    .fetch_all(conn)
                    .await)?
            }
        };
        Ok(rows.into_iter().map(Run::from).collect())
    }
}
