//! The `alert_rules` and `alert_schedules` tables.

use crate::{
    alerts::{Kind, RecipientId, Rule, schedule::Schedule},
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::Mode,
    primitives::{
        id::{AppId, CompanyId},
        time::Timestamp,
    },
};

sql! {
    LIST_RULES = "SELECT kind, is_on, recipients, fallback FROM alert_rules WHERE app_id = $1 AND mode = $2";
    SET_RULE = "INSERT INTO alert_rules (app_id, mode, kind, company_id, is_on, recipients, fallback) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                ON CONFLICT (app_id, mode, kind) DO UPDATE SET is_on = excluded.is_on, recipients = excluded.recipients, \
                fallback = excluded.fallback";
    GET_SCHEDULE = "SELECT quiet_from, quiet_to, muted_until FROM alert_schedules WHERE app_id = $1 AND mode = $2";
    SET_QUIET = "INSERT INTO alert_schedules (app_id, mode, company_id, quiet_from, quiet_to) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (app_id, mode) DO UPDATE SET quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to";
    SET_MUTED = "INSERT INTO alert_schedules (app_id, mode, company_id, muted_until) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (app_id, mode) DO UPDATE SET muted_until = excluded.muted_until";
}

#[derive(sqlx::FromRow)]
struct RuleRow {
    kind: String,
    is_on: bool,
    recipients: Option<String>,
    fallback: Option<String>,
}

#[derive(sqlx::FromRow)]
struct ScheduleRow {
    quiet_from: Option<i64>,
    quiet_to: Option<i64>,
    muted_until: Option<Timestamp>,
}

impl RuleRow {
    /// Returns the rule; `None` if a later version has stored its kind.
    fn read(self) -> Option<Rule> {
        Some(Rule {
            kind: self.kind.parse().ok()?,
            is_on: self.is_on,
            recipients: self.recipients.as_deref().map(read_recipients),
            fallback: self.fallback.and_then(|id| id.parse().ok()),
        })
    }
}

/// Reads recipients; what a later version has stored is left out.
pub(super) fn read_recipients(text: &str) -> Vec<RecipientId> {
    text.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

/// The same the other way.
pub(super) fn write_recipients(ids: &[RecipientId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Lists the settings of every kind, in the order of [`Kind::ALL`]. The caller has checked access to the app.
pub(crate) async fn list_rules(on: impl Into<Exec<'_>>, app: AppId, mode: Mode) -> Result<Vec<Rule>, DbError> {
    let rows: Vec<RuleRow> = run!(on, |conn| sqlx::query_as(LIST_RULES).bind(app).bind(mode).fetch_all(conn).await)?;
    let stored: Vec<Rule> = rows.into_iter().filter_map(RuleRow::read).collect();
    let of = |kind: &Kind| stored.iter().find(|rule| rule.kind == *kind).cloned().unwrap_or_else(|| Rule::default_of(*kind));
    Ok(Kind::ALL.iter().map(of).collect())
}

/// Stores the settings of a kind.
pub(crate) async fn set_rule(tx: &mut Tx, (company, app, mode): (CompanyId, AppId, Mode), rule: &Rule) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(SET_RULE)
            .bind(app)
            .bind(mode)
            .bind(rule.kind)
            .bind(company)
            .bind(rule.is_on)
            .bind(rule.recipients.as_deref().map(write_recipients))
            .bind(rule.fallback.map(|id| id.to_string()))
    )?;
    Ok(())
}

/// Returns the schedule of an app in a mode. The caller has checked access to the app.
pub(crate) async fn schedule(on: impl Into<Exec<'_>>, app: AppId, mode: Mode) -> Result<Schedule, DbError> {
    let row: Option<ScheduleRow> = run!(on, |conn| sqlx::query_as(GET_SCHEDULE).bind(app).bind(mode).fetch_optional(conn).await)?;
    let read = |row: ScheduleRow| Schedule { quiet: row.quiet_from.zip(row.quiet_to), muted_until: row.muted_until };
    Ok(row.map(read).unwrap_or_default())
}

/// Stores the quiet hours.
pub(crate) async fn set_quiet(
    tx: &mut Tx,
    (company, app, mode): (CompanyId, AppId, Mode),
    quiet: Option<(i64, i64)>,
) -> Result<(), DbError> {
    let (from, to) = quiet.unzip();
    execute!(tx, sqlx::query(SET_QUIET).bind(app).bind(mode).bind(company).bind(from).bind(to))?;
    Ok(())
}

/// Stores until when alerts are muted.
pub(crate) async fn set_muted(
    tx: &mut Tx,
    (company, app, mode): (CompanyId, AppId, Mode),
    until: Option<Timestamp>,
) -> Result<(), DbError> {
    execute!(tx, sqlx::query(SET_MUTED).bind(app).bind(mode).bind(company).bind(until))?;
    Ok(())
}
