//! Messages on secrets: which is valid until when, what to do with a new one, and the consequences of retiring one.

use std::time::Duration;

use super::{Badge, DisplayTime, Notice, badge, when};
use crate::{
    companies::check_limiter::CheckDenied,
    connections::{
        overlap::Overlap,
        secret_set::{PreviousSecret, SecretSet, SecretWithUsage},
        secret_strength::{Trimmed, WeakSecret},
        secrets::{Origin, StoredSecret},
    },
    gateways::{Gateway, Mode},
    i18n::Text,
    messages::text::states,
    primitives::{
        secret::{MAX_SECRET_BYTES, MIN_SECRET_CHARS},
        time::Timestamp,
    },
};

/// Returns the badge of a secret in the list.
pub(crate) fn state(stored: &StoredSecret) -> Badge {
    let (look, label) = match stored.origin {
        _ if stored.is_active() => return badge("active", ("status-good", "good"), states::secret_active()),
        Origin::Generated => (("status-pending", "schedule"), states::secret_still_accepted()),
        Origin::Imported => (("status-pending", "key"), states::secret_your_own()),
        Origin::Adopted => (("status-pending", "key"), states::secret_also_accepted()),
    };
    badge(stored.origin.as_str(), look, label)
}

/// Returns the label of a secret's origin, followed by time and name.
pub(crate) const fn made(origin: Origin) -> &'static str {
    match origin {
        Origin::Generated => "Made",
        Origin::Imported => "Entered",
        Origin::Adopted => "Found in refused requests and accepted",
    }
}

/// Returns the author: `by Meera Iyer`.
pub(crate) fn by(name: Option<&str>) -> String {
    name.map(|name| format!(" by {name}")).unwrap_or_default()
}

/// Shown next to a secret that may be retired: `Unused for 26 h: safe to retire`.
pub(crate) fn advice(unused: Duration) -> String {
    format!("Unused for {}: safe to retire", span(unused))
}

/// Formats a duration.
fn span(length: Duration) -> String {
    match length.as_secs() / 3600 {
        0 => format!("{}\u{a0}min", length.as_secs() / 60),
        hours @ 1..72 => format!("{hours}\u{a0}h"),
        hours => format!("{} days", hours / 24),
    }
}

/// Returns label and recommendation of an overlap.
pub(crate) fn overlap(gateway: Gateway, overlap: Overlap) -> (String, String) {
    let hours = overlap.hours();
    let label = if hours == 24 { "24 hours".to_owned() } else { format!("{} days", hours / 24) };
    let overlaps = &gateway.profile().texts.secrets.overlaps;
    let reason = match hours {
        ..=24 => &overlaps[0],
        25..=72 => &overlaps[1],
        73..=168 => &overlaps[2],
        _ => &overlaps[3],
    };
    (label, reason.in_english())
}

/// Explains what a rotation does.
pub(crate) fn rotating(gateway: Gateway) -> [Text; 2] {
    gateway.profile().texts.secrets.rotating.clone()
}

/// No valid overlap was chosen.
pub(crate) const CHOOSE_OVERLAP: &str = "Choose how long the present SECRET goes on counting.";

/// Shown after a rotation.
pub(crate) fn rotated(until: Timestamp, now: Timestamp) -> String {
    format!("New secret created. The previous one is valid until {}.", DisplayTime::of_expiry(until, now).text)
}

/// What to do with a new secret that has not verified any request yet.
pub(crate) fn unproven(gateway: Gateway, before: PreviousSecret, now: Timestamp) -> Notice {
    let what_to_do = gateway.profile().texts.secrets.hand_over.in_english();
    let until = DisplayTime::of_expiry(before.until, now).text;
    let (hook, class, icon, so_far) = if before.is_valid {
        (
            "rotation-pending",
            "is-info",
            "rotate",
            format!("No event signed with it has come yet. The one before counts until {until}."),
        )
    } else {
        (
            "rotation-overdue",
            "is-warn",
            "warn",
            format!("No event signed with it has come yet, and the one before counts no more since {until}."),
        )
    };
    let whom = &gateway.profile().sender.in_english();
    Notice::new(hook, (class, icon), format!("Now give {whom} the new SECRET"), format!("{what_to_do} {so_far}"))
}

/// Valid secrets whose sealed value does not open, by their ids, and what to do.
pub(crate) fn unreadable<'a>(gateway: Gateway, ids: impl Iterator<Item = &'a str>) -> Option<Notice> {
    let ids: Vec<&str> = ids.collect();
    let (headline, was) = match ids.len() {
        0 => return None,
        1 => ("A secret of this webhook cannot be read", "was"),
        _ => ("Secrets of this webhook cannot be read", "were"),
    };
    let what_to_do = gateway.profile().texts.secrets.unreadable.in_english();
    Some(Notice::new(
        "secret-unreadable",
        ("is-bad", "bad"),
        headline,
        format!("{} {was} damaged or replaced in the database. {what_to_do}", ids.join(", ")),
    ))
}

/// Returns the consequences of retiring a secret, a sentence each, with what identifies it in tests.
pub(crate) fn retiring(
    gateway: Gateway,
    secrets: &SecretSet,
    held: &SecretWithUsage,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let whom = &gateway.profile().sender.in_english();
    let last = held.used.map(|used| when(used.last_at, now).text);
    let mut said = vec![in_its_place(whom, secrets, now)];
    match (secrets.safe_to_retire_after(held, now), last) {
        (Some(unused), Some(_)) => {
            let text = format!("No event was signed with it for {}, and a newer one has taken its place.", span(unused));
            said.push(("secret-replaced", text));
        }
        (Some(_), None) => {
            said.push(("secret-never-used", "No event was ever signed with it, and another one is in use.".to_owned()));
        }
        (None, Some(last)) => said.push((
            "secret-in-use",
            format!(
                "The last event signed with it came {last}. Make sure first that {whom} has the active SECRET: whatever is signed with this one is refused from now on."
            ),
        )),
        (None, None) => said.push((
            "secret-maybe-in-use",
            format!(
                "No event signed with it has come yet. If {whom} has it nevertheless, whatever is signed with it is refused from now on."
            ),
        )),
    }
    if secrets.safe_to_retire_after(held, now).is_none() {
        said.extend(
            gateway.profile().texts.secrets.after_rejections.as_ref().map(|text| ("after-rejections", text.in_english())),
        );
    }
    said.push(match held.stored.origin {
        Origin::Generated => ("gone-for-good", "It cannot be brought back.".to_owned()),
        Origin::Imported => ("not-entered-again", "You cannot enter it again.".to_owned()),
        Origin::Adopted => ("refused-again", "Requests signed with it are refused again, and you cannot enter it.".to_owned()),
    });
    said
}

/// Returns the error for a secret that was retired here, because others may know it.
pub(crate) fn retired(gateway: Gateway, at: Option<Timestamp>, now: Timestamp) -> String {
    let day = at.map(|at| format!(" on {}", DisplayTime::of_day(at, now).text)).unwrap_or_default();
    let profile = gateway.profile();
    format!("This secret was retired{day}. {}", profile.texts.secrets.new_secret.in_english())
}

/// States whether the active secret has verified an event.
fn in_its_place(whom: &str, secrets: &SecretSet, now: Timestamp) -> (&'static str, String) {
    match secrets.active().and_then(|active| active.used) {
        Some(used) => (
            "active-secret-works",
            format!("The active SECRET works: it last verified an event {}.", when(used.last_at, now).text),
        ),
        None => (
            "active-secret-unproven",
            format!("The active SECRET has never verified an event: it seems that {whom} does not have it yet."),
        ),
    }
}

/// The rejected requests that only the secret to be retired verifies.
pub(crate) fn only_with(requests: usize) -> String {
    let number = i64::try_from(requests).unwrap_or(i64::MAX);
    let (requests, it) = (super::count(number, "kept request", "kept requests"), if number == 1 { "it" } else { "them" });
    format!(
        "{requests} that were refused can be let in only with this SECRET. Recover {it} first: afterwards that is not possible any more."
    )
}

/// Why the active secret cannot be retired.
pub(crate) fn active_stays(gateway: Gateway) -> String {
    let replace = if gateway.generates_secret() {
        format!("Create a new SECRET at {} and paste it here", gateway.profile().sender.in_english())
    } else {
        "Make a new SECRET".to_owned()
    };
    format!(
        "This is the active SECRET. A webhook always needs one. {replace}: this one then stays valid for a while and can be retired."
    )
}

/// Shown after the secret that the gateway has made was entered.
pub(crate) const ENTERED: &str = "The SECRET is saved. Requests signed with it are verified from now on.";
/// What happens to the secret that an entered one replaces.
pub(crate) fn replaced(gateway: Gateway) -> String {
    format!(
        "The previous secret stays valid for another {}, unless it has never verified an event.",
        span(gateway.retry_window())
    )
}
/// What happens to requests before it is entered.
pub(crate) const NO_SECRET_YET: &str =
    "This webhook has no secret yet. Until you paste it here, every request gets 503 and nothing is stored.";

/// Shown after a secret was retired.
pub(crate) const RETIRED: &str = "The SECRET is retired: what is signed with it is refused";
/// The secret had already expired or been retired.
pub(crate) const NOT_THERE: &str = "That SECRET counts no more";

/// Where to find the secret that the gateway uses.
pub(crate) fn own_hint(gateway: Gateway) -> Text {
    gateway.profile().texts.secrets.where_it_is.clone()
}

/// Returns why an imported secret is rejected, and what to do.
pub(crate) fn weak(gateway: Gateway, weak: WeakSecret) -> String {
    let why = match weak {
        WeakSecret::Empty => return "SECRET is empty. Type it here.".to_owned(),
        WeakSecret::Short(length) => {
            return format!(
                "It has {length} characters, and whoever guesses it can invent payments: at least {MIN_SECRET_CHARS} are needed. {}",
                way_out(gateway)
            );
        }
        WeakSecret::Long => return format!("A SECRET may have at most {MAX_SECRET_BYTES} bytes."),
        WeakSecret::Unseen => {
            return "It holds a character that cannot be seen, as a line break. Copy it again, and nothing before or after it."
                .to_owned();
        }
        WeakSecret::Dots => return "These are the dots that hide it. Copy the SECRET itself.".to_owned(),
        WeakSecret::Url => return own_url(gateway),
        WeakSecret::KeyId => {
            return "This is a Key ID, which your customers’ browsers see. The SECRET is the text in the webhook’s field Secret."
                .to_owned();
        }
        WeakSecret::Form => return gateway.profile().texts.secrets.wrong_form.in_english(),
        WeakSecret::Repeated => "The same few characters come again and again in it",
        WeakSecret::Digits => "It is of digits only, and too few of them",
        WeakSecret::Common => "Apart from words, dates and patterns, too little of it is random",
        WeakSecret::Named => "Apart from names of the app, the company or the domain, too little of it is random",
    };
    format!("{why}: whoever guesses it can invent payments. {}", way_out(gateway))
}

fn own_url(gateway: Gateway) -> String {
    gateway.profile().texts.secrets.is_url.in_english()
}

fn way_out(gateway: Gateway) -> String {
    gateway.profile().texts.secrets.use_ours.in_english()
}

/// A secret credential of the API was entered; `label` is that of its field.
pub(crate) fn key_secret(gateway: Gateway, label: &str) -> String {
    format!(
        "This is the {label} of your API keys, which can move money: it must not be a webhook’s SECRET. {}",
        gateway.profile().texts.secrets.use_ours_and_new_keys.in_english()
    )
}

/// It is the secret of another webhook of the company.
pub(crate) fn elsewhere(own: Mode, other: Mode) -> &'static str {
    match (own, other) {
        (Mode::Live, Mode::Test) => {
            "This is the SECRET of a webhook in Test mode. Live must not have it: test payments would count as real money. Copy the SECRET of this webhook."
        }
        (Mode::Test, Mode::Live) => {
            "This is the SECRET of a webhook in Live mode. Test must not have it: real payments would be taken for trials. Copy the SECRET of this webhook."
        }
        _ => "This is the SECRET of another webhook of yours. Each has one of its own: copy the SECRET of this webhook.",
    }
}

/// It is already valid here.
pub(crate) const KNOWN: &str = "This SECRET counts at this webhook already. Nothing is left to be done.";
/// Shown if the check of a secret was rate limited.
pub(crate) const fn busy(busy: CheckDenied) -> &'static str {
    match busy {
        CheckDenied::Running => {
            "Another secret of your company is being checked. Wait a few seconds, then try again. Nothing was stored."
        }
        CheckDenied::TooMany => {
            "Too many secrets were checked in a short time. Wait a few seconds, then try again. Nothing was stored."
        }
    }
}

/// The limit of imported and adopted secrets is reached: each one slows down every request.
pub(crate) const TOO_MANY: &str =
    "Eight SECRETs that were not made here count already. Retire one that is not used any more first.";
/// The limit of valid secrets is reached: each one slows down every request.
pub(crate) const TOO_MANY_LIVE: &str = "Sixty-four SECRETs count here already, and each request is tried with every one. Retire some that are not used any more first.";

/// Shown after a secret was imported.
pub(crate) fn brought(cut: Trimmed) -> String {
    let cut = match (cut.spaces, cut.quotes) {
        (false, false) => "",
        (true, false) => " Spaces or line breaks around it were cut off.",
        (false, true) => " The quotation marks around it were cut off.",
        (true, true) => " Spaces and the quotation marks around it were cut off.",
    };
    format!(
        "Your own SECRET counts from now on, until you retire it.{cut} What was refused for want of it can be recovered under Rejections."
    )
}

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
        for gateway in Gateway::all() {
            let said: std::collections::HashSet<_> =
                Overlap::CHOICES.into_iter().map(|choice| overlap(gateway, choice)).collect();
            assert_eq!(said.len(), Overlap::CHOICES.len());
        }
        assert_eq!(overlap(Gateway::RAZORPAY, Overlap::CHOICES[3]).0, "15 days");
    }

    #[test]
    fn a_new_secret_is_created_where_it_is_generated() {
        let now = Timestamp::from_seconds(1_795_356_717);
        for gateway in Gateway::all() {
            let unreadable = unreadable(gateway, ["ws_1"].into_iter()).unwrap().reason;
            for text in [unreadable, retired(gateway, None, now).into(), active_stays(gateway).into()] {
                let sender = gateway.profile().sender.in_english();
                let is_there =
                    ["secret", "SECRET", "one"].iter().any(|what| text.in_english().contains(&format!("new {what} at {sender}")));
                assert_eq!(is_there, gateway.generates_secret(), "{text}");
            }
        }
    }

    #[test]
    fn a_new_one_is_given_to_the_gateway_before_the_one_before_ends() {
        let now = Timestamp::from_seconds(1_795_356_717);
        let until = now.plus(Duration::from_hours(24));
        let said = unproven(Gateway::RAZORPAY, PreviousSecret { until, is_valid: true }, now);
        assert!(said.reason.in_english().replace('\u{a0}', " ").ends_with("counts until 23 Nov, 7:41 pm."), "{}", said.reason);
        assert_eq!(unproven(Gateway::STANDARD_WEBHOOKS, PreviousSecret { until: now, is_valid: false }, now).class, "is-warn");
    }
}
