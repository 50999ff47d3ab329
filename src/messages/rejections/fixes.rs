//! The fix of each cause, and who can do it: the merchant in the gateway's dashboard, the server administrator or hosting
//! provider, or the developer of the program that signs.

mod signature;
#[cfg(test)]
mod tests;

use super::causes::{self, Context};
use crate::{
    gateways::{Gateway, Mode, profile::Signature},
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

/// The fix of one cause.
fn of(cause: Cause, context: Context<'_>) -> String {
    let Context { gateway, is_signed, .. } = context;
    let (paste, sender, scheme) = (paste(gateway), sender(gateway), &gateway.profile().signature);
    let (header, label, prefix) = (scheme.display_header, gateway.label(), scheme.secret_prefix);
    match cause {
        Cause::NoSignature => signature::unsigned(gateway),
        Cause::IdMissing | Cause::TimeMissing => signature::incomplete(scheme),
        Cause::RenamedHeader => signature::renamed(scheme),
        Cause::OtherGateway => signature::other_gateway(context),
        Cause::Scanner => signature::scanner(gateway),
        Cause::RepeatedHeader => host(&format!("pass on the header {header} only once")),
        Cause::Quoted | Cause::UpperCase | Cause::Prefixed | Cause::Truncated | Cause::Lengthened => {
            host(&format!("pass on the header {header} unchanged"))
        }
        Cause::VersionMissing => author(&format!("write {header} as v1, followed by a comma and the signature in base64")),
        Cause::Base64 => signature::base64(gateway),
        Cause::Hex => signature::hex(scheme),
        Cause::OtherHash => author("use HMAC-SHA256"),
        Cause::OtherLength => own_author("use HMAC-SHA256 with this webhook’s secret"),
        Cause::NotKeyed => forgeable(&own_author("use HMAC-SHA256 with the secret as the key")),
        Cause::HashedWithSecret => signature::hashed_with_secret(scheme),
        Cause::AsymmetricOnly => own_author("add a signature made with the secret, beginning with v1 and a comma"),
        Cause::SignedBodyOnly | Cause::SignedPart | Cause::SignedOtherParts => signature::other_message(scheme),
        Cause::CheckoutSignature => checkout(gateway).to_owned(),
        Cause::RetiredSecret => {
            format!("{paste} If the secret was retired because someone else may know it, these requests may be forged.")
        }
        Cause::OtherMode | Cause::OtherConnection | Cause::OtherApp => first_check(gateway).to_owned(),
        Cause::KeySecret => {
            format!("The Key Secret belongs in the Credentials step; the webhook has its own secret. {paste}")
        }
        Cause::OldSecret
        | Cause::SecretWithSpace
        | Cause::SecretWithLineEnd
        | Cause::SecretWithInvisible
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
        | Cause::SecretDecoded => signature::encoded(gateway),
        Cause::SecretWithPrefix => {
            author(&format!("remove {prefix} from the secret and decode the rest from base64, as the {label} libraries do"))
        }
        Cause::SecretNotDecoded => author(&format!("decode the secret from base64 first, as the {label} libraries do")),
        Cause::SecretGuessable => guessable(gateway),
        Cause::SecretIsUrl | Cause::SecretIsId | Cause::SecretIsKeyId | Cause::SecretIsCopied | Cause::SecretEmpty => {
            forgeable(&format!("If {sender} sent this, its secret is wrong. {paste}"))
        }
        Cause::SecretIsDots => forgeable(&dots(gateway)),
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
        | Cause::BodyBackslashed => host("let requests to /webhooks/ through unchanged, byte for byte"),
        Cause::BodyCompressed if is_signed => host("decompress the body, or to keep the Content-Encoding header"),
        Cause::BodyCompressed => if_sent(gateway, "decompress the body, or to turn off request compression"),
        Cause::BodyEmpty => if_sent(gateway, "pass on the body"),
        Cause::BodyCut => if_sent(gateway, "pass on the whole body, and to check for a size limit"),
        Cause::SignedEarlier => signed_earlier(context),
        Cause::SignedAhead => signed_ahead(context),
        Cause::TimeInMillis => written_time(scheme, ""),
        Cause::TimeUnreadable => written_time(scheme, ", in digits only"),
        Cause::OtherAccount => other_account(label),
        Cause::NowVerifies => "Recover it: it arrived before its secret was accepted here. New requests verify.".to_owned(),
        Cause::Disabled => "Enable the app and its gateway. Then recover what arrived meanwhile.".to_owned(),
        Cause::TooLarge => too_large(gateway),
        Cause::Encoded => {
            if_sent(gateway, "turn off request compression: the signature covers the body as it was before compression")
        }
        Cause::TooSlow => format!("If {sender} sent this, {}", lower(&host("find out what delays requests"))),
        Cause::NotDiagnosed => not_diagnosed(gateway),
        Cause::Unknown => format!("If {sender} sent this, it does not use this webhook’s secret. {paste}"),
    }
}

/// A signature that needs no secret; `then` says what to do if it is the sender's.
fn forgeable(then: &str) -> String {
    format!("Anyone can create such a signature. {then}")
}

/// Changed on the way, if the sender sent it at all.
fn if_sent(gateway: Gateway, what: &str) -> String {
    format!("If {} sent this, it was changed on the way. {}", sender(gateway), host(what))
}

fn guessable(gateway: Gateway) -> String {
    let (sender, paste) = (sender(gateway), paste_new(gateway));
    format!("It is not random enough, so KS Pay does not accept it. If {sender} sent this, {paste}")
}

fn dots(gateway: Gateway) -> String {
    let (sender, paste) = (sender(gateway), paste(gateway));
    format!("If {sender} sent this, the dots were copied instead of the secret: press Copy next to it. {paste}")
}

fn signed_earlier(context: Context<'_>) -> String {
    if !context.is_signed {
        return other_time(context.gateway);
    }
    format!(
        "If the sender’s clock is right, it is reusing an old signature: {} Otherwise, correct its clock. A difference of up to {} is accepted.",
        lower(&author("sign each attempt again")),
        tolerance(context.gateway)
    )
}

fn signed_ahead(context: Context<'_>) -> String {
    if !context.is_signed {
        return other_time(context.gateway);
    }
    "Ask your server administrator or hosting provider to synchronise the server’s clock, and the developer of the program that signs these requests to do the same.".to_owned()
}

/// No secret matches, and the signed time is out of tolerance.
fn other_time(gateway: Gateway) -> String {
    format!("If your sender sent this, its secret and its clock are wrong. {} Then correct its clock.", paste(gateway))
}

fn written_time(scheme: &Signature, how: &str) -> String {
    let write = format!("write {} in whole seconds since 1970{how}", scheme.time_header);
    format!("If your sender sent this, {}", lower(&author(&write)))
}

fn other_account(label: &str) -> String {
    format!(
        "If the account is yours, create a webhook for it, or enter its secret for this webhook. If not, there is nothing to do: any {label} merchant can enter your URL by mistake."
    )
}

fn too_large(gateway: Gateway) -> String {
    let find_out = lower(&host("find out what makes the body so large"));
    let (label, sender) = (gateway.label(), sender(gateway));
    format!("{label} events are about a thousandth of that size. If {sender} sent this, {find_out}")
}

fn not_diagnosed(gateway: Gateway) -> String {
    let again = "KS Pay checks stored requests of up to 256 KiB again once fewer arrive, and lists each one under its cause.";
    format!("{again} {}", never_diagnosed(gateway))
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
