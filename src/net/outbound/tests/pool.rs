//! Which idle connections stay open.

use std::{sync::Arc, time::Duration};

use tokio::time::{advance, sleep};

use super::super::pool::Pool;

/// Stores connections that are numbers.
fn filled(stored: impl IntoIterator<Item = (&'static str, usize)>) -> Pool<usize> {
    let pool = Pool::new();
    stored.into_iter().for_each(|(key, connection)| pool.store(key.to_owned(), connection));
    pool
}

fn drained(pool: &Pool<usize>, key: &str) -> Vec<usize> {
    std::iter::from_fn(|| pool.take(key, |_| true)).collect()
}

#[tokio::test(start_paused = true)]
async fn the_connection_that_was_used_last_is_taken_first() {
    let pool = filled([("a", 1), ("b", 2), ("a", 3)]);
    assert_eq!(drained(&pool, "a"), [3, 1]);
    assert!(drained(&pool, "a").is_empty());
    assert_eq!(drained(&pool, "b"), [2]);
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_is_passed_over_and_dropped() {
    let pool = filled([("a", 1), ("a", 2), ("a", 3)]);
    assert_eq!(pool.take("a", |connection| *connection == 1), Some(1));
    assert!(drained(&pool, "a").is_empty());
}

#[tokio::test(start_paused = true)]
async fn four_are_kept_of_a_host_and_256_in_all() {
    let pool = filled((1..=6).map(|number| ("a", number)));
    assert_eq!(drained(&pool, "a"), [6, 5, 4, 3]);
    let pool = Pool::new();
    (0..300).for_each(|number: usize| pool.store(number.to_string(), number));
    let kept: Vec<usize> = (0..300).flat_map(|number| drained(&pool, &number.to_string())).collect();
    assert_eq!(kept, (44..300).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn after_ten_seconds_a_connection_is_not_used_again() {
    let pool = filled([("a", 1), ("a", 2)]);
    advance(Duration::from_millis(9_999)).await;
    assert_eq!(pool.take("a", |_| true), Some(2));
    advance(Duration::from_millis(1)).await;
    assert!(drained(&pool, "a").is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_ten_seconds_and_so_is_one_that_comes_later() {
    let pool = Pool::new();
    let store = |pool: &Pool<Arc<()>>| {
        let connection = Arc::new(());
        pool.store("a".to_owned(), Arc::clone(&connection));
        connection
    };
    for _ in 0..2 {
        let first = store(&pool);
        sleep(Duration::from_secs(4)).await;
        let second = store(&pool);
        let open = || [&first, &second].map(|connection| Arc::strong_count(connection) == 2);
        sleep(Duration::from_millis(5_990)).await;
        assert_eq!(open(), [true, true]);
        sleep(Duration::from_millis(20)).await;
        assert_eq!(open(), [false, true]);
        sleep(Duration::from_secs(4)).await;
        assert_eq!(open(), [false, false]);
    }
}
