//! Sentences about SECRETs: which counts until when, what to do with a new one, what is lost with an old one.

use std::time::Duration;

use super::{Chip, Said, When, chip, when};
use crate::{
    connections::{
        keyring::{Before, Held, Keyring},
        overlap::Overlap,
        secrets::{Origin, Stored},
    },
    gateways::Gateway,
    kernel::time::Timestamp,
};

/// What a SECRET is, as the list of them shows it.
pub(crate) fn state(stored: &Stored) -> Chip {
    match (stored.is_active(), stored.origin) {
        (true, _) => chip("status-good", "good", "Active"),
        (false, Origin::Made) => chip("status-pending", "schedule", "Draining"),
        (false, Origin::Brought) => chip("status-pending", "key", "Your own"),
    }
}

/// Whose it is: `by Meera Iyer`.
pub(crate) fn by(name: Option<&str>) -> String {
    name.map(|name| format!(" by {name}")).unwrap_or_default()
}

/// Beside one that may go: `Unused for 26 h: safe to retire`.
pub(crate) fn advice(unused: Duration) -> String {
    format!("Unused for {}: safe to retire", span(unused))
}

/// A length of time as people say it.
fn span(length: Duration) -> String {
    match length.as_secs() / 3600 {
        0 => format!("{}\u{a0}min", length.as_secs() / 60),
        hours @ 1..72 => format!("{hours}\u{a0}h"),
        hours => format!("{} days", hours / 24),
    }
}

/// For how long the one before goes on counting, and for whom that is right.
pub(crate) fn overlap(gateway: Gateway, overlap: Overlap) -> (String, &'static str) {
    let hours = overlap.hours();
    let label = if hours == 24 { "24 hours".to_owned() } else { format!("{} days", hours / 24) };
    let reason = match (gateway, hours) {
        (Gateway::Razorpay, ..=24) => "Enough when you paste the new one today: Razorpay tries an event again for 24 hours.",
        (Gateway::Razorpay, ..=72) => "When it may take a day or two until somebody pastes it.",
        (Gateway::Razorpay, ..=168) => "When somebody else does it for you.",
        (Gateway::Razorpay, _) => "When you have asked Razorpay’s support to send events again: they can, for 15 days.",
        (Gateway::StandardWebhooks, ..=24) => "Enough when you give the new one to the sender today.",
        (Gateway::StandardWebhooks, ..=72) => "When it may take a day or two until somebody does.",
        (Gateway::StandardWebhooks, ..=168) => "When somebody else does it for you.",
        (Gateway::StandardWebhooks, _) => "The longest there is.",
    };
    (label, reason)
}

/// What happens when a new one is made.
pub(crate) const fn rotating(gateway: Gateway) -> [&'static str; 2] {
    match gateway {
        Gateway::Razorpay => [
            "This webhook gets a new SECRET at once. You then paste it into Razorpay, in place of the present one. No event is lost meanwhile: both count.",
            "Razorpay signs each event with the SECRET it had when the event happened, also when it tries again later. So the present one must go on counting for a while.",
        ],
        Gateway::StandardWebhooks => [
            "This webhook gets a new SECRET at once. You then give it to the sender, in place of the present one. No event is lost meanwhile: both count.",
            "The sender signs with the present one until somebody changes it there. So that must go on counting for a while.",
        ],
    }
}

/// Nothing that the page offers was chosen.
pub(crate) const CHOOSE_OVERLAP: &str = "Choose how long the present SECRET goes on counting.";

/// Said once a new one is made.
pub(crate) fn rotated(until: Timestamp, now: Timestamp) -> String {
    format!("New SECRET made. The previous one counts until {}.", When::of_day(until, now).text)
}

/// What to do with a new one that has not verified anything yet.
pub(crate) fn unproven(gateway: Gateway, before: Before, now: Timestamp) -> Said {
    let what_to_do = match gateway {
        Gateway::Razorpay => {
            "Press Copy below. In Razorpay open the webhook, press Edit, paste it into Secret and press Save Webhook."
        }
        Gateway::StandardWebhooks => "Press Copy below, and give it to the sender in place of the one it has.",
    };
    let until = When::of_day(before.until, now).text;
    let (class, icon, so_far) = if before.counts {
        ("is-info", "rotate", format!("No event signed with it has come yet. The one before counts until {until}."))
    } else {
        ("is-warn", "warn", format!("No event signed with it has come yet, and the one before counts no more since {until}."))
    };
    let whom = match gateway {
        Gateway::Razorpay => "Razorpay",
        Gateway::StandardWebhooks => "the sender",
    };
    Said { class, icon, headline: format!("Now give {whom} the new SECRET"), reason: format!("{what_to_do} {so_far}") }
}

/// What is lost when a SECRET is retired, a sentence each.
pub(crate) fn retiring(gateway: Gateway, ring: &Keyring, held: &Held, now: Timestamp) -> Vec<String> {
    let whom = if gateway == Gateway::Razorpay { "Razorpay" } else { "the sender" };
    let last = held.used.map(|used| when(used.last_at, now).text);
    let mut said = Vec::new();
    match (ring.unused_for_good(held, now), last) {
        (Some(unused), Some(_)) => {
            said.push(format!("No event was signed with it for {}, and a newer one has taken its place.", span(unused)));
        }
        (Some(_), None) => said.push("No event was ever signed with it, and another one is in use.".to_owned()),
        (None, Some(last)) => said.push(format!(
            "The last event signed with it came {last}. Make sure first that {whom} has the active SECRET: whatever is signed with this one is refused from now on."
        )),
        (None, None) => said.push(format!(
            "No event signed with it has come yet. If {whom} has it nevertheless, whatever is signed with it is refused from now on."
        )),
    }
    if gateway == Gateway::Razorpay {
        said.push("Razorpay tries a refused event again for 24 hours and then switches the webhook off.".to_owned());
    }
    said.push(match held.stored.origin {
        Origin::Made => "It cannot be brought back.".to_owned(),
        Origin::Brought => "Should you need it again, enter it again.".to_owned(),
    });
    said
}

/// Why the active one stays.
pub(crate) const ACTIVE_STAYS: &str = "This is the active SECRET, and a webhook is never without one. Make a new SECRET: this one then counts for a while longer, and can be retired.";

/// Said once one is retired.
pub(crate) const RETIRED: &str = "The SECRET is retired: what is signed with it is refused";
/// Said of one that ended before somebody retired it.
pub(crate) const NOT_THERE: &str = "That SECRET counts no more";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_said_as_people_say_it() {
        let said = |hours| span(Duration::from_hours(hours)).replace('\u{a0}', " ");
        assert_eq!([said(26), said(71), said(72), said(240)], ["26 h", "71 h", "3 days", "10 days"]);
        assert_eq!(span(Duration::from_mins(5)), "5\u{a0}min");
    }

    #[test]
    fn every_overlap_has_its_own_words() {
        for gateway in Gateway::ALL {
            let said: std::collections::HashSet<_> =
                Overlap::CHOICES.into_iter().map(|choice| overlap(gateway, choice)).collect();
            assert_eq!(said.len(), Overlap::CHOICES.len());
        }
        assert_eq!(overlap(Gateway::Razorpay, Overlap::CHOICES[3]).0, "15 days");
    }

    #[test]
    fn a_new_one_is_given_to_the_gateway_before_the_one_before_ends() {
        let now = Timestamp::from_seconds(1_795_356_717);
        let until = now.plus(Duration::from_hours(24));
        let said = unproven(Gateway::Razorpay, Before { until, counts: true }, now);
        assert!(said.reason.replace('\u{a0}', " ").ends_with("counts until 23 Nov, 7:41 pm."), "{}", said.reason);
        assert_eq!(unproven(Gateway::StandardWebhooks, Before { until: now, counts: false }, now).class, "is-warn");
    }
}
