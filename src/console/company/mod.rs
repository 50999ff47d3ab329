//! The company's settings.

pub(crate) mod email;
pub(crate) mod forms;
pub(crate) mod routes;
pub(crate) mod views;
