//! The static properties of senders that follow Standard Webhooks.

use super::{
    PREFIX, StandardWebhooks, TOLERANCE_SECONDS,
    guide::{GUIDE, SNIPPETS},
    samples::SAMPLES,
};
use crate::gateways::{
    json_conventions::JsonConventions,
    profile::{KeyForm, Notation, Profile, SecretGenerator, Signature, SignedMessage},
    texts::{self, RequestTexts, SecretTexts, SetupTexts, Texts},
};

pub(crate) static PROFILE: Profile = Profile {
    slug: "standard-webhooks",
    label: "Standard Webhooks",
    sender: "the sender",
    your_sender: "your sender",
    secret_generator: SecretGenerator::KsPay,
    signature: Signature {
        header: "webhook-signature",
        display_header: "webhook-signature",
        id_header: "webhook-id",
        time_header: "webhook-timestamp",
        signed_headers: &["webhook-id", "webhook-timestamp", "webhook-signature"],
        headers: &["webhook-id", "webhook-timestamp", "webhook-signature"],
        message: SignedMessage::IdTimeBody,
        notation: Notation::VersionedBase64,
        key: KeyForm::Base64,
        secret_prefix: PREFIX,
        time_tolerance_seconds: Some(TOLERANCE_SECONDS),
        event_member: "data",
    },
    repeats_signature: false,
    // The specification leaves these to the sender.
    retry_window: None,
    replay_window: None,
    auto_disable_after: None,
    webhook_networks: &[],
    recommended_events: &[],
    api_keys: None,
    lookalike_values: &[],
    secret_labels: &[],
    json: JsonConventions { content: Some("data"), ..JsonConventions::UNKNOWN },
    api: None,
    samples: SAMPLES,
    guide: GUIDE,
    snippets: SNIPPETS,
    texts: TEXTS,
    adapter: &StandardWebhooks,
};

const TEXTS: Texts = Texts {
    setup: SetupTexts {
        webhook_heading: "Connect a Standard Webhooks sender",
        disabled: "Senders of Standard Webhooks get 401 for every event until you enable it again.",
        ..texts::SETUP
    },
    secrets: SecretTexts {
        where_it_is: "As the sender shows it, with whsec_ in front or without.",
        wrong_form: "It is not in the form of Standard Webhooks: whsec_ and then base64. Copy it whole.",
        ..texts::SECRETS
    },
    requests: RequestTexts {
        paste: "Copy this webhook’s secret, including the whsec_ prefix, and enter it in the sender’s settings.",
        paste_new: "create a new secret here and copy it, including the whsec_ prefix. Then enter it in the sender’s settings.",
        refusals: [
            "If your sender sent this, it has no secret yet. Enter this webhook’s secret in the sender’s settings; it then sends webhook-id, webhook-timestamp and webhook-signature.",
            "If your sender sent this, ask the developer of the program that signs these requests to follow Standard Webhooks 1.0.0: v1, a comma, and the HMAC-SHA256 in base64.",
            "If your sender sent this, it has another secret. Copy this webhook’s secret again, including the whsec_ prefix and without spaces, and enter it in the sender’s settings.",
        ],
        pass_on: "pass on webhook-id, webhook-timestamp and webhook-signature",
        ..texts::REQUESTS
    },
};
