//! What the merchant does at a sender that follows Standard Webhooks.

use super::text as t;
use crate::{
    gateways::guide::{
        CodePiece::{self, Url},
        Guide, GuideStep, Snippet,
    },
    i18n::code,
};

pub(super) const GUIDE: Guide = Guide { heading: t::guide_heading(), duration: None, steps: STEPS };

const STEPS: &[GuideStep] = &[
    GuideStep::new(|_| t::guide_add())
        .with_aside(|_| t::guide_add_aside(code("webhook-id"), code("webhook-timestamp"), code("webhook-signature"))),
    GuideStep::new(|_| t::guide_paste(code("whsec_"))),
    GuideStep::new(|_| t::guide_send()).with_aside(|context| t::guide_send_aside(&context.next)),
];

pub(super) const SNIPPETS: &[Snippet] = &[Snippet {
    heading: t::send_heading(),
    id: "code-send",
    name: t::send_name(),
    intro: || t::send_intro(code("$WEBHOOK_SECRET"), code("whsec_")),
    label: t::send_label(),
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
