//! The jobs that find problems, keep their alerts, and queue the messages that are due, daily digests included.
//!
//! Invariant: an alert and its messages are stored in one unit of work, and only if no other server has changed the alert since it was read.

pub(crate) mod digests;
pub(crate) mod job;
pub(crate) mod recipients;
pub(crate) mod send;
