//! Razorpay's API, as far as the console asks it: whether it accepts a pair of keys.

use crate::http;

/// What the gateway said of the keys.
pub(crate) enum Answer {
    Accepted,
    Refused,
    /// It could not be asked; why.
    Unknown(String),
}

/// Asks once, with the keys, for the newest payment: a request that changes nothing.
pub(crate) async fn check(base: &str, key_id: &str, key_secret: &str) -> Answer {
    let client = match http::client() {
        Ok(client) => client,
        Err(sentence) => return Answer::Unknown(sentence),
    };
    let request = client.get(format!("{base}/v1/payments?count=1")).basic_auth(key_id, Some(key_secret));
    match request.send().await {
        Ok(answer) => match answer.status().as_u16() {
            200 => Answer::Accepted,
            401 => Answer::Refused,
            429 => Answer::Unknown("Razorpay asks to come again later.".to_owned()),
            status if status >= 500 => Answer::Unknown(format!("Razorpay has trouble of its own (answer {status}).")),
            status => Answer::Unknown(format!("Razorpay gave an answer that says neither yes nor no ({status}).")),
        },
        Err(error) if error.is_timeout() => Answer::Unknown("Razorpay did not answer within 10 s.".to_owned()),
        Err(_) => Answer::Unknown("Razorpay could not be reached from this server.".to_owned()),
    }
}
