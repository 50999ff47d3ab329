//! Sign-in, sign-out, set-up, and Personal Info.

pub(crate) mod forms;
pub(crate) mod person;
pub(crate) mod routes;
pub(crate) mod views;
