//! The filter of a list by days: a range with a name, or the first and the last day.
//!
//! Invariant: the days are those of the app's zone, none is in the future, and a range has at most [`MAX_DAYS`].

use jiff::civil::Date;

use super::{
    filters::{DateField, DateFields, Filters, Pill, PillBody, PresetLink},
    form::FieldErrors,
};
use crate::{
    i18n::Text,
    messages::{self, text::lists as t},
    primitives::{date_presets::DatePreset, date_range::DateRange},
};

/// The maximum length of a range in days, which limits the daily totals read for its sum: a financial year.
pub(crate) const MAX_DAYS: i32 = 366;

/// The parameters of the filter.
pub(crate) const NAMES: [&str; 3] = ["range", "from", "to"];

/// The filter as received.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DateQuery<'a> {
    pub(crate) range: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
}

/// The days that were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChosenDays {
    pub(crate) days: DateRange,
    pub(crate) preset: Option<DatePreset>,
}

impl ChosenDays {
    pub(crate) fn of_preset(preset: DatePreset, today: Date) -> Self {
        Self { days: preset.range(today), preset: Some(preset) }
    }

    /// Returns its parameters in an address.
    pub(crate) fn pairs(self) -> [(&'static str, String); 3] {
        let (from, to) = match self.preset {
            Some(_) => Default::default(),
            None => (self.days.first.to_string(), self.days.last.to_string()),
        };
        [("range", self.preset.map_or("", DatePreset::as_str).to_owned()), ("from", from), ("to", to)]
    }

    /// Returns its name: that of the range, else the days.
    pub(crate) fn label(self, today: Date) -> Text {
        self.preset.map_or_else(|| messages::days(self.days, today), messages::date_preset)
    }
}

impl DateQuery<'_> {
    /// Returns the chosen days; `None` if none are chosen, or if they are invalid. Two days count more than a name.
    pub(crate) fn read(self, today: Date, errors: &mut FieldErrors) -> Option<ChosenDays> {
        let (from, to) = (self.from.trim(), self.to.trim());
        if from.is_empty() && to.is_empty() {
            let preset = self.range.parse().ok();
            if preset.is_none() && !self.range.is_empty() {
                errors.add("range", "unknown", t::no_range());
            }
            return preset.map(|preset| ChosenDays::of_preset(preset, today));
        }
        let known = errors.len();
        let first = day("from", from, errors);
        let last = day("to", to, errors);
        let days = DateRange { first: first?, last: last? };
        check(days, today, errors);
        (errors.len() == known).then_some(ChosenDays { days, preset: None })
    }

    /// Returns the days that were probably meant, with the label of the link to them: the two exchanged, or the last ones of a
    /// range that is too long.
    fn correction(self, today: Date) -> Option<(DateRange, Text)> {
        let parse = |typed: &str| day("from", typed.trim(), &mut FieldErrors::default());
        let days = DateRange { first: parse(self.from)?, last: parse(self.to)? };
        let is_valid = |days: DateRange| {
            let mut errors = FieldErrors::default();
            check(days, today, &mut errors);
            errors.is_empty()
        };
        let (swapped, shorter) = (DateRange { first: days.last, last: days.first }, DateRange::ending(days.last, MAX_DAYS));
        if is_valid(days) {
            None
        } else if is_valid(swapped) {
            Some((swapped, t::swap_dates()))
        } else {
            (days.first < days.last && is_valid(shorter)).then(|| (shorter, t::show_days(messages::days(shorter, today))))
        }
    }

    /// Returns the list with the corrected days, and the label of the link to it.
    pub(crate) fn corrected(self, filters: &Filters, today: Date) -> Option<(String, Text)> {
        let (days, label) = self.correction(today)?;
        let pairs = ChosenDays { days, preset: None }.pairs();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Some((filters.replaced(&NAMES, &pairs), label))
    }

    /// Returns the pill. `chosen` are the days of the list, also where they are the usual ones.
    pub(crate) fn pill(self, filters: &Filters, chosen: Option<ChosenDays>, today: Date, errors: &FieldErrors) -> Pill {
        let is_wrong = NAMES.iter().any(|name| errors.of(name).is_some());
        let link = |preset: &DatePreset| PresetLink {
            url: filters.replaced(&NAMES, &[("range", preset.as_str())]),
            label: messages::date_preset(*preset),
            is_chosen: chosen.is_some_and(|chosen| !is_wrong && chosen.preset == Some(*preset)),
        };
        let field = |name: &str, typed: &str, day: fn(DateRange) -> Date| DateField {
            value: match chosen {
                Some(chosen) if !is_wrong => day(chosen.days).to_string(),
                _ => typed.to_owned(),
            },
            error: errors.of(name).cloned(),
        };
        let body = PillBody::Dates(DateFields {
            presets: DatePreset::ALL.iter().map(link).collect(),
            range_error: errors.of("range").cloned(),
            from: field("from", self.from, |days| days.first),
            to: field("to", self.to, |days| days.last),
        });
        let label = chosen.filter(|_| !is_wrong).map(|chosen| chosen.label(today));
        Pill { is_wrong, ..Pill::new(filters, ("date", t::date()), &NAMES, label, body) }
    }
}

/// Adds an error for each rule that the days break.
fn check(days: DateRange, today: Date, errors: &mut FieldErrors) {
    let after_today = || t::after_today(messages::date(today, today));
    if days.last > today {
        errors.add("to", "after-today", after_today());
    }
    if days.first > today {
        errors.add("from", "after-today", after_today());
    } else if days.first > days.last {
        errors.add("from", "wrong-order", t::wrong_order());
    } else if days.count() > MAX_DAYS {
        let first = messages::date(DateRange::ending(days.last, MAX_DAYS).first, today);
        errors.add("from", "too-many-days", t::too_many_days(MAX_DAYS, first));
    }
}

fn day(field: &'static str, typed: &str, errors: &mut FieldErrors) -> Option<Date> {
    if typed.is_empty() {
        errors.add(field, "empty", t::day_missing());
        return None;
    }
    let day = Date::strptime("%Y-%m-%d", typed).ok().filter(|_| typed.len() == 10);
    if day.is_none() {
        errors.add(field, "not-a-day", t::no_day());
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 11, 22);

    fn read(range: &str, from: &str, to: &str) -> (Option<ChosenDays>, FieldErrors) {
        let mut errors = FieldErrors::default();
        let chosen = DateQuery { range, from, to }.read(TODAY, &mut errors);
        assert!(chosen.is_none() || errors.is_empty());
        (chosen, errors)
    }

    #[test]
    fn days_that_keep_the_rules_are_chosen_by_name_or_one_by_one() {
        let days = |from, to| read("", from, to).0.unwrap().days;
        assert_eq!(days("2026-11-01", "2026-11-22"), DateRange { first: date(2026, 11, 1), last: TODAY });
        assert_eq!((days("2025-11-22", "2026-11-22").count(), days("2026-11-22", "2026-11-22").count()), (366, 1));
        assert_eq!(read("", "", ""), (None, FieldErrors::default()));
        for preset in DatePreset::ALL {
            let (chosen, _) = read(preset.as_str(), "", " ");
            assert_eq!(chosen, Some(ChosenDays { days: preset.range(TODAY), preset: Some(*preset) }));
            assert_eq!(chosen.unwrap().pairs(), [("range", preset.as_str()), ("from", ""), ("to", "")].map(owned));
        }
        let both = read("today", "2026-11-01", "2026-11-02").0.unwrap();
        assert_eq!(both.pairs(), [("range", ""), ("from", "2026-11-01"), ("to", "2026-11-02")].map(owned));
    }

    fn owned((name, value): (&'static str, &str)) -> (&'static str, String) {
        (name, value.to_owned())
    }

    #[test]
    fn each_broken_rule_is_said_at_its_field() {
        let broken = |from, to| {
            let (chosen, errors) = read("", from, to);
            assert_eq!(chosen, None);
            (errors.of("from").is_some(), errors.of("to").is_some())
        };
        assert_eq!(broken("2026-11-01", ""), (false, true));
        assert_eq!(broken("", "2026-11-01"), (true, false));
        assert_eq!(broken("2026-11-10", "2026-11-09"), (true, false));
        assert_eq!(broken("2025-11-21", "2026-11-22"), (true, false));
        assert_eq!(broken("2026-11-01", "2026-11-23"), (false, true));
        assert_eq!(broken("2026-12-01", "2026-12-02"), (true, true));
        for hostile in ["x", "2026-02-30", "-9999-01-01", "99999-01-01", "2026-11-01T00:00", "0\u{0}"] {
            assert_eq!(broken(hostile, "2026-11-22"), (true, false), "{hostile:?}");
        }
        assert_eq!(broken("0001-01-01", "9999-12-31"), (true, true));
        assert!(read("this_year", "", "").1.of("range").is_some());
    }

    #[test]
    fn wrong_days_are_corrected_where_it_is_clear_what_was_meant() {
        let correction = |from, to| DateQuery { range: "", from, to }.correction(TODAY).map(|(days, _)| (days.first, days.last));
        assert_eq!(correction("2026-11-10", "2026-11-01"), Some((date(2026, 11, 1), date(2026, 11, 10))));
        assert_eq!(correction("2020-01-01", "2026-11-22"), Some((date(2025, 11, 22), TODAY)));
        for (from, to) in [("2026-11-01", "2026-11-10"), ("x", "2026-11-10"), ("2026-12-02", "2026-11-01"), ("", "")] {
            assert_eq!(correction(from, to), None, "{from} {to}");
        }
    }
}
