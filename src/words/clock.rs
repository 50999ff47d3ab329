//! A clock that differs from the times in signed events: what it means and what to do.

use super::{Said, span};
use crate::clock_check::Difference;

const SET_THE_CLOCK: &str = "Set the server’s clock, for example with `timedatectl set-ntp true`.";

/// The headline and what to do.
pub(crate) fn sentences(difference: Difference) -> (String, String) {
    match difference {
        Difference::Behind(by) => (
            format!("This server’s clock is {} behind", span(by)),
            format!("Signed events are dated later than the server’s time. {SET_THE_CLOCK}"),
        ),
        Difference::Ahead { by, is_certain: true } => (
            format!("This server’s clock is {} ahead", span(by)),
            format!("The latest signed events are dated that long before they arrived. {SET_THE_CLOCK}"),
        ),
        Difference::Ahead { by, is_certain: false } => (
            format!("The latest events arrived {} or more after they were created", span(by)),
            format!("If the gateway was not retrying them, this server’s clock is ahead. {SET_THE_CLOCK}"),
        ),
    }
}

/// The same on the Webhook page.
pub(crate) fn said(difference: Difference) -> Said {
    let (headline, reason) = sentences(difference);
    Said { class: "is-warn", icon: "warn", headline, reason }
}
