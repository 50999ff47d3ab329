//! Values that every slice speaks: ids, times, money, secrets.
//!
//! The rule: nothing here knows a merchant, a page or a table.

pub(crate) mod base62;
pub(crate) mod days;
pub(crate) mod hex;
pub mod id;
pub mod money;
pub(crate) mod network;
pub(crate) mod page;
pub(crate) mod secret;
pub mod text;
pub mod time;
pub(crate) mod unseen;
pub mod vault;
