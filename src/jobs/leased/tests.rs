//! Tests which of two servers on one database holds a lease.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::*;
use crate::{db::Location, primitives::time::Timestamp};

const INTERVAL: Duration = Duration::from_hours(1);

struct Nothing;

impl Periodic for Nothing {
    const NAME: &'static str = "nothing";

    fn interval(&self) -> Duration {
        INTERVAL
    }

    async fn run(&mut self) -> Result<(), DbError> {
        Ok(())
    }
}

async fn administer(server: &str, statement: String) {
    let mut admin = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
}

/// Runs a test on a database of the engine that the suite runs on.
async fn on_a_database(name: &str, test: impl AsyncFnOnce(&Db)) {
    let directory = tempfile::tempdir().unwrap();
    let is_postgres = std::env::var("TEST_DATABASE").is_ok_and(|engine| engine == "postgres");
    let server = is_postgres.then(|| std::env::var("TEST_POSTGRES_URL").unwrap());
    let name = format!("ks_pay_lease_{}_{name}", std::process::id());
    let location = match &server {
        Some(address) => {
            administer(address, format!("CREATE DATABASE {name}")).await;
            let mut url = url::Url::parse(address).unwrap();
            url.set_path(&name);
            Location::parse(url.as_str()).unwrap()
        }
        None => Location::Sqlite(directory.path().join("ks-pay.db")),
    };
    let Ok(db) = Db::open(&location).await else { panic!("it opens") };
    test(&db).await;
    db.close().await;
    if let Some(address) = &server {
        administer(address, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}

fn at(time: Timestamp, db: &Db) -> Leased<Nothing> {
    Leased::new(Nothing, db, &Clock::fixed(time))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_holds_the_lease_until_it_expires_or_is_returned() {
    on_a_database("holder", async |db| {
        let start = Timestamp::from_seconds(1_795_343_400);
        let later = |hours| start.plus(INTERVAL * hours);
        let mut first = at(start, db);
        assert!(first.take().await.unwrap());
        assert!(!at(start, db).take().await.unwrap());
        first.clock = Clock::fixed(later(1));
        assert!(first.take().await.unwrap(), "it renews its own");
        let mut second = at(later(2), db);
        assert!(!second.take().await.unwrap());
        second.clock = Clock::fixed(later(3));
        assert!(second.take().await.unwrap(), "the first was killed");
        first.clock = Clock::fixed(later(3));
        assert!(!first.take().await.unwrap());
        first.release().await.unwrap();
        assert!(!first.take().await.unwrap(), "it returns no lease but its own");
        second.release().await.unwrap();
        assert!(first.take().await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_a_clock_ahead_took_is_ignored_and_one_of_a_clock_slightly_ahead_is_not() {
    on_a_database("ahead", async |db| {
        let now = Timestamp::from_seconds(1_795_343_400);
        assert!(at(now.plus(CLOCK_TOLERANCE), db).take().await.unwrap());
        assert!(!at(now, db).take().await.unwrap());
        let year = Duration::from_hours(24 * 365);
        assert!(at(now.plus(year), db).take().await.unwrap());
        assert!(at(now, db).take().await.unwrap());
    })
    .await;
}
