//! Tests which of two servers on one database holds a lease.

use super::*;
use crate::{db::test_db::TestDb, primitives::time::Timestamp};

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

fn at(time: Timestamp, db: &Db) -> Leased<Nothing> {
    Leased::new(Nothing, db, &Clock::fixed(time))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_holds_the_lease_until_it_expires_or_is_returned() {
    let test = TestDb::new("lease_holder").await;
    let db = &test.db;
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
    test.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_a_clock_ahead_took_is_ignored_and_one_of_a_clock_slightly_ahead_is_not() {
    let test = TestDb::new("lease_ahead").await;
    let db = &test.db;
    let now = Timestamp::from_seconds(1_795_343_400);
    assert!(at(now.plus(CLOCK_TOLERANCE), db).take().await.unwrap());
    assert!(!at(now, db).take().await.unwrap());
    let year = Duration::from_hours(24 * 365);
    assert!(at(now.plus(year), db).take().await.unwrap());
    assert!(at(now, db).take().await.unwrap());
    test.end().await;
}
