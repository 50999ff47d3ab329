//! The static properties of the fictitious gateway.

use super::{Kestrel, TOLERANCE_SECONDS};
use crate::gateways::{
    guide::{Guide, GuideStep, Piece::Text},
    profile::{KeyForm, Notation, Profile, Signature, SignedMessage},
    samples::Samples,
    texts::{REQUESTS, SECRETS, SETUP, Texts},
};

pub(super) static PROFILE: Profile = Profile {
    slug: "kestrel-pay",
    label: "Kestrel Pay",
    sender: "Kestrel Pay",
    your_sender: "Kestrel Pay",
    signature: Signature {
        header: "kestrel-mac",
        display_header: "Kestrel-Mac",
        id_header: "kestrel-notice",
        time_header: "kestrel-time",
        signed_headers: &["kestrel-mac"],
        headers: &[],
        message: SignedMessage::Body,
        notation: Notation::VersionedBase64,
        key: KeyForm::Base64,
        secret_prefix: "",
        time_tolerance_seconds: Some(TOLERANCE_SECONDS),
        event_member: "notice",
    },
    repeats_signature: false,
    auto_disable_after: None,
    webhook_networks: &[],
    recommended_events: &["payment.paid", "payment.declined"],
    has_known_events: false,
    failure_events: &[],
    api_keys: None,
    lookalike_values: &[],
    secret_labels: &[],
    key_orders: "",
    api_variable: None,
    samples: Samples { events: &[], usual: "", single: |_, _, _, _| None, life_cycle: None },
    guide: Guide { heading: "Tell Kestrel Pay", duration: None, steps: &[GuideStep::new(&[Text("Paste the URL.")], &[])] },
    snippets: &[],
    texts: Texts { setup: SETUP, secrets: SECRETS, requests: REQUESTS },
    adapter: &Kestrel,
};
