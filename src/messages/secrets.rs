//! Messages on secrets: which is valid until when, what to do with a new one, and the consequences of retiring one.

use std::time::Duration;

use super::{
    Badge, DisplayTime, Notice, badge,
    text::{dates, secrets as t},
    when,
};
use crate::{
    companies::check_limiter::CheckDenied,
    connections::{
        overlap::Overlap,
        secret_set::{PreviousSecret, SecretSet, SecretWithUsage},
        secret_strength::{Trimmed, WeakSecret},
        secrets::{MAX_IMPORTED_SECRETS, MAX_VALID_SECRETS, Origin, StoredSecret},
    },
    gateways::{Gateway, Mode, texts::SecretTexts},
    i18n::{Text, code, isolate},
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

/// States where a secret is from, since when, and who added it.
pub(crate) fn origin(stored: &StoredSecret, now: Timestamp) -> Text {
    let when = DisplayTime::of_day(stored.created_at, now);
    match (stored.origin, stored.created_by.as_ref().map(isolate)) {
        (Origin::Generated, None) => t::generated(when),
        (Origin::Generated, Some(name)) => t::generated_by(when, name),
        (Origin::Imported, None) => t::imported(when),
        (Origin::Imported, Some(name)) => t::imported_by(when, name),
        (Origin::Adopted, None) => t::adopted(when),
        (Origin::Adopted, Some(name)) => t::adopted_by(when, name),
    }
}

/// Shown next to a secret that may be retired.
pub(crate) fn advice(unused: Duration) -> Text {
    t::safe_to_retire(span(unused))
}

/// Formats a duration, in hours up to three days.
fn span(length: Duration) -> Text {
    match length.as_secs() / 3600 {
        0 => dates::minutes(length.as_secs() / 60),
        hours @ 1..72 => dates::hours(hours),
        hours => dates::days_long(hours / 24),
    }
}

/// Returns the label of an overlap, and when to choose it.
pub(crate) fn overlap(gateway: Gateway, overlap: Overlap) -> (Text, Text) {
    let hours = overlap.hours();
    let label = if hours == 24 { t::overlap_hours(hours) } else { t::overlap_days(hours / 24) };
    let overlaps = &texts(gateway).overlaps;
    let reason = match hours {
        ..=24 => &overlaps[0],
        25..=72 => &overlaps[1],
        73..=168 => &overlaps[2],
        _ => &overlaps[3],
    };
    (label, reason.clone())
}

/// Explains what a rotation does.
pub(crate) fn rotating(gateway: Gateway) -> Vec<Text> {
    texts(gateway).rotating.to_vec()
}

fn texts(gateway: Gateway) -> &'static SecretTexts {
    &gateway.profile().texts.secrets
}

/// Shown after a rotation.
pub(crate) fn rotated(until: Timestamp, now: Timestamp) -> Text {
    t::rotated(DisplayTime::of_expiry(until, now))
}

/// What to do with a new secret that has not verified any request yet.
pub(crate) fn unproven(gateway: Gateway, before: PreviousSecret, now: Timestamp) -> Notice {
    let (instruction, until) = (&texts(gateway).hand_over, DisplayTime::of_expiry(before.until, now));
    let (hook, style, reason) = if before.is_valid {
        ("rotation-pending", ("is-info", "rotate"), t::hand_over_pending(instruction, until))
    } else {
        ("rotation-overdue", ("is-warn", "warn"), t::hand_over_overdue(instruction, until))
    };
    Notice::new(hook, style, t::hand_over(&gateway.profile().sender), reason)
}

/// Valid secrets whose sealed value does not open, by their ids, and what to do.
pub(crate) fn unreadable<'a>(gateway: Gateway, ids: impl Iterator<Item = &'a str>) -> Option<Notice> {
    let ids: Vec<&str> = ids.collect();
    if ids.is_empty() {
        return None;
    }
    let reason = t::unreadable_reason(ids.len(), code(ids.join(", ")), &texts(gateway).unreadable);
    Some(Notice::new("secret-unreadable", ("is-bad", "bad"), t::unreadable(ids.len()), reason))
}

/// Returns the consequences of retiring a secret, a sentence each, with what identifies it in tests.
pub(crate) fn retiring(
    gateway: Gateway,
    secrets: &SecretSet,
    held: &SecretWithUsage,
    now: Timestamp,
) -> Vec<(&'static str, Text)> {
    let sender = &gateway.profile().sender;
    let last = held.used.map(|used| when(used.last_at, now));
    let unused = secrets.safe_to_retire_after(held, now);
    let mut effects = vec![in_its_place(gateway, secrets, now)];
    effects.push(match (unused, last) {
        (Some(unused), Some(_)) => ("secret-replaced", t::replaced(span(unused))),
        (Some(_), None) => ("secret-never-used", t::never_needed()),
        (None, Some(last)) => ("secret-in-use", t::in_use(last, sender)),
        (None, None) => ("secret-maybe-in-use", t::maybe_in_use(sender)),
    });
    if unused.is_none() {
        effects.extend(texts(gateway).after_rejections.clone().map(|text| ("after-rejections", text)));
    }
    effects.push(match held.stored.origin {
        Origin::Generated => ("gone-for-good", t::retired_for_good()),
        Origin::Imported => ("not-entered-again", t::not_entered_again()),
        Origin::Adopted => ("refused-again", t::rejected_again()),
    });
    effects
}

/// Returns the error for a secret that was retired here, because others may know it.
pub(crate) fn was_retired(gateway: Gateway, at: Option<Timestamp>, now: Timestamp) -> Text {
    let remedy = &texts(gateway).new_secret;
    match at {
        None => t::was_retired(remedy),
        Some(at) => t::was_retired_on(DisplayTime::of_day(at, now), remedy),
    }
}

/// States whether the active secret has verified an event.
fn in_its_place(gateway: Gateway, secrets: &SecretSet, now: Timestamp) -> (&'static str, Text) {
    match secrets.active().and_then(|active| active.used) {
        Some(used) => ("active-secret-works", t::active_works(when(used.last_at, now))),
        None => ("active-secret-unproven", t::active_unproven(&gateway.profile().sender)),
    }
}

/// Why the active secret cannot be retired.
pub(crate) fn active_stays(gateway: Gateway) -> Text {
    if gateway.generates_secret() { t::active_stays_paste(&gateway.profile().sender) } else { t::active_stays_create() }
}

/// What happens to the secret that an entered one replaces.
pub(crate) fn replaced(gateway: Gateway) -> Text {
    t::import_replaces(span(gateway.retry_window()))
}

/// Where to find the secret that the gateway uses.
pub(crate) fn own_hint(gateway: Gateway) -> Text {
    texts(gateway).where_it_is.clone()
}

/// Returns why an imported secret is rejected, and what to do.
pub(crate) fn weak(gateway: Gateway, weak: WeakSecret) -> Text {
    let (texts, instead) = (texts(gateway), &texts(gateway).use_ours);
    match weak {
        WeakSecret::Empty => t::empty(),
        WeakSecret::Short(length) => t::too_short(length, MIN_SECRET_CHARS, instead),
        WeakSecret::Long => t::too_long(MAX_SECRET_BYTES),
        WeakSecret::Unseen => t::invisible_character(),
        WeakSecret::Dots => t::dots(),
        WeakSecret::Url => texts.is_url.clone(),
        WeakSecret::KeyId => t::key_id(),
        WeakSecret::Form => texts.wrong_form.clone(),
        WeakSecret::Repeated => t::repeated(instead),
        WeakSecret::Digits => t::digits(instead),
        WeakSecret::Common => t::common(instead),
        WeakSecret::Named => t::named(instead),
    }
}

/// A secret credential of the API was entered; `label` is that of its field.
pub(crate) fn api_key_secret(gateway: Gateway, label: &str) -> Text {
    t::api_key_secret(label, &texts(gateway).use_ours_and_new_keys)
}

/// It is the secret of another webhook of the company.
pub(crate) const fn elsewhere(own: Mode, other: Mode) -> Text {
    match (own, other) {
        (Mode::Live, Mode::Test) => t::of_test_mode(),
        (Mode::Test, Mode::Live) => t::of_live_mode(),
        _ => t::of_another_webhook(),
    }
}

/// Shown if the check of a secret was rate limited.
pub(crate) const fn busy(busy: CheckDenied) -> Text {
    match busy {
        CheckDenied::Running => t::check_running(),
        CheckDenied::TooMany => t::too_many_checks(),
    }
}

/// The limit of imported and adopted secrets is reached: each one slows down every request.
pub(crate) fn too_many_imported() -> Text {
    t::too_many_imported(MAX_IMPORTED_SECRETS)
}

/// The limit of valid secrets is reached: each one slows down every request.
pub(crate) fn too_many_valid() -> Text {
    t::too_many_valid(MAX_VALID_SECRETS)
}

/// Shown after a secret was imported.
pub(crate) const fn added(trimmed: Trimmed) -> Text {
    match (trimmed.spaces, trimmed.quotes) {
        (false, false) => t::added(),
        (true, false) => t::added_spaces(),
        (false, true) => t::added_quotes(),
        (true, true) => t::added_spaces_quotes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_said_as_people_say_it() {
        let said = |hours| span(Duration::from_hours(hours)).in_english().replace('\u{a0}', " ");
        assert_eq!([said(26), said(71), said(72), said(240)], ["26 h", "71 h", "3 days", "10 days"]);
        assert_eq!(span(Duration::from_mins(5)), "5\u{a0}min");
    }

    #[test]
    fn every_overlap_has_its_own_words() {
        for gateway in Gateway::all() {
            let english = |choice| overlap(gateway, choice).1.in_english();
            let said: std::collections::HashSet<_> = Overlap::CHOICES.into_iter().map(english).collect();
            assert_eq!(said.len(), Overlap::CHOICES.len());
        }
        assert_eq!(overlap(Gateway::RAZORPAY, Overlap::CHOICES[3]).0, "15 days");
    }

    #[test]
    fn a_new_secret_is_created_where_it_is_generated() {
        let now = Timestamp::from_seconds(1_795_356_717);
        for gateway in Gateway::all() {
            let unreadable = unreadable(gateway, ["ws_1"].into_iter()).unwrap().reason;
            for text in [unreadable, was_retired(gateway, None, now), active_stays(gateway)] {
                let sender = gateway.profile().sender.in_english();
                let is_there =
                    ["secret", "one"].iter().any(|what| text.in_english().contains(&format!("new {what} at {sender}")));
                assert_eq!(is_there, gateway.generates_secret(), "{text}");
            }
        }
    }

    #[test]
    fn a_new_one_is_given_to_the_gateway_before_the_one_before_ends() {
        let now = Timestamp::from_seconds(1_795_356_717);
        let until = now.plus(Duration::from_hours(24));
        let said = unproven(Gateway::RAZORPAY, PreviousSecret { until, is_valid: true }, now);
        assert!(said.reason.in_english().replace('\u{a0}', " ").ends_with("valid until 23 Nov, 7:41 pm."), "{}", said.reason);
        assert_eq!(unproven(Gateway::STANDARD_WEBHOOKS, PreviousSecret { until: now, is_valid: false }, now).class, "is-warn");
    }
}
