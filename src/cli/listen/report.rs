//! Prints a line for each event to stdout, and everything else to stderr.

use std::error::Error as _;

use serde_json::json;

use super::local::{Attempt, Outcome};
use crate::{
    cli::{Failure, Io},
    gateways::Mode,
    listening::protocol::ForwardedEvent,
    primitives::secret::Secret,
};

/// The number of characters of a local response that are printed.
const MAX_SHOWN_CHARS: usize = 120;

pub(super) struct Report<'a, 'io> {
    pub(super) io: &'a mut Io<'io>,
    pub(super) is_json: bool,
    /// True while KS Pay cannot be asked for events.
    pub(super) is_disconnected: bool,
}

impl Report<'_, '_> {
    pub(super) fn begin(&mut self, to: &str, mode: Mode, secret: Option<&Secret>, has_keys: bool) -> Result<(), Failure> {
        if let Some(secret) = secret {
            if self.is_json {
                self.io.say(json!({ "secret": secret.expose() }))?;
            } else {
                self.io.say(format_args!("SECRET  {}", secret.expose()))?;
            }
        }
        self.note(&format!("Forwarding events of {} mode to {to}. Press Ctrl-C to end.", mode.label()))?;
        if has_keys && self.io.is_terminal { self.keys() } else { Ok(()) }
    }

    /// Explains the keys.
    pub(super) fn keys(&mut self) -> Result<(), Failure> {
        self.note("Keys, each with Enter: r sends the last event again, f sends all failed events again, q ends.")
    }

    pub(super) fn nothing_to_send(&mut self) -> Result<(), Failure> {
        self.note("There is no event to send again.")
    }

    pub(super) fn disconnected(&mut self, sentence: &str) -> Result<(), Failure> {
        if std::mem::replace(&mut self.is_disconnected, true) {
            return Ok(());
        }
        self.note(&format!("{sentence} Trying again. No event is lost."))
    }

    pub(super) fn connected(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.is_disconnected) { self.note("Connected again.") } else { Ok(()) }
    }

    /// Reports that the local server is not running.
    pub(super) fn waiting(&mut self, event: &ForwardedEvent, attempt: &Attempt) -> Result<(), Failure> {
        let cause = reason(&attempt.outcome).unwrap_or_default();
        self.note(&format!("Cannot connect to the local server: {cause}. Start it: {} and all later events wait.", event.id))
    }

    /// Prints the line of an event.
    pub(super) fn attempt(&mut self, event: &ForwardedEvent, attempt: &Attempt, is_again: bool) -> Result<(), Failure> {
        let millis = attempt.elapsed.as_millis();
        let status = if let Outcome::Responded(status, _) = attempt.outcome { Some(status) } else { None };
        let reason = reason(&attempt.outcome);
        if self.is_json {
            return self.io.say(json!({
                "event": event.id,
                "type": event.event_type,
                "gateway": event.gateway,
                "mode": event.mode,
                "state": event.state,
                "received_at": event.received_at,
                "status": status,
                "error": reason,
                "millis": u64::try_from(millis).unwrap_or(u64::MAX),
                "again": is_again,
            }));
        }
        let result = match (status, reason) {
            (Some(status), None) => format!("{status} in {millis} ms"),
            (Some(status), Some(reason)) => format!("{status} in {millis} ms: {reason}"),
            (None, reason) => reason.unwrap_or_default(),
        };
        let name = event.event_type.as_deref().unwrap_or("unknown type").escape_debug().to_string();
        let again = if is_again { " (again)" } else { "" };
        self.io.say(format_args!("{}  {}  {name}{again}  {result}", event.received_at, event.id))
    }

    pub(super) fn end(&mut self, failed: usize) -> Result<(), Failure> {
        match failed {
            0 => Ok(()),
            count => self.note(&format!("Failed events that were not sent again: {count}. Use --since to send them.")),
        }
    }

    fn note(&mut self, sentence: &str) -> Result<(), Failure> {
        Ok(writeln!(self.io.err, "{sentence}")?)
    }
}

/// Returns why an event was not accepted, in one line.
fn reason(outcome: &Outcome) -> Option<String> {
    let text = match outcome {
        Outcome::Responded(_, body) => body.trim(),
        Outcome::Unreachable(cause) | Outcome::Failed(cause) => cause,
        Outcome::NothingToSend => "not forwarded: the event's body was deleted or is damaged",
    };
    let line = text.lines().next().unwrap_or_default().trim();
    let shown: String = line.chars().take(MAX_SHOWN_CHARS).collect();
    (!shown.is_empty()).then(|| shown.escape_debug().to_string())
}

/// Returns the innermost cause of an error.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text.trim_end_matches('.').to_owned()
}
