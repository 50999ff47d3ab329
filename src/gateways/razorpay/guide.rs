//! What the merchant does in Razorpay's Dashboard, and the code of the shop.

use super::{api_keys::KEY_ID, profile::RECOMMENDED_EVENTS, text as t};
use crate::{
    gateways::{
        Mode,
        guide::{
            CodePiece::{self, AppName, Credential, Currency, Url},
            CopyValue, Guide, GuideStep, Snippet,
        },
    },
    i18n::{code, path, strong},
};

pub(super) const GUIDE: Guide = Guide { heading: t::guide_heading(), duration: Some(t::guide_duration()), steps: STEPS };

const STEPS: &[GuideStep] = &[
    GuideStep::new(|context| t::guide_open(strong(), path(), context.mode.label())),
    GuideStep::new(|_| t::guide_paste(strong(), strong(), strong(), strong())),
    GuideStep::new(|_| t::guide_alert_email(strong())).with_value(CopyValue::Email("alert-email", "Alert Email")),
    GuideStep::new(|_| t::guide_events(strong(), RECOMMENDED_EVENTS.len())).with_events(),
    GuideStep::new(|_| t::guide_create_test(strong())).with_value(CopyValue::Fixed("otp", "754081", "OTP")).only_in(Mode::Test),
    GuideStep::new(|_| t::guide_create_live(strong())).only_in(Mode::Live),
    GuideStep::new(|_| t::guide_pay_test())
        .with_value(CopyValue::Fixed("upi", TEST_UPI_ID, "UPI ID"))
        .with_aside(|context| t::guide_pay_test_aside(&context.next))
        .only_in(Mode::Test),
    GuideStep::new(|_| t::guide_pay_live()).with_aside(|context| t::guide_pay_live_aside(&context.next)).only_in(Mode::Live),
];

/// The UPI ID with which every test payment succeeds.
pub(super) const TEST_UPI_ID: &str = "success@razorpay";

pub(super) const SNIPPETS: &[Snippet] = &[
    Snippet {
        heading: t::order_heading(),
        id: "code-order",
        name: t::order_name(),
        intro: t::order_intro,
        label: t::order_label(),
        code: &[
            CodePiece::Text("curl https://api.razorpay.com/v1/orders \\\n  --user \""),
            Credential(KEY_ID),
            CodePiece::Text(
                ":$RAZORPAY_KEY_SECRET\" \\\n  --header 'Content-Type: application/json' \\\n  --data '{\"amount\": 64900, \"currency\": \"",
            ),
            Currency,
            CodePiece::Text("\", \"receipt\": \"order-1001\"}'"),
        ],
    },
    Snippet {
        heading: t::checkout_heading(),
        id: "code-checkout",
        name: t::checkout_name(),
        intro: t::checkout_intro,
        label: t::checkout_label(),
        code: &[
            CodePiece::Text(
                r#"<script src="https://checkout.razorpay.com/v1/checkout.js"></script>
<button id="pay">Pay</button>
<script>
  const checkout = new Razorpay({
    key: ""#,
            ),
            Credential(KEY_ID),
            CodePiece::Text(
                r#"",
    order_id: "order_…",
    name: ""#,
            ),
            AppName,
            CodePiece::Text(
                r#"",
    handler: (paid) => fetch("/paid", { method: "POST", body: new URLSearchParams(paid) }),
  });
  document.getElementById("pay").onclick = () => checkout.open();
</script>"#,
            ),
        ],
    },
    Snippet {
        heading: t::verify_heading(),
        id: "code-verify",
        name: t::verify_name(),
        intro: t::verify_intro,
        label: t::verify_label(),
        code: &[CodePiece::Text(
            r#"import hashlib, hmac, os

def is_paid(order_id, payment_id, signature):
    # order_id: the one you made, not the one that came with the form
    message = f"{order_id}|{payment_id}".encode()
    key = os.environ["RAZORPAY_KEY_SECRET"].encode()
    expected = hmac.new(key, message, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)"#,
        )],
    },
    Snippet {
        heading: t::send_heading(),
        id: "code-send",
        name: t::send_name(),
        intro: || t::send_intro(code("$WEBHOOK_SECRET")),
        label: t::send_label(),
        code: &[
            CodePiece::Text(
                r#"BODY='{"entity":"event","event":"ping.sent","created_at":'$(date +%s)'}'; curl --include --data-binary "$BODY" \
  --header "X-Razorpay-Event-Id: evt_$(openssl rand -hex 7)" \
  --header "X-Razorpay-Signature: $(printf %s "$BODY" | openssl dgst -sha256 -hmac "$WEBHOOK_SECRET" -r | cut -d' ' -f1)" \
  '"#,
            ),
            Url,
            CodePiece::Text("'"),
        ],
    },
];
