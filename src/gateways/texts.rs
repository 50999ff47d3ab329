//! The texts of a gateway: what messages say differently for each.
//!
//! The constants say it for any sender; a gateway replaces what it can say more exactly.

/// The texts of a gateway. None of them contains values of a request.
pub(crate) struct Texts {
    pub(crate) setup: SetupTexts,
    pub(crate) secrets: SecretTexts,
    pub(crate) requests: RequestTexts,
}

/// Texts of the set-up steps and of a webhook's activity.
pub(crate) struct SetupTexts {
    /// The heading of the Webhook step.
    pub(crate) webhook_heading: &'static str,
    /// The heading of the Integration step.
    pub(crate) integration_heading: &'static str,
    /// Where URL and secret are copied to: `copy the URL and the secret below …`.
    pub(crate) destination: &'static str,
    /// What to do on the Webhook page, in Test and in Live mode: `Copy two values into …`.
    pub(crate) copy_into: [&'static str; 2],
    /// A webhook that exists already: `For a webhook that … already`.
    pub(crate) existing_webhook: &'static str,
    /// The subject of `… cannot reach this address yet`.
    pub(crate) any_sender: &'static str,
    /// The first line of a URL check if the gateway's own rules allow the URL, if it has such rules.
    pub(crate) url_allowed: Option<&'static str>,
    /// What to do before the first request, in Test and in Live mode.
    pub(crate) waiting: [&'static str; 2],
    /// What to do about a silence.
    pub(crate) silent: &'static str,
    /// What happens to events while the connection is disabled.
    pub(crate) disabled: &'static str,
}

/// Texts on secrets.
pub(crate) struct SecretTexts {
    /// Why to choose an overlap: of a day, of three days, of a week, the longest.
    pub(crate) overlaps: [&'static str; 4],
    /// What a rotation does.
    pub(crate) rotating: [&'static str; 2],
    /// Which secret signs what is sent after a rotation, if that is documented.
    pub(crate) after_rotation: Option<&'static str>,
    /// How to hand over a new secret.
    pub(crate) hand_over: &'static str,
    /// What happens to requests that get 503: `Requests get 503, and …`.
    pub(crate) retries: &'static str,
    /// How to enter a new secret: `Create a new secret and …`.
    pub(crate) give: &'static str,
    /// The same with the place: `Generate a new one, and …`.
    pub(crate) enter: &'static str,
    /// The consequence of requests that are rejected, if documented.
    pub(crate) after_rejections: Option<&'static str>,
    /// Where to find the secret that is in use.
    pub(crate) where_it_is: &'static str,
    /// A URL was entered as the secret.
    pub(crate) is_url: &'static str,
    /// Use this webhook's secret at the gateway.
    pub(crate) use_ours: &'static str,
    /// The same, followed by another clause.
    pub(crate) use_ours_clause: &'static str,
    /// The secret is not in the gateway's form.
    pub(crate) wrong_form: &'static str,
}

/// Texts on rejected requests and on events.
pub(crate) struct RequestTexts {
    /// How to enter the secret at the gateway.
    pub(crate) paste: &'static str,
    /// How to replace the secret by a new one; follows a condition.
    pub(crate) paste_new: &'static str,
    /// What to do about a missing, a malformed and a wrong signature.
    pub(crate) refusals: [&'static str; 3],
    /// Why no signature is sent.
    pub(crate) unsigned: &'static str,
    /// Followed by what to do if the secret is entered already.
    pub(crate) if_has_secret: &'static str,
    /// What a proxy must do with the headers of the signature: `to …`.
    pub(crate) pass_on: &'static str,
    /// What to check if a secret may have been entered by hand.
    pub(crate) compare: &'static str,
    /// What to check first if another webhook's secret was used.
    pub(crate) first_check: &'static str,
    /// The other webhook: `If … is in Live mode`.
    pub(crate) other_webhook: &'static str,
    /// How to correct the URL there, before and after the other webhook's name.
    pub(crate) change_url: [&'static str; 2],
    /// Where to find the payments of requests that cannot be recovered.
    pub(crate) look_up: &'static str,
    /// How to have events sent again, before and after the profile's replay window, if the gateway offers that; precedes
    /// `look_up`.
    pub(crate) replay: Option<[&'static str; 2]>,
    /// How retries are signed.
    pub(crate) repeats: &'static str,
    /// Where to look up an event that could not be parsed.
    pub(crate) look_up_event: &'static str,
    /// What to do about the signature of a checkout, if the gateway has checkouts.
    pub(crate) checkout: Option<&'static str>,
}

/// The texts of the set-up for any sender.
pub(crate) const SETUP: SetupTexts = SetupTexts {
    webhook_heading: "Connect a sender",
    integration_heading: "Send events from your own system",
    destination: "into the sender’s settings",
    copy_into: ["the sender’s settings, let it send one event"; 2],
    existing_webhook: "the sender has",
    any_sender: "A sender",
    url_allowed: None,
    waiting: ["No request has reached this URL yet. Let the sender send one."; 2],
    silent: "If something should have come, look at the sender: is it still switched on, and is this its URL?",
    disabled: "Senders get 401 for every event until you enable it again.",
};

/// The texts on secrets for any sender.
pub(crate) const SECRETS: SecretTexts = SecretTexts {
    overlaps: [
        "Enough when you give the new one to the sender right away.",
        "When it may take up to two days until somebody does.",
        "When somebody else does it for you some day this week.",
        "The longest there is.",
    ],
    rotating: [
        "This webhook gets a new SECRET at once. You then give it to the sender, in place of the present one. No event is lost meanwhile: both count.",
        "The sender signs with the present one until somebody changes it there. So that must go on counting for a while.",
    ],
    after_rotation: None,
    hand_over: "Press Copy below, and give it to the sender in place of the one it has.",
    retries: "the sender should retry them",
    give: "give it to the sender",
    enter: "enter it in the sender’s settings",
    after_rejections: None,
    where_it_is: "As the sender shows it.",
    is_url: "This is a webhook’s URL. The SECRET is the text that the sender signs with.",
    use_ours: "Give the sender the SECRET of this webhook instead.",
    use_ours_clause: "Give the sender the SECRET of this webhook",
    wrong_form: "It is not in the form of the sender’s secrets. Copy it whole.",
};

/// The texts on requests for any sender.
pub(crate) const REQUESTS: RequestTexts = RequestTexts {
    paste: "Copy this webhook’s secret and enter it in the sender’s settings.",
    paste_new: "create a new secret here and copy it. Then enter it in the sender’s settings.",
    refusals: [
        "If your sender sent this, it has no secret yet. Enter this webhook’s secret in the sender’s settings.",
        "If your sender sent this, ask the developer of the program that signs these requests to follow the sender’s documentation.",
        "If your sender sent this, it has another secret. Copy this webhook’s secret again, without spaces, and enter it in the sender’s settings.",
    ],
    unsigned: "If your sender sent this, it has no secret yet.",
    if_has_secret: "If it already has one,",
    pass_on: "pass on the headers of the signature",
    compare: "If you made up the secret yourself, or another program uses it too, compare it with this webhook’s secret. Enter this webhook’s secret in the sender’s settings, or enter yours here.",
    first_check: "First check in the sender’s settings whether this is the right URL: either the URL or the secret is wrong.",
    other_webhook: "that sender",
    change_url: ["replace the URL there with the URL of the other webhook (", "), and keep the secret"],
    look_up: "Check with the sender, or ask for them to be sent again.",
    replay: None,
    repeats: "If the sender signs every retry like the first attempt",
    look_up_event: "Look it up at the sender.",
    checkout: None,
};
