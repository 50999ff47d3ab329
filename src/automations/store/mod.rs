//! The SQL of automations.

pub(crate) mod automations;
pub(crate) mod emails;
pub(crate) mod runs;
