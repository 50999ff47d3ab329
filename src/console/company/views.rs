//! The page of the company's settings.

use askama::Template;

use super::{email::EmailPanel, forms::CompanyForm};
use crate::{
    console::http::{form::FieldErrors, layout::Layout},
    i18n,
    messages::text::company as t,
};

/// `/settings`
#[derive(Template)]
#[template(path = "companies/settings.html")]
pub(crate) struct Settings {
    pub(crate) layout: Layout,
    pub(crate) form: CompanyForm,
    pub(crate) errors: FieldErrors,
    pub(crate) email: EmailPanel,
}
