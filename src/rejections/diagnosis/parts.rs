//! What else than the gateway's own text may have been signed: a part of the body, or the body with other parts of the
//! request; and the sibling names under which id, time and signature may have come.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{
    Case,
    json::{self, Escapes, Order, Space},
    marks::header,
    signatures,
};
use crate::{gateways::Gateway, rejections::Cause};

/// Headers of one kind that are tried.
const MAX_HEADERS: usize = 6;
/// How deep parts of a body are looked for, and how many are tried.
const MAX_DEPTH: usize = 3;
const MAX_PARTS: usize = 24;
/// Separators between two parts.
const BETWEEN: [&[u8]; 7] = [b".", b"", b":", b"\n", b"|", b"-", b" "];
/// Separators between three parts.
const BETWEEN_THREE: [&[u8]; 5] = [b".", b"", b":", b"\n", b"|"];

/// Pieces that are signed one after the other.
pub(super) type Pieces<'a> = Vec<&'a [u8]>;

/// What is signed by those who have not read how the gateway does it, the likely first.
pub(super) fn others<'a>(case: &'a Case<'_>, url: &'a str) -> Vec<(Cause, Pieces<'a>)> {
    let body = case.body;
    let (ids, times) = (ids(case), times(case));
    let mut made: Vec<(Cause, Pieces<'a>)> = Vec::new();
    if case.gateway == Gateway::StandardWebhooks {
        made.push((Cause::SignedBodyOnly, vec![body]));
    }
    let mut other = |pieces: Pieces<'a>| made.push((Cause::SignedOtherParts, pieces));
    for part in times.iter().chain(&ids) {
        for between in BETWEEN {
            other(vec![part, between, body]);
            other(vec![body, between, part]);
        }
    }
    for id in &ids {
        for time in &times {
            for between in BETWEEN_THREE {
                other(vec![time, between, id, between, body]);
                other(vec![id, between, time, between, body]);
            }
        }
    }
    for time in &times {
        other(vec![b"v0:", time, b":", body]);
        other(vec![b"v1:", time, b":", body]);
    }
    for place in places(url) {
        for between in BETWEEN {
            other(vec![place, between, body]);
            other(vec![body, between, place]);
            other(vec![b"POST", between, place, between, body]);
            for time in &times {
                other(vec![time, between, place, between, body]);
                other(vec![place, between, time, between, body]);
                other(vec![time, between, b"POST", between, place, between, body]);
            }
        }
    }
    for between in BETWEEN {
        other(vec![b"POST", between, body]);
    }
    made
}

/// The URL, without its scheme, and its path.
fn places(url: &str) -> Vec<&[u8]> {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = bare.find('/').map_or("", |at| &bare[at..]);
    [url, path, bare].into_iter().filter(|place| !place.is_empty()).map(str::as_bytes).collect()
}

/// Values that may be the id of the event, of the usual header first.
fn ids<'a>(case: &'a Case<'_>) -> Vec<&'a [u8]> {
    let usual = match case.gateway {
        Gateway::Razorpay => "x-razorpay-event-id",
        Gateway::StandardWebhooks => "webhook-id",
    };
    let is_id = |name: &str| name.ends_with("id") && !name.contains("signature");
    values(case, usual, |name, value| is_id(name) && value.len() <= 256)
}

/// Values that may be the signed time: of the usual header, of any header that is a time, and of the signature's own `t=`.
fn times<'a>(case: &'a Case<'_>) -> Vec<&'a [u8]> {
    let usual = match case.gateway {
        Gateway::Razorpay => "x-razorpay-timestamp",
        Gateway::StandardWebhooks => "webhook-timestamp",
    };
    let is_named = |name: &str| ["timestamp", "-time", "-date", "-ts"].iter().any(|part| name.contains(part));
    let is_number = |value: &[u8]| matches!(value.len(), 10 | 13) && value.iter().all(u8::is_ascii_digit);
    let is_time = |name: &str, value: &[u8]| value.len() <= 64 && (is_number(value) || is_named(name));
    let mut found = values(case, usual, is_time);
    let signature = header(case, signatures::header(case.gateway)).unwrap_or_default();
    let inside = signature.split(|byte| matches!(byte, b',' | b';' | b' ')).filter_map(|part| part.strip_prefix(b"t="));
    found.extend(inside.filter(|value| is_number(value)).take(1));
    found
}

fn values<'a>(case: &'a Case<'_>, usual: &str, is_one: impl Fn(&str, &[u8]) -> bool) -> Vec<&'a [u8]> {
    let first = header(case, usual).into_iter();
    let others = case.headers.iter().filter(|(name, value)| name != usual && !value.is_empty() && is_one(name, value));
    first.chain(others.map(|(_, value)| value.as_slice())).take(MAX_HEADERS).collect()
}

/// Parts of the body: as they were sent, and compact. An event in a member is no part of one: it was put into a message.
pub(super) fn of_body(gateway: Gateway, body: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    if let Ok(text) = std::str::from_utf8(body) {
        gather(text, 1, gateway, &mut parts);
    }
    parts
}

fn members(text: &str) -> BTreeMap<String, &RawValue> {
    serde_json::from_str(text).unwrap_or_default()
}

fn gather(text: &str, depth: usize, gateway: Gateway, parts: &mut Vec<Vec<u8>>) {
    let is_event = match gateway {
        Gateway::Razorpay => |text: &str| members(text).contains_key("event"),
        Gateway::StandardWebhooks => |text: &str| members(text).contains_key("data"),
    };
    let members = members(text);
    // The part that is named first in every document: `payload`, or `data`.
    let mut members: Vec<_> = members.into_iter().collect();
    members.sort_by_key(|(name, _)| !matches!(name.as_str(), "payload" | "data"));
    for (_, member) in &members {
        let raw = member.get();
        if parts.len() >= MAX_PARTS || !raw.starts_with(['{', '[']) || is_event(raw) {
            continue;
        }
        parts.push(raw.as_bytes().to_vec());
        for space in [Space::None, Space::Little] {
            let node = json::parse(raw);
            let written = node.and_then(|node| node.write(space, Escapes::AsTheyStand, Order::AsItStands, raw.len() * 2));
            parts.extend(written.filter(|written| written != raw).map(String::into_bytes));
        }
    }
    if depth < MAX_DEPTH {
        for (_, member) in members.iter().filter(|(_, member)| member.get().starts_with('{')) {
            gather(member.get(), depth + 1, gateway, parts);
        }
    }
}

/// A signature under a name of its own, with what is signed there: the id, the time and the body where the gateway signs them.
pub(super) struct Sibling<'a> {
    pub(super) name: &'a str,
    pub(super) readings: Vec<signatures::Reading>,
    pub(super) signed: Vec<Pieces<'a>>,
}

/// Signatures in headers of other names, those first whose name says so; or those alone, where the usual one came as well.
pub(super) fn siblings<'a>(case: &'a Case<'_>) -> Vec<Sibling<'a>> {
    let usual = signatures::header(case.gateway);
    let has_usual = header(case, usual).is_some();
    let says_so = |name: &str| name.contains("sig") || name.contains("hmac");
    let is_one = |(name, value): &&(String, Vec<u8>)| {
        let is_wanted =
            if has_usual { says_so(name) && (name != usual || case.gateway == Gateway::StandardWebhooks) } else { true };
        is_wanted && !signatures::read_value(case.gateway, value).is_empty()
    };
    let mut named: Vec<_> = case.headers.iter().filter(is_one).collect();
    named.sort_by_key(|(name, _)| !says_so(name));
    let signed = match case.gateway {
        Gateway::Razorpay => vec![vec![case.body]],
        Gateway::StandardWebhooks => {
            let (ids, times) = (ids(case), times(case));
            let pairs = ids.iter().flat_map(|id| times.iter().map(move |time| (*id, *time)));
            pairs.map(|(id, time)| vec![id, b".", time, b".", case.body]).collect()
        }
    };
    let sibling = |(name, value): &'a (String, Vec<u8>)| Sibling {
        name,
        readings: signatures::read_value(case.gateway, value),
        signed: signed.clone(),
    };
    named.into_iter().take(MAX_HEADERS).map(sibling).collect()
}
