//! The tables of alerts.

pub(crate) mod alerts;
pub(crate) mod digests;
pub(crate) mod messages;
pub(crate) mod operators;
pub(crate) mod settings;
