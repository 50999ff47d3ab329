//! The form of a replay of a time range, and its validation.
//!
//! Invariant: times are those of the app's zone, and none is after now.

use std::time::Duration;

use jiff::civil::DateTime;
use serde::Deserialize;

use crate::{
    console::http::form::FieldErrors,
    i18n::code,
    messages::text::destinations as t,
    primitives::{time::Timestamp, zone::Zone},
    replays::{Range, Scope},
};

/// How browsers send a day and a time of day.
const FORMAT: &str = "%Y-%m-%dT%H:%M";
/// The beginning of the range that the form proposes.
const USUAL: Duration = Duration::from_hours(24);

/// The form as submitted.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ReplayForm {
    pub(crate) since: String,
    pub(crate) until: String,
    pub(crate) scope: String,
}

impl ReplayForm {
    /// Returns the initial values.
    pub(crate) fn fresh(zone: Zone, now: Timestamp) -> Self {
        let since = zone.zoned(now.minus(USUAL)).strftime(FORMAT).to_string();
        Self { since, until: String::new(), scope: Scope::Failed.as_str().to_owned() }
    }

    /// True if nothing was submitted.
    pub(crate) const fn is_empty(&self) -> bool {
        self.since.is_empty() && self.until.is_empty() && self.scope.is_empty()
    }

    pub(crate) fn is_every(&self) -> bool {
        self.scope == Scope::Every.as_str()
    }

    pub(crate) fn is_failed(&self) -> bool {
        self.scope == Scope::Failed.as_str()
    }

    /// Validates the form.
    pub(crate) fn parse(&self, zone: Zone, now: Timestamp) -> Result<(Scope, Range), FieldErrors> {
        let mut errors = FieldErrors::default();
        let scope = self.scope.parse().ok().filter(|scope| *scope != Scope::Exhausted);
        let since = time_of(&mut errors, "since", &self.since, (zone, now));
        if since.is_none() && errors.is_empty() {
            errors.add("since", "empty", t::enter_since());
        }
        let until = time_of(&mut errors, "until", &self.until, (zone, now));
        if let (Some(since), Some(until)) = (since, until)
            && since >= until
        {
            errors.add("until", "wrong-order", t::until_before_since());
        }
        if scope.is_none() {
            errors.add("scope", "unknown", t::choose_scope());
        }
        let (Some(scope), Some(since), true) = (scope, since, errors.is_empty()) else { return Err(errors) };
        let range = Range::until_now(Some(since), now);
        Ok((scope, until.map_or(range, |until| Range { until, ..range })))
    }
}

/// Parses a day and a time of day; `None` if it is empty or wrong.
pub(super) fn time_of(
    errors: &mut FieldErrors,
    field: &'static str,
    typed: &str,
    (zone, now): (Zone, Timestamp),
) -> Option<Timestamp> {
    let typed = typed.trim();
    if typed.is_empty() {
        return None;
    }
    let Ok(shown) = DateTime::strptime(FORMAT, typed.get(..16).unwrap_or(typed)) else {
        errors.add(field, "not-a-time", t::not_a_time(code("2026-11-22T14:30")));
        return None;
    };
    let at = zone.at(shown);
    if at > now {
        errors.add(field, "after-now", t::after_now());
        return None;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 22 November 2026, 16:00 in India.
    const NOW: Timestamp = Timestamp::from_seconds(1_795_343_400);

    fn read(since: &str, until: &str, scope: &str) -> Result<(Scope, Range), FieldErrors> {
        let form = ReplayForm { since: since.to_owned(), until: until.to_owned(), scope: scope.to_owned() };
        form.parse(Zone::default(), NOW)
    }

    #[test]
    fn times_are_those_of_the_zone_and_the_end_is_not_included() {
        let (scope, range) = read("2026-11-22T15:00", "2026-11-22T16:00", "every").unwrap();
        assert_eq!((scope, range.since, range.until), (Scope::Every, NOW.minus(Duration::from_hours(1)), NOW));
        let (_, to_now) = read("2026-11-22T15:00:30", "", "failed").unwrap();
        assert_eq!(to_now.until.millis(), NOW.millis() + 1);
    }

    #[test]
    fn each_broken_rule_is_said_at_its_field() {
        let broken = |since, until, scope| {
            let errors = read(since, until, scope).unwrap_err();
            ["since", "until", "scope"].map(|field| errors.of(field).map_or("", |error| error.reason))
        };
        assert_eq!(broken("", "", "every"), ["empty", "", ""]);
        assert_eq!(broken("yesterday", "2026-11-22", "every"), ["not-a-time", "not-a-time", ""]);
        assert_eq!(broken("2026-11-22T15:00", "2026-11-22T15:00", "every"), ["", "wrong-order", ""]);
        assert_eq!(broken("2026-11-22T16:01", "2026-11-23T15:00", "every"), ["after-now", "after-now", ""]);
        for scope in ["", "exhausted", "all"] {
            assert_eq!(broken("2026-11-22T15:00", "", scope), ["", "", "unknown"], "{scope}");
        }
        for hostile in ["-9999-01-01T00:00", "99999-01-01T00:00", "2026-02-30T00:00", "2026-11-22T15:00é"] {
            let _ = read(hostile, hostile, "every");
        }
    }
}
