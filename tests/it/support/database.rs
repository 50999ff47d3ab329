//! One database per test, on the engine that `TEST_DATABASE` names.

use std::sync::atomic::{AtomicU64, Ordering};

use ks_pay::db::{Db, Location};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::Installation;

/// Arbitrary number, the same in every run.
const TEMPLATE_LOCK: i64 = 7_271_966;

/// Location of the test's database.
pub(crate) enum Database {
    /// In the data directory, by default.
    Sqlite,
    /// Separate database on the server under test.
    Postgres { server: String, name: String, url: String },
}

/// Returns the PostgreSQL server to test on, if there is one.
pub(crate) fn postgres_server() -> Option<String> {
    std::env::var("TEST_POSTGRES_URL").ok()
}

/// Returns whether the suite runs on PostgreSQL.
pub(crate) fn is_postgres() -> bool {
    match std::env::var("TEST_DATABASE").as_deref() {
        Err(_) | Ok("sqlite") => false,
        Ok("postgres") => true,
        Ok(_) => panic!("TEST_DATABASE is sqlite or postgres"),
    }
}

impl Database {
    pub(crate) async fn new() -> Self {
        if !is_postgres() {
            return Self::Sqlite;
        }
        Self::postgres(postgres_server().expect("TEST_DATABASE=postgres needs TEST_POSTGRES_URL")).await
    }

    pub(crate) async fn postgres(server: String) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("ks_pay_it_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut admin = PgConnection::connect(&server).await.unwrap();
        // Released with the connection, however it ends.
        sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut admin).await.unwrap();
        let template = template(&mut admin, &server).await;
        run(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        admin.close().await.unwrap();
        let url = on(&server, &name);
        Self::Postgres { server, name, url }
    }

    pub(crate) fn url(&self) -> Option<&str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { url, .. } => Some(url),
        }
    }
}

impl Drop for Database {
    /// Drops the database, except that of a failed test.
    fn drop(&mut self) {
        if let Self::Postgres { server, name, .. } = self
            && !std::thread::panicking()
        {
            let drop = async {
                let mut admin = PgConnection::connect(server).await.unwrap();
                run(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
                admin.close().await.unwrap();
            };
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(drop));
        }
    }
}

/// Returns the template database with these migrations, created once. The caller holds the lock.
async fn template(admin: &mut PgConnection, server: &str) -> String {
    let name = format!("ks_pay_template_{}", migrations_digest());
    let is_there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut *admin)
        .await
        .unwrap();
    if !is_there {
        let draft = format!("{name}_draft");
        run(admin, format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
        run(admin, format!("CREATE DATABASE {draft}")).await;
        Db::open(&Location::parse(&on(server, &draft)).unwrap()).await.unwrap().close().await;
        run(admin, format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
    }
    name
}

fn migrations_digest() -> String {
    let mut digest = Sha256::new();
    for (name, text) in migrations("postgres") {
        digest.update(name);
        digest.update(text);
    }
    super::signing::hex(&digest.finalize()[..6])
}

/// Returns the migrations of an engine, in order: file name and text.
pub(crate) fn migrations(engine: &str) -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
    let mut found: Vec<_> = super::files(&folder)
        .into_iter()
        .map(|(path, text)| (path.file_name().unwrap().to_str().unwrap().to_owned(), String::from_utf8(text).unwrap()))
        .collect();
    found.sort();
    found
}

/// Returns the URL of another database on the same server.
fn on(server: &str, name: &str) -> String {
    let (path, query) = server.split_once('?').map_or((server, None), |(path, query)| (path, Some(query)));
    let (base, _) = path.rsplit_once('/').unwrap();
    query.map_or_else(|| format!("{base}/{name}"), |query| format!("{base}/{name}?{query}"))
}

async fn run(admin: &mut PgConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(admin).await.unwrap();
}

impl Installation {
    /// Runs one statement directly on the database, without the product's limit of its duration.
    pub(crate) async fn sql(&self, statement: &'static str) -> u64 {
        let db = Db::connect(&self.location()).await.unwrap();
        let touched = match &db {
            Db::Sqlite { writer, .. } => {
                sqlx::query(statement).execute(&mut writer.acquire().await.unwrap()).await.unwrap().rows_affected()
            }
            Db::Postgres { pool, .. } => {
                let mut on = pool.acquire().await.unwrap();
                run(&mut on, "SET statement_timeout = 0".to_owned()).await;
                sqlx::query(statement).execute(&mut *on).await.unwrap().rows_affected()
            }
        };
        db.close().await;
        touched
    }

    /// Adds the refund `rfnd_Shared` and the dispute `disp_Shared` to every payment.
    pub(crate) async fn share_refund_and_dispute(&self) {
        self.sql(
            "INSERT INTO refunds (transaction_id, refund_id, app_id, amount_subunits, currency, status, status_at, digest, \
             reported_refunded_subunits, failed_refunded_subunits) \
             SELECT id, 'rfnd_Shared', app_id, 1, 'INR', 'processed', 0, 0, 0, 0 FROM transactions",
        )
        .await;
        self.sql(
            "INSERT INTO disputes (transaction_id, dispute_id, company_id, app_id, mode, status, status_at, digest, amount_subunits, \
             currency) SELECT t.id, 'disp_Shared', c.company_id, t.app_id, t.mode, 'won', 0, 0, 1, 'INR' FROM transactions AS t \
             JOIN connections AS c ON c.id = t.connection_id",
        )
        .await;
    }

    /// Records a migration that this binary does not know.
    pub(crate) async fn make_newer(&self) {
        let statement = "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
                         SELECT 9999, 'later', installed_on, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1";
        assert_eq!(self.sql(statement).await, 1);
    }

    /// Selects a number directly from the database.
    pub(crate) async fn count(&self, statement: &'static str) -> i64 {
        let db = Db::connect(&self.location()).await.unwrap();
        let count = match &db {
            Db::Sqlite { writer, .. } => {
                sqlx::query_scalar(statement).fetch_one(&mut writer.acquire().await.unwrap()).await.unwrap()
            }
            Db::Postgres { pool, .. } => sqlx::query_scalar(statement).fetch_one(pool).await.unwrap(),
        };
        db.close().await;
        count
    }

    /// Selects texts directly from the database.
    pub(crate) async fn texts(&self, statement: &'static str) -> Vec<String> {
        let db = Db::connect(&self.location()).await.unwrap();
        let texts = match &db {
            Db::Sqlite { writer, .. } => {
                sqlx::query_scalar(statement).fetch_all(&mut writer.acquire().await.unwrap()).await.unwrap()
            }
            Db::Postgres { pool, .. } => sqlx::query_scalar(statement).fetch_all(pool).await.unwrap(),
        };
        db.close().await;
        texts
    }

    /// Blocks others from writing events until the lock is released.
    pub(crate) async fn lock_events(&self) -> Lock {
        self.lock("LOCK TABLE events").await
    }

    /// Blocks others from reading secrets until the lock is released.
    pub(crate) async fn lock_secrets(&self) -> Lock {
        self.lock("LOCK TABLE secrets").await
    }

    /// Blocks others from changing the oldest rejected request until the lock is released.
    pub(crate) async fn lock_oldest_rejected_request(&self) -> Lock {
        self.lock("SELECT 1 FROM rejected_requests ORDER BY id LIMIT 1 FOR UPDATE").await
    }

    /// Blocks others from changing the activity of the oldest connection until the lock is released.
    pub(crate) async fn lock_oldest_activity(&self) -> Lock {
        self.lock("SELECT 1 FROM activity ORDER BY connection_id LIMIT 1 FOR UPDATE").await
    }

    /// Blocks others from changing connections and their secrets until the lock is released.
    pub(crate) async fn lock_connections(&self) -> Lock {
        self.lock("SELECT 1 FROM connections FOR UPDATE").await
    }

    /// Takes an id in a unit of work that lasts until the lock is released.
    pub(crate) async fn lock_ids(&self) -> Lock {
        self.lock("SELECT nextval('ids')").await
    }

    /// Blocks others from writing the installation's settings until the lock is released.
    pub(crate) async fn lock_installation(&self) -> Lock {
        self.lock("LOCK TABLE installation").await
    }

    /// Changes every user's password as the product does, and commits when the lock is released.
    pub(crate) async fn change_passwords(&self) -> Lock {
        let mut lock = self.lock("LOCK TABLE installation").await;
        for statement in ["UPDATE users SET password_hash = '$argon2id$' || id", "DELETE FROM sessions"] {
            match &mut lock.tx {
                ks_pay::db::Tx::Sqlite(tx) => sqlx::query(statement).execute(tx).await.map(drop).unwrap(),
                ks_pay::db::Tx::Postgres(tx) => sqlx::query(statement).execute(&mut **tx).await.map(drop).unwrap(),
            }
        }
        lock
    }

    /// On SQLite a lock always covers the whole database.
    async fn lock(&self, on_postgres: &'static str) -> Lock {
        let db = Db::connect(&self.location()).await.unwrap();
        let tx = match &db {
            Db::Sqlite { writer, .. } => {
                let mut tx = writer.acquire().await.unwrap();
                sqlx::query("BEGIN EXCLUSIVE").execute(&mut tx).await.unwrap();
                ks_pay::db::Tx::Sqlite(tx)
            }
            Db::Postgres { .. } => {
                let ks_pay::db::Tx::Postgres(mut tx) = db.begin().await.unwrap() else { unreachable!("on PostgreSQL") };
                // Our own sessions must not idle in a unit of work; this one represents another program's.
                sqlx::query("SET LOCAL idle_in_transaction_session_timeout = 0").execute(&mut *tx).await.unwrap();
                sqlx::query(on_postgres).execute(&mut *tx).await.unwrap();
                ks_pay::db::Tx::Postgres(tx)
            }
        };
        Lock { db, tx }
    }
}

/// Lock held by another program.
pub(crate) struct Lock {
    db: Db,
    tx: ks_pay::db::Tx,
}

impl Lock {
    pub(crate) async fn release(self) {
        self.tx.commit().await.unwrap();
        self.db.close().await;
    }
}
