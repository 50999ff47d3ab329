//! What a body may have been before somebody changed it on the way: every such body is tried against the signature.
//!
//! The rule: one change at a time first, then those that programs make together.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::json::{self, Ascii, Escapes, Node, Order, Space};
use crate::rejections::Cause;

/// A body of more bytes is not written anew in every way.
const MOST_REWRITTEN: usize = 32 * 1024;
/// So many parts of a wrapped body are looked at.
const MOST_PARTS: usize = 16;

type Before = (Cause, Vec<u8>);

/// What this body may have been, without what it is.
pub(super) fn before(body: &[u8]) -> Vec<Before> {
    let mut found = ends(body);
    found.extend(charset(body));
    if let Some(text) = std::str::from_utf8(body).ok().filter(|_| body.len() <= MOST_REWRITTEN) {
        let node = json::parse(text.trim_start_matches('\u{feff}'));
        found.extend(node.as_ref().map(|node| rewritten(node, body)).unwrap_or_default());
        found.extend(form(body));
        found.extend(wrapped(node.as_ref(), text));
    }
    found.retain(|(_, before)| before != body && !before.is_empty());
    found
}

/// Line ends and marks at the edges, and inside.
fn ends(body: &[u8]) -> Vec<Before> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let mut found: Vec<Before> =
        [&b"\n"[..], b"\r\n", b" "].iter().map(|end| (Cause::BodyLineEnd, [body, end].concat())).collect();
    for end in [&b"\n"[..], b"\r\n", b"\r"] {
        found.extend(body.strip_suffix(end).map(|before| (Cause::BodyLineEnd, before.to_vec())));
    }
    found.push((Cause::BodyLineEnd, body.trim_ascii().to_vec()));
    found.push((Cause::BodyMark, [MARK, body].concat()));
    if let Some(bare) = body.strip_prefix(MARK) {
        found.push((Cause::BodyMark, bare.to_vec()));
        found.push((Cause::BodyMark, bare.trim_ascii().to_vec()));
    }
    let unix: Vec<u8> = body
        .iter()
        .enumerate()
        .filter(|(at, byte)| !(**byte == b'\r' && body.get(at + 1) == Some(&b'\n')))
        .map(|(_, byte)| *byte)
        .collect();
    let windows = unix.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
    found.push((Cause::BodyLineEnds, windows));
    found.push((Cause::BodyLineEnds, unix));
    found
}

/// JSON that another program has read and written.
fn rewritten(node: &Node, body: &[u8]) -> Vec<Before> {
    const SPACES: [Space; 5] = [Space::None, Space::Little, Space::Lines("  "), Space::Lines("    "), Space::Lines("\t")];
    let plain = Escapes::AsTheyStand;
    let written = |slash, ascii, html| Escapes::Written { slash, ascii, html };
    let escapes = [
        plain,
        written(false, Ascii::Kept, false),
        written(true, Ascii::Kept, false),
        written(false, Ascii::Lower, false),
        written(true, Ascii::Lower, false),
        written(false, Ascii::Upper, false),
        written(true, Ascii::Upper, false),
        written(false, Ascii::Kept, true),
    ];
    let usual = SPACES.into_iter().find(|space| node.write(*space, plain, Order::AsItStands).as_bytes() == body.trim_ascii());
    let mut found = Vec::new();
    for order in [Order::AsItStands, Order::Usual, Order::Sorted] {
        for space in SPACES {
            for escape in escapes {
                let cause = match (order, escape == plain, Some(space) == usual) {
                    (Order::Usual | Order::Sorted, ..) => Cause::BodyReordered,
                    (_, true, _) => Cause::BodyRespaced,
                    (_, false, true) => Cause::BodyEscaped,
                    (_, false, false) => Cause::BodyRewritten,
                };
                found.push((cause, node.write(space, escape, order).into_bytes()));
            }
        }
    }
    // Fewer changes before more.
    found.sort_by_key(|(cause, _)| match cause {
        Cause::BodyReordered => 2,
        Cause::BodyRewritten => 1,
        _ => 0,
    });
    found
}

/// A body that was sent on as a form.
fn form(body: &[u8]) -> Vec<Before> {
    if !body.iter().any(|byte| matches!(byte, b'=' | b'%')) {
        return Vec::new();
    }
    let pairs = url::form_urlencoded::parse(body).take(MOST_PARTS);
    pairs.flat_map(|(key, value)| [value, key]).map(|part| (Cause::BodyForm, part.into_owned().into_bytes())).collect()
}

/// A body inside another: a string of JSON, a member of an object, or base64.
fn wrapped(node: Option<&Node>, text: &str) -> Vec<Before> {
    let mut parts: Vec<String> = Vec::new();
    let mut part = |node: &Node| {
        if let Node::Text(quoted) = node {
            parts.extend(serde_json::from_str::<String>(quoted).ok());
        } else {
            parts.push(node.write(Space::None, Escapes::AsTheyStand, Order::AsItStands));
        }
    };
    match node {
        Some(Node::Map(members)) => members.iter().take(MOST_PARTS).for_each(|(_, member)| part(member)),
        Some(Node::List(members)) => members.iter().take(MOST_PARTS).for_each(part),
        Some(node) => part(node),
        None => {}
    }
    let coded = parts.iter().map(String::as_str).chain([text.trim()]).filter_map(|part| STANDARD.decode(part).ok());
    let coded: Vec<Before> = coded.map(|bytes| (Cause::BodyWrapped, bytes)).collect();
    parts.into_iter().map(|part| (Cause::BodyWrapped, part.into_bytes())).chain(coded).collect()
}

/// Characters that were read as another character set and written again.
fn charset(body: &[u8]) -> Vec<Before> {
    let mut found = Vec::new();
    if let Ok(text) = std::str::from_utf8(body) {
        if !text.is_ascii() {
            let single = |of: fn(char) -> Option<u8>| text.chars().map(of).collect::<Option<Vec<u8>>>();
            let latin = single(|character| u8::try_from(u32::from(character)).ok());
            found.extend([latin, single(windows)].into_iter().flatten().map(|bytes| (Cause::BodyCharset, bytes)));
        }
    } else {
        let latin: String = body.iter().map(|byte| char::from(*byte)).collect();
        found.push((Cause::BodyCharset, latin.into_bytes()));
    }
    if body.len().is_multiple_of(2) && body.contains(&0) {
        for order in [u16::from_le_bytes, u16::from_be_bytes] {
            let units: Vec<u16> = body.chunks_exact(2).map(|pair| order([pair[0], pair[1]])).collect();
            if let Ok(text) = String::from_utf16(&units) {
                found.push((Cause::BodyCharset, text.trim_start_matches('\u{feff}').as_bytes().to_vec()));
            }
        }
    }
    found
}

/// The byte of a character in Windows-1252.
fn windows(character: char) -> Option<u8> {
    const HIGH: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    match u32::from(character) {
        code @ (0..0x80 | 0xa0..=0xff) => u8::try_from(code).ok(),
        _ => HIGH.chars().position(|known| known == character).and_then(|at| u8::try_from(0x80 + at).ok()),
    }
}
