//! What every page needs; nothing about merchants.

pub(crate) mod form;
