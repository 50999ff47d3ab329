//! The `alert_messages` table.

use crate::{
    alerts::{Alert, Event, RecipientId},
    db::{
        DbError, Exec, Tx,
        batch::{execute_rows, rows},
        execute, run, sql,
    },
    primitives::{
        id::{AlertId, NotificationId},
        time::Timestamp,
    },
};

sql! {
    LIST_OF_ALERT = "SELECT notification_id, event, recipient, is_fallback, created_at FROM alert_messages \
                     WHERE alert_id = $1 ORDER BY notification_id DESC LIMIT 200";
    LIST_WATCHED = "SELECT notification_id, event, recipient, is_fallback, created_at FROM alert_messages \
                    WHERE is_watched AND notification_id > $1 ORDER BY notification_id LIMIT $2";
    LIST_ALERTS = "SELECT alert_id FROM alert_messages WHERE notification_id = $1 ORDER BY alert_id LIMIT 1000";
    /// Ids are in the order of time.
    DELETE_OLD = "DELETE FROM alert_messages WHERE created_at < $1 AND notification_id IN \
                  (SELECT notification_id FROM alert_messages ORDER BY notification_id LIMIT $2)";
    UNWATCH = "UPDATE alert_messages SET is_watched = $2 WHERE notification_id = $1 AND is_watched";
}

rows! {
    INSERT = "INSERT INTO alert_messages (notification_id, alert_id, event, recipient, is_fallback, is_watched, created_at) VALUES",
        "(?, ?, ?, ?, ?, ?, ?)", "";
}

/// The most watched messages that are read together.
pub(crate) const MAX_WATCHED: usize = 200;

/// A message of an alert to a recipient.
#[derive(Debug, Clone)]
pub(crate) struct AlertMessage {
    pub(crate) notification: NotificationId,
    pub(crate) event: Event,
    /// `None` if the text is damaged.
    pub(crate) recipient: Option<RecipientId>,
    /// True if it was sent because another recipient's failed.
    pub(crate) is_fallback: bool,
    pub(crate) created_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    notification_id: NotificationId,
    event: Event,
    recipient: String,
    is_fallback: bool,
    created_at: Timestamp,
}

impl From<Row> for AlertMessage {
    fn from(row: Row) -> Self {
        Self {
            notification: row.notification_id,
            event: row.event,
            recipient: row.recipient.parse().ok(),
            is_fallback: row.is_fallback,
            created_at: row.created_at,
        }
    }
}

/// Inserts a message that reports these alerts. It is watched if its failure leads to another recipient.
pub(crate) async fn insert(
    tx: &mut Tx,
    (notification, alerts): (NotificationId, &[Alert]),
    (event, recipient): (Event, RecipientId),
    (is_fallback, is_watched): (bool, bool),
    now: Timestamp,
) -> Result<(), DbError> {
    let recipient = recipient.to_string();
    let rows: Vec<_> = alerts.iter().enumerate().map(|(index, alert)| (alert.id, is_watched && index == 0)).collect();
    execute_rows!(tx, INSERT, &rows, |query, row| query
        .bind(notification)
        .bind(row.0)
        .bind(event)
        .bind(recipient.clone())
        .bind(is_fallback)
        .bind(row.1)
        .bind(now))?;
    Ok(())
}

/// Lists the newest messages of an alert, newest first. The caller has checked access to it.
pub(crate) async fn list_of_alert(on: impl Into<Exec<'_>>, alert: AlertId) -> Result<Vec<AlertMessage>, DbError> {
    let rows: Vec<Row> = run!(on, |conn| sqlx::query_as(LIST_OF_ALERT).bind(alert).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(AlertMessage::from).collect())
}

/// Lists messages of all companies after one of them whose outcome is not known, at most [`MAX_WATCHED`]; for the job.
pub(crate) async fn list_watched(on: impl Into<Exec<'_>>, after: NotificationId) -> Result<Vec<AlertMessage>, DbError> {
    let limit = i64::try_from(MAX_WATCHED).unwrap_or_default();
    let rows: Vec<Row> = run!(on, |conn| sqlx::query_as(LIST_WATCHED).bind(after).bind(limit).fetch_all(conn).await)?;
    Ok(rows.into_iter().map(AlertMessage::from).collect())
}

/// Lists the alerts that a message reports.
pub(crate) async fn list_alerts(on: impl Into<Exec<'_>>, notification: NotificationId) -> Result<Vec<AlertId>, DbError> {
    run!(on, |conn| sqlx::query_scalar(LIST_ALERTS).bind(notification).fetch_all(conn).await)
}

/// Watches a message no longer; returns false if another server has done so.
pub(crate) async fn unwatch(tx: &mut Tx, notification: NotificationId) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(UNWATCH).bind(notification).bind(false))? > 0)
}

/// Deletes at most `limit` records of messages before a time; returns their number.
pub(crate) async fn delete_old(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(DELETE_OLD).bind(before).bind(limit))
}
