//! The `alert_digests` table.
//!
//! Invariant: a day is claimed once, in the unit of work that queues its messages.

use jiff::civil::Date;

use super::settings::{read_recipients, write_recipients};
use crate::{
    alerts::{digest::DigestSettings, schedule::MAX_DAYS_AHEAD},
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::Mode,
    primitives::{
        date_range,
        id::{AppId, CompanyId},
    },
};

sql! {
    FIND = "SELECT app_id, mode, is_on, minute, recipients, last_day FROM alert_digests WHERE app_id = $1 AND mode = $2";
    LIST_OF_COMPANY = "SELECT app_id, mode, is_on, minute, recipients, last_day FROM alert_digests WHERE company_id = $1";
    SET = "INSERT INTO alert_digests (app_id, mode, company_id, is_on, minute, recipients, last_day) VALUES ($1, $2, $3, $4, $5, $6, $7) \
           ON CONFLICT (app_id, mode) DO UPDATE SET is_on = excluded.is_on, minute = excluded.minute, recipients = excluded.recipients, \
           last_day = COALESCE(excluded.last_day, alert_digests.last_day)";
    /// Only if it is on, at the time that it was due at, and not sent on that day. What a wrong clock has stored is replaced.
    CLAIM = "INSERT INTO alert_digests (app_id, mode, company_id, is_on, minute, recipients, last_day) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (app_id, mode) DO UPDATE SET last_day = excluded.last_day \
             WHERE alert_digests.is_on AND alert_digests.minute = excluded.minute AND (alert_digests.last_day IS NULL \
             OR alert_digests.last_day < excluded.last_day OR alert_digests.last_day > $8)";
}

#[derive(sqlx::FromRow)]
struct Row {
    app_id: AppId,
    mode: Mode,
    is_on: bool,
    minute: i64,
    recipients: Option<String>,
    last_day: Option<i64>,
}

impl From<Row> for DigestSettings {
    fn from(row: Row) -> Self {
        let recipients = row.recipients.as_deref().map(read_recipients);
        Self { is_on: row.is_on, minute: row.minute, recipients, last_day: row.last_day }
    }
}

/// Returns the settings of an app in a mode. The caller has checked access to the app.
pub(crate) async fn find(on: impl Into<Exec<'_>>, app: AppId, mode: Mode) -> Result<DigestSettings, DbError> {
    let row: Option<Row> = run!(on, |conn| sqlx::query_as(FIND).bind(app).bind(mode).fetch_optional(conn).await)?;
    Ok(row.map_or_else(|| DigestSettings::default_of(mode), DigestSettings::from))
}

/// Lists the settings of a company's apps that differ from the default; for the job.
pub(crate) async fn list_of_company(
    on: impl Into<Exec<'_>>,
    company: CompanyId,
) -> Result<Vec<((AppId, Mode), DigestSettings)>, DbError> {
    let rows: Vec<Row> = run!(on, |conn| sqlx::query_as(LIST_OF_COMPANY).bind(company).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(|row| ((row.app_id, row.mode), row.into())).collect())
}

/// Stores the settings. No digest is sent on `passed` any more.
pub(crate) async fn set(
    tx: &mut Tx,
    (company, app, mode): (CompanyId, AppId, Mode),
    chosen: &DigestSettings,
    passed: Option<Date>,
) -> Result<(), DbError> {
    let recipients = chosen.recipients.as_deref().map(write_recipients);
    execute!(
        tx,
        sqlx::query(SET)
            .bind(app)
            .bind(mode)
            .bind(company)
            .bind(chosen.is_on)
            .bind(chosen.minute)
            .bind(recipients)
            .bind(passed.map(date_range::number))
    )?;
    Ok(())
}

/// Notes that the digest is sent on that day; returns false if it was sent, or its settings have changed since they were read.
pub(crate) async fn claim(
    tx: &mut Tx,
    (company, app, mode): (CompanyId, AppId, Mode),
    settings: &DigestSettings,
    day: Date,
) -> Result<bool, DbError> {
    let day = date_range::number(day);
    let claimed = execute!(
        tx,
        sqlx::query(CLAIM)
            .bind(app)
            .bind(mode)
            .bind(company)
            .bind(settings.is_on)
            .bind(settings.minute)
            .bind(settings.recipients.as_deref().map(write_recipients))
            .bind(day)
            .bind(day + MAX_DAYS_AHEAD)
    )?;
    Ok(claimed > 0)
}
