//! The overlap of a rotation: how long the previous secret remains valid. Pure.

use std::{str::FromStr, time::Duration};

/// The longest overlap: until the gateway has stopped retrying and replaying requests signed with the previous secret.
const MAX_OVERLAP: Duration = Duration::from_hours(15 * 24);

/// More than zero and at most 15 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overlap(Duration);

impl Overlap {
    /// The choices on the page, the default first.
    pub(crate) const CHOICES: [Self; 4] = [Self::of_days(1), Self::of_days(3), Self::of_days(7), Self(MAX_OVERLAP)];

    const fn of_days(days: u64) -> Self {
        Self(Duration::from_hours(24 * days))
    }

    pub(crate) const fn duration(self) -> Duration {
        self.0
    }

    /// Returns whole hours, the value in the page's form.
    pub(crate) const fn hours(self) -> u64 {
        self.0.as_secs() / 3600
    }

    /// Returns the one of [`Overlap::CHOICES`] that a form selects; the default if it selects none.
    pub(crate) fn chosen(hours: &str) -> Option<Self> {
        match hours {
            "" => Some(Self::CHOICES[0]),
            hours => Self::CHOICES.into_iter().find(|choice| choice.hours().to_string() == hours),
        }
    }
}

/// Parses hours from the command line; decimals are allowed.
impl FromStr for Overlap {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let hours = text.parse::<f64>().ok().filter(|_| is_number);
        hours
            .and_then(|hours| Duration::try_from_secs_f64(hours * 3600.0).ok())
            .filter(|overlap| *overlap <= MAX_OVERLAP && overlap.as_millis() > 0)
            .map(Self)
            .ok_or("an overlap is more than 0 and at most 360 hours, which are 15 days")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_more_than_none_and_at_most_fifteen_days() {
        let hours = |text: &str| text.parse::<Overlap>().map(Overlap::duration);
        assert_eq!(hours("1"), Ok(Duration::from_hours(1)));
        assert_eq!(hours("0.5"), Ok(Duration::from_mins(30)));
        assert_eq!(hours("360"), Ok(MAX_OVERLAP));
        for wrong in ["", "0", "0.0", "-1", "361", "360.1", "1e2", "inf", "NaN", "24h", " 24", "99999999999999999999"] {
            assert!(hours(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_form_names_a_choice_or_takes_the_usual_one() {
        assert_eq!(Overlap::CHOICES.map(Overlap::hours), [24, 72, 168, 360]);
        assert_eq!(Overlap::chosen(""), Some(Overlap::CHOICES[0]));
        assert_eq!(Overlap::chosen("360"), Some(Overlap(MAX_OVERLAP)));
        assert!(["25", "0", "024", "x"].into_iter().all(|hours| Overlap::chosen(hours).is_none()));
    }
}
