//! Messages about the URL and connection of this server, and about sign-in and passwords.

use std::{net::IpAddr, time::Duration};

use super::{
    text::{access as t, dates},
    when::{DisplayTime, span},
};
use crate::{
    accounts::password::PasswordFault,
    i18n::{self, Text, ToArg},
    messages::Warning,
};

/// Shown on every page while the server is reached over plain http.
pub(crate) fn plain_http() -> Warning {
    Warning { hook: "plain-http", headline: t::plain_http(), advice: t::plain_http_advice(i18n::code("ks-pay doctor")) }
}

/// The same for an operator, at startup and in `ks-pay doctor`.
pub(crate) fn plain_http_at(url: &str) -> String {
    format!(
        "{url} is plain http: passwords and secrets can be read in transit. Put a TLS proxy in front and set KS_PAY_PUBLIC_URL to its https address"
    )
}

/// Reports an untrusted proxy, in `ks-pay doctor`.
pub(crate) fn untrusted_proxy(peer: IpAddr, seen: &DisplayTime) -> String {
    format!(
        "requests with X-Forwarded-For arrived from {peer}, which is not in KS_PAY_TRUSTED_PROXIES. If it is your proxy, add {peer}/{}: until then all its visitors share one sign-in limit, and one of them can use it up. Last seen {}",
        if peer.is_ipv4() { 32 } else { 128 },
        seen.exact.in_english()
    )
}

/// What to do about a password that is not accepted.
pub(crate) const fn password_fault(fault: PasswordFault) -> Text {
    match fault {
        PasswordFault::TooShort => t::password_too_short(),
        PasswordFault::TooLong => t::password_too_long(),
        PasswordFault::EasilyGuessed => t::password_easily_guessed(),
        PasswordFault::ContainsEmail => t::password_contains_email(),
    }
}

/// A form submitted from another origin than this server's.
pub(crate) fn other_origin(public_url: Option<&str>) -> Text {
    public_url.map_or_else(t::other_origin, t::other_origin_of)
}

/// A form whose token is missing, expired or of another session.
pub(crate) fn expired(public_url: Option<&str>) -> Text {
    public_url.map_or_else(t::form_expired, t::form_expired_at)
}

/// Too many sign-in attempts.
pub(crate) fn too_many_sign_ins(wait: Duration) -> Text {
    t::too_many_sign_ins(seconds(wait))
}

/// Too many attempts to confirm a password. Does not reveal whether the password was right.
pub(crate) fn too_many_attempts(wait: Duration) -> Text {
    t::too_many_attempts(seconds(wait))
}

/// Too many requests for a password reset. Does not reveal whether an account exists.
pub(crate) fn too_many_resets(wait: Duration) -> Text {
    t::too_many_attempts(span(wait))
}

/// Formats the time until the next attempt; the limits allow one within a minute.
pub(crate) fn seconds(wait: Duration) -> Text {
    dates::seconds(wait.as_secs().max(1))
}

/// Asks for the password before a sensitive action.
pub(crate) const REVEAL: Text = t::to_reveal();
/// See [`REVEAL`].
pub(crate) const ROTATE: Text = t::to_rotate();
/// See [`REVEAL`].
pub(crate) const RETIRE: Text = t::to_retire();
/// See [`REVEAL`].
pub(crate) const SAVE_KEYS: Text = t::to_save_keys();
/// See [`REVEAL`].
pub(crate) const ACCEPT_ACCOUNT: Text = t::to_accept_account();
/// See [`REVEAL`]. `name` is that of a payment gateway or an app.
pub(crate) fn disable(name: impl ToArg) -> Text {
    t::to_disable(name)
}
/// See [`REVEAL`].
pub(crate) const IMPORT: Text = t::to_import();
/// See [`REVEAL`].
pub(crate) const ADOPT: Text = t::to_adopt();
/// See [`REVEAL`].
pub(crate) const RECOVER: Text = t::to_recover();

/// States on how many other devices the user is signed in.
pub(crate) fn other_sessions(count: i64) -> Text {
    if count <= 0 { t::no_other_session() } else { t::other_sessions(count) }
}
