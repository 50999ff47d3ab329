//! Background jobs: those that run at an interval, those of which one server of several runs each, and those that write what
//! was buffered in memory.
//!
//! Invariant: a job ends on shutdown and no failure ends it earlier: it is logged, and the job runs again.

mod buffered;
mod deletion;
mod leased;
mod pace;
mod periodic;
pub(crate) mod store;

pub(crate) use buffered::{Buffer, BufferTask, Buffered, Content};
pub(crate) use deletion::{MAX_ROWS_PER_COMMIT, PAUSE_BETWEEN_COMMITS, delete_in_small_units};
pub(crate) use leased::Leased;
pub(crate) use pace::Pace;
pub(crate) use periodic::{Jobs, Periodic};
