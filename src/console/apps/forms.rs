//! The forms that register, edit, enable and disable an app.

use serde::Deserialize;

use crate::{
    apps::{
        Details,
        details::{Detail, DetailFault, EnteredDetails, Invalid},
    },
    console::http::form::FieldErrors,
    i18n::Text,
    messages::text::{forms as t, time_zones},
    primitives::zone::Zone,
    urls,
};

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
    /// The time zone that the form showed when it was opened.
    pub(crate) shown_time_zone: String,
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
        let zone = app.next_zone.unwrap_or(app.zone).name();
        Self {
            name: app.name.clone(),
            email: app.email.clone(),
            country: app.country.clone(),
            address: or_empty(&app.address),
            phone: or_empty(&app.phone),
            state: or_empty(&app.state),
            city: or_empty(&app.city),
            postal_code: or_empty(&app.postal_code),
            time_zone: zone.to_owned(),
            shown_time_zone: zone.to_owned(),
            confirm: String::new(),
        }
    }

    /// Returns the fields that are posted again when the change of the time zone is confirmed.
    pub(crate) fn fields(&self) -> [(&'static str, &str); 10] {
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
            ("shown_time_zone", &self.shown_time_zone),
        ]
    }

    /// True if the user chose this time zone in the form. One that the form showed anyway changes nothing: it may have been opened
    /// before another change was asked for, which must not be cancelled by saving an address.
    pub(crate) fn is_chosen(&self, zone: Zone) -> bool {
        zone.name() != self.shown_time_zone
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        self.confirm == "yes"
    }

    /// Validates the form; returns the errors by field.
    pub(crate) fn parse(&self) -> Result<Details, FieldErrors> {
        let entered = EnteredDetails {
            name: &self.name,
            email: &self.email,
            country: &self.country,
            time_zone: &self.time_zone,
            address: &self.address,
            city: &self.city,
            state: &self.state,
            postal_code: &self.postal_code,
            phone: &self.phone,
        };
        entered.parse().map_err(|faults| {
            let mut errors = FieldErrors::default();
            for fault in faults {
                add(&mut errors, fault);
            }
            errors
        })
    }
}

/// Adds the error of a field. An optional field may be empty, so it has no text for that.
fn add(errors: &mut FieldErrors, DetailFault { field, fault }: DetailFault) {
    match (fault, field) {
        (Invalid::Line(fault), Detail::Name) => errors.add_line(field.name(), t::enter_app_name(), fault),
        (Invalid::Line(fault), _) => errors.add_line(field.name(), Text::default(), fault),
        (Invalid::Email(fault), _) => errors.add_email(field.name(), fault),
        (Invalid::Unknown, Detail::Country) => errors.add(field.name(), "unknown", t::choose_country()),
        (Invalid::Unknown, Detail::TimeZone) => errors.add(field.name(), "unknown", time_zones::unknown()),
        (Invalid::Unknown, _) => errors.add(field.name(), "not-a-number", t::phone_invalid()),
    }
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
