//! The list of apps, registration, and an app's settings.

pub(crate) mod forms;
pub(crate) mod routes;
pub(crate) mod views;
