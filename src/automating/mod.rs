//! Runs automations: the job that renders their messages and queues them, with the deliveries to destinations.
//!
//! Invariant: the messages of a run and its new state are stored in one unit of work, and only if no other server has handled the run
//! since it was read, so each execution queues each message once.

pub(crate) mod content;
pub(crate) mod deadlines;
pub(crate) mod deliver;
pub(crate) mod dry_run;
pub(crate) mod job;
mod limits;
mod refund;
pub(crate) mod values;
