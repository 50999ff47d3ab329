//! The static properties of senders that follow Standard Webhooks.

use super::{
    PREFIX, StandardWebhooks, TOLERANCE_SECONDS,
    guide::{GUIDE, SNIPPETS},
    samples::SAMPLES,
    text as t,
};
use crate::gateways::{
    json_conventions::JsonConventions,
    profile::{KeyForm, Notation, Profile, SecretGenerator, Signature, SignedMessage},
    text::{self as any, check_in_front},
    texts::{self, Texts, with_texts},
};

pub(crate) static PROFILE: Profile = Profile {
    slug: "standard-webhooks",
    label: "Standard Webhooks",
    sender: any::sender(),
    your_sender: any::your_sender(),
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
    payment_url: |_| None,
    api: None,
    refunds: None,
    samples: SAMPLES,
    guide: GUIDE,
    snippets: SNIPPETS,
    texts: TEXTS,
    adapter: &StandardWebhooks,
};

const TEXTS: Texts = Texts {
    setup: with_texts!(texts::SETUP, webhook_heading: t::webhook_heading(), disabled: t::disabled()),
    secrets: with_texts!(texts::SECRETS, where_it_is: t::where_it_is(), wrong_form: t::wrong_form()),
    requests: with_texts!(
        texts::REQUESTS,
        paste: t::paste(),
        paste_new: || vec![t::paste_new(), any::paste_new_then()],
        unsigned: || vec![any::unsigned(), t::paste(), t::unsigned_if_set(), check_in_front()],
        malformed: || vec![t::malformed()],
        mismatch: || vec![any::mismatch(), t::copy_again()],
    ),
};
