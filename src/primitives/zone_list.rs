//! The time zones that forms offer, and those of the countries.

use std::sync::LazyLock;

use super::zone::Zone;

/// A line for each zone of a country: code and name.
const LINES: &str = include_str!("zones.txt");

/// The zone of no country.
const UTC: &str = "UTC";

/// The names that forms offer, in their order.
static OFFERED: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut names: Vec<&str> = of_countries().map(|(_, name)| name).chain([UTC]).collect();
    names.sort_unstable();
    names
});

/// Returns the names that forms offer.
pub(crate) fn offered() -> &'static [&'static str] {
    &OFFERED
}

/// Returns the names that forms offer, with that one if it is another zone's.
pub(crate) fn with(chosen: &str) -> Vec<&str> {
    let is_other = chosen.parse::<Zone>().is_ok() && !offered().contains(&chosen);
    is_other.then_some(chosen).into_iter().chain(offered().iter().copied()).collect()
}

/// Returns the zone of a country (ISO 3166-1 alpha-2) that has only one.
pub(crate) fn only_of_country(code: &str) -> Option<Zone> {
    let mut own = of_countries().filter(|(country, _)| *country == code);
    match (own.next(), own.next()) {
        (Some((_, name)), None) => name.parse().ok(),
        _ => None,
    }
}

fn of_countries() -> impl Iterator<Item = (&'static str, &'static str)> {
    LINES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offered_name_is_a_zone() {
        assert!(offered().len() > 400 && offered().is_sorted());
        for name in offered() {
            assert_eq!(name.parse::<Zone>().map(Zone::name), Ok(*name));
        }
    }

    #[test]
    fn a_zone_that_is_not_offered_stays_chosen() {
        assert_eq!(with("Asia/Calcutta")[0], "Asia/Calcutta");
        for offered_or_none in ["Asia/Kolkata", "", "Asia/Nowhere"] {
            assert_eq!(with(offered_or_none), offered());
        }
    }

    #[test]
    fn a_country_with_several_zones_has_none_of_its_own() {
        let name = |code| only_of_country(code).map(Zone::name);
        assert_eq!((name("IN"), name("NP"), name("AE")), (Some("Asia/Kolkata"), Some("Asia/Kathmandu"), Some("Asia/Dubai")));
        assert_eq!((name("US"), name("AU"), name("ZZ"), name("")), (None, None, None, None));
    }
}
