//! The main dashboard and the products a company may use. It owns nothing: what it shows belongs to other slices.

pub(crate) mod routes;
pub(crate) mod views;
