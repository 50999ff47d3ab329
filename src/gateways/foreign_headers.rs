//! Signature headers of senders that are no gateway here, so that diagnosis can name the sender of a request that came to the
//! wrong URL.

use super::Gateway;

/// The header of each sender, in lower case, and its name.
const SIGNATURE_HEADERS: &[(&str, &str)] = &[
    ("svix-signature", "Svix"),
    ("stripe-signature", "Stripe"),
    ("x-hub-signature-256", "GitHub or Meta"),
    ("x-hub-signature", "GitHub or Meta"),
    ("x-shopify-hmac-sha256", "Shopify"),
    ("x-wc-webhook-signature", "WooCommerce"),
    ("paypal-transmission-sig", "PayPal"),
    ("x-paystack-signature", "Paystack"),
    ("verif-hash", "Flutterwave"),
    ("x-cashfree-signature", "Cashfree"),
    ("x-webhook-signature", "Cashfree"),
    ("x-verify", "PhonePe"),
    ("x-square-hmacsha256-signature", "Square"),
    ("x-cc-webhook-signature", "Coinbase"),
    ("paddle-signature", "Paddle"),
    ("x-slack-signature", "Slack"),
    ("x-twilio-signature", "Twilio"),
    ("x-zm-signature", "Zoom"),
    ("x-gitlab-token", "GitLab"),
];

/// Returns the signature header and the name of every sender: of the gateways first, then of senders without a profile.
pub(crate) fn senders() -> impl Iterator<Item = (&'static str, &'static str)> {
    let gateways = || Gateway::all().map(|gateway| (gateway.profile().signature.header, gateway.label()));
    // A sender that becomes a gateway may stay in the list.
    let has_profile = move |header: &str| gateways().any(|(known, _)| known == header);
    gateways().chain(SIGNATURE_HEADERS.iter().copied().filter(move |(header, _)| !has_profile(header)))
}
