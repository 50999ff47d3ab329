//! Extractors of posted forms. Checks, in this order: same origin, token present, signed in, token of *this* session, valid
//! encoding.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::BytesMut};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;

use super::{
    confirmation::Action,
    csrf,
    error::AppError,
    page::{self, RequestContext},
};

/// Maximum size of a form, in bytes.
const MAX_FORM_BYTES: usize = 64 * 1024;
/// Maximum time to receive a form.
const READ_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// A form submitted by a signed-in user.
pub(crate) struct SignedForm<T> {
    pub(crate) page: RequestContext,
    pub(crate) form: T,
    /// The form in a resumable shape, for actions that require password confirmation.
    pub(crate) action: Action,
}

/// A form submitted without a session; the handler must check the token against the pre-session.
pub(crate) struct PublicForm<T> {
    pub(crate) form: T,
    pub(crate) csrf_token: String,
}

/// A form without fields, other than the token.
#[derive(serde::Deserialize)]
pub(crate) struct EmptyForm {}

#[derive(serde::Deserialize)]
struct Token {
    #[serde(default)]
    csrf_token: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for SignedForm<T> {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = read(&request, payload).await?;
            let csrf_token = token(&body)?;
            let page = RequestContext::find(&request).await?;
            if !csrf::is_token(&page.state.vault, page.signed_in.token.expose(), &csrf_token) {
                return Err(AppError::CsrfFailed);
            }
            let action = Action::read(&page, request.path(), &body)?;
            Ok(Self { form: parse(action.fields())?, page, action })
        })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for PublicForm<T> {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            page::state(&request)?;
            let body = read(&request, payload).await?;
            Ok(Self { csrf_token: token(&body)?, form: parse(&body)? })
        })
    }
}

async fn read(request: &HttpRequest, payload: Payload) -> Result<BytesMut, AppError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_form =
        kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if !csrf::is_same_site(request, &*page::state(request)?) {
        return Err(AppError::OtherOrigin);
    }
    if !is_form {
        return Err(AppError::CsrfFailed);
    }
    read_in_time(payload).await
}

async fn read_in_time(payload: Payload) -> Result<BytesMut, AppError> {
    tokio::time::timeout(READ_TIMEOUT, collect(payload)).await.map_err(|_| AppError::TooSlow)?
}

async fn collect(mut payload: Payload) -> Result<BytesMut, AppError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| AppError::BadRequest)?;
        if body.len() + chunk.len() > MAX_FORM_BYTES {
            return Err(AppError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn token(body: &[u8]) -> Result<String, AppError> {
    let Token { csrf_token } = serde_urlencoded::from_bytes(body).map_err(|_| AppError::CsrfFailed)?;
    if csrf_token.is_empty() { Err(AppError::CsrfFailed) } else { Ok(csrf_token) }
}

/// Parses the fields. A duplicate field is an error, since parsers differ in which value they use.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, AppError> {
    serde_urlencoded::from_bytes(body).map_err(|_| AppError::BadRequest)
}

#[cfg(test)]
mod tests {
    use actix_web::{ResponseError as _, error::PayloadError, http::StatusCode, web::Bytes};
    use futures_util::{Stream, stream};

    use super::*;

    type BoxedPayload = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

    #[actix_web::test]
    async fn a_form_that_never_ends_is_a_timeout_and_one_that_breaks_off_is_none() {
        tokio::time::pause();
        let never_ends = |start: BoxedPayload| -> BoxedPayload { Box::pin(start.chain(stream::pending())) };
        let chunk = Bytes::from_static(b"csrf_token=x");
        let start: BoxedPayload = Box::pin(stream::once(async { Ok(chunk) }));
        let status = |read: Result<BytesMut, AppError>| read.map_err(|error| error.status_code());
        assert_eq!(status(read_in_time(Payload::Stream { payload: never_ends(start) }).await), Err(StatusCode::REQUEST_TIMEOUT));
        let broken: BoxedPayload = Box::pin(stream::once(async { Err(PayloadError::Incomplete(None)) }));
        assert_eq!(status(read_in_time(Payload::Stream { payload: broken }).await), Err(StatusCode::BAD_REQUEST));
    }
}
