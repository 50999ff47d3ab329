//! What the gateways' events say about money.

pub(crate) mod orders;
pub(crate) mod payments;
