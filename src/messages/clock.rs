//! Messages on a clock that deviates from the times in signed events: what it means and what to do.

use super::{Notice, activity::WARN, span};
use crate::clock_check::Difference;

const NOTHING_TO_DO: &str = "If it was set since then, nothing is to be done.";

/// Returns what identifies the difference in tests.
const fn hook(difference: Difference) -> &'static str {
    match difference {
        Difference::WasBehind(_) => "clock-was-behind",
        Difference::Behind(_) => "clock-behind",
        Difference::Ahead { is_certain: true, .. } => "clock-ahead",
        Difference::Ahead { is_certain: false, .. } => "clock-maybe-ahead",
    }
}

/// Returns headline and reason.
fn sentences(difference: Difference) -> (String, &'static str) {
    match difference {
        Difference::WasBehind(by) => {
            (format!("When the latest events arrived, this server’s clock was {} behind", span(by)), NOTHING_TO_DO)
        }
        Difference::Behind(by) => (
            format!("This server’s clock is {} behind", span(by)),
            "The latest signed events are dated later than the server’s time.",
        ),
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

/// For the server administrator.
pub(crate) fn for_operator(difference: Difference) -> String {
    let (headline, reason) = sentences(difference);
    let otherwise = if matches!(difference, Difference::WasBehind(_)) { "Otherwise, set" } else { "Set" };
    format!("{headline}. {reason} {otherwise} the clock, for example with `timedatectl set-ntp true`.")
}

/// For the merchant, on the Webhook page.
pub(crate) fn for_merchant(difference: Difference) -> Notice {
    let (headline, reason) = sentences(difference);
    let ask = if matches!(difference, Difference::WasBehind(_)) { "Otherwise, ask" } else { "Ask" };
    let reason = format!("{reason} {ask} the person who runs this server to set its clock and to keep it synchronised.");
    Notice::new(hook(difference), WARN, headline, reason)
}
