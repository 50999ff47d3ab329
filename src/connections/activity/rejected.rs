//! Rejected requests of a connection, as a server adds them to what is stored.

use crate::{
    gateways::adapter::SignatureError,
    primitives::{id::RejectionId, time::Timestamp},
};

/// Rejected requests of one connection, buffered until they are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusals {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    pub(crate) reason: SignatureError,
}

/// Those of them that are proven to be the connection's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proven {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    /// The rejection of the newest.
    pub(crate) rejection: RejectionId,
}

impl Proven {
    /// Adds them up.
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
