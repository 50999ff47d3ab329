//! Headers that every answer of the site carries.

use actix_web::{
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};

use crate::state::State;

/// Everything is refused but what stands here.
const CSP: &str = concat!(
    "default-src 'none'; ",
    // One script file of ours; nothing inline, so there is no nonce to carry.
    "script-src 'self'; ",
    // One style sheet of ours.
    "style-src 'self'; ",
    // The icons' sprite, and the chart swatches that CSS draws.
    "img-src 'self' data:; ",
    "font-src 'self'; ",
    // The evidence stream.
    "connect-src 'self'; ",
    // Also stops a form's redirect to another site.
    "form-action 'self'; ",
    // No page can be told to resolve its links elsewhere.
    "base-uri 'none'; ",
    // Nobody shows our pages in a frame.
    "frame-ancestors 'none'; ",
    // No text becomes script by way of the DOM.
    "require-trusted-types-for 'script'",
);

const FIXED: &[(&str, &str)] = &[
    ("content-security-policy", CSP),
    ("x-content-type-options", "nosniff"),
    // A set-up link has a secret in its URL. Over plain http this makes browsers send the origin `null`: see `csrf.rs`.
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
];

/// A year, as ASVS 3.4.1 asks. Other names under this one are not this server's to speak for.
const HSTS: &str = "max-age=31536000";

/// Adds them. A page that does not say how long it may be kept is not kept at all.
pub(crate) async fn add(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let state = request.app_data::<Data<State>>().cloned();
    let is_https = state.as_ref().is_some_and(|state| state.is_https());
    if let Some(state) = &state {
        state.untrusted_proxy.notice(request.request(), state);
    }
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    set_fixed(headers);
    if is_https {
        set(headers, "strict-transport-security", HSTS);
    }
    if !headers.contains_key("cache-control") {
        set(headers, "cache-control", "no-store");
    }
    Ok(response)
}

/// Those that never differ.
pub(super) fn set_fixed(headers: &mut HeaderMap) {
    for (name, value) in FIXED {
        set(headers, name, value);
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &'static str) {
    headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
}
