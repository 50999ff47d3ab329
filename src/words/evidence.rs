//! What the evidence says: one sentence, one line of reason, and the fix where there is one.

use super::{health, rejections::Told, span, when};
use crate::{
    connections::{Connection, State, evidence::Evidence, habit},
    events::Event,
    gateways::{Gateway, Mode, adapter::Rejected},
    kernel::time::Timestamp,
    rejections::telling::Causes,
    urls,
    web::list::Empty,
};

/// A sentence, its reason, and how it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// The panel's class: waiting, good or bad.
    pub(crate) class: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) headline: String,
    pub(crate) reason: String,
}

/// Why a request was refused, and what to do.
pub(crate) const fn refusal(gateway: Gateway, reason: Rejected) -> (&'static str, &'static str) {
    match (gateway, reason) {
        (Gateway::Razorpay, Rejected::SignatureMissing) => (
            "no signature came",
            "In Razorpay the field Secret is empty. Open the webhook there, press Edit, paste the SECRET of this webhook and press Save Webhook.",
        ),
        (Gateway::Razorpay, Rejected::SignatureMalformed) => (
            "the signature is not one of Razorpay’s",
            "Something between Razorpay and here changed the header X-Razorpay-Signature, or the request came from elsewhere. Look at your proxy.",
        ),
        (Gateway::Razorpay, Rejected::SignatureMismatch) => (
            "the signature fits no SECRET of this webhook",
            "Copy the SECRET of this webhook again, without spaces, and paste it into the field Secret in Razorpay.",
        ),
        (Gateway::StandardWebhooks, Rejected::SignatureMissing) => (
            "no signature came",
            "The sender must send webhook-id, webhook-timestamp and webhook-signature. Give it the SECRET of this webhook.",
        ),
        (Gateway::StandardWebhooks, Rejected::SignatureMalformed) => (
            "the signature cannot be read",
            "The sender must sign as Standard Webhooks 1.0.0 says: v1 and the base64 of an HMAC-SHA256.",
        ),
        (Gateway::StandardWebhooks, Rejected::SignatureMismatch) => (
            "the signature fits no SECRET of this webhook",
            "Copy the SECRET of this webhook again, with whsec_ in front and without spaces, and give it to the sender.",
        ),
        (_, Rejected::TimeOutOfTolerance) => (
            "it was signed more than 5 minutes ago or ahead",
            "Set the clock of the sender, or of this server: they must agree to 5 minutes.",
        ),
    }
}

/// What an empty list says where requests came and were refused: why, and the way to the fix.
pub(crate) fn nothing_but_refused(empty: Empty, connections: &[(Connection, Evidence)], causes: &Causes) -> Empty {
    let failing = connections.iter().filter(|(_, evidence)| evidence.failing_since.is_some());
    let Some((connection, evidence)) = failing.max_by_key(|(_, evidence)| evidence.failing_count) else { return empty };
    let plain = || evidence.last_refusal().map_or("it could not be verified", |reason| refusal(connection.gateway, reason).0);
    let why = causes.get(&connection.id).map_or_else(plain, |told| told.why.as_str());
    let (requests, were) =
        (super::count(evidence.failing_count, "request", "requests"), if evidence.failing_count == 1 { "was" } else { "were" });
    let url = urls::evidence(connection.app_id, connection.gateway, connection.mode);
    Empty {
        text: if evidence.failing_count == 1 {
            format!("{requests} came and {were} refused: {why}.")
        } else {
            format!("{requests} came and {were} refused. The last one: {why}.")
        },
        way: Some((url, "See how to fix it".to_owned())),
        ..empty
    }
}

/// What the evidence panel says first: of the last event, or of the last request that was refused.
pub(crate) fn sentence_of_connection(
    connection: &Connection,
    state: State,
    evidence: &Evidence,
    (last, told): (Option<&Event>, Option<&Told>),
    now: Timestamp,
) -> Said {
    match state {
        State::Failing if evidence.is_stray => stray(connection.gateway, evidence, told, now),
        State::Failing => failing(connection.gateway, evidence, told, now),
        State::Silent => silent(connection.gateway, evidence, now),
        State::Verified => verified(evidence, last, now),
        State::Off => Said {
            class: "is-warn",
            icon: "warn",
            headline: "Off: every request is rejected".to_owned(),
            reason: if connection.is_enabled {
                "The app is disabled. Enable it under Settings, General, to receive events again."
            } else {
                "The connection is disabled. Enable it under Payment Gateway Settings to receive events again."
            }
            .to_owned(),
        },
        State::Pending => Said {
            class: "is-waiting",
            icon: "pending",
            headline: "Marked as done, nothing verified yet".to_owned(),
            reason: "The step stays Pending verification until a verified event comes.".to_owned(),
        },
        State::NotStarted => Said {
            class: "is-waiting",
            icon: "pending",
            headline: "Waiting for the first event".to_owned(),
            reason: match connection.gateway {
                Gateway::Razorpay => match connection.mode {
                    Mode::Test => "No request has reached this URL yet. Make a test payment, and watch it arrive here.",
                    Mode::Live => "No request has reached this URL yet. The next real payment is seen here.",
                }
                .to_owned(),
                Gateway::StandardWebhooks => "No request has reached this URL yet. Let the sender send one.".to_owned(),
            },
        },
    }
}

fn failing(gateway: Gateway, evidence: &Evidence, told: Option<&Told>, now: Timestamp) -> Said {
    let seen = || evidence.last_refusal().map_or(("it could not be verified", ""), |reason| refusal(gateway, reason));
    let (why, fix) = told.map_or_else(seen, |told| (told.why.as_str(), told.fix.as_str()));
    let ago = evidence.last_refused_at.map(|at| format!(" {}", when(at, now).text)).unwrap_or_default();
    Said { class: "is-bad", icon: "bad", headline: format!("Refused{ago}: {why}"), reason: fix.to_owned() }
}

/// A single request was refused, and nobody can explain it.
fn stray(gateway: Gateway, evidence: &Evidence, told: Option<&Told>, now: Timestamp) -> Said {
    let ago = evidence.last_refused_at.map(|at| format!(" {}", when(at, now).text)).unwrap_or_default();
    let why = told.map_or("it could not be verified", |told| told.why.as_str());
    Said {
        class: "is-info",
        icon: "info",
        headline: format!("One request was refused{ago}"),
        reason: format!("{}. {}", super::capitalised(why), perhaps_of_others(gateway)),
    }
}

/// What to think of a single refused request that nobody can explain.
pub(super) const fn perhaps_of_others(gateway: Gateway) -> &'static str {
    match gateway {
        Gateway::Razorpay => {
            "If it came from Razorpay, it comes again soon, and then it is said here what to do. If not, somebody else sent it, and there is nothing to do."
        }
        Gateway::StandardWebhooks => {
            "If it came from your sender, it comes again soon, and then it is said here what to do. If not, somebody else sent it, and there is nothing to do."
        }
    }
}

fn silent(gateway: Gateway, evidence: &Evidence, now: Timestamp) -> Said {
    let silence = habit::silence(evidence, now);
    let lasts = silence.map(|silence| format!(" for {}", span(silence.lasts))).unwrap_or_default();
    let usual = silence.map(|silence| format!("{} ", health::silence(&silence))).unwrap_or_default();
    Said {
        class: "is-warn",
        icon: "silent",
        headline: format!("Silent{lasts}"),
        reason: format!("{usual}{}", see_whether_enabled(gateway)),
    }
}

/// What to do about a silence.
pub(super) const fn see_whether_enabled(gateway: Gateway) -> &'static str {
    match gateway {
        Gateway::Razorpay => {
            "If payments are made, look in Razorpay’s Dashboard under Webhooks whether this one is still enabled, and check its URL."
        }
        Gateway::StandardWebhooks => {
            "If something should have come, look at the sender: is it still switched on, and is this its URL?"
        }
    }
}

fn verified(evidence: &Evidence, last: Option<&Event>, now: Timestamp) -> Said {
    let name = last.and_then(|event| event.event_type.clone()).unwrap_or_else(|| "an event".to_owned());
    let ago = evidence.last_verified_at.map(|at| format!(", {}", when(at, now).text)).unwrap_or_default();
    let amount = last.and_then(Event::money).map(|money| format!("{money}. ")).unwrap_or_default();
    Said {
        class: "is-good",
        icon: "good",
        headline: format!("Received {name}, verified{ago}"),
        reason: format!("{amount}Signed with a SECRET of this webhook, and stored before the answer went out."),
    }
}
