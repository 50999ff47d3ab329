//! Lookups of names, as the system does them.

use std::{
    net::{SocketAddr, ToSocketAddrs as _},
    sync::Arc,
};

use tokio::{sync::Semaphore, task};

/// The maximum number of lookups at a time. A lookup cannot be cancelled and occupies a thread until the system gives up, so this
/// keeps threads for other work if the servers of some names do not respond.
const MAX_LOOKUPS: usize = 64;

/// Resolves names.
pub(super) enum Resolver {
    System(Arc<Semaphore>),
    /// The answers of a test.
    #[cfg(test)]
    Fixed(super::tests::Names),
}

impl Resolver {
    pub(super) fn system() -> Self {
        Self::System(Arc::new(Semaphore::new(MAX_LOOKUPS)))
    }

    /// Returns the addresses of a name; `None` if it has none.
    pub(super) async fn lookup(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        match self {
            Self::System(permits) => {
                let permit = Arc::clone(permits).acquire_owned().await.ok()?;
                let host = host.to_owned();
                let resolved = task::spawn_blocking(move || {
                    let _permit = permit;
                    (host.as_str(), port).to_socket_addrs().map(Vec::from_iter)
                });
                resolved.await.ok()?.ok()
            }
            #[cfg(test)]
            Self::Fixed(names) => names.lookup(host, port).await,
        }
    }
}
