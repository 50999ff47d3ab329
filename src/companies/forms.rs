//! The form of the company's settings.

use serde::Deserialize;

use super::{NAME_LEAST, NAME_MOST};
use crate::{primitives::text_input, web::form::FieldErrors};

/// A company as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CompanyForm {
    pub(crate) name: String,
}

impl CompanyForm {
    /// Its name, or what is wrong with it.
    pub(crate) fn parse(&self) -> Result<String, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", "Company Name", text_input::line(&self.name, NAME_LEAST, NAME_MOST));
        if errors.is_empty() { Ok(name) } else { Err(errors) }
    }
}
