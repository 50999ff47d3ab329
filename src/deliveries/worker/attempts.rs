//! The attempts of deliveries that were claimed together.
//!
//! Invariant: each claimed delivery is reported exactly once. A panic is reported as an attempt, because a delivery that always panics
//! would be sent forever otherwise.

use std::panic::AssertUnwindSafe;

use futures_util::future::FutureExt as _;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::{
    Claimed, Finished,
    send::{Ready, Sender, ToSend},
};
use crate::primitives::time::Clock;

/// The context of attempts.
#[derive(Clone)]
pub(super) struct Attempts {
    pub(super) sender: Sender,
    pub(super) clock: Clock,
    pub(super) ending: UnboundedSender<Finished>,
}

impl Attempts {
    /// Sends the deliveries of each batch, until the worker has ended.
    pub(super) async fn run_all(self, mut batches: UnboundedReceiver<Vec<Claimed>>) {
        while let Some(batch) = batches.recv().await {
            drop(tokio::spawn(self.clone().run(batch)));
        }
    }

    /// Reads the deliveries of one destination and sends them, each in a task of its own.
    async fn run(self, batch: Vec<Claimed>) {
        let (again, began_at) = (batch.clone(), self.clock.now());
        let Ok(ready) = AssertUnwindSafe(self.sender.prepare(batch)).catch_unwind().await else {
            // The panic hook has logged the cause.
            for claimed in again {
                self.end(Finished::panicked(claimed, began_at));
            }
            return;
        };
        for one in ready {
            match one {
                Ready::Ended(finished) => self.end(*finished),
                Ready::ToSend(to_send) => drop(tokio::spawn(self.clone().send(*to_send))),
            }
        }
    }

    async fn send(self, to_send: ToSend) {
        let (again, began_at) = (to_send.claimed.clone(), to_send.began_at);
        let attempt = AssertUnwindSafe(self.sender.send(to_send)).catch_unwind().await;
        self.end(attempt.unwrap_or_else(|_| Finished::panicked(again, began_at)));
    }

    fn end(&self, finished: Finished) {
        // The channel is closed once the worker has ended.
        let _ = self.ending.send(finished);
    }
}
