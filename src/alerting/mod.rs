//! The job that finds problems, keeps their alerts, and queues the messages that are due.
//!
//! Invariant: an alert and its messages are stored in one unit of work, and only if no other server has changed the alert since it was read.

pub(crate) mod job;
pub(crate) mod recipients;
pub(crate) mod send;
