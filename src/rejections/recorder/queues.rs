//! The queues from the response path to the recorder's task, bounded in number and in bytes.
//!
//! Invariant: the response path never waits for capacity, and requests to unknown endpoints take none from the others.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    mpsc::{self, Receiver, Sender},
};

use crate::rejections::RejectedRequest;

/// The capacity of a queue, in requests. Further requests are only counted.
const MAX_QUEUED: usize = 256;
/// The capacity for their bodies, in KiB.
const MAX_QUEUED_KIB: usize = 16 * 1024;

/// A request, with the permit for its part of the queue's budget, which it holds until it is buffered.
pub(crate) type Queued = (RejectedRequest, OwnedSemaphorePermit);

/// The sending end of a queue. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Queue {
    sender: Sender<Queued>,
    budget: Arc<Semaphore>,
}

/// The receiving ends of both queues.
pub(crate) struct Queues {
    pub(crate) known: Receiver<Queued>,
    pub(crate) unknown: Receiver<Queued>,
}

impl Queue {
    pub(crate) fn new() -> (Self, Receiver<Queued>) {
        let (sender, receiver) = mpsc::channel(MAX_QUEUED);
        (Self { sender, budget: Arc::new(Semaphore::new(MAX_QUEUED_KIB)) }, receiver)
    }

    /// Enqueues a request, or returns it if the queue is full.
    pub(crate) fn hand_over(&self, rejected: RejectedRequest) -> Option<RejectedRequest> {
        let size = rejected.body.as_ref().map_or(0, Bytes::len);
        match Arc::clone(&self.budget).try_acquire_many_owned(u32::try_from(size / 1024 + 1).unwrap_or(u32::MAX)) {
            Ok(permit) => self.sender.try_send((rejected, permit)).err().map(|unsent| unsent.into_inner().0),
            Err(_) => Some(rejected),
        }
    }
}
