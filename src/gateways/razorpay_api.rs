//! Razorpay's API, as far as the console asks it: whether it accepts a pair of keys.

use crate::http_client;

/// What the gateway said of the keys.
pub(crate) enum KeyCheck {
    Accepted,
    Refused,
    /// It could not be asked.
    Unknown(Unavailable),
}

/// Why the gateway said neither yes nor no.
pub(crate) enum Unavailable {
    /// This machine cannot speak TLS; what to do.
    NoClient(String),
    Unreachable,
    Timeout,
    /// It asks to come again later.
    Busy,
    /// It answered 500 or above.
    ServerError(u16),
    /// It answered something else.
    UnexpectedStatus(u16),
}

/// Asks once, with the keys, for the newest payment: a request that changes nothing.
pub(crate) async fn check(base: &str, key_id: &str, key_secret: &str) -> KeyCheck {
    let client = match http_client::shared().await {
        Ok(client) => client,
        Err(sentence) => return KeyCheck::Unknown(Unavailable::NoClient(sentence)),
    };
    let request = client.get(format!("{base}/v1/payments?count=1")).basic_auth(key_id, Some(key_secret));
    match request.send().await {
        Ok(answer) => match answer.status().as_u16() {
            200 => KeyCheck::Accepted,
            401 => KeyCheck::Refused,
            429 => KeyCheck::Unknown(Unavailable::Busy),
            status if status >= 500 => KeyCheck::Unknown(Unavailable::ServerError(status)),
            status => KeyCheck::Unknown(Unavailable::UnexpectedStatus(status)),
        },
        Err(error) if error.is_timeout() => KeyCheck::Unknown(Unavailable::Timeout),
        Err(_) => KeyCheck::Unknown(Unavailable::Unreachable),
    }
}
