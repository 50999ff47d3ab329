//! A database for a unit test, of the engine that the suite runs on.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{Db, Location};

/// An empty database with all tables.
pub(crate) struct TestDb {
    pub(crate) db: Db,
    pub(crate) location: Location,
    /// The URL of the server and the name of the database, on PostgreSQL.
    server: Option<(String, String)>,
    _directory: tempfile::TempDir,
}

impl TestDb {
    /// Creates one; no other test has that name.
    pub(crate) async fn new(name: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut location = Location::Sqlite(directory.path().join("ks-pay.db"));
        let mut server = None;
        if std::env::var("TEST_DATABASE").is_ok_and(|engine| engine == "postgres") {
            let address = std::env::var("TEST_POSTGRES_URL").unwrap();
            let name = format!("ks_pay_{}_{name}", std::process::id());
            administer(&address, format!("CREATE DATABASE {name}")).await;
            let mut url = url::Url::parse(&address).unwrap();
            url.set_path(&name);
            location = Location::parse(url.as_str()).unwrap();
            server = Some((address, name));
        }
        let Ok(db) = Db::open(&location).await else { panic!("it opens") };
        Self { db, location, server, _directory: directory }
    }

    /// Deletes it.
    pub(crate) async fn end(self) {
        self.db.close().await;
        if let Some((server, name)) = self.server {
            administer(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

async fn administer(server: &str, statement: String) {
    let mut admin = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
}
