//! The queues from the response path to the recorder's task, bounded in number and in bytes.
//!
//! Invariant: nothing waits for room in a queue, and requests at unknown endpoints take no room from the others.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{
    OwnedSemaphorePermit, Semaphore,
    mpsc::{self, Receiver, Sender},
};

use crate::rejections::RejectedRequest;

/// The most requests in a queue. More are only counted.
const MAX_QUEUED: usize = 256;
/// What their bodies may take, in KiB.
const MAX_QUEUED_KIB: usize = 16 * 1024;

/// A request, with the part of the queue's budget that it takes until it is buffered.
pub(super) type Queued = (RejectedRequest, OwnedSemaphorePermit);

/// The sending end of a queue. Cheap to clone.
#[derive(Clone)]
pub(super) struct Queue {
    sender: Sender<Queued>,
    budget: Arc<Semaphore>,
}

/// The receiving ends of both.
pub(super) struct Queues {
    pub(super) known: Receiver<Queued>,
    pub(super) unknown: Receiver<Queued>,
}

impl Queue {
    pub(super) fn new() -> (Self, Receiver<Queued>) {
        let (sender, receiver) = mpsc::channel(MAX_QUEUED);
        (Self { sender, budget: Arc::new(Semaphore::new(MAX_QUEUED_KIB)) }, receiver)
    }

    /// Hands a request over, or returns it when there is no room.
    pub(super) fn hand_over(&self, refused: RejectedRequest) -> Option<RejectedRequest> {
        let size = refused.body.as_ref().map_or(0, Bytes::len);
        match Arc::clone(&self.budget).try_acquire_many_owned(u32::try_from(size / 1024 + 1).unwrap_or(u32::MAX)) {
            Ok(permit) => self.sender.try_send((refused, permit)).err().map(|unsent| unsent.into_inner().0),
            Err(_) => Some(refused),
        }
    }
}
