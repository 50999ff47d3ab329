//! What the gateway said of the API keys.

use crate::{gateways::razorpay_api::Unavailable, url_check::limiter::Denied};

/// Shown instead of asking the gateway.
pub(crate) const fn busy(busy: Denied) -> &'static str {
    match busy {
        Denied::Running => {
            "Another check of your company’s keys is running. Wait a few seconds, then try again. Nothing was stored."
        }
        Denied::TooMany => "Too many checks in a short time. Wait ten seconds, then try again. Nothing was stored.",
    }
}

/// The gateway refused keys that were typed.
pub(crate) const REFUSED: &str =
    "Razorpay refused these keys. Copy Key ID and Key Secret again from Accounts & Settings, API Keys; nothing was stored.";
/// The gateway refuses keys that were stored.
pub(crate) const STORED_REFUSED: &str = "Razorpay refuses the stored keys. Copy both again from Accounts & Settings, API Keys.";
/// The gateway accepted keys that were typed.
pub(crate) const ACCEPTED: &str = "Razorpay accepted the keys; they are stored";
/// There is nothing to ask the gateway about.
pub(crate) const NONE_STORED: &str = "There are no keys to check yet. Type them here.";

/// The stored Key Secret was damaged or swapped.
pub(crate) const UNREADABLE: &str = "The stored Key Secret cannot be read: it was damaged or replaced in the database. Copy the Key Secret from Razorpay again and save it here.";

/// What is said of stored keys that the gateway could not be asked about, once the reason is forgotten.
pub(crate) const UNCHECKED: &str = "Razorpay could not be asked when they were saved.";

/// Why the gateway could not be asked.
pub(crate) fn reason(why: &Unavailable) -> String {
    match why {
        Unavailable::NoClient(sentence) => sentence.clone(),
        Unavailable::Unreachable => "Razorpay could not be reached from this server.".to_owned(),
        Unavailable::Timeout => "Razorpay did not answer within 10 s.".to_owned(),
        Unavailable::Busy => "Razorpay asks to come again later.".to_owned(),
        Unavailable::ServerError(status) => format!("Razorpay has trouble of its own (answer {status})."),
        Unavailable::UnexpectedStatus(status) => format!("Razorpay gave an answer that says neither yes nor no ({status})."),
    }
}
