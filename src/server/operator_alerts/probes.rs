//! Finds problems of the installation that this server can prove.
//!
//! Invariant: what cannot be determined is an error, and neither a problem nor the end of one.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::texts::email_failure;
use crate::{
    alerts::collect::BACKLOG_AFTER,
    clock_check::SignedTimes,
    connections,
    db::{Db, DbError, Location, with_timeout},
    deliveries::{self, store::claims},
    messages,
    notifications::worker::Health,
    primitives::{time::Timestamp, vault::Vault},
    server::{bootstrap, config::Config, master_key},
};

/// How often every sealed value is opened.
const SEALED_INTERVAL: Duration = Duration::from_hours(1);
/// How long the file system may take to say how much space it has.
const DISK_TIMEOUT: Duration = Duration::from_secs(2);
/// A mail server that fails for less long is not reported.
const EMAIL_REPORTED_AFTER: Duration = Duration::from_mins(5);
/// The fewest destinations whose delay is the server's: that of a single one may be its own.
const MIN_OVERDUE_DESTINATIONS: usize = 2;

/// What was found: `None` if all is well.
pub(super) type Found = Result<Option<String>, DbError>;

/// Examines an installation.
pub(super) struct Probes {
    pub(super) db: Db,
    pub(super) vault: Vault,
    pub(super) email: Health,
    /// The directory whose disk must not fill.
    pub(super) directory: PathBuf,
    pub(super) disk_limit: Option<u64>,
    sealed: Option<(Timestamp, Option<String>)>,
}

impl Probes {
    pub(super) fn new((db, vault): (Db, Vault), email: Health, config: &Config) -> Self {
        Self { db, vault, email, directory: watched(config), disk_limit: config.disk_limit, sealed: None }
    }

    pub(super) async fn disk(&self) -> Found {
        let (directory, limit) = (self.directory.clone(), self.disk_limit);
        let looked = tokio::task::spawn_blocking(move || bootstrap::filling(&directory, limit));
        // A file system that hangs holds up no other problem.
        let found = tokio::time::timeout(DISK_TIMEOUT, looked).await;
        let found = found.map_err(|_| DbError::Timeout)?.map_err(|_| DbError::Timeout)?;
        found.map_err(|error| DbError::from(sqlx::Error::Io(error.into())))
    }

    pub(super) fn email(&self, now: Timestamp) -> Option<String> {
        let trouble = self.email.trouble().filter(|trouble| now.since(trouble.since) >= EMAIL_REPORTED_AFTER);
        trouble.map(|trouble| email_failure(trouble.failure).to_owned())
    }

    pub(super) async fn clock(&self, now: Timestamp) -> Found {
        let signed = with_timeout(async { SignedTimes::load(&mut self.db.reader().await?, now).await }).await?;
        Ok(signed.difference(now).filter(|difference| difference.is_proven()).map(messages::clock::for_operator))
    }

    pub(super) async fn master_key(&self) -> Found {
        let fits = with_timeout(master_key::fits(&self.db, &self.vault)).await?;
        Ok((!fits).then(|| "the database is bound to another key than this server’s".to_owned()))
    }

    /// Opens every sealed value, once an hour. Only for the master key of the database.
    pub(super) async fn sealed_values(&mut self, now: Timestamp) -> Found {
        let is_fresh = |at: Timestamp| at <= now && now.since(at) < SEALED_INTERVAL;
        if let Some((at, found)) = &self.sealed
            && is_fresh(*at)
        {
            return Ok(found.clone());
        }
        let count = self.count_unreadable(now).await?;
        let found = (count > 0).then(|| format!("{count} of the secrets, credentials and fixed headers"));
        self.sealed = Some((now, found.clone()));
        Ok(found)
    }

    async fn count_unreadable(&self, now: Timestamp) -> Result<usize, DbError> {
        let of_connections = connections::sealed::find_unreadable(&self.db, &self.vault, now).await?.len();
        let secrets = deliveries::sealed::unreadable_secrets(&self.db, &self.vault, now).await?.len();
        let headers = deliveries::sealed::unreadable_headers(&self.db, &self.vault).await?.len();
        Ok(of_connections + secrets + headers)
    }

    pub(super) async fn deliveries(&self, now: Timestamp) -> Found {
        let listed = with_timeout(async {
            let mut reader = self.db.reader().await?;
            let due = claims::list_due_destinations(&mut reader, now).await?.len();
            Ok((due, claims::list_due_destinations(&mut reader, now.minus(BACKLOG_AFTER)).await?.len()))
        });
        let (due, overdue) = listed.await?;
        Ok(are_all_overdue(due, overdue)
            .then(|| format!("deliveries to {overdue} destinations are overdue, and none is on time")))
    }
}

const fn are_all_overdue(due: usize, overdue: usize) -> bool {
    overdue >= MIN_OVERDUE_DESTINATIONS && overdue >= due
}

/// Returns the directory of the SQLite database; on PostgreSQL, whose disk is elsewhere, the data directory.
fn watched(config: &Config) -> PathBuf {
    match &config.database {
        Location::Sqlite(file) => {
            file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new(".")).to_owned()
        }
        Location::Postgres(_) => config.data_dir.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_are_overdue_if_no_destination_is_on_time_and_several_are_late() {
        for (due, overdue, expected) in [(0, 0, false), (1, 1, false), (2, 2, true), (3, 2, false), (9, 9, true)] {
            assert_eq!(are_all_overdue(due, overdue), expected, "{overdue} of {due}");
        }
    }
}
