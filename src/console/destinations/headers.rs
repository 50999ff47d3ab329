//! The fixed headers of a destination.
//!
//! Invariant: no page has the value of a header, not even in the field in which it was entered.

use actix_web::HttpResponse;
use askama::Template;
use serde::Deserialize;

use super::scope::{DestinationPath, Found};
use crate::{
    console::http::{
        error::AppError,
        form::{FieldError, FieldErrors},
        layout::Layout,
        page::{RequestContext, see_other},
        signed_form::SignedForm,
    },
    deliveries::{
        fixed_headers::{self, InvalidName, InvalidValue, MAX_HEADERS, MAX_NAME_BYTES, MAX_VALUE_BYTES, Name, Value},
        store::headers,
    },
    i18n::{Text, code},
    messages::text::{destinations as t, shared},
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `…/{destination}/headers`
#[derive(Template)]
#[template(path = "destinations/headers.html")]
struct HeadersPage {
    layout: Layout,
    url: String,
    names: Vec<String>,
    /// The name as it was entered.
    entered: String,
    errors: FieldErrors,
}

impl HeadersPage {
    fn is_full(&self) -> bool {
        self.names.len() >= MAX_HEADERS
    }

    fn name_hint() -> Text {
        t::header_name_hint(code("Authorization"))
    }
}

/// The form as submitted.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct HeaderForm {
    name: String,
    value: String,
}

/// The header to remove.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct RemovalForm {
    name: String,
}

/// `GET …/{destination}/headers`
pub(crate) async fn show(page: RequestContext, path: DestinationPath) -> Answer {
    let found = Found::open(page, (&path.0, &path.1)).await?;
    found.page.ok(&view(&found, String::new(), FieldErrors::default()).await?)
}

/// `GET …/{destination}/headers/removal`
pub(crate) async fn form_page(page: RequestContext, path: DestinationPath) -> Answer {
    Ok(see_other(&urls::fixed_headers(&Found::open(page, (&path.0, &path.1)).await?.url())))
}

/// `POST …/{destination}/headers`
pub(crate) async fn set(posted: SignedForm<HeaderForm>, path: DestinationPath) -> Answer {
    let SignedForm { page, form, .. } = posted;
    let found = Found::open(page, (&path.0, &path.1)).await?;
    let (name, value) = match parse(&form) {
        Ok(header) => header,
        Err(errors) => return found.page.unprocessable(&view(&found, form.name, errors).await?),
    };
    let page = &found.page;
    let mut tx = page.state.db.begin().await?;
    let header = (&name, &value);
    if !fixed_headers::set(&mut tx, &page.state.vault, &found.destination, header, (&page.actor(), page.now)).await? {
        drop(tx);
        let errors = FieldError::new("too-many", t::too_many_headers(MAX_HEADERS)).at("name");
        return page.unprocessable(&view(&found, form.name, errors).await?);
    }
    tx.commit().await?;
    tracing::info!(destination = %found.destination.id, user = %page.signed_in.user.id, header = name.as_str(), "a fixed header was set");
    Ok(page.redirect(&urls::fixed_headers(&found.url()), t::header_is_set(code(name.as_str()))))
}

/// `POST …/{destination}/headers/removal`
pub(crate) async fn remove(posted: SignedForm<RemovalForm>, path: DestinationPath) -> Answer {
    let found = Found::open(posted.page, (&path.0, &path.1)).await?;
    let (page, name) = (&found.page, Name::parse(&posted.form.name).map_err(|_| AppError::NotFound)?);
    let mut tx = page.state.db.begin().await?;
    if !fixed_headers::remove(&mut tx, &found.destination, &name, (&page.actor(), page.now)).await? {
        return Err(AppError::NotFound);
    }
    tx.commit().await?;
    tracing::info!(destination = %found.destination.id, user = %page.signed_in.user.id, header = name.as_str(), "a fixed header was removed");
    Ok(page.redirect(&urls::fixed_headers(&found.url()), t::header_is_removed(code(name.as_str()))))
}

fn parse(form: &HeaderForm) -> Result<(Name, Value), FieldErrors> {
    let mut errors = FieldErrors::default();
    let name = Name::parse(&form.name).map_err(|invalid| match invalid {
        InvalidName::Empty => errors.add("name", "empty", t::enter_header_name()),
        InvalidName::TooLong => errors.add("name", "too-long", t::too_long(MAX_NAME_BYTES)),
        InvalidName::NotAToken => errors.add("name", "not-a-token", t::header_name_not_a_token()),
        InvalidName::Reserved => errors.add("name", "reserved", t::header_name_reserved()),
    });
    let value = Value::parse(&form.value).map_err(|invalid| match invalid {
        InvalidValue::Empty => errors.add("value", "empty", t::enter_header_value()),
        InvalidValue::TooLong => errors.add("value", "too-long", t::too_long(MAX_VALUE_BYTES)),
        InvalidValue::NotAscii => errors.add("value", "not-ascii", t::header_value_not_ascii()),
    });
    match (name, value) {
        (Ok(name), Ok(value)) => Ok((name, value)),
        _ => Err(errors),
    }
}

async fn view(found: &Found, entered: String, errors: FieldErrors) -> Result<HeadersPage, AppError> {
    let stored = headers::list(&mut found.page.state.db.page_reader().await?, found.destination.id).await?;
    Ok(HeadersPage {
        layout: found.layout_below(t::fixed_headers()),
        url: found.url(),
        names: stored.iter().map(|header| header.name.as_str().to_owned()).collect(),
        entered,
        errors,
    })
}
