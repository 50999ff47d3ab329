//! Advice that follows from a cause: whether the gateway's further attempts can verify, and where the fix starts. Pure.
//!
//! The table of causes contains both, so that a new cause does not compile without its advice.

use super::{Cause, Reason, Rejection};
use crate::gateways::Gateway;

/// What is known of rejected requests, from which the advice follows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finding {
    pub(crate) gateway: Gateway,
    pub(crate) reason: Reason,
    pub(crate) cause: Cause,
    /// True if a stored secret signed them, which proves the cause.
    pub(crate) is_signed: bool,
}

impl From<&Rejection> for Finding {
    fn from(rejection: &Rejection) -> Self {
        let is_signed = rejection.secret_id.is_some();
        Self { gateway: rejection.gateway, reason: rejection.reason, cause: rejection.cause, is_signed }
    }
}

impl Finding {
    /// Whether the signature header could not be read: no secret can make such a request verify.
    fn is_unreadable(self) -> bool {
        self.cause == Cause::Unknown && self.reason == Reason::SignatureMalformed
    }

    /// Whether it may be a secret that KS Pay has never seen: entering it may help.
    pub(crate) fn is_of_unknown_key(self) -> bool {
        self.cause.is_of_unknown_key() && !self.is_unreadable()
    }

    /// Whether stored requests verify once the secret that they were signed with is added or entered.
    pub(crate) fn is_recoverable_by_secret(self) -> bool {
        self.cause.can_adopt_secret() || self.is_of_unknown_key()
    }

    /// Where the fix starts.
    pub(crate) fn start(self) -> Start {
        if !self.is_unreadable() {
            self.cause.start()
        } else if self.gateway.profile().repeats_signature {
            Start::UrlCheck
        } else {
            // The program that signs writes another format.
            Start::Nowhere
        }
    }

    /// Whether further attempts can verify.
    pub(crate) fn attempts(self) -> Attempts {
        match self.cause.attempts(self.gateway) {
            _ if self.is_unreadable() && self.gateway.profile().repeats_signature => Attempts::OnceUnchangedIfGenuine,
            _ if self.is_unreadable() => Attempts::OnceSignedAgain,
            Attempts::OnceUnchangedIfGenuine if self.is_signed => Attempts::OnceUnchanged,
            attempts => attempts,
        }
    }
}

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

impl Attempts {
    /// Returns what identifies it in tests.
    pub(crate) const fn hook(self) -> &'static str {
        match self {
            Self::OnceUnchanged => "attempts-once-unchanged",
            Self::OnceUnchangedIfGenuine => "attempts-once-unchanged-if-genuine",
            Self::OnceAdopted => "attempts-once-adopted",
            Self::Never => "attempts-never",
            Self::NeverIfGenuine => "attempts-never-if-genuine",
            Self::Elsewhere => "attempts-elsewhere",
            Self::OnceSignedAgain => "attempts-once-signed-again",
            Self::Unknown => "attempts-unknown",
            Self::NoEvents => "attempts-no-events",
            Self::Verify => "attempts-verify",
        }
    }
}

/// Where on the console the fix starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// At the URL and secret of the webhook.
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
        self.can_adopt_secret()
            || matches!(
                self,
                Self::RetiredSecret
                    | Self::OtherMode
                    | Self::KeySecret
                    | Self::SecretGuessable
                    | Self::SecretIsUrl
                    | Self::SecretIsId
                    | Self::SecretIsKeyId
                    | Self::SecretIsCopied
                    | Self::SecretIsDots
                    | Self::SecretEmpty
            )
    }

    /// Whether it may be a secret that KS Pay has never seen: entering it may help.
    const fn is_of_unknown_key(self) -> bool {
        matches!(self, Self::Unknown | Self::OtherAccount | Self::NotDiagnosed | Self::Disabled)
    }

    /// Whether further attempts can verify, which depends on whether the gateway repeats the signature of the first attempt.
    pub(crate) const fn attempts(self, gateway: Gateway) -> Attempts {
        match (gateway.profile().repeats_signature, self.attempts_alike()) {
            (false, Attempts::OnceAdopted | Attempts::Never | Attempts::NeverIfGenuine) => Attempts::OnceSignedAgain,
            (_, attempts) => attempts,
        }
    }
}
