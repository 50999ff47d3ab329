//! The forms that register, edit, enable and disable an app.

use serde::Deserialize;

use crate::{
    apps::{Details, country},
    console::http::form::FieldErrors,
    messages::text::forms as t,
    primitives::{email, text_input},
    urls,
};

/// Minimum and maximum length of an App Name in characters, as documented by KS Pay.
const NAME: (usize, usize) = (3, 256);

/// The form of an app.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AppForm {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) country: String,
    pub(crate) address: String,
    pub(crate) phone: String,
    pub(crate) state: String,
    pub(crate) city: String,
    pub(crate) postal_code: String,
    pub(crate) time_zone: String,
    /// `yes` once the user has confirmed the change of the time zone.
    pub(crate) confirm: String,
}

impl AppForm {
    /// Returns the initial values for registering an app: most shops are in India.
    pub(crate) fn fresh() -> Self {
        Self { country: "IN".to_owned(), ..Self::default() }
    }

    /// Returns the initial values for editing an app.
    pub(crate) fn of(app: &crate::apps::App) -> Self {
        let or_empty = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            name: app.name.clone(),
            email: app.email.clone(),
            country: app.country.clone(),
            address: or_empty(&app.address),
            phone: or_empty(&app.phone),
            state: or_empty(&app.state),
            city: or_empty(&app.city),
            postal_code: or_empty(&app.postal_code),
            time_zone: app.next_zone.unwrap_or(app.zone).name().to_owned(),
            confirm: String::new(),
        }
    }

    /// Returns the fields that are posted again when the change of the time zone is confirmed.
    pub(crate) fn fields(&self) -> [(&'static str, &str); 9] {
        [
            ("name", &self.name),
            ("email", &self.email),
            ("country", &self.country),
            ("address", &self.address),
            ("phone", &self.phone),
            ("state", &self.state),
            ("city", &self.city),
            ("postal_code", &self.postal_code),
            ("time_zone", &self.time_zone),
        ]
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        self.confirm == "yes"
    }

    /// Validates the form; returns the errors by field.
    pub(crate) fn parse(&self) -> Result<Details, FieldErrors> {
        let mut errors = FieldErrors::default();
        let details = Details {
            name: errors.take("name", t::enter_app_name(), text_input::line(&self.name, NAME.0, NAME.1)),
            email: errors.take_email("email", email::parse(&self.email)),
            country: self.country.trim().to_owned(),
            address: errors.take_optional("address", text_input::optional_line(&self.address, 256)),
            phone: errors.take_optional("phone", text_input::optional_line(&text_input::ascii_digits(&self.phone), 24)),
            state: errors.take_optional("state", text_input::optional_line(&self.state, 64)),
            city: errors.take_optional("city", text_input::optional_line(&self.city, 64)),
            postal_code: errors
                .take_optional("postal_code", text_input::optional_line(&text_input::ascii_digits(&self.postal_code), 16)),
            zone: errors.take_zone("time_zone", &self.time_zone),
        };
        if !country::is_known(&details.country) {
            errors.add("country", "unknown", t::choose_country());
        }
        if details.phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
            errors.add("phone", "not-a-number", t::phone_invalid());
        }
        if errors.is_empty() { Ok(details) } else { Err(errors) }
    }
}

/// True for 6 to 15 digits with common separators.
fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (6..=15).contains(&digits) && text.chars().all(|character| character.is_ascii_digit() || "+ -().".contains(character))
}

/// The form of the app's domain.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DomainForm {
    pub(crate) domain: String,
}

/// The form that enables or disables an app.
#[derive(Debug, Deserialize)]
pub(crate) struct EnabledForm {
    pub(crate) is_enabled: bool,
    /// `yes` once the user has confirmed the consequences of disabling.
    #[serde(default)]
    confirm: String,
    /// The page to return to.
    #[serde(default)]
    back: String,
}

impl EnabledForm {
    pub(crate) fn is_confirmed(&self) -> bool {
        self.confirm == "yes"
    }

    /// Returns the page to return to; the list of apps if it is missing or invalid.
    pub(crate) fn back(&self) -> String {
        urls::back_to(&self.back, urls::APPS.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_stands_at_its_field() {
        let form = AppForm {
            name: "ab".to_owned(),
            email: "nobody".to_owned(),
            phone: "call me".to_owned(),
            time_zone: "+05:30".to_owned(),
            ..AppForm::default()
        };
        let errors = form.parse().unwrap_err();
        for field in ["name", "email", "country", "phone", "time_zone"] {
            assert!(errors.of(field).is_some(), "{field}");
        }
        assert!(errors.of("city").is_none());
    }

    #[test]
    fn three_fields_are_enough() {
        let form = AppForm {
            name: "नीम का पेड़".to_owned(),
            email: "Shop@Neemtree.Example".to_owned(),
            country: "IN".to_owned(),
            ..AppForm::default()
        };
        let details = form.parse().unwrap();
        assert_eq!((details.email.as_str(), details.city, details.zone), ("shop@neemtree.example", None, None));
    }

    #[test]
    fn a_number_may_be_typed_in_the_digits_of_any_script() {
        let form = AppForm {
            name: "नीम का पेड़".to_owned(),
            email: "shop@neemtree.example".to_owned(),
            phone: "+९१ ९८७६५ ४३२१०".to_owned(),
            postal_code: "४००००१".to_owned(),
            ..AppForm::fresh()
        };
        let details = form.parse().unwrap();
        assert_eq!((details.phone.as_deref(), details.postal_code.as_deref()), (Some("+91 98765 43210"), Some("400001")));
    }

    #[test]
    fn disabling_leads_back_to_a_page_of_ours() {
        let back = |to: &str| {
            let form = EnabledForm { is_enabled: false, confirm: String::new(), back: to.to_owned() };
            form.back()
        };
        assert_eq!(back("/"), "/");
        assert_eq!(back("/ks-pay?q=%E0%A4%A8&page=2"), "/ks-pay?q=%E0%A4%A8&page=2");
        for elsewhere in ["", "//evil.example", "https://evil.example/ks-pay", "/logout", "/ks-pay\\evil", "/ks-payments"] {
            assert_eq!(back(elsewhere), "/ks-pay", "{elsewhere}");
        }
    }
}
