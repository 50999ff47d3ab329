//! The routes of the company's settings.

use actix_web::HttpResponse;

use super::{email::EmailPanel, forms::CompanyForm, views};
use crate::{
    companies,
    console::http::{error::AppError, form::FieldErrors, layout::ConsoleEntry, page::RequestContext, signed_form::SignedForm},
    messages::text,
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `GET /settings`
pub(crate) async fn settings(page: RequestContext) -> Answer {
    let company = &page.signed_in.company;
    let form = CompanyForm { name: company.name.clone(), time_zone: company.zone.name().to_owned() };
    page.ok(&settings_page(&page, form, FieldErrors::default()).await?)
}

/// `POST /settings`
pub(crate) async fn update(posted: SignedForm<CompanyForm>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let (name, zone) = match form.parse() {
        Ok(parsed) => parsed,
        Err(errors) => return page.unprocessable(&settings_page(&page, form, errors).await?),
    };
    let mut tx = page.state.db.begin().await?;
    let company = &page.signed_in.company;
    let new = (name.as_str(), zone.unwrap_or(company.zone));
    companies::update(&mut tx, company.id, new, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    Ok(page.redirect(urls::SETTINGS, text::company::saved()))
}

async fn settings_page(page: &RequestContext, form: CompanyForm, errors: FieldErrors) -> Result<views::Settings, AppError> {
    let layout = page.layout(text::company::company()).console(ConsoleEntry::Settings);
    Ok(views::Settings { layout, form, errors, email: EmailPanel::read(page).await? })
}
