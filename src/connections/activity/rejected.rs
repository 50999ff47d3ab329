//! Rejected requests of a connection, aggregated before they are written to its activity.

use crate::{
    gateways::adapter::SignatureError,
    primitives::{id::RejectionId, time::Timestamp},
};

/// Rejected requests of one connection, buffered until they are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RejectedRequests {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    pub(crate) reason: SignatureError,
}

/// The rejected requests that are proven to be meant for the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProvenRequests {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    /// The rejection of the latest one.
    pub(crate) rejection: RejectionId,
}

impl ProvenRequests {
    /// Combines two batches of the same connection.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            first_at: self.first_at.min(other.first_at),
            last_at: self.last_at.max(other.last_at),
            rejection: if other.last_at >= self.last_at { other.rejection } else { self.rejection },
        }
    }
}
