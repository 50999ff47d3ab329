//! The announcement of a shutdown, shared by everything that runs until then.

use std::sync::Arc;

use tokio::sync::watch;

/// The announcement of one server's shutdown. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(Arc<watch::Sender<bool>>);

impl Shutdown {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Announces the shutdown: streams end, and new webhook requests get a 503 response, so that they are retried.
    pub(crate) fn announce(&self) {
        self.0.send_replace(true);
    }

    pub(crate) fn is_announced(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the shutdown is announced.
    pub(crate) async fn announced(&self) {
        // This handle has the sender, so the channel cannot close.
        let _ = self.subscribe().wait_for(|is_announced| *is_announced).await;
    }

    /// Returns a receiver whose value becomes true on shutdown.
    pub(crate) fn subscribe(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}
