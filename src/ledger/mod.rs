//! What the gateways' events say about money.

pub(crate) mod payments;
