//! Tests of the fixes: who can do each, and which are conditions.

use std::sync::LazyLock;

use super::*;
use crate::{
    i18n::Locale,
    rejections::advice::{Attempts, Start},
};

/// Causes that a request from an outsider, without any of the company's secrets, can have.
const OUTSIDERS: &[Cause] = &[
    Cause::NoSignature,
    Cause::IdMissing,
    Cause::TimeMissing,
    Cause::OtherGateway,
    Cause::Scanner,
    Cause::OtherLength,
    Cause::NotKeyed,
    Cause::AsymmetricOnly,
    Cause::CheckoutSignature,
    Cause::SecretGuessable,
    Cause::SecretIsUrl,
    Cause::SecretIsId,
    Cause::SecretIsKeyId,
    Cause::SecretIsCopied,
    Cause::SecretIsDots,
    Cause::SecretEmpty,
    Cause::BodyCompressed,
    Cause::BodyEmpty,
    Cause::BodyCut,
    Cause::SignedEarlier,
    Cause::SignedAhead,
    Cause::TimeInMillis,
    Cause::TimeUnreadable,
    Cause::OtherAccount,
    Cause::TooLarge,
    Cause::Encoded,
    Cause::TooSlow,
    Cause::NotDiagnosed,
    Cause::Unknown,
];

static OTHER: LazyLock<Text> = LazyLock::new(|| Text::verbatim("Neem Tree Store"));

fn context(gateway: Gateway, is_signed: bool) -> Context<'static> {
    Context { gateway, detail: "", other: &OTHER, is_signed }
}

fn fix_in(locale: Locale, cause: Cause, context: Context<'_>) -> String {
    paragraph(fix(cause, context)).to_plain(locale)
}

fn fixes(is_signed: bool) -> impl Iterator<Item = (Gateway, Cause, String)> {
    Gateway::all().flat_map(move |gateway| {
        Cause::ALL.iter().map(move |cause| (gateway, *cause, fix_in(Locale::English, *cause, context(gateway, is_signed))))
    })
}

#[test]
fn every_sentence_ends_in_both_languages() {
    for gateway in Gateway::all() {
        for (cause, is_signed) in Cause::ALL.iter().flat_map(|cause| [(*cause, true), (*cause, false)]) {
            for sentence in fix(cause, Context { detail: "Stripe", ..context(gateway, is_signed) }) {
                assert!(sentence.in_english().ends_with('.'), "{cause:?}: {sentence:?}");
                let hindi = sentence.to_plain(Locale::Hindi);
                assert!(hindi.ends_with('।'), "{cause:?}: {hindi}");
            }
        }
    }
}

#[test]
fn every_fix_names_who_can_do_it() {
    let actors = [
        "Razorpay’s Dashboard",
        "the sender’s settings",
        "your server administrator",
        "the developer of",
        "Enable the app",
        "Recover it",
        "create a webhook for it",
    ];
    for (_, cause, fix) in fixes(true).chain(fixes(false)) {
        assert!(fix.ends_with('.') && !fix.contains('!'), "{fix}");
        assert!(actors.iter().any(|actor| fix.contains(actor)), "{cause:?}: {fix}");
    }
}

/// One advice asks for one secret, and names its actor once.
#[test]
fn no_fix_runs_two_instructions_together() {
    for (_, cause, fix) in fixes(true).chain(fixes(false)) {
        assert!(!fix.contains("create a new secret") || !fix.contains("this webhook’s secret"), "{cause:?}: {fix}");
        for sentence in fix.split(". ") {
            assert!(sentence.matches("these requests").count() < 2, "{cause:?}: {sentence}");
        }
    }
}

#[test]
fn what_an_outsider_can_send_is_answered_with_a_condition() {
    for (_, cause, fix) in fixes(false).filter(|(_, cause, _)| OUTSIDERS.contains(cause)) {
        assert!(fix.contains("If "), "{cause:?}: {fix}");
        let nothing = fix.find("nothing to do");
        assert!(nothing.is_none_or(|at| fix[..at].contains("If ")), "{cause:?}: {fix}");
    }
    for cause in OUTSIDERS {
        assert!(!cause.can_adopt_secret(), "{cause:?}");
    }
}

#[test]
fn a_fix_is_conditional_if_it_names_the_sender() {
    for is_signed in [true, false] {
        for (gateway, cause, fix) in fixes(is_signed) {
            let context = context(gateway, is_signed);
            let names_sender = [sender(gateway).in_english().as_str(), "your sender"]
                .iter()
                .any(|name| fix.contains(&format!("If {name} sent ")));
            assert_eq!(is_conditional(cause, context), names_sender, "{cause:?}: {fix}");
        }
    }
}

#[test]
fn how_another_secret_was_pasted_changes_no_fix() {
    for cause in Cause::ALL.iter().filter(|cause| is_another_secret(**cause)) {
        let say = |detail| fix(*cause, Context { detail, ..context(Gateway::RAZORPAY, true) });
        assert_eq!(say("secret_with_space"), say(""), "{cause:?}");
        assert_ne!(say("body_respaced"), say(""), "{cause:?}: another body is another fault");
    }
}

#[test]
fn a_gateway_is_never_told_of_another_gateways_pages() {
    let gateway = crate::gateways::fictitious::GATEWAY;
    // A checkout is named after its gateway, which may be another than the webhook's.
    for cause in Cause::ALL.iter().filter(|cause| **cause != Cause::CheckoutSignature) {
        for is_signed in [false, true] {
            let context = context(gateway, is_signed);
            let mut texts = either(*cause, gateway, Mode::Test, &OTHER);
            texts.extend(fix(*cause, context));
            texts.push(causes::why(*cause, context));
            let text =
                Locale::ALL.iter().map(|locale| paragraph(texts.clone()).to_plain(*locale)).collect::<String>().to_lowercase();
            for other in ["razorpay", "standard webhooks", "whsec", "webhook-id", "webhook-timestamp", "webhook-signature"] {
                assert!(!text.contains(other), "{cause:?}: {text}");
            }
        }
    }
}

#[test]
fn the_secret_of_another_webhook_has_two_fixes() {
    for gateway in Gateway::all() {
        for mode in [Mode::Test, Mode::Live] {
            for cause in Cause::ALL {
                let either: Vec<String> = either(*cause, gateway, mode, &OTHER).iter().map(Text::in_english).collect();
                let is_elsewhere = cause.attempts(gateway) == Attempts::Elsewhere;
                assert_eq!(either.len(), if is_elsewhere { 2 } else { 0 }, "{cause:?}");
                assert!(!is_elsewhere || (either[0].contains("URL is wrong") && either[1].contains("secret is wrong")));
                assert!(either.iter().all(|option| option.starts_with("If these ")), "{either:?}");
            }
        }
    }
}

#[test]
fn a_button_to_the_secret_goes_with_a_fix_that_needs_it() {
    for (_, cause, fix) in fixes(false).filter(|(gateway, ..)| *gateway == Gateway::RAZORPAY) {
        let pastes = fix.contains("paste") || fix.contains("either its URL") || cause == Cause::OtherAccount;
        assert_eq!(cause.start() == Start::Secret, pastes && cause.start() != Start::Nowhere, "{cause:?}: {fix}");
    }
}
