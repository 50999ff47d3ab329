//! Panic handler: a panic in a handler becomes a 500 response, and the server keeps running.

use std::panic::AssertUnwindSafe;

use actix_web::{
    HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
};
use futures_util::FutureExt as _;

use super::{headers, locale};
use crate::{i18n::Locale, messages::text};

/// A handler panicked. `telemetry` logs where; the message is never included in the response.
#[derive(Debug, thiserror::Error)]
#[error("a handler panicked")]
struct Panicked(Locale);

impl ResponseError for Panicked {
    fn status_code(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let text = text::errors::server_error().to_plain(self.0);
        let mut response = HttpResponse::InternalServerError().content_type("text/plain; charset=utf-8").body(text);
        headers::set_constant_headers(response.headers_mut());
        response
    }
}

/// Middleware that converts panics into errors.
pub(crate) async fn catch_panic(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let locale = locale::of(request.request());
    AssertUnwindSafe(next.call(request)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(target: crate::telemetry::OUTSIDE, "a handler panicked");
        Err(Panicked(locale).into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{App, middleware::from_fn, test, web};

    async fn broken() -> HttpResponse {
        panic!("hush")
    }

    #[actix_web::test]
    async fn a_panic_is_answered_500_without_its_words() {
        let app = test::init_service(App::new().wrap(from_fn(catch_panic)).route("/", web::to(broken))).await;
        let error = test::try_call_service(&app, test::TestRequest::get().uri("/").to_request()).await.err().unwrap();
        let response = error.error_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key("content-security-policy"));
        assert!(!error.to_string().contains("hush"));
    }
}
