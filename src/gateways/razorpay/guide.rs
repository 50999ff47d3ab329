//! What the merchant does in Razorpay's Dashboard, and the code of the shop.

use super::api_keys::KEY_ID;
use crate::gateways::{
    Mode,
    guide::{
        CodePiece::{self, AppName, Credential, Currency, Url},
        Guide, GuideStep,
        Piece::{Code, Copy, Email, EventCount, Label, Mode as ModeName, ModeLabel, Path, Text},
        Snippet,
    },
};

pub(super) const GUIDE: Guide = Guide {
    heading: "Paste them into Razorpay",
    duration: Some("about 3 minutes"),
    steps: &[
        GuideStep::new(
            &[Text("Sign in to the Razorpay Dashboard and switch it to "), ModeLabel, Text(".")],
            &[Text("Razorpay keeps separate webhooks for Test and Live. This page is for "), ModeName, Text(".")],
        ),
        GuideStep::new(
            &[
                Text("Open "),
                Path("Accounts & Settings › Webhooks"),
                Text(", under Website and app settings, and press "),
                Label("+ Add New Webhook"),
                Text("."),
            ],
            &[],
        ),
        GuideStep::new(
            &[Text("Paste the URL into "), Label("URL"), Text(" and the SECRET into "), Label("Secret"), Text(".")],
            &[Text("Razorpay lets you leave Secret empty. It then signs nothing, and KS Pay refuses every request.")],
        ),
        GuideStep::new(
            &[
                Text("In "),
                Label("Alert Email"),
                Text(" put an address that somebody reads: "),
                Email("alert-email", "Alert Email"),
            ],
            &[Text("When Razorpay switches a webhook off, the only notice goes to this address.")],
        ),
        GuideStep::new(&[Text("Under "), Label("Active Events"), Text(" tick these "), EventCount, Text(":")], &[]).with_events(),
        GuideStep::new(
            &[
                Text("Press "),
                Label("Create Webhook"),
                Text(". In Test Mode Razorpay asks for an OTP: "),
                Copy("otp", "754081", "OTP"),
            ],
            &[],
        )
        .only_in(Mode::Test),
        GuideStep::new(&[Text("Press "), Label("Create Webhook"), Text(".")], &[]).only_in(Mode::Live),
        GuideStep::new(
            &[Text("Make one test payment, for example with UPI id "), Copy("upi", TEST_UPI_ID, "UPI id")],
            &[Text(
                "Razorpay has no button that sends a test event; a test payment is the test. No payment page yet? Step 3 has one to paste.",
            )],
        )
        .only_in(Mode::Test),
        GuideStep::new(
            &[Text("Wait for the next real payment, or make a small one yourself and refund it.")],
            &[Text("Razorpay has no button that sends a test event; a payment is the test.")],
        )
        .only_in(Mode::Live),
    ],
};

/// The UPI ID with which every test payment succeeds.
pub(super) const TEST_UPI_ID: &str = "success@razorpay";

pub(super) const SNIPPETS: &[Snippet] = &[
    Snippet {
        heading: "1. Create an order, on your server",
        id: "code-order",
        name: "Order snippet",
        intro: &[Text(
            "The Key Secret comes from the environment, never from the code. The amount is in the smallest unit: 64900 is ₹649.00.",
        )],
        label: "Create an order",
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
        heading: "2. Open Checkout, on your page",
        id: "code-checkout",
        name: "Checkout snippet",
        intro: &[Text("Put the id of the order from step 1 in.")],
        label: "Open Checkout",
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
        heading: "3. Check what Checkout says, on your server",
        id: "code-verify",
        name: "Verification snippet",
        intro: &[Text("This signature is made with the Key Secret. The webhook’s is another, made with the SECRET of step 2.")],
        label: "Verify the Checkout signature",
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
        heading: "4. Send a signed event to this webhook",
        id: "code-send",
        name: "Test command",
        intro: &[
            Text("With the webhook SECRET in "),
            Code("$WEBHOOK_SECRET"),
            Text(
                ". The response is 200, and the event is listed under Events. Each time it is a new event with the current time.",
            ),
        ],
        label: "Send a signed event",
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
