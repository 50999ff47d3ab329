//! Faults of a database under a running server.

use std::process::Command;

use sqlx::{Connection as _, PgConnection};

use super::{Installation, database::Database, process::Process};

/// Outage in which a database cannot store anything.
#[derive(Clone, Copy)]
pub(crate) enum Outage {
    /// PostgreSQL is up and read-only, like a server that lost an election.
    ReadOnly,
    /// PostgreSQL ended every session and accepts no new one.
    Closed,
}

impl Installation {
    pub(crate) async fn begin_outage(&self, outage: Outage) {
        let statement = match outage {
            Outage::ReadOnly => "ALTER DATABASE {} SET default_transaction_read_only = on",
            Outage::Closed => "ALTER DATABASE {} ALLOW_CONNECTIONS false",
        };
        self.administer(statement).await;
        self.terminate("TRUE").await;
    }

    pub(crate) async fn end_outage(&self, outage: Outage) {
        let statement = match outage {
            Outage::ReadOnly => "ALTER DATABASE {} RESET default_transaction_read_only",
            Outage::Closed => "ALTER DATABASE {} ALLOW_CONNECTIONS true",
        };
        self.administer(statement).await;
        self.terminate("TRUE").await;
    }

    /// Waits for sessions that wait for a lock, and terminates them; returns how many.
    pub(crate) async fn terminate_those_who_wait(&self) -> i64 {
        loop {
            let ended = self.terminate("wait_event_type = 'Lock'").await;
            if ended > 0 {
                return ended;
            }
        }
    }

    async fn terminate(&self, which: &str) -> i64 {
        let (mut admin, name) = self.admin().await;
        let ending = format!(
            "SELECT COUNT(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}' AND {which}"
        );
        let ended = sqlx::query_scalar(sqlx::AssertSqlSafe(ending)).fetch_one(&mut admin).await.unwrap();
        admin.close().await.unwrap();
        ended
    }

    async fn administer(&self, statement: &str) {
        let (mut admin, name) = self.admin().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.replace("{}", name))).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
    }

    /// Returns an administrative connection outside the test's database, and the database's name.
    async fn admin(&self) -> (PgConnection, &str) {
        let Database::Postgres { server, name, .. } = &self.database else {
            panic!("only PostgreSQL has sessions");
        };
        (PgConnection::connect(server).await.unwrap(), name)
    }
}

impl Process {
    /// Makes every file write of this process fail, as on a disk that is full or mounted read-only. The process must ignore the
    /// signal that accompanies it.
    pub(crate) fn begin_writing_nothing(&self) {
        self.limit_files("0:");
    }

    pub(crate) fn end_writing_nothing(&self) {
        self.limit_files("unlimited:");
    }

    fn limit_files(&self, limit: &str) {
        let status = Command::new("prlimit").args(["--pid", &self.id().to_string(), &format!("--fsize={limit}")]).status();
        assert!(status.unwrap().success());
    }
}
