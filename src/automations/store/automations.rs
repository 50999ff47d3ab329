//! The `automations` table.

use sqlx::FromRow;

use crate::{
    automations::{Automation, Recipient, Rule, conditions::Conditions},
    db::{
        DbError, Exec, Tx,
        batch::{fetch_rows, rows},
        execute, run, sql,
    },
    gateways::Mode,
    i18n::Locale,
    ledger::payments::changes::ChangeKind,
    primitives::{
        id::{AppId, AutomationId, CompanyId, UserId},
        time::Timestamp,
    },
};

macro_rules! columns {
    () => {
        "id, company_id, app_id, mode, change_kind, conditions, recipients, texts, language, body, starts_refund, is_on, turned_on_at, \
         changed_by, created_at, changed_at"
    };
}

sql! {
    INSERT = concat!("INSERT INTO automations (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)");
    UPDATE = "UPDATE automations SET change_kind = $3, conditions = $4, recipients = $5, texts = $6, language = $7, body = $8, \
              starts_refund = $9, changed_by = $10, changed_at = $11 WHERE company_id = $1 AND id = $2";
    TURN_ON = "UPDATE automations SET is_on = $3, turned_on_at = $4, changed_by = $5 WHERE company_id = $1 AND id = $2 AND NOT is_on";
    TURN_OFF = "UPDATE automations SET is_on = $3 WHERE company_id = $1 AND id = $2 AND is_on";
    DELETE = "DELETE FROM automations WHERE company_id = $1 AND id = $2";
    FIND = concat!("SELECT ", columns!(), " FROM automations WHERE id = $1");
    LIST_OF_DEADLINES = "SELECT id, app_id, mode, change_kind, conditions, turned_on_at FROM automations \
                         WHERE is_on AND change_kind = 'dispute_deadline' ORDER BY app_id, mode, id";
    LIST = concat!("SELECT ", columns!(), " FROM automations WHERE app_id = $1 AND mode = $2 ORDER BY id LIMIT 200");
}

rows! {
    LIST_ON = "SELECT id, app_id, mode, change_kind, conditions, turned_on_at FROM automations WHERE is_on AND app_id IN (", "?",
              ") ORDER BY app_id, id";
}

#[derive(FromRow)]
struct Row {
    id: AutomationId,
    company_id: CompanyId,
    app_id: AppId,
    mode: Mode,
    change_kind: String,
    conditions: String,
    recipients: String,
    texts: String,
    language: Locale,
    body: Option<String>,
    starts_refund: bool,
    is_on: bool,
    turned_on_at: Option<Timestamp>,
    changed_by: Option<UserId>,
    created_at: Timestamp,
    changed_at: Timestamp,
}

impl Row {
    /// Returns the automation; `None` if a later version has stored it, or a value is damaged.
    fn read(self) -> Option<Automation> {
        let rule = Rule {
            on: self.change_kind.parse().ok()?,
            conditions: Conditions::from_json(&self.conditions)?,
            recipients: self.recipients.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?,
            texts: serde_json::from_str(&self.texts).ok()?,
            language: self.language,
            body: self.body,
            starts_refund: self.starts_refund,
        };
        Some(Automation {
            id: self.id,
            company_id: self.company_id,
            app_id: self.app_id,
            mode: self.mode,
            rule,
            is_on: self.is_on,
            turned_on_at: self.turned_on_at,
            changed_by: self.changed_by,
            created_at: self.created_at,
            changed_at: self.changed_at,
        })
    }
}

fn recipients(recipients: &[Recipient]) -> String {
    recipients.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn texts(rule: &Rule) -> String {
    serde_json::to_string(&rule.texts).unwrap_or_default()
}

pub(crate) async fn insert(tx: &mut Tx, automation: &Automation) -> Result<(), DbError> {
    let rule = &automation.rule;
    execute!(
        tx,
        sqlx::query(INSERT)
            .bind(automation.id)
            .bind(automation.company_id)
            .bind(automation.app_id)
            .bind(automation.mode)
            .bind(rule.on)
            .bind(rule.conditions.to_json())
            .bind(recipients(&rule.recipients))
            .bind(texts(rule))
            .bind(rule.language)
            .bind(&rule.body)
            .bind(rule.starts_refund)
            .bind(automation.is_on)
            .bind(automation.turned_on_at)
            .bind(automation.changed_by)
            .bind(automation.created_at)
            .bind(automation.changed_at)
    )?;
    Ok(())
}

/// Updates a rule. The automation stays on or off.
pub(crate) async fn update(
    tx: &mut Tx,
    (company, id): (CompanyId, AutomationId),
    rule: &Rule,
    (by, now): (Option<UserId>, Timestamp),
) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(UPDATE)
            .bind(company)
            .bind(id)
            .bind(rule.on)
            .bind(rule.conditions.to_json())
            .bind(recipients(&rule.recipients))
            .bind(texts(rule))
            .bind(rule.language)
            .bind(&rule.body)
            .bind(rule.starts_refund)
            .bind(by)
            .bind(now)
    )?;
    Ok(())
}

/// Turns an automation on; returns false if it was on.
pub(crate) async fn turn_on(
    tx: &mut Tx,
    (company, id): (CompanyId, AutomationId),
    (by, now): (Option<UserId>, Timestamp),
) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(TURN_ON).bind(company).bind(id).bind(true).bind(now).bind(by))? > 0)
}

/// Turns an automation off; returns false if it was off.
pub(crate) async fn turn_off(tx: &mut Tx, (company, id): (CompanyId, AutomationId)) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(TURN_OFF).bind(company).bind(id).bind(false))? > 0)
}

/// Deletes an automation. Its runs are deleted when they are old.
pub(crate) async fn delete(tx: &mut Tx, (company, id): (CompanyId, AutomationId)) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(DELETE).bind(company).bind(id))? > 0)
}

/// Finds an automation of any company.
pub(crate) async fn find(on: impl Into<Exec<'_>>, id: AutomationId) -> Result<Option<Automation>, DbError> {
    let row: Option<Row> = run!(on, |conn| sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)?;
    Ok(row.and_then(Row::read))
}

/// Lists the automations of an app in a mode, the oldest first. The caller has checked access to the app.
pub(crate) async fn list(on: impl Into<Exec<'_>>, app: AppId, mode: Mode) -> Result<Vec<Automation>, DbError> {
    let rows: Vec<Row> = run!(on, |conn| sqlx::query_as(LIST).bind(app).bind(mode).fetch_all(conn).await)?;
    Ok(rows.into_iter().filter_map(Row::read).collect())
}

/// The part of an active automation that decides whether it reacts to a change.
pub(crate) struct Reacting {
    pub(crate) id: AutomationId,
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
    pub(crate) on: ChangeKind,
    pub(crate) conditions: Conditions,
    pub(crate) turned_on_at: Timestamp,
}

#[derive(FromRow)]
struct ReactingRow {
    id: AutomationId,
    app_id: AppId,
    mode: Mode,
    change_kind: String,
    conditions: String,
    turned_on_at: Option<Timestamp>,
}

impl ReactingRow {
    fn read(self) -> Option<Reacting> {
        Some(Reacting {
            id: self.id,
            app: self.app_id,
            mode: self.mode,
            on: self.change_kind.parse().ok()?,
            conditions: Conditions::from_json(&self.conditions)?,
            turned_on_at: self.turned_on_at?,
        })
    }
}

/// Lists the automations of these apps that are on. `apps` is in ascending order without duplicates.
pub(crate) async fn list_on(tx: &mut Tx, apps: &[AppId]) -> Result<Vec<Reacting>, DbError> {
    let rows = fetch_rows!(tx, LIST_ON -> ReactingRow, apps, |query, app| query.bind(app))?;
    Ok(rows.into_iter().filter_map(ReactingRow::read).collect())
}

/// Lists the automations for deadlines of disputes that are on, by app and mode.
pub(crate) async fn list_of_deadlines(on: impl Into<Exec<'_>>) -> Result<Vec<Reacting>, DbError> {
    let rows: Vec<ReactingRow> = run!(on, |conn| sqlx::query_as(LIST_OF_DEADLINES).fetch_all(conn).await)?;
    Ok(rows.into_iter().filter_map(ReactingRow::read).collect())
}
