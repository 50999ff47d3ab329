//! Messages on events of an unexpected account and payments reported in both modes: what it means and what to do.

use super::{Notice, activity::WARN, text::setup as t, when};
use crate::{
    connections::activity::Activity,
    gateways::{Gateway, Mode},
    i18n::{Arg, Text, code, strong},
    primitives::time::Timestamp,
};

/// Events of an unexpected account have arrived.
pub(crate) fn other_account(gateway: Gateway, activity: &Activity, now: Timestamp) -> Option<Notice> {
    let (other, accounts) = (code(activity.other_account.as_deref()?), accounts(activity));
    let reason = match activity.other_account_at {
        Some(at) => t::other_account_reason(accounts, other, when(at, now)),
        None => t::other_account_undated(accounts, other),
    };
    Some(Notice::new("other-account", WARN, t::other_account(gateway.label()), reason))
}

/// Returns the ids of the expected accounts, as a list.
fn accounts(activity: &Activity) -> Arg {
    code(activity.accounts().collect::<Vec<_>>().join(", "))
}

/// What to do about it, shown next to the button that it names.
pub(crate) fn whose_account(gateway: &str, other: &str, mode: Mode) -> Text {
    t::whose_account(code(other), gateway, mode.label(), strong())
}

/// A payment was reported in both modes.
pub(crate) fn both_modes(gateway: Gateway, payment: &str) -> Notice {
    Notice::new("both-modes", WARN, t::both_modes(), t::both_modes_reason(code(payment), gateway.label()))
}

/// The same on the page of an event of an unexpected account.
pub(crate) fn event_of_other_account(gateway: Gateway, account: &str, activity: &Activity) -> Notice {
    let reason = t::event_of_other_account_reason(accounts(activity));
    Notice::new("event-of-other-account", WARN, t::event_of_other_account(gateway.label(), code(account)), reason)
}

/// The same on the page of an event whose payment was reported in both modes.
pub(crate) fn event_of_both_modes(gateway: Gateway, mode: Mode) -> Notice {
    let other = if mode == Mode::Test { Mode::Live } else { Mode::Test };
    let reason = t::event_of_both_modes_reason(gateway.label());
    Notice::new("event-of-both-modes", WARN, t::event_of_both_modes(other.label()), reason)
}
