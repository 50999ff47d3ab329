//! The tables of destinations and deliveries.

pub(crate) mod attempts;
pub(crate) mod bodies;
pub(crate) mod claims;
pub(crate) mod deliveries;
pub(crate) mod destinations;
pub(crate) mod headers;
pub(crate) mod secrets;
