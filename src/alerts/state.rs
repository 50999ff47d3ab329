//! What becomes of an alert as its problem comes and goes, and which message is due.
//!
//! Invariant: pure. A problem that returns within half an hour continues its alert, without a new message for an hour; besides its end, an
//! alert is reported at most once an hour.

use std::time::Duration;

use super::{Alert, Condition, Event, Kind, Rule, Step, Update, schedule::Schedule};
use crate::gateways::Mode;
use crate::primitives::{
    id::{AlertId, AppId, CompanyId},
    time::Timestamp,
    zone::Zone,
};

/// A problem that returns sooner continues its alert.
pub(crate) const REOPEN_WITHIN: Duration = Duration::from_mins(30);
/// The minimum time between two messages of an alert, besides that of its end.
pub(crate) const MIN_PAUSE: Duration = Duration::from_hours(1);
/// The time after which recipients are reminded.
pub(crate) const REMIND_AFTER: Duration = Duration::from_hours(6);
/// How long the end of a problem waits for someone who can be notified.
const MAX_UNREPORTED: Duration = Duration::from_hours(24);
/// If the gateway disables a webhook sooner, its alerts are not delayed by quiet hours.
const URGENT: Duration = Duration::from_hours(2);
/// The maximum number of steps that are stored; of further ones the count and the times are.
const MAX_UPDATES: usize = 50;

impl Alert {
    /// Creates the alert of a problem.
    pub(crate) fn open(
        (id, company_id, app_id): (AlertId, CompanyId, AppId),
        mode: Mode,
        seen: &Condition,
        now: Timestamp,
    ) -> Self {
        let mut alert = Self {
            id,
            company_id,
            app_id,
            mode,
            kind: seen.kind,
            object: seen.object.clone(),
            since: seen.since,
            opened_at: now,
            count: seen.count,
            stage: seen.stage,
            detail: seen.detail.clone(),
            is_notified: false,
            last_message_at: None,
            acknowledged_by: None,
            acknowledged_at: None,
            resolved_at: None,
            updates: Vec::new(),
            revision: 0,
        };
        alert.add(Step::Opened, now);
        alert
    }

    /// True if a problem of its object that is seen now continues it.
    pub(crate) fn continues(&self, now: Timestamp) -> bool {
        self.resolved_at.is_none_or(|at| now.since(at) < REOPEN_WITHIN)
    }

    /// Applies what is seen of its problem; nothing if the problem is over, by itself if `has_recovered`.
    pub(crate) fn observe(&mut self, seen: Option<&Condition>, has_recovered: bool, now: Timestamp) {
        match seen {
            Some(seen) => self.update(seen, now),
            None if self.is_open() => self.end(has_recovered, now),
            None => {}
        }
    }

    fn update(&mut self, seen: &Condition, now: Timestamp) {
        (self.count, self.detail) = (seen.count, seen.detail.clone());
        if self.resolved_at.take().is_some() {
            // It was acknowledged before its end; that it is back is news.
            (self.acknowledged_by, self.acknowledged_at) = (None, None);
            self.stage = seen.stage;
            self.add(Step::Reopened, now);
        } else if seen.stage > self.stage {
            self.is_notified = false;
            self.add(Step::Nearer, now);
        }
        self.stage = self.stage.max(seen.stage);
    }

    fn end(&mut self, has_recovered: bool, now: Timestamp) {
        self.resolved_at = Some(now);
        self.is_notified &= has_recovered && self.kind.reports_end();
        self.add(if has_recovered { Step::Resolved } else { Step::Closed }, now);
    }

    fn add(&mut self, step: Step, at: Timestamp) {
        if self.updates.len() < MAX_UPDATES {
            self.updates.push(Update { at, step, count: self.count });
        } else if let Some(last) = self.updates.last_mut() {
            *last = Update { at, step, count: self.count };
        }
    }

    /// Closes an alert that is over without a message, if none will be sent: its kind is off, or there is no one to notify for
    /// [`MAX_UNREPORTED`]. Else it would stay active for good.
    pub(crate) fn close_unreported(&mut self, (is_on, has_recipient): (bool, bool), now: Timestamp) {
        let Some(at) = self.resolved_at else { return };
        if !is_on || (!has_recipient && now.since(at) >= MAX_UNREPORTED) {
            self.is_notified = false;
        }
    }

    /// Returns the message that is due now.
    pub(crate) fn message_due(&self, rule: &Rule, (schedule, zone): (&Schedule, Zone), now: Timestamp) -> Option<Event> {
        let event = self.event(now)?;
        let is_muted = schedule.is_muted(now) && !self.kind.is_never_muted();
        let is_delayed = schedule.is_quiet(zone, now) && !self.is_urgent(now);
        (rule.is_on && !is_muted && !is_delayed).then_some(event)
    }

    fn event(&self, now: Timestamp) -> Option<Event> {
        let has_passed = |pause| self.last_message_at.is_none_or(|at| now.since(at) >= pause || at > now);
        match (self.is_open(), self.is_notified) {
            (false, true) => Some(Event::Resolved),
            (false, false) => None,
            (true, false) if !has_passed(MIN_PAUSE) => None,
            (true, false) if self.stage > 0 => Some(Event::Nearer),
            (true, false) => self.acknowledged_at.is_none().then_some(Event::Problem),
            (true, true) => {
                let is_due = self.kind.repeats() && self.acknowledged_at.is_none() && has_passed(REMIND_AFTER);
                is_due.then_some(Event::Reminder)
            }
        }
    }

    /// True if quiet hours do not delay it: a deadline of a dispute, or a webhook that the gateway is about to disable.
    fn is_urgent(&self, now: Timestamp) -> bool {
        let is_webhook = matches!(self.kind, Kind::WebhookFailing | Kind::WebhookDisabling);
        let is_near = self.detail.due_at().is_some_and(|at| at.since(now) < URGENT);
        self.kind.is_never_muted() || (self.is_open() && is_webhook && is_near)
    }

    /// Notes that a message was queued.
    pub(crate) fn note_sent(&mut self, event: Event, now: Timestamp) {
        self.is_notified = event != Event::Resolved;
        self.last_message_at = Some(now);
    }
}
