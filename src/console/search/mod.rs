//! The search over the company's apps and ids, and the pages of the console. A script shows the same in a dialog.

mod find;
pub(crate) mod routes;
pub(crate) mod views;
