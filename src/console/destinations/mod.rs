//! Destinations: the list, the form, a destination with its secrets and actions, and its deliveries.

pub(crate) mod actions;
pub(crate) mod delivery;
pub(crate) mod detail;
pub(crate) mod edit;
mod forms;
pub(crate) mod headers;
pub(crate) mod list;
pub(crate) mod replay;
mod replay_form;
mod scope;
mod search;
pub(crate) mod secret;
mod sent;
pub(crate) mod test_event;
mod views;
