//! Sign-in, sign-out, set-up, password reset, the language switch, and Personal Info.

pub(crate) mod forms;
pub(crate) mod language;
pub(crate) mod person;
pub(crate) mod reset;
pub(crate) mod routes;
pub(crate) mod views;
