//! What follows from a cause: whether the gateway's further attempts can verify, and where the fix starts. Pure.
//!
//! Every match lists every cause, so that a new one does not compile without its advice.

use super::Cause;
use crate::gateways::Gateway;

/// Whether further attempts at the rejected events can verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempts {
    /// The right secret signed them, and they were changed on the way: they verify once that stops.
    OnceUnchanged,
    /// The same, if the gateway sent them at all: nothing proves it.
    OnceUnchangedIfGenuine,
    /// Every attempt is signed like the first one, with a secret that is not valid but can be adopted.
    OnceAdopted,
    /// Every attempt is signed like the first one, with a key that is never valid.
    Never,
    /// The same, if the gateway sent them at all: outsiders know the key, or need none.
    NeverIfGenuine,
    /// They are signed with the secret of another webhook: the URL or the secret is wrong.
    Elsewhere,
    /// The program that signs decides: one that signs every attempt again verifies once it is corrected.
    OnceSignedAgain,
    /// Nothing is known of the sender.
    Unknown,
    /// They are no events of this webhook.
    NoEvents,
    /// Nothing is wrong any more, or it is only disabled.
    Verify,
}

/// Where on the console the fix starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// At URL and SECRET of the webhook.
    Secret,
    /// At the check of its URL.
    UrlCheck,
    /// Where gateways are enabled.
    Gateways,
    /// Nowhere: the fix is elsewhere, or there is none.
    Nowhere,
}

impl Cause {
    /// Whether the key is wrong.
    pub(crate) const fn is_of_key(self) -> bool {
        self.is_acceptable()
            || matches!(
                self,
                Self::RetiredSecret
                    | Self::OtherMode
                    | Self::KeySecret
                    | Self::SecretGuessable
                    | Self::SecretIsUrl
                    | Self::SecretIsId
                    | Self::SecretIsKeyId
                    | Self::SecretIsDots
                    | Self::SecretEmpty
            )
    }

    /// Whether it may be a secret that KS Pay has never seen: entering it may help.
    pub(crate) const fn is_of_unknown_key(self) -> bool {
        matches!(self, Self::Unknown | Self::OtherAccount | Self::Unexamined | Self::SwitchedOff)
    }

    /// Whether further attempts can verify. Razorpay repeats the signature of the first attempt; Standard Webhooks asks for a
    /// new one each time.
    pub(crate) const fn attempts(self, gateway: Gateway) -> Attempts {
        match self {
            Self::RenamedHeader
            | Self::RepeatedHeader
            | Self::Quoted
            | Self::UpperCase
            | Self::Prefixed
            | Self::VersionMissing
            | Self::Base64
            | Self::Hex
            | Self::Truncated
            | Self::Lengthened
            | Self::BodyRespaced
            | Self::BodyReordered
            | Self::BodyEscaped
            | Self::BodyRewritten
            | Self::BodyLineEnd
            | Self::BodyLineEnds
            | Self::BodyMark
            | Self::BodyForm
            | Self::BodyWrapped
            | Self::BodyCharset
            | Self::BodyHtmlEscaped
            | Self::BodyBackslashed => Attempts::OnceUnchanged,
            // With proof as well: what is kept of it is the same.
            Self::BodyCompressed | Self::BodyEmpty | Self::BodyCut | Self::Encoded | Self::TooLarge | Self::TooSlow => {
                Attempts::OnceUnchangedIfGenuine
            }
            Self::OldSecret
            | Self::SecretWithSpace
            | Self::SecretWithLineEnd
            | Self::SecretWithUnseen
            | Self::SecretQuoted
            | Self::SecretLabelled
            | Self::SecretCut
            | Self::SecretDoubled
            | Self::SecretCase
            | Self::SecretEncoded
            | Self::SecretEncodedLineEnd
            | Self::SecretUrlEncoded
            | Self::SecretHtmlEscaped
            | Self::SecretEscaped
            | Self::SecretHashed
            | Self::SecretDecoded
            | Self::SecretWithPrefix
            | Self::SecretNotDecoded
            | Self::SecretMistyped => match gateway {
                Gateway::Razorpay => Attempts::OnceAdopted,
                Gateway::StandardWebhooks => Attempts::OnceSignedAgain,
            },
            Self::OtherMode | Self::OtherConnection | Self::OtherApp => Attempts::Elsewhere,
            Self::RetiredSecret | Self::KeySecret => match gateway {
                Gateway::Razorpay => Attempts::Never,
                Gateway::StandardWebhooks => Attempts::OnceSignedAgain,
            },
            Self::NoSignature
            | Self::IdMissing
            | Self::TimeMissing
            | Self::SecretGuessable
            | Self::SecretIsUrl
            | Self::SecretIsId
            | Self::SecretIsKeyId
            | Self::SecretIsDots
            | Self::SecretEmpty => match gateway {
                Gateway::Razorpay => Attempts::NeverIfGenuine,
                Gateway::StandardWebhooks => Attempts::OnceSignedAgain,
            },
            Self::OtherHash
            | Self::OtherLength
            | Self::NotKeyed
            | Self::AsymmetricOnly
            | Self::SignedBodyOnly
            | Self::SignedPart
            | Self::SignedOtherParts
            | Self::SignedEarlier
            | Self::SignedAhead
            | Self::TimeInMillis
            | Self::TimeUnreadable => Attempts::OnceSignedAgain,
            Self::OtherAccount | Self::Unexamined | Self::Unknown => Attempts::Unknown,
            Self::OtherGateway | Self::Scanner | Self::Checkout => Attempts::NoEvents,
            Self::VerifiesNow | Self::SwitchedOff => Attempts::Verify,
        }
    }

    /// Where the fix starts.
    pub(crate) const fn start(self) -> Start {
        match self {
            Self::NoSignature
            | Self::OldSecret
            | Self::RetiredSecret
            | Self::OtherMode
            | Self::OtherConnection
            | Self::OtherApp
            | Self::KeySecret
            | Self::SecretWithSpace
            | Self::SecretWithLineEnd
            | Self::SecretWithUnseen
            | Self::SecretQuoted
            | Self::SecretLabelled
            | Self::SecretCut
            | Self::SecretDoubled
            | Self::SecretCase
            | Self::SecretEncoded
            | Self::SecretEncodedLineEnd
            | Self::SecretUrlEncoded
            | Self::SecretHtmlEscaped
            | Self::SecretEscaped
            | Self::SecretHashed
            | Self::SecretDecoded
            | Self::SecretMistyped
            | Self::SecretGuessable
            | Self::SecretIsUrl
            | Self::SecretIsId
            | Self::SecretIsKeyId
            | Self::SecretIsDots
            | Self::SecretEmpty
            | Self::OtherAccount
            | Self::Unexamined
            | Self::Unknown => Start::Secret,
            Self::RenamedHeader
            | Self::RepeatedHeader
            | Self::Quoted
            | Self::UpperCase
            | Self::Prefixed
            | Self::Truncated
            | Self::Lengthened
            | Self::BodyRespaced
            | Self::BodyReordered
            | Self::BodyEscaped
            | Self::BodyRewritten
            | Self::BodyLineEnd
            | Self::BodyLineEnds
            | Self::BodyMark
            | Self::BodyForm
            | Self::BodyWrapped
            | Self::BodyCharset
            | Self::BodyHtmlEscaped
            | Self::BodyBackslashed
            | Self::BodyCompressed
            | Self::BodyEmpty
            | Self::BodyCut
            | Self::Encoded
            | Self::TooSlow => Start::UrlCheck,
            Self::SwitchedOff => Start::Gateways,
            Self::IdMissing
            | Self::TimeMissing
            | Self::OtherGateway
            | Self::Scanner
            | Self::VersionMissing
            | Self::Base64
            | Self::Hex
            | Self::OtherHash
            | Self::OtherLength
            | Self::NotKeyed
            | Self::AsymmetricOnly
            | Self::SignedBodyOnly
            | Self::SignedPart
            | Self::SignedOtherParts
            | Self::Checkout
            | Self::SecretWithPrefix
            | Self::SecretNotDecoded
            | Self::SignedEarlier
            | Self::SignedAhead
            | Self::TimeInMillis
            | Self::TimeUnreadable
            | Self::VerifiesNow
            | Self::TooLarge => Start::Nowhere,
        }
    }
}
