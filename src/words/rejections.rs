//! What is said of a rejection: why in one sentence, what to do in one sentence, and what can still be made of it.

use super::{Chip, count, evidence::refusal, number_text};
use crate::{
    gateways::{Gateway, Mode},
    rejections::{
        Cause, Reason, Rejection, Request,
        acceptance::Offer,
        recovery::{Count, Recovered},
    },
    web::list::Empty,
};

mod causes;

/// Why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// Goes on after a colon: no capital, no full stop.
    pub(crate) why: String,
    pub(crate) fix: String,
    /// What to look at where nothing is known.
    pub(crate) checks: Vec<&'static str>,
}

/// What is said of a rejection; `other` is what the connection is called whose SECRET was used.
pub(crate) fn told(rejection: &Rejection, other: Option<&str>) -> Told {
    let gateway = rejection.gateway;
    let detail = rejection.detail.as_deref().unwrap_or_default();
    let unknown = || {
        let said = rejection.reason.rejected().map(|reason| refusal(gateway, reason));
        let (why, fix) = said.unwrap_or(("it could not be verified", "Let the gateway send another, and look here again."));
        (why.to_owned(), fix.to_owned())
    };
    let (why, fix) = causes::of(rejection.cause, gateway, detail, other.unwrap_or("another webhook")).unwrap_or_else(unknown);
    let checks = if rejection.cause == Cause::Unknown { checks(gateway, rejection.reason) } else { Vec::new() };
    Told { why, fix, checks }
}

/// No cause is known: the two or three things that are left.
fn checks(gateway: Gateway, reason: Reason) -> Vec<&'static str> {
    if reason == Reason::TimeOutOfTolerance {
        return Vec::new();
    }
    let first = match gateway {
        Gateway::Razorpay => {
            "Is it from your Razorpay account? Every secret that KS Pay knows of your company was tried, also pasted with slips; none made this signature. Somebody else may have sent it: then there is nothing to do."
        }
        Gateway::StandardWebhooks => {
            "Is it from your sender? Every secret that KS Pay knows of your company was tried, also pasted with slips; none made this signature. Somebody else may have sent it: then there is nothing to do."
        }
    };
    vec![
        first,
        "Was the SECRET made up by hand, or does it belong to another program? Paste the SECRET of this webhook in its place.",
        "Does a proxy, firewall or other program stand before KS Pay? It may change the body in a way that cannot be undone. Let it pass /webhooks/ untouched.",
    ]
}

/// What a connection is called beside another.
pub(crate) fn other(app: &str, gateway: Gateway, mode: Mode, is_same_app: bool) -> String {
    let webhook = format!("{}, {} mode", gateway.label(), mode.label());
    if is_same_app { webhook } else { format!("{app}: {webhook}") }
}

/// What ingestion saw.
const fn label(reason: Reason) -> &'static str {
    match reason {
        Reason::SignatureMissing => "No signature",
        Reason::SignatureMalformed => "Unreadable signature",
        Reason::SignatureMismatch => "Wrong signature",
        Reason::TimeOutOfTolerance => "Signed at another time",
        Reason::SwitchedOff => "Switched off",
        Reason::TooLarge => "Too large",
        Reason::Encoded => "Encoded",
        Reason::TooSlow => "Too slow",
    }
}

/// The same as a state.
pub(crate) const fn chip(reason: Reason) -> Chip {
    super::chip("status-bad", "bad", label(reason))
}

/// How often it was refused.
pub(crate) fn times(number: i64) -> String {
    if number == 1 { "once".to_owned() } else { count(number, "time", "times") }
}

/// No request was refused.
pub(crate) fn nothing(mode: Mode) -> Empty {
    Empty {
        icon: "inbox",
        title: "Nothing was refused".to_owned(),
        text: format!(
            "A request that reaches a webhook of {} mode and is not believed is kept here for 15 days, with the reason and what to do.",
            mode.label()
        ),
        way: None,
    }
}

/// How many requests were refused lately: on the overview.
pub(crate) fn refused_lately(number: i64) -> String {
    format!("{} refused lately", count(number, "request", "requests"))
}

/// Stands where a request was.
pub(crate) const NOT_KEPT: &str =
    "What it said is not kept any more: only so much of a rejection is, and for a limited time. The count is of all that came.";
pub(crate) const NOTHING_TO_ACCEPT: &str =
    "There is no SECRET to accept here: none of the kept requests tells it. Enter it yourself on the Webhook page.";
/// Said once the SECRET of refused requests is accepted.
pub(crate) const ACCEPTED: &str = "Accepted: what is signed with that SECRET is believed from now on. Recover what was refused below; retire it on the Webhook page once it is not needed any more.";
pub(crate) const SWITCH_ON_FIRST: &str = "Switch the app and its gateway on first. Then requests can be recovered.";

/// What can be made of the kept requests.
pub(crate) fn standing(found: &Count, kept: i64, is_off: bool, cause: Cause) -> String {
    let whole = number_text(i64::try_from(found.kept).unwrap_or(i64::MAX));
    match (found.kept, found.verify()) {
        (0, _) if kept == 0 => "None of these requests is kept any more, so there is nothing to recover.".to_owned(),
        (0, _) => "Nothing is left to recover: what was kept whole has been recovered.".to_owned(),
        (_, 0) => never_verifies(cause).to_owned(),
        _ if is_off => SWITCH_ON_FIRST.to_owned(),
        (kept, verify) => {
            let verify = number_text(i64::try_from(verify).unwrap_or(i64::MAX));
            let of = if kept == 1 {
                "The kept request verifies".to_owned()
            } else {
                format!("{verify} of {whole} kept requests verify")
            };
            format!(
                "{of} now. What is recovered becomes an event, marked as recovered, and counts once, even if the gateway sends it again."
            )
        }
    }
}

/// None of the kept requests verifies: whether that can change.
const fn never_verifies(cause: Cause) -> &'static str {
    match cause {
        Cause::NoSignature => {
            "These cannot be recovered: they carry no signature, so nobody can tell who sent them. Look the payments up at the gateway. Once its Secret is filled in, new ones arrive here."
        }
        Cause::SecretGuessable => {
            "These cannot be recovered: a stranger who guessed the secret may have sent them. Look the payments up at the gateway, if they are yours."
        }
        Cause::OtherMode => "These belong to the other mode, so there is nothing to recover here.",
        Cause::Scanner | Cause::OtherGateway => "There is nothing to recover: these are no events of this webhook.",
        Cause::RetiredSecret => {
            "These cannot be recovered: somebody retired the SECRET they were signed with. Look the payments up at the gateway, if they are yours."
        }
        Cause::Unknown | Cause::SwitchedOff => {
            "These requests were not signed with a SECRET that KS Pay accepts. If they are yours, enter the SECRET they were signed with; then they can be recovered."
        }
        cause if cause.is_acceptable() => "These requests were not signed with a SECRET that KS Pay accepts.",
        _ => {
            "These cannot be recovered as they are: what came is not what was signed. Once the cause is mended, the gateway's next tries come in by themselves."
        }
    }
}

/// How many kept requests the SECRET of a rejection would let verify; a time follows.
pub(crate) fn offered(offer: &Offer) -> String {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let elsewhere = offer.requests - offer.own.len();
    let own = count(number(offer.own.len()), "kept request", "kept requests");
    let verb = if offer.requests == 1 { "verifies" } else { "verify" };
    match elsewhere {
        0 => format!("With that secret {own} of this rejection {verb}, the first received"),
        _ => format!(
            "With that secret {own} of this rejection and {} of other rejections {verb}, the first received",
            number_text(number(elsewhere))
        ),
    }
}

/// Before the SECRET of another webhook is accepted.
pub(crate) const fn before_accepting(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::OtherApp | Cause::OtherConnection => Some(
            "Are these payments of the other webhook? If its events came to the wrong URL, do not accept: change the URL at the gateway.",
        ),
        _ => None,
    }
}

/// Said once some were recovered.
pub(crate) fn recovered(recovered: Recovered) -> String {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let events = match recovered.events {
        0 => "No new event".to_owned(),
        events => format!("{} recovered", count(number(events), "event", "events")),
    };
    match recovered.known {
        0 => events,
        known => format!("{events}; {} had come again in the meantime", count(number(known), "request", "requests")),
    }
}

/// Beside a kept request in a list.
pub(crate) fn note(request: &Request, would_verify: bool) -> String {
    let again = if request.count > 1 { format!("{} times", number_text(request.count)) } else { String::new() };
    let state = match request.recovered_at {
        Some(_) => "recovered",
        None if would_verify => "verifies with that secret",
        None => "",
    };
    [again.as_str(), state].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Below it: what it says it is, and how long it is.
pub(crate) fn what(request: &Request, event_type: Option<&str>) -> String {
    let size = request.size.map(|size| super::bytes(usize::try_from(size).unwrap_or_default()));
    let parts = [event_type.map(str::to_owned), Some(size.unwrap_or_else(|| "not read".to_owned()))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Beside an event that was refused first, in the list.
pub(crate) const RECOVERED: &str = "recovered: refused at first";

/// Below the newest events that were let in.
pub(crate) fn more_let_in(number: i64) -> String {
    format!("{} recovered in all: see all events", count(number, "request", "requests"))
}

/// On the page of an event that was refused first.
pub(crate) fn recovered_by(name: &str) -> String {
    format!("recovered by {name}, after its signature was found to be right")
}
