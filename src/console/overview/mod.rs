//! App Overview: what needs attention, amounts received, payment outcomes and webhook health.
//!
//! Every figure is computed from the daily totals of the chosen period and of the one before, so the cost of the page depends only on
//! the period.

pub(crate) mod chart;
pub(crate) mod comparison;
pub(crate) mod forms;
pub(crate) mod health;
pub(crate) mod routes;
pub(crate) mod views;
pub(crate) mod yesterday;
