//! Facts that a request shows without any secret: which parts are signed, and which sender it resembles.

use super::{CompanyKeys, RejectedCase};
use crate::{
    gateways::{Gateway, adapter::SignatureError, foreign_headers, profile::SignedMessage},
    rejections::Cause,
};

/// The part of a form that is searched.
const MAX_FORM_BYTES: usize = 4096;

/// User agents of vulnerability scanners and crawlers.
const SCANNERS: &[&str] = &[
    "zgrab",
    "masscan",
    "nmap",
    "nikto",
    "sqlmap",
    "nuclei",
    "censys",
    "shodan",
    "expanse",
    "internetmeasurement",
    "l9explore",
    "leakix",
    "gobuster",
    "dirbuster",
    "feroxbuster",
    "ffuf",
    "wpscan",
    "acunetix",
    "netsparker",
    "qualys",
    "nessus",
    "openvas",
    "burp",
    "crawler",
    "spider",
    "bot/",
    "bot;",
    "palo alto",
    "ivre-",
    "fuzz faster",
];

/// Patterns of attacks.
const ATTACK_PATTERNS: &[&str] = &[
    "${jndi:",
    "<?php",
    "<script",
    "../../",
    "() {",
    "union select",
    "/etc/passwd",
    "allow_url_include",
    "wget http",
    "curl http",
    "<!doctype",
    "<soap",
    "cmd=",
    "eval(",
    "phpunit",
    "wp-login",
    "xmlrpc",
    "{{7*7}}",
    "or 1=1",
];

pub(super) fn header<'a>(case: &'a RejectedCase<'_>, name: &str) -> Option<&'a [u8]> {
    case.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice()).filter(|value| !value.is_empty())
}

/// Returns the text that the gateway signs, with that body; `None` if a part is missing.
pub(super) fn signed_parts<'a>(case: &'a RejectedCase<'_>, body: &'a [u8]) -> Option<Vec<&'a [u8]>> {
    let signature = &case.gateway.profile().signature;
    match signature.message {
        SignedMessage::Body => Some(vec![body]),
        SignedMessage::IdTimeBody => {
            Some(vec![header(case, signature.id_header)?, b".", header(case, signature.time_header)?, b".", body])
        }
    }
}

/// Returns the part of a signature that is missing while others are present.
pub(super) fn missing_part(case: &RejectedCase<'_>) -> Option<Cause> {
    let signature = &case.gateway.profile().signature;
    header(case, signature.header)?;
    let missing = |name, cause| header(case, name).is_none().then_some(cause);
    match signature.message {
        SignedMessage::Body => None,
        SignedMessage::IdTimeBody => {
            missing(signature.id_header, Cause::IdMissing).or_else(|| missing(signature.time_header, Cause::TimeMissing))
        }
    }
}

/// Returns the sender whose signature header the request has instead.
pub(super) fn other_gateway(case: &RejectedCase<'_>) -> Option<&'static str> {
    let own = case.gateway.profile().signature.header;
    let mut others = foreign_headers::senders().filter(|(name, _)| *name != own);
    others.find(|(name, _)| header(case, name).is_some()).map(|(_, who)| who)
}

/// Whether the body is the form that a gateway's checkout posts to the shop.
pub(super) fn is_checkout_form(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&body[..body.len().min(MAX_FORM_BYTES)]);
    Gateway::all().any(|gateway| gateway.adapter().is_checkout_form(&text))
}

/// Whether the body is the text that a gateway's checkout signs.
pub(super) fn is_checkout_text(body: &[u8]) -> bool {
    Gateway::all().any(|gateway| gateway.adapter().is_checkout_text(body))
}

/// Returns the messages that a gateway's checkout may have signed, made of the ids in the body.
pub(super) fn checkout_messages(body: &[u8]) -> Vec<Vec<u8>> {
    Gateway::all().flat_map(|gateway| gateway.adapter().checkout_messages(body)).collect()
}

/// Whether the sender resembles a vulnerability scanner.
pub(super) fn is_scanner(case: &RejectedCase<'_>) -> bool {
    let agent = String::from_utf8_lossy(header(case, "user-agent").unwrap_or_default()).to_lowercase();
    let body = String::from_utf8_lossy(&case.body[..case.body.len().min(4096)]).to_lowercase();
    SCANNERS.iter().any(|name| agent.contains(name))
        || ATTACK_PATTERNS.iter().any(|what| body.contains(what) || agent.contains(what))
}

/// Returns the fault of the signed time.
pub(super) fn time(case: &RejectedCase<'_>) -> Option<Cause> {
    let signature = &case.gateway.profile().signature;
    let tolerance = signature.time_tolerance_seconds?;
    let text = std::str::from_utf8(header(case, signature.time_header)?).unwrap_or_default();
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    match (case.reason, text.parse::<i64>()) {
        (_, Ok(_)) if is_number && (13..=19).contains(&text.len()) => Some(Cause::TimeInMillis),
        (SignatureError::SignatureMalformed, _) if !is_number => Some(Cause::TimeUnreadable),
        (_, Ok(seconds)) if seconds < case.at.seconds() - tolerance => Some(Cause::SignedEarlier),
        (_, Ok(seconds)) if seconds > case.at.seconds() + tolerance => Some(Cause::SignedAhead),
        _ => None,
    }
}

/// Faults of the signed time that are visible regardless of the clock.
pub(super) fn unreadable_time(case: &RejectedCase<'_>) -> Option<Cause> {
    time(case).filter(|cause| matches!(cause, Cause::TimeInMillis | Cause::TimeUnreadable))
}

/// Returns the number for the message of a cause.
pub(super) fn detail(case: &RejectedCase<'_>, found: Cause) -> Option<String> {
    if !matches!(found, Cause::SignedEarlier | Cause::SignedAhead) {
        return None;
    }
    let seconds: i64 = std::str::from_utf8(header(case, case.gateway.profile().signature.time_header)?).ok()?.parse().ok()?;
    Some(case.at.seconds().abs_diff(seconds).to_string())
}

/// Returns the fault that the body alone shows.
pub(super) fn body(case: &RejectedCase<'_>) -> Option<Cause> {
    if case.is_truncated {
        return None;
    }
    if super::unwrapped::is_compressed(case.body) {
        return Some(Cause::BodyCompressed);
    }
    let text = std::str::from_utf8(case.body).ok()?.trim();
    if text.is_empty() {
        return Some(Cause::BodyEmpty);
    }
    let is_unended = serde_json::from_str::<serde::de::IgnoredAny>(text).is_err_and(|error| error.is_eof());
    (text.starts_with('{') && is_unended).then_some(Cause::BodyCut)
}

/// Whether it names another account of the gateway than earlier events.
pub(super) fn is_other_account(case: &RejectedCase<'_>, known: &CompanyKeys) -> bool {
    let said = case.gateway.adapter().account(case.body);
    said.is_some_and(|said| !known.accounts.is_empty() && known.accounts.iter().all(|before| before != said))
}
