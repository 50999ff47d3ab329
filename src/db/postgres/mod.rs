//! The PostgreSQL configuration.
//!
//! Invariant: every session commits synchronously, and no statement runs longer than the ingestion deadline.

use std::{str::FromStr as _, time::Duration};

use sqlx::{
    Connection as _, PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::runtime::Handle;
use tokio_util::context::TokioContext;

pub(crate) use self::unit_of_work::UnitOfWork;
use super::{Db, DbError, Setting};

mod unit_of_work;

/// Timeout of a request that waits for a connection. Below the ingestion deadline of 4.4 s.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that was idle for less than this is used without a ping.
const SKIP_PING_WITHIN: Duration = Duration::from_secs(1);

/// Acquires a connection; opens one on `runtime` if none is idle, see [`Db::Postgres`].
pub(super) async fn acquire(pool: &PgPool, runtime: &Handle) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    TokioContext::new(pool.acquire(), runtime.clone()).await
}

/// Begins a unit of work on a connection acquired in the same way.
pub(super) async fn begin(pool: &PgPool, runtime: &Handle) -> Result<UnitOfWork, sqlx::Error> {
    UnitOfWork::begin(acquire(pool, runtime).await?, "BEGIN").await
}

/// The advisory lock that units of work share while they change payments. It is in memory: a batch writes nothing for it.
macro_rules! ingestion_lock {
    () => {
        "42006174"
    };
}

pub(super) use ingestion_lock;

/// Like [`begin`], with the lock shared. It is taken before the first statement, whose snapshot then has all changes made under
/// the exclusive lock; with the BEGIN, because that costs no further round trip.
pub(super) async fn begin_ingesting(pool: &PgPool, runtime: &Handle) -> Result<UnitOfWork, sqlx::Error> {
    const BEGIN: &str = concat!("BEGIN; SELECT pg_advisory_xact_lock_shared(", ingestion_lock!(), ")");
    UnitOfWork::begin(acquire(pool, runtime).await?, BEGIN).await
}

/// Waits for the units of work of [`begin_ingesting`], and keeps others from beginning.
pub(super) async fn exclude_ingestion(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    const LOCK: &str = concat!("SELECT pg_advisory_xact_lock(", ingestion_lock!(), ")");
    sqlx::query(LOCK).execute(tx).await.map(drop)
}

/// Parses a URL. The error message does not repeat it.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, String> {
    PgConnectOptions::from_str(url)
        .map_err(|_| "DATABASE_URL is no PostgreSQL address: write postgres://USER:PASSWORD@HOST/NAME.".to_owned())
}

pub(super) async fn connect(url: &str) -> Result<Db, DbError> {
    let options = options(url).map_err(|sentence| DbError::Unavailable(sqlx::Error::Configuration(sentence.into())))?;
    let options = options.application_name("ks-pay").options([
        ("synchronous_commit", "on"),
        ("statement_timeout", "2000"),
        ("lock_timeout", "2000"),
        // A server that crashed or hangs in a unit of work must not keep its locks.
        ("idle_in_transaction_session_timeout", "5000"),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        // Payment states are read after they are locked: concurrent commits must be visible.
        ("default_transaction_isolation", "read committed"),
    ]);
    // A pool retries until its timeout and then reports only the timeout: a single connection reports the cause.
    let first = tokio::time::timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(&options)).await;
    first.map_err(|_| DbError::Unavailable(sqlx::Error::PoolTimedOut))??.close().await?;
    let pool = PgPoolOptions::new()
        // Reaping is off because of a bug in sqlx 0.9.0: when two threads acquire and release concurrently, its idle count can
        // underflow, and the reaper then loops forever on one core.
        .idle_timeout(None)
        .max_lifetime(None)
        .max_connections(16)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|conn: &mut PgConnection, meta| {
            Box::pin(async move { if meta.idle_for < SKIP_PING_WITHIN { Ok(true) } else { ping(conn).await } })
        })
        // sqlx pings each connection when it is released, without a timeout: it would wait forever for a dead one.
        .after_release(|conn: &mut PgConnection, _| Box::pin(ping(conn)))
        // Multi-row statements have a text for each power of two.
        .connect_with(options.statement_cache_capacity(256))
        .await?;
    Ok(Db::Postgres { pool, runtime: Handle::current() })
}

async fn ping(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    tokio::time::timeout(ACQUIRE_TIMEOUT, conn.ping()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    Ok(true)
}

/// Delay before another attempt to subscribe.
const RESUBSCRIBE_DELAY: Duration = Duration::from_secs(1);

/// Resolves on a notification on the channel, and after every reconnect, because one may have been missed.
pub(super) async fn wait_for_notification(pool: &PgPool, channel: &str, listener: &mut Option<PgListener>) {
    loop {
        let result = match listener {
            Some(listener) => listener.try_recv().await.map(drop),
            None => match listen(pool, channel).await {
                Ok(new) => return *listener = Some(new),
                Err(error) => Err(error),
            },
        };
        match result {
            Ok(()) => return,
            Err(error) => {
                tracing::debug!(%error, "LISTEN failed; retrying");
                *listener = None;
                tokio::time::sleep(RESUBSCRIBE_DELAY).await;
            }
        }
    }
}

async fn listen(pool: &PgPool, channel: &str) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(channel).await?;
    Ok(listener)
}

/// Reads the settings in a session of the pool, because `synchronous_commit` can differ from the server's default.
pub(super) async fn durability(pool: &PgPool) -> Result<Vec<Setting>, DbError> {
    let mut conn = pool.acquire().await?;
    let mut show = async |statement: &'static str| sqlx::query_scalar::<_, String>(statement).fetch_one(&mut *conn).await;
    Ok(vec![
        Setting::informational("PostgreSQL version", show("SHOW server_version").await?),
        fsync(show("SHOW fsync").await?),
        synchronous_commit(show("SHOW synchronous_commit").await?),
        full_page_writes(show("SHOW full_page_writes").await?),
    ])
}

fn fsync(value: String) -> Setting {
    let keeps = value == "on";
    Setting::required("fsync", value, keeps, "Set fsync = on, or a power cut loses acknowledged events.")
}

/// With every value but `off` a commit waits for the server's own disk; they differ in what they require of standbys.
fn synchronous_commit(value: String) -> Setting {
    let keeps = matches!(value.as_str(), "on" | "local" | "remote_write" | "remote_apply");
    let remedy = "Set synchronous_commit = on for this database: a pooler in between drops what ks-pay sets for its sessions.";
    Setting::required("synchronous_commit", value, keeps, remedy)
}

fn full_page_writes(value: String) -> Setting {
    let keeps = value == "on";
    Setting::required("full_page_writes", value, keeps, "Set full_page_writes = on, or a power cut can corrupt the database.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeps(setting: &Setting) -> bool {
        setting.remedy.is_none()
    }

    #[test]
    fn a_setting_is_good_only_where_a_commit_waits_for_the_disk() {
        for value in ["on", "local", "remote_write", "remote_apply"] {
            assert!(keeps(&synchronous_commit(value.into())), "{value}");
        }
        assert!(keeps(&fsync("on".into())) && keeps(&full_page_writes("on".into())));
        for value in ["off", "", "some day"] {
            for judge in [fsync, synchronous_commit, full_page_writes] {
                assert!(!keeps(&judge(value.into())), "{value:?}");
            }
        }
    }
}
