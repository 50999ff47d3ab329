//! `POST /webhooks/{endpoint}`: the ingestion route, without sign-in and CSRF protection.
//!
//! Invariant: every 401 response is identical, regardless of the reason; 503 means that a retry may succeed; the response is 200
//! only after a commit. Error texts never leave the server.

use std::{
    num::NonZeroU32,
    sync::{Arc, LazyLock},
    time::Duration,
};

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
    Ingestion, Outcome,
    body::{self, BodyError},
    endpoint_cache::EndpointOwner,
};
use crate::{
    gateways::adapter::Incoming,
    net::{
        client_ip::{self, TrustedProxies},
        pipelining,
    },
    primitives::{network::network, shutdown::Shutdown, time::Clock, vault::Vault},
    rejections::{
        Reason,
        recorder::{RejectionRecorder, UnverifiedRequest},
    },
    test_events,
    url_check::challenge,
    urls,
};

/// The deadline from the request's head to the response. It guarantees the documented 4.5 s; Razorpay waits 5 s.
const DEADLINE: Duration = Duration::from_millis(4400);
/// The rejected requests per second that are answered without delay; a misconfigured webhook sends far fewer.
const UNDELAYED_REJECTIONS: NonZeroU32 = NonZeroU32::new(200).unwrap();
/// The delay of the others.
const SLOWER: Duration = Duration::from_millis(25);
/// The `Retry-After` of a 503 response, in seconds.
const RETRY_AFTER: &str = "30";

/// What the route needs. One per server.
pub(crate) struct WebhookRoute {
    pub(crate) ingestion: Arc<Ingestion>,
    pub(crate) recorder: RejectionRecorder,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) shutdown: Shutdown,
}

/// Handles webhook requests before routing, because routes are matched in order. Uses the raw path: actix decodes a segment
/// before a handler sees it, and an endpoint is compared as sent.
pub(crate) async fn intercept_webhooks(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if urls::endpoint_of(request.uri().path()).is_none() {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    let (request, payload) = request.into_parts();
    let response = match (request.app_data::<Data<WebhookRoute>>(), urls::endpoint_of(request.uri().path())) {
        (Some(route), Some(endpoint)) => receive(&request, payload, route, endpoint).await,
        _ => HttpResponse::InternalServerError().finish(),
    };
    Ok(ServiceResponse::new(request, response))
}

/// Handles any method at `/webhooks/{endpoint}`.
async fn receive(request: &HttpRequest, payload: Payload, route: &WebhookRoute, endpoint: &str) -> HttpResponse {
    if request.method() != Method::POST {
        return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "POST")).finish();
    }
    if route.shutdown.is_announced() {
        return unavailable();
    }
    timeout(DEADLINE, answer(request, payload, route, endpoint)).await.unwrap_or_else(|_| {
        if log_once_per_second() {
            tracing::warn!("requests are not stored within their deadline");
        }
        unavailable()
    })
}

async fn answer(request: &HttpRequest, payload: Payload, route: &WebhookRoute, endpoint: &str) -> HttpResponse {
    let (asked, address) = (Instant::now(), network(client_ip::address(request, &route.trusted_proxies)));
    let body = match body::body(request, payload, &route.ingestion.pending, address).await {
        Ok(body) => body,
        Err(fault) => {
            note_unread(request, route, (endpoint, asked), fault).await;
            return body_error_response(fault);
        }
    };
    let (headers, line) = (body::headers(request.headers()), pipelining::gate(request));
    let incoming = Incoming { headers: &headers, body: &body };
    let accepted = tokio::select! {
        biased;
        accepted = route.ingestion.accept(endpoint, &incoming, || line.release()) => accepted,
        () = line.evicted() => return unavailable(),
    };
    match accepted {
        Ok(Outcome::Stored(None)) => HttpResponse::Ok().finish(),
        Ok(Outcome::Stored(Some(body))) => HttpResponse::Ok().content_type(body.content_type).body(body.text),
        Ok(Outcome::Rejected(known)) => {
            if let Some(response) = probe_response(route, endpoint, &incoming) {
                return response;
            }
            let (address, at) = (client_ip::address(request, &route.trusted_proxies), route.clock.now());
            // A test event whose secret ended on its way says nothing about the gateway.
            if !test_events::challenge::is_valid(&route.vault, endpoint, &incoming, at) {
                let headers = body::owned_headers(request.headers());
                route.recorder.note(known, UnverifiedRequest { headers, body: Some(body), address, at });
            }
            line.release();
            throttle_rejections().await;
            HttpResponse::Unauthorized().finish()
        }
        Err(error) if error.is_expected() => probe_response(route, endpoint, &incoming).unwrap_or_else(unavailable),
        Err(error) => {
            // The failure of a batch was already logged, once for all its events.
            if !error.is_of_a_batch() && log_once_per_second() {
                tracing::error!(%error, "requests cannot be stored");
            }
            if error.is_defect() { HttpResponse::InternalServerError().finish() } else { unavailable() }
        }
    }
}

/// Returns the response to a probe of our own URL check. Nothing was stored, so not 200; nothing is wrong, so not 401.
fn probe_response(route: &WebhookRoute, endpoint: &str, incoming: &Incoming<'_>) -> Option<HttpResponse> {
    let proof = challenge::answer(&route.vault, endpoint, incoming, route.clock.now())?;
    Some(HttpResponse::Accepted().insert_header((challenge::HEADER, proof)).finish())
}

/// Records a request at a known endpoint whose body was not read. The response is the same at an unknown endpoint.
async fn note_unread(request: &HttpRequest, route: &WebhookRoute, (endpoint, asked): (&str, Instant), fault: BodyError) {
    let reason = match fault {
        BodyError::Encoded => Reason::Encoded,
        BodyError::TooLarge => Reason::TooLarge,
        BodyError::TooSlow => Reason::TooSlow,
        BodyError::Broken | BodyError::TooManyInFlight => return,
    };
    let (headers, address) = (body::owned_headers(request.headers()), client_ip::address(request, &route.trusted_proxies));
    let at = match route.ingestion.owner(endpoint, asked).await {
        EndpointOwner::Unknown => None,
        EndpointOwner::Connection(scope) => Some((scope, reason)),
        EndpointOwner::AwaitsSecret => return,
    };
    route.recorder.note(at, UnverifiedRequest { headers, body: None, address, at: route.clock.now() });
}

/// Delays responses to rejected requests in a flood, which slows down clients that wait for each response. Authentic requests
/// are not delayed, and the responses reveal nothing more.
async fn throttle_rejections() {
    static PACE: LazyLock<DefaultDirectRateLimiter> =
        LazyLock::new(|| RateLimiter::direct(Quota::per_second(UNDELAYED_REJECTIONS)));
    if PACE.check().is_err() {
        sleep(SLOWER).await;
    }
}

/// True once per second: in an outage every request causes the same line.
fn log_once_per_second() -> bool {
    static PACE: LazyLock<DefaultDirectRateLimiter> = LazyLock::new(|| RateLimiter::direct(Quota::per_second(NonZeroU32::MIN)));
    PACE.check().is_ok()
}

fn unavailable() -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, RETRY_AFTER)).finish()
}

/// Closes the connection, because the rest of such a body is not read.
fn body_error_response(fault: BodyError) -> HttpResponse {
    let (status, sentence) = match fault {
        BodyError::Encoded => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the body as it was signed, without Content-Encoding.\n"),
        BodyError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "A body may have at most 1 MiB.\n"),
        BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "The whole body must arrive within 3 s.\n"),
        BodyError::Broken => (StatusCode::BAD_REQUEST, "The body broke off.\n"),
        BodyError::TooManyInFlight => return unavailable(),
    };
    HttpResponse::build(status).force_close().content_type("text/plain; charset=utf-8").body(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn in_a_flood_refused_requests_wait_for_their_answers() {
        let begun = Instant::now();
        for _ in 0..UNDELAYED_REJECTIONS.get() {
            throttle_rejections().await;
        }
        assert_eq!(begun.elapsed(), Duration::ZERO, "a few do not");
        for _ in 0..400 {
            throttle_rejections().await;
        }
        assert!(begun.elapsed() >= SLOWER * 20);
    }
}
