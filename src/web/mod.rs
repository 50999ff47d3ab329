//! What every page needs; nothing about merchants.

pub(crate) mod assets;
pub(crate) mod client;
pub(crate) mod confirmation;
pub(crate) mod cookies;
pub(crate) mod csrf;
pub(crate) mod error;
pub(crate) mod form;
pub(crate) mod headers;
pub(crate) mod list;
mod mode_memory;
pub(crate) mod page;
pub(crate) mod panics;
pub(crate) mod posted;
pub(crate) mod session;
pub(crate) mod shell;
