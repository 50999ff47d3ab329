//! Idle connections, held open for the next request to the same host.
//!
//! Invariant: the pool has at most [`MAX_IDLE`] connections, and [`MAX_IDLE_PER_HOST`] per host. A connection that was idle for
//! [`MAX_IDLE_TIME`] is closed.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use url::{Position, Url};

use super::connection::Connection;

/// The maximum number of idle connections.
const MAX_IDLE: usize = 256;
/// The maximum number of idle connections of one scheme, host and port.
const MAX_IDLE_PER_HOST: usize = 4;
/// How long an idle connection can be used again.
const MAX_IDLE_TIME: Duration = Duration::from_secs(10);

/// The idle connections.
pub(super) struct Pool<C = Connection>(Arc<Mutex<Held<C>>>);

struct Held<C> {
    /// The most recently used one last.
    idle: Vec<Idle<C>>,
    /// The task that closes connections that were idle for too long. It ends with the thread that it runs on.
    closing: Option<JoinHandle<()>>,
}

struct Idle<C> {
    key: String,
    connection: C,
    since: Instant,
}

impl<C: Send + 'static> Pool<C> {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Held { idle: Vec::new(), closing: None })))
    }

    /// Takes the most recently used connection of this key that is still idle.
    pub(super) fn take(&self, key: &str, is_idle: impl Fn(&C) -> bool) -> Option<C> {
        let mut held = lock(&self.0);
        while let Some(at) = held.idle.iter().rposition(|found| found.key == key) {
            let found = held.idle.remove(at);
            if found.since.elapsed() < MAX_IDLE_TIME && is_idle(&found.connection) {
                return Some(found.connection);
            }
        }
        None
    }

    /// Stores a connection, and closes those that are too many.
    pub(super) fn store(&self, key: String, connection: C) {
        let mut held = lock(&self.0);
        let idle = &mut held.idle;
        let of_this_host = idle.iter().filter(|found| found.key == key).count();
        let oldest = if of_this_host >= MAX_IDLE_PER_HOST {
            idle.iter().position(|found| found.key == key)
        } else {
            (idle.len() >= MAX_IDLE).then_some(0)
        };
        if let Some(oldest) = oldest {
            idle.remove(oldest);
        }
        idle.push(Idle { key, connection, since: Instant::now() });
        if held.closing.as_ref().is_none_or(JoinHandle::is_finished) {
            held.closing = Some(tokio::spawn(close_old(Arc::downgrade(&self.0))));
        }
    }
}

/// Closes connections as they become too old, until there are none.
async fn close_old<C>(pool: Weak<Mutex<Held<C>>>) {
    while let Some(until) = close_those_until_now(&pool) {
        sleep_until(until).await;
    }
}

/// Returns when the next one is too old; `None` if there is none.
fn close_those_until_now<C>(pool: &Weak<Mutex<Held<C>>>) -> Option<Instant> {
    let pool = pool.upgrade()?;
    let mut held = lock(&pool);
    held.idle.retain(|found| found.since.elapsed() < MAX_IDLE_TIME);
    let next = held.idle.first().map(|found| found.since + MAX_IDLE_TIME);
    if next.is_none() {
        held.closing = None;
    }
    next
}

fn lock<C>(held: &Mutex<Held<C>>) -> MutexGuard<'_, Held<C>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the scheme, host and port of a URL.
pub(super) fn key(url: &Url) -> String {
    url[..Position::BeforePath].to_owned()
}
