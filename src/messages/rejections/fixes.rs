//! The fix of each cause, and who can do it: the merchant in the gateway's dashboard, the server administrator or hosting
//! provider, or the developer of the program that signs.

use super::causes::{self, Context};
use crate::{
    gateways::{
        Gateway, Mode,
        profile::{KeyForm, Notation},
    },
    messages::{lower, tolerance},
    rejections::Cause,
};

/// Where the merchant enters the secret.
const fn paste(gateway: Gateway) -> &'static str {
    gateway.profile().texts.requests.paste
}

/// Where the merchant enters a new secret; follows a condition.
const fn paste_new(gateway: Gateway) -> &'static str {
    gateway.profile().texts.requests.paste_new
}

/// A task for the administrator of anything between the gateway and KS Pay.
fn host(what: &str) -> String {
    format!(
        "Ask your server administrator or hosting provider to {what}. Check anything in front of KS Pay, such as Cloudflare, nginx or an API gateway."
    )
}

fn author(what: &str) -> String {
    format!("Ask the developer of the program that signs these requests to {what}.")
}

/// The same if anyone may have sent them.
fn own_author(what: &str) -> String {
    format!("If these requests are yours, ask the developer of the program that signs them to {what}.")
}

/// The gateway as the subject of a condition.
pub(super) const fn sender(gateway: Gateway) -> &'static str {
    gateway.profile().your_sender
}

/// Returns what to do about a cause, and about the second one if there is one.
pub(super) fn fix(cause: Cause, context: Context<'_>) -> String {
    let first = of(cause, context);
    let second = second(cause, context).map(|second| of(second, Context { detail: "", ..context }));
    match second.filter(|second| *second != first) {
        Some(second) => format!("{first} {second}"),
        None => first,
    }
}

/// Returns the second cause, if it changes what to do: how another secret was pasted makes no difference.
fn second(cause: Cause, context: Context<'_>) -> Option<Cause> {
    causes::second(cause, context.detail).filter(|second| !(is_another_secret(cause) && second.is_of_key()))
}

/// True if the fix says that it applies only if the gateway sent the request.
pub(super) fn is_conditional(cause: Cause, context: Context<'_>) -> bool {
    let is_of = |cause| match cause {
        Cause::NoSignature
        | Cause::IdMissing
        | Cause::TimeMissing
        | Cause::OtherGateway
        | Cause::Scanner
        | Cause::SecretGuessable
        | Cause::SecretIsUrl
        | Cause::SecretIsId
        | Cause::SecretIsKeyId
        | Cause::SecretIsCopied
        | Cause::SecretIsDots
        | Cause::SecretEmpty
        | Cause::BodyEmpty
        | Cause::BodyCut
        | Cause::TimeInMillis
        | Cause::TimeUnreadable
        | Cause::TooLarge
        | Cause::Encoded
        | Cause::TooSlow
        | Cause::NotDiagnosed
        | Cause::Unknown => true,
        Cause::BodyCompressed | Cause::SignedEarlier | Cause::SignedAhead => !context.is_signed,
        _ => false,
    };
    is_of(cause) || second(cause, context).is_some_and(is_of)
}

const fn is_another_secret(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::OldSecret | Cause::RetiredSecret | Cause::OtherMode | Cause::OtherConnection | Cause::OtherApp | Cause::KeySecret
    )
}

#[expect(clippy::too_many_lines, reason = "a line for each cause")]
fn of(cause: Cause, context: Context<'_>) -> String {
    let Context { gateway, detail, is_signed, .. } = context;
    let (paste, sender, scheme) = (paste(gateway), sender(gateway), &gateway.profile().signature);
    let (header, label, prefix) = (scheme.display_header, gateway.label(), scheme.secret_prefix);
    let (id, time) = (scheme.id_header, scheme.time_header);
    let unchanged = || host("let requests to /webhooks/ through unchanged, byte for byte");
    let if_sent = |then: String| format!("If {sender} sent this, it was changed on the way. {then}");
    let unsigned = || {
        let texts = &gateway.profile().texts.requests;
        format!("{} {paste} {} {}", texts.unsigned, texts.if_has_secret, lower(&host(texts.pass_on)))
    };
    match cause {
        Cause::NoSignature => unsigned(),
        Cause::IdMissing | Cause::TimeMissing => format!(
            "If your sender sent this, {} If it already does, {}",
            lower(&author(&format!("send {}", scheme.header_list()))),
            lower(&host("pass on all three"))
        ),
        Cause::RenamedHeader if !scheme.covers_headers() => host(&format!("pass on the header {header} under its own name")),
        Cause::RenamedHeader => {
            let names = format!("send {} under these names", scheme.header_list());
            format!("{} If something renames them on the way, {}", author(&names), lower(&host("keep their names")))
        }
        Cause::OtherGateway => format!(
            "If you use {detail}, remove this URL from its settings: this webhook is for {}. If you don’t, and {sender} did not send this, there is nothing to do. {}",
            label,
            unsigned()
        ),
        Cause::Scanner => format!(
            "If you don’t recognise it, there is nothing to do: it was rejected and has no effect. {}",
            unsigned()
        ),
        Cause::RepeatedHeader => host(&format!("pass on the header {header} only once")),
        Cause::Quoted | Cause::UpperCase | Cause::Prefixed | Cause::Truncated | Cause::Lengthened => {
            host(&format!("pass on the header {header} unchanged"))
        }
        Cause::VersionMissing => author(&format!("write {header} as v1, followed by a comma and the signature in base64")),
        Cause::Base64 if scheme.notation == Notation::Hex => author(&format!("encode {header} in hex, as {label} does")),
        Cause::Base64 => author("encode the signature in standard base64, with padding"),
        Cause::Hex if scheme.notation == Notation::Base64 => author("encode the signature in base64"),
        Cause::Hex => author("encode the signature in base64, after v1 and a comma"),
        Cause::OtherHash => author("use HMAC-SHA256"),
        Cause::OtherLength => own_author("use HMAC-SHA256 with this webhook’s secret"),
        Cause::NotKeyed => format!("Anyone can create such a signature. {}", own_author("use HMAC-SHA256 with the secret as the key")),
        Cause::HashedWithSecret if !scheme.covers_headers() => author("use HMAC-SHA256 with the secret as the key, over the body alone"),
        Cause::HashedWithSecret => author(&format!("use HMAC-SHA256 with the decoded secret as the key, over {id}.{time}.body")),
        Cause::AsymmetricOnly => own_author("add a signature made with the secret, beginning with v1 and a comma"),
        Cause::SignedBodyOnly | Cause::SignedPart | Cause::SignedOtherParts if !scheme.covers_headers() => {
            author("sign the whole body, unchanged, and nothing else")
        }
        Cause::SignedBodyOnly | Cause::SignedPart | Cause::SignedOtherParts => {
            author(&format!("sign {id}.{time}.body: all three, in this order, separated by full stops"))
        }
        Cause::CheckoutSignature => checkout(gateway).to_owned(),
        Cause::RetiredSecret => format!("{paste} If the secret was retired because someone else may know it, these requests may be forged."),
        Cause::OtherMode | Cause::OtherConnection | Cause::OtherApp => first_check(gateway).to_owned(),
        Cause::KeySecret => format!("The Key Secret belongs in the Credentials step; the webhook has its own secret. {paste}"),
        Cause::OldSecret
        | Cause::SecretWithSpace
        | Cause::SecretWithLineEnd
        | Cause::SecretWithUnseen
        | Cause::SecretQuoted
        | Cause::SecretLabelled
        | Cause::SecretCut
        | Cause::SecretDoubled
        | Cause::SecretCase
        | Cause::SecretMistyped => paste.to_owned(),
        Cause::SecretEncoded
        | Cause::SecretEncodedLineEnd
        | Cause::SecretUrlEncoded
        | Cause::SecretHtmlEscaped
        | Cause::SecretEscaped
        | Cause::SecretHashed
        | Cause::SecretDecoded
            if scheme.key == KeyForm::Text =>
        {
            format!("{paste} If a program of yours signs these requests, ask the developer of that program to use the secret exactly as it is.")
        }
        Cause::SecretEncoded
        | Cause::SecretEncodedLineEnd
        | Cause::SecretUrlEncoded
        | Cause::SecretHtmlEscaped
        | Cause::SecretEscaped
        | Cause::SecretHashed
        | Cause::SecretDecoded => author(&format!("remove {prefix} from the secret and decode the rest from base64, once")),
        Cause::SecretWithPrefix => author(&format!("remove {prefix} from the secret and decode the rest from base64, as the {label} libraries do")),
        Cause::SecretNotDecoded => author(&format!("decode the secret from base64 first, as the {label} libraries do")),
        Cause::SecretGuessable => format!(
            "It is not random enough, so KS Pay does not accept it. If {sender} sent this, {}",
            paste_new(gateway)
        ),
        Cause::SecretIsUrl | Cause::SecretIsId | Cause::SecretIsKeyId | Cause::SecretIsCopied | Cause::SecretEmpty => {
            format!("Anyone can create such a signature. If {sender} sent this, its secret is wrong. {paste}")
        }
        Cause::SecretIsDots => format!(
            "Anyone can create such a signature. If {sender} sent this, the dots were copied instead of the secret: press Copy next to it. {paste}"
        ),
        Cause::BodyRespaced
        | Cause::BodyReordered
        | Cause::BodyEscaped
        | Cause::BodyRewritten
        | Cause::BodyLineEnd
        | Cause::BodyLineEnds
        | Cause::BodyMark
        | Cause::BodyForm
        | Cause::BodyWrapped
        | Cause::BodyCharset
        | Cause::BodyHtmlEscaped
        | Cause::BodyBackslashed => unchanged(),
        Cause::BodyCompressed if is_signed => host("decompress the body, or to keep the Content-Encoding header"),
        Cause::BodyCompressed => if_sent(host("decompress the body, or to turn off request compression")),
        Cause::BodyEmpty => if_sent(host("pass on the body")),
        Cause::BodyCut => if_sent(host("pass on the whole body, and to check for a size limit")),
        Cause::SignedEarlier if is_signed => format!(
            "If the sender’s clock is right, it is reusing an old signature: {} Otherwise, correct its clock. A difference of up to {} is accepted.",
            lower(&author("sign each attempt again")),
            tolerance(gateway)
        ),
        Cause::SignedAhead if is_signed => {
            "Ask your server administrator or hosting provider to synchronise the server’s clock, and the developer of the program that signs these requests to do the same.".to_owned()
        }
        Cause::SignedEarlier | Cause::SignedAhead => format!("If your sender sent this, its secret and its clock are wrong. {paste} Then correct its clock."),
        Cause::TimeInMillis => format!("If your sender sent this, {}", lower(&author(&format!("write {time} in whole seconds since 1970")))),
        Cause::TimeUnreadable => format!("If your sender sent this, {}", lower(&author(&format!("write {time} in whole seconds since 1970, in digits only")))),
        Cause::OtherAccount => format!("If the account is yours, create a webhook for it, or enter its secret for this webhook. If not, there is nothing to do: any {label} merchant can enter your URL by mistake."),
        Cause::NowVerifies => "Recover it: it arrived before its secret was accepted here. New requests verify.".to_owned(),
        Cause::SwitchedOff => "Enable the app and its gateway. Then recover what arrived meanwhile.".to_owned(),
        Cause::TooLarge => format!(
            "{} events are about a thousandth of that size. If {sender} sent this, {}",
            gateway.label(),
            lower(&host("find out what makes the body so large"))
        ),
        Cause::Encoded => if_sent(host("turn off request compression: the signature covers the body as it was before compression")),
        Cause::TooSlow => format!("If {sender} sent this, {}", lower(&host("find out what delays requests"))),
        Cause::NotDiagnosed => format!(
            "KS Pay checks stored requests of up to 256 KiB again once fewer arrive, and lists each one under its cause. {}",
            never_diagnosed(gateway)
        ),
        Cause::Unknown => format!("If {sender} sent this, it does not use this webhook’s secret. {paste}"),
    }
}

/// What to do about requests that were not diagnosed.
pub(super) fn never_diagnosed(gateway: Gateway) -> String {
    format!("If {} sent this, check its secret first. {}", sender(gateway), paste(gateway))
}

/// Signed with the secret of another webhook: the URL or the secret is wrong.
const fn first_check(gateway: Gateway) -> &'static str {
    gateway.profile().texts.requests.first_check
}

/// What to do about a checkout's signature, which may be that of another gateway than the webhook's.
fn checkout(gateway: Gateway) -> &'static str {
    let mut texts = [gateway].into_iter().chain(Gateway::all()).filter_map(|of| of.profile().texts.requests.checkout);
    texts.next().unwrap_or_default()
}

/// Returns both fixes of a request signed with the secret of another webhook, each with its condition. `other` is the name of
/// that webhook.
pub(super) fn either(cause: Cause, gateway: Gateway, mode: Mode, other: &str) -> Vec<String> {
    let label = |mode: Mode| format!("is in {} mode", mode.label());
    let (is_of, is_ours, harm) = match (cause, mode) {
        (Cause::OtherMode, Mode::Test) => {
            (label(Mode::Live), label(Mode::Test), "live payments would be recorded as test payments")
        }
        (Cause::OtherMode, Mode::Live) => {
            (label(Mode::Test), label(Mode::Live), "test payments would be recorded as live payments")
        }
        (Cause::OtherApp, _) => (
            "reports payments of the other app".to_owned(),
            "reports payments of this app".to_owned(),
            "payments of the other app would be recorded as payments of this one",
        ),
        (Cause::OtherConnection, _) => (
            "reports payments that belong to the other webhook".to_owned(),
            "reports payments that belong to this webhook".to_owned(),
            "payments of the other webhook would be recorded as payments of this one",
        ),
        _ => return Vec::new(),
    };
    let texts = &gateway.profile().texts.requests;
    let ([before, after], it) = (texts.change_url, texts.other_webhook);
    let change = format!("{before}{other}{after}");
    vec![
        format!("If {it} {is_of}, its URL is wrong: {change}. Don’t enter this webhook’s secret there: {harm}."),
        format!("If {it} {is_ours}, its secret is wrong: {}", lower(paste(gateway))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rejections::advice::{Attempts, Start};

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

    fn fixes(is_signed: bool) -> impl Iterator<Item = (Gateway, Cause, String)> {
        Gateway::all().flat_map(move |gateway| {
            Cause::ALL.iter().map(move |cause| {
                (gateway, *cause, fix(*cause, Context { gateway, detail: "", other: "Neem Tree Store", is_signed }))
            })
        })
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
                let context = Context { gateway, detail: "", other: "Neem Tree Store", is_signed };
                let names_sender = [sender(gateway), "your sender"].iter().any(|name| fix.contains(&format!("If {name} sent ")));
                assert_eq!(is_conditional(cause, context), names_sender, "{cause:?}: {fix}");
            }
        }
    }

    #[test]
    fn how_another_secret_was_pasted_changes_no_fix() {
        for cause in Cause::ALL.iter().filter(|cause| is_another_secret(**cause)) {
            let say =
                |detail| fix(*cause, Context { gateway: Gateway::RAZORPAY, detail, other: "Neem Tree Store", is_signed: true });
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
                let context = Context { gateway, detail: "", other: "Neem Tree Store", is_signed };
                let either = either(*cause, gateway, Mode::Test, "Neem Tree Store").concat();
                let text = format!("{} {} {either}", causes::why(*cause, context), fix(*cause, context)).to_lowercase();
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
                    let either = either(*cause, gateway, mode, "Neem Tree Store");
                    let is_elsewhere = cause.attempts(gateway) == Attempts::Elsewhere;
                    assert_eq!(either.len(), if is_elsewhere { 2 } else { 0 }, "{cause:?}");
                    assert!(!is_elsewhere || (either[0].contains("URL is wrong") && either[1].contains("secret is wrong")));
                    assert!(either.iter().all(|option| option.starts_with("If that ")), "{either:?}");
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
}
