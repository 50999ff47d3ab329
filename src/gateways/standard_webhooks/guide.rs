//! What the merchant does at a sender that follows Standard Webhooks.

use crate::gateways::guide::{
    CodePiece::{self, Url},
    Guide, GuideStep,
    Piece::{Code, NextStep, Text},
    Snippet,
};

pub(super) const GUIDE: Guide = Guide {
    heading: "Give them to the sender",
    duration: None,
    steps: &[
        GuideStep::new(
            &[Text("Open the webhook settings of the system that sends the events, and add an endpoint.")],
            &[
                Text("It must sign as Standard Webhooks 1.0.0 says: "),
                Code("webhook-id"),
                Text(", "),
                Code("webhook-timestamp"),
                Text(" and "),
                Code("webhook-signature"),
                Text(" with v1."),
            ],
        ),
        GuideStep::new(
            &[
                Text("Paste the URL as the endpoint and the SECRET, with "),
                Code("whsec_"),
                Text(" in front, as the signing secret."),
            ],
            &[],
        ),
        GuideStep::new(
            &[Text("Let it send one event and watch it arrive here.")],
            &[
                Text("The sender’s clock and this server’s must agree to 5 minutes. Step "),
                NextStep("Integration"),
                Text(" has a command that sends a signed event."),
            ],
        ),
    ],
};

pub(super) const SNIPPETS: &[Snippet] = &[Snippet {
    heading: "Send a signed event to this webhook",
    id: "code-send",
    name: "Test command",
    intro: &[
        Text("With the SECRET, "),
        Code("whsec_"),
        Text(" included, in "),
        Code("$WEBHOOK_SECRET"),
        Text(". The answer is 200, and the event stands under Events."),
    ],
    label: "Send a signed event",
    code: &[
        CodePiece::Text(
            r#"ID="msg_$(date +%s)"; AT="$(date +%s)"; BODY='{"type":"ping.sent","data":{}}'
KEY="$(printf %s "${WEBHOOK_SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')"
curl --include --data-binary "$BODY" --header "webhook-id: $ID" --header "webhook-timestamp: $AT" \
  --header "webhook-signature: v1,$(printf '%s.%s.%s' "$ID" "$AT" "$BODY" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$KEY" -binary | base64)" \
  '"#,
        ),
        Url,
        CodePiece::Text("'"),
    ],
}];
