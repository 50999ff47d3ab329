//! Client of Razorpay's API: checks a pair of API keys.

use crate::{
    gateways::api::{KeyCheck, Unavailable},
    net::http_client,
};

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
            429 => KeyCheck::Unknown(Unavailable::Busy),
            status if status >= 500 => KeyCheck::Unknown(Unavailable::ServerError(status)),
            status => KeyCheck::Unknown(Unavailable::UnexpectedStatus(status)),
        },
        Err(error) if error.is_timeout() => KeyCheck::Unknown(Unavailable::Timeout),
        Err(_) => KeyCheck::Unknown(Unavailable::Unreachable),
    }
}
