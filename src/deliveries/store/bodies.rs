//! The `delivery_bodies` table: what the deliveries of a run of an automation send.
//!
//! Invariant: a run has one body, whatever the number of its destinations, so all of them receive the same bytes under the same id.

use sqlx::query::QueryAs;

use crate::{
    db::{
        DbError, Exec, Tx, execute,
        list::{among_page, page_ids},
        run, sql,
    },
    primitives::{
        id::{AppId, AutomationId, RunId},
        time::Timestamp,
    },
};

sql! {
    PUT = "INSERT INTO delivery_bodies (run_id, app_id, automation_id, body, created_at) VALUES ($1, $2, $3, $4, $5) \
           ON CONFLICT (run_id) DO UPDATE SET body = excluded.body, created_at = excluded.created_at";
    FIND = "SELECT run_id, app_id, automation_id, body FROM delivery_bodies WHERE app_id = $1 AND run_id = $2";
    LIST_AUTOMATIONS = concat!("SELECT run_id, automation_id FROM delivery_bodies WHERE app_id = $1 AND run_id ", among_page!());
    DELETE_BEFORE = "DELETE FROM delivery_bodies WHERE run_id IN \
                     (SELECT run_id FROM delivery_bodies WHERE created_at < $1 ORDER BY created_at LIMIT $2)";
}

/// The body of a run.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct RunBody {
    pub(crate) run_id: RunId,
    pub(crate) app_id: AppId,
    pub(crate) automation_id: AutomationId,
    pub(crate) body: Vec<u8>,
}

/// Stores the body of a run, or replaces it.
pub(crate) async fn put(tx: &mut Tx, body: &RunBody, now: Timestamp) -> Result<(), DbError> {
    execute!(tx, sqlx::query(PUT).bind(body.run_id).bind(body.app_id).bind(body.automation_id).bind(&body.body).bind(now))?;
    Ok(())
}

/// Finds the body of a run of an app. The caller has checked access to the app.
pub(crate) async fn find(on: impl Into<Exec<'_>>, app: AppId, run: RunId) -> Result<Option<RunBody>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(app).bind(run).fetch_optional(conn).await)
}

/// Lists the automations of at most a page of runs of an app, as far as their bodies are stored. The caller has checked access to the app.
pub(crate) async fn list_automations(
    on: impl Into<Exec<'_>>,
    app: AppId,
    runs: impl Iterator<Item = RunId>,
) -> Result<Vec<(RunId, AutomationId)>, DbError> {
    let Some(runs) = page_ids(runs, RunId::least()) else { return Ok(Vec::new()) };
    run!(on, |conn| { runs.iter().fold(sqlx::query_as(LIST_AUTOMATIONS).bind(app), QueryAs::bind).fetch_all(conn).await })
}

/// Deletes at most `limit` bodies that were stored before a time; returns their number.
pub(crate) async fn delete_before(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(DELETE_BEFORE).bind(before).bind(limit))
}
