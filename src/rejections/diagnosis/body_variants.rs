//! Variants of a body from before it was changed in transit. Each is tried against the signature.
//!
//! Invariant: single changes are tried before those that programs make together. Variants are generated lazily, so that only
//! one is in memory at a time and the caller can stop at any of them.

use std::{
    collections::{HashSet, hash_map::DefaultHasher},
    hash::Hasher as _,
    iter::once_with,
};

use super::{
    json_variants::{self, Ascii, Escapes, Node, Order, Space},
    key_orders, unwrapped,
};
use crate::{gateways::json_conventions, rejections::Cause};

/// A longer body is not rewritten. Only a decompressed one can be longer.
pub(super) const MAX_REWRITTEN_BYTES: usize = crate::gateways::adapter::MAX_BODY_BYTES;
/// The limit of a rewritten body: this many times the length of the received one, plus a constant in bytes.
const MAX_GROWTH_FACTOR: usize = 4;
const MAX_GROWTH_BYTES: usize = 8 * 1024;

/// The most keys with empty values that are tried individually.
const MAX_EMPTIED_KEYS: usize = 16;

const SPACES: [Space; 5] = [Space::None, Space::Little, Space::Lines("  "), Space::Lines("    "), Space::Lines("\t")];
const PLAIN: Escapes = Escapes::Unchanged;
const ESCAPES: [Escapes; 8] = [
    PLAIN,
    written(false, Ascii::Unchanged, false),
    written(true, Ascii::Unchanged, false),
    written(false, Ascii::Lower, false),
    written(true, Ascii::Lower, false),
    written(false, Ascii::Upper, false),
    written(true, Ascii::Upper, false),
    written(false, Ascii::Unchanged, true),
];

const fn written(slash: bool, ascii: Ascii, html: bool) -> Escapes {
    Escapes::Written { slash, ascii, html }
}

/// The cause of a change, and the body before it.
pub(super) type OriginalBody = (Cause, Vec<u8>);

/// A received body.
pub(super) struct Bodies<'a> {
    body: &'a [u8],
    /// The text, if it may be rewritten.
    text: Option<&'a str>,
    /// The parsed JSON, if it is JSON.
    node: Option<Node<'a>>,
}

impl<'a> Bodies<'a> {
    pub(super) fn of(body: &'a [u8]) -> Self {
        let text = std::str::from_utf8(body).ok().filter(|_| body.len() <= MAX_REWRITTEN_BYTES);
        let node = text.and_then(|text| json_variants::parse(text.trim_start_matches('\u{feff}')));
        Self { body, text, node }
    }

    /// Returns the possible original bodies, except for the received one. An item is `None` if that variant cannot be made:
    /// the attempt took work, too.
    pub(super) fn before(&self) -> impl Iterator<Item = Option<OriginalBody>> {
        let nodes = || self.node.iter();
        let made = ends(self.body).chain(nodes().flat_map(|node| rewritten(node, self.body)));
        let made = made.chain(self.inside()).chain(nodes().flat_map(|node| emptied(node, self.body)));
        made.map(|made| made.filter(|(_, before)| before != self.body && !before.is_empty()))
    }

    /// Returns bodies inside it, which may have been changed further.
    pub(super) fn inside(&self) -> impl Iterator<Item = Option<OriginalBody>> {
        unwrapped::all(self.body, self.text, self.node.as_ref())
    }
}

/// Adds and removes line ends and byte order marks, and converts line ends.
fn ends(body: &[u8]) -> impl Iterator<Item = Option<OriginalBody>> {
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

/// Undoes that another program parsed JSON and serialised it again.
fn rewritten(node: &Node<'_>, body: &[u8]) -> impl Iterator<Item = Option<OriginalBody>> {
    let (own, most) = (body.trim_ascii(), body.len() * MAX_GROWTH_FACTOR + MAX_GROWTH_BYTES);
    let is_usual =
        |space: &Space| node.write(*space, PLAIN, Order::Unchanged, own.len()).is_some_and(|text| text.as_bytes() == own);
    let usual = SPACES.into_iter().find(is_usual);
    let mut ways = Vec::new();
    let usual_orders = (0..key_orders::count(node)).map(Order::Usual);
    for order in [Order::Unchanged].into_iter().chain(usual_orders).chain([Order::Sorted]) {
        for space in SPACES {
            for escape in ESCAPES {
                let cause = match (order, escape == PLAIN, Some(space) == usual) {
                    (Order::Usual(_) | Order::Sorted, ..) => Cause::BodyReordered,
                    (_, true, _) => Cause::BodyRespaced,
                    (_, false, true) => Cause::BodyEscaped,
                    (_, false, false) => Cause::BodyRewritten,
                };
                ways.push((cause, space, escape, order));
            }
        }
    }
    // Fewer changes before more.
    ways.sort_by_key(|(cause, _, escape, _)| match (cause, *escape == PLAIN) {
        (Cause::BodyReordered, true) => 1,
        (Cause::BodyReordered, false) => 3,
        (Cause::BodyRewritten, _) => 2,
        _ => 0,
    });
    // Most notations of escapes produce the same text for most bodies.
    let mut made = HashSet::new();
    ways.into_iter().map(move |(cause, space, escape, order)| {
        let written = node.write(space, escape, order, most)?.into_bytes();
        made.insert(hash(&written)).then_some((cause, written))
    })
}

/// Undoes replaced empty values in JSON: PHP turns empty maps into lists, and Laravel turns empty strings into null. The
/// affected keys are unknown: all but those that the gateway itself sends as an empty list are tried first, then all of them,
/// those that are empty together, and each alone.
fn emptied(node: &Node<'_>, body: &[u8]) -> impl Iterator<Item = Option<OriginalBody>> {
    let most = body.len() * MAX_GROWTH_FACTOR + MAX_GROWTH_BYTES;
    let lists = choices(&node.keys_of(is_empty_list, MAX_EMPTIED_KEYS));
    let nulls = choices(&node.keys_of(is_null, MAX_EMPTIED_KEYS));
    // Both: empty lists that the gateway does not send were maps.
    let maps: Vec<&str> = lists.first().cloned().unwrap_or_default();
    let both: Vec<_> = nulls.iter().filter(|_| !maps.is_empty()).map(|nulls| (maps.clone(), nulls.clone())).collect();
    let lists = lists.into_iter().map(|keys| (keys, Vec::new()));
    let nulls = nulls.into_iter().map(|keys| (Vec::new(), keys));
    let ways: Vec<_> = lists.chain(nulls).chain(both).collect();
    let escapes = [PLAIN, written(false, Ascii::Unchanged, false)];
    ways.into_iter().flat_map(move |way| escapes.map(|escape| (way.clone(), escape))).map(move |((lists, nulls), escape)| {
        let before = node.with(&lists, is_empty_list, &Node::Map(Vec::new())).with(&nulls, is_null, &Node::Text("\"\""));
        let written = before.write(Space::None, escape, Order::Unchanged, most)?;
        Some((Cause::BodyRewritten, written.into_bytes()))
    })
}

fn is_empty_list(node: &Node<'_>) -> bool {
    matches!(node, Node::List(members) if members.is_empty())
}

fn is_null(node: &Node<'_>) -> bool {
    matches!(node, Node::Word("null"))
}

/// Returns the sets of keys to try: all that the gateway does not send as an empty list, all, those that are empty together, and
/// each alone. Empty if there are no keys.
fn choices<'a>(keys: &[&'a str]) -> Vec<Vec<&'a str>> {
    let some = |is_one: fn(&str) -> bool| keys.iter().copied().filter(|key| is_one(key.trim_matches('"'))).collect::<Vec<_>>();
    let own = |name: &str| !json_conventions::is_empty_list(name);
    let mut made = vec![some(own), keys.to_vec(), some(json_conventions::is_empty_together)];
    made.extend(keys.iter().map(|key| vec![*key]));
    let mut seen = HashSet::new();
    made.retain(|keys| !keys.is_empty() && seen.insert(keys.clone()));
    made
}

fn hash(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    hasher.finish()
}
