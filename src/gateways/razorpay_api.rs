//! Razorpay's API, as far as the console asks it: whether it accepts a pair of keys.

use crate::http;

/// What the gateway said of the keys.
pub(crate) enum Answer {
    Accepted,
    Refused,
    /// It could not be asked.
    Unknown(Unknown),
}

/// Why the gateway said neither yes nor no.
pub(crate) enum Unknown {
    /// This machine cannot speak TLS; what to do.
    NoClient(String),
    Unreachable,
    Slow,
    /// It asks to come again later.
    Busy,
    /// It answered 500 or above.
    Trouble(u16),
    /// It answered something else.
    Odd(u16),
}

/// Asks once, with the keys, for the newest payment: a request that changes nothing.
pub(crate) async fn check(base: &str, key_id: &str, key_secret: &str) -> Answer {
    let client = match http::shared().await {
        Ok(client) => client,
        Err(sentence) => return Answer::Unknown(Unknown::NoClient(sentence)),
    };
    let request = client.get(format!("{base}/v1/payments?count=1")).basic_auth(key_id, Some(key_secret));
    match request.send().await {
        Ok(answer) => match answer.status().as_u16() {
            200 => Answer::Accepted,
            401 => Answer::Refused,
            429 => Answer::Unknown(Unknown::Busy),
            status if status >= 500 => Answer::Unknown(Unknown::Trouble(status)),
            status => Answer::Unknown(Unknown::Odd(status)),
        },
        Err(error) if error.is_timeout() => Answer::Unknown(Unknown::Slow),
        Err(_) => Answer::Unknown(Unknown::Unreachable),
    }
}
