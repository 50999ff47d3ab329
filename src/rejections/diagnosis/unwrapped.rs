//! Bodies inside the received body: compressed, escaped, in a form, in a member of another message, or in another character
//! set. Removing one layer yields a body that may have been changed further.

use std::io::Read as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::read::{GzDecoder, ZlibDecoder};

use super::{
    body_variants::{MAX_REWRITTEN_BYTES, OriginalBody},
    escapes::{html_unescaped, percent_decoded},
    json_variants::{self, Escapes, Node, Order, Space},
};
use crate::rejections::Cause;

/// The most parts of a wrapped body that are tried.
const MAX_PARTS: usize = 16;
/// The depth at which nested bodies are searched, and the most that are tried.
const MAX_DEPTH: usize = 6;
const MAX_NESTED_PARTS: usize = 48;
/// The longest boundary of a multipart form, in bytes.
const MAX_BOUNDARY_BYTES: usize = 80;
/// The largest size of a decompressed body, in bytes.
const MAX_UNPACKED_BYTES: u64 = 1024 * 1024;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Whether its first bytes mark it as compressed. Brotli has no such mark.
pub(super) fn is_compressed(body: &[u8]) -> bool {
    body.starts_with(GZIP) || body.starts_with(ZSTD) || is_zlib(body)
}

/// Checks the two bytes of a zlib header: its method and a checksum.
fn is_zlib(body: &[u8]) -> bool {
    let [first, second, ..] = *body else { return false };
    first == 0x78 && (u16::from(first) << 8 | u16::from(second)).is_multiple_of(31)
}

/// Returns every body that may be inside.
pub(super) fn all<'a>(
    body: &'a [u8],
    text: Option<&'a str>,
    node: Option<&'a Node<'a>>,
) -> impl Iterator<Item = Option<OriginalBody>> + 'a {
    let unpacked = std::iter::once_with(move || unpacked(body)).map(|made| Some((Cause::BodyCompressed, made?)));
    let escaped = text.into_iter().flat_map(unescaped).map(Some);
    let formed = text.into_iter().flat_map(move |_| form(body)).map(Some);
    unpacked.chain(escaped).chain(formed).chain(text.into_iter().flat_map(move |text| wrapped(node, text))).chain(charset(body))
}

/// Decompresses the body.
fn unpacked(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let read = if body.starts_with(GZIP) {
        GzDecoder::new(body).take(MAX_UNPACKED_BYTES).read_to_end(&mut out)
    } else if is_zlib(body) {
        ZlibDecoder::new(body).take(MAX_UNPACKED_BYTES).read_to_end(&mut out)
    } else {
        return None;
    };
    read.ok().map(|_| out)
}

/// Removes the escapes of HTML, of a string in source code, or of a URL.
fn unescaped(text: &str) -> impl Iterator<Item = OriginalBody> {
    let html = text.contains('&').then(|| html_unescaped(text)).into_iter().map(|made| (Cause::BodyHtmlEscaped, made));
    let slashes = text.contains('\\').then(|| [without_backslashes(text), text.replace("\\\"", "\""), text.replace("\\'", "'")]);
    let slashes = slashes.into_iter().flatten().map(|made| (Cause::BodyBackslashed, made));
    let percent = text.contains('%').then(|| percent_decoded(text, false)).into_iter().map(|made| (Cause::BodyForm, made));
    html.chain(slashes).chain(percent).map(|(cause, made)| (cause, made.into_bytes()))
}

/// Removes each backslash, which escapes the character after it.
fn without_backslashes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.extend(characters.next()),
            other => out.push(other),
        }
    }
    out
}

/// Returns the fields of a body that was sent as a form, URL-encoded or multipart.
fn form(body: &[u8]) -> impl Iterator<Item = OriginalBody> {
    let is_form = body.len() <= MAX_REWRITTEN_BYTES && body.iter().any(|byte| matches!(byte, b'=' | b'%'));
    let pairs = url::form_urlencoded::parse(if is_form { body } else { b"" }).take(MAX_PARTS);
    let fields = pairs.flat_map(|(key, value)| [value, key]).map(|part| part.into_owned().into_bytes());
    fields.chain(multipart(body).into_iter().map(<[u8]>::to_vec)).map(|field| (Cause::BodyForm, field))
}

/// Returns the fields of `multipart/form-data`, whose first line is the boundary.
fn multipart(body: &[u8]) -> Vec<&[u8]> {
    let line = body.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    if !line.starts_with(b"--") || line.len() > MAX_BOUNDARY_BYTES {
        return Vec::new();
    }
    let mut fields = Vec::new();
    let starts: Vec<usize> = memchr::memmem::find_iter(body, line).take(MAX_PARTS + 1).collect();
    for place in starts.windows(2) {
        let part = &body[place[0] + line.len()..place[1]];
        for blank in [&b"\r\n\r\n"[..], b"\n\n"] {
            let field = memchr::memmem::find(part, blank).map(|at| &part[at + blank.len()..]);
            fields.extend(field.map(|field| field.strip_suffix(b"\r\n").or(field.strip_suffix(b"\n")).unwrap_or(field)));
        }
    }
    fields
}

/// Returns bodies inside another: in a JSON string, in a member of an object, or in base64; and those inside them, as queues
/// and buses wrap each other's messages.
fn wrapped<'a>(node: Option<&'a Node<'a>>, text: &'a str) -> impl Iterator<Item = Option<OriginalBody>> + 'a {
    let nested = std::iter::once_with(move || {
        let mut parts = Vec::new();
        let own = node.filter(|node| matches!(node, Node::Text(_)));
        match own {
            Some(node) => part(node, MAX_DEPTH, text.len(), &mut parts),
            None => node.into_iter().for_each(|node| members(node, MAX_DEPTH, text.len(), &mut parts)),
        }
        parts.extend(STANDARD.decode(text.trim()));
        parts
    });
    nested.flatten().map(|made| Some((Cause::BodyWrapped, made)))
}

/// Collects the bodies inside each member, the nearest first.
fn members(node: &Node<'_>, depth: usize, most: usize, parts: &mut Vec<Vec<u8>>) {
    let inside: Vec<&Node<'_>> = match node {
        Node::Map(members) => members.iter().take(MAX_PARTS).map(|(_, member)| member).collect(),
        Node::List(members) => members.iter().take(MAX_PARTS).collect(),
        Node::Word(_) | Node::Text(_) => Vec::new(),
    };
    for member in inside {
        part(member, depth, most, parts);
    }
}

fn part(node: &Node<'_>, depth: usize, most: usize, parts: &mut Vec<Vec<u8>>) {
    if parts.len() >= MAX_NESTED_PARTS {
        return;
    }
    match node {
        Node::Word(_) => {}
        Node::Text(quoted) => {
            let Ok(text) = serde_json::from_str::<String>(quoted) else { return };
            let decoded = STANDARD.decode(text.trim()).ok();
            let inside = [Some(text.into_bytes()), decoded].into_iter().flatten();
            for inside in inside.filter(|inside| depth == MAX_DEPTH || may_be_body(inside)) {
                within(&inside, depth, most, parts);
                parts.push(inside);
            }
        }
        Node::Map(_) | Node::List(_) => {
            // A deeper part of an event is not an event itself.
            if depth == MAX_DEPTH || is_event(node) {
                parts.extend(node.write(Space::None, Escapes::Unchanged, Order::Unchanged, most).map(String::into_bytes));
            }
            if depth > 1 {
                members(node, depth - 1, most, parts);
            }
        }
    }
}

/// Whether it begins like JSON, or is compressed.
fn may_be_body(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{") || bytes.starts_with(b"\"") || bytes.starts_with(b"[") || is_compressed(bytes)
}

/// Whether it has the members of an event, of either gateway.
fn is_event(node: &Node<'_>) -> bool {
    let Node::Map(members) = node else { return false };
    let has = |key: &str| members.iter().any(|(name, _)| *name == key);
    has("\"event\"") || has("\"type\"") && has("\"data\"")
}

/// Collects the bodies inside a body that is JSON itself.
fn within(body: &[u8], depth: usize, most: usize, parts: &mut Vec<Vec<u8>>) {
    let text = std::str::from_utf8(body).ok().filter(|text| depth > 1 && text.trim_start().starts_with(['{', '[', '"']));
    match text.and_then(json_variants::parse) {
        Some(node @ Node::Text(_)) => part(&node, depth - 1, most, parts),
        Some(node) => members(&node, depth - 1, most, parts),
        None => {}
    }
}

/// Undoes that the body was read in the wrong character set and written again.
fn charset(body: &[u8]) -> impl Iterator<Item = Option<OriginalBody>> {
    let ways = [
        latin_read,
        |body: &[u8]| single(body, latin),
        |body: &[u8]| single(body, windows),
        |body: &[u8]| wide(body, u16::from_le_bytes),
        |body: &[u8]| wide(body, u16::from_be_bytes),
    ];
    ways.into_iter().map(|way: fn(&[u8]) -> Option<Vec<u8>>| Some((Cause::BodyCharset, way(body)?)))
}

/// Reads bytes that are not UTF-8 as Latin-1.
fn latin_read(body: &[u8]) -> Option<Vec<u8>> {
    let is_latin = std::str::from_utf8(body).is_err();
    is_latin.then(|| body.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes())
}

/// Writes each character as one byte.
fn single(body: &[u8], of: fn(char) -> Option<u8>) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok().filter(|text| !text.is_ascii())?;
    text.chars().map(of).collect()
}

/// Reads two bytes as each character.
fn wide(body: &[u8], order: fn([u8; 2]) -> u16) -> Option<Vec<u8>> {
    if !body.len().is_multiple_of(2) || !body.contains(&0) {
        return None;
    }
    let units: Vec<u16> = body.chunks_exact(2).map(|pair| order([pair[0], pair[1]])).collect();
    let text = String::from_utf16(&units).ok()?;
    Some(text.trim_start_matches('\u{feff}').as_bytes().to_vec())
}

/// Returns the byte of a character in Latin-1.
fn latin(character: char) -> Option<u8> {
    u8::try_from(u32::from(character)).ok()
}

/// Returns the byte of a character in Windows-1252.
fn windows(character: char) -> Option<u8> {
    const HIGH: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    match u32::from(character) {
        code @ (0..0x80 | 0xa0..=0xff) => u8::try_from(code).ok(),
        _ => HIGH.chars().position(|known| known == character).and_then(|at| u8::try_from(0x80 + at).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compressed_body_is_known_by_its_first_bytes() {
        for (body, is) in [
            (&[0x1f, 0x8b, 8, 0][..], true),
            (&[0x78, 0x9c, 1], true),
            (&[0x78, 0x01, 1], true),
            (&[0x78, 0xda, 1], true),
            (&[0x28, 0xb5, 0x2f, 0xfd, 0], true),
            (b"x", false),
            (b"xyz", false),
            (b"{}", false),
            (b"", false),
        ] {
            assert_eq!(is_compressed(body), is, "{body:?}");
        }
    }

    #[test]
    fn a_bomb_is_not_unpacked_beyond_its_limit() {
        let mut zlib = flate2::read::ZlibEncoder::new(std::io::repeat(0).take(50 * 1024 * 1024), flate2::Compression::best());
        let mut bomb = Vec::new();
        zlib.read_to_end(&mut bomb).unwrap();
        assert!(bomb.len() < 100 * 1024 && unpacked(&bomb).is_none_or(|made| made.len() <= 1024 * 1024));
    }
}
