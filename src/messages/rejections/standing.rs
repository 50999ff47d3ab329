//! Whether rejected requests can be recovered, and whether the gateway's retries will verify.

use super::fixes::sender;
use crate::{
    gateways::Gateway,
    i18n::Text,
    messages::{parts::paragraph, text::rejections as t},
    rejections::{
        Cause,
        advice::{Attempts, Finding},
        recovery::Count,
    },
};

/// How many requests of a rejection are stored, complete or not, and how many were recovered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left {
    pub(crate) stored: i64,
    pub(crate) recovered: i64,
}

/// States whether the stored requests can be recovered, with what identifies that in tests; `can_adopt` is true if their secret
/// can be adopted on this page.
pub(crate) fn standing(count: &Count, left: Left, is_off: bool, finding: Finding, can_adopt: bool) -> (&'static str, Text) {
    let gateway = finding.gateway;
    match (count.stored, count.verify()) {
        (0, _) if left.stored == 0 => ("requests-not-stored", then_look_up([t::not_stored()], gateway)),
        (0, _) if left.recovered > 0 => ("nothing-left-to-recover", t::nothing_left()),
        (0, _) => (
            if is_unread(finding.cause) { "requests-not-read" } else { "requests-truncated" },
            then_look_up([never_whole(finding.cause)], gateway),
        ),
        (_, 0) if is_off && finding.is_of_unknown_key() => ("enable-then-enter-secret", t::enable_then_enter()),
        (_, 0) => {
            let attempts = if finding.is_of_unknown_key() { Attempts::Unknown } else { finding.attempts() };
            (attempts.hook(), paragraph(none_verifies(attempts, finding, can_adopt)))
        }
        _ if is_off => ("enable-first", t::enable_first()),
        (stored, verify) => {
            let number = if stored == 1 { t::request_verifies() } else { t::requests_verify(verify, stored) };
            ("requests-verify", paragraph([number, t::becomes_event()]))
        }
    }
}

/// Whether bodies of such requests are rejected before they are read.
const fn is_unread(cause: Cause) -> bool {
    matches!(cause, Cause::TooLarge | Cause::Encoded | Cause::TooSlow)
}

/// Returns why no stored request has a complete body.
const fn never_whole(cause: Cause) -> Text {
    if is_unread(cause) { t::never_read() } else { t::only_beginning() }
}

/// Returns why requests that nothing proves cannot be recovered, as an observation about them.
const fn not_intact(cause: Cause) -> Text {
    match cause {
        Cause::BodyEmpty => t::bodies_empty(),
        Cause::BodyCut => t::bodies_cut(),
        Cause::BodyCompressed => t::bodies_compressed(),
        Cause::TooLarge | Cause::Encoded | Cause::TooSlow => never_whole(cause),
        _ => t::signatures_unreadable(),
    }
}

/// Where to find the payments of requests that cannot be recovered.
fn look_up(gateway: Gateway) -> impl Iterator<Item = Text> {
    let profile = gateway.profile();
    let texts = &profile.texts.requests;
    let replay = texts.replay.zip(profile.replay_window).map(|(replay, window)| replay(window.as_secs() / (24 * 3600)));
    replay.into_iter().chain([texts.look_up.clone()])
}

fn then_look_up(sentences: impl IntoIterator<Item = Text>, gateway: Gateway) -> Text {
    paragraph(sentences.into_iter().chain(look_up(gateway)))
}

/// None of the stored requests verifies: whether that can change, and whether further attempts will verify.
fn none_verifies(attempts: Attempts, finding: Finding, can_adopt: bool) -> Vec<Text> {
    let gateway = finding.gateway;
    let (sender, texts) = (sender(gateway), &gateway.profile().texts.requests);
    let keep_failing = || texts.keep_failing.clone();
    let (mut said, is_lost) = match attempts {
        Attempts::OnceUnchanged => (vec![t::changed_after_signing(), t::retries_once_unchanged(), t::after_last_retry()], true),
        Attempts::OnceUnchangedIfGenuine => {
            (vec![not_intact(finding.cause), t::retries_if_sent(sender), t::after_last_retry()], true)
        }
        Attempts::OnceAdopted if can_adopt => {
            (vec![t::secret_not_accepted(), keep_failing(), t::unless_added(), t::new_events()], false)
        }
        Attempts::OnceAdopted => (vec![t::secret_not_addable(), keep_failing(), t::new_events()], true),
        Attempts::Never => (vec![t::key_never_valid(), keep_failing(), t::new_events()], true),
        Attempts::NeverIfGenuine => (vec![t::anyone_could_send(), texts.keep_failing_if_sent.clone(), t::new_events()], true),
        Attempts::Elsewhere if can_adopt => {
            (vec![t::secret_not_accepted_here(), t::wrong_url_there(), t::wrong_secret_there()], true)
        }
        Attempts::Elsewhere => (vec![t::not_recoverable_here(), t::retries_elsewhere(), t::new_events()], true),
        Attempts::OnceSignedAgain if can_adopt => (vec![t::secret_not_accepted(), t::if_signed_again()], false),
        Attempts::OnceSignedAgain => (vec![t::not_recoverable(), t::only_if_signed_again()], true),
        Attempts::Unknown => (vec![t::secret_not_accepted(), t::enter_if_yours()], false),
        Attempts::NoEvents => (vec![t::not_of_this_webhook(), t::if_sent_look_up(sender)], true),
        Attempts::Verify => (vec![t::no_longer_verified()], true),
    };
    if is_lost {
        said.extend(look_up(gateway));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rejections::{Reason, advice::Start};

    fn said(cause: Cause, gateway: Gateway, can_adopt: bool) -> String {
        said_of(finding(cause, gateway), can_adopt)
    }

    fn said_of(finding: Finding, can_adopt: bool) -> String {
        standing(&Count { stored: 2, verified: Vec::new() }, Left { stored: 2, recovered: 0 }, false, finding, can_adopt)
            .1
            .in_english()
    }

    const fn finding(cause: Cause, gateway: Gateway) -> Finding {
        Finding { gateway, reason: Reason::SignatureMismatch, cause, is_signed: false }
    }

    #[test]
    fn an_unreadable_signature_is_a_matter_of_the_way_and_of_no_secret() {
        let unreadable = Finding { reason: Reason::SignatureMalformed, ..finding(Cause::Unknown, Gateway::RAZORPAY) };
        let said = said_of(unreadable, false);
        assert!(said.starts_with("These requests can’t be recovered: their signatures can’t be read. If Razorpay sent them,"));
        assert!(!said.contains("enter the secret"), "{said}");
        assert_eq!((unreadable.start(), unreadable.is_of_unknown_key()), (Start::UrlCheck, false));
        let of_program = Finding { gateway: Gateway::STANDARD_WEBHOOKS, ..unreadable };
        assert!(said_of(of_program, false).contains("accepted only if the program signs each one again"));
        assert_eq!((of_program.start(), of_program.is_of_unknown_key()), (Start::Nowhere, false));
        let mismatch = finding(Cause::Unknown, Gateway::RAZORPAY);
        assert_eq!((mismatch.start(), mismatch.is_of_unknown_key()), (Start::Secret, true));
    }

    #[test]
    fn a_proven_cause_is_not_said_as_a_condition() {
        for cause in [Cause::BodyCompressed, Cause::BodyEmpty, Cause::BodyCut] {
            let unproven = finding(cause, Gateway::RAZORPAY);
            let said = said_of(unproven, false);
            assert!(said.contains("If Razorpay sent them") && !said.contains("right secret"), "{said}");
            let said = said_of(Finding { is_signed: true, ..unproven }, false);
            assert!(said.contains("They were signed with the right secret") && !said.contains("If Razorpay"), "{said}");
        }
    }

    #[test]
    fn attempts_are_said_to_verify_only_where_the_right_secret_signed_them() {
        for cause in Cause::ALL {
            for (gateway, can_adopt) in
                [(Gateway::RAZORPAY, false), (Gateway::RAZORPAY, true), (Gateway::STANDARD_WEBHOOKS, false)]
            {
                let said = said(*cause, gateway, can_adopt && cause.can_adopt_secret());
                assert!(!said.contains("come in by themselves"), "{said}");
                if said.contains("retries are accepted once") {
                    assert!(!cause.is_of_key() && !said.contains("keep failing"), "{cause:?}: {said}");
                }
                if gateway == Gateway::RAZORPAY && cause.is_of_key() {
                    assert!(said.contains("keep failing"), "{cause:?}: {said}");
                    assert!(
                        said.contains("Look up their payments")
                            || said.contains("If you add that secret")
                            || said.contains("unless you add"),
                        "{cause:?}: {said}"
                    );
                }
            }
        }
    }

    #[test]
    fn at_a_disabled_webhook_no_secret_is_asked_for_before_it_is_enabled() {
        let found = Count { stored: 2, verified: Vec::new() };
        let said = |is_off| {
            standing(&found, Left { stored: 2, recovered: 0 }, is_off, finding(Cause::Unknown, Gateway::RAZORPAY), false)
                .1
                .in_english()
        };
        assert!(said(true).starts_with("Enable the webhook first, then enter the secret"), "{}", said(true));
        assert!(said(false).contains("enter the secret they were signed with"), "{}", said(false));
    }

    #[test]
    fn only_what_was_recovered_is_said_to_be() {
        let said = |cause, recovered| {
            standing(&Count::default(), Left { stored: 2, recovered }, false, finding(cause, Gateway::RAZORPAY), false)
                .1
                .in_english()
        };
        for cause in Cause::ALL {
            assert!(!said(*cause, 0).contains("has been recovered"), "{cause:?}");
            assert!(said(*cause, 1).contains("has been recovered"), "{cause:?}");
        }
        for cause in [Cause::TooLarge, Cause::Encoded, Cause::TooSlow] {
            assert_eq!(
                said(cause, 0),
                "These requests can’t be recovered: their bodies were rejected before they were read. Replay events of the last 7 days in Razorpay’s Dashboard: it signs them with the current secret. Look up their payments there if they are older."
            );
        }
        assert!(said(Cause::BodyRespaced, 0).contains("only the beginning"));
    }

    #[test]
    fn what_proves_nothing_is_said_as_a_condition() {
        for cause in [
            Cause::Scanner,
            Cause::OtherGateway,
            Cause::CheckoutSignature,
            Cause::NoSignature,
            Cause::SecretIsUrl,
            Cause::SecretEmpty,
            Cause::BodyCut,
            Cause::BodyEmpty,
            Cause::Encoded,
        ] {
            assert!(said(cause, Gateway::RAZORPAY, false).to_lowercase().contains("if razorpay sent"), "{cause:?}");
        }
    }
}
