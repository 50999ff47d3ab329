//! Other texts than the gateway's that may have been signed: a part of the body, or the body with other parts of the request.
//! Also finds id, time and signature in headers with sibling names.

use std::{cmp::Reverse, collections::BTreeMap};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::{
    RejectedCase,
    heuristics::header,
    json_variants::{self, Escapes, Order, Space},
    signature_parser,
};
use crate::{
    gateways::{Gateway, json_conventions, profile::SignedMessage},
    rejections::Cause,
};

/// The most headers of one kind that are tried.
const MAX_HEADERS: usize = 6;
/// The longest id and the longest time, in bytes.
const MAX_ID_BYTES: usize = 256;
const MAX_TIME_BYTES: usize = 64;
/// The depth at which parts of a body are searched, and the most that are tried.
const MAX_DEPTH: usize = 3;
const MAX_PARTS: usize = 24;
/// Separators between two parts.
const BETWEEN: [&[u8]; 10] = [b".", b"", b":", b"\n", b"|", b",", b"&", b"_", b"-", b" "];
/// Separators between three parts.
const BETWEEN_THREE: [&[u8]; 8] = [b".", b"", b":", b"\n", b"|", b",", b"&", b"_"];
/// Members of a body that may be its own time or id.
const OWN_TIMES: [&str; 3] = ["created_at", "timestamp", "time"];
const OWN_IDS: [&str; 2] = ["id", "event_id"];

/// Pieces that are signed as one text.
pub(super) type Pieces<'a> = Vec<&'a [u8]>;

/// Digests that may be signed in place of the body.
pub(super) struct Digests([String; 2]);

impl Digests {
    /// Returns SHA-256 of the body, in hex and in base64.
    pub(super) fn of(body: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(body).into();
        Self([HEXLOWER.encode(&digest), STANDARD.encode(digest)])
    }
}

/// Returns the texts that a sender may sign who does not follow the gateway's documentation, the likeliest first.
pub(super) fn others<'a>(case: &'a RejectedCase<'_>, url: &'a str, digests: &'a Digests) -> Vec<(Cause, Pieces<'a>)> {
    let body = case.body;
    let own = own_members(body);
    let signature = case.gateway.profile().signature.header;
    let (mut ids, mut times) = (ids(case, signature), times(case, signature));
    ids.extend(own_values(&own, &OWN_IDS));
    times.extend(own_values(&own, &OWN_TIMES));
    let mut made: Vec<(Cause, Pieces<'a>)> = Vec::new();
    match case.gateway.profile().signature.message {
        SignedMessage::Body => {}
        SignedMessage::IdTimeBody => made.push((Cause::SignedBodyOnly, vec![body])),
    }
    let mut other = |pieces: Pieces<'a>| made.push((Cause::SignedOtherParts, pieces));
    for text in [body, digests.0[0].as_bytes(), digests.0[1].as_bytes()] {
        if text.len() != body.len() || text != body {
            other(vec![text]);
        }
        for part in times.iter().chain(&ids) {
            for between in BETWEEN {
                other(vec![part, between, text]);
                other(vec![text, between, part]);
            }
        }
        for id in &ids {
            for time in &times {
                for between in BETWEEN_THREE {
                    other(vec![time, between, id, between, text]);
                    other(vec![id, between, time, between, text]);
                }
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

fn own_members(body: &[u8]) -> BTreeMap<&str, &RawValue> {
    std::str::from_utf8(body).ok().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Returns numbers and strings of the body, without quotes.
fn own_values<'a>(members: &BTreeMap<&str, &'a RawValue>, names: &[&str]) -> Vec<&'a [u8]> {
    let values = names.iter().filter_map(|name| members.get(name)).map(|member| member.get().trim_matches('"').as_bytes());
    values.filter(|value| (1..=MAX_TIME_BYTES).contains(&value.len()) && !value.starts_with(b"{") && *value != b"null").collect()
}

/// Returns the URL, its path, and the URL without its scheme.
fn places(url: &str) -> Vec<&[u8]> {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = bare.find('/').map_or("", |at| &bare[at..]);
    [url, path, bare].into_iter().filter(|place| !place.is_empty()).map(str::as_bytes).collect()
}

/// Returns values that may be the event id: of the usual header first, then of headers named like an id or like the
/// signature's.
fn ids<'a>(case: &'a RejectedCase<'_>, signature: &str) -> Vec<&'a [u8]> {
    let usual = case.gateway.profile().signature.id_header;
    let names = ["delivery", "message", "event", "nonce", "uuid", "key"];
    let is_named = |name: &str| name.ends_with("id") || names.iter().any(|part| name.contains(part));
    let is_id = |name: &str, value: &[u8]| {
        value.len() <= MAX_ID_BYTES
            && !is_of_signature(name)
            && !is_moment(value)
            && (is_named(name) || is_sibling(name, signature))
    };
    values(case, usual, signature, is_id)
}

/// Returns values that may be the signed time: of the usual header, of any header with a time, and of the signature's own
/// `t=`.
fn times<'a>(case: &'a RejectedCase<'_>, signature: &str) -> Vec<&'a [u8]> {
    let usual = case.gateway.profile().signature.time_header;
    let is_named = |name: &str| ["timestamp", "-time", "-date", "-ts"].iter().any(|part| name.contains(part));
    let is_time = |name: &str, value: &[u8]| value.len() <= MAX_TIME_BYTES && (is_moment(value) || is_named(name));
    let mut found = values(case, usual, signature, is_time);
    let value = header(case, signature).unwrap_or_default();
    let inside = value.split(|byte| matches!(byte, b',' | b';' | b' ')).filter_map(|part| {
        let mark = part.iter().position(|byte| *byte == b'=')?;
        Some(&part[mark + 1..])
    });
    found.extend(inside.filter(|value| is_unix(value)).take(1));
    found
}

/// True for seconds or milliseconds since 1970, with or without a fraction.
fn is_unix(value: &[u8]) -> bool {
    let whole = value.split(|byte| *byte == b'.').next().unwrap_or_default();
    matches!(whole.len(), 10 | 13) && value.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

/// True for a time as a number, an HTTP date, or ISO 8601.
fn is_moment(value: &[u8]) -> bool {
    let is_http = matches!(value, [_, _, _, b',', b' ', day, ..] if day.is_ascii_digit() && value.len() > 20);
    let is_iso = match value {
        [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, ..] => {
            [y0, y1, y2, y3, m0, m1, d0, d1].iter().all(|digit| digit.is_ascii_digit())
        }
        // Without separators: `20261130T120000Z`.
        _ => value.len() == 16 && value[8] == b'T' && value[15] == b'Z',
    };
    is_unix(value) || is_http || is_iso
}

fn is_of_signature(name: &str) -> bool {
    name.contains("sig") || name.contains("hmac")
}

/// Returns the number of leading parts that two names share.
fn shared(name: &str, other: &str) -> usize {
    name.split('-').zip(other.split('-')).take_while(|(one, other)| one == other).count()
}

/// Whether it is named like the signature header, except for the last part.
fn is_sibling(name: &str, signature: &str) -> bool {
    let parts = signature.split('-').count() - 1;
    let least = if signature.starts_with("x-") { 2 } else { 1 };
    parts >= least && shared(name, signature) >= parts
}

/// Returns the values of matching headers: the usual one first, then those that share most of their name with the
/// signature's.
fn values<'a>(case: &'a RejectedCase<'_>, usual: &str, signature: &str, is_one: impl Fn(&str, &[u8]) -> bool) -> Vec<&'a [u8]> {
    let first = header(case, usual).into_iter();
    let mut others: Vec<_> =
        case.headers.iter().filter(|(name, value)| name != usual && !value.is_empty() && is_one(name, value)).collect();
    others.sort_by_key(|(name, _)| Reverse(shared(name, signature)));
    first.chain(others.into_iter().map(|(_, value)| value.as_slice())).take(MAX_HEADERS).collect()
}

/// Returns parts of the body, as sent and compact. An event in a member is not a part: it was wrapped in a message.
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
    let is_event = |text: &str| members(text).contains_key(gateway.profile().signature.event_member);
    let members = members(text);
    // The part that every documentation names first.
    let mut members: Vec<_> = members.into_iter().collect();
    members.sort_by_key(|(name, _)| !json_conventions::is_content(name));
    for (_, member) in &members {
        let raw = member.get();
        if parts.len() >= MAX_PARTS || !raw.starts_with(['{', '[']) || is_event(raw) {
            continue;
        }
        parts.push(raw.as_bytes().to_vec());
        for space in [Space::None, Space::Little] {
            let node = json_variants::parse(raw);
            let written = node.and_then(|node| node.write(space, Escapes::Unchanged, Order::Unchanged, raw.len() * 2));
            parts.extend(written.filter(|written| written != raw).map(String::into_bytes));
        }
    }
    if depth < MAX_DEPTH {
        for (_, member) in members.iter().filter(|(_, member)| member.get().starts_with('{')) {
            gather(member.get(), depth + 1, gateway, parts);
        }
    }
}

/// A signature in a header of another name, with the texts it may be made over: id, time and body if the gateway signs them.
pub(super) struct Sibling<'a> {
    pub(super) name: &'a str,
    pub(super) readings: Vec<signature_parser::Reading>,
    pub(super) signed: Vec<Pieces<'a>>,
}

/// Returns signatures in headers of other names, those first whose name says so; only those if the usual header is present.
pub(super) fn siblings<'a>(case: &'a RejectedCase<'_>) -> Vec<Sibling<'a>> {
    let scheme = &case.gateway.profile().signature;
    let usual = scheme.header;
    let has_usual = header(case, usual).is_some();
    let says_so = is_of_signature;
    let may_be_renamed = match scheme.message {
        SignedMessage::Body => |name: &str, usual: &str| name != usual,
        // Id or time may be in another header although the signature is in its own.
        SignedMessage::IdTimeBody => |_: &str, _: &str| true,
    };
    let is_one = |(name, value): &&(String, Vec<u8>)| {
        let is_wanted = !has_usual || (says_so(name) && may_be_renamed(name, usual));
        is_wanted && !signature_parser::read_value(case.gateway, value).is_empty()
    };
    let mut named: Vec<_> = case.headers.iter().filter(is_one).collect();
    named.sort_by_key(|(name, _)| !says_so(name));
    let signed = |signature: &str| match scheme.message {
        SignedMessage::Body => vec![vec![case.body]],
        SignedMessage::IdTimeBody => {
            let (ids, times) = (ids(case, signature), times(case, signature));
            let pairs = ids.iter().flat_map(|id| times.iter().map(move |time| (*id, *time)));
            pairs.map(|(id, time)| vec![id, b".", time, b".", case.body]).collect()
        }
    };
    let sibling = |(name, value): &'a (String, Vec<u8>)| Sibling {
        name,
        readings: signature_parser::read_value(case.gateway, value),
        signed: signed(name),
    };
    named.into_iter().take(MAX_HEADERS).map(sibling).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_known_in_every_notation() {
        for time in [
            "1795000000",
            "1795000000123",
            "1795000000.123",
            "Mon, 30 Nov 2026 12:00:00 GMT",
            "2026-11-30",
            "2026-11-30T12:00:00Z",
            "2026-11-30 12:00:00+05:30",
            "20261130T120000Z",
        ] {
            assert!(is_moment(time.as_bytes()), "{time}");
        }
        for other in ["", "17950000", "application/json", "203.0.113.7", "2026", "msg_1795000000", "a,b,c,d: e: f, g h i j k"] {
            assert!(!is_moment(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn siblings_share_all_but_the_last_part_of_a_name() {
        for (name, signature, is) in [
            ("acme-delivery", "acme-signature", true),
            ("x-acme-hook-delivery", "x-acme-hook-signature", true),
            ("x-forwarded-for", "x-signature", false),
            ("x-acme-delivery", "x-other-signature", false),
            ("host", "signature", false),
        ] {
            assert_eq!(is_sibling(name, signature), is, "{name}, {signature}");
        }
    }
}
