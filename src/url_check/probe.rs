//! Sends a probe, step by step, until it arrives or a step fails.
//!
//! Invariant: each step has a short timeout, and all together end before the browser's request times out. Redirects are not
//! followed.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout},
};
use url::{Host, Url};

use super::{
    Finding, GATEWAY_TIMEOUT,
    challenge::{Challenge, HEADER},
    tls,
};
use crate::{
    gateways::{
        Gateway,
        profile::{Notation, SignedMessage},
    },
    net::http_client,
    primitives::{time::Timestamp, vault::Vault},
};

/// The timeout of all steps together.
const CHECK_TIMEOUT: Duration = Duration::from_secs(8);
/// The timeout of each step before the request itself.
const STEP_TIMEOUT: Duration = Duration::from_secs(2);
/// The maximum number of addresses of a name that are tried.
const MAX_ADDRESSES: usize = 3;
/// The maximum length of a redirect's target that is shown, in characters.
const MAX_TARGET_CHARS: usize = 200;

/// A probe of a connection's webhook URL.
pub(crate) struct Probe<'a> {
    pub(crate) vault: &'a Vault,
    pub(crate) gateway: Gateway,
    pub(crate) url: Url,
    pub(crate) endpoint: &'a str,
    pub(crate) now: Timestamp,
}

/// The address at which this installation responded to a probe that arrived unchanged.
pub(crate) struct Reached {
    pub(crate) host: String,
    pub(crate) address: SocketAddr,
}

impl Probe<'_> {
    /// Runs the probe until a step fails. Returns the findings, and the address if no step failed.
    pub(crate) async fn run(&self) -> (Vec<Finding>, Option<Reached>) {
        let mut found = Vec::new();
        let Ok(reached) = timeout(CHECK_TIMEOUT, self.steps(&mut found)).await else {
            found.push(Finding::TooLong);
            return (found, None);
        };
        (found, reached)
    }

    /// Stops at the first step that fails.
    async fn steps(&self, found: &mut Vec<Finding>) -> Option<Reached> {
        let port = self.url.port_or_known_default()?;
        let host = self.url.host_str()?;
        let addresses = self.resolve(port, found).await?;
        let (address, stream) = connect(&addresses, port, found).await?;
        if self.url.scheme() == "https" {
            let shaken = timeout(STEP_TIMEOUT, tls::shake_hands(stream, host.trim_matches(['[', ']']))).await;
            found.push(shaken.unwrap_or(Finding::TlsSlow));
            matches!(found.last(), Some(Finding::Tls { .. })).then_some(())?;
        } else {
            drop(stream);
            found.push(Finding::Plain);
        }
        self.send(host, address, found).await?;
        Some(Reached { host: host.to_owned(), address })
    }

    async fn resolve(&self, port: u16, found: &mut Vec<Finding>) -> Option<Vec<SocketAddr>> {
        let name = match self.url.host()? {
            Host::Domain(name) => name,
            Host::Ipv4(ip) => return Some(vec![SocketAddr::new(ip.into(), port)]),
            Host::Ipv6(ip) => return Some(vec![SocketAddr::new(ip.into(), port)]),
        };
        let resolved = match timeout(STEP_TIMEOUT, lookup_host((name, port))).await {
            Err(_) => Err(Finding::NameSlow),
            Ok(Err(_)) => Err(Finding::NameUnknown),
            Ok(Ok(resolved)) => Ok(resolved.collect::<Vec<_>>()),
        };
        match resolved {
            Ok(addresses) if !addresses.is_empty() => {
                let mut ips: Vec<IpAddr> = addresses.iter().map(SocketAddr::ip).collect();
                ips.dedup();
                found.push(Finding::Name { addresses: ips });
                Some(addresses)
            }
            Ok(_) => stop(found, Finding::NameUnknown),
            Err(finding) => stop(found, finding),
        }
    }

    /// Sends the request to the address that was reached, and evaluates the response. `None` unless it arrived unchanged.
    async fn send(&self, host: &str, address: SocketAddr, found: &mut Vec<Finding>) -> Option<()> {
        let probe = Challenge::new(self.endpoint, self.now);
        let (body, headers) = (body(&probe), self.headers(&probe));
        let Ok(client) = http_client::client_of(host, address, GATEWAY_TIMEOUT).await else {
            return stop(found, Finding::AnswerBroken);
        };
        let mut request = client.post(self.url.clone()).header(HEADER, probe.header(self.vault)).body(body.clone());
        for (name, value) in &headers {
            request = request.header(*name, value);
        }
        let began = Instant::now();
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return stop(found, if error.is_timeout() { Finding::AnswerSlow } else { Finding::AnswerBroken }),
        };
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = answer.status().as_u16();
        if answer.status().is_redirection() {
            let to = answer.headers().get("location").map(|value| String::from_utf8_lossy(value.as_bytes()));
            let to = to.unwrap_or_default().chars().filter(|character| !character.is_control()).take(MAX_TARGET_CHARS).collect();
            return stop(found, Finding::Redirect { status, to });
        }
        let Some(arrived) = answer.headers().get(HEADER).and_then(|value| probe.read(self.vault, value.as_bytes())) else {
            return stop(found, Finding::UnexpectedResponder { status });
        };
        found.push(Finding::ReachedUs { millis });
        let is_whole = arrived.has_body(body.as_bytes());
        found.push(if is_whole { Finding::Body } else { Finding::BodyChanged { sent: body.len(), arrived: arrived.length } });
        let names = arrived.changed(&headers);
        let is_unchanged = is_whole && names.is_empty();
        found.push(if names.is_empty() { Finding::Headers } else { Finding::HeadersChanged { names } });
        is_unchanged.then_some(())
    }

    /// Returns headers as the gateway sends them. The signature matches no secret: a probe must never be accepted.
    fn headers(&self, probe: &Challenge) -> Vec<(&'static str, String)> {
        let invalid = HEXLOWER.encode(&Sha256::digest(&probe.nonce));
        let mut headers = vec![("content-type", "application/json".to_owned())];
        let signature = &self.gateway.profile().signature;
        headers.push((signature.id_header, probe.nonce.clone()));
        match signature.message {
            SignedMessage::Body => {}
            SignedMessage::IdTimeBody => headers.push((signature.time_header, self.now.seconds().to_string())),
        }
        headers.push(match signature.notation {
            Notation::Hex | Notation::Base64 => (signature.header, invalid),
            Notation::VersionedBase64 => (signature.header, format!("v1,{invalid}")),
        });
        // A gateway that signs inside the body sends no such headers.
        headers.retain(|(name, _)| *name == "content-type" || signature.headers.contains(name));
        headers
    }
}

fn stop<T>(found: &mut Vec<Finding>, finding: Finding) -> Option<T> {
    found.push(finding);
    None
}

#[expect(clippy::disallowed_methods, reason = "the name is that of the public URL, which no request sets")]
async fn connect(addresses: &[SocketAddr], port: u16, found: &mut Vec<Finding>) -> Option<(SocketAddr, TcpStream)> {
    let mut is_slow = false;
    let within = STEP_TIMEOUT / u32::try_from(addresses.len().min(MAX_ADDRESSES)).unwrap_or(1);
    for &address in addresses.iter().take(MAX_ADDRESSES) {
        match timeout(within, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                found.push(Finding::Port { port });
                return Some((address, stream));
            }
            Ok(Err(error)) => is_slow |= error.kind() == io::ErrorKind::TimedOut,
            Err(_) => is_slow = true,
        }
    }
    stop(found, if is_slow { Finding::PortSlow { port } } else { Finding::PortClosed { port } })
}

/// Returns JSON that no serialiser reproduces: spaces, escapes, a duplicate key, a number with a trailing zero, non-ASCII
/// characters and a line feed.
fn body(probe: &Challenge) -> String {
    format!(
        "{{ \"entity\":\"event\", \"event\":\"ks_pay.url_check\",\"said\":\"\\u20b9 1,00,000.00 – दुकान, caf\u{e9}\",\"path\":\"a\\/b\",\
         \"amount\":1.10,\"twice\":1,\"twice\":2,  \"nonce\":\"{}\"}}\n",
        probe.nonce
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_json_that_is_never_written_the_same_way_again() {
        let body = body(&Challenge::new("wh_one", Timestamp::from_seconds(1_795_356_717)));
        let value: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_ne!(serde_json::to_string(&value).unwrap(), body);
        assert_ne!(serde_json::to_string_pretty(&value).unwrap(), body);
        assert!(!body.trim_end().eq(&body) && !body.is_ascii());
    }
}
