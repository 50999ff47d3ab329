//! Read models that several pages share: queries across features, worded for pages.

pub(crate) mod alerts;
pub(crate) mod checklist;
pub(crate) mod event_deliveries;
pub(crate) mod event_disputes;
pub(crate) mod mode_selection;
pub(crate) mod payment_row;
pub(crate) mod rejection_summary;
