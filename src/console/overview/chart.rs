//! Geometry of the bar chart with one bar per day, and the period before as a line, in an SVG box that the page scales.

use jiff::civil::Date;

use crate::primitives::money::{Currency, Money};

/// Width of a day and height of the box, in SVG units.
const DAY: u32 = 10;
const HEIGHT: f64 = 100.0;
/// Number of intervals between grid lines.
const STEPS: i64 = 4;
/// Longest period, in days, with a label for every day, and the number of labels of longer periods: more do not fit on a
/// phone.
const MAX_FULLY_LABELLED_DAYS: usize = 15;
const MAX_LABELS: usize = 4;

/// A bar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bar {
    pub(crate) day: Date,
    pub(crate) money: Money,
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) height: String,
    /// True for the last day, which is not over yet.
    pub(crate) is_today: bool,
    /// The label of the bar on the axis, if it has one.
    pub(crate) tick: Tick,
    /// The day of the period before, and its amount.
    pub(crate) before: Option<(Date, Money)>,
}

/// What the axis says of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tick {
    Nothing,
    /// The day of the month alone.
    Day,
    /// The day with its month: the first one, and where the month changes.
    Month,
}

/// The bars with their scale.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chart {
    pub(crate) bars: Vec<Bar>,
    /// The period before as the points of a polyline; empty without one.
    pub(crate) before: String,
    pub(crate) width: u32,
    /// Labels of the grid lines in whole currency units, top to bottom.
    pub(crate) labels: Vec<i64>,
    pub(crate) currency: Currency,
}

impl Chart {
    /// `before` has the same number of days, or none.
    pub(crate) fn of(daily: &[(Date, Money)], before: &[(Date, Money)]) -> Self {
        let currency = daily.first().map_or(Currency::INR, |(_, money)| money.currency);
        let unit = 10i64.pow(currency.exponent());
        let most = daily.iter().chain(before).map(|(_, money)| money.subunits).max().unwrap_or_default();
        let top = top((most / unit).saturating_add(i64::from(most % unit > 0)));
        let every = if daily.len() > MAX_FULLY_LABELLED_DAYS { daily.len().div_ceil(MAX_LABELS) } else { 1 };
        let height = |money: Money| share(money.subunits, top.saturating_mul(unit)) * HEIGHT;
        let tick = |index: usize, day: Date| match daily.len() - 1 - index {
            from_end if every > 1 && !from_end.is_multiple_of(every) => Tick::Nothing,
            _ if every > 1 || index == 0 || day.day() == 1 => Tick::Month,
            _ => Tick::Day,
        };
        let bar = |(index, (day, money)): (usize, &(Date, Money))| {
            let height = height(*money);
            Bar {
                day: *day,
                money: *money,
                x: format!("{}.5", u32::try_from(index).unwrap_or_default() * DAY + 1),
                y: format!("{:.1}", HEIGHT - height),
                height: format!("{height:.1}"),
                is_today: index + 1 == daily.len(),
                tick: tick(index, *day),
                before: before.get(index).copied(),
            }
        };
        let step = |(index, (_, money)): (usize, &(Date, Money))| {
            let (from, y) = (u32::try_from(index).unwrap_or_default() * DAY, HEIGHT - height(*money));
            format!("{from},{y:.1} {},{y:.1}", from + DAY)
        };
        Self {
            bars: daily.iter().enumerate().map(bar).collect(),
            before: before.iter().enumerate().map(step).collect::<Vec<_>>().join(" "),
            width: u32::try_from(daily.len()).unwrap_or_default().max(1) * DAY,
            labels: (0..=STEPS).rev().map(|step| top / STEPS * step).collect(),
            currency,
        }
    }
}

/// Returns the next round number whose quarters are integers: 4, 8, 12, 20, 40, 80, 120, 200 …
fn top(most: i64) -> i64 {
    let mut scale = 4i64;
    loop {
        for factor in [1, 2, 3, 5] {
            let round = scale.saturating_mul(factor);
            if round >= most || round == i64::MAX {
                return round;
            }
        }
        scale = scale.saturating_mul(10);
    }
}

/// Returns the ratio of a part to the whole, between 0 and 1.
#[expect(clippy::cast_precision_loss, reason = "a bar is some hundred pixels high")]
pub(crate) fn share(part: i64, whole: i64) -> f64 {
    if whole <= 0 { 0.0 } else { (part as f64 / whole as f64).clamp(0.0, 1.0) }
}

/// Returns the ratio of each part to their sum, in tenths of a percent that add up to 100 %: what rounding down leaves goes to
/// the largest remainders.
pub(crate) fn tenths(parts: &[i64]) -> Vec<i64> {
    let whole: i128 = parts.iter().map(|part| i128::from(*part)).sum();
    if whole <= 0 {
        return vec![0; parts.len()];
    }
    let scaled: Vec<i128> = parts.iter().map(|part| i128::from(*part) * 1000).collect();
    let mut tenths: Vec<i64> = scaled.iter().map(|part| i64::try_from(part / whole).unwrap_or_default()).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(scaled[*at] % whole));
    let left = usize::try_from(1000 - tenths.iter().sum::<i64>()).unwrap_or_default();
    for at in order.into_iter().take(left) {
        tenths[at] += 1;
    }
    tenths
}

/// Formats tenths of a percent.
pub(crate) fn percent(tenths: i64) -> String {
    format!("{}.{}\u{a0}%", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn bars_stand_on_the_ground_and_stay_in_the_box() {
        let daily: Vec<_> = [2_148_000, 0, 3_694_000]
            .iter()
            .zip(1..)
            .map(|(amount, day)| (date(2026, 11, day), Money::new(*amount, Currency::INR)))
            .collect();
        let chart = Chart::of(&daily, &[]);
        assert_eq!((chart.width, chart.labels.as_slice()), (30, [40_000, 30_000, 20_000, 10_000, 0].as_slice()));
        let boxes: Vec<_> = chart.bars.iter().map(|bar| (bar.x.as_str(), bar.y.as_str(), bar.height.as_str())).collect();
        assert_eq!(boxes, [("1.5", "46.3", "53.7"), ("11.5", "100.0", "0.0"), ("21.5", "7.7", "92.3")]);
        assert_eq!(chart.bars.iter().map(|bar| bar.is_today).collect::<Vec<_>>(), [false, false, true]);
        assert!(chart.before.is_empty() && chart.bars[0].before.is_none());
    }

    #[test]
    fn the_period_before_has_the_same_scale_and_a_step_for_each_day() {
        let of = |month, amounts: [i64; 2]| -> Vec<(Date, Money)> {
            amounts
                .iter()
                .zip(1..)
                .map(|(rupees, day)| (date(2026, month, day), Money::new(rupees * 100, Currency::INR)))
                .collect()
        };
        let chart = Chart::of(&of(11, [20, 10]), &of(10, [0, 40]));
        assert_eq!((chart.labels[0], chart.before.as_str()), (40, "0,100.0 10,100.0 10,0.0 20,0.0"));
        assert_eq!(chart.bars[1].before, Some((date(2026, 10, 2), Money::new(4_000, Currency::INR))));
    }

    #[test]
    fn the_month_is_named_first_and_where_it_changes() {
        use Tick::{Day, Month, Nothing};
        let ticks = |first: Date, count| -> Vec<Tick> {
            let days: Vec<_> =
                first.series(jiff::ToSpan::day(1)).take(count).map(|day| (day, Money::new(0, Currency::INR))).collect();
            Chart::of(&days, &[]).bars.iter().map(|bar| bar.tick).collect()
        };
        assert_eq!(ticks(date(2026, 11, 28), 5), [Month, Day, Day, Month, Day]);
        let many = ticks(date(2026, 11, 2), 30);
        assert_eq!((many.last(), many.iter().filter(|tick| **tick == Nothing).count()), (Some(&Month), 26));
        assert!(!many.contains(&Day));
    }

    #[test]
    fn the_scale_is_round_whatever_the_amounts() {
        assert_eq!([0, 4, 5, 13, 21, 36_940, 999_999].map(top), [4, 4, 8, 20, 40, 40_000, 1_200_000]);
        assert!(top(i64::MAX) > 0);
        assert_eq!(Chart::of(&[], &[]).labels, [4, 3, 2, 1, 0]);
        let days: Vec<_> = date(2026, 8, 25)
            .series(jiff::ToSpan::day(1))
            .take(90)
            .map(|day| (day, Money::new(i64::MAX, Currency::INR)))
            .collect();
        let labelled = Chart::of(&days, &days).bars.iter().filter(|bar| bar.tick != Tick::Nothing).count();
        assert!(labelled <= MAX_LABELS);
    }

    #[test]
    fn a_share_is_never_more_than_all() {
        assert_eq!((share(1, 0), share(9, 3)), (0.0, 1.0));
    }

    #[test]
    fn the_percentages_of_a_list_add_up() {
        assert_eq!(tenths(&[511, 31]), [943, 57]);
        assert_eq!(tenths(&[1, 1, 1]), [334, 333, 333]);
        assert_eq!(tenths(&[5, 0, 2, 0]), [714, 0, 286, 0]);
        assert_eq!((tenths(&[0, 0]), tenths(&[])), (vec![0, 0], vec![]));
        for parts in [[1, 5, 7, 3], [999, 1, 1, 1], [17, 17, 17, 6], [i64::MAX / 4, 1, 2, 3]] {
            assert_eq!(tenths(&parts).iter().sum::<i64>(), 1000, "{parts:?}");
        }
        assert_eq!([0, 7, 943, 1000].map(percent), ["0.0\u{a0}%", "0.7\u{a0}%", "94.3\u{a0}%", "100.0\u{a0}%"]);
    }
}
