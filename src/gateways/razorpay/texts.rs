//! What messages say of Razorpay.

use super::windows::{auto_disable_hours, retry_hours, support_days};
use crate::gateways::texts::{RequestTexts, SecretTexts, SetupTexts, Texts};

pub(super) const TEXTS: Texts = Texts { setup: SETUP, secrets: SECRETS, requests: REQUESTS };

const SETUP: SetupTexts = SetupTexts {
    webhook_heading: "Connect the Razorpay webhook",
    integration_heading: "Take payments in your shop",
    destination: "into Razorpay’s Dashboard",
    copy_into: ["Razorpay, make one test payment", "Razorpay, wait for one real payment"],
    existing_webhook: "runs at Razorpay",
    any_sender: "Razorpay",
    url_allowed: Some("Razorpay’s rules allow this URL."),
    waiting: [
        "No request has reached this URL yet. Make a test payment, and watch it arrive here.",
        "No request has reached this URL yet. The next real payment is seen here.",
    ],
    silent: "If payments are made, look in Razorpay’s Dashboard under Webhooks whether this one is still enabled, and check its URL.",
    disabled: concat!(
        "Razorpay gets 401 for every event until you enable it again, and switches the webhook off after ",
        auto_disable_hours!(),
        " h. You must then enable the webhook in Razorpay’s Dashboard."
    ),
};

const SECRETS: SecretTexts = SecretTexts {
    overlaps: [
        concat!(
            "Enough when you paste the new one right away: Razorpay retries an event for ",
            retry_hours!(),
            " hours, signed like the first attempt."
        ),
        "When it may take up to two days until somebody pastes it.",
        "When somebody else does it for you some day this week.",
        concat!(
            "When Razorpay’s support sends you events of the last ",
            support_days!(),
            " days again: they are signed with the secret of that time."
        ),
    ],
    rotating: [
        "This webhook gets a new SECRET at once. You then paste it into Razorpay, in place of the present one. No event is lost meanwhile: both count.",
        concat!(
            "Razorpay signs each retry like the first attempt, for ",
            retry_hours!(),
            " hours, so the present SECRET must stay valid for a while. A replay from its Dashboard is signed with the new one."
        ),
    ],
    after_rotation: Some(concat!(
        "Razorpay signs a retry like the first attempt, for ",
        retry_hours!(),
        " hours; its support can send events of the last ",
        support_days!(),
        " days again, signed with the secret of that time. A replay from its Dashboard is signed with the new secret."
    )),
    hand_over: "Press Copy below. In Razorpay open the webhook, press Edit, paste it into Secret and press Save Webhook.",
    retries: concat!("Razorpay retries them for ", retry_hours!(), " hours"),
    give: "paste it into Razorpay",
    enter: "paste it into Razorpay’s Dashboard",
    after_rejections: Some(concat!(
        "Razorpay tries a refused event again for ",
        retry_hours!(),
        " hours and then switches the webhook off."
    )),
    where_it_is: "Razorpay does not show it any more: look where you keep it, or in the settings of the shop that receives the webhook now.",
    is_url: "This is a webhook’s URL. The SECRET is the text in the field Secret below it.",
    use_ours: "Paste the SECRET of this webhook into Razorpay instead.",
    use_ours_clause: "Paste the SECRET of this webhook into Razorpay",
    wrong_form: "A SECRET of Razorpay has no particular form.",
};

const REQUESTS: RequestTexts = RequestTexts {
    paste: "Copy this webhook’s secret. In Razorpay’s Dashboard, open the webhook, press Edit, paste it into the Secret field and press Save Webhook.",
    paste_new: "create a new secret here and copy it. Then, in Razorpay’s Dashboard, open the webhook, press Edit, paste the new secret into the Secret field and press Save Webhook.",
    refusals: [
        "If Razorpay sent this, the Secret field of its webhook is empty. In Razorpay’s Dashboard, open the webhook, press Edit, paste this webhook’s secret and press Save Webhook.",
        "If Razorpay sent this, the X-Razorpay-Signature header was changed on the way. Ask your server administrator or hosting provider to pass it on unchanged: check anything in front of KS Pay, such as Cloudflare, nginx or an API gateway.",
        "If Razorpay sent this, its Secret field has another value. Copy this webhook’s secret again, without spaces, and paste it into that field in Razorpay’s Dashboard.",
    ],
    unsigned: "If Razorpay sent this, the Secret field of its webhook is empty.",
    if_has_secret: "If the field is already filled,",
    pass_on: "pass on the header X-Razorpay-Signature",
    compare: "If you made up the secret yourself, or another program uses it too, compare it with this webhook’s secret. Paste this webhook’s secret into Razorpay’s Dashboard, or enter yours here.",
    first_check: "First check in Razorpay’s Dashboard which webhook has this URL, in Test and in Live mode: either its URL or its Secret is wrong.",
    other_webhook: "that webhook",
    change_url: ["press Edit, replace its URL with the URL of the other webhook (", "), keep its Secret and press Save Webhook"],
    look_up: "Look up their payments there if they are older.",
    replay: Some(["Replay events of the last", "in Razorpay’s Dashboard: it signs them with the current secret."]),
    repeats: "Razorpay signs every retry like the first attempt",
    look_up_event: "Look up the payment in Razorpay’s Dashboard.",
    checkout: Some(
        "If your shop sends this, ask the developer of the shop to verify the checkout signature there, and to remove this URL from it. Razorpay sends the webhook on its own.",
    ),
};
