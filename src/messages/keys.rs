//! Messages on the check of the API keys.

use crate::{
    gateways::{Gateway, api::Unavailable},
    url_check::limiter::Denied,
};

/// Shown if the check was rate limited.
pub(crate) const fn busy(busy: Denied) -> &'static str {
    match busy {
        Denied::Running => {
            "Another check of your company’s keys is running. Wait a few seconds, then try again. Nothing was stored."
        }
        Denied::TooMany => "Too many checks in a short time. Wait ten seconds, then try again. Nothing was stored.",
    }
}

/// The gateway rejected submitted keys.
pub(crate) fn refused(gateway: Gateway) -> String {
    format!(
        "{} refused these keys. Copy Key ID and Key Secret again from {}; nothing was stored.",
        gateway.label(),
        menu(gateway)
    )
}

/// The gateway rejected stored keys.
pub(crate) fn stored_refused(gateway: Gateway) -> String {
    format!("{} refuses the stored keys. Copy both again from {}.", gateway.label(), menu(gateway))
}

/// The menu path to the keys in the gateway's dashboard.
fn menu(gateway: Gateway) -> String {
    gateway.profile().api_keys.as_ref().map_or_else(String::new, |keys| keys.menu.join(", "))
}

/// The gateway accepted the keys.
pub(crate) fn accepted(gateway: Gateway) -> String {
    format!("{} accepted the keys; they are stored", gateway.label())
}

/// No keys are stored that could be checked.
pub(crate) const NONE_STORED: &str = "There are no keys to check yet. Type them here.";

/// The stored Key Secret was damaged or swapped.
pub(crate) fn unreadable(gateway: Gateway) -> String {
    format!(
        "The stored Key Secret cannot be read: it was damaged or replaced in the database. Copy the Key Secret from {} again and save it here.",
        gateway.label()
    )
}

/// Stored keys that could not be checked, once the reason is no longer known.
pub(crate) fn unchecked(gateway: Gateway) -> String {
    format!("{} could not be asked when they were saved.", gateway.label())
}

/// Returns why the check gave no result.
pub(crate) fn reason(gateway: Gateway, why: &Unavailable) -> String {
    let gateway = gateway.label();
    match why {
        Unavailable::NoClient(sentence) => sentence.clone(),
        Unavailable::Unreachable => format!("{gateway} could not be reached from this server."),
        Unavailable::Timeout => format!("{gateway} did not answer within 10 s."),
        Unavailable::Busy => format!("{gateway} asks to come again later."),
        Unavailable::ServerError(status) => format!("{gateway} has trouble of its own (answer {status})."),
        Unavailable::UnexpectedStatus(status) => format!("{gateway} gave an answer that says neither yes nor no ({status})."),
    }
}
