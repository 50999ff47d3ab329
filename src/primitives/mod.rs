//! Value types shared by all modules: ids, times, money, secrets.
//!
//! Invariant: nothing here depends on a merchant, a page or a table.

pub(crate) mod base62;
pub(crate) mod date_presets;
pub(crate) mod date_range;
pub mod email;
pub(crate) mod host_name;
pub mod id;
#[cfg(test)]
pub(crate) mod in_parallel;
pub(crate) mod invisible_chars;
pub(crate) mod keyset;
pub(crate) mod local_url;
pub mod money;
pub(crate) mod network;
pub(crate) mod own_thread;
pub(crate) mod rate_limit;
pub(crate) mod secret;
pub(crate) mod shutdown;
pub(crate) mod text_enum;
pub mod text_input;
pub mod time;
pub mod vault;
pub(crate) mod webhook_signature;
pub(crate) mod zone;
pub(crate) mod zone_list;
