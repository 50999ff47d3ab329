//! The details of an app as a user enters them, and the rules that they follow, on a page and on the command line alike.

use super::{Details, country};
use crate::primitives::{
    email::{self, EmailFault},
    text_input::{self, Fault},
    zone::Zone,
};

/// Minimum and maximum length of an App Name in characters, as documented by KS Pay.
const NAME_CHARS: (usize, usize) = (3, 256);

/// The details of an app as entered. All but name, email and country may be empty.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct EnteredDetails<'a> {
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) country: &'a str,
    pub(crate) time_zone: &'a str,
    pub(crate) address: &'a str,
    pub(crate) city: &'a str,
    pub(crate) state: &'a str,
    pub(crate) postal_code: &'a str,
    pub(crate) phone: &'a str,
}

/// The validation error of a detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DetailFault {
    Name(Fault),
    Email(EmailFault),
    /// No country has this code.
    Country,
    /// No time zone has this name.
    TimeZone,
    Address(Fault),
    City(Fault),
    State(Fault),
    PostalCode(Fault),
    Phone(Fault),
    /// The phone is a line of text, but no number.
    NotAPhoneNumber,
}

impl EnteredDetails<'_> {
    /// Returns the details in their stored form.
    ///
    /// # Errors
    /// Returns every violated rule, in the order of the fields.
    pub(crate) fn parse(&self) -> Result<Details, Vec<DetailFault>> {
        let mut faults = Vec::new();
        let line = |raw, most| text_input::optional_line(raw, most);
        let details = Details {
            name: take(&mut faults, text_input::line(self.name, NAME_CHARS.0, NAME_CHARS.1).map_err(DetailFault::Name)),
            email: take(&mut faults, email::parse(self.email).map_err(DetailFault::Email)),
            country: take(&mut faults, country(self.country)),
            zone: take(&mut faults, zone(self.time_zone)),
            address: take(&mut faults, line(self.address, 256).map_err(DetailFault::Address)),
            city: take(&mut faults, line(self.city, 64).map_err(DetailFault::City)),
            state: take(&mut faults, line(self.state, 64).map_err(DetailFault::State)),
            postal_code: take(
                &mut faults,
                line(&text_input::ascii_digits(self.postal_code), 16).map_err(DetailFault::PostalCode),
            ),
            phone: take(&mut faults, phone(self.phone)),
        };
        if faults.is_empty() { Ok(details) } else { Err(faults) }
    }
}

/// Returns the value; adds the fault of one that is invalid.
fn take<T: Default>(faults: &mut Vec<DetailFault>, parsed: Result<T, DetailFault>) -> T {
    parsed.unwrap_or_else(|fault| {
        faults.push(fault);
        T::default()
    })
}

fn country(raw: &str) -> Result<String, DetailFault> {
    let code = raw.trim();
    if country::is_known(code) { Ok(code.to_owned()) } else { Err(DetailFault::Country) }
}

fn zone(raw: &str) -> Result<Option<Zone>, DetailFault> {
    match raw.trim() {
        "" => Ok(None),
        name => name.parse().map(Some).map_err(|_| DetailFault::TimeZone),
    }
}

fn phone(raw: &str) -> Result<Option<String>, DetailFault> {
    let number = text_input::optional_line(&text_input::ascii_digits(raw), 24).map_err(DetailFault::Phone)?;
    if number.as_deref().is_none_or(is_phone) { Ok(number) } else { Err(DetailFault::NotAPhoneNumber) }
}

/// True for 6 to 15 digits with common separators.
fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (6..=15).contains(&digits) && text.chars().all(|character| character.is_ascii_digit() || "+ -().".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: EnteredDetails<'_> = EnteredDetails {
        name: "नीम का पेड़",
        email: "Shop@Neemtree.Example",
        country: " IN ",
        time_zone: "",
        address: "",
        city: "",
        state: "",
        postal_code: "",
        phone: "",
    };

    #[test]
    fn every_fault_is_returned() {
        let long = "x".repeat(300);
        let entered = EnteredDetails {
            name: "ab",
            email: "nobody",
            country: "in",
            time_zone: "+05:30",
            address: &long,
            city: &long,
            state: &long,
            postal_code: &long,
            phone: "call me",
        };
        let expected = [
            DetailFault::Name(Fault::ShorterThan(3)),
            DetailFault::Email(EmailFault::NotAnAddress),
            DetailFault::Country,
            DetailFault::TimeZone,
            DetailFault::Address(Fault::LongerThan(256)),
            DetailFault::City(Fault::LongerThan(64)),
            DetailFault::State(Fault::LongerThan(64)),
            DetailFault::PostalCode(Fault::LongerThan(16)),
            DetailFault::NotAPhoneNumber,
        ];
        assert_eq!(entered.parse().unwrap_err(), expected);
        let phone = EnteredDetails { phone: &long, ..LEAST };
        assert_eq!(phone.parse().unwrap_err(), [DetailFault::Phone(Fault::LongerThan(24))]);
    }

    #[test]
    fn three_details_are_enough() {
        let details = LEAST.parse().unwrap();
        assert_eq!((details.email.as_str(), details.country.as_str()), ("shop@neemtree.example", "IN"));
        assert_eq!((details.city, details.zone), (None, None));
    }

    #[test]
    fn a_number_may_be_typed_in_the_digits_of_any_script() {
        let details =
            EnteredDetails { phone: "+९१ ९८७६५ ४३२१०", postal_code: "४००००१", ..LEAST }.parse().unwrap();
        assert_eq!((details.phone.as_deref(), details.postal_code.as_deref()), (Some("+91 98765 43210"), Some("400001")));
    }
}
