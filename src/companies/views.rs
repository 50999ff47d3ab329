//! The company's settings.

use askama::Template;

use super::forms::CompanyForm;
use crate::web::{form::FieldErrors, shell::Shell};

/// `/settings`
#[derive(Template)]
#[template(path = "companies/settings.html")]
pub(crate) struct Settings {
    pub(crate) shell: Shell,
    pub(crate) form: CompanyForm,
    pub(crate) errors: FieldErrors,
}
