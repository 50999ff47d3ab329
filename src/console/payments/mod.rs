//! Transaction History, its download, and the page of a transaction.

mod automation_runs;
pub(crate) mod detail;
pub(crate) mod export;
pub(crate) mod forms;
pub(crate) mod list_view;
pub(crate) mod refund;
mod refund_form;
pub(crate) mod refund_lines;
pub(crate) mod routes;
pub(crate) mod show;
pub(crate) mod timeline;
