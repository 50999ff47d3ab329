//! The main dashboard and the list of products. It owns no data: what it shows belongs to other slices.

pub(crate) mod routes;
pub(crate) mod views;
