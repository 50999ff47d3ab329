//! The event list, an event, and its raw body.

pub(crate) mod forms;
pub(crate) mod list_view;
pub(crate) mod routes;
pub(crate) mod views;
