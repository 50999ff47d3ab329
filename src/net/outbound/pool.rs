//! Idle connections, held open for the next request to the same host.
//!
//! Invariant: the pool has at most [`MAX_IDLE`] connections, and [`MAX_IDLE_PER_HOST`] per host. A connection that was idle for
//! [`MAX_IDLE_TIME`] is not used again; it is closed when another connection is stored.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use url::{Position, Url};

use super::connection::Connection;

/// The maximum number of idle connections.
const MAX_IDLE: usize = 256;
/// The maximum number of idle connections of one scheme, host and port.
const MAX_IDLE_PER_HOST: usize = 4;
/// How long an idle connection can be used again.
const MAX_IDLE_TIME: Duration = Duration::from_secs(10);

/// The idle connections, the most recently used one last.
pub(super) struct Pool<C = Connection>(Mutex<Vec<Idle<C>>>);

struct Idle<C> {
    key: String,
    connection: C,
    since: Instant,
}

impl<C> Pool<C> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Takes the most recently used connection of this key that is still idle.
    pub(super) fn take(&self, key: &str, is_idle: impl Fn(&C) -> bool) -> Option<C> {
        let mut idle = self.lock();
        while let Some(at) = idle.iter().rposition(|found| found.key == key) {
            let found = idle.remove(at);
            if found.since.elapsed() < MAX_IDLE_TIME && is_idle(&found.connection) {
                return Some(found.connection);
            }
        }
        None
    }

    /// Stores a connection, and closes those that are too old or too many.
    pub(super) fn store(&self, key: String, connection: C) {
        let mut idle = self.lock();
        idle.retain(|found| found.since.elapsed() < MAX_IDLE_TIME);
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
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle<C>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the scheme, host and port of a URL.
pub(super) fn key(url: &Url) -> String {
    url[..Position::BeforePath].to_owned()
}
