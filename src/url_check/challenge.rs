//! Mutual authentication of a probe and this installation.
//!
//! A probe carries an HMAC over endpoint, time and nonce; the response carries an HMAC over what arrived, beginning with the
//! SHA-256 of the body. Both use keys derived from the master key, so only this installation can create them.
//!
//! Invariant: a challenge that is not exactly one of ours, for this endpoint and at most a minute old, is ignored. A
//! challenge never makes a request accepted; it changes only the response to a request that is rejected anyway.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use std::{fmt::Write as _, time::Duration};

use crate::{
    gateways::{
        Gateway,
        adapter::{Header, Incoming},
    },
    primitives::{base62, time::Timestamp, vault::Vault},
};

/// The header of a probe and of its response. A test event has it too, with another value, so that a probe shows whether that arrives.
pub(crate) const HEADER: &str = "ks-pay-check";
/// The validity of a probe. It also allows for clocks of servers that differ.
pub(crate) const CHALLENGE_TTL: Duration = Duration::from_mins(1);
/// The number of random characters in a probe: 131 bits.
const NONCE: usize = 22;
/// The number of hex digits of a header's digest: enough to distinguish two values.
const DIGEST: usize = 16;

/// The challenge that a probe carries.
pub(crate) struct Challenge {
    endpoint: String,
    pub(crate) nonce: String,
    at: Timestamp,
}

/// What arrived of a probe, according to the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub(crate) sha256: String,
    pub(crate) length: usize,
    /// A digest for each of [`signature_headers`].
    headers: Vec<String>,
}

impl Challenge {
    pub(crate) fn new(endpoint: &str, now: Timestamp) -> Self {
        Self { endpoint: endpoint.to_owned(), nonce: base62::random(NONCE), at: now }
    }

    /// Returns the value of [`HEADER`].
    pub(crate) fn header(&self, vault: &Vault) -> String {
        let asked = format!("{}.{}", self.at.millis(), self.nonce);
        let mac = HEXLOWER.encode(&asking(vault, &self.endpoint, &asked).finalize().into_bytes());
        format!("{asked}.{mac}")
    }

    /// Parses a response; `None` unless it is this installation's response to this probe.
    pub(crate) fn read(&self, vault: &Vault, answer: &[u8]) -> Option<Arrived> {
        let (arrival, mac) = std::str::from_utf8(answer).ok()?.rsplit_once('.')?;
        answering(vault, &self.endpoint, &self.nonce, arrival).verify_slice(&HEXLOWER.decode(mac.as_bytes()).ok()?).ok()?;
        let mut parts = arrival.split('.');
        let (sha256, length) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        Some(Arrived { sha256, length, headers: parts.map(str::to_owned).collect() })
    }
}

impl Arrived {
    fn of(incoming: &Incoming<'_>) -> Self {
        let headers = signature_headers().map(|name| digest(incoming.header(name))).collect();
        Self { sha256: HEXLOWER.encode(&Sha256::digest(incoming.body)), length: incoming.body.len(), headers }
    }

    fn text(&self) -> String {
        self.headers.iter().fold(format!("{}.{}", self.sha256, self.length), |mut text, digest| {
            let _ = write!(text, ".{digest}");
            text
        })
    }

    /// True if the body arrived as sent.
    pub(crate) fn has_body(&self, sent: &[u8]) -> bool {
        self.sha256 == HEXLOWER.encode(&Sha256::digest(sent))
    }

    /// Returns the names of the sent headers that did not arrive unchanged.
    pub(crate) fn changed(&self, sent: &[(&'static str, String)]) -> Vec<String> {
        let arrived = |name: &str| signature_headers().position(|known| known == name).and_then(|index| self.headers.get(index));
        let is_changed = |(name, value): &&(&'static str, String)| {
            signature_headers().any(|known| known == *name) && arrived(name) != Some(&digest(Header::Once(value.as_bytes())))
        };
        sent.iter().filter(is_changed).map(|(name, _)| (*name).to_owned()).collect()
    }
}

/// Returns the response to a probe of this installation; `None` if the request is no such probe or has expired.
pub(crate) fn answer(vault: &Vault, endpoint: &str, incoming: &Incoming<'_>, now: Timestamp) -> Option<String> {
    let Header::Once(value) = incoming.header(HEADER) else { return None };
    let (asked, mac) = std::str::from_utf8(value).ok()?.rsplit_once('.')?;
    asking(vault, endpoint, asked).verify_slice(&HEXLOWER.decode(mac.as_bytes()).ok()?).ok()?;
    let (at, nonce) = asked.split_once('.')?;
    let at = Timestamp::from_millis(at.parse().ok()?);
    if now.since(at).max(at.since(now)) > CHALLENGE_TTL {
        return None;
    }
    let arrival = Arrived::of(incoming).text();
    let mac = HEXLOWER.encode(&answering(vault, endpoint, nonce, &arrival).finalize().into_bytes());
    Some(format!("{arrival}.{mac}"))
}

/// Returns the headers in which gateways sign. A check reports whether they arrive unchanged.
fn signature_headers() -> impl Iterator<Item = &'static str> {
    Gateway::all().flat_map(|gateway| gateway.profile().signature.headers).copied()
}

fn digest(header: Header<'_>) -> String {
    match header {
        Header::Absent => "absent".to_owned(),
        Header::Once(value) => HEXLOWER.encode(&Sha256::digest(value))[..DIGEST].to_owned(),
        Header::Repeated => "repeated".to_owned(),
    }
}

fn asking(vault: &Vault, endpoint: &str, asked: &str) -> Hmac<Sha256> {
    mac(vault, "checks of webhook URLs: asked", &[endpoint, asked])
}

fn answering(vault: &Vault, endpoint: &str, nonce: &str, arrival: &str) -> Hmac<Sha256> {
    mac(vault, "checks of webhook URLs: answered", &[endpoint, nonce, arrival])
}

/// Separates the parts by line feeds, which none of them contains, so that different lists never yield the same input: an
/// endpoint is one path segment, and the rest is generated here or compared with what is.
pub(crate) fn mac(vault: &Vault, purpose: &str, parts: &[&str]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&vault.derive(purpose)).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part.as_bytes());
        mac.update(b"\n");
    }
    mac
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::primitives::vault::MasterKey;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);

    fn ask(vault: &Vault, endpoint: &str, header: &str, now: Timestamp) -> Option<String> {
        let headers = [(HEADER, header.as_bytes()), ("x-razorpay-signature", b"abc")];
        answer(vault, endpoint, &Incoming { headers: &headers, body: &Bytes::from_static(b"{}") }, now)
    }

    #[test]
    fn an_answer_tells_what_arrived_and_only_this_installation_gives_it() {
        let vault = Vault::new(MasterKey::generate());
        let probe = Challenge::new("wh_one", NOW);
        let answer = ask(&vault, "wh_one", &probe.header(&vault), NOW).unwrap();
        let arrived = probe.read(&vault, answer.as_bytes()).unwrap();
        assert!(arrived.has_body(b"{}") && !arrived.has_body(b"{ }") && arrived.length == 2);
        assert_eq!(arrived.changed(&[("x-razorpay-signature", "abc".to_owned())]), Vec::<String>::new());
        let changed = arrived.changed(&[("x-razorpay-signature", "abd".to_owned()), ("webhook-id", "x".to_owned())]);
        assert_eq!(changed, ["x-razorpay-signature", "webhook-id"]);
        // Another installation, another probe, and a modified response.
        assert_eq!(probe.read(&Vault::new(MasterKey::generate()), answer.as_bytes()), None);
        assert_eq!(Challenge::new("wh_one", NOW).read(&vault, answer.as_bytes()), None);
        assert_eq!(Challenge { endpoint: "wh_two".to_owned(), ..probe }.read(&vault, answer.as_bytes()), None);
        for wrong in ["", ".", "abc", &answer.replacen('.', "0.", 1), &answer[..answer.len() - 1]] {
            assert_eq!(Challenge::new("wh_one", NOW).read(&vault, wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn a_probe_counts_for_its_endpoint_and_a_minute() {
        let vault = Vault::new(MasterKey::generate());
        let header = Challenge::new("wh_one", NOW).header(&vault);
        let minute = Duration::from_mins(1);
        assert!(ask(&vault, "wh_one", &header, NOW.plus(minute)).is_some());
        assert!(ask(&vault, "wh_one", &header, NOW.minus(minute)).is_some());
        let late = NOW.plus(minute).plus(Duration::from_millis(1));
        assert_eq!(ask(&vault, "wh_one", &header, late), None);
        assert_eq!(ask(&vault, "wh_one", &header, NOW.minus(minute).minus(Duration::from_millis(1))), None);
        assert_eq!(ask(&vault, "wh_two", &header, NOW), None);
        assert_eq!(ask(&Vault::new(MasterKey::generate()), "wh_one", &header, NOW), None);
        let later = header.replacen(&NOW.millis().to_string(), &late.millis().to_string(), 1);
        for wrong in ["", ".", "..", "1.2.3", &later, &header.to_uppercase(), &header[1..]] {
            assert_eq!(ask(&vault, "wh_one", wrong, NOW), None, "{wrong}");
        }
        let twice = [(HEADER, header.as_bytes()); 2];
        assert_eq!(answer(&vault, "wh_one", &Incoming { headers: &twice, body: &Bytes::new() }, NOW), None);
    }
}
