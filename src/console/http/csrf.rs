//! CSRF protection: every unsafe request must originate from this site and carry the session's token.
//!
//! The token is masked with fresh random bytes on every page, so that the size of a compressed response reveals nothing about
//! it (BREACH).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::{HttpRequest, http::header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::{TryRng as _, rngs::SysRng};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::{console::http::state::State, net::client_ip, primitives::vault::Vault};

const LENGTH: usize = 32;

/// True unless the browser reports that the request comes from another site.
///
/// On plain http browsers send no fetch metadata, and the origin `null` because of the `Referrer-Policy`: in that case only
/// the token decides.
pub(crate) fn is_same_site(request: &HttpRequest, state: &State) -> bool {
    let text = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match text(header::ORIGIN.as_str()) {
        None | Some("null") => true,
        Some(origin) => origin == state.base() || is_direct(origin, request, state.settings.public_url.is_some()),
    }
}

/// True if the origin matches a request that reached the server without a proxy: either the local address of the connection,
/// or, if no public URL is set, the IP address in `Host`. A host name proves nothing, since any name can be made to resolve
/// to this server (DNS rebinding).
fn is_direct(origin: &str, request: &HttpRequest, has_public_url: bool) -> bool {
    let Some(authority) = origin.strip_prefix("http://") else { return false };
    let Some((ip, port)) = parse_authority(authority) else { return false };
    let has_arrived = |local: SocketAddr| {
        let at = local.ip().to_canonical();
        local.port() == port && (at == ip || (at.is_loopback() && ip.is_loopback()))
    };
    let is_host = || request.headers().get(header::HOST).is_some_and(|host| host.as_bytes() == authority.as_bytes());
    client_ip::local(request).is_some_and(has_arrived) || (!has_public_url && is_host())
}

/// Parses an authority of an IP address or `localhost`, with an optional port.
fn parse_authority(authority: &str) -> Option<(IpAddr, u16)> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, 80),
    };
    if host == "localhost" {
        return Some((IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    Some((bare.parse::<IpAddr>().ok()?.to_canonical(), port))
}

/// Returns the masked token for a form. `holder` is the session's token, or the value of the pre-session cookie.
pub(crate) fn token(vault: &Vault, holder: &str) -> String {
    let mut mask = [0u8; LENGTH];
    SysRng.try_fill_bytes(&mut mask).expect("the system's random source answers");
    let masked: Vec<u8> = expected(vault, holder).iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    URL_SAFE_NO_PAD.encode([&mask[..], &masked].concat())
}

/// True if the form's token belongs to the holder.
pub(crate) fn is_token(vault: &Vault, holder: &str, given: &str) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(given) else {
        return false;
    };
    if bytes.len() != 2 * LENGTH {
        return false;
    }
    let (mask, masked) = bytes.split_at(LENGTH);
    let token: Vec<u8> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    token.ct_eq(&expected(vault, holder)).into()
}

fn expected(vault: &Vault, holder: &str) -> [u8; LENGTH] {
    let mut mac = Hmac::<Sha256>::new_from_slice(&vault.derive("csrf tokens")).expect("any length");
    mac.update(holder.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::vault::MasterKey;

    #[test]
    fn a_token_belongs_to_its_holder_and_never_looks_the_same() {
        let vault = Vault::new(MasterKey::generate());
        let token = token(&vault, "one");
        assert!(is_token(&vault, "one", &token));
        assert!(!is_token(&vault, "two", &token));
        assert!(!is_token(&vault, "one", "") && !is_token(&vault, "one", &token[1..]));
        assert_ne!(token, super::token(&vault, "one"));
    }

    #[test]
    fn an_authority_is_an_address_with_its_port() {
        let parsed = |text| parse_authority(text).map(|(ip, port)| format!("{ip} {port}"));
        for (text, wanted) in [
            ("192.0.2.2:8080", "192.0.2.2 8080"),
            ("192.0.2.2", "192.0.2.2 80"),
            ("[fd00::2]:8080", "fd00::2 8080"),
            ("[::1]", "::1 80"),
            ("localhost:8080", "127.0.0.1 8080"),
        ] {
            assert_eq!(parsed(text).as_deref(), Some(wanted));
        }
        for name in ["pay.example:8080", "", ":80", "192.0.2.2:x", "localhost.evil.example", "192.0.2.2.evil.example:80"] {
            assert_eq!(parsed(name), None, "{name}");
        }
    }
}
