//! Messages about the URL and connection of this server, and about sign-in and passwords.

use std::{net::IpAddr, time::Duration};

use super::{text::access as t, when::DisplayTime};
use crate::{
    accounts::password::PasswordFault,
    i18n::{self, Text},
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
        seen.exact
    )
}

/// What to do about a password that is not accepted.
pub(crate) const fn password_fault(fault: PasswordFault) -> &'static str {
    match fault {
        PasswordFault::TooShort => "Choose at least 12 characters. Four words with spaces between them are good.",
        PasswordFault::TooLong => "Choose at most 1,024 bytes.",
        PasswordFault::EasilyGuessed => "This password is too easy to guess. Four unrelated words are better.",
        PasswordFault::ContainsEmail => "The password must not contain your e-mail address.",
    }
}

/// A form submitted from another origin than this server's.
pub(crate) fn other_origin(public_url: Option<&str>) -> Text {
    public_url.map_or_else(t::other_origin, |url| t::other_origin_of(url))
}

/// A form whose token is missing, expired or of another session.
pub(crate) fn expired(public_url: Option<&str>) -> Text {
    public_url.map_or_else(t::form_expired, |url| t::form_expired_at(url))
}

/// Too many sign-in attempts.
pub(crate) const SLOW_DOWN: &str = "Too many attempts. Wait a few seconds, then sign in again.";

/// The password queue is full.
pub(crate) const BUSY: &str = "Too many people are signing in. Wait a few seconds, then sign in again.";

/// Too many attempts to confirm a password. Does not reveal whether the password was right.
pub(crate) fn too_many_attempts(wait: Duration) -> String {
    let seconds = wait.as_secs().max(1);
    format!("Too many attempts. Wait {seconds}\u{a0}s, then try again.")
}

/// The action that requires the password: "To …, enter your password."
pub(crate) const REVEAL: &str = "show the secret";
/// See [`REVEAL`].
pub(crate) const ROTATE: &str = "create a new secret";
/// See [`REVEAL`].
pub(crate) const RETIRE: &str = "retire this secret";
/// See [`REVEAL`].
pub(crate) const SAVE_KEYS: &str = "save these API keys";
/// See [`REVEAL`].
pub(crate) const ACCEPT_ACCOUNT: &str = "accept events from this account";
/// See [`REVEAL`]. `name` is that of a payment gateway or an app.
pub(crate) fn disable(name: &str) -> String {
    format!("disable {name}")
}
/// See [`REVEAL`].
pub(crate) const IMPORT: &str = "import this secret";
/// See [`REVEAL`].
pub(crate) const ADOPT: &str = "accept the secret that these requests were signed with";
/// See [`REVEAL`].
pub(crate) const RECOVER: &str = "recover the rejected requests";
/// See [`REVEAL`].
pub(crate) const DOWNLOAD: &str = "download this file";

/// Shown on the download's page after the password was confirmed.
pub(crate) const CONFIRMED: &str = "Password confirmed. Download the file again.";

/// States on how many other devices the user is signed in.
pub(crate) fn other_sessions(count: i64) -> String {
    match count {
        ..=0 => "You are signed in on this device only.".to_owned(),
        1 => "You are also signed in on 1 other device or browser. If you don’t recognise it, sign out everywhere else and change your password.".to_owned(),
        count => format!(
            "You are also signed in on {count} other devices or browsers. If you don’t recognise all of them, sign out everywhere else and change your password."
        ),
    }
}

/// Every other session of the user has ended.
pub(crate) const SIGNED_OUT_ELSEWHERE: &str = "You are signed out everywhere else";

/// The password field is empty.
pub(crate) const NO_PASSWORD: &str = "Enter your password.";

/// The password is incorrect.
pub(crate) const WRONG_PASSWORD: &str = "Incorrect password. Try again.";
