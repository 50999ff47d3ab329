//! HTTP layer of the console: sessions, forms, cookies, errors and layout, without domain logic.

pub(crate) mod assets;
pub(crate) mod catch_panic;
pub(crate) mod confirmation;
pub(crate) mod cookies;
pub(crate) mod csrf;
pub(crate) mod date_filter;
pub(crate) mod error;
pub(crate) mod filters;
pub(crate) mod form;
pub(crate) mod headers;
pub(crate) mod layout;
pub(crate) mod list_query;
pub(crate) mod locale;
mod mode_memory;
pub(crate) mod own_password;
pub(crate) mod page;
pub(crate) mod page_slice;
pub(crate) mod pagination;
pub(crate) mod payload;
pub(crate) mod session;
pub(crate) mod shell;
pub(crate) mod signed_form;
pub(crate) mod state;
pub(crate) mod untrusted_proxy;
