//! The pages: handlers, forms and view models. A handler extracts, calls a use case, and returns a page or a redirect.
//!
//! Invariant: no rules and no SQL here; a feature's pages import the shared parts (`http`, `read_models`) and no other feature's
//! pages.

pub(crate) mod accounts;
pub(crate) mod alerts;
pub(crate) mod apps;
pub(crate) mod automations;
pub(crate) mod channels;
pub(crate) mod company;
pub(crate) mod dashboard;
pub(crate) mod destinations;
pub(crate) mod events;
pub(crate) mod http;
pub(crate) mod mailbox;
pub(crate) mod overview;
pub(crate) mod payments;
pub(crate) mod read_models;
pub(crate) mod rejections;
pub(crate) mod search;
pub(crate) mod setup;
pub(crate) mod tokens;
