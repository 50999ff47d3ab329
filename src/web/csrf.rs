//! Cross-site request forgery: every unsafe request must come from a page of ours and carry the session's token.
//!
//! The token is masked anew for every page, so that compression beside typed text tells nothing of it (BREACH).

use actix_web::{HttpRequest, http::header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::{TryRng as _, rngs::SysRng};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::kernel::vault::Vault;

const LENGTH: usize = 32;

/// Whether the browser says that the request comes from a page of ours; where it says nothing, so does a script.
pub(crate) fn is_from_here(request: &HttpRequest) -> bool {
    let text = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else {
        return true;
    };
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_some() && host == text(header::HOST.as_str())
}

/// The token to put into a form, for whoever holds `holder` – a session's token, or a sign-in cookie's value.
pub(crate) fn token(vault: &Vault, holder: &str) -> String {
    let mut mask = [0u8; LENGTH];
    SysRng.try_fill_bytes(&mut mask).expect("the system's random source answers");
    let masked: Vec<u8> = expected(vault, holder).iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    URL_SAFE_NO_PAD.encode([&mask[..], &masked].concat())
}

/// Whether a form's token is the holder's.
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
    use crate::kernel::vault::MasterKey;
    use actix_web::test::TestRequest;

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
    fn a_request_from_elsewhere_is_told_apart() {
        let from = |headers: &[(&'static str, &str)]| {
            let request =
                headers.iter().fold(TestRequest::post(), |request, (name, value)| request.insert_header((*name, *value)));
            is_from_here(&request.to_http_request())
        };
        assert!(from(&[]) && from(&[("sec-fetch-site", "same-origin")]) && from(&[("sec-fetch-site", "none")]));
        assert!(!from(&[("sec-fetch-site", "cross-site")]) && !from(&[("sec-fetch-site", "same-site")]));
        assert!(from(&[("host", "pay.example:8080"), ("origin", "http://pay.example:8080")]));
        assert!(!from(&[("host", "pay.example"), ("origin", "http://pay.example:8080")]));
        assert!(!from(&[("host", "pay.example"), ("origin", "null")]));
        assert!(!from(&[("host", "pay.example"), ("origin", "https://evil.example")]));
    }
}
