//! Messages on events of an unexpected account and payments reported in both modes: what it means and what to do.

use super::{Notice, activity::WARN, when};
use crate::{
    connections::activity::Activity,
    gateways::{Gateway, Mode},
    primitives::time::Timestamp,
};

/// An account was added to the expected ones.
pub(crate) const ACCEPTED: &str = "The account is accepted: its events belong here";
/// The unexpected account has changed since the page was shown.
pub(crate) const ANOTHER_BY_NOW: &str = "Nothing was changed: look at the account that is shown now";

/// Events of an unexpected account have arrived.
pub(crate) fn other_account(gateway: Gateway, activity: &Activity, now: Timestamp) -> Option<Notice> {
    let other = activity.other_account.as_deref()?;
    let ago = activity.other_account_at.map(|at| format!(" {}", when(at, now).text)).unwrap_or_default();
    Some(Notice::new(
        "other-account",
        WARN,
        format!("Events of another {} account come here", gateway.label()),
        format!(
            "This webhook hears of {}. The last event of {other} came{ago}; it was stored like any other.",
            activity.accounts().collect::<Vec<_>>().join(" and ")
        ),
    ))
}

/// What to do about it, shown next to the button that it names.
pub(crate) fn whose_account(gateway: &str, other: &str, mode: Mode) -> String {
    format!(
        "If {other} is not yours, sign in to {gateway} with that account, switch to {} Mode and remove this URL from its webhooks. \
         If it is yours, press It is mine.",
        mode.label()
    )
}

/// A payment was reported in both modes.
pub(crate) fn both_modes(gateway: Gateway, payment: &str) -> Notice {
    Notice::new(
        "both-modes",
        WARN,
        "One payment came to both Test and Live",
        format!(
            "{payment} is among the payments of both modes, and a payment is either a test or real. One of the two webhooks in \
             {} has the URL and the SECRET of the other. In the Dashboard switch to Test Mode and compare the webhook’s URL \
             with the one here under Test; then do the same in Live Mode.",
            gateway.label()
        ),
    )
}

/// The same on the page of an event of an unexpected account.
pub(crate) fn event_of_other_account(gateway: Gateway, account: &str, activity: &Activity) -> Notice {
    Notice::new(
        "event-of-other-account",
        WARN,
        format!("Of another {} account: {account}", gateway.label()),
        format!(
            "This webhook hears of {}. The event is authentic, so it is stored like any other.",
            activity.accounts().collect::<Vec<_>>().join(" and ")
        ),
    )
}

/// The same on the page of an event whose payment was reported in both modes.
pub(crate) fn event_of_both_modes(gateway: Gateway, mode: Mode) -> Notice {
    let other = if mode == Mode::Test { Mode::Live } else { Mode::Test };
    Notice::new(
        "event-of-both-modes",
        WARN,
        format!("Its payment also came in {} mode", other.label()),
        format!(
            "A payment is either a test or real: one of the two webhooks in {} has the URL and the SECRET of the other.",
            gateway.label()
        ),
    )
}
