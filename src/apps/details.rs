//! The details of an app as a user enters them, and the rules that they follow, on a page and on the command line alike.

use super::{Details, country};
use crate::primitives::{
    email::{self, EmailFault},
    text_input::{self, Fault},
    zone::Zone,
};

/// Minimum and maximum length of an App Name in characters, as documented by KS Pay.
const NAME_CHARS: (usize, usize) = (3, 256);
/// The maximum lengths of the optional details in characters.
const MAX_ADDRESS_CHARS: usize = 256;
const MAX_PLACE_CHARS: usize = 64;
const MAX_POSTAL_CODE_CHARS: usize = 16;
const MAX_PHONE_CHARS: usize = 24;
/// The country whose numbers may be entered without their code.
const INDIA: &str = "IN";

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

/// A detail of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    Name,
    Email,
    Country,
    TimeZone,
    Address,
    City,
    State,
    PostalCode,
    Phone,
}

impl Detail {
    /// Returns the name of its field in a form. Its option on the command line has the same.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::Country => "country",
            Self::TimeZone => "time_zone",
            Self::Address => "address",
            Self::City => "city",
            Self::State => "state",
            Self::PostalCode => "postal_code",
            Self::Phone => "phone",
        }
    }
}

/// Why a detail is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invalid {
    Line(Fault),
    Email(EmailFault),
    /// It is not one of those that are known: no country, no time zone, no phone number.
    Unknown,
}

/// The validation error of a detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DetailFault {
    pub(crate) field: Detail,
    pub(crate) fault: Invalid,
}

impl From<Fault> for Invalid {
    fn from(fault: Fault) -> Self {
        Self::Line(fault)
    }
}

impl From<EmailFault> for Invalid {
    fn from(fault: EmailFault) -> Self {
        Self::Email(fault)
    }
}

impl EnteredDetails<'_> {
    /// Returns the details in their stored form.
    ///
    /// # Errors
    /// Returns every violated rule, in the order of the fields.
    pub(crate) fn parse(&self) -> Result<Details, Vec<DetailFault>> {
        let mut faults = Vec::new();
        let postal_code = text_input::ascii_digits(self.postal_code);
        let details = Details {
            name: take(&mut faults, Detail::Name, text_input::line(self.name, NAME_CHARS.0, NAME_CHARS.1)),
            email: take(&mut faults, Detail::Email, email::parse(self.email)),
            country: take(&mut faults, Detail::Country, country(self.country)),
            zone: take(&mut faults, Detail::TimeZone, Zone::entered(self.time_zone).map_err(|_| Invalid::Unknown)),
            address: take(&mut faults, Detail::Address, text_input::optional_line(self.address, MAX_ADDRESS_CHARS)),
            city: take(&mut faults, Detail::City, text_input::optional_line(self.city, MAX_PLACE_CHARS)),
            state: take(&mut faults, Detail::State, text_input::optional_line(self.state, MAX_PLACE_CHARS)),
            postal_code: take(&mut faults, Detail::PostalCode, text_input::optional_line(&postal_code, MAX_POSTAL_CODE_CHARS)),
            phone: take(&mut faults, Detail::Phone, phone(self.phone, self.country.trim() == INDIA)),
        };
        if faults.is_empty() { Ok(details) } else { Err(faults) }
    }
}

/// Returns the value; adds the fault of one that is invalid.
fn take<T: Default, F: Into<Invalid>>(faults: &mut Vec<DetailFault>, field: Detail, parsed: Result<T, F>) -> T {
    parsed.unwrap_or_else(|fault| {
        faults.push(DetailFault { field, fault: fault.into() });
        T::default()
    })
}

fn country(raw: &str) -> Result<String, Invalid> {
    let code = raw.trim();
    if country::is_known(code) { Ok(code.to_owned()) } else { Err(Invalid::Unknown) }
}

/// Returns a number with its country code. In India, people write their numbers of ten digits without it.
fn phone(raw: &str, is_in_india: bool) -> Result<Option<String>, Invalid> {
    let Some(number) = text_input::optional_line(&text_input::ascii_digits(raw), MAX_PHONE_CHARS)? else { return Ok(None) };
    let international = number.strip_prefix('+');
    let rest = international.unwrap_or(&number);
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    if digits.starts_with('0') || !rest.chars().all(|character| character.is_ascii_digit() || " -().".contains(character)) {
        return Err(Invalid::Unknown);
    }
    match (international, digits.len()) {
        (Some(_), 6..=15) => Ok(Some(number)),
        (None, 10) if is_in_india => Ok(Some(format!("+91 {} {}", &digits[..5], &digits[5..]))),
        _ => Err(Invalid::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED_ONLY: EnteredDetails<'_> = EnteredDetails {
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
            (Detail::Name, Fault::ShorterThan(3).into()),
            (Detail::Email, EmailFault::NotAnAddress.into()),
            (Detail::Country, Invalid::Unknown),
            (Detail::TimeZone, Invalid::Unknown),
            (Detail::Address, Fault::LongerThan(256).into()),
            (Detail::City, Fault::LongerThan(64).into()),
            (Detail::State, Fault::LongerThan(64).into()),
            (Detail::PostalCode, Fault::LongerThan(16).into()),
            (Detail::Phone, Invalid::Unknown),
        ];
        assert_eq!(entered.parse().unwrap_err(), expected.map(|(field, fault)| DetailFault { field, fault }));
        let phone = EnteredDetails { phone: &long, ..REQUIRED_ONLY };
        let too_long = DetailFault { field: Detail::Phone, fault: Fault::LongerThan(24).into() };
        assert_eq!(phone.parse().unwrap_err(), [too_long]);
    }

    #[test]
    fn three_details_are_enough() {
        let details = REQUIRED_ONLY.parse().unwrap();
        assert_eq!((details.email.as_str(), details.country.as_str()), ("shop@neemtree.example", "IN"));
        assert_eq!((details.city, details.zone), (None, None));
    }

    #[test]
    fn a_phone_number_has_a_country_code_except_in_india() {
        let stored = |phone: &str, country: &str| {
            let parsed = EnteredDetails { country, phone, ..REQUIRED_ONLY }.parse();
            parsed.map(|details| details.phone.unwrap_or_default())
        };
        for (typed, number) in [
            ("", ""),
            ("9876543210", "+91 98765 43210"),
            (" (98765) 432-10 ", "+91 98765 43210"),
            ("+91 98765 43210", "+91 98765 43210"),
            ("+971 50 123 4567", "+971 50 123 4567"),
        ] {
            assert_eq!(stored(typed, " IN ").unwrap(), number, "{typed}");
        }
        for wrong in ["098765 43210", "919876543210", "98765", "+", "+0 98765 43210", "98765+43210", "++91 98765 43210"] {
            assert_eq!(
                stored(wrong, "IN").unwrap_err(),
                [DetailFault { field: Detail::Phone, fault: Invalid::Unknown }],
                "{wrong}"
            );
        }
        assert!(stored("9876543210", "AE").is_err() && stored("+971501234567", "AE").is_ok());
    }

    #[test]
    fn a_number_may_be_typed_in_the_digits_of_any_script() {
        let details = EnteredDetails {
            phone: "+९१ ९८७६५ ४३२१०", postal_code: "४००००१", ..REQUIRED_ONLY
        }
        .parse()
        .unwrap();
        assert_eq!((details.phone.as_deref(), details.postal_code.as_deref()), (Some("+91 98765 43210"), Some("400001")));
    }
}
