//! Decides whether a rejected request is proven: made by a holder of one of the company's keys, or by the gateway itself for
//! one of the connection's accounts. Pure.
//!
//! Invariant: the signature matches under a key that no outsider has, and what is signed is an event. A customer who has paid
//! holds a signature under the API key secret over an order and a payment, so that key proves nothing over any other text.
//! The URL, ids and pieces that can be guessed prove nothing at all. Denied by default: a cause that is not listed here is
//! no proof. A signature over an event that is stored proves no new fault: an outsider who has seen a request can send it changed.

use std::fmt;

use zeroize::Zeroizing;

use super::{CapturedRequest, Cause, diagnose::DiagnosedRequest, store_batch};
use crate::gateways::{Gateway, adapter::was_sent_for};

/// The role of the key of a matching signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// A whole webhook secret: valid, expired, retired, or of another connection.
    WebhookSecret,
    /// A valid webhook secret with paste errors.
    Altered,
    /// The text of an API key secret.
    ApiKeySecret,
    /// The URL, an id, dots, an empty text: known to outsiders.
    Public,
}

impl KeyKind {
    /// `cause` is the cause that the key alone would have.
    pub(crate) const fn of(cause: Cause) -> Self {
        match cause {
            Cause::NowVerifies
            | Cause::OldSecret
            | Cause::RetiredSecret
            | Cause::OtherMode
            | Cause::OtherConnection
            | Cause::OtherApp => Self::WebhookSecret,
            Cause::KeySecret | Cause::CheckoutSignature => Self::ApiKeySecret,
            cause if cause.can_adopt_secret() => Self::Altered,
            _ => Self::Public,
        }
    }
}

/// Identifies an event at its connection, as the table of events does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventKey {
    pub(crate) dedupe_prefix: String,
    pub(crate) dedupe_key: [u8; 32],
}

/// The key under which the signature of a request matches, and properties of the signed text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Signer {
    pub(crate) kind: KeyKind,
    pub(crate) key: Zeroizing<Vec<u8>>,
    /// The signature itself: the same key over the same text produces the same one in every notation.
    pub(crate) tag: Zeroizing<[u8; 32]>,
    /// Whether the signed text is an event.
    pub(crate) is_event: bool,
    /// Whether only the key is wrong: text and signature arrived unchanged.
    pub(crate) is_unchanged: bool,
    /// The events in the signed body, where the key is a whole secret of the webhook itself.
    pub(crate) events: Vec<EventKey>,
    /// Whether the key can be guessed. Set once the names that are guessed first are known.
    pub(crate) is_guessable: bool,
}

impl fmt::Debug for Signer {
    /// Omits key and signature.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signer").field("kind", &self.kind).field("is_event", &self.is_event).finish_non_exhaustive()
    }
}

impl Signer {
    /// Whether no outsider can have made the signature.
    pub(crate) const fn is_proof(&self) -> bool {
        match self.kind {
            KeyKind::WebhookSecret | KeyKind::Altered | KeyKind::ApiKeySecret => self.is_event && !self.is_guessable,
            KeyKind::Public => false,
        }
    }
}

/// Whether the request is proven: by its signature, or by its sender's address together with the account that it names.
pub(crate) fn is_proven(examined: &DiagnosedRequest) -> bool {
    examined.is_from_account || examined.diagnosis.signer.as_ref().is_some_and(Signer::is_proof)
}

/// Whether the gateway itself sent the request, for an account that verified events of its connection name.
pub(super) fn is_from_account(sample: &CapturedRequest, accounts: &[String]) -> bool {
    was_sent_for(sample.scope.gateway, sample.address, &sample.body, accounts.iter().map(String::as_str))
}

/// Whether the signed text is an event. A webhook secret signs nothing else, so with it an event whose signature covers only
/// a part is enough; an API key secret also signs texts that customers hold.
pub(crate) fn signs_event(gateway: Gateway, kind: KeyKind, signed: &[u8], body: &[u8]) -> bool {
    store_batch::event_type(gateway, signed).is_some()
        || (kind != KeyKind::ApiKeySecret && store_batch::event_type(gateway, body).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &[u8] = br#"{"entity":"event","event":"payment.captured","payload":{}}"#;

    fn signer(cause: Cause, signed: &[u8], body: &[u8]) -> Signer {
        let kind = KeyKind::of(cause);
        let is_event = signs_event(Gateway::RAZORPAY, kind, signed, body);
        let (key, tag) = (Zeroizing::new(vec![7; 44]), Zeroizing::new([7; 32]));
        Signer { kind, key, tag, is_event, is_unchanged: true, is_guessable: false, events: Vec::new() }
    }

    #[test]
    fn a_key_of_the_company_over_an_event_is_proof() {
        for cause in [
            Cause::NowVerifies,
            Cause::OldSecret,
            Cause::RetiredSecret,
            Cause::OtherMode,
            Cause::OtherConnection,
            Cause::OtherApp,
            Cause::KeySecret,
            Cause::SecretWithSpace,
            Cause::SecretMistyped,
        ] {
            assert!(signer(cause, EVENT, EVENT).is_proof(), "{cause:?}");
        }
        assert!(signer(Cause::NowVerifies, br#""payload":{}"#, EVENT).is_proof(), "a part of an event");
    }

    #[test]
    fn what_a_customer_or_a_stranger_can_make_is_no_proof() {
        let checkout = b"order_Demo0000000001|pay_Demo0000000001";
        for cause in [Cause::KeySecret, Cause::CheckoutSignature] {
            assert!(!signer(cause, checkout, checkout).is_proof(), "{cause:?}");
            assert!(!signer(cause, checkout, EVENT).is_proof(), "{cause:?}: the body may say anything");
        }
        for cause in [
            Cause::SecretIsUrl,
            Cause::SecretIsId,
            Cause::SecretIsKeyId,
            Cause::SecretIsCopied,
            Cause::SecretIsDots,
            Cause::SecretEmpty,
        ] {
            assert!(!signer(cause, EVENT, EVENT).is_proof(), "{cause:?}");
        }
        let guessable = Signer { is_guessable: true, ..signer(Cause::SecretCut, EVENT, EVENT) };
        assert!(!guessable.is_proof());
        assert!(!signer(Cause::OldSecret, b"{}", b"{}").is_proof(), "no event");
        assert!(!signer(Cause::OldSecret, b"[\"event\"]", br#"{"event":"a b"}"#).is_proof(), "no name of an event");
    }

    #[test]
    fn a_signer_is_logged_without_its_key() {
        assert!(!format!("{:?}", signer(Cause::OldSecret, EVENT, EVENT)).contains('7'));
    }
}
