//! Messages on the check of the API keys.

use crate::{
    companies::check_limiter::CheckDenied,
    gateways::{Gateway, api::Unavailable, credentials::CredentialField},
};

/// Shown if the check was rate limited.
pub(crate) const fn busy(busy: CheckDenied) -> &'static str {
    match busy {
        CheckDenied::Running => {
            "Another check of your company’s keys is running. Wait a few seconds, then try again. Nothing was stored."
        }
        CheckDenied::TooMany => "Too many checks in a short time. Wait ten seconds, then try again. Nothing was stored.",
    }
}

/// The gateway rejected submitted keys.
pub(crate) fn refused(gateway: Gateway) -> String {
    format!("{} refused these keys. Copy {} again from {}; nothing was stored.", gateway.label(), labels(gateway), menu(gateway))
}

/// The gateway rejected stored keys.
pub(crate) fn stored_refused(gateway: Gateway) -> String {
    let all = if fields(gateway).len() == 2 { "both" } else { "them" };
    format!("{} refuses the stored keys. Copy {all} again from {}.", gateway.label(), menu(gateway))
}

/// Returns the fields of the gateway's API keys.
fn fields(gateway: Gateway) -> &'static [CredentialField] {
    gateway.profile().api_keys.as_ref().map_or(&[], |keys| keys.fields)
}

/// Returns the labels of the fields as a list in a sentence.
fn labels(gateway: Gateway) -> String {
    let labels: Vec<&str> = fields(gateway).iter().map(|field| field.label).collect();
    match &labels[..] {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        few => few.concat(),
    }
}

/// The hint below a secret field with a stored value.
pub(crate) fn kept(label: &str) -> String {
    let article = if label.starts_with(['A', 'E', 'I', 'O', 'U']) { "An" } else { "A" };
    format!("{article} {label} is stored. Leave this empty to keep it, or type another to replace it.")
}

/// The menu path to the keys in the gateway's dashboard.
fn menu(gateway: Gateway) -> String {
    gateway.profile().api_keys.as_ref().map_or_else(String::new, |keys| keys.menu.join(", "))
}

/// The gateway accepted the keys.
pub(crate) fn accepted(gateway: Gateway) -> String {
    format!("{} accepted the keys; they are stored", gateway.label())
}

/// Other keys were stored while these were being checked.
pub(crate) const CHANGED_MEANWHILE: &str =
    "Other keys were saved while these were being checked, so nothing was saved now. Reload this page and try again.";

/// No keys are stored that could be checked.
pub(crate) const NONE_STORED: &str = "There are no keys to check yet. Type them here.";

/// The stored value of a secret field was damaged or swapped; `label` is that of the field.
pub(crate) fn unreadable(gateway: Gateway, label: &str) -> String {
    format!(
        "The stored {label} cannot be read: it was damaged or replaced in the database. Copy the {label} from {} again and save it here.",
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
