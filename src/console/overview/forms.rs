//! The period in the overview's query.

/// The selectable periods, in days.
pub(crate) const PERIODS: [i32; 5] = [1, 7, 14, 30, 90];
/// The default period, in days.
pub(crate) const DEFAULT_PERIOD: i32 = 14;

/// Parses the requested period: the default if it is empty, `None` if it is not selectable.
pub(crate) fn period(asked: &str) -> Option<i32> {
    if asked.is_empty() { Some(DEFAULT_PERIOD) } else { PERIODS.into_iter().find(|days| days.to_string() == asked) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_one_of_five() {
        assert_eq!((period("1"), period("30"), period("90"), period("")), (Some(1), Some(30), Some(90), Some(DEFAULT_PERIOD)));
        for wrong in ["abc", "0", "31", "-1", "9999999999", " 7", "07"] {
            assert_eq!(period(wrong), None, "{wrong:?}");
        }
    }
}
