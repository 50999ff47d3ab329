//! App Overview: amounts received, payment outcomes and webhook health.
//!
//! Every figure is computed from the daily totals of the chosen period, so the cost of the page depends only on the period.

pub(crate) mod chart;
pub(crate) mod forms;
pub(crate) mod routes;
pub(crate) mod views;
