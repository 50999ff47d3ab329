//! Why a request was rejected: the reason that ingestion saw, and the cause that diagnosis found.
//!
//! Both are closed lists whose members are stored in the database.

use super::advice::{Attempts, Start};
use crate::{
    gateways::adapter::SignatureError,
    primitives::text_enum::{text_column, text_enum},
};

text_enum! {
    /// Why ingestion rejected the request.
    pub(crate) enum Reason, "the reason of a rejection" {
        SignatureMissing = "signature_missing",
        SignatureMalformed = "signature_malformed",
        SignatureMismatch = "signature_mismatch",
        TimeOutOfTolerance = "time_out_of_tolerance",
        /// The connection, or its app, was disabled.
        Disabled = "disabled",
        TooLarge = "too_large",
        /// The body was sent with a `Content-Encoding`.
        Encoded = "encoded",
        TooSlow = "too_slow",
    }
}
text_column!(Reason, Reason::as_str);

impl From<SignatureError> for Reason {
    fn from(rejected: SignatureError) -> Self {
        match rejected {
            SignatureError::SignatureMissing => Self::SignatureMissing,
            SignatureError::SignatureMalformed => Self::SignatureMalformed,
            SignatureError::SignatureMismatch => Self::SignatureMismatch,
            SignatureError::TimeOutOfTolerance => Self::TimeOutOfTolerance,
        }
    }
}

impl Reason {
    /// Returns the verdict on the signature, if it was checked. Only these reasons make a connection *Failing*.
    pub(crate) const fn rejected(self) -> Option<SignatureError> {
        match self {
            Self::SignatureMissing => Some(SignatureError::SignatureMissing),
            Self::SignatureMalformed => Some(SignatureError::SignatureMalformed),
            Self::SignatureMismatch => Some(SignatureError::SignatureMismatch),
            Self::TimeOutOfTolerance => Some(SignatureError::TimeOutOfTolerance),
            Self::Disabled | Self::TooLarge | Self::Encoded | Self::TooSlow => None,
        }
    }
}

/// The table of causes: each with its stored text, the outcome of further attempts if all are signed alike, and where the fix
/// starts.
macro_rules! causes {
    ($($(#[$doc:meta])* $member:ident = $text:literal, $attempts:ident, $start:ident;)+) => {
        text_enum! {
            /// The cause that diagnosis found.
            pub(crate) enum Cause, "the cause of a rejection" { $($(#[$doc])* $member = $text),+ }
        }

        impl Cause {
            /// Whether further attempts can verify if they are signed like the first one.
            pub(super) const fn attempts_alike(self) -> Attempts {
                match self { $(Self::$member => Attempts::$attempts,)+ }
            }

            /// Where the fix starts.
            pub(crate) const fn start(self) -> Start {
                match self { $(Self::$member => Start::$start,)+ }
            }
        }
    };
}

causes! {
    // --- no signature
    NoSignature = "no_signature", NeverIfGenuine, Secret;
    IdMissing = "id_missing", NeverIfGenuine, Nowhere;
    TimeMissing = "time_missing", NeverIfGenuine, Nowhere;
    /// The right signature is in a header of another name.
    RenamedHeader = "renamed_header", OnceUnchanged, UrlCheck;
    OtherGateway = "other_gateway", NoEvents, Nowhere;
    Scanner = "scanner", NoEvents, Nowhere;
    // --- the right signature in another notation
    RepeatedHeader = "repeated_header", OnceUnchanged, UrlCheck;
    Quoted = "quoted", OnceUnchanged, UrlCheck;
    UpperCase = "upper_case", OnceUnchanged, UrlCheck;
    Prefixed = "prefixed", OnceUnchanged, UrlCheck;
    VersionMissing = "version_missing", OnceSignedAgain, Nowhere;
    Base64 = "base64", OnceSignedAgain, Nowhere;
    Hex = "hex", OnceSignedAgain, Nowhere;
    Truncated = "truncated", OnceUnchanged, UrlCheck;
    Lengthened = "lengthened", OnceUnchanged, UrlCheck;
    // --- signed by another method
    OtherHash = "other_hash", OnceSignedAgain, Nowhere;
    /// The signature has the length of another hash function, and no secret produces it.
    OtherLength = "other_length", OnceSignedAgain, Nowhere;
    /// A plain digest of the body alone, which anyone can make.
    NotKeyed = "not_keyed", OnceSignedAgain, Nowhere;
    /// A plain digest of the body and a valid secret, in place of an HMAC.
    HashedWithSecret = "hashed_with_secret", OnceSignedAgain, Nowhere;
    AsymmetricOnly = "asymmetric_only", OnceSignedAgain, Nowhere;
    SignedBodyOnly = "signed_body_only", OnceSignedAgain, Nowhere;
    SignedPart = "signed_part", OnceSignedAgain, Nowhere;
    SignedOtherParts = "signed_other_parts", OnceSignedAgain, Nowhere;
    CheckoutSignature = "checkout", NoEvents, Nowhere;
    // --- with another secret
    OldSecret = "old_secret", OnceAdopted, Secret;
    RetiredSecret = "retired_secret", Never, Secret;
    OtherMode = "other_mode", Elsewhere, Secret;
    OtherConnection = "other_connection", Elsewhere, Secret;
    OtherApp = "other_app", Elsewhere, Secret;
    KeySecret = "key_secret", Never, Secret;
    SecretWithSpace = "secret_with_space", OnceAdopted, Secret;
    SecretWithLineEnd = "secret_with_line_end", OnceAdopted, Secret;
    SecretWithInvisible = "secret_with_invisible", OnceAdopted, Secret;
    SecretQuoted = "secret_quoted", OnceAdopted, Secret;
    SecretLabelled = "secret_labelled", OnceAdopted, Secret;
    SecretCut = "secret_cut", OnceAdopted, Secret;
    SecretDoubled = "secret_doubled", OnceAdopted, Secret;
    SecretCase = "secret_case", OnceAdopted, Secret;
    SecretEncoded = "secret_encoded", OnceAdopted, Secret;
    SecretEncodedLineEnd = "secret_encoded_line_end", OnceAdopted, Secret;
    SecretUrlEncoded = "secret_url_encoded", OnceAdopted, Secret;
    SecretHtmlEscaped = "secret_html_escaped", OnceAdopted, Secret;
    SecretEscaped = "secret_escaped", OnceAdopted, Secret;
    SecretHashed = "secret_hashed", OnceAdopted, Secret;
    SecretDecoded = "secret_decoded", OnceAdopted, Secret;
    SecretWithPrefix = "secret_with_prefix", OnceAdopted, Nowhere;
    SecretNotDecoded = "secret_not_decoded", OnceAdopted, Nowhere;
    SecretMistyped = "secret_mistyped", OnceAdopted, Secret;
    /// A piece or a variant of a secret that can be guessed.
    SecretGuessable = "secret_guessable", NeverIfGenuine, Secret;
    SecretIsUrl = "secret_is_url", NeverIfGenuine, Secret;
    SecretIsId = "secret_is_id", NeverIfGenuine, Secret;
    SecretIsKeyId = "secret_is_key_id", NeverIfGenuine, Secret;
    /// Another value that the Webhook page offers to copy.
    SecretIsCopied = "secret_is_copied", NeverIfGenuine, Secret;
    SecretIsDots = "secret_is_dots", NeverIfGenuine, Secret;
    SecretEmpty = "secret_empty", NeverIfGenuine, Secret;
    // --- over another body
    BodyRespaced = "body_respaced", OnceUnchanged, UrlCheck;
    BodyReordered = "body_reordered", OnceUnchanged, UrlCheck;
    BodyEscaped = "body_escaped", OnceUnchanged, UrlCheck;
    BodyRewritten = "body_rewritten", OnceUnchanged, UrlCheck;
    BodyLineEnd = "body_line_end", OnceUnchanged, UrlCheck;
    BodyLineEnds = "body_line_ends", OnceUnchanged, UrlCheck;
    BodyMark = "body_mark", OnceUnchanged, UrlCheck;
    BodyForm = "body_form", OnceUnchanged, UrlCheck;
    BodyWrapped = "body_wrapped", OnceUnchanged, UrlCheck;
    BodyCharset = "body_charset", OnceUnchanged, UrlCheck;
    BodyHtmlEscaped = "body_html_escaped", OnceUnchanged, UrlCheck;
    BodyBackslashed = "body_backslashed", OnceUnchanged, UrlCheck;
    BodyCompressed = "body_compressed", OnceUnchangedIfGenuine, UrlCheck;
    BodyEmpty = "body_empty", OnceUnchangedIfGenuine, UrlCheck;
    BodyCut = "body_cut", OnceUnchangedIfGenuine, UrlCheck;
    // --- at another time
    SignedEarlier = "signed_earlier", OnceSignedAgain, Nowhere;
    SignedAhead = "signed_ahead", OnceSignedAgain, Nowhere;
    TimeInMillis = "time_in_millis", OnceSignedAgain, Nowhere;
    TimeUnreadable = "time_unreadable", OnceSignedAgain, Nowhere;
    // --- from another sender
    OtherAccount = "other_account", Unknown, Secret;
    // --- nothing to diagnose
    NowVerifies = "now_verifies", Verify, Nowhere;
    Disabled = "disabled", Verify, Gateways;
    TooLarge = "too_large", OnceUnchangedIfGenuine, Nowhere;
    Encoded = "encoded", OnceUnchangedIfGenuine, UrlCheck;
    TooSlow = "too_slow", OnceUnchangedIfGenuine, UrlCheck;
    /// Not diagnosed, because too many requests arrived together, or too large ones.
    NotDiagnosed = "not_diagnosed", Unknown, Secret;
    Unknown = "unknown", Unknown, Secret;
}

impl From<String> for Cause {
    /// Maps causes of newer versions to `Unknown`.
    fn from(text: String) -> Self {
        text.parse().unwrap_or(Self::Unknown)
    }
}

impl Cause {
    /// Returns the cause that follows from the reason alone, without checking the signature.
    pub(crate) const fn from_reason(reason: Reason) -> Option<Self> {
        match reason {
            Reason::Disabled => Some(Self::Disabled),
            Reason::TooLarge => Some(Self::TooLarge),
            Reason::Encoded => Some(Self::Encoded),
            Reason::TooSlow => Some(Self::TooSlow),
            Reason::SignatureMissing | Reason::SignatureMalformed | Reason::SignatureMismatch | Reason::TimeOutOfTolerance => {
                None
            }
        }
    }

    /// Returns the cause of a request that was not diagnosed.
    pub(crate) fn undiagnosed(reason: Reason) -> Self {
        Self::from_reason(reason).unwrap_or(Self::NotDiagnosed)
    }
}

impl Cause {
    /// Whether the detail differs between requests and does not make a separate rejection: a time, or the name of a header,
    /// which anyone with a signed body can vary at will.
    pub(crate) const fn has_varying_detail(self) -> bool {
        matches!(self, Self::SignedEarlier | Self::SignedAhead | Self::RenamedHeader)
    }

    /// Whether no request with this cause can be recovered, regardless of its sender.
    pub(crate) const fn is_unrecoverable(self) -> bool {
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

    /// Whether the cause names a secret that may be adopted: known to the company and to no one who only sees its pages, of
    /// this mode, and not retired.
    pub(crate) const fn can_adopt_secret(self) -> bool {
        matches!(self.attempts_alike(), Attempts::OnceAdopted) || matches!(self, Self::OtherConnection | Self::OtherApp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        assert!(Cause::ALL.iter().all(|cause| Cause::from(cause.as_str().to_owned()) == *cause));
        assert!(Reason::ALL.iter().all(|reason| reason.as_str().parse() == Ok(*reason)));
        assert_eq!(Cause::from("of a later version".to_owned()), Cause::Unknown);
    }
}
