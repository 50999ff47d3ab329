//! Payment Gateway Settings: the connections of an app, and the wizard with one file per step and per action.

pub(crate) mod account_mismatch;
pub(crate) mod credentials;
pub(crate) mod guide;
pub(crate) mod import_secret;
pub(crate) mod integration;
pub(crate) mod list;
pub(crate) mod retirement;
pub(crate) mod rotation;
pub(crate) mod secrets_view;
pub(crate) mod security;
pub(crate) mod stream;
pub(crate) mod test_event;
pub(crate) mod url_check;
pub(crate) mod webhook;
pub(crate) mod wizard;
