//! The ranges of days that a list offers by name, relative to today.
//!
//! Invariant: no range ends after today, and none is longer than a year.

use jiff::civil::{Date, date};

use super::{date_range::DateRange, text_enum::text_enum};

/// The month in which a financial year begins in India.
const FINANCIAL_YEAR_BEGINS_IN: i8 = 4;

text_enum! {
    /// A range of days with a name, in the order of the filter.
    pub(crate) enum DatePreset, "a range of days" {
        Today = "today",
        Yesterday = "yesterday",
        Last7Days = "last_7_days",
        Last30Days = "last_30_days",
        ThisMonth = "this_month",
        LastMonth = "last_month",
        ThisQuarter = "this_quarter",
        ThisFinancialYear = "this_financial_year",
    }
}

impl DatePreset {
    /// Returns the days of the range; those up to today, if it has not ended.
    pub(crate) fn range(self, today: Date) -> DateRange {
        let until_today = |first| DateRange { first, last: today };
        match self {
            Self::Today => until_today(today),
            Self::Yesterday => DateRange::ending(before(today), 1),
            Self::Last7Days => DateRange::ending(today, 7),
            Self::Last30Days => DateRange::ending(today, 30),
            Self::ThisMonth => until_today(today.first_of_month()),
            Self::LastMonth => {
                let last = before(today.first_of_month());
                DateRange { first: last.first_of_month(), last }
            }
            Self::ThisQuarter => until_today(date(today.year(), (today.month() - 1) / 3 * 3 + 1, 1)),
            Self::ThisFinancialYear => {
                let is_begun = today.month() >= FINANCIAL_YEAR_BEGINS_IN;
                let year = if is_begun { today.year() } else { today.year() - 1 };
                until_today(date(year, FINANCIAL_YEAR_BEGINS_IN, 1))
            }
        }
    }
}

/// Returns the day before; the first day of the calendar has none.
fn before(day: Date) -> Date {
    day.yesterday().unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(preset: DatePreset, today: Date) -> (Date, Date) {
        let days = preset.range(today);
        (days.first, days.last)
    }

    #[test]
    fn each_range_has_the_days_that_its_name_says() {
        let today = date(2026, 11, 29);
        for (preset, first, last) in [
            (DatePreset::Today, today, today),
            (DatePreset::Yesterday, date(2026, 11, 28), date(2026, 11, 28)),
            (DatePreset::Last7Days, date(2026, 11, 23), today),
            (DatePreset::Last30Days, date(2026, 10, 31), today),
            (DatePreset::ThisMonth, date(2026, 11, 1), today),
            (DatePreset::LastMonth, date(2026, 10, 1), date(2026, 10, 31)),
            (DatePreset::ThisQuarter, date(2026, 10, 1), today),
            (DatePreset::ThisFinancialYear, date(2026, 4, 1), today),
        ] {
            assert_eq!(range(preset, today), (first, last), "{preset}");
        }
    }

    #[test]
    fn months_quarters_and_financial_years_begin_anew_on_their_first_day() {
        use DatePreset::{LastMonth, ThisFinancialYear, ThisMonth, ThisQuarter, Yesterday};
        let (new_year, end_of_march, april) = (date(2027, 1, 1), date(2028, 3, 31), date(2028, 4, 1));
        assert_eq!(range(Yesterday, new_year), (date(2026, 12, 31), date(2026, 12, 31)));
        assert_eq!(range(LastMonth, new_year), (date(2026, 12, 1), date(2026, 12, 31)));
        assert_eq!(range(LastMonth, date(2028, 3, 5)), (date(2028, 2, 1), date(2028, 2, 29)), "a leap year");
        assert_eq!((range(ThisMonth, new_year), range(ThisQuarter, new_year)), ((new_year, new_year), (new_year, new_year)));
        assert_eq!(range(ThisFinancialYear, new_year), (date(2026, 4, 1), new_year));
        assert_eq!(range(ThisFinancialYear, end_of_march), (date(2027, 4, 1), end_of_march));
        assert_eq!((range(ThisFinancialYear, april), range(ThisQuarter, april)), ((april, april), (april, april)));
        for (month, first) in [(1, 1), (3, 1), (4, 4), (6, 4), (9, 7), (10, 10), (12, 10)] {
            assert_eq!(range(ThisQuarter, date(2026, month, 15)).0, date(2026, first, 1));
        }
    }

    #[test]
    fn no_range_ends_after_today_or_is_longer_than_a_year() {
        for today in date(2024, 1, 1).series(jiff::ToSpan::days(1)).take(5 * 366) {
            for preset in DatePreset::ALL {
                let days = preset.range(today);
                assert!(days.first <= days.last && days.last <= today && days.count() <= 366, "{preset} on {today}: {days:?}");
            }
        }
    }
}
