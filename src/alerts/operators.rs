//! Problems of the whole installation, of which its operators are notified.
//!
//! Invariants: pure. There is one alert for each problem and server, reported once, again once a day while it lasts, and once it is over.
//! A problem that returns is reported at most once an hour, as are alerts of apps. Nothing here is about a company.

use std::time::Duration;

use super::{
    Event,
    state::{MIN_PAUSE, REOPEN_WITHIN},
};
use crate::primitives::{
    text_enum::{text_column, text_enum},
    time::Timestamp,
};

/// The time after which operators are reminded.
pub(crate) const REMIND_OPERATORS_AFTER: Duration = Duration::from_hours(24);

text_enum! {
    /// What is wrong with an installation.
    pub(crate) enum Problem, "a problem of an installation" {
        /// Events cannot be stored.
        Storage = "storage",
        /// The disk of the data directory is filling.
        Disk = "disk",
        /// Deliveries to all destinations are overdue.
        Deliveries = "deliveries",
        Email = "email",
        /// The database is bound to another master key.
        MasterKey = "master_key",
        /// Sealed values cannot be decrypted.
        SealedValues = "sealed_values",
        Clock = "clock",
    }
}
text_column!(Problem, Problem::as_str);

impl Problem {
    /// True if each server of an installation can have it, or not have it.
    pub(crate) const fn is_of_server(self) -> bool {
        !matches!(self, Self::Deliveries | Self::SealedValues)
    }
}

/// A problem, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct OperatorAlert {
    pub(crate) problem: Problem,
    /// The server that has it; empty for a problem of all.
    pub(crate) server: String,
    pub(crate) opened_at: Timestamp,
    /// What was found.
    pub(crate) detail: String,
    /// True if the operators know of the problem, and not yet of its end.
    pub(crate) is_notified: bool,
    pub(crate) last_message_at: Option<Timestamp>,
    pub(crate) resolved_at: Option<Timestamp>,
    pub(super) revision: i64,
}

impl OperatorAlert {
    pub(crate) fn open(problem: Problem, server: &str, detail: &str, now: Timestamp) -> Self {
        Self {
            problem,
            server: server.to_owned(),
            opened_at: now,
            detail: detail.to_owned(),
            is_notified: false,
            last_message_at: None,
            resolved_at: None,
            revision: 0,
        }
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.resolved_at.is_none()
    }

    /// Applies what was found of the problem; `None` if it is over.
    pub(crate) fn observe(&mut self, found: Option<&str>, now: Timestamp) {
        let Some(detail) = found else {
            self.resolved_at = self.resolved_at.or(Some(now));
            return;
        };
        detail.clone_into(&mut self.detail);
        if self.resolved_at.take().is_some_and(|at| now.since(at) >= REOPEN_WITHIN) {
            self.opened_at = now;
        }
    }

    /// Returns the message that is due.
    pub(crate) fn message_due(&self, now: Timestamp) -> Option<Event> {
        let has_passed = |pause| self.last_message_at.is_none_or(|at| now.since(at) >= pause || at > now);
        match (self.is_open(), self.is_notified) {
            (false, true) => Some(Event::Resolved),
            (false, false) => None,
            (true, false) => has_passed(MIN_PAUSE).then_some(Event::Problem),
            (true, true) => has_passed(REMIND_OPERATORS_AFTER).then_some(Event::Reminder),
        }
    }

    /// Notes that a message was queued or sent.
    pub(crate) fn note_sent(&mut self, event: Event, now: Timestamp) {
        self.is_notified = event != Event::Resolved;
        self.last_message_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);

    /// Returns the messages that are sent, with their minutes, if the problem is found at these minutes or not.
    fn sent(found: &[(u64, bool)]) -> Vec<(u64, Event)> {
        let mut alert = OperatorAlert::open(Problem::Disk, "", "1 MiB", NOW);
        let mut sent = Vec::new();
        for (minute, is_found) in found {
            let now = NOW.plus(Duration::from_mins(*minute));
            alert.observe(is_found.then_some("1 MiB"), now);
            if let Some(event) = alert.message_due(now) {
                alert.note_sent(event, now);
                sent.push((*minute, event));
            }
        }
        sent
    }

    #[test]
    fn a_problem_is_reported_once_then_daily_and_when_it_is_over() {
        let found: Vec<(u64, bool)> = (0..=3 * 24 * 60).map(|minute| (minute, minute < 3 * 24 * 60)).collect();
        let day = 24 * 60;
        let expected = [(0, Event::Problem), (day, Event::Reminder), (2 * day, Event::Reminder), (3 * day, Event::Resolved)];
        assert_eq!(sent(&found), expected);
    }

    #[test]
    fn a_problem_that_comes_and_goes_is_reported_at_most_once_an_hour() {
        let found: Vec<(u64, bool)> = (0..120).map(|minute| (minute, minute % 2 == 0)).collect();
        assert_eq!(sent(&found), [(0, Event::Problem), (1, Event::Resolved), (62, Event::Problem), (63, Event::Resolved)]);
    }

    #[test]
    fn what_was_over_before_it_was_reported_is_not_reported() {
        let mut alert = OperatorAlert::open(Problem::Clock, "", "", NOW);
        alert.observe(None, NOW);
        assert_eq!(alert.message_due(NOW), None);
    }

    #[test]
    fn a_problem_that_returns_after_a_while_began_then() {
        let mut alert = OperatorAlert::open(Problem::Disk, "", "a", NOW);
        alert.observe(None, NOW);
        let soon = NOW.plus(Duration::from_mins(29));
        alert.observe(Some("b"), soon);
        assert_eq!((alert.opened_at, alert.detail.as_str()), (NOW, "b"));
        alert.observe(None, soon);
        alert.observe(Some("c"), soon.plus(REOPEN_WITHIN));
        assert_eq!(alert.opened_at, soon.plus(REOPEN_WITHIN));
    }

    #[test]
    fn a_message_in_the_future_was_noted_by_a_wrong_clock_and_delays_nothing() {
        let mut alert = OperatorAlert::open(Problem::Clock, "", "", NOW);
        alert.note_sent(Event::Problem, NOW.plus(Duration::from_hours(9_000)));
        assert_eq!(alert.message_due(NOW), Some(Event::Reminder));
    }
}
