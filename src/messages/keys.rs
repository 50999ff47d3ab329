//! Messages on the check of the API keys.

use crate::{gateways::razorpay_api::Unavailable, url_check::limiter::Denied};

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
pub(crate) const REFUSED: &str =
    "Razorpay refused these keys. Copy Key ID and Key Secret again from Accounts & Settings, API Keys; nothing was stored.";
/// The gateway rejected stored keys.
pub(crate) const STORED_REFUSED: &str = "Razorpay refuses the stored keys. Copy both again from Accounts & Settings, API Keys.";
/// The gateway accepted the keys.
pub(crate) const ACCEPTED: &str = "Razorpay accepted the keys; they are stored";
/// No keys are stored that could be checked.
pub(crate) const NONE_STORED: &str = "There are no keys to check yet. Type them here.";

/// The stored Key Secret was damaged or swapped.
pub(crate) const UNREADABLE: &str = "The stored Key Secret cannot be read: it was damaged or replaced in the database. Copy the Key Secret from Razorpay again and save it here.";

/// Stored keys that could not be checked, once the reason is no longer known.
pub(crate) const UNCHECKED: &str = "Razorpay could not be asked when they were saved.";

/// Returns why the check gave no result.
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
