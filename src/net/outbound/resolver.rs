//! Lookups of host names by the system's resolver.
//!
//! Invariant: a lookup cannot be cancelled and occupies a thread until the system gives up. So a name has at most one lookup at a time, and
//! each company a limited number: a name whose servers do not respond delays neither other names nor other companies.

use std::{
    collections::HashMap,
    net::{SocketAddr, ToSocketAddrs as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{BoxFuture, FutureExt as _, Shared};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task,
};

use crate::primitives::id::CompanyId;

/// The maximum number of concurrent lookups. The runtime has twice as many threads for blocking work.
const MAX_LOOKUPS: usize = 256;
/// The maximum number of concurrent lookups of a company.
const MAX_LOOKUPS_OF_COMPANY: usize = 16;

/// Resolves names.
pub(super) enum Resolver {
    System(System),
    /// Fixed answers of a test.
    #[cfg(test)]
    Fixed(super::tests::Names),
}

/// The blocking function that reads the addresses of a name.
type Read = dyn Fn(&str) -> Option<Vec<SocketAddr>> + Send + Sync;
/// A lookup in progress, for which several callers may wait. Its addresses have no port.
type Lookup = Shared<BoxFuture<'static, Option<Vec<SocketAddr>>>>;

/// The lookups of the system.
pub(super) struct System {
    read: Arc<Read>,
    all: Arc<Semaphore>,
    of_company: Mutex<HashMap<CompanyId, Arc<Semaphore>>>,
    /// The lookups in progress, by name.
    running: Arc<Mutex<HashMap<String, Lookup>>>,
}

impl Resolver {
    pub(super) fn system() -> Self {
        Self::System(System::new(|host| Some((host, 0).to_socket_addrs().ok()?.collect())))
    }

    /// Returns the addresses of a name for a company; `None` if it has none.
    pub(super) async fn lookup(&self, host: &str, port: u16, company: CompanyId) -> Option<Vec<SocketAddr>> {
        match self {
            Self::System(system) => system.lookup(host, port, company).await,
            #[cfg(test)]
            Self::Fixed(names) => names.lookup(host, port).await,
        }
    }
}

impl System {
    pub(super) fn new(read: impl Fn(&str) -> Option<Vec<SocketAddr>> + Send + Sync + 'static) -> Self {
        Self {
            read: Arc::new(read),
            all: Arc::new(Semaphore::new(MAX_LOOKUPS)),
            of_company: Mutex::default(),
            running: Arc::default(),
        }
    }

    pub(super) async fn lookup(&self, host: &str, port: u16, company: CompanyId) -> Option<Vec<SocketAddr>> {
        let running = lock(&self.running).get(host).cloned();
        let lookup = match running {
            Some(running) => running,
            None => self.begin(host, self.permits(company).await?),
        };
        let addresses = lookup.await?;
        Some(addresses.into_iter().map(|address| SocketAddr::new(address.ip(), port)).collect())
    }

    /// Waits until the company may begin a lookup.
    async fn permits(&self, company: CompanyId) -> Option<[OwnedSemaphorePermit; 2]> {
        let own = {
            let mut companies = lock(&self.of_company);
            companies.retain(|_, permits| Arc::strong_count(permits) > 1);
            Arc::clone(companies.entry(company).or_insert_with(|| Arc::new(Semaphore::new(MAX_LOOKUPS_OF_COMPANY))))
        };
        // The semaphores are never closed.
        let own = own.acquire_owned().await.ok()?;
        Some([own, Arc::clone(&self.all).acquire_owned().await.ok()?])
    }

    /// Begins a lookup, unless another began while this one waited for its permits. The lookup holds the permits until it ends.
    fn begin(&self, host: &str, permits: [OwnedSemaphorePermit; 2]) -> Lookup {
        let mut running = lock(&self.running);
        if let Some(other) = running.get(host) {
            return other.clone();
        }
        let (read, ended, name) = (Arc::clone(&self.read), Arc::clone(&self.running), host.to_owned());
        let reading = task::spawn_blocking(move || {
            let _permits = permits;
            let _entry = Entry(&ended, &name);
            read(&name)
        });
        let lookup = async move { reading.await.ok().flatten() }.boxed().shared();
        running.insert(host.to_owned(), lookup.clone());
        lookup
    }
}

/// The entry of a lookup, removed when it ends, also by a panic.
struct Entry<'a>(&'a Mutex<HashMap<String, Lookup>>, &'a str);

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        lock(self.0).remove(self.1);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
