//! Client of Razorpay's API: checks a pair of API keys.

use crate::net::http_client;

/// The result of checking API keys.
pub(crate) enum KeyCheck {
    Accepted,
    Rejected,
    /// The check gave no result.
    Unknown(Unavailable),
}

/// Why the check gave no result.
pub(crate) enum Unavailable {
    /// This machine has no TLS support; the message says what to do.
    NoClient(String),
    Unreachable,
    Timeout,
    /// The gateway rate limited the request (429).
    Busy,
    /// The gateway responded with 500 or above.
    ServerError(u16),
    /// The gateway responded with any other status.
    UnexpectedStatus(u16),
}

/// Requests the latest payment once with the keys: a read-only request.
pub(crate) async fn check(base: &str, key_id: &str, key_secret: &str) -> KeyCheck {
    let client = match http_client::shared().await {
        Ok(client) => client,
        Err(sentence) => return KeyCheck::Unknown(Unavailable::NoClient(sentence)),
    };
    let request = client.get(format!("{base}/v1/payments?count=1")).basic_auth(key_id, Some(key_secret));
    match request.send().await {
        Ok(answer) => match answer.status().as_u16() {
            200 => KeyCheck::Accepted,
            401 => KeyCheck::Rejected,
            429 => KeyCheck::Unknown(Unavailable::Busy),
            status if status >= 500 => KeyCheck::Unknown(Unavailable::ServerError(status)),
            status => KeyCheck::Unknown(Unavailable::UnexpectedStatus(status)),
        },
        Err(error) if error.is_timeout() => KeyCheck::Unknown(Unavailable::Timeout),
        Err(_) => KeyCheck::Unknown(Unavailable::Unreachable),
    }
}
