//! Whether rejected requests can be recovered, and whether the gateway's retries will verify.

use super::{ENABLE_THEN_ENTER, SWITCH_ON_FIRST, fixes::sender, number_text};
use crate::{
    gateways::Gateway,
    messages::lower,
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
pub(crate) fn standing(count: &Count, left: Left, is_off: bool, finding: Finding, can_adopt: bool) -> (&'static str, String) {
    let gateway = finding.gateway;
    let whole = number_text(i64::try_from(count.stored).unwrap_or(i64::MAX));
    match (count.stored, count.verify()) {
        (0, _) if left.stored == 0 => (
            "requests-not-stored",
            format!("These requests are no longer stored, so they cannot be recovered. {}", look_up(gateway)),
        ),
        (0, _) if left.recovered > 0 => {
            ("nothing-left-to-recover", "Nothing is left to recover: what was stored whole has been recovered.".to_owned())
        }
        (0, _) => (
            if is_unread(finding.cause) { "requests-not-read" } else { "requests-truncated" },
            format!("These can’t be recovered: {}. {}", never_whole(finding.cause), look_up(gateway)),
        ),
        (_, 0) if is_off && finding.is_of_unknown_key() => ("enable-then-enter-secret", ENABLE_THEN_ENTER.to_owned()),
        (_, 0) => none_verifies(finding, can_adopt),
        _ if is_off => ("enable-first", SWITCH_ON_FIRST.to_owned()),
        (stored, verify) => {
            let verify = number_text(i64::try_from(verify).unwrap_or(i64::MAX));
            let of = if stored == 1 {
                "The stored request verifies".to_owned()
            } else {
                format!("{verify} of {whole} stored requests verify")
            };
            let text = format!(
                "{of} now. Each recovered request becomes an event marked as recovered, and is recorded only once, even if the gateway retries or replays it."
            );
            ("requests-verify", text)
        }
    }
}

/// Whether bodies of such requests are rejected before they are read.
const fn is_unread(cause: Cause) -> bool {
    matches!(cause, Cause::TooLarge | Cause::Encoded | Cause::TooSlow)
}

/// Returns why no stored request has a complete body.
const fn never_whole(cause: Cause) -> &'static str {
    if is_unread(cause) {
        "their bodies were rejected before they were read"
    } else {
        "only the beginning of their bodies is stored"
    }
}

/// Returns why requests that nothing proves cannot be recovered, as an observation about them.
const fn not_intact(cause: Cause) -> &'static str {
    match cause {
        Cause::BodyEmpty => "their bodies are empty",
        Cause::BodyCut => "their bodies are incomplete",
        Cause::BodyCompressed => "their bodies are compressed",
        Cause::TooLarge | Cause::Encoded | Cause::TooSlow => never_whole(cause),
        _ => "their signatures cannot be read",
    }
}

/// Where to find the payments of requests that cannot be recovered.
fn look_up(gateway: Gateway) -> String {
    let profile = gateway.profile();
    let text = profile.texts.requests.look_up;
    match (profile.replay_window, profile.texts.requests.replay) {
        (Some(window), Some([before, after])) => format!("{before} {} days {after} {text}", window.as_secs() / (24 * 3600)),
        _ => text.to_owned(),
    }
}

/// How a gateway signs retries of an event.
const fn repeats(gateway: Gateway) -> &'static str {
    gateway.profile().texts.requests.repeats
}

/// None of the stored requests verifies: whether that can change, and whether further attempts will verify.
fn none_verifies(finding: Finding, can_adopt: bool) -> (&'static str, String) {
    let gateway = finding.gateway;
    let (sender, look_up, repeats) = (sender(gateway), look_up(gateway), repeats(gateway));
    let attempts = if finding.is_of_unknown_key() { Attempts::Unknown } else { finding.attempts() };
    let text = match attempts {
        Attempts::OnceUnchanged => format!(
            "These requests cannot be recovered: they were changed after they were signed. They were signed with the right secret, so retries verify once they arrive unchanged. After the last retry, {}",
            lower(&look_up)
        ),
        Attempts::OnceUnchangedIfGenuine => format!(
            "These requests cannot be recovered: {}. If {sender} sent them, retries verify once they arrive unchanged. After the last retry, {}",
            not_intact(finding.cause),
            lower(&look_up)
        ),
        Attempts::OnceAdopted if can_adopt => format!(
            "These requests were not signed with a secret that KS Pay accepts. {repeats}, so retries of these events keep failing after the fix, unless you accept that secret too. New events verify."
        ),
        Attempts::OnceAdopted => format!(
            "These requests cannot be recovered: the secret they were signed with cannot be accepted here. {repeats}, so retries of these events keep failing after the fix. New events verify. {look_up}"
        ),
        Attempts::Never => format!(
            "These requests cannot be recovered: the key they were signed with can never be this webhook’s secret. {repeats}, so retries of these events keep failing after the fix. New events verify. {look_up}"
        ),
        Attempts::NeverIfGenuine => format!(
            "These requests cannot be recovered: anyone could have sent them. {repeats}, so if {sender} sent these, retries of these events keep failing after the fix. New events verify. {look_up}"
        ),
        Attempts::Elsewhere if can_adopt => format!(
            "These requests were not signed with a secret that KS Pay accepts here. If the gateway has the wrong URL, there is nothing to recover here. If it has the wrong secret, retries of these events keep failing after the fix, unless you accept that secret too. {look_up}"
        ),
        Attempts::Elsewhere => format!(
            "These requests cannot be recovered here: they were signed with the secret of another webhook. After the fix, retries of these events that still arrive here keep failing. New events verify. {look_up}"
        ),
        Attempts::OnceSignedAgain if can_adopt => {
            "These requests were not signed with a secret that KS Pay accepts. After the fix, retries verify if they are signed again. Otherwise, they verify if you accept that secret too."
        .to_owned()
        }
        Attempts::OnceSignedAgain => format!(
            "These requests cannot be recovered. After the fix, retries verify only if the program signs each one again; if it reuses the first signature, they keep failing. {look_up}"
        ),
        Attempts::Unknown => {
            "These requests were not signed with a secret that KS Pay accepts. If they are yours, enter the secret they were signed with; you can then recover them.".to_owned()
        }
        Attempts::NoEvents => format!(
            "These requests cannot be recovered: they were not signed with a secret of this webhook. If {sender} sent them, {}",
            lower(&look_up)
        ),
        Attempts::Verify => format!("These requests no longer verify. {look_up}"),
    };
    (attempts.hook(), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rejections::{Reason, advice::Start};

    fn said(cause: Cause, gateway: Gateway, can_adopt: bool) -> String {
        said_of(finding(cause, gateway), can_adopt)
    }

    fn said_of(finding: Finding, can_adopt: bool) -> String {
        standing(&Count { stored: 2, verified: Vec::new() }, Left { stored: 2, recovered: 0 }, false, finding, can_adopt).1
    }

    const fn finding(cause: Cause, gateway: Gateway) -> Finding {
        Finding { gateway, reason: Reason::SignatureMismatch, cause, is_signed: false }
    }

    #[test]
    fn an_unreadable_signature_is_a_matter_of_the_way_and_of_no_secret() {
        let unreadable = Finding { reason: Reason::SignatureMalformed, ..finding(Cause::Unknown, Gateway::RAZORPAY) };
        let said = said_of(unreadable, false);
        assert!(said.starts_with("These requests cannot be recovered: their signatures cannot be read. If Razorpay sent them,"));
        assert!(!said.contains("enter the secret"), "{said}");
        assert_eq!((unreadable.start(), unreadable.is_of_unknown_key()), (Start::UrlCheck, false));
        let of_program = Finding { gateway: Gateway::STANDARD_WEBHOOKS, ..unreadable };
        assert!(said_of(of_program, false).contains("verify only if the program signs each one again"));
        assert_eq!((of_program.start(), of_program.is_of_unknown_key()), (Start::Nowhere, false));
        let mismatch = finding(Cause::Unknown, Gateway::RAZORPAY);
        assert_eq!((mismatch.start(), mismatch.is_of_unknown_key()), (Start::Secret, true));
    }

    #[test]
    fn a_proven_cause_is_not_said_as_a_condition() {
        for cause in [Cause::BodyCompressed, Cause::BodyEmpty, Cause::BodyCut] {
            let unproven = finding(cause, Gateway::RAZORPAY);
            let said = said_of(unproven, false);
            assert!(said.contains("If Razorpay sent them") && !said.contains("did not arrive intact"), "{said}");
            let said = said_of(Finding { is_signed: true, ..unproven }, false);
            assert!(said.contains("They were signed with the right secret") && !said.contains("If "), "{said}");
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
                if said.contains("retries verify once") {
                    assert!(!cause.is_of_key() && !said.contains("keep failing"), "{cause:?}: {said}");
                }
                if gateway == Gateway::RAZORPAY && cause.is_of_key() {
                    assert!(said.contains("keep failing"), "{cause:?}: {said}");
                    assert!(said.contains("Look up their payments") || said.contains("unless you accept"), "{cause:?}: {said}");
                }
            }
        }
    }

    #[test]
    fn at_a_disabled_webhook_no_secret_is_asked_for_before_it_is_enabled() {
        let found = Count { stored: 2, verified: Vec::new() };
        let said = |is_off| {
            standing(&found, Left { stored: 2, recovered: 0 }, is_off, finding(Cause::Unknown, Gateway::RAZORPAY), false).1
        };
        assert!(said(true).starts_with("Enable the webhook first, then enter the secret"), "{}", said(true));
        assert!(said(false).contains("enter the secret they were signed with"), "{}", said(false));
    }

    #[test]
    fn only_what_was_recovered_is_said_to_be() {
        let said = |cause, recovered| {
            standing(&Count::default(), Left { stored: 2, recovered }, false, finding(cause, Gateway::RAZORPAY), false).1
        };
        for cause in Cause::ALL {
            assert!(!said(*cause, 0).contains("has been recovered"), "{cause:?}");
            assert!(said(*cause, 1).contains("has been recovered"), "{cause:?}");
        }
        for cause in [Cause::TooLarge, Cause::Encoded, Cause::TooSlow] {
            assert_eq!(
                said(cause, 0),
                "These can’t be recovered: their bodies were rejected before they were read. Replay events of the last 7 days in Razorpay’s Dashboard: it signs them with the current secret. Look up their payments there if they are older."
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
