//! Messages to people.

pub(crate) mod chat;
pub(crate) mod content;
