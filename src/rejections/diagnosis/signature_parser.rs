//! Parses signatures in every notation into the bytes that they encode.
//!
//! Invariant: of a truncated signature at least eight bytes must be left, so that nothing matches by chance.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::escapes::percent_decoded;
use crate::{
    gateways::{Gateway, profile::Notation},
    rejections::Cause,
};

/// The shortest truncated signature that proves anything, in bytes.
const MIN_TRUNCATED_BYTES: usize = 8;
/// The longest text that is parsed, in bytes.
const MAX_VALUE_BYTES: usize = 1024;
/// The most notations that are tried.
const MAX_READINGS: usize = 64;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true).with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The bytes of a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tag {
    Whole([u8; 32]),
    /// A prefix; the rest was cut off.
    Prefix(Vec<u8>),
}

/// A received signature, and the fault of its notation, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) tag: Tag,
    pub(super) form: Option<Cause>,
}

pub(super) fn lines(gateway: Gateway, headers: &[(String, Vec<u8>)]) -> Vec<&[u8]> {
    headers.iter().filter(|(name, _)| name == gateway.profile().signature.header).map(|(_, value)| value.as_slice()).collect()
}

/// Returns every signature in the signature headers.
pub(super) fn read(gateway: Gateway, headers: &[(String, Vec<u8>)]) -> Vec<Reading> {
    let lines = lines(gateway, headers);
    let mut readings: Vec<Reading> = lines.iter().flat_map(|line| read_value(gateway, line)).collect();
    if lines.len() > 1 {
        for reading in &mut readings {
            reading.form = Some(Cause::RepeatedHeader);
        }
    }
    readings.truncate(MAX_READINGS);
    readings
}

/// Returns every signature in a header's value, the usual notation first.
pub(super) fn read_value(gateway: Gateway, value: &[u8]) -> Vec<Reading> {
    let Some(text) = std::str::from_utf8(value).ok().filter(|text| text.len() <= MAX_VALUE_BYTES) else { return Vec::new() };
    let mut readings = match gateway.profile().signature.notation {
        Notation::Hex => hex_notations(text),
        Notation::Base64 => base64_notations(text),
        Notation::VersionedBase64 => versioned_notations(text),
    };
    readings.truncate(MAX_READINGS);
    readings
}

fn hex_notations(text: &str) -> Vec<Reading> {
    let mut found = in_hex(text, None);
    found.extend(in_base64(text, Cause::Base64));
    let bare = unquoted(text);
    if bare != text {
        found.extend(in_hex(bare, Some(Cause::Quoted)));
    }
    for rest in rests(bare) {
        found.extend(in_hex(rest, Some(Cause::Prefixed)));
        found.extend(in_base64(rest, Cause::Base64));
    }
    found
}

fn base64_notations(text: &str) -> Vec<Reading> {
    let bare = unquoted(text);
    let mut found: Vec<Reading> = of_base64(text, None).into_iter().collect();
    if bare != text {
        found.extend(of_base64(bare, Some(Cause::Quoted)));
    }
    found.extend(in_hex(bare, Some(Cause::Hex)).into_iter().map(|reading| Reading { form: Some(Cause::Hex), ..reading }));
    let unescaped = percent_decoded(bare, false);
    if unescaped != bare {
        found.extend(of_base64(&unescaped, Some(Cause::BodyForm)));
    }
    found
}

fn versioned_notations(text: &str) -> Vec<Reading> {
    let mut found = Vec::new();
    for token in text.split(' ') {
        if let Some(given) = token.strip_prefix("v1,") {
            found.extend(of_base64(given, None));
            found
                .extend(in_hex(given, Some(Cause::Hex)).into_iter().map(|reading| Reading { form: Some(Cause::Hex), ..reading }));
        }
    }
    let bare = unquoted(text);
    if bare != text {
        found.extend(bare.strip_prefix("v1,").and_then(|given| of_base64(given, Some(Cause::Quoted))));
    }
    found.extend(of_base64(bare, Some(Cause::VersionMissing)));
    found.extend(in_hex(bare, Some(Cause::Hex)).into_iter().map(|reading| Reading { form: Some(Cause::Hex), ..reading }));
    for rest in rests(bare) {
        found.extend(of_base64(rest, Some(Cause::Prefixed)));
        found.extend(in_hex(rest, Some(Cause::Hex)).into_iter().map(|reading| Reading { form: Some(Cause::Hex), ..reading }));
    }
    found
}

/// Removes the characters that pasting leaves around a text.
pub(super) fn unquoted(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace() || matches!(character, '"' | '\'' | '`' | '<' | '>' | '[' | ']' | ',' | ';' | '.')
    })
}

/// Returns the texts after a name such as `sha256=`, `v1=` or `t=…,v1=`.
fn rests(text: &str) -> Vec<&str> {
    let mut rests = Vec::new();
    for part in text.split([',', ';', ' ']) {
        for mark in ['=', ':'] {
            // Base64 padding is not a name.
            if let Some((_, rest)) =
                part.split_once(mark).filter(|(name, rest)| name.len() <= 24 && rest.len() >= 2 * MIN_TRUNCATED_BYTES)
            {
                rests.push(unquoted(rest));
            }
        }
        if part.len() < text.len() && part.len() >= 2 * MIN_TRUNCATED_BYTES {
            rests.push(unquoted(part));
        }
    }
    rests
}

/// Parses 64 hex digits, or the first of them.
fn in_hex(text: &str, form: Option<Cause>) -> Vec<Reading> {
    let digits = text.bytes().take_while(u8::is_ascii_hexdigit).count();
    let is_all = digits == text.len();
    if digits < 2 * MIN_TRUNCATED_BYTES {
        return Vec::new();
    }
    let bytes: Vec<u8> = text.as_bytes()[..digits.min(64)].chunks_exact(2).filter_map(byte).collect();
    let is_upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
    match <[u8; 32]>::try_from(bytes.as_slice()) {
        Ok(whole) => {
            let form = if text.len() > 64 { Some(Cause::Lengthened) } else { form.or(is_upper.then_some(Cause::UpperCase)) };
            vec![Reading { tag: Tag::Whole(whole), form }]
        }
        Err(_) if is_all => vec![Reading { tag: Tag::Prefix(bytes), form: Some(Cause::Truncated) }],
        Err(_) => Vec::new(),
    }
}

pub(super) fn byte(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)
}

/// Parses base64 where hex is expected: of the bytes, or of the hex digits.
fn in_base64(text: &str, form: Cause) -> Option<Reading> {
    let bytes = decoded(text)?;
    let tag = match <[u8; 32]>::try_from(bytes.as_slice()) {
        Ok(whole) => Tag::Whole(whole),
        Err(_) => in_hex(std::str::from_utf8(&bytes).ok()?, None).into_iter().next()?.tag,
    };
    Some(Reading { tag, form: Some(form) })
}

/// Parses base64 where base64 is expected.
fn of_base64(text: &str, form: Option<Cause>) -> Option<Reading> {
    let bytes = decoded(text).or_else(|| decoded(text.get(..text.len().saturating_sub(1))?))?;
    match <[u8; 32]>::try_from(bytes.as_slice()) {
        Ok(whole) => {
            let is_usual = text.len() == 44 && !text.contains(['-', '_']);
            Some(Reading { tag: Tag::Whole(whole), form: form.or((!is_usual).then_some(Cause::Base64)) })
        }
        Err(_) if (MIN_TRUNCATED_BYTES..32).contains(&bytes.len()) => {
            Some(Reading { tag: Tag::Prefix(bytes), form: Some(Cause::Truncated) })
        }
        Err(_) => None,
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let is_url_safe = text.contains(['-', '_']);
    (if is_url_safe { URL_SAFE.decode(text) } else { STANDARD.decode(text) })
        .ok()
        .filter(|bytes| bytes.len() >= MIN_TRUNCATED_BYTES)
}

/// Whether the header has asymmetric signatures only.
pub(super) fn is_asymmetric(gateway: Gateway, headers: &[(String, Vec<u8>)]) -> bool {
    let lines = lines(gateway, headers);
    let text = lines.first().and_then(|line| std::str::from_utf8(line).ok()).unwrap_or_default().trim();
    gateway.profile().signature.notation == Notation::VersionedBase64
        && !text.is_empty()
        && text.split(' ').all(|token| token.starts_with("v1a,"))
}
