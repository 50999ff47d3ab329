//! The challenge of a test event: a header with its time, the SHA-256 of its body, and an HMAC over these and the endpoint.
//!
//! Invariant: the key is derived from the master key, so only this installation can make a challenge. One for another endpoint or
//! body, or more than a minute old, is ignored. It does not make a request authentic: it is read only after the signature, except
//! that a rejected request with a challenge is not recorded.

use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::{
    gateways::adapter::{Header, Incoming},
    primitives::{time::Timestamp, vault::Vault},
    url_check::challenge::{self, CHALLENGE_TTL, HEADER},
};

/// Distinguishes the value from that of a probe, which has the same header.
const PREFIX: &str = "test.";

/// Returns the value of [`HEADER`] for a test event.
pub(super) fn header(vault: &Vault, endpoint: &str, sha256: &[u8; 32], at: Timestamp) -> String {
    let stated = format!("{}.{}", at.millis(), HEXLOWER.encode(sha256));
    let mac = HEXLOWER.encode(&mac(vault, endpoint, &stated).finalize().into_bytes());
    format!("{PREFIX}{stated}.{mac}")
}

/// True if the request has a current challenge for this endpoint and this body.
pub(crate) fn is_valid(vault: &Vault, endpoint: &str, incoming: &Incoming<'_>, now: Timestamp) -> bool {
    stated_digest(vault, endpoint, incoming, now).is_some_and(|digest| digest == Sha256::digest(incoming.body).as_slice())
}

/// Returns the digest in a current challenge for this endpoint. The body is hashed only if there is one.
fn stated_digest(vault: &Vault, endpoint: &str, incoming: &Incoming<'_>, now: Timestamp) -> Option<Vec<u8>> {
    let Header::Once(value) = incoming.header(HEADER) else { return None };
    let (stated, tag) = std::str::from_utf8(value).ok()?.strip_prefix(PREFIX)?.rsplit_once('.')?;
    mac(vault, endpoint, stated).verify_slice(&HEXLOWER.decode(tag.as_bytes()).ok()?).ok()?;
    let (at, digest) = stated.split_once('.')?;
    let at = Timestamp::from_millis(at.parse().ok()?);
    if now.since(at).max(at.since(now)) > CHALLENGE_TTL {
        return None;
    }
    HEXLOWER.decode(digest.as_bytes()).ok()
}

fn mac(vault: &Vault, endpoint: &str, stated: &str) -> Hmac<Sha256> {
    challenge::mac(vault, "test events", &[endpoint, stated])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::primitives::vault::MasterKey;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);

    fn is_valid(vault: &Vault, endpoint: &str, values: &[&str], body: &'static [u8], now: Timestamp) -> bool {
        let headers: Vec<_> = values.iter().map(|value| (HEADER, value.as_bytes())).collect();
        super::is_valid(vault, endpoint, &Incoming { headers: &headers, body: &Bytes::from_static(body) }, now)
    }

    #[test]
    fn a_challenge_is_for_one_endpoint_one_body_and_one_minute() {
        let vault = Vault::new(MasterKey::generate());
        let value = header(&vault, "wh_one", &Sha256::digest(b"{}").into(), NOW);
        let minute = Duration::from_mins(1);
        for now in [NOW, NOW.plus(minute), NOW.minus(minute)] {
            assert!(is_valid(&vault, "wh_one", &[&value], b"{}", now));
        }
        let more = minute + Duration::from_millis(1);
        for now in [NOW.plus(more), NOW.minus(more)] {
            assert!(!is_valid(&vault, "wh_one", &[&value], b"{}", now));
        }
        assert!(!is_valid(&vault, "wh_two", &[&value], b"{}", NOW));
        assert!(!is_valid(&vault, "wh_one", &[&value], b"{ }", NOW));
        assert!(!is_valid(&Vault::new(MasterKey::generate()), "wh_one", &[&value], b"{}", NOW));
        assert!(!is_valid(&vault, "wh_one", &[&value, &value], b"{}", NOW) && !is_valid(&vault, "wh_one", &[], b"{}", NOW));
    }

    #[test]
    fn a_changed_challenge_and_that_of_a_probe_are_ignored() {
        let vault = Vault::new(MasterKey::generate());
        let value = header(&vault, "wh_one", &Sha256::digest(b"{}").into(), NOW);
        let later = value.replacen(&NOW.millis().to_string(), &NOW.plus(Duration::from_secs(1)).millis().to_string(), 1);
        let other = value.replacen(&HEXLOWER.encode(&Sha256::digest(b"{}")), &HEXLOWER.encode(&Sha256::digest(b"{ }")), 1);
        let probe = challenge::Challenge::new("wh_one", NOW).header(&vault);
        let disguised = format!("{PREFIX}{probe}");
        for wrong in ["", ".", PREFIX, "test...", &later, &value.to_uppercase(), &value[1..], &value[5..], &probe, &disguised] {
            assert!(!is_valid(&vault, "wh_one", &[wrong], b"{}", NOW), "{wrong}");
        }
        assert!(!is_valid(&vault, "wh_one", &[&other], b"{ }", NOW));
        let incoming = Incoming { headers: &[(HEADER, value.as_bytes())], body: &Bytes::from_static(b"{}") };
        assert_eq!(challenge::answer(&vault, "wh_one", &incoming, NOW), None, "nor is it a probe");
    }
}
