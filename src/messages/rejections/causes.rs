//! A message for each cause.
//!
//! Invariant: every match lists every cause, so that a new one does not compile without its message. Anything that an
//! outsider can forge is worded as an observation about the request, never as a fact about the gateway.

use crate::{
    gateways::{
        Gateway,
        profile::{Notation, SignedMessage},
    },
    messages::tolerance,
    rejections::Cause,
};

/// The values that a message needs besides the cause.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) gateway: Gateway,
    /// A name, a number, or a second cause.
    pub(super) detail: &'a str,
    /// The name of the other connection.
    pub(super) other: &'a str,
    /// True if a stored secret matches.
    pub(super) is_signed: bool,
}

/// The form in which a cause is worded.
enum Clause {
    /// A complete clause.
    Whole(String),
    /// The secret is right, but …
    Pasted(&'static str),
    /// The signature is right, but …
    Written(&'static str),
    /// The body was changed: …
    Changed(&'static str),
}

const NOT_DIAGNOSED: &str =
    "not every common mistake has been checked yet: many requests arrived together, or their bodies are very large";

fn whole(text: impl Into<String>) -> Clause {
    Clause::Whole(text.into())
}

/// Signed with the right secret in a wrong way.
fn signed(how: &str) -> Clause {
    whole(format!("signed with this webhook’s secret, but {how}"))
}

/// Signed with no secret that matches; `what` is seen besides.
fn unmatched(what: &str) -> Clause {
    whole(format!("the signature matches no secret of this webhook, and {what}"))
}

/// Signed at another time: `if_signed` and `otherwise` follow the difference.
fn out_of_tolerance(context: Context<'_>, if_signed: &str, otherwise: &str) -> Clause {
    let away = away(context.gateway, context.detail);
    if context.is_signed {
        whole(format!("it was signed {away} {if_signed}"))
    } else {
        unmatched(&format!("its time is {away} {otherwise}"))
    }
}

/// Returns the reason, without a capital and a full stop, including the second cause if there is one.
pub(super) fn why(cause: Cause, context: Context<'_>) -> String {
    let first = match clause(cause, context) {
        Clause::Whole(text) => text,
        Clause::Pasted(how) => format!("signed with this webhook’s secret, but {how}"),
        Clause::Written(how) => format!("the signature is right, but {how}"),
        Clause::Changed(how) => format!("the secret is right, but the body was changed on the way: {how}"),
    };
    let Some(second) = second(cause, context.detail) else { return first };
    match clause(second, Context { detail: "", ..context }) {
        Clause::Pasted(how) => format!("{first}, and {how}"),
        Clause::Written(how) => format!("{first}; also, the signature {}", how.trim_start_matches("it ")),
        Clause::Changed(how) => format!("{first}; also, the body was changed on the way: {how}"),
        Clause::Whole(text) => format!("{first}; also, {text}"),
    }
}

/// Returns the second cause of a rejection.
pub(super) fn second(cause: Cause, detail: &str) -> Option<Cause> {
    let has_other_detail = matches!(
        cause,
        Cause::RenamedHeader
            | Cause::OtherGateway
            | Cause::OtherHash
            | Cause::OtherLength
            | Cause::SignedEarlier
            | Cause::SignedAhead
    );
    let second = Some(Cause::from(detail.to_owned())).filter(|second| *second != Cause::Unknown);
    if has_other_detail { None } else { second }
}

fn clause(cause: Cause, context: Context<'_>) -> Clause {
    use Clause::{Changed, Pasted, Written};
    let Context { gateway, detail, other, is_signed } = context;
    let (scheme, label) = (&gateway.profile().signature, gateway.label());
    let (id, time, prefix) = (scheme.id_header, scheme.time_header, scheme.secret_prefix);
    match cause {
        Cause::NoSignature => whole("no signature was sent"),
        Cause::IdMissing => whole(format!("the header {id} is missing")),
        Cause::TimeMissing => whole(format!("the header {time} is missing")),
        Cause::RenamedHeader if detail.is_empty() => whole("the signature is in a header with another name"),
        Cause::RenamedHeader => whole(format!("the right signature is in another header, {detail}")),
        Cause::OtherGateway => whole(format!("it carries a signature header of {detail}")),
        Cause::Scanner => whole("it has no signature, and looks like a vulnerability scan"),
        Cause::RepeatedHeader => Written("it was sent more than once"),
        Cause::Quoted => Written("it has quotes or spaces around it"),
        Cause::UpperCase => Written("it is in upper case"),
        Cause::Prefixed => Written("it has a prefix such as sha256="),
        Cause::VersionMissing => Written("it has no v1, in front of it"),
        Cause::Base64 if scheme.notation == Notation::Hex => Written("it is encoded in base64 instead of hex"),
        Cause::Base64 => Written("it is in another form of base64"),
        Cause::Hex => Written("it is encoded in hex instead of base64"),
        Cause::Truncated => Written("it is cut short"),
        Cause::Lengthened => Written("it has something appended"),
        Cause::OtherHash => whole(format!("the signature is made with {detail} instead of SHA-256")),
        Cause::OtherLength => unmatched(&format!("has the length of {detail} instead of SHA-256")),
        Cause::NotKeyed => whole("the signature is a plain SHA-256 hash, made without a key"),
        Cause::HashedWithSecret => signed("with a plain SHA-256 hash of secret and body instead of HMAC-SHA256"),
        Cause::AsymmetricOnly => whole("it carries only an asymmetric signature (v1a)"),
        Cause::SignedBodyOnly => signed("over the body alone"),
        Cause::SignedPart => signed("over only part of the body"),
        Cause::SignedOtherParts => signed(match scheme.message {
            SignedMessage::Body => "over data other than the body",
            SignedMessage::IdTimeBody => "over other parts than id, time and body",
        }),
        Cause::CheckoutSignature => whole("it carries the signature of a checkout, not of a webhook"),
        Cause::OldSecret => whole("signed with a previous secret of this webhook, which has expired"),
        Cause::RetiredSecret => whole("signed with a retired secret of this webhook"),
        Cause::OtherMode => whole(format!("signed with the secret of the other mode ({other})")),
        Cause::OtherConnection => whole(format!("signed with the secret of another webhook of this app ({other})")),
        Cause::OtherApp => whole(format!("signed with the secret of another app ({other})")),
        Cause::KeySecret => whole("signed with an API Key Secret"),
        Cause::SecretWithSpace => Pasted("it was pasted with a space"),
        Cause::SecretWithLineEnd => Pasted("it was pasted with a line break"),
        Cause::SecretWithInvisible => Pasted("it was pasted with an invisible character"),
        Cause::SecretQuoted => Pasted("it was pasted with quotes or punctuation"),
        Cause::SecretLabelled => Pasted("it was pasted with a label in front of it"),
        Cause::SecretCut => Pasted("only part of it was pasted"),
        Cause::SecretDoubled => Pasted("it was pasted twice"),
        Cause::SecretCase => Pasted("upper and lower case letters were changed"),
        Cause::SecretEncoded => Pasted("it was encoded first"),
        Cause::SecretEncodedLineEnd => Pasted("it was encoded first, together with a line break"),
        Cause::SecretUrlEncoded => Pasted("it was URL-encoded first"),
        Cause::SecretHtmlEscaped => Pasted("it was HTML-escaped first"),
        Cause::SecretEscaped => Pasted("backslashes or other escape characters were changed"),
        Cause::SecretHashed => Pasted("it was hashed first"),
        Cause::SecretDecoded => Pasted("it was decoded first"),
        Cause::SecretWithPrefix => whole(format!("signed with the secret including its {prefix} prefix")),
        Cause::SecretNotDecoded => whole("signed with the secret as text, not decoded"),
        Cause::SecretMistyped => Pasted("one character is wrong"),
        Cause::SecretGuessable => whole("signed with a secret that may have been guessed"),
        Cause::SecretIsUrl => whole("signed with the webhook’s URL as the secret"),
        Cause::SecretIsId => whole("signed with an ID as the secret"),
        Cause::SecretIsKeyId => whole("signed with the API Key ID as the secret"),
        Cause::SecretIsCopied => whole("signed with an email address or a UPI ID of the Webhook page as the secret"),
        Cause::SecretIsDots => whole("signed with the dots that hide the secret"),
        Cause::SecretEmpty => whole("signed with an empty secret"),
        Cause::BodyRespaced => Changed("spaces and line breaks differ"),
        Cause::BodyReordered => Changed("its fields are in another order"),
        Cause::BodyEscaped => Changed("its characters are escaped differently"),
        Cause::BodyRewritten => Changed("it was parsed and written again"),
        Cause::BodyLineEnd => Changed("something was added or removed at its end"),
        Cause::BodyLineEnds => Changed("its line breaks differ"),
        Cause::BodyMark => Changed("a byte order mark was added or removed"),
        Cause::BodyForm => Changed("it was sent on as a form, or URL-encoded"),
        Cause::BodyWrapped => Changed("it was put into another message"),
        Cause::BodyCharset => Changed("it was read in another character set"),
        Cause::BodyHtmlEscaped => Changed("its quotes were HTML-escaped"),
        Cause::BodyBackslashed => Changed("backslashes were added before quotes"),
        Cause::BodyCompressed if is_signed => Changed("it is still compressed, but the header Content-Encoding is missing"),
        Cause::BodyCompressed => whole("the body is compressed, but the header Content-Encoding is missing"),
        Cause::BodyEmpty => whole("the body is empty"),
        Cause::BodyCut => whole("the body ends in the middle"),
        Cause::SignedEarlier => out_of_tolerance(context, "before it arrived", "ago"),
        Cause::SignedAhead => out_of_tolerance(context, "ahead of this server’s time", "ahead"),
        Cause::TimeInMillis => whole(format!("{time} is in milliseconds")),
        Cause::TimeUnreadable => whole(format!("{time} is not a number")),
        Cause::OtherAccount => unmatched(&format!("the body names another {label} account than your verified events")),
        Cause::NowVerifies => whole("it verifies now"),
        Cause::Disabled => whole("it arrived while this webhook was disabled"),
        Cause::TooLarge => whole("the body is larger than 1 MiB"),
        Cause::Encoded => whole("the body arrived compressed or encoded"),
        Cause::TooSlow => whole("the body did not arrive within 3 s"),
        Cause::NotDiagnosed => whole(NOT_DIAGNOSED),
        Cause::Unknown => whole("the signature matches no secret of this webhook"),
    }
}

/// Formats the distance of a signed time from the server's time.
fn away(gateway: Gateway, detail: &str) -> String {
    detail.parse().map_or_else(|_| format!("more than {}", tolerance(gateway)), span)
}

fn span(seconds: u64) -> String {
    match seconds {
        0..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_goes_on_after_a_colon() {
        for gateway in Gateway::all() {
            for (cause, is_signed) in Cause::ALL.iter().flat_map(|cause| [(*cause, true), (*cause, false)]) {
                let why = why(cause, Context { gateway, detail: "420", other: "Neem Tree Store", is_signed });
                assert!(!why.ends_with('.') && !why.contains('!'), "{why}");
                assert!(why.chars().next().is_some_and(char::is_lowercase), "{why}");
            }
        }
    }

    #[test]
    fn a_second_cause_is_said_as_well() {
        let say = |cause, detail| why(cause, Context { gateway: Gateway::RAZORPAY, detail, other: "", is_signed: false });
        assert_eq!(
            say(Cause::SecretQuoted, "secret_with_space"),
            "signed with this webhook’s secret, but it was pasted with quotes or punctuation, and it was pasted with a space"
        );
        assert_eq!(
            say(Cause::SecretCut, "body_respaced"),
            "signed with this webhook’s secret, but only part of it was pasted; also, the body was changed on the way: spaces and line breaks differ"
        );
        assert_eq!(say(Cause::RenamedHeader, "x-signature"), "the right signature is in another header, x-signature");
        assert!(
            say(Cause::SecretWithSpace, "renamed_header").ends_with("; also, the signature is in a header with another name")
        );
    }
}
