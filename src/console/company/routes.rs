//! The routes of the company's settings.

use actix_web::HttpResponse;

use super::{forms::CompanyForm, views};
use crate::{
    companies,
    console::http::{error::AppError, form::FieldErrors, layout::ConsoleEntry, page::RequestContext, signed_form::SignedForm},
    messages::text,
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `GET /settings`
pub(crate) async fn settings(page: RequestContext) -> Answer {
    let form = CompanyForm { name: page.signed_in.company.name.clone() };
    page.ok(&settings_page(&page, form, FieldErrors::default()))
}

/// `POST /settings`
pub(crate) async fn update(posted: SignedForm<CompanyForm>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let name = match form.parse() {
        Ok(name) => name,
        Err(errors) => return page.unprocessable(&settings_page(&page, form, errors)),
    };
    let mut tx = page.state.db.begin().await?;
    companies::rename(&mut tx, page.signed_in.company.id, &name, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    Ok(page.redirect(urls::SETTINGS, text::company::saved()))
}

fn settings_page(page: &RequestContext, form: CompanyForm, errors: FieldErrors) -> views::Settings {
    views::Settings { layout: page.layout(text::layout::settings()).console(ConsoleEntry::Settings), form, errors }
}
