//! The fixed headers of a destination, which its system requires in addition to the signature, such as `Authorization`.
//!
//! Invariant: a fixed header neither frames the request nor describes the body, and cannot be mistaken for a header of KS Pay or of a
//! gateway. Its value is sealed, and read only by attempts and checks. A change of the URL removes the headers, as it replaces the secret.

use hyper::header::HeaderName;
use zeroize::Zeroizing;

use super::{
    destination::Destination,
    manage::{By, DestinationError, bind_master_key},
    store::{destinations, headers},
};
use crate::{
    accounts::{
        authz::{Permission, UseCaseError},
        security_log::{self, Action},
    },
    db::Tx,
    gateways::Gateway,
    primitives::vault::Vault,
};

/// The maximum number of fixed headers of a destination.
pub(crate) const MAX_HEADERS: usize = 10;
/// The maximum length of a name.
pub(crate) const MAX_NAME_BYTES: usize = 64;
/// The maximum length of a value.
pub(crate) const MAX_VALUE_BYTES: usize = 1000;

/// Reserved names: headers of the connection, of the request's frame, and of the sender. `cookie` is reserved because a destination has no
/// session, and `accept-encoding` because a compressed response could not be shown.
const RESERVED: &[&str] = &[
    "accept-encoding",
    "connection",
    "cookie",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];
/// Prefixes of reserved names.
const RESERVED_PREFIXES: &[&str] = &["content-", "ks-pay-", "proxy-", "webhook-"];

/// Why a name is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidName {
    Empty,
    TooLong,
    /// It is not a token (RFC 9110, section 5.6.2).
    NotAToken,
    /// KS Pay, a gateway or HTTP uses it.
    Reserved,
}

/// Why a value is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidValue {
    Empty,
    TooLong,
    /// It has a character other than visible ASCII characters and spaces.
    NotAscii,
}

/// The name of a fixed header, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct Name(String);

impl Name {
    /// Parses a name in any case.
    ///
    /// # Errors
    /// See [`InvalidName`].
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidName> {
        let name = text.trim().to_ascii_lowercase();
        if name.is_empty() {
            return Err(InvalidName::Empty);
        }
        if name.len() > MAX_NAME_BYTES {
            return Err(InvalidName::TooLong);
        }
        if HeaderName::try_from(name.as_str()).is_err() {
            return Err(InvalidName::NotAToken);
        }
        let is_gateways = |gateway: Gateway| gateway.profile().signature.headers.contains(&name.as_str());
        let is_reserved = RESERVED.contains(&name.as_str())
            || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            || Gateway::all().any(is_gateways);
        if is_reserved { Err(InvalidName::Reserved) } else { Ok(Self(name)) }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The value of a fixed header. Has no `Debug`, and is wiped on drop.
#[derive(Clone)]
pub(crate) struct Value(Zeroizing<String>);

impl Value {
    /// Parses a value, and trims the spaces around it.
    ///
    /// # Errors
    /// See [`InvalidValue`].
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let value = text.trim_matches([' ', '\t']);
        if value.is_empty() {
            return Err(InvalidValue::Empty);
        }
        if value.len() > MAX_VALUE_BYTES {
            return Err(InvalidValue::TooLong);
        }
        if !value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return Err(InvalidValue::NotAscii);
        }
        Ok(Self(Zeroizing::new(value.to_owned())))
    }

    /// Returns the value, for sealing and for the request of an attempt.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// Sets a fixed header, replacing one with the same name; returns false if the destination already has the maximum.
///
/// # Errors
/// See [`DestinationError`].
pub(crate) async fn set(
    tx: &mut Tx,
    vault: &Vault,
    destination: &Destination,
    (name, value): (&Name, &Value),
    (actor, now): By<'_>,
) -> Result<bool, DestinationError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    bind_master_key(tx, vault).await?;
    destinations::lock(tx, destination.id).await?;
    headers::delete(tx, destination.id, name).await?;
    if headers::list(&mut *tx, destination.id).await?.len() >= MAX_HEADERS {
        return Ok(false);
    }
    headers::insert(tx, vault, (destination.id, name, value), (actor.name, now)).await?;
    security_log::append(tx, actor, Action::DestinationChanged, destination.id, now).await?;
    Ok(true)
}

/// Removes a fixed header; returns false if the destination has none with that name.
pub(crate) async fn remove(
    tx: &mut Tx,
    destination: &Destination,
    name: &Name,
    (actor, now): By<'_>,
) -> Result<bool, UseCaseError> {
    actor.require(Permission::ManageDestinations, destination.company_id)?;
    let is_removed = headers::delete(tx, destination.id, name).await?;
    if is_removed {
        security_log::append(tx, actor, Action::DestinationChanged, destination.id, now).await?;
    }
    Ok(is_removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_token_that_nothing_else_has() {
        let name = |text| Name::parse(text).map(|name| name.0);
        assert_eq!(name(" Authorization "), Ok("authorization".to_owned()));
        assert_eq!(name("X-Api_Key!"), Ok("x-api_key!".to_owned()));
        for (text, invalid) in [
            ("", InvalidName::Empty),
            ("x y", InvalidName::NotAToken),
            ("x:", InvalidName::NotAToken),
            ("x\r\nHost", InvalidName::NotAToken),
            ("चाबी", InvalidName::NotAToken),
            ("Host", InvalidName::Reserved),
            ("CONNECTION", InvalidName::Reserved),
            ("Transfer-Encoding", InvalidName::Reserved),
            ("Content-Length", InvalidName::Reserved),
            ("content-type", InvalidName::Reserved),
            ("Webhook-Id", InvalidName::Reserved),
            ("webhook-signature", InvalidName::Reserved),
            ("Cookie", InvalidName::Reserved),
            ("Proxy-Authorization", InvalidName::Reserved),
            ("X-Razorpay-Signature", InvalidName::Reserved),
            ("x-razorpay-event-id", InvalidName::Reserved),
            ("KS-Pay-Event-State", InvalidName::Reserved),
            ("User-Agent", InvalidName::Reserved),
        ] {
            assert_eq!(name(text), Err(invalid), "{text:?}");
        }
        assert_eq!(name(&"x".repeat(65)), Err(InvalidName::TooLong));
    }

    #[test]
    fn a_value_is_one_line_of_visible_ascii() {
        let value = |text: &str| Value::parse(text).map(|value| value.expose().to_owned());
        assert_eq!(value(" Bearer abc\t"), Ok("Bearer abc".to_owned()));
        for (text, invalid) in [
            ("  ", InvalidValue::Empty),
            ("a\nb", InvalidValue::NotAscii),
            ("a\r\nHost: x", InvalidValue::NotAscii),
            ("a\tb", InvalidValue::NotAscii),
            ("a\u{7f}", InvalidValue::NotAscii),
            ("é", InvalidValue::NotAscii),
        ] {
            assert_eq!(value(text), Err(invalid), "{text:?}");
        }
        assert_eq!(value(&"x".repeat(1001)), Err(InvalidValue::TooLong));
    }
}
