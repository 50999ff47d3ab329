//! The keys that are typed while events are forwarded, each on a line.

use std::io::BufRead as _;

use tokio::sync::mpsc::{Receiver, channel};

/// The action that a line selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// Send the last event again.
    Last,
    /// Send all failed events again.
    Failed,
    End,
    /// Another line: the keys are explained.
    Unknown,
}

impl Key {
    fn parse(line: &str) -> Self {
        match line.trim() {
            "r" => Self::Last,
            "f" => Self::Failed,
            "q" => Self::End,
            _ => Self::Unknown,
        }
    }
}

/// The keys that are typed.
pub(super) struct Keys(Option<Receiver<Key>>);

impl Keys {
    /// Reads stdin on a thread of its own, which blocks until a line is typed and ends with the process.
    pub(super) fn of_stdin() -> Self {
        let (sender, receiver) = channel(1);
        let lines = move || {
            let lines = std::io::stdin().lock().lines();
            lines.map_while(Result::ok).try_for_each(|line| sender.blocking_send(Key::parse(&line)))
        };
        let started = std::thread::Builder::new().name("keys".to_owned()).spawn(lines);
        Self(started.is_ok().then_some(receiver))
    }

    /// No keys.
    pub(super) const fn none() -> Self {
        Self(None)
    }

    pub(super) const fn are_read(&self) -> bool {
        self.0.is_some()
    }

    /// Waits for the next key; forever if stdin has ended.
    pub(super) async fn next(&mut self) -> Key {
        if let Some(receiver) = &mut self.0 {
            if let Some(key) = receiver.recv().await {
                return key;
            }
            self.0 = None;
        }
        std::future::pending().await
    }
}
