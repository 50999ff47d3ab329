//! Why a request was refused: what ingestion saw at once, and what the doctor found out afterwards.
//!
//! Both are closed lists, which are also database values.

use crate::gateways::adapter::Rejected;

/// A list whose members are also texts in the database.
macro_rules! list {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $member:ident = $text:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum $name { $($(#[$doc])* $member,)+ }

        impl $name {
            pub(crate) const ALL: &[Self] = &[$(Self::$member),+];

            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$member => $text,)+ }
            }
        }
    };
}

list! {
    /// What ingestion saw: why the answer was what it was.
    Reason {
        SignatureMissing = "signature_missing";
        SignatureMalformed = "signature_malformed";
        SignatureMismatch = "signature_mismatch";
        TimeOutOfTolerance = "time_out_of_tolerance";
        /// The connection, or its app, was switched off.
        SwitchedOff = "switched_off";
        TooLarge = "too_large";
        /// The body came with a `Content-Encoding`.
        Encoded = "encoded";
        TooSlow = "too_slow";
    }
}

impl From<Rejected> for Reason {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::SignatureMissing => Self::SignatureMissing,
            Rejected::SignatureMalformed => Self::SignatureMalformed,
            Rejected::SignatureMismatch => Self::SignatureMismatch,
            Rejected::TimeOutOfTolerance => Self::TimeOutOfTolerance,
        }
    }
}

impl Reason {
    /// What the signature was found to be, where it was looked at. Only these make a connection *Failing*.
    pub(crate) const fn rejected(self) -> Option<Rejected> {
        match self {
            Self::SignatureMissing => Some(Rejected::SignatureMissing),
            Self::SignatureMalformed => Some(Rejected::SignatureMalformed),
            Self::SignatureMismatch => Some(Rejected::SignatureMismatch),
            Self::TimeOutOfTolerance => Some(Rejected::TimeOutOfTolerance),
            Self::SwitchedOff | Self::TooLarge | Self::Encoded | Self::TooSlow => None,
        }
    }
}

impl TryFrom<String> for Reason {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == text).ok_or("no reason of ours")
    }
}

list! {
    /// What the doctor found.
    Cause {
        // --- no signature to look at
        NoSignature = "no_signature";
        IdMissing = "id_missing";
        TimeMissing = "time_missing";
        /// The right signature stands in a header of another name.
        RenamedHeader = "renamed_header";
        OtherGateway = "other_gateway";
        Scanner = "scanner";
        // --- the right signature, written in another way
        RepeatedHeader = "repeated_header";
        Quoted = "quoted";
        UpperCase = "upper_case";
        Prefixed = "prefixed";
        VersionMissing = "version_missing";
        Base64 = "base64";
        Hex = "hex";
        Truncated = "truncated";
        Lengthened = "lengthened";
        // --- made in another way
        OtherHash = "other_hash";
        /// The signature has the length of another hash function, and no secret makes it.
        OtherLength = "other_length";
        NotKeyed = "not_keyed";
        AsymmetricOnly = "asymmetric_only";
        SignedBodyOnly = "signed_body_only";
        SignedPart = "signed_part";
        SignedOtherParts = "signed_other_parts";
        Checkout = "checkout";
        // --- with another secret
        OldSecret = "old_secret";
        RetiredSecret = "retired_secret";
        OtherMode = "other_mode";
        OtherConnection = "other_connection";
        OtherApp = "other_app";
        KeySecret = "key_secret";
        SecretWithSpace = "secret_with_space";
        SecretWithLineEnd = "secret_with_line_end";
        SecretWithUnseen = "secret_with_unseen";
        SecretQuoted = "secret_quoted";
        SecretLabelled = "secret_labelled";
        SecretCut = "secret_cut";
        SecretDoubled = "secret_doubled";
        SecretCase = "secret_case";
        SecretEncoded = "secret_encoded";
        SecretEncodedLineEnd = "secret_encoded_line_end";
        SecretUrlEncoded = "secret_url_encoded";
        SecretHtmlEscaped = "secret_html_escaped";
        SecretEscaped = "secret_escaped";
        SecretHashed = "secret_hashed";
        SecretDecoded = "secret_decoded";
        SecretWithPrefix = "secret_with_prefix";
        SecretNotDecoded = "secret_not_decoded";
        SecretMistyped = "secret_mistyped";
        /// A piece or a variant of a secret that can be guessed.
        SecretGuessable = "secret_guessable";
        SecretIsUrl = "secret_is_url";
        SecretIsId = "secret_is_id";
        SecretIsKeyId = "secret_is_key_id";
        SecretIsDots = "secret_is_dots";
        SecretEmpty = "secret_empty";
        // --- over another body
        BodyRespaced = "body_respaced";
        BodyReordered = "body_reordered";
        BodyEscaped = "body_escaped";
        BodyRewritten = "body_rewritten";
        BodyLineEnd = "body_line_end";
        BodyLineEnds = "body_line_ends";
        BodyMark = "body_mark";
        BodyForm = "body_form";
        BodyWrapped = "body_wrapped";
        BodyCharset = "body_charset";
        BodyHtmlEscaped = "body_html_escaped";
        BodyBackslashed = "body_backslashed";
        BodyCompressed = "body_compressed";
        BodyEmpty = "body_empty";
        BodyCut = "body_cut";
        // --- at another time
        SignedEarlier = "signed_earlier";
        SignedAhead = "signed_ahead";
        TimeInMillis = "time_in_millis";
        TimeUnreadable = "time_unreadable";
        // --- from somebody else
        OtherAccount = "other_account";
        // --- nothing to find out
        VerifiesNow = "verifies_now";
        SwitchedOff = "switched_off";
        TooLarge = "too_large";
        Encoded = "encoded";
        TooSlow = "too_slow";
        /// So many came at once that none of them was kept.
        Unexamined = "unexamined";
        Unknown = "unknown";
    }
}

impl From<String> for Cause {
    /// A cause that only a newer version knows is none that is known here.
    fn from(text: String) -> Self {
        Self::ALL.iter().copied().find(|cause| cause.as_str() == text).unwrap_or(Self::Unknown)
    }
}

impl Cause {
    /// What is known without a look at the signature.
    pub(crate) const fn at_once(reason: Reason) -> Option<Self> {
        match reason {
            Reason::SwitchedOff => Some(Self::SwitchedOff),
            Reason::TooLarge => Some(Self::TooLarge),
            Reason::Encoded => Some(Self::Encoded),
            Reason::TooSlow => Some(Self::TooSlow),
            Reason::SignatureMissing | Reason::SignatureMalformed | Reason::SignatureMismatch | Reason::TimeOutOfTolerance => {
                None
            }
        }
    }
}

impl Cause {
    /// Whether the detail differs from request to request, and makes no other rejection: a time, or the name of a header, of
    /// which anyone who has one signed body can make as many as they like.
    pub(crate) const fn has_passing_detail(self) -> bool {
        matches!(self, Self::SignedEarlier | Self::SignedAhead | Self::RenamedHeader)
    }

    /// Whether no request of it can ever be recovered, whoever it is from.
    pub(crate) const fn is_hopeless(self) -> bool {
        matches!(
            self,
            Self::NoSignature
                | Self::IdMissing
                | Self::TimeMissing
                | Self::OtherGateway
                | Self::Scanner
                | Self::RetiredSecret
                | Self::SecretGuessable
                | Self::TooLarge
                | Self::Encoded
                | Self::TooSlow
        )
    }

    /// True if the key is an encoding or a digest of a secret, which looks random even if the secret is not.
    pub(crate) const fn is_encoding(self) -> bool {
        matches!(
            self,
            Self::SecretEncoded
                | Self::SecretEncodedLineEnd
                | Self::SecretUrlEncoded
                | Self::SecretHtmlEscaped
                | Self::SecretEscaped
                | Self::SecretHashed
                | Self::SecretDecoded
        )
    }

    /// Whether it names a SECRET that may be accepted as well: known to the company and to nobody who only sees its pages,
    /// of this mode, and not ended by anybody.
    pub(crate) const fn is_acceptable(self) -> bool {
        matches!(
            self,
            Self::OldSecret
                | Self::OtherConnection
                | Self::OtherApp
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
                | Self::SecretMistyped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        assert!(Cause::ALL.iter().all(|cause| Cause::from(cause.as_str().to_owned()) == *cause));
        assert!(Reason::ALL.iter().all(|reason| Reason::try_from(reason.as_str().to_owned()) == Ok(*reason)));
        assert_eq!(Cause::from("of a later version".to_owned()), Cause::Unknown);
    }
}
