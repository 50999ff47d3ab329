//! `POST /webhooks/{endpoint}`: the shared ingestion route, outside sign-in and CSRF.
//!
//! The rule: the answers of 401 are one constant, whatever was wrong; 503 says that a retry may succeed; nothing but a
//! commit is answered 200. The text of an error never leaves the server.

use std::{num::NonZeroU32, sync::LazyLock, time::Duration};

use actix_web::{
    Error, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header},
    middleware::Next,
    web::Data,
};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::{Instant, sleep, timeout};

use super::{
    Outcome,
    body::{self, BodyError},
    recorder::Unverified,
};
use crate::{
    gateways::adapter::Incoming, pipelining, primitives::network::network, rejections::Reason, state::State,
    url_check::challenge, urls, web::client_ip,
};

/// From the request's head to our answer at the latest: the internal deadline that keeps the promise of 4.5 s. Razorpay waits 5 s.
const DEADLINE: Duration = Duration::from_millis(4400);
/// So many refused requests a second are answered at once; a mistaken webhook's are far fewer.
const AT_ONCE: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// How much later the others are.
const SLOWER: Duration = Duration::from_millis(25);
/// When to come again after a 503, in seconds.
const RETRY_AFTER: &str = "30";

/// Takes what is for an endpoint out before the routes of the site, which are looked through one by one. By the raw
/// path: actix decodes a segment before a handler sees it, and an endpoint is compared as sent.
pub(crate) async fn intercept_webhooks(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if urls::endpoint_of(request.uri().path()).is_none() {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    let (request, payload) = request.into_parts();
    let response = match (request.app_data::<Data<State>>(), urls::endpoint_of(request.uri().path())) {
        (Some(state), Some(endpoint)) => receive(&request, payload, state, endpoint).await,
        _ => HttpResponse::InternalServerError().finish(),
    };
    Ok(ServiceResponse::new(request, response))
}

/// Any method at `/webhooks/{endpoint}`.
async fn receive(request: &HttpRequest, payload: Payload, state: &State, endpoint: &str) -> HttpResponse {
    if request.method() != Method::POST {
        return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "POST")).finish();
    }
    if state.is_stopping() {
        return unavailable();
    }
    timeout(DEADLINE, answer(request, payload, state, endpoint)).await.unwrap_or_else(|_| {
        if log_once_per_second() {
            tracing::warn!("requests are not stored within their deadline");
        }
        unavailable()
    })
}

async fn answer(request: &HttpRequest, payload: Payload, state: &State, endpoint: &str) -> HttpResponse {
    let (asked, address) = (Instant::now(), network(client_ip::address(request, state)));
    let body = match body::body(request, payload, &state.ingestion.pending, address).await {
        Ok(body) => body,
        Err(fault) => {
            note_unread(request, state, (endpoint, asked), fault).await;
            return body_error_response(fault);
        }
    };
    let (headers, line) = (body::headers(request.headers()), pipelining::line(request));
    let incoming = Incoming { headers: &headers, body: &body };
    let accepted = tokio::select! {
        biased;
        accepted = state.ingestion.accept(endpoint, &incoming, || line.release()) => accepted,
        () = line.evicted() => return unavailable(),
    };
    match accepted {
        Ok(Outcome::Stored) => HttpResponse::Ok().finish(),
        Ok(Outcome::Rejected(known)) => {
            if let Some(proof) = challenge::answer(&state.vault, endpoint, &incoming, state.clock.now()) {
                // A check of our own of this URL. Nothing was stored, so not 200; nothing is wrong, so not 401.
                return HttpResponse::Accepted().insert_header((challenge::HEADER, proof)).finish();
            }
            let (address, at) = (client_ip::address(request, state), state.clock.now());
            state.refusals.note(known, Unverified { headers, body: Some(body), address, at });
            line.release();
            throttle_rejections().await;
            HttpResponse::Unauthorized().finish()
        }
        Err(error) => {
            // What befell a batch was logged with it, once for all its members.
            if !error.is_of_a_batch() && log_once_per_second() {
                tracing::error!(%error, "requests cannot be stored");
            }
            if error.is_defect() { HttpResponse::InternalServerError().finish() } else { unavailable() }
        }
    }
}

/// Notes a request at a known endpoint whose body was not read. The answer is the same at an unknown one.
async fn note_unread(request: &HttpRequest, state: &State, (endpoint, asked): (&str, Instant), fault: BodyError) {
    let reason = match fault {
        BodyError::Encoded => Reason::Encoded,
        BodyError::TooLarge => Reason::TooLarge,
        BodyError::TooSlow => Reason::TooSlow,
        BodyError::Broken | BodyError::NoRoom => return,
    };
    let (headers, address) = (body::headers(request.headers()), client_ip::address(request, state));
    let place = state.ingestion.place(endpoint, asked).await;
    state.refusals.note(place.map(|place| (place, reason)), Unverified { headers, body: None, address, at: state.clock.now() });
}

/// In a flood a refused request waits for its answer, so that whoever sends the next one when the last is answered leaves the
/// server to others. No genuine one is held up, and no answer tells more than at other times.
async fn throttle_rejections() {
    static PACE: LazyLock<DefaultDirectRateLimiter> = LazyLock::new(|| RateLimiter::direct(Quota::per_second(AT_ONCE)));
    if PACE.check().is_err() {
        sleep(SLOWER).await;
    }
}

/// Once a second: in an outage every request says the same.
fn log_once_per_second() -> bool {
    static PACE: LazyLock<DefaultDirectRateLimiter> = LazyLock::new(|| RateLimiter::direct(Quota::per_second(NonZeroU32::MIN)));
    PACE.check().is_ok()
}

fn unavailable() -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, RETRY_AFTER)).finish()
}

/// The connection is closed: what is left of such a body is not worth reading.
fn body_error_response(fault: BodyError) -> HttpResponse {
    let (status, sentence) = match fault {
        BodyError::Encoded => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the body as it was signed, without Content-Encoding.\n"),
        BodyError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "A body may have at most 1 MiB.\n"),
        BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "The whole body must arrive within 3 s.\n"),
        BodyError::Broken => (StatusCode::BAD_REQUEST, "The body broke off.\n"),
        BodyError::NoRoom => return unavailable(),
    };
    HttpResponse::build(status).force_close().content_type("text/plain; charset=utf-8").body(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn in_a_flood_refused_requests_wait_for_their_answers() {
        let begun = Instant::now();
        for _ in 0..AT_ONCE.get() {
            throttle_rejections().await;
        }
        assert_eq!(begun.elapsed(), Duration::ZERO, "a few do not");
        for _ in 0..400 {
            throttle_rejections().await;
        }
        assert!(begun.elapsed() >= SLOWER * 20);
    }
}
