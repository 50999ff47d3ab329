//! Security and caching headers of every response.

use actix_web::{
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, VARY},
    middleware::Next,
    web::Data,
};

use crate::console::http::state::State;

/// Content security policy: denies everything except the sources listed here.
const CSP: &str = concat!(
    "default-src 'none'; ",
    // One script file; no inline scripts, so no nonce is needed.
    "script-src 'self'; ",
    // One style sheet.
    "style-src 'self'; ",
    // The icon sprite, and the chart swatches drawn by CSS.
    "img-src 'self' data:; ",
    "font-src 'self'; ",
    // The activity stream.
    "connect-src 'self'; ",
    // Also blocks redirects of a form to another site.
    "form-action 'self'; ",
    // No injected `<base>` element can redirect relative links.
    "base-uri 'none'; ",
    // No page can be framed (clickjacking).
    "frame-ancestors 'none'; ",
    // No string reaches a script sink of the DOM.
    "require-trusted-types-for 'script'",
);

const CONSTANT_HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", CSP),
    ("x-content-type-options", "nosniff"),
    // A set-up link contains a secret. Over plain http this policy makes browsers send the origin `null`: see `csrf.rs`.
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
];

/// One year, as ASVS 3.4.1 requires. Without `includeSubDomains`: this server has no authority over other hosts of the
/// domain.
const HSTS: &str = "max-age=31536000";

/// Middleware that adds the headers. A response without `Cache-Control` is not cached.
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
    set_constant_headers(headers);
    if is_https {
        set(headers, "strict-transport-security", HSTS);
    }
    if headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        // The language of a page depends on both.
        headers.append(VARY, HeaderValue::from_static("cookie, accept-language"));
    }
    if !headers.contains_key("cache-control") {
        set(headers, "cache-control", "no-store");
    }
    Ok(response)
}

/// Sets the headers whose values are constant.
pub(super) fn set_constant_headers(headers: &mut HeaderMap) {
    for (name, value) in CONSTANT_HEADERS {
        set(headers, name, value);
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &'static str) {
    headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
}
