//! The fix of each cause, and who can do it: the merchant in the gateway's dashboard, the server administrator or hosting
//! provider, or the developer of the program that signs.
//!
//! Invariant: a fix is a list of whole sentences; the first says what matters most, because the list of rejections shows it alone.

mod signature;
#[cfg(test)]
mod tests;

use super::causes::{self, Context};
use crate::{
    gateways::{Gateway, Mode, text::check_in_front, texts::RequestTexts},
    i18n::{Text, code},
    messages::{parts::paragraph, text::fixes as t, tolerance},
    rejections::Cause,
};

const fn texts(gateway: Gateway) -> &'static RequestTexts {
    &gateway.profile().texts.requests
}

/// Where the merchant enters the secret.
fn paste(gateway: Gateway) -> Text {
    texts(gateway).paste.clone()
}

/// A task for the administrator of anything between the gateway and KS Pay.
fn on_the_way(task: Text) -> Vec<Text> {
    vec![task, check_in_front()]
}

/// The gateway as the subject of a condition.
pub(super) const fn sender(gateway: Gateway) -> &'static Text {
    &gateway.profile().your_sender
}

/// Returns what to do about a cause, and about the second one if there is one.
pub(super) fn fix(cause: Cause, context: Context<'_>) -> Vec<Text> {
    let mut fix = of(cause, context);
    if let Some(second) = second(cause, context) {
        let more = of(second, Context { detail: "", ..context });
        if more != fix {
            fix.extend(more);
        }
    }
    fix
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
fn of(cause: Cause, context: Context<'_>) -> Vec<Text> {
    let Context { gateway, is_signed, .. } = context;
    let (sender, scheme, texts) = (sender(gateway), &gateway.profile().signature, texts(gateway));
    let (header, label) = (code(scheme.display_header), gateway.label());
    match cause {
        Cause::NoSignature => (texts.unsigned)(),
        Cause::IdMissing | Cause::TimeMissing => signature::incomplete(scheme),
        Cause::RenamedHeader => signature::renamed(scheme),
        Cause::OtherGateway => signature::other_gateway(context),
        Cause::Scanner => [vec![t::scanner()], (texts.unsigned)()].concat(),
        Cause::RepeatedHeader => on_the_way(t::header_once(header)),
        Cause::Quoted | Cause::UpperCase | Cause::Prefixed | Cause::Truncated | Cause::Lengthened => {
            on_the_way(t::header_unchanged(header))
        }
        Cause::VersionMissing => vec![t::version(header)],
        Cause::Base64 => vec![signature::base64(gateway)],
        Cause::Hex => vec![signature::hex(scheme)],
        Cause::OtherHash => vec![t::use_hmac()],
        Cause::OtherLength => vec![t::own_use_hmac()],
        Cause::NotKeyed => vec![t::forgeable(), t::own_use_key()],
        Cause::HashedWithSecret => vec![signature::hashed_with_secret(scheme)],
        Cause::AsymmetricOnly => vec![t::own_add_signature()],
        Cause::SignedBodyOnly | Cause::SignedPart | Cause::SignedOtherParts => vec![signature::other_message(scheme)],
        Cause::CheckoutSignature => checkout(gateway),
        Cause::RetiredSecret => vec![paste(gateway), t::retired()],
        Cause::OtherMode | Cause::OtherConnection | Cause::OtherApp => vec![texts.first_check.clone()],
        Cause::KeySecret => vec![t::key_secret(), paste(gateway)],
        Cause::OldSecret
        | Cause::SecretWithSpace
        | Cause::SecretWithLineEnd
        | Cause::SecretWithInvisible
        | Cause::SecretQuoted
        | Cause::SecretLabelled
        | Cause::SecretCut
        | Cause::SecretDoubled
        | Cause::SecretCase
        | Cause::SecretMistyped => vec![paste(gateway)],
        Cause::SecretEncoded
        | Cause::SecretEncodedLineEnd
        | Cause::SecretUrlEncoded
        | Cause::SecretHtmlEscaped
        | Cause::SecretEscaped
        | Cause::SecretHashed
        | Cause::SecretDecoded => signature::encoded(gateway),
        Cause::SecretWithPrefix => vec![t::remove_prefix(code(scheme.secret_prefix), label)],
        Cause::SecretNotDecoded => vec![t::decode_first(label)],
        Cause::SecretGuessable => [vec![t::guessable()], (texts.paste_new)()].concat(),
        Cause::SecretIsUrl | Cause::SecretIsId | Cause::SecretIsKeyId | Cause::SecretIsCopied | Cause::SecretEmpty => {
            vec![t::forgeable(), t::wrong_secret(sender), paste(gateway)]
        }
        Cause::SecretIsDots => vec![t::forgeable(), t::dots(sender), paste(gateway)],
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
        | Cause::BodyBackslashed => on_the_way(t::body_unchanged()),
        Cause::BodyCompressed if is_signed => on_the_way(t::decompress_or_keep_header()),
        Cause::BodyCompressed => if_sent(gateway, t::decompress_or_turn_off()),
        Cause::BodyEmpty => if_sent(gateway, t::pass_on_body()),
        Cause::BodyCut => if_sent(gateway, t::pass_on_whole_body()),
        Cause::SignedEarlier | Cause::SignedAhead if !is_signed => {
            vec![t::secret_and_clock(), paste(gateway), t::then_correct_clock()]
        }
        Cause::SignedEarlier => vec![t::sign_again(), t::correct_clock(tolerance(gateway))],
        Cause::SignedAhead => vec![t::clocks()],
        Cause::TimeInMillis => vec![t::whole_seconds(code(scheme.time_header))],
        Cause::TimeUnreadable => vec![t::whole_seconds_in_digits(code(scheme.time_header))],
        Cause::OtherAccount => vec![t::other_account(), t::other_account_not_yours(label)],
        Cause::NowVerifies => vec![t::now_verifies()],
        Cause::Disabled => vec![t::disabled()],
        Cause::TooLarge => vec![t::usual_size(label), t::large_body(sender), check_in_front()],
        Cause::Encoded => if_sent(gateway, t::no_compression()),
        Cause::TooSlow => on_the_way(t::delays(sender)),
        Cause::NotDiagnosed => [vec![t::checked_again()], never_diagnosed(gateway)].concat(),
        Cause::Unknown => vec![t::not_this_secret(sender), paste(gateway)],
    }
}

/// Changed on the way, if the sender sent it at all.
fn if_sent(gateway: Gateway, task: Text) -> Vec<Text> {
    vec![t::changed_on_the_way(sender(gateway)), task, check_in_front()]
}

/// What to do about requests that were not diagnosed.
pub(super) fn never_diagnosed(gateway: Gateway) -> Vec<Text> {
    vec![t::check_secret_first(sender(gateway)), paste(gateway)]
}

/// What to do about a checkout's signature, which may be that of another gateway than the webhook's.
fn checkout(gateway: Gateway) -> Vec<Text> {
    let mut texts = [gateway].into_iter().chain(Gateway::all()).filter_map(|of| texts(of).checkout.clone());
    texts.next().into_iter().collect()
}

/// Returns both fixes of a request signed with the secret of another webhook, each with its condition. `other` is the name of
/// that webhook.
pub(super) fn either(cause: Cause, gateway: Gateway, mode: Mode, other: &Text) -> Vec<Text> {
    let (url_is_wrong, harm, secret_is_wrong) = match (cause, mode) {
        (Cause::OtherMode, Mode::Test) => (t::url_if_live(), t::live_as_test(), t::secret_if_test()),
        (Cause::OtherMode, Mode::Live) => (t::url_if_test(), t::test_as_live(), t::secret_if_live()),
        (Cause::OtherApp, _) => (t::url_if_other_app(), t::other_app_as_this(), t::secret_if_this_app()),
        (Cause::OtherConnection, _) => (t::url_if_other_webhook(), t::other_webhook_as_this(), t::secret_if_this_webhook()),
        _ => return Vec::new(),
    };
    let change_url = (texts(gateway).change_url)(other);
    vec![paragraph([url_is_wrong, change_url, harm]), paragraph([secret_is_wrong, paste(gateway)])]
}
