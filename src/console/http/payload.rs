//! Formats a payload for a page: indented and highlighted if it is JSON, and limited in size.
//!
//! Invariant: nothing is parsed into values and serialised again. Every key, number and escape is shown as it was sent and in
//! that order, duplicate keys included. Invisible characters are shown by name and highlighted.

use std::fmt;

use serde::de::IgnoredAny;

use crate::{
    gateways::{
        Gateway,
        replay_command::{Command, Stored},
    },
    i18n::Text,
    messages,
    primitives::invisible_chars::{self, Piece},
};

/// The maximum number of bytes shown.
pub(crate) const MAX_SHOWN_BYTES: usize = 64 * 1024;

/// A run of text with one highlighting class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// `k` for a key, `s` for a string, `n` for a number or literal, [`UNSEEN`] or [`CUT`]; empty otherwise.
    pub(crate) class: &'static str,
    pub(crate) text: String,
}

/// A payload, formatted for a page.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) size: usize,
    pub(crate) is_text: bool,
    pub(crate) is_truncated: bool,
    /// Empty if the payload is not JSON.
    pub(crate) formatted: Vec<Token>,
    /// As received; invalid UTF-8 is replaced.
    pub(crate) raw: Vec<Token>,
    /// True if it contains invisible characters.
    pub(crate) has_unseen: bool,
}

/// The class of the names of invisible characters.
pub(crate) const UNSEEN: &str = "unseen";

/// Splits a text into tokens of `class`, with invisible characters as tokens of their own.
pub(crate) fn marked(class: &'static str, text: &str) -> Vec<Token> {
    let token = |piece| match piece {
        Piece::Seen(text) => Token { class, text: text.to_owned() },
        Piece::Unseen(names) => Token { class: UNSEEN, text: names },
    };
    invisible_chars::pieces(text).into_iter().map(token).collect()
}

impl Payload {
    pub(crate) fn new(body: &[u8]) -> Self {
        let text = std::str::from_utf8(body).ok();
        let formatted = text.filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok()).map(format).unwrap_or_default();
        let mut raw = String::from_utf8_lossy(&body[..body.len().min(MAX_SHOWN_BYTES)]).into_owned();
        if text.is_some() && body.len() > MAX_SHOWN_BYTES {
            // The cut may have split a character.
            raw.truncate(raw.trim_end_matches('\u{fffd}').len());
        }
        let is_truncated = body.len() > MAX_SHOWN_BYTES || formatted.last().is_some_and(|token| token.class == CUT);
        let formatted = formatted.into_iter().flat_map(|token| marked(token.class, &token.text)).collect();
        let raw = marked("", &raw);
        let has_unseen = raw.iter().any(|token| token.class == UNSEEN);
        Self { size: body.len(), is_text: text.is_some(), is_truncated, formatted, raw, has_unseen }
    }

    pub(crate) fn is_json(&self) -> bool {
        !self.formatted.is_empty()
    }

    /// True if `raw` is the whole body, so that a copy of it is the same text.
    pub(crate) const fn is_copyable(&self) -> bool {
        self.size > 0 && self.size <= MAX_SHOWN_BYTES && self.is_text && !self.has_unseen
    }
}

/// The class of the ellipsis that replaces the rest.
const CUT: &str = "cut";

struct Writer {
    tokens: Vec<Token>,
    length: usize,
    depth: usize,
}

impl Writer {
    fn push(&mut self, class: &'static str, text: &str) {
        self.length += text.len();
        match self.tokens.last_mut() {
            Some(last) if last.class == class => last.text.push_str(text),
            _ => self.tokens.push(Token { class, text: text.to_owned() }),
        }
    }

    fn line(&mut self) {
        self.push("", "\n");
        for _ in 0..self.depth {
            self.push("", "  ");
        }
    }
}

/// Indents valid JSON.
fn format(json: &str) -> Vec<Token> {
    let mut out = Writer { tokens: Vec::new(), length: 0, depth: 0 };
    let mut rest = json.trim_start();
    while let Some(first) = rest.bytes().next() {
        let length = token_length(rest, first);
        let (token, after) = rest.split_at(length);
        let after = after.trim_start();
        if out.length + length > MAX_SHOWN_BYTES {
            let room = token.floor_char_boundary(MAX_SHOWN_BYTES.saturating_sub(out.length));
            out.push("", &token[..room]);
            out.tokens.push(Token { class: CUT, text: "…".to_owned() });
            break;
        }
        write(&mut out, token, first, after);
        rest = after;
    }
    out.tokens
}

fn write(out: &mut Writer, token: &str, first: u8, after: &str) {
    match first {
        b'{' | b'[' => {
            out.push("", token);
            out.depth += 1;
            if !after.starts_with(['}', ']']) {
                out.line();
            }
        }
        b'}' | b']' => {
            out.depth = out.depth.saturating_sub(1);
            let is_empty = out
                .tokens
                .last()
                .is_some_and(|last| last.class.is_empty() && last.text.ends_with(if first == b'}' { '{' } else { '[' }));
            if !is_empty {
                out.line();
            }
            out.push("", token);
        }
        b',' => {
            out.push("", token);
            out.line();
        }
        b':' => out.push("", ": "),
        b'"' if after.starts_with(':') => out.push("k", token),
        b'"' => out.push("s", token),
        _ => out.push("n", token),
    }
}

fn token_length(rest: &str, first: u8) -> usize {
    match first {
        b'"' => {
            let mut is_escaped = false;
            let end = rest.bytes().skip(1).position(|byte| {
                let is_end = byte == b'"' && !is_escaped;
                is_escaped = byte == b'\\' && !is_escaped;
                is_end
            });
            end.map_or(rest.len(), |end| end + 2)
        }
        b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
        _ => rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, ',' | '}' | ']')).unwrap_or(rest.len()),
    }
}

/// The stored headers and body.
pub(crate) struct StoredContent {
    pub(crate) headers: Vec<(Vec<Token>, Vec<Token>)>,
    pub(crate) payload: Payload,
    /// The name of the file that the body is downloaded as.
    pub(crate) file: String,
    /// Sends the body to a developer's own machine.
    pub(crate) command: Option<Command>,
}

impl StoredContent {
    /// `headers` are JSON. They are sorted by name, because the order in which they were received is not stored. `id` is that of the
    /// event or request. An incomplete body has no command.
    pub(crate) fn new((headers, body): (&str, &[u8]), gateway: Gateway, id: impl fmt::Display, is_complete: bool) -> Self {
        let mut headers: Vec<(String, String)> = serde_json::from_str(headers).unwrap_or_default();
        headers.sort();
        let marked = |(name, value): &(String, String)| (marked("", name), marked("", value));
        let signature = &gateway.profile().signature;
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let file = format!("{id}.bin");
        let stored = Stored { body, file: &file, content_type: header("content-type"), event_id: header(signature.id_header) };
        let command = (is_complete && !body.is_empty()).then(|| signature.replay_command(&stored)).flatten();
        Self { headers: headers.iter().map(marked).collect(), payload: Payload::new(body), command, file }
    }

    /// True if it contains invisible characters, which are shown by name.
    pub(crate) fn has_unseen(&self) -> bool {
        let is_unseen = |token: &Token| token.class == UNSEEN;
        self.payload.has_unseen || self.headers.iter().any(|(name, value)| name.iter().chain(value).any(is_unseen))
    }

    pub(crate) fn size(&self) -> Text {
        messages::bytes(self.payload.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(tokens: &[Token]) -> String {
        tokens.iter().map(|token| token.text.as_str()).collect()
    }

    fn shown(json: &str) -> String {
        plain(&Payload::new(json.as_bytes()).formatted)
    }

    #[test]
    fn what_cannot_be_seen_is_marked() {
        let payload = Payload::new("{\"note\":\"\u{202e}00.1₹ र्\u{200d}य\"}".as_bytes());
        let marked = [("s", "\""), (UNSEEN, "⟨U+202E⟩"), ("s", "00.1₹ र्\u{200d}य\"")];
        let marked = marked.map(|(class, text)| Token { class, text: text.to_owned() });
        assert!(payload.has_unseen && payload.formatted.windows(3).any(|tokens| tokens == marked));
        assert_eq!(plain(&payload.raw), "{\"note\":\"⟨U+202E⟩00.1₹ र्\u{200d}य\"}");
        let whole = Payload::new(b"{}\r\n");
        assert!(!whole.has_unseen && whole.is_copyable() && !payload.is_copyable());
    }

    #[test]
    fn json_is_indented_and_nothing_else_is_changed() {
        let json = r#" {"b":1.0,"a":[ ],"b":{"q":"a\"}\\","n":1e400},"हि":[true,null]} "#;
        let wanted = "{\n  \"b\": 1.0,\n  \"a\": [],\n  \"b\": {\n    \"q\": \"a\\\"}\\\\\",\n    \"n\": 1e400\n  },\n  \"हि\": [\n    true,\n    null\n  ]\n}";
        assert_eq!(shown(json), wanted);
        let classes: Vec<_> = Payload::new(br#"{"k":"s","n":1}"#).formatted.iter().map(|token| token.class).collect();
        assert_eq!(classes, ["", "k", "", "s", "", "k", "", "n", ""]);
    }

    #[test]
    fn what_is_not_json_or_not_text_is_shown_as_it_is() {
        let payload = Payload::new(b"{\"a\":\xff}");
        assert!(!payload.is_json() && !payload.is_text && !payload.is_copyable());
        assert_eq!(plain(&payload.raw), "{\"a\":\u{fffd}}");
        assert!(!Payload::new("[".repeat(100_000).as_bytes()).is_json());
        assert!(!Payload::new(b"").is_json());
    }

    #[test]
    fn a_long_payload_is_cut_between_characters() {
        let long = format!("{{\"a\":\"{}\"}}", "न".repeat(MAX_SHOWN_BYTES));
        let payload = Payload::new(long.as_bytes());
        let raw = plain(&payload.raw);
        assert!(
            payload.is_truncated
                && payload.is_text
                && !payload.is_copyable()
                && !raw.contains('\u{fffd}')
                && raw.len() <= MAX_SHOWN_BYTES
        );
        assert!(payload.formatted.iter().map(|token| token.text.len()).sum::<usize>() <= MAX_SHOWN_BYTES + 3);
        let wide = Payload::new(format!("[{}1]", "1,".repeat(40_000)).as_bytes());
        assert!(wide.is_truncated);
    }

    proptest! {
        #[test]
        fn any_octets_can_be_shown(body in prop::collection::vec(any::<u8>(), 0..300)) {
            Payload::new(&body);
        }
    }
}
