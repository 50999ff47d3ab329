//! Cookies, and signed cookies for data that must survive a redirect without a row in the database.
//!
//! A signed value is `payload.expiry.mac`, with payload and MAC in base64url; an altered or expired cookie is treated as
//! absent.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{console::http::state::State, primitives::time::Timestamp};

/// Default lifetime of a signed cookie.
const SIGNED_COOKIE_TTL: std::time::Duration = std::time::Duration::from_hours(1);

/// Builds a cookie with the defaults of this site: `HttpOnly`, `SameSite=Lax`, and `Secure` if the site uses https.
pub(crate) fn cookie(state: &State, name: &str, value: String) -> Cookie<'static> {
    Cookie::build(full_name(state, name), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.is_https())
        .finish()
}

/// Returns the cookie that deletes the cookie of this name.
pub(crate) fn removal(state: &State, name: &str) -> Cookie<'static> {
    let mut cookie = cookie(state, name, String::new());
    cookie.set_max_age(Duration::ZERO);
    cookie
}

/// A cookie that browsers send only to one path and below.
///
/// `__Host-` requires the path `/`, so over https the name begins with `__Secure-`.
pub(crate) struct PathCookie {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
}

impl PathCookie {
    pub(crate) fn with(&self, state: &State, value: String, life: std::time::Duration) -> Cookie<'static> {
        let mut cookie = cookie(state, self.name, value);
        cookie.set_name(self.full_name(state));
        cookie.set_path(self.path);
        cookie.set_max_age(Duration::try_from(life).ok());
        cookie
    }

    /// Returns the cookie that deletes it.
    pub(crate) fn removal(&self, state: &State) -> Cookie<'static> {
        self.with(state, String::new(), std::time::Duration::ZERO)
    }

    pub(crate) fn value(&self, request: &HttpRequest, state: &State) -> Option<String> {
        request.cookie(&self.full_name(state)).map(|cookie| cookie.value().to_owned())
    }

    fn full_name(&self, state: &State) -> String {
        if state.is_https() { format!("__Secure-{}", self.name) } else { self.name.to_owned() }
    }
}

/// Returns the value of the cookie of this name.
pub(crate) fn value(request: &HttpRequest, state: &State, name: &str) -> Option<String> {
    request.cookie(&full_name(state, name)).map(|cookie| cookie.value().to_owned())
}

/// Adds `__Host-`, which pins a cookie to this host; browsers accept the prefix only over https.
fn full_name(state: &State, name: &str) -> String {
    if state.is_https() { format!("__Host-{name}") } else { name.to_owned() }
}

/// Builds a signed cookie with the default lifetime.
pub(crate) fn signed(state: &State, name: &str, payload: &str) -> Cookie<'static> {
    signed_for(state, name, payload, SIGNED_COOKIE_TTL)
}

/// Builds a signed cookie that is valid for `life`.
pub(crate) fn signed_for(state: &State, name: &str, payload: &str, life: std::time::Duration) -> Cookie<'static> {
    let until = state.clock.now().plus(life).millis();
    let body = format!("{}.{until}", URL_SAFE_NO_PAD.encode(payload));
    let mac = URL_SAFE_NO_PAD.encode(mac(state, name, &body).finalize().into_bytes());
    let mut cookie = cookie(state, name, format!("{body}.{mac}"));
    cookie.set_max_age(Duration::try_from(life).ok());
    cookie
}

/// Returns the payload of a signed cookie if its signature is valid and it has not expired.
pub(crate) fn read_signed(request: &HttpRequest, state: &State, name: &str) -> Option<String> {
    let value = value(request, state, name)?;
    let (body, given) = value.rsplit_once('.')?;
    mac(state, name, body).verify_slice(&URL_SAFE_NO_PAD.decode(given).ok()?).ok()?;
    let (payload, until) = body.split_once('.')?;
    let is_live = state.clock.now() < Timestamp::from_millis(until.parse().ok()?);
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    is_live.then(|| String::from_utf8(payload).ok())?
}

fn mac(state: &State, name: &str, body: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&state.vault.derive("signed cookies")).expect("any length");
    mac.update(name.as_bytes());
    mac.update(b"=");
    mac.update(body.as_bytes());
    mac
}
