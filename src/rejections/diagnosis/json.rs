//! JSON as it was written, so that it can be written again as other programs would.
//!
//! The rule: numbers and words stay as they stand; strings are decoded only where another way of escaping is tried. What
//! would grow beyond bounds is not written to its end: a few bytes of brackets and commas can be made very long.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// A value, its scalars as they were written.
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
    /// A line each, indented with this.
    Lines(&'static str),
}

/// How strings are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    AsTheyStand,
    Written { slash: bool, ascii: Ascii, html: bool },
}

/// What becomes of characters beyond ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ascii {
    Kept,
    Lower,
    Upper,
}

/// The order of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    AsItStands,
    Sorted,
    /// As Razorpay writes them.
    Usual,
}

/// The keys of Razorpay's payloads in the order of its documents; others follow as they stand.
const USUAL: &[&str] = &[
    "id",
    "entity",
    "account_id",
    "event",
    "contains",
    "payload",
    "amount",
    "currency",
    "base_amount",
    "base_currency",
    "status",
    "payment_id",
    "order_id",
    "invoice_id",
    "international",
    "method",
    "amount_refunded",
    "refund_status",
    "captured",
    "description",
    "card_id",
    "bank",
    "wallet",
    "vpa",
    "email",
    "contact",
    "notes",
    "fee",
    "tax",
    "error_code",
    "error_description",
    "error_source",
    "error_step",
    "error_reason",
    "acquirer_data",
    "created_at",
];

/// Reads JSON; nothing when it is none.
pub(super) fn parse(text: &str) -> Option<Node<'_>> {
    // That it is JSON, and how deep it is at most, is not for this reader to find out.
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

impl Node<'_> {
    /// Writes it as another program would; nothing where that takes more bytes than `most`.
    pub(super) fn write(&self, space: Space, escapes: Escapes, order: Order, most: usize) -> Option<String> {
        let mut out = String::new();
        self.write_to(&mut Out { text: &mut out, most }, 0, (space, escapes, order))?;
        Some(out)
    }

    fn write_to(&self, out: &mut Out<'_>, depth: usize, how: (Space, Escapes, Order)) -> Option<()> {
        match self {
            Self::Word(word) => out.push(word),
            Self::Text(text) => out.push(&escaped(text, how.1)),
            Self::List(members) => {
                between(out, depth, how.0, ["[", "]"], members, |out, member| member.write_to(out, depth + 1, how))
            }
            Self::Map(members) => {
                let mut members: Vec<&(&str, Self)> = members.iter().collect();
                match how.2 {
                    Order::AsItStands => {}
                    Order::Sorted => members.sort_by(|one, other| one.0.cmp(other.0)),
                    Order::Usual => members.sort_by_key(|member| {
                        let name = member.0.trim_matches('"');
                        USUAL.iter().position(|usual| *usual == name).unwrap_or(USUAL.len())
                    }),
                }
                between(out, depth, how.0, ["{", "}"], &members, |out, member| {
                    out.push(&escaped(member.0, how.1))?;
                    out.push(if how.0 == Space::None { ":" } else { ": " })?;
                    member.1.write_to(out, depth + 1, how)
                })
            }
        }
    }
}

/// What is written, and how long it may get.
struct Out<'a> {
    text: &'a mut String,
    most: usize,
}

impl Out<'_> {
    /// Nothing once it is too long.
    fn push(&mut self, text: &str) -> Option<()> {
        if self.text.len() + text.len() > self.most {
            return None;
        }
        self.text.push_str(text);
        #[cfg(test)]
        WRITTEN.set(WRITTEN.get() + text.len());
        Some(())
    }

    /// Begins a line, where there are any.
    fn line(&mut self, space: Space, depth: usize) -> Option<()> {
        let Space::Lines(indent) = space else { return Some(()) };
        self.push("\n")?;
        (0..depth).try_for_each(|_| self.push(indent))
    }
}

fn between<T>(
    out: &mut Out<'_>,
    depth: usize,
    space: Space,
    ends: [&str; 2],
    members: &[T],
    write: impl Fn(&mut Out<'_>, &T) -> Option<()>,
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

/// A code unit as JSON escapes it.
fn unit_text(unit: u32, is_upper: bool) -> String {
    if is_upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") }
}

fn escaped(text: &str, escapes: Escapes) -> Cow<'_, str> {
    let Escapes::Written { slash, ascii, html } = escapes else { return text.into() };
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
            other if other.is_ascii() || ascii == Ascii::Kept => out.push(other),
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
    /// How many bytes were written, in this thread.
    pub(super) static WRITTEN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_is_written_again_as_others_write_it() {
        let node = parse(r#" {"b":[1.0,{}], "a":"न\/<"} "#).unwrap();
        let plain = Escapes::AsTheyStand;
        let write = |space, escapes, order| node.write(space, escapes, order, 100).unwrap();
        assert_eq!(write(Space::None, plain, Order::AsItStands), r#"{"b":[1.0,{}],"a":"न\/<"}"#);
        assert_eq!(write(Space::Little, plain, Order::Sorted), r#"{"a": "न\/<", "b": [1.0, {}]}"#);
        let written = Escapes::Written { slash: false, ascii: Ascii::Lower, html: true };
        assert_eq!(write(Space::None, written, Order::Sorted), r#"{"a":"\u0928/\u003c","b":[1.0,{}]}"#);
        let lines = write(Space::Lines("  "), plain, Order::AsItStands);
        assert_eq!(lines, "{\n  \"b\": [\n    1.0,\n    {}\n  ],\n  \"a\": \"न\\/<\"\n}");
        let length = lines.len();
        assert!(node.write(Space::Lines("  "), plain, Order::AsItStands, length).is_some());
        assert!(node.write(Space::Lines("  "), plain, Order::AsItStands, length - 1).is_none(), "it would be too long");
        assert!(parse("{").is_none() && parse("").is_none());
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
