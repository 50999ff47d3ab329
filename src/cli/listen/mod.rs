//! `ks-pay listen`: forwards an app's events to a developer's machine.
//!
//! Invariants: the token is never an argument, and leaves the machine over https only. An event is stored as handled only after the local
//! server has responded or failed to respond, so a restart, also after a kill, continues with the first event that was not handled.

mod keys;
mod local;
mod report;
mod server;
mod state;
mod target;

use std::{collections::VecDeque, path::PathBuf, time::Duration};

use futures_util::FutureExt as _;
use zeroize::Zeroizing;

use self::{
    keys::{Key, Keys},
    local::{Attempt, Local},
    report::Report,
    server::{Answer, Console},
    state::StateFile,
};
use super::{Failure, Io};
use crate::{
    deliveries::{destination::EventSelection, signature},
    gateways::Mode,
    listening::protocol::{Batch, Cursor, ForwardedEvent, Poll, Start},
    primitives::{
        secret::Secret,
        time::{Clock, Timestamp},
    },
    server::{Signals, config::Lookup},
    tokens::TokenValue,
};

/// The maximum number of failed events, the newest ones, that a key sends again.
const MAX_FAILED: usize = 100;
/// The longest duration that `--since` accepts.
const MAX_SINCE: Duration = Duration::from_hours(24 * 365);
/// The first and the longest pause while the local server is not running.
const LOCAL_PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

#[derive(clap::Args)]
pub(super) struct Listen {
    /// URL of KS Pay: https, or http on this machine
    #[arg(long, value_name = "URL")]
    url: String,
    /// App id, ap_…
    #[arg(long, value_name = "ID")]
    app: String,
    /// URL on this machine that receives the events
    #[arg(long, value_name = "URL")]
    forward_to: String,
    /// Event types and groups, such as payment.captured,refund.* [default: all]
    #[arg(long, value_name = "EVENTS", default_value = "")]
    events: String,
    /// Start with the events received since then: RFC 3339, or how long ago, such as 30m, 2h or 3d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Sign each event with a secret that is printed, so that this machine never needs the webhook's secret
    #[arg(long)]
    resign: bool,
    /// Forward events of Live mode instead of Test mode
    #[arg(long)]
    live: bool,
    /// Allow --forward-to to name another machine
    #[arg(long)]
    allow_remote: bool,
    /// Print one JSON object per event
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(listen: Listen, variable: Lookup<'_>, io: &mut Io<'_>) -> Result<(), Failure> {
    let clock = Clock::system();
    let selection = EventSelection::parse(&listen.events).map_err(super::destinations::selection_error)?;
    let since = listen.since.as_deref().map(|text| since(text, clock.now())).transpose()?;
    let console = target::console(&listen.url).await?;
    let local = target::local(&listen.forward_to, listen.allow_remote).await?;
    let mode = if listen.live { Mode::Live } else { Mode::Test };
    let file = StateFile::open(&directory(variable)?, &[&listen.url, &listen.app, mode.slug(), &listen.forward_to])?;
    let (token, keys) = credentials(variable, io)?;
    let mut state = file.read()?;
    let secret = if listen.resign { Some(secret(&mut state.secret)) } else { None };
    file.write(&state)?;
    let start = match (since, state.cursor.take()) {
        (Some(since), _) => Start::Since(since.millis()),
        (None, Some(cursor)) => Start::After(cursor),
        (None, None) => Start::Now,
    };
    let poll = Poll { app: listen.app.clone(), mode: mode.slug().to_owned(), events: selection.as_str().to_owned(), start };
    let session = Session {
        console: Console { endpoint: console, token, failures: 0 },
        local: Local { endpoint: local, secret, clock },
        file,
        state,
        poll,
        failed: VecDeque::new(),
        last: None,
        keys,
        signals: Signals::receive()?,
        report: Report { io, is_json: listen.json, is_disconnected: false },
    };
    session.run(&listen.forward_to, mode).await
}

/// Parses `--since`.
fn since(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let usage =
        || Failure::Usage("--since must be a time such as 2026-11-22T09:00:00Z, or a duration such as 30m, 2h or 3d.".to_owned());
    if let Some(at) = Timestamp::parse_rfc3339(text) {
        return Ok(at);
    }
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(usage)?;
    let number: u64 = number.parse().map_err(|_| usage())?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(usage()),
    };
    let duration = number.checked_mul(seconds).map(Duration::from_secs).filter(|duration| *duration <= MAX_SINCE);
    Ok(now.minus(duration.ok_or_else(usage)?))
}

/// Returns the folder in which the user's programs store their state.
fn directory(variable: Lookup<'_>) -> Result<PathBuf, Failure> {
    let absolute = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    let none = || Failure::Failed("There is no folder for the position of ks-pay listen. Set HOME or XDG_STATE_HOME.".to_owned());
    Ok(base.ok_or_else(none)?.join("ks-pay").join("listen"))
}

/// Reads the token. Keys are read from stdin, unless stdin has provided the token and is not a terminal.
fn credentials(variable: Lookup<'_>, io: &mut Io<'_>) -> Result<(TokenValue, Keys), Failure> {
    let set = variable("KS_PAY_TOKEN").filter(|text| !text.is_empty()).map(Zeroizing::new);
    let is_set = set.is_some();
    let text = match set {
        Some(text) => text,
        None => io.secret_line("Token: ")?,
    };
    let token = TokenValue::from_client(text.trim());
    if token.id().is_none() {
        return Err(Failure::Failed("Not a valid token. Create one on the app's settings page, under Tokens.".to_owned()));
    }
    Ok((token, if is_set || io.is_terminal { Keys::of_stdin() } else { Keys::none() }))
}

/// Returns the stored signing secret, or a new one.
fn secret(stored: &mut Option<String>) -> Secret {
    let known = stored.as_deref().and_then(Secret::parse);
    let secret = known.unwrap_or_else(signature::generate);
    *stored = Some(secret.expose().to_owned());
    secret
}

struct Session<'a, 'io> {
    console: Console,
    local: Local,
    file: StateFile,
    state: state::State,
    poll: Poll,
    /// Events whose last attempt failed, oldest first.
    failed: VecDeque<ForwardedEvent>,
    last: Option<ForwardedEvent>,
    keys: Keys,
    signals: Signals,
    report: Report<'a, 'io>,
}

/// What ends or interrupts a wait.
enum Interruption {
    End,
    Key(Key),
}

impl Session<'_, '_> {
    async fn run(mut self, forward_to: &str, mode: Mode) -> Result<(), Failure> {
        self.report.begin(forward_to, mode, self.local.secret.as_ref(), self.keys.are_read())?;
        loop {
            let polled = tokio::select! {
                biased;
                interruption = interruption(&mut self.signals, &mut self.keys) => Err(interruption),
                answer = self.console.poll(&self.poll) => Ok(answer),
            };
            match polled {
                Ok(Answer::Batch(batch)) => {
                    self.report.connected()?;
                    if !self.forward_all(batch).await? {
                        break;
                    }
                }
                Ok(Answer::Refused(sentence)) => return Err(Failure::Failed(sentence)),
                Ok(Answer::Failed { sentence, pause }) => {
                    self.report.disconnected(&sentence)?;
                    if !self.pause(pause).await? {
                        break;
                    }
                }
                Err(Interruption::End) => break,
                Err(Interruption::Key(key)) => self.press(key).await?,
            }
        }
        self.report.end(self.failed.len())
    }

    /// Waits; returns false if the session ends.
    async fn pause(&mut self, pause: Duration) -> Result<bool, Failure> {
        let until = tokio::time::Instant::now() + pause;
        loop {
            let interrupted = tokio::select! {
                interruption = interruption(&mut self.signals, &mut self.keys) => interruption,
                () = tokio::time::sleep_until(until) => return Ok(true),
            };
            match interrupted {
                Interruption::End => return Ok(false),
                Interruption::Key(key) => self.press(key).await?,
            }
        }
    }

    /// Forwards the events of a batch, and stores the position after each one; returns false if the session ends.
    async fn forward_all(&mut self, batch: Batch) -> Result<bool, Failure> {
        let mut handled = batch.from;
        for event in batch.events {
            match interruption(&mut self.signals, &mut self.keys).now_or_never() {
                Some(Interruption::End) => return Ok(false),
                Some(Interruption::Key(key)) => self.press(key).await?,
                None => {}
            }
            if !self.forward(&event).await? {
                return Ok(false);
            }
            handled.seen.push(event.id.clone());
            self.last = Some(event);
            self.remember(handled.clone())?;
        }
        self.remember(batch.cursor)?;
        Ok(true)
    }

    fn remember(&mut self, cursor: Cursor) -> Result<(), Failure> {
        self.poll.start = Start::After(cursor.clone());
        if self.state.cursor.as_ref() != Some(&cursor) {
            self.state.cursor = Some(cursor);
            self.file.write(&self.state)?;
        }
        Ok(())
    }

    /// Forwards a new event, and waits while the local server is not running; returns false if the session ends meanwhile.
    async fn forward(&mut self, event: &ForwardedEvent) -> Result<bool, Failure> {
        let [mut pause, longest] = LOCAL_PAUSES;
        let mut is_waiting = false;
        loop {
            let attempt = self.local.send(event).await;
            if !attempt.is_unreachable() {
                self.report.attempt(event, &attempt, false)?;
                self.note(event, &attempt);
                return Ok(true);
            }
            if !is_waiting {
                self.report.waiting(event, &attempt)?;
                is_waiting = true;
            }
            if !self.pause(pause).await? {
                return Ok(false);
            }
            pause = longest.min(pause * 2);
        }
    }

    fn note(&mut self, event: &ForwardedEvent, attempt: &Attempt) {
        self.failed.retain(|failed| failed.id != event.id);
        if attempt.is_failure() {
            self.failed.push_back(event.clone());
            if self.failed.len() > MAX_FAILED {
                self.failed.pop_front();
            }
        }
    }

    /// Performs the action of a key; the key that ends the session is an interruption.
    async fn press(&mut self, key: Key) -> Result<(), Failure> {
        let again: Vec<ForwardedEvent> = match key {
            Key::Last => self.last.iter().cloned().collect(),
            Key::Failed => self.failed.iter().cloned().collect(),
            Key::End | Key::Unknown => return self.report.keys(),
        };
        if again.is_empty() {
            return self.report.nothing_to_send();
        }
        for event in again {
            let attempt = self.local.send(&event).await;
            self.report.attempt(&event, &attempt, true)?;
            self.note(&event, &attempt);
        }
        Ok(())
    }
}

/// Waits for a signal or a key.
async fn interruption(signals: &mut Signals, keys: &mut Keys) -> Interruption {
    tokio::select! {
        biased;
        () = signals.next() => Interruption::End,
        key = keys.next() => if key == Key::End { Interruption::End } else { Interruption::Key(key) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_time_or_a_duration() {
        let now = Timestamp::from_seconds(1_795_343_403);
        let seconds = |text| since(text, now).ok().map(|at| now.seconds() - at.seconds());
        assert_eq!(
            (seconds("90s"), seconds("30m"), seconds("2h"), seconds("3d")),
            (Some(90), Some(1800), Some(7200), Some(259_200))
        );
        assert_eq!(seconds("2026-11-22T10:30:00Z"), Some(3));
        assert_eq!(seconds("2026-11-22T16:00:00+05:30"), Some(3));
        for wrong in ["", "h", "2", "2w", "-2h", "yesterday", "2026-11-22", "400d", "99999999999999999999h", "2é"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
