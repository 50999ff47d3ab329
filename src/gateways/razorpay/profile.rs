//! Razorpay's static properties.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};

use super::{
    Razorpay,
    api_keys::API_KEYS,
    guide::{GUIDE, SNIPPETS, TEST_UPI_ID},
    refunds::REFUNDS,
    samples::SAMPLES,
    text,
    texts::TEXTS,
    windows::{AUTO_DISABLE_AFTER, REPLAY_WINDOW, RETRY_WINDOW},
};
use crate::gateways::{
    json_conventions::JsonConventions,
    profile::{Api, KeyForm, Notation, Profile, SecretGenerator, Signature, SignedMessage},
};

/// The events a merchant should select, as used by the page, the simulator and the tests.
pub(crate) const RECOMMENDED_EVENTS: &[&str] = &[
    "payment.authorized",
    "payment.captured",
    "payment.failed",
    "order.paid",
    "refund.created",
    "refund.processed",
    "refund.failed",
    "payment.dispute.created",
    "payment.dispute.under_review",
    "payment.dispute.action_required",
    "payment.dispute.won",
    "payment.dispute.lost",
    "payment.dispute.closed",
    "settlement.processed",
];

/// Networks that webhooks are sent from ("Whitelist IPs", "Webhook IPs"), without those of the partners' test environment.
const WEBHOOK_NETWORKS: &[IpNet] = &[
    network([52, 66, 75, 174], 32),
    network([52, 66, 76, 63], 32),
    network([52, 66, 151, 218], 32),
    network([35, 154, 217, 40], 32),
    network([35, 154, 22, 73], 32),
    network([35, 154, 143, 15], 32),
    network([13, 126, 199, 247], 32),
    network([13, 126, 238, 192], 32),
    network([13, 232, 194, 134], 32),
    network([18, 96, 225, 0], 26),
    network([18, 99, 161, 0], 26),
];

const fn network([a, b, c, d]: [u8; 4], prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix))
}

/// Its Dashboard asks for a sign-in first, and shows the mode chosen there.
fn payment_url(id: &str) -> Option<String> {
    let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_plain.then(|| format!("https://dashboard.razorpay.com/app/payments/{id}"))
}

pub(crate) static PROFILE: Profile = Profile {
    slug: "razorpay",
    label: "Razorpay",
    sender: text::name(),
    your_sender: text::name(),
    secret_generator: SecretGenerator::KsPay,
    signature: Signature {
        header: "x-razorpay-signature",
        display_header: "X-Razorpay-Signature",
        id_header: "x-razorpay-event-id",
        time_header: "x-razorpay-timestamp",
        signed_headers: &["x-razorpay-signature"],
        headers: &["x-razorpay-signature", "x-razorpay-event-id"],
        message: SignedMessage::Body,
        notation: Notation::Hex,
        key: KeyForm::Text,
        secret_prefix: "",
        time_tolerance_seconds: None,
        event_member: "event",
    },
    repeats_signature: true,
    retry_window: Some(RETRY_WINDOW),
    replay_window: Some(REPLAY_WINDOW),
    auto_disable_after: Some(AUTO_DISABLE_AFTER),
    webhook_networks: WEBHOOK_NETWORKS,
    recommended_events: RECOMMENDED_EVENTS,
    api_keys: Some(API_KEYS),
    lookalike_values: &[TEST_UPI_ID],
    secret_labels: &[
        "RAZORPAY_WEBHOOK_SECRET=",
        "RAZORPAY_SECRET=",
        "RAZORPAY_WEBHOOK_SECRET: ",
        "export RAZORPAY_WEBHOOK_SECRET=",
    ],
    json: JsonConventions {
        key_orders: include_str!("key_orders.txt"),
        entity_type: Some("entity"),
        content: Some("payload"),
        content_order: Some("contains"),
        empty_lists: &["notes"],
        empty_together: &["error_"],
    },
    payment_url,
    api: Some(Api { base_url: "https://api.razorpay.com", flag: "--razorpay-api", variable: "KS_PAY_RAZORPAY_API" }),
    refunds: Some(REFUNDS),
    samples: SAMPLES,
    guide: GUIDE,
    snippets: SNIPPETS,
    texts: TEXTS,
    adapter: &Razorpay,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_of_the_gateways_form_becomes_a_part_of_an_address() {
        assert_eq!(payment_url("pay_Rkp9B9").as_deref(), Some("https://dashboard.razorpay.com/app/payments/pay_Rkp9B9"));
        assert_eq!((payment_url("pay/../x"), payment_url("pay?x")), (None, None));
    }

    #[test]
    fn only_the_published_addresses_are_the_gateways() {
        let is_gateways = |address: &str| {
            let address: std::net::IpAddr = address.parse().unwrap();
            WEBHOOK_NETWORKS.iter().any(|network| network.contains(&address))
        };
        for inside in ["52.66.75.174", "13.232.194.134", "18.96.225.0", "18.96.225.63", "18.99.161.17"] {
            assert!(is_gateways(inside), "{inside}");
        }
        // Adjacent addresses, addresses of its API and of its test environment, and IPv6.
        for outside in ["52.66.75.175", "18.96.225.64", "18.99.160.255", "52.66.140.48", "52.66.76.68", "127.0.0.1", "::1"] {
            assert!(!is_gateways(outside), "{outside}");
        }
    }
}
