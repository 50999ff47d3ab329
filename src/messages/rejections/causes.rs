//! A message for each cause.
//!
//! Invariant: every match lists every cause, so that a new one does not compile without its message. Anything that an
//! outsider can forge is worded as an observation about the request, never as a fact about the gateway.

use std::time::Duration;

use crate::{
    gateways::{
        Gateway,
        profile::{Notation, SignedMessage},
    },
    i18n::{Text, code},
    messages::{span, text::causes as t, tolerance},
    rejections::Cause,
};

/// The values that a message needs besides the cause.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) gateway: Gateway,
    /// A name, a number, or a second cause.
    pub(super) detail: &'a str,
    /// The name of the other connection.
    pub(super) other: &'a Text,
    /// True if a stored secret matches.
    pub(super) is_signed: bool,
}

/// Returns the reason, without a full stop, including the second cause if there is one.
pub(super) fn why(cause: Cause, context: Context<'_>) -> Text {
    let first = of(cause, context);
    match second(cause, context.detail) {
        Some(second) => t::both(first, of(second, Context { detail: "", ..context })),
        None => first,
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

/// Returns the reason of one cause.
fn of(cause: Cause, context: Context<'_>) -> Text {
    let Context { gateway, detail, other, .. } = context;
    let scheme = &gateway.profile().signature;
    match cause {
        Cause::NoSignature => t::no_signature(),
        Cause::IdMissing => t::header_missing(code(scheme.id_header)),
        Cause::TimeMissing => t::header_missing(code(scheme.time_header)),
        Cause::RenamedHeader if detail.is_empty() => t::renamed_header(),
        Cause::RenamedHeader => t::renamed_header_of(code(detail)),
        Cause::OtherGateway => t::other_gateway(detail),
        Cause::Scanner => t::scanner(),
        Cause::RepeatedHeader => t::repeated_header(),
        Cause::Quoted => t::quoted(),
        Cause::UpperCase => t::upper_case(),
        Cause::Prefixed => t::prefixed(),
        Cause::VersionMissing => t::version_missing(),
        Cause::Base64 if scheme.notation == Notation::Hex => t::base64_not_hex(),
        Cause::Base64 => t::base64_other(),
        Cause::Hex => t::hex_not_base64(),
        Cause::Truncated => t::truncated(),
        Cause::Lengthened => t::lengthened(),
        Cause::OtherHash => t::other_hash(detail),
        Cause::OtherLength => t::other_length(detail),
        Cause::NotKeyed => t::not_keyed(),
        Cause::HashedWithSecret => t::hashed_with_secret(),
        Cause::AsymmetricOnly => t::asymmetric_only(),
        Cause::SignedBodyOnly => t::signed_body_only(),
        Cause::SignedPart => t::signed_part(),
        Cause::SignedOtherParts => match scheme.message {
            SignedMessage::Body => t::signed_not_body(),
            SignedMessage::IdTimeBody => t::signed_other_parts(),
        },
        Cause::CheckoutSignature => t::checkout(),
        Cause::OldSecret => t::old_secret(),
        Cause::RetiredSecret => t::retired_secret(),
        Cause::OtherMode => t::other_mode(other),
        Cause::OtherConnection => t::other_connection(other),
        Cause::OtherApp => t::other_app(other),
        Cause::KeySecret => t::key_secret(),
        Cause::SecretWithSpace => t::secret_with_space(),
        Cause::SecretWithLineEnd => t::secret_with_line_end(),
        Cause::SecretWithInvisible => t::secret_with_invisible(),
        Cause::SecretQuoted => t::secret_quoted(),
        Cause::SecretLabelled => t::secret_labelled(),
        Cause::SecretCut => t::secret_cut(),
        Cause::SecretDoubled => t::secret_doubled(),
        Cause::SecretCase => t::secret_case(),
        Cause::SecretEncoded => t::secret_encoded(),
        Cause::SecretEncodedLineEnd => t::secret_encoded_line_end(),
        Cause::SecretUrlEncoded => t::secret_url_encoded(),
        Cause::SecretHtmlEscaped => t::secret_html_escaped(),
        Cause::SecretEscaped => t::secret_escaped(),
        Cause::SecretHashed => t::secret_hashed(),
        Cause::SecretDecoded => t::secret_decoded(),
        Cause::SecretWithPrefix => t::secret_with_prefix(code(scheme.secret_prefix)),
        Cause::SecretNotDecoded => t::secret_not_decoded(),
        Cause::SecretMistyped => t::secret_mistyped(),
        Cause::SecretGuessable => t::secret_guessable(),
        Cause::SecretIsUrl => t::secret_is_url(),
        Cause::SecretIsId => t::secret_is_id(),
        Cause::SecretIsKeyId => t::secret_is_key_id(),
        Cause::SecretIsCopied => t::secret_is_copied(),
        Cause::SecretIsDots => t::secret_is_dots(),
        Cause::SecretEmpty => t::secret_empty(),
        Cause::BodyRespaced => t::body_respaced(),
        Cause::BodyReordered => t::body_reordered(),
        Cause::BodyEscaped => t::body_escaped(),
        Cause::BodyRewritten => t::body_rewritten(),
        Cause::BodyLineEnd => t::body_line_end(),
        Cause::BodyLineEnds => t::body_line_ends(),
        Cause::BodyMark => t::body_mark(),
        Cause::BodyForm => t::body_form(),
        Cause::BodyWrapped => t::body_wrapped(),
        Cause::BodyCharset => t::body_charset(),
        Cause::BodyHtmlEscaped => t::body_html_escaped(),
        Cause::BodyBackslashed => t::body_backslashed(),
        Cause::BodyCompressed => t::body_compressed(),
        Cause::BodyEmpty => t::body_empty(),
        Cause::BodyCut => t::body_cut(),
        Cause::SignedEarlier | Cause::SignedAhead => at_another_time(cause, context),
        Cause::TimeInMillis => t::time_in_millis(code(scheme.time_header)),
        Cause::TimeUnreadable => t::time_unreadable(code(scheme.time_header)),
        Cause::OtherAccount => t::other_account(gateway.label()),
        Cause::NowVerifies => t::now_verifies(),
        Cause::Disabled => t::disabled(),
        Cause::TooLarge => t::too_large(),
        Cause::Encoded => t::encoded(),
        Cause::TooSlow => t::too_slow(),
        Cause::NotDiagnosed => t::not_diagnosed(),
        Cause::Unknown => t::unknown(),
    }
}

/// Signed too early or too late. The detail is the distance in seconds; without it only the tolerance is known.
fn at_another_time(cause: Cause, context: Context<'_>) -> Text {
    let distance = context.detail.parse().ok().map(Duration::from_secs);
    let length = distance.map_or_else(|| tolerance(context.gateway), span);
    match (cause == Cause::SignedEarlier, context.is_signed, distance.is_some()) {
        (true, true, true) => t::signed_earlier(length),
        (true, true, false) => t::signed_earlier_by_more(length),
        (true, false, true) => t::time_earlier(length),
        (true, false, false) => t::time_earlier_by_more(length),
        (false, true, true) => t::signed_ahead(length),
        (false, true, false) => t::signed_ahead_by_more(length),
        (false, false, true) => t::time_ahead(length),
        (false, false, false) => t::time_ahead_by_more(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Locale;

    fn say(cause: Cause, detail: &str) -> Text {
        let other = Text::default();
        why(cause, Context { gateway: Gateway::RAZORPAY, detail, other: &other, is_signed: false })
    }

    #[test]
    fn every_cause_can_be_a_heading() {
        let other = Text::verbatim("Neem Tree Store");
        for gateway in Gateway::all() {
            for (cause, is_signed) in Cause::ALL.iter().flat_map(|cause| [(*cause, true), (*cause, false)]) {
                let why = why(cause, Context { gateway, detail: "420", other: &other, is_signed });
                for text in Locale::ALL.iter().map(|locale| why.to_plain(*locale)) {
                    assert!(!text.ends_with(['.', '।', ' ']) && !text.contains('!'), "{text}");
                }
            }
        }
    }

    #[test]
    fn a_second_cause_is_said_as_well() {
        assert_eq!(
            say(Cause::SecretQuoted, "secret_with_space"),
            "The secret was pasted with quotes or punctuation. Also: The secret was pasted with a space"
        );
        assert_eq!(
            say(Cause::SecretCut, "body_respaced"),
            "Only part of the secret was pasted. Also: The body was changed on the way: spaces and line breaks differ"
        );
        assert_eq!(say(Cause::RenamedHeader, "x-signature"), "The right signature is in another header, x-signature");
        assert!(say(Cause::SecretWithSpace, "renamed_header").in_english().ends_with("is in a header with another name"));
    }

    #[test]
    fn a_distance_is_said_if_it_is_known() {
        let said = |detail| say(Cause::SignedEarlier, detail).in_english().replace('\u{a0}', " ");
        assert!(said("420").ends_with("its time is 7 min ago"), "{}", said("420"));
        assert!(said("").contains("more than"), "{}", said(""));
    }
}
