//! The independent parts of a long test, an enumeration: on all cores, since the runner gives a test one thread, and only some of
//! them where `scripts/check` knows that the present code has passed with all.

use std::{
    sync::{Mutex, PoisonError},
    thread,
};

/// Calls `work` with each item, on as many threads as there are cores; returns the results in no particular order. A panic of one
/// is a panic of the caller.
pub(crate) fn in_parallel<T: Send, R: Send>(items: impl IntoIterator<Item = T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let items: Mutex<Vec<T>> = Mutex::new(items.into_iter().collect());
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let run = || std::iter::from_fn(next).map(&work).collect::<Vec<R>>();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let running: Vec<_> = (0..cores).map(|_| scope.spawn(run)).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("a part failed")).collect()
    })
}

/// Returns the items of an enumeration: all, or the first of every `step` if the environment variable `ENUMERATIONS` is `sampled`.
pub(crate) fn sampled<T>(items: impl IntoIterator<Item = T>, step: usize) -> impl Iterator<Item = T> {
    let is_sampled = std::env::var("ENUMERATIONS").is_ok_and(|value| value == "sampled");
    items.into_iter().step_by(if is_sampled { step } else { 1 })
}

#[test]
fn every_item_is_worked_on_once() {
    let mut results = in_parallel(0..100, |number| number * 2);
    results.sort_unstable();
    assert_eq!(results, (0..100).map(|number| number * 2).collect::<Vec<_>>());
}
