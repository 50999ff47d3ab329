//! What other servers on the same database say, as PostgreSQL passes it on.
//!
//! The rule: whoever listens is told once too often rather than once too little.

use sqlx::postgres::PgListener;

use super::{Db, postgres};

/// Hears what is said on one channel.
pub(crate) struct Subscription {
    db: Db,
    channel: &'static str,
    listener: Option<PgListener>,
}

impl Subscription {
    pub(super) const fn new(db: Db, channel: &'static str) -> Self {
        Self { db, channel, listener: None }
    }

    /// Returns when something was said, or may have been said while nobody listened.
    pub(crate) async fn changed(&mut self) {
        match &self.db {
            Db::Sqlite { .. } => std::future::pending().await,
            Db::Postgres { pool, .. } => postgres::wait_for_notification(pool, self.channel, &mut self.listener).await,
        }
    }
}
