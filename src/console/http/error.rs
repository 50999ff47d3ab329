//! Error pages.
//!
//! An error page tells the visitor what to do next and, for a server error, the request id. The cause is never shown; it is
//! logged here, once.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header},
    middleware::Next,
    web::Data,
};
use askama::Template;

use super::{confirmation::ConfirmPage, layout::Layout, locale, page};
use crate::{
    accounts::{
        authz::{Denied, UseCaseError},
        password::HasherUnavailable,
        sign_in::AuthError,
    },
    console::http::state::State,
    db::DbError,
    deliveries::manage::DestinationError,
    i18n::{PageValues, Reader, Text},
    messages::{self, Warning, text::errors as t},
    primitives::base62,
    replays::ReplayError,
    urls,
};

/// `Retry-After` in seconds when the password queue is full.
const RETRY_AFTER: &str = "2";

/// Why a request gets no regular page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    #[error("no such page")]
    NotFound,
    /// The user's role does not have the permission of the route.
    #[error("the role has no such permission")]
    Forbidden,
    #[error("signed out")]
    SignedOut { return_to: Option<String> },
    #[error("the form does not come from a page of ours")]
    CsrfFailed,
    /// The browser reports that the form was sent from another origin.
    #[error("the form comes from another origin")]
    OtherOrigin,
    /// The password must be confirmed first. Contains the confirmation page.
    #[error("the password must be confirmed first")]
    Unconfirmed(Box<ConfirmPage>),
    /// The password must be confirmed first. Contains the URL of the confirmation page.
    #[error("the password must be confirmed first")]
    ConfirmFirst(String),
    /// The password queue is full, or the client disconnected while waiting.
    #[error("too many passwords are being checked")]
    PasswordsBusy,
    #[error("too large")]
    TooLarge,
    #[error("the form cannot be read")]
    BadRequest,
    #[error("the form did not arrive in time")]
    TooSlow,
    /// The page that says so.
    #[error("the address asks for a mode that does not exist")]
    UnknownMode(String),
    #[error("{0}")]
    Unavailable(DbError),
    #[error("{0}")]
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl From<DbError> for AppError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) | DbError::Timeout | DbError::FileFault(_) => Self::Unavailable(error),
            other => Self::Internal(other.into()),
        }
    }
}

impl From<Denied> for AppError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::OtherCompany => Self::NotFound,
            Denied::Permission => Self::Forbidden,
        }
    }
}

impl From<UseCaseError> for AppError {
    fn from(error: UseCaseError) -> Self {
        match error {
            UseCaseError::Db(error) => error.into(),
            UseCaseError::Denied(denied) => denied.into(),
        }
    }
}

impl From<AuthError> for AppError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Db(error) => error.into(),
            AuthError::Hasher(error) => error.into(),
            // The form says so.
            other @ (AuthError::RateLimited(_) | AuthError::Wrong) => Self::Internal(other.into()),
        }
    }
}

impl From<askama::Error> for AppError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<crate::connections::ConnectError> for AppError {
    fn from(error: crate::connections::ConnectError) -> Self {
        match error {
            crate::connections::ConnectError::Db(error) => error.into(),
            crate::connections::ConnectError::Denied(denied) => denied.into(),
            other => Self::Internal(other.into()),
        }
    }
}

impl From<DestinationError> for AppError {
    fn from(error: DestinationError) -> Self {
        match error {
            DestinationError::UseCase(error) => error.into(),
            other => Self::Internal(other.into()),
        }
    }
}

impl From<ReplayError> for AppError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::UseCase(error) => error.into(),
            // The pages say so.
            ReplayError::IsRunning => Self::Internal(error.into()),
        }
    }
}

impl From<crate::primitives::vault::VaultError> for AppError {
    fn from(error: crate::primitives::vault::VaultError) -> Self {
        Self::Internal(error.into())
    }
}

impl From<HasherUnavailable> for AppError {
    fn from(error: HasherUnavailable) -> Self {
        match error {
            HasherUnavailable::Busy | HasherUnavailable::ClientGone => Self::PasswordsBusy,
            HasherUnavailable::ShuttingDown => Self::Internal(error.into()),
        }
    }
}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SignedOut { .. } | Self::ConfirmFirst(_) => StatusCode::SEE_OTHER,
            Self::CsrfFailed | Self::OtherOrigin | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Unconfirmed(page) => page.status,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::UnknownMode(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable(_) | Self::PasswordsBusy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::SignedOut { return_to } => {
                let target = return_to.as_deref().map_or_else(|| urls::LOGIN.to_owned(), urls::login_for);
                response.insert_header((header::LOCATION, target));
            }
            Self::ConfirmFirst(target) => {
                response.insert_header((header::LOCATION, target.as_str()));
            }
            Self::PasswordsBusy => {
                response.insert_header((header::RETRY_AFTER, RETRY_AFTER));
            }
            Self::Unconfirmed(page) => return page.response(response),
            Self::UnknownMode(html) => return response.content_type("text/html; charset=utf-8").body(html.clone()),
            _ => {}
        }
        response.finish()
    }
}

#[derive(Template)]
#[template(path = "errors/show.html")]
struct ErrorPage<'a> {
    /// Identifies it in tests.
    hook: &'a str,
    heading: Text,
    text: Text,
    request_id: Option<&'a str>,
    /// URL of the page to request again, if that may succeed.
    again: Option<&'a str>,
    warnings: &'a [Warning],
}

/// The same for a signed-in user, with the navigation.
#[derive(Template)]
#[template(path = "errors/signed_in.html")]
struct SignedInErrorPage {
    hook: &'static str,
    layout: Layout,
    text: Text,
    request_id: Option<String>,
}

/// Middleware that renders a page for every empty response with a status of 400 or above, and logs server errors.
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
    let is_busy = matches!(status, StatusCode::SERVICE_UNAVAILABLE)
        && matches!(response.response().error().and_then(|error| error.as_error()), Some(AppError::PasswordsBusy));
    let is_defect = status.is_server_error() && !is_busy;
    if is_defect {
        let cause = response.response().error().map_or_else(|| status.to_string(), ToString::to_string);
        tracing::error!(target: crate::telemetry::OUTSIDE, %request_id, %cause, pattern = response.request().match_pattern(), "a request failed");
    }
    let state = response.request().app_data::<Data<State>>().cloned();
    let error = response.response().error().and_then(|error| error.as_error::<AppError>());
    let (hook, heading, text) = error_text(status, error, state.as_ref().and_then(|state| state.settings.public_url.as_deref()));
    // What another site sent is not answered with the navigation, and without the database no session is found.
    let is_ours = status.is_client_error() || status == StatusCode::INTERNAL_SERVER_ERROR;
    let keeps_navigation = is_ours && !matches!(error, Some(AppError::OtherOrigin));
    let request = response.request().clone();
    let reader = Reader::from(locale::of(&request));
    let layout = match &state {
        Some(state) if keeps_navigation => page::layout_if_signed_in(&request, state, heading.clone()).await,
        _ => None,
    };
    let html = if let Some(layout) = layout {
        SignedInErrorPage { hook, layout, text, request_id: is_defect.then_some(request_id) }.render_with_values(&reader)
    } else {
        let warnings = state.as_ref().map_or(&[][..], |state| state.warnings());
        let again = again(&request).filter(|_| status == StatusCode::SERVICE_UNAVAILABLE);
        let request_id = is_defect.then_some(request_id.as_str());
        ErrorPage { hook, heading: heading.clone(), text, request_id, again, warnings }.render_with_values(&reader)
    };
    let html = html.unwrap_or_else(|_| heading.to_plain(reader));
    Ok(response.map_body(|head, _| {
        head.headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html; charset=utf-8"));
        BoxBody::new(html)
    }))
}

/// Returns the URL of a requested page; a form must be submitted again instead.
fn again(request: &HttpRequest) -> Option<&str> {
    let path = request.uri().path_and_query().filter(|_| request.method() == Method::GET)?.as_str();
    urls::is_local(path).then_some(path)
}

/// Returns what identifies the page in tests, the heading, and the text that tells what to do next.
fn error_text(status: StatusCode, error: Option<&AppError>, public_url: Option<&str>) -> (&'static str, Text, Text) {
    match error {
        Some(AppError::OtherOrigin) => ("other-origin", t::other_origin(), messages::access::other_origin(public_url)),
        Some(AppError::Forbidden) => ("forbidden", t::forbidden(), t::forbidden_advice()),
        Some(AppError::CsrfFailed) => ("form-expired", t::form_expired(), messages::access::expired(public_url)),
        Some(AppError::PasswordsBusy) => ("sign-in-busy", t::sign_in_busy(), t::sign_in_busy_advice()),
        _ => status_text(status),
    }
}

/// Returns the same by status alone.
fn status_text(status: StatusCode) -> (&'static str, Text, Text) {
    match status {
        StatusCode::NOT_FOUND => ("no-such-page", t::not_found(), t::not_found_advice()),
        StatusCode::METHOD_NOT_ALLOWED => ("wrong-method", t::wrong_method(), t::wrong_method_advice()),
        StatusCode::PAYLOAD_TOO_LARGE => ("form-too-large", t::form_too_large(), t::form_too_large_advice()),
        StatusCode::REQUEST_TIMEOUT => ("form-too-slow", t::form_too_slow(), t::form_too_slow_advice()),
        StatusCode::SERVICE_UNAVAILABLE => ("database-unavailable", t::database_unavailable(), t::database_unavailable_advice()),
        status if status.is_server_error() => ("server-error", t::server_error(), t::server_error_advice()),
        _ => ("bad-request", t::bad_request(), t::bad_request_advice()),
    }
}

/// Renders a page as a response; with a reader or a locale alone, it has no errors.
pub(crate) fn html(
    status: StatusCode,
    template: &impl Template,
    values: impl Into<PageValues>,
) -> Result<HttpResponse, AppError> {
    let body = template.render_with_values(&values.into())?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{App, middleware::from_fn, test, web};

    async fn unavailable() -> Result<HttpResponse, AppError> {
        Err(DbError::Timeout.into())
    }

    #[actix_web::test]
    async fn a_page_without_the_database_can_be_requested_again_and_a_form_cannot() {
        let app = test::init_service(App::new().wrap(from_fn(pages)).default_service(web::to(unavailable))).await;
        let again = "href=\"/ks-pay?page=2\">Try again</a>";
        for (request, has_link) in [
            (test::TestRequest::get().uri("/ks-pay?page=2"), true),
            (test::TestRequest::post().uri("/ks-pay?page=2"), false),
            (test::TestRequest::get().uri("//evil.example/ks-pay?page=2"), false),
        ] {
            let response = test::call_service(&app, request.to_request()).await;
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            let body = test::read_body(response).await;
            let html = std::str::from_utf8(&body).unwrap();
            assert_eq!((html.contains(again), html.contains("Try again</a>")), (has_link, has_link), "{html}");
        }
    }
}
