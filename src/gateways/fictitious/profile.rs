//! The static properties of the fictitious gateway.

use std::time::Duration;

use super::{Kestrel, TOLERANCE_SECONDS, api_keys::API_KEYS, text as t};
use crate::{
    gateways::{
        guide::{Guide, GuideStep},
        json_conventions::JsonConventions,
        profile::{KeyForm, Notation, Profile, SecretGenerator, Signature, SignedMessage},
        samples::Samples,
        texts::{REQUESTS, SECRETS, SETUP, Texts, with_texts},
    },
    i18n::strong,
};

pub(in crate::gateways) static PROFILE: Profile = Profile {
    slug: "kestrel-pay",
    label: "Kestrel Pay",
    sender: t::name(),
    your_sender: t::name(),
    secret_generator: SecretGenerator::Gateway,
    signature: Signature {
        // Fields of the body, under names that no header can have.
        header: "field mac",
        display_header: "mac",
        id_header: "field notice",
        time_header: "field sent_at",
        signed_headers: &[],
        headers: &[],
        message: SignedMessage::Body,
        notation: Notation::Base64,
        key: KeyForm::Base64,
        secret_prefix: "",
        time_tolerance_seconds: Some(TOLERANCE_SECONDS),
        event_member: "notice",
    },
    repeats_signature: false,
    retry_window: Some(Duration::from_hours(48)),
    replay_window: None,
    auto_disable_after: None,
    webhook_networks: &[],
    recommended_events: &["payment.paid", "payment.declined"],
    api_keys: Some(API_KEYS),
    lookalike_values: &[],
    secret_labels: &[],
    json: JsonConventions::UNKNOWN,
    payment_url: |_| None,
    api: None,
    refunds: None,
    samples: Samples { events: &[], usual: "", single: |_, _, _, _| None, life_cycle: None },
    guide: Guide {
        heading: t::guide_heading(),
        duration: None,
        steps: &[GuideStep::new(|_| t::guide_paste(strong())), GuideStep::new(|_| t::guide_copy())],
    },
    snippets: &[],
    texts: Texts {
        setup: with_texts!(
            SETUP,
            next_step: t::next_step(),
            waiting: [t::waiting(), t::waiting()],
        ),
        secrets: with_texts!(SECRETS, unreadable: t::unreadable(), new_secret: t::new_secret()),
        requests: REQUESTS,
    },
    adapter: &Kestrel,
};
