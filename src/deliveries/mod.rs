//! Deliveries: events that are sent to the merchant's own systems.
//!
//! Invariant: every attempt is signed, and has the id of its event in each of them.

pub(crate) mod normalized;
pub(crate) mod signature;
