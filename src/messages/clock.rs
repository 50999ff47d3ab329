//! Messages on a clock that deviates from the times in signed events: what it means and what to do.

use super::{Notice, activity::WARN, span, text::server as t};
use crate::{clock_check::Difference, i18n::Text};

/// Returns what identifies the difference in tests.
const fn hook(difference: Difference) -> &'static str {
    match difference {
        Difference::WasBehind(_) => "clock-was-behind",
        Difference::Behind(_) => "clock-behind",
        Difference::Ahead { is_certain: true, .. } => "clock-ahead",
        Difference::Ahead { is_certain: false, .. } => "clock-maybe-ahead",
    }
}

/// Returns what differs.
fn headline(difference: Difference) -> Text {
    match difference {
        Difference::WasBehind(by) => t::clock_was_behind(span(by)),
        Difference::Behind(by) => t::clock_behind(span(by)),
        Difference::Ahead { by, is_certain: true } => t::clock_ahead(span(by)),
        Difference::Ahead { by, is_certain: false } => t::clock_maybe_ahead(span(by)),
    }
}

/// For the server administrator, in `ks-pay doctor`.
pub(crate) fn for_operator(difference: Difference) -> String {
    let reason = match difference {
        Difference::WasBehind(_) => "If it was set since then, there is nothing to do. Otherwise, set the clock",
        Difference::Behind(_) => "The latest signed events are dated later than the server’s time. Set the clock",
        Difference::Ahead { is_certain: true, .. } => {
            "The latest signed events are dated that long before they arrived. Set the clock"
        }
        Difference::Ahead { is_certain: false, .. } => {
            "If the gateway was not retrying them, this server’s clock is ahead. Set the clock"
        }
    };
    format!("{}. {reason}, for example with `timedatectl set-ntp true`.", headline(difference).in_english())
}

/// For the merchant, on the Webhook page.
pub(crate) fn for_merchant(difference: Difference) -> Notice {
    let reason = match difference {
        Difference::WasBehind(_) => t::clock_was_behind_advice(),
        Difference::Behind(_) => t::clock_behind_advice(),
        Difference::Ahead { is_certain: true, .. } => t::clock_ahead_advice(),
        Difference::Ahead { is_certain: false, .. } => t::clock_maybe_ahead_advice(),
    };
    Notice::new(hook(difference), WARN, headline(difference), reason)
}
