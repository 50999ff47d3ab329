//! The form on the company's settings page.

use serde::Deserialize;

use crate::{
    companies::{NAME_LEAST, NAME_MOST},
    console::http::form::FieldErrors,
    messages::text::forms as t,
    primitives::text_input,
};

/// A company as entered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CompanyForm {
    pub(crate) name: String,
}

impl CompanyForm {
    /// Returns the validated name, or the errors.
    pub(crate) fn parse(&self) -> Result<String, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", t::enter_company_name(), text_input::line(&self.name, NAME_LEAST, NAME_MOST));
        if errors.is_empty() { Ok(name) } else { Err(errors) }
    }
}
