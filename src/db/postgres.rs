//! PostgreSQL as we run it: every session commits to disk, and no statement outlives the ingestion deadline.

use std::{str::FromStr as _, time::Duration};

use sqlx::{
    Connection as _, PgConnection, PgPool, Postgres, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgListener},
};
use tokio::runtime::Handle;
use tokio_util::context::TokioContext;

use super::{Db, DbError, Setting};

/// How long a request waits for a connection. Below the ingestion deadline of 4.4 s.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that lay so long is asked whether it is still there. One that was used a moment ago need not be.
const SKIP_PING_WITHIN: Duration = Duration::from_secs(1);

/// Takes a connection, which is opened on `runtime` if none is idle: see [`Db::Postgres`].
pub(super) async fn acquire(pool: &PgPool, runtime: &Handle) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    TokioContext::new(pool.acquire(), runtime.clone()).await
}

/// Begins a transaction on such a connection.
pub(super) async fn begin(pool: &PgPool, runtime: &Handle) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    // A BEGIN that nobody waited for leaves a transaction that the driver does not know of; ROLLBACK ends it.
    TokioContext::new(pool.begin_with("ROLLBACK; BEGIN"), runtime.clone()).await
}

/// Reads a URL; the sentence for a wrong one does not repeat it.
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
        // A server that died or froze in a unit of work must not keep its locks.
        ("idle_in_transaction_session_timeout", "5000"),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        // Stories are locked and then read anew: what was committed meanwhile must be seen.
        ("default_transaction_isolation", "read committed"),
        // Every unit of work begins with a rollback of nothing.
        ("client_min_messages", "error"),
    ]);
    // A pool tries again until its time is over, and then tells only that: one connection by itself tells the cause.
    let first = tokio::time::timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(&options)).await;
    first.map_err(|_| DbError::Unavailable(sqlx::Error::PoolTimedOut))??.close().await?;
    let pool = super::no_reap_pool_options()
        .max_connections(16)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|conn: &mut PgConnection, meta| {
            Box::pin(async move { if meta.idle_for < SKIP_PING_WITHIN { Ok(true) } else { answers(conn).await } })
        })
        // sqlx looks at each connection that comes back, and would wait for a dead one for ever.
        .after_release(|conn: &mut PgConnection, _| Box::pin(answers(conn)))
        // Statements over many rows have a text for each power of two.
        .connect_with(options.statement_cache_capacity(256))
        .await?;
    Ok(Db::Postgres { pool, runtime: Handle::current() })
}

async fn answers(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    tokio::time::timeout(ACQUIRE_TIMEOUT, conn.ping()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
    Ok(true)
}

/// How long until a server that does not let us listen is asked again.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// Returns when something was said on the channel, or may have been said while nobody listened.
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
                tracing::debug!(%error, "PostgreSQL does not let us listen");
                *listener = None;
                tokio::time::sleep(LISTEN_AGAIN).await;
            }
        }
    }
}

async fn listen(pool: &PgPool, channel: &str) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(channel).await?;
    Ok(listener)
}

/// What a session of the pool has: `synchronous_commit` is the session's, whatever the server's default is.
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

/// Every value but `off` waits for this server's own disk; they differ in what they ask of standbys.
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
