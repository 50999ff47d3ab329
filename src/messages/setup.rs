//! Messages of the set-up steps: their names, and what was done.

use super::text::{credentials, setup as t};
use crate::{
    connections::{self, ConnectionState, Step},
    gateways::{Gateway, Mode},
    i18n::Text,
    primitives::time::Timestamp,
};

/// Returns the name of a step.
pub(crate) const fn step(step: Step) -> Text {
    match step {
        Step::Credentials => t::step_credentials(),
        Step::Webhook => t::webhook(),
        Step::Integration => t::step_integration(),
        Step::Security => t::step_security(),
    }
}

/// Shown on the Webhook page after a gateway was added.
pub(crate) fn added(gateway: Gateway, mode: Mode) -> Text {
    t::added(gateway.label(), mode.label(), &gateway.profile().texts.setup.next_step)
}

/// Shown after a step was marked as done, or opened again.
pub(crate) fn step_marked(of: Step, is_done: bool) -> Text {
    if is_done { t::step_marked(step(of)) } else { t::step_reopened(step(of)) }
}

/// Shown after a domain was saved.
pub(crate) fn domain_saved(setup: &connections::SetupProgress<'_>, now: Timestamp) -> Text {
    let are_done = Step::of(setup.connection.gateway).all(|step| setup.is_done(step));
    if !(are_done && setup.state(now) == ConnectionState::Verified) {
        return credentials::domain_saved();
    }
    match Step::of(setup.connection.gateway).count() {
        4 => credentials::domain_saved_of_four(),
        _ => credentials::domain_saved_of_three(),
    }
}
