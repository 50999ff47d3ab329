//! What is known of a gateway without asking it: names, its signature scheme, its rules and its texts, as static data.
//!
//! Invariant: pages, messages and diagnosis ask the profile or the adapter; none of them knows which gateway it is.

use std::time::Duration;

use ipnet::IpNet;

use super::{
    adapter::Adapter,
    credentials::ApiKeys,
    guide::{Guide, Snippet},
    json_conventions::JsonConventions,
    refunds::RefundApi,
    samples::Samples,
    texts::Texts,
};
use crate::i18n::Text;

/// The static properties of a gateway.
pub(crate) struct Profile {
    /// The name in URLs, in the database and on the command line.
    pub(crate) slug: &'static str,
    /// The display name.
    pub(crate) label: &'static str,
    /// The sender of its requests in a sentence: a name, or `the sender`.
    pub(crate) sender: Text,
    /// The sender as the subject of a condition: a name, or `your sender`.
    pub(crate) your_sender: Text,
    /// Who creates the webhook secret.
    pub(crate) secret_generator: SecretGenerator,
    pub(crate) signature: Signature,
    /// True if a retry carries the signature of the first attempt; false if the gateway signs every attempt again.
    pub(crate) repeats_signature: bool,
    /// How long the gateway retries a request that failed, if documented.
    pub(crate) retry_window: Option<Duration>,
    /// How old an event may be that a user can have sent again, if the gateway offers that and documents it.
    pub(crate) replay_window: Option<Duration>,
    /// How long the gateway tolerates failures before it disables the webhook, if documented.
    pub(crate) auto_disable_after: Option<Duration>,
    /// The networks from which the gateway documents to send webhooks; empty if it publishes none. Any merchant of the
    /// gateway can make it send requests here, so an address alone proves nothing: see [`super::adapter::was_sent_for`].
    pub(crate) webhook_networks: &'static [IpNet],
    /// The events to which a merchant should subscribe; empty if the sender decides.
    pub(crate) recommended_events: &'static [&'static str],
    /// Its API keys, if it has an API that KS Pay uses.
    pub(crate) api_keys: Option<ApiKeys>,
    /// Values that its pages show next to the secret, which may be pasted in its place.
    pub(crate) lookalike_values: &'static [&'static str],
    /// Labels in front of a pasted secret that name the gateway.
    pub(crate) secret_labels: &'static [&'static str],
    /// How it writes the JSON of its bodies.
    pub(crate) json: JsonConventions,
    /// Returns the address of a payment's page on the gateway's dashboard, if that is known.
    pub(crate) payment_url: fn(&str) -> Option<String>,
    /// Its API, if KS Pay calls it.
    pub(crate) api: Option<Api>,
    /// How payments are refunded by its API, if KS Pay can do that.
    pub(crate) refunds: Option<RefundApi>,
    /// The events that `ks-pay simulate` can send.
    pub(crate) samples: Samples,
    /// How to enter URL and secret at the gateway.
    pub(crate) guide: Guide,
    /// Code for the merchant's developer.
    pub(crate) snippets: &'static [Snippet],
    pub(crate) texts: Texts,
    pub(crate) adapter: &'static dyn Adapter,
}

/// The address of a gateway's API, and its settings.
pub(crate) struct Api {
    /// Scheme, host and port, without a slash at the end.
    pub(crate) base_url: &'static str,
    /// The flag that overrides the address, with its dashes.
    pub(crate) flag: &'static str,
    /// The environment variable that overrides the address.
    pub(crate) variable: &'static str,
}

/// How requests are signed, as far as diagnosis, the URL check and messages need to know. Verification is the adapter's.
pub(crate) struct Signature {
    /// The header of the signature, in lower case.
    pub(crate) header: &'static str,
    /// The same as the gateway writes it.
    pub(crate) display_header: &'static str,
    /// The header of the event id.
    pub(crate) id_header: &'static str,
    /// The header of the time. A gateway that signs no time has none; the name is where a sender would put it.
    pub(crate) time_header: &'static str,
    /// The headers that carry a part of the signed message or the signature: a repeated request repeats them.
    pub(crate) signed_headers: &'static [&'static str],
    /// All headers of a webhook request, apart from those of every HTTP request.
    pub(crate) headers: &'static [&'static str],
    pub(crate) message: SignedMessage,
    pub(crate) notation: Notation,
    pub(crate) key: KeyForm,
    /// The text in front of a secret as it is shown and pasted; empty if there is none.
    pub(crate) secret_prefix: &'static str,
    /// The largest accepted difference between a signed time and the server's, in seconds; `None` if no time is signed.
    pub(crate) time_tolerance_seconds: Option<i64>,
    /// The member of a body that only a complete event has; an object with it is an event inside another message.
    pub(crate) event_member: &'static str,
}

/// Who generates a webhook secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretGenerator {
    /// KS Pay does, with the connection; the merchant copies it into the gateway.
    KsPay,
    /// The gateway does; the merchant pastes it here, and no request can be verified before.
    Gateway,
}

/// The message that a signature covers. Whatever depends on it matches every kind, so that a new one does not compile until each
/// place handles it.
#[derive(Clone, Copy)]
pub(crate) enum SignedMessage {
    /// The body.
    Body,
    /// Event id, time and body, separated by full stops.
    IdTimeBody,
}

/// The notation of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    /// Hex digits.
    Hex,
    /// Base64.
    #[cfg_attr(not(feature = "fictitious-gateway"), expect(dead_code, reason = "no real gateway writes plain base64 yet"))]
    Base64,
    /// A list of `v1,` and base64, separated by spaces; `v1a,` precedes an asymmetric signature.
    VersionedBase64,
}

/// How the key of a signature is derived from the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyForm {
    /// The bytes of the text.
    Text,
    /// The text, decoded from base64.
    Base64,
}
