//! Client of Razorpay's API: checks a pair of API keys.

use crate::{
    gateways::api::{KeyCheck, Unavailable},
    net::http_client,
};

/// The most bytes of an error's body that are read.
const MAX_ERROR_BYTES: usize = 16 * 1024;

/// Requests the latest payment once with the keys: a read-only request.
pub(super) async fn check(base: &str, key_id: &str, key_secret: &str) -> KeyCheck {
    let client = match http_client::shared().await {
        Ok(client) => client,
        Err(sentence) => return KeyCheck::Unknown(Unavailable::NoClient(sentence)),
    };
    let request = client.get(format!("{base}/v1/payments?count=1")).basic_auth(key_id, Some(key_secret));
    match request.send().await {
        Ok(answer) => match answer.status().as_u16() {
            200 => KeyCheck::Accepted,
            401 => KeyCheck::Rejected,
            400 if says_authentication_failed(answer).await => KeyCheck::Rejected,
            400 => KeyCheck::Unknown(Unavailable::UnexpectedStatus(400)),
            429 => KeyCheck::Unknown(Unavailable::Busy),
            status if status >= 500 => KeyCheck::Unknown(Unavailable::ServerError(status)),
            status => KeyCheck::Unknown(Unavailable::UnexpectedStatus(status)),
        },
        Err(error) if error.is_timeout() => KeyCheck::Unknown(Unavailable::Timeout),
        Err(_) => KeyCheck::Unknown(Unavailable::Unreachable),
    }
}

/// Returns whether a 400 is about the keys: Razorpay reports wrong keys with either status.
async fn says_authentication_failed(mut answer: reqwest::Response) -> bool {
    let mut body = Vec::new();
    while body.len() < MAX_ERROR_BYTES
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    String::from_utf8_lossy(&body).to_lowercase().contains("authentication failed")
}
