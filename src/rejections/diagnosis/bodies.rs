//! What a body may have been before somebody changed it on the way: every such body is tried against the signature.
//!
//! The rule: one change at a time first, then those that programs make together. Each is made when it is asked for, so that
//! there is one of them at a time and whoever asks can stop.

use std::iter::once_with;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::json::{self, Ascii, Escapes, Node, Order, Space};
use crate::rejections::Cause;

/// A body of more bytes is not written anew in every way.
const MOST_REWRITTEN: usize = 32 * 1024;
/// So many parts of a wrapped body are looked at.
const MOST_PARTS: usize = 16;
/// What a body that is written anew may take, as so many times itself and something besides.
const MOST_TIMES: usize = 4;
const MOST_BESIDES: usize = 8 * 1024;

const SPACES: [Space; 5] = [Space::None, Space::Little, Space::Lines("  "), Space::Lines("    "), Space::Lines("\t")];
const PLAIN: Escapes = Escapes::AsTheyStand;
const ESCAPES: [Escapes; 8] = [
    PLAIN,
    written(false, Ascii::Kept, false),
    written(true, Ascii::Kept, false),
    written(false, Ascii::Lower, false),
    written(true, Ascii::Lower, false),
    written(false, Ascii::Upper, false),
    written(true, Ascii::Upper, false),
    written(false, Ascii::Kept, true),
];

const fn written(slash: bool, ascii: Ascii, html: bool) -> Escapes {
    Escapes::Written { slash, ascii, html }
}

/// A body as it was before, and what was done to it.
type Before = (Cause, Vec<u8>);

/// A body that came.
pub(super) struct Bodies<'a> {
    body: &'a [u8],
    /// Where it may be written anew.
    text: Option<&'a str>,
    /// As JSON, where it is that.
    node: Option<Node<'a>>,
}

impl<'a> Bodies<'a> {
    /// Reads it.
    pub(super) fn of(body: &'a [u8]) -> Self {
        let text = std::str::from_utf8(body).ok().filter(|_| body.len() <= MOST_REWRITTEN);
        let node = text.and_then(|text| json::parse(text.trim_start_matches('\u{feff}')));
        Self { body, text, node }
    }

    /// What it may have been, without what it is. Nothing comes where one cannot be made: also that took its work.
    pub(super) fn before(&self) -> impl Iterator<Item = Option<Before>> {
        let made = ends(self.body).chain(charset(self.body));
        let made = made.chain(self.node.iter().flat_map(|node| rewritten(node, self.body)));
        let made = made.chain(self.text.into_iter().flat_map(|_| form(self.body)).map(Some));
        let made = made.chain(self.text.into_iter().flat_map(|text| wrapped(self.node.as_ref(), text)));
        made.map(|made| made.filter(|(_, before)| before != self.body && !before.is_empty()))
    }
}

/// Line ends and marks at the edges, and inside.
fn ends(body: &[u8]) -> impl Iterator<Item = Option<Before>> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let added = [&b"\n"[..], b"\r\n", b" "].into_iter().map(move |end| (Cause::BodyLineEnd, [body, end].concat()));
    let cut = [&b"\n"[..], b"\r\n", b"\r"].into_iter().filter_map(move |end| body.strip_suffix(end)).chain([body.trim_ascii()]);
    let cut = cut.map(|before| (Cause::BodyLineEnd, before.to_vec()));
    let marked = once_with(move || (Cause::BodyMark, [MARK, body].concat()));
    let bare = body.strip_prefix(MARK).into_iter().flat_map(|bare| [bare, bare.trim_ascii()]);
    let bare = bare.map(|before| (Cause::BodyMark, before.to_vec()));
    let lines = [windows_lines, unix_lines].into_iter().map(move |of| (Cause::BodyLineEnds, of(body)));
    added.chain(cut).chain(marked).chain(bare).chain(lines).map(Some)
}

fn unix_lines(body: &[u8]) -> Vec<u8> {
    let is_first_of_two = |at: usize| body[at] == b'\r' && body.get(at + 1) == Some(&b'\n');
    body.iter().enumerate().filter(|(at, _)| !is_first_of_two(*at)).map(|(_, byte)| *byte).collect()
}

fn windows_lines(body: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(body.len() + 64);
    for byte in unix_lines(body) {
        lines.extend_from_slice(if byte == b'\n' { b"\r\n" } else { std::slice::from_ref(&byte) });
    }
    lines
}

/// JSON that another program has read and written.
fn rewritten(node: &Node<'_>, body: &[u8]) -> impl Iterator<Item = Option<Before>> {
    let (own, most) = (body.trim_ascii(), body.len() * MOST_TIMES + MOST_BESIDES);
    let is_usual =
        |space: &Space| node.write(*space, PLAIN, Order::AsItStands, own.len()).is_some_and(|text| text.as_bytes() == own);
    let usual = SPACES.into_iter().find(is_usual);
    let mut ways = Vec::new();
    for order in [Order::AsItStands, Order::Usual, Order::Sorted] {
        for space in SPACES {
            for escape in ESCAPES {
                let cause = match (order, escape == PLAIN, Some(space) == usual) {
                    (Order::Usual | Order::Sorted, ..) => Cause::BodyReordered,
                    (_, true, _) => Cause::BodyRespaced,
                    (_, false, true) => Cause::BodyEscaped,
                    (_, false, false) => Cause::BodyRewritten,
                };
                ways.push((cause, space, escape, order));
            }
        }
    }
    // Fewer changes before more.
    ways.sort_by_key(|(cause, ..)| match cause {
        Cause::BodyReordered => 2,
        Cause::BodyRewritten => 1,
        _ => 0,
    });
    ways.into_iter().map(move |(cause, space, escape, order)| Some((cause, node.write(space, escape, order, most)?.into_bytes())))
}

/// A body that was sent on as a form.
fn form(body: &[u8]) -> impl Iterator<Item = Before> {
    let is_form = body.iter().any(|byte| matches!(byte, b'=' | b'%'));
    let pairs = url::form_urlencoded::parse(if is_form { body } else { b"" }).take(MOST_PARTS);
    pairs.flat_map(|(key, value)| [value, key]).map(|part| (Cause::BodyForm, part.into_owned().into_bytes()))
}

/// A body inside another: a string of JSON, a member of an object, or base64.
fn wrapped(node: Option<&Node<'_>>, text: &str) -> impl Iterator<Item = Option<Before>> {
    let parts: Vec<&Node<'_>> = match node {
        Some(Node::Map(members)) => members.iter().take(MOST_PARTS).map(|(_, member)| member).collect(),
        Some(Node::List(members)) => members.iter().take(MOST_PARTS).collect(),
        Some(node) => vec![node],
        None => Vec::new(),
    };
    let most = text.len();
    let part = move |node: &Node<'_>| match node {
        Node::Text(quoted) => serde_json::from_str::<String>(quoted).ok(),
        _ => node.write(Space::None, PLAIN, Order::AsItStands, most),
    };
    let decoded = |text: &str| STANDARD.decode(text).ok();
    let plain = parts.clone().into_iter().map(move |node| part(node).map(String::into_bytes));
    let coded = parts.into_iter().map(move |node| decoded(&part(node)?)).chain(once_with(move || decoded(text.trim())));
    plain.chain(coded).map(|made| Some((Cause::BodyWrapped, made?)))
}

/// Characters that were read as another character set and written again.
fn charset(body: &[u8]) -> impl Iterator<Item = Option<Before>> {
    let ways = [
        latin_read,
        |body: &[u8]| single(body, latin),
        |body: &[u8]| single(body, windows),
        |body: &[u8]| wide(body, u16::from_le_bytes),
        |body: &[u8]| wide(body, u16::from_be_bytes),
    ];
    ways.into_iter().map(|way: fn(&[u8]) -> Option<Vec<u8>>| Some((Cause::BodyCharset, way(body)?)))
}

/// Bytes that are no UTF-8, read as Latin-1.
fn latin_read(body: &[u8]) -> Option<Vec<u8>> {
    let is_latin = std::str::from_utf8(body).is_err();
    is_latin.then(|| body.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes())
}

/// Characters that have a byte each.
fn single(body: &[u8], of: fn(char) -> Option<u8>) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok().filter(|text| !text.is_ascii())?;
    text.chars().map(of).collect()
}

/// Characters that have two bytes each.
fn wide(body: &[u8], order: fn([u8; 2]) -> u16) -> Option<Vec<u8>> {
    if !body.len().is_multiple_of(2) || !body.contains(&0) {
        return None;
    }
    let units: Vec<u16> = body.chunks_exact(2).map(|pair| order([pair[0], pair[1]])).collect();
    let text = String::from_utf16(&units).ok()?;
    Some(text.trim_start_matches('\u{feff}').as_bytes().to_vec())
}

/// The byte of a character in Latin-1.
fn latin(character: char) -> Option<u8> {
    u8::try_from(u32::from(character)).ok()
}

/// The byte of a character in Windows-1252.
fn windows(character: char) -> Option<u8> {
    const HIGH: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    match u32::from(character) {
        code @ (0..0x80 | 0xa0..=0xff) => u8::try_from(code).ok(),
        _ => HIGH.chars().position(|known| known == character).and_then(|at| u8::try_from(0x80 + at).ok()),
    }
}
