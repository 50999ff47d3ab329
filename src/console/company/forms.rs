//! The form on the company's settings page.

use serde::Deserialize;

use crate::{
    companies::{MAX_NAME_CHARS, MIN_NAME_CHARS},
    console::http::form::FieldErrors,
    messages::text::forms as t,
    primitives::{text_input, zone::Zone},
};

/// A company as entered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CompanyForm {
    pub(crate) name: String,
    pub(crate) time_zone: String,
}

impl CompanyForm {
    /// Returns the validated name and the time zone, if one was chosen; or the errors.
    pub(crate) fn parse(&self) -> Result<(String, Option<Zone>), FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", t::enter_company_name(), text_input::line(&self.name, MIN_NAME_CHARS, MAX_NAME_CHARS));
        let zone = errors.take_zone("time_zone", &self.time_zone);
        if errors.is_empty() { Ok((name, zone)) } else { Err(errors) }
    }
}
