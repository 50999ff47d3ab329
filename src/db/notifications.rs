//! Notifications from other servers on the same database (PostgreSQL LISTEN/NOTIFY).
//!
//! Invariant: spurious wake-ups are allowed; missed ones are not.

use sqlx::postgres::PgListener;

use super::{Db, postgres};

/// A subscription to one channel.
pub(crate) struct Subscription {
    db: Db,
    channel: &'static str,
    listener: Option<PgListener>,
}

impl Subscription {
    pub(super) const fn new(db: Db, channel: &'static str) -> Self {
        Self { db, channel, listener: None }
    }

    /// Resolves on a notification, and after every reconnect, because one may have been missed. Never on SQLite.
    pub(crate) async fn changed(&mut self) {
        match &self.db {
            Db::Sqlite { .. } => std::future::pending().await,
            Db::Postgres { pool, .. } => postgres::wait_for_notification(pool, self.channel, &mut self.listener).await,
        }
    }
}
