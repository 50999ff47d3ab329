//! A clock that differs from the times in signed events: what it means and what to do.

use super::{Said, span};
use crate::clock_check::Difference;

/// The headline and the reason.
fn sentences(difference: Difference) -> (String, &'static str) {
    match difference {
        Difference::Behind(by) => {
            (format!("This server’s clock is {} behind", span(by)), "Signed events are dated later than the server’s time.")
        }
        Difference::Ahead { by, is_certain: true } => (
            format!("This server’s clock is {} ahead", span(by)),
            "The latest signed events are dated that long before they arrived.",
        ),
        Difference::Ahead { by, is_certain: false } => (
            format!("The latest events arrived {} or more after they were created", span(by)),
            "If the gateway was not retrying them, this server’s clock is ahead.",
        ),
    }
}

/// For the person who runs the server.
pub(crate) fn for_operator(difference: Difference) -> String {
    let (headline, reason) = sentences(difference);
    format!("{headline}. {reason} Set the clock, for example with `timedatectl set-ntp true`.")
}

/// For the merchant, on the Webhook page.
pub(crate) fn for_merchant(difference: Difference) -> Said {
    let (headline, reason) = sentences(difference);
    let reason = format!("{reason} Ask the person who runs this server to set its clock and to keep it synchronised.");
    Said { class: "is-warn", icon: "warn", headline, reason }
}
