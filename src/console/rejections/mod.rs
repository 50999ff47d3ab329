//! The list of rejections, a rejection, its stored requests, and their recovery.

pub(crate) mod forms;
pub(crate) mod list_view;
pub(crate) mod routes;
pub(crate) mod views;
