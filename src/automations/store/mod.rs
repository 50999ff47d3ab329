//! The SQL of automations.

pub(crate) mod automations;
pub(crate) mod messages;
pub(crate) mod runs;
