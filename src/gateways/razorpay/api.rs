//! Client of Razorpay's API: sends a request and tells its outcomes apart, and checks a pair of API keys.
//!
//! Invariant: the address is the operator's, so the client is that of [`http_client`], which follows no redirect and sends no request
//! twice. Nothing of a response is logged, and the keys are in the header `Authorization` alone.

use reqwest::{Client, RequestBuilder, Response};
use serde::{Deserialize, de::DeserializeOwned};

use super::api_keys::{KEY_ID, KEY_SECRET};
use crate::{
    gateways::{
        api::{KeyCheck, Unavailable},
        refunds::{Access, ApiError},
    },
    net::http_client,
};

/// The most bytes of a response that are read. A list of a hundred refunds has about 100,000.
const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// What an error about the keys says, in lower case. The status does not tell: 401 was seen, and Razorpay documents 400.
const ABOUT_KEYS: &[&str] = &["authentication failed", "api key provided is invalid", "api secret provided is invalid"];

/// Requests the latest payment once with the keys: a read-only request.
pub(super) async fn check(access: Access<'_>) -> KeyCheck {
    let response = match send(access, |client, base| client.get(format!("{base}/v1/payments?count=1"))).await {
        Ok(response) => response,
        Err(why) => return KeyCheck::Unknown(why),
    };
    let status = response.status().as_u16();
    if status == 200 {
        return KeyCheck::Accepted;
    }
    match error(status, &read(response).await.unwrap_or_default()) {
        ApiError::KeysRejected => KeyCheck::Rejected,
        ApiError::Rejected(_) => KeyCheck::Unknown(Unavailable::UnexpectedStatus(status)),
        ApiError::Unknown(why) => KeyCheck::Unknown(why),
    }
}

/// Sends a request and parses its response.
pub(super) async fn call<T: DeserializeOwned>(
    access: Access<'_>,
    request: impl FnOnce(&Client, &str) -> RequestBuilder,
) -> Result<T, ApiError> {
    let response = send(access, request).await.map_err(ApiError::Unknown)?;
    let status = response.status().as_u16();
    let body = read(response).await.map_err(ApiError::Unknown)?;
    match status {
        200..=299 => serde_json::from_slice(&body).map_err(|_| unreadable(status)),
        _ => Err(error(status, &body)),
    }
}

/// The error of a response that does not say what it should.
pub(super) const fn unreadable(status: u16) -> ApiError {
    ApiError::Unknown(Unavailable::UnexpectedStatus(status))
}

async fn send(access: Access<'_>, request: impl FnOnce(&Client, &str) -> RequestBuilder) -> Result<Response, Unavailable> {
    let client = http_client::shared().await.map_err(Unavailable::NoClient)?;
    let request = request(client, access.base).basic_auth(access.keys.get(KEY_ID), Some(access.keys.get(KEY_SECRET)));
    request.send().await.map_err(|error| failure(&error))
}

/// Reads the body of a response, up to its limit.
async fn read(mut response: Response) -> Result<Vec<u8>, Unavailable> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            return Err(Unavailable::UnexpectedStatus(response.status().as_u16()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn failure(error: &reqwest::Error) -> Unavailable {
    if error.is_timeout() { Unavailable::Timeout } else { Unavailable::Unreachable }
}

/// Maps a response to an error by its status. Only a 400 is also classified by its text, which names wrong API keys. A response that is no
/// error of Razorpay's own, such as a proxy's page, does not say whether the request was processed.
fn error(status: u16, body: &[u8]) -> ApiError {
    #[derive(Deserialize)]
    struct Body {
        error: Details,
    }
    #[derive(Deserialize)]
    struct Details {
        #[serde(default)]
        description: String,
    }
    let description = || serde_json::from_slice::<Body>(body).ok().map(|body| body.error.description);
    let is_about_keys = |text: &str| ABOUT_KEYS.iter().any(|words| text.to_lowercase().contains(words));
    match status {
        401 => ApiError::KeysRejected,
        409 | 429 => ApiError::Unknown(Unavailable::Busy),
        408 | 425 => unreadable(status),
        400..=499 => match description() {
            Some(text) if status == 400 && is_about_keys(&text) => ApiError::KeysRejected,
            Some(text) => ApiError::Rejected(text),
            None => unreadable(status),
        },
        500.. => ApiError::Unknown(Unavailable::ServerError(status)),
        _ => unreadable(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart_by_their_status_and_only_the_keys_by_their_text() {
        let described = |text: &str| format!(r#"{{"error":{{"code":"BAD_REQUEST_ERROR","description":"{text}"}}}}"#);
        let keys = [
            (401, String::new()),
            (400, described("Authentication failed")),
            (400, described("The api key provided is invalid")),
            (400, described("The api secret provided is invalid")),
        ];
        for (status, body) in keys {
            assert_eq!(error(status, body.as_bytes()), ApiError::KeysRejected, "{status} {body}");
        }
        let words = "The total refund amount is greater than the refund payment amount";
        for status in [400, 403, 404, 422] {
            assert_eq!(error(status, described(words).as_bytes()), ApiError::Rejected(words.to_owned()), "{status}");
        }
        for (status, body) in
            [(400, "<html>"), (403, ""), (404, "{}"), (408, described(words).as_str()), (425, described(words).as_str())]
        {
            assert_eq!(
                error(status, body.as_bytes()),
                ApiError::Unknown(Unavailable::UnexpectedStatus(status)),
                "{status} {body}"
            );
        }
        for status in [409, 429] {
            assert_eq!(error(status, described(words).as_bytes()), ApiError::Unknown(Unavailable::Busy), "{status}");
        }
        for status in [500, 502, 503, 504] {
            assert_eq!(error(status, b""), ApiError::Unknown(Unavailable::ServerError(status)));
        }
        assert_eq!(error(302, b""), ApiError::Unknown(Unavailable::UnexpectedStatus(302)));
    }
}
