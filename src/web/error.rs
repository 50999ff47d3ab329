//! Errors become pages in one place.
//!
//! The rule: a visitor learns what to do next and, of a defect, the request's id – nothing of its cause, which is
//! logged once, here.

use actix_web::{
    HttpResponse, ResponseError,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header},
    middleware::Next,
    web::Data,
};
use askama::Template;

use crate::{db::DbError, kernel::base62, state::State, urls};

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    #[error("no such page")]
    NotFound,
    #[error("signed out")]
    SignedOut { return_to: Option<String> },
    #[error("the form does not come from a page of ours")]
    Forged,
    #[error("too large")]
    TooLarge,
    #[error("the form cannot be read")]
    Unreadable,
    #[error("{0}")]
    Unavailable(DbError),
    #[error("{0}")]
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

impl From<DbError> for AppError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) | DbError::Silent | DbError::FileReplaced(_) => Self::Unavailable(error),
            other => Self::Broken(other.into()),
        }
    }
}

impl From<askama::Error> for AppError {
    fn from(error: askama::Error) -> Self {
        Self::Broken(error.into())
    }
}

impl From<crate::connections::ConnectError> for AppError {
    fn from(error: crate::connections::ConnectError) -> Self {
        match error {
            crate::connections::ConnectError::Db(error) => error.into(),
            other => Self::Broken(other.into()),
        }
    }
}

impl From<crate::kernel::vault::VaultError> for AppError {
    fn from(error: crate::kernel::vault::VaultError) -> Self {
        Self::Broken(error.into())
    }
}

impl From<crate::accounts::password::Unworkable> for AppError {
    fn from(error: crate::accounts::password::Unworkable) -> Self {
        Self::Broken(error.into())
    }
}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SignedOut { .. } => StatusCode::SEE_OTHER,
            Self::Forged => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status_code());
        if let Self::SignedOut { return_to } = self {
            let target = return_to.as_deref().map_or_else(|| urls::LOGIN.to_owned(), urls::login_for);
            response.insert_header((header::LOCATION, target));
        }
        response.finish()
    }
}

#[derive(Template)]
#[template(path = "errors/show.html")]
struct ErrorPage<'a> {
    heading: &'a str,
    text: &'a str,
    request_id: Option<&'a str>,
    at_risk: Option<&'a str>,
}

/// Gives every empty answer of 400 and above its page, and logs defects.
pub(crate) async fn pages(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    let is_bare = matches!(response.response().body().size(), BodySize::None | BodySize::Sized(0));
    let is_page = response.request().method() != Method::HEAD;
    if status.as_u16() < 400 || !is_bare || !is_page {
        return Ok(response);
    }
    let request_id = base62::random(12);
    let is_defect = status.is_server_error();
    if is_defect {
        let cause = response.response().error().map_or_else(|| status.to_string(), ToString::to_string);
        tracing::error!(target: crate::telemetry::OUTSIDE, %request_id, %cause, pattern = response.request().match_pattern(), "a page could not be made");
    }
    let (heading, text) = words(status);
    let state = response.request().app_data::<Data<State>>().cloned();
    let at_risk = state.as_ref().and_then(|state| state.at_risk());
    let page = ErrorPage { heading, text, request_id: is_defect.then_some(request_id.as_str()), at_risk };
    let html = page.render().unwrap_or_else(|_| heading.to_owned());
    Ok(response.map_body(|head, _| {
        head.headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html; charset=utf-8"));
        BoxBody::new(html)
    }))
}

/// What is wrong, and what to do next.
fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => (
            "There is no such page",
            "It may have been removed, or the address has a slip in it. Start again from the dashboard.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("This page cannot be used that way", "Go back to the page you came from and use its buttons.")
        }
        StatusCode::FORBIDDEN => {
            ("This form has expired", "Nothing was changed. Go back, reload the page and send the form again.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("That is too much for a form", "Nothing was changed. Go back and send less."),
        StatusCode::SERVICE_UNAVAILABLE => {
            ("The database does not answer", "Nothing you stored is lost. Wait a moment, then try again.")
        }
        status if status.is_server_error() => {
            ("Something broke on our side", "Tell the person who runs this server the number below; the log says why.")
        }
        _ => ("The request could not be read", "Nothing was changed. Go back, reload the page and try again."),
    }
}

/// A page, as a response.
pub(crate) fn html(status: StatusCode, template: &impl Template) -> Result<HttpResponse, AppError> {
    let body = template.render()?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body))
}
