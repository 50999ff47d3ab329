//! A shell command that sends a stored body to a developer's own machine, signed there.
//!
//! Invariant: the command has neither a secret nor a signature. It computes the signature from `$WEBHOOK_SECRET` where it runs:
//! what was received is never signed here, or anyone could have a body signed by sending it. Whatever was received is a
//! shell word in single quotes, which a shell takes literally.

use super::profile::{KeyForm, Notation, Signature, SignedMessage};
use crate::primitives::invisible_chars::{self, Piece};

/// Where the body is sent; to be edited before the command is run.
const URL: &str = "http://localhost:3000/webhook";
/// The longest body within a command; a longer one is sent from its file.
const MAX_INLINE_BYTES: usize = 64 * 1024;
/// The longest header value within a command.
const MAX_HEADER_CHARS: usize = 256;

/// A stored request, and the name of the file that its body is downloaded as, which needs no quotes.
pub(crate) struct Stored<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) file: &'a str,
    pub(crate) content_type: Option<&'a str>,
    /// The gateway's id of the event, if it is a header.
    pub(crate) event_id: Option<&'a str>,
}

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) text: String,
    /// True if it reads the body from the downloaded file, because a shell or a terminal would change some of its bytes.
    pub(crate) is_from_file: bool,
}

impl Signature {
    /// Returns the command that sends a request as this gateway does; `None` if its signature is not a header.
    pub(crate) fn replay_command(&self, stored: &Stored<'_>) -> Option<Command> {
        if self.headers.is_empty() {
            return None;
        }
        let inline = inline(stored.body);
        let print = if inline.is_some() { "printf %s \"$body\"".to_owned() } else { format!("cat {}", stored.file) };
        let mut lines = vec![format!("url={URL}")];
        lines.extend(inline.map(|text| format!("body={}", quoted(text))));
        let content_type = header_value(stored.content_type).unwrap_or("application/json");
        let mut headers = vec![quoted(&format!("Content-Type: {content_type}"))];
        let event_id = header_value(stored.event_id);
        let message = match self.message {
            SignedMessage::Body => {
                headers.extend(event_id.map(|id| quoted(&format!("{}: {id}", self.id_header))));
                print.clone()
            }
            SignedMessage::IdTimeBody => {
                lines.push(format!("event_id={}", quoted(event_id.unwrap_or("msg_1"))));
                lines.push("seconds=$(date +%s)".to_owned());
                headers.push(format!("\"{}: $event_id\"", self.id_header));
                headers.push(format!("\"{}: $seconds\"", self.time_header));
                format!("{{ printf '%s.%s.' \"$event_id\" \"$seconds\"; {print}; }}")
            }
        };
        lines.extend(self.key_line());
        headers.push(format!("\"{}: {}$({message} | {})\"", self.display_header, self.version(), self.digest()));
        let headers = headers.into_iter().fold(String::new(), |all, header| all + " \\\n  -H " + &header);
        lines.push(match inline {
            // From its input: a body that begins with @ would be the name of a file as an argument.
            Some(_) => format!("{print} | curl \"$url\"{headers} \\\n  --data-binary @-"),
            None => format!("curl \"$url\"{headers} \\\n  --data-binary @{}", stored.file),
        });
        Some(Command { text: lines.join("\n"), is_from_file: inline.is_none() })
    }

    /// Returns the line that decodes the key, if the secret is not the key itself.
    fn key_line(&self) -> Option<String> {
        let encoded = match self.secret_prefix {
            "" => "$WEBHOOK_SECRET".to_owned(),
            prefix => format!("${{WEBHOOK_SECRET#{prefix}}}"),
        };
        match self.key {
            KeyForm::Text => None,
            KeyForm::Base64 => {
                Some(format!("key=$(printf %s \"{encoded}\" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')"))
            }
        }
    }

    /// Returns what stands before the signature.
    const fn version(&self) -> &'static str {
        match self.notation {
            Notation::Hex | Notation::Base64 => "",
            Notation::VersionedBase64 => "v1,",
        }
    }

    /// Returns the command that reads a message and prints its signature.
    fn digest(&self) -> String {
        let key = match self.key {
            KeyForm::Text => "-hmac \"$WEBHOOK_SECRET\"",
            KeyForm::Base64 => "-mac HMAC -macopt \"hexkey:$key\"",
        };
        match self.notation {
            // The name of the digest, which precedes it, differs between versions of OpenSSL.
            Notation::Hex => format!("openssl dgst -sha256 {key} | sed 's/^.* //'"),
            Notation::Base64 | Notation::VersionedBase64 => format!("openssl dgst -sha256 {key} -binary | openssl base64 -A"),
        }
    }
}

/// Returns a body that a command can have literally: text without characters that a terminal acts on, or that are not seen.
fn inline(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= MAX_INLINE_BYTES)?;
    let is_printable = |text: &str| !text.chars().any(|char| char.is_control() && char != '\n');
    let is_seen = || invisible_chars::pieces(text).iter().all(|piece| matches!(piece, Piece::Seen(_)));
    (is_printable(text) && is_seen()).then_some(text)
}

/// Returns a value that can be sent as a header again.
fn header_value(value: Option<&str>) -> Option<&str> {
    let is_plain = |value: &&str| value.len() <= MAX_HEADER_CHARS && value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    value.filter(|value| !value.is_empty()).filter(is_plain)
}

/// Quotes a word for a POSIX shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
