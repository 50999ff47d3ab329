//! JSON that preserves its notation, so that it can be written as other programs would write it.
//!
//! Invariant: numbers and words stay as written; strings are decoded only to try another escaping. The output is bounded: a
//! few bytes of brackets and commas can expand without limit.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::key_orders::Places;
use crate::gateways::json_conventions;

/// The most listed keys of an event's content that are considered.
const MAX_ORDERED_KEYS: usize = 16;

/// A value with its scalars as written.
#[derive(Debug, Clone)]
pub(super) enum Node<'a> {
    /// A number, `true`, `false` or `null`.
    Word(&'a str),
    /// A string with its quotes.
    Text(&'a str),
    List(Vec<Self>),
    Map(Vec<(&'a str, Self)>),
}

/// White space between values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    None,
    /// `, ` and `: `, as Python writes.
    Little,
    /// One line per value, indented with this.
    Lines(&'static str),
}

/// How strings are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    Unchanged,
    Written { slash: bool, ascii: Ascii, html: bool },
}

/// How characters beyond ASCII are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ascii {
    Unchanged,
    Lower,
    Upper,
}

/// The order of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Unchanged,
    Sorted,
    /// As the gateway writes them; some entities have several variants.
    Usual(u8),
}

/// Parses JSON; `None` if it is invalid.
pub(super) fn parse(text: &str) -> Option<Node<'_>> {
    // serde checks the syntax and limits the depth, so that the parser need not.
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    Reader { rest: text.trim_start() }.value()
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Option<Node<'a>> {
        match self.rest.bytes().next()? {
            b'{' => self.map(),
            b'[' => self.list(),
            b'"' => Some(Node::Text(self.text()?)),
            _ => {
                let end = self.rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, ',' | '}' | ']'));
                Some(Node::Word(self.take(end.unwrap_or(self.rest.len()))?))
            }
        }
    }

    fn map(&mut self) -> Option<Node<'a>> {
        let mut members = Vec::new();
        self.take(1)?;
        while !self.rest.starts_with('}') {
            let key = self.text()?;
            self.take(1)?;
            members.push((key, self.value()?));
            if self.rest.starts_with(',') {
                self.take(1)?;
            }
        }
        self.take(1)?;
        Some(Node::Map(members))
    }

    fn list(&mut self) -> Option<Node<'a>> {
        let mut members = Vec::new();
        self.take(1)?;
        while !self.rest.starts_with(']') {
            members.push(self.value()?);
            if self.rest.starts_with(',') {
                self.take(1)?;
            }
        }
        self.take(1)?;
        Some(Node::List(members))
    }

    fn text(&mut self) -> Option<&'a str> {
        let mut is_escaped = false;
        let end = self.rest.bytes().skip(1).position(|byte| {
            let is_end = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        })?;
        self.take(end + 2)
    }

    fn take(&mut self, length: usize) -> Option<&'a str> {
        let taken = self.rest.get(..length)?;
        self.rest = self.rest.get(length..)?.trim_start();
        Some(taken)
    }
}

impl<'a> Node<'a> {
    /// Writes it as another program would; `None` if that takes more bytes than `most`.
    pub(super) fn write(&self, space: Space, escapes: Escapes, order: Order, most: usize) -> Option<String> {
        let mut out = String::new();
        let content_order = self.content_order();
        let how = Format { space, escapes, order, content_order: &content_order };
        self.write_to(&mut BoundedWriter { text: &mut out, most }, 0, "", how)?;
        Some(out)
    }

    /// Returns the keys of an event's content as a member of the event lists them.
    fn content_order(&self) -> Vec<&'a str> {
        let Self::Map(members) = self else { return Vec::new() };
        let list =
            members.iter().find(|(key, _)| json_conventions::is_content_order(key.trim_matches('"'))).map(|(_, list)| list);
        let Some(Self::List(names)) = list else { return Vec::new() };
        let name = |name: &Self| if let Self::Text(name) = name { Some(name.trim_matches('"')) } else { None };
        names.iter().take(MAX_ORDERED_KEYS).filter_map(name).collect()
    }

    /// `member` is the key of this value.
    fn write_to(&self, out: &mut BoundedWriter<'_>, depth: usize, member: &str, how: Format<'_>) -> Option<()> {
        match self {
            Self::Word(word) => out.push(word),
            Self::Text(text) => out.push(&escaped(text, how.escapes)),
            Self::List(members) => {
                between(out, depth, how.space, ["[", "]"], members, |out, one| one.write_to(out, depth + 1, member, how))
            }
            Self::Map(map) => {
                let mut members: Vec<&(&str, Self)> = map.iter().collect();
                match how.order {
                    Order::Unchanged => {}
                    Order::Sorted => members.sort_by(|one, other| one.0.cmp(other.0)),
                    Order::Usual(variant) => {
                        let places = Places::of(map, member, how.content_order, variant);
                        members.sort_by_cached_key(|member| places.of_key(member.0.trim_matches('"')));
                    }
                }
                between(out, depth, how.space, ["{", "}"], &members, |out, member| {
                    out.push(&escaped(member.0, how.escapes))?;
                    out.push(if how.space == Space::None { ":" } else { ": " })?;
                    member.1.write_to(out, depth + 1, member.0.trim_matches('"'), how)
                })
            }
        }
    }

    /// Returns the keys whose value satisfies `is_one`, each once and at most `most` of them.
    pub(super) fn keys_of(&self, is_one: fn(&Self) -> bool, most: usize) -> Vec<&'a str> {
        let mut keys = Vec::new();
        self.gather_keys(is_one, most, &mut keys);
        keys
    }

    fn gather_keys(&self, is_one: fn(&Self) -> bool, most: usize, keys: &mut Vec<&'a str>) {
        match self {
            Self::Map(members) => {
                for (key, value) in members {
                    if is_one(value) && keys.len() < most && !keys.contains(key) {
                        keys.push(key);
                    }
                    value.gather_keys(is_one, most, keys);
                }
            }
            Self::List(members) => members.iter().for_each(|member| member.gather_keys(is_one, most, keys)),
            Self::Word(_) | Self::Text(_) => {}
        }
    }

    /// Replaces the values under these keys that satisfy `is_one`.
    pub(super) fn with(&self, keys: &[&str], is_one: fn(&Self) -> bool, value: &Self) -> Self {
        match self {
            Self::Map(members) => Self::Map(
                members
                    .iter()
                    .map(|(key, old)| {
                        let is_replaced = is_one(old) && keys.contains(key);
                        (*key, if is_replaced { value.clone() } else { old.with(keys, is_one, value) })
                    })
                    .collect(),
            ),
            Self::List(members) => Self::List(members.iter().map(|member| member.with(keys, is_one, value)).collect()),
            Self::Word(_) | Self::Text(_) => self.clone(),
        }
    }
}

/// The notation to write.
#[derive(Clone, Copy)]
struct Format<'a> {
    space: Space,
    escapes: Escapes,
    order: Order,
    content_order: &'a [&'a str],
}

/// The output, and its limit in bytes.
struct BoundedWriter<'a> {
    text: &'a mut String,
    most: usize,
}

impl BoundedWriter<'_> {
    /// Appends the text; `None` if the output would exceed its limit.
    fn push(&mut self, text: &str) -> Option<()> {
        if self.text.len() + text.len() > self.most {
            return None;
        }
        self.text.push_str(text);
        #[cfg(test)]
        WRITTEN.set(WRITTEN.get() + text.len());
        Some(())
    }

    /// Begins a line, if the notation has lines.
    fn line(&mut self, space: Space, depth: usize) -> Option<()> {
        let Space::Lines(indent) = space else { return Some(()) };
        self.push("\n")?;
        (0..depth).try_for_each(|_| self.push(indent))
    }
}

fn between<T>(
    out: &mut BoundedWriter<'_>,
    depth: usize,
    space: Space,
    ends: [&str; 2],
    members: &[T],
    write: impl Fn(&mut BoundedWriter<'_>, &T) -> Option<()>,
) -> Option<()> {
    out.push(ends[0])?;
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            out.push(if space == Space::Little { ", " } else { "," })?;
        }
        out.line(space, depth + 1)?;
        write(out, member)?;
    }
    if !members.is_empty() {
        out.line(space, depth)?;
    }
    out.push(ends[1])
}

/// Returns a code unit as JSON escapes it.
fn unit_text(unit: u32, is_upper: bool) -> String {
    if is_upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") }
}

fn escaped(text: &str, escapes: Escapes) -> Cow<'_, str> {
    let Escapes::Written { slash, ascii, html } = escapes else { return text.into() };
    // Most strings are the same in every notation.
    if !text.bytes().any(|byte| matches!(byte, b'\\' | b'/' | b'<' | b'>' | b'&' | 0x80..)) {
        return text.into();
    }
    // A lone half of a surrogate pair cannot be decoded: such a string stays as it is.
    let Ok(decoded) = serde_json::from_str::<String>(text) else { return text.into() };
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut units = [0; 2];
    for character in decoded.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' if slash => out.push_str("\\/"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' if html => out.push_str(&unit_text(u32::from(character), false)),
            control if control < ' ' => out.push_str(&unit_text(u32::from(control), false)),
            other if other.is_ascii() || ascii == Ascii::Unchanged => out.push(other),
            other => {
                for unit in other.encode_utf16(&mut units) {
                    out.push_str(&unit_text(u32::from(*unit), ascii == Ascii::Upper));
                }
            }
        }
    }
    out.push('"');
    out.into()
}

#[cfg(test)]
thread_local! {
    /// The number of bytes written in this thread.
    pub(super) static WRITTEN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_is_written_again_as_others_write_it() {
        let node = parse(r#" {"b":[1.0,{}], "a":"न\/<"} "#).unwrap();
        let plain = Escapes::Unchanged;
        let write = |space, escapes, order| node.write(space, escapes, order, 100).unwrap();
        assert_eq!(write(Space::None, plain, Order::Unchanged), r#"{"b":[1.0,{}],"a":"न\/<"}"#);
        assert_eq!(write(Space::Little, plain, Order::Sorted), r#"{"a": "न\/<", "b": [1.0, {}]}"#);
        let written = Escapes::Written { slash: false, ascii: Ascii::Lower, html: true };
        assert_eq!(write(Space::None, written, Order::Sorted), r#"{"a":"\u0928/\u003c","b":[1.0,{}]}"#);
        let lines = write(Space::Lines("  "), plain, Order::Unchanged);
        assert_eq!(lines, "{\n  \"b\": [\n    1.0,\n    {}\n  ],\n  \"a\": \"न\\/<\"\n}");
        let length = lines.len();
        assert!(node.write(Space::Lines("  "), plain, Order::Unchanged, length).is_some());
        assert!(node.write(Space::Lines("  "), plain, Order::Unchanged, length - 1).is_none(), "it would be too long");
        assert!(parse("{").is_none() && parse("").is_none());
    }

    #[test]
    fn a_string_is_escaped_for_each_character_that_is_written_otherwise() {
        let escapes = Escapes::Written { slash: true, ascii: Ascii::Upper, html: true };
        for (text, written) in [
            (r#""plain text.""#, r#""plain text.""#),
            (r#""a/b""#, r#""a\/b""#),
            (r#""a<b""#, r#""a\u003cb""#),
            (r#""a>b""#, r#""a\u003eb""#),
            (r#""a&b""#, r#""a\u0026b""#),
            (r#""a\u0062""#, r#""ab""#),
            ("\"é\"", r#""\u00E9""#),
        ] {
            assert_eq!(escaped(text, escapes), written);
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_writing_is_json(text in "[\\[\\]{}:,\"\\\\a-c0-9 ]{0,60}") {
            if let Some(node) = parse(&text) {
                let written = node.write(Space::Little, Escapes::Written { slash: true, ascii: Ascii::Upper, html: true }, Order::Sorted, 1000);
                let written = written.unwrap();
                prop_assert!(parse(&written).is_some(), "{}", written);
            }
        }
    }
}
