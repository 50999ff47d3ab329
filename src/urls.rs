//! Every path of the site, as functions; templates and redirects call them, and no path literal stands elsewhere.

use crate::{
    gateways::{Gateway, Mode},
    kernel::id::{AppId, EventId, TransactionId},
};

/// Before an endpoint's id.
const WEBHOOKS: &str = "/webhooks/";

/// The pattern of the shared ingestion route.
pub(crate) const WEBHOOK: &str = "/webhooks/{endpoint}";

/// The webhook URL of an endpoint.
pub(crate) fn webhook(base: &str, endpoint: &str) -> String {
    format!("{base}{WEBHOOKS}{endpoint}")
}

/// The one segment after `/webhooks/`, as sent; `None` for a deeper path.
pub(crate) fn endpoint_of(raw_path: &str) -> Option<&str> {
    raw_path.strip_prefix(WEBHOOKS).filter(|segment| !segment.contains('/'))
}

/// Where a new installation gets its company and owner.
pub(crate) const SETUP: &str = "/setup";

/// The one-time link, whose token is the one secret in a URL.
pub(crate) fn setup_link(base: &str, token: &str) -> String {
    format!("{base}{SETUP}?token={token}")
}
