//! The client address of a request behind trusted proxies, and the local address at which it arrived.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::Duration,
};

use actix_web::{HttpRequest, dev::Extensions, http::header::HeaderValue, web::Data};

use crate::{
    db::{Db, DbError, Exec},
    primitives::time::Timestamp,
    settings_store,
    state::State,
};

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Settings key of the last untrusted proxy.
const UNTRUSTED_PROXY_SETTING: &str = "untrusted_proxy";

/// Returns the client's address. `X-Forwarded-For` is read only from trusted proxies, right to left.
pub(crate) fn address(request: &HttpRequest, state: &State) -> IpAddr {
    let is_trusted = |ip: &IpAddr| state.config.trusted_proxies.iter().any(|network| network.contains(ip));
    let peer = peer(request);
    if is_trusted(&peer) {
        let values = request.headers().get_all(FORWARDED_FOR).map(HeaderValue::as_bytes);
        return nearest(peer, &values.collect::<Vec<_>>(), is_trusted);
    }
    peer
}

fn peer(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical())
}

/// Returns the rightmost address that is not a trusted proxy. An unreadable hop ends the chain: hops to its left may be
/// forged by the client, hops to its right were written by trusted proxies.
fn nearest(peer: IpAddr, values: &[&[u8]], is_trusted: impl Fn(&IpAddr) -> bool) -> IpAddr {
    let hops = values.iter().rev().flat_map(|value| value.rsplit(|byte| *byte == b','));
    let mut nearest = peer;
    for ip in hops.map_while(hop) {
        nearest = ip;
        if !is_trusted(&ip) {
            break;
        }
    }
    nearest
}

/// Parses an address with or without a port.
fn hop(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let ip = text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    ip.map(|ip: IpAddr| ip.to_canonical())
}

/// The local address of a connection.
struct Local(SocketAddr);

/// Adds the local address of a connection to its connection data.
pub(crate) fn set_local(address: Option<SocketAddr>, data: &mut Extensions) {
    if let Some(address) = address {
        data.insert(Local(address));
    }
}

/// Returns the local address of the request's connection.
pub(crate) fn local(request: &HttpRequest) -> Option<SocketAddr> {
    request.conn_data::<Local>().map(|local| local.0)
}

/// Minimum interval between updates of the stored untrusted proxy.
const STORE_EVERY: Duration = Duration::from_hours(24);
/// How long an untrusted proxy is reported after it was last seen.
const REPORTED_FOR: Duration = Duration::from_hours(30 * 24);

/// Detects an untrusted proxy: logs it once per process and stores it once a day.
#[derive(Default)]
pub(crate) struct UntrustedProxy {
    is_logged: AtomicBool,
    /// When it was stored, in Unix milliseconds; zero if never.
    stored_at: AtomicI64,
}

impl UntrustedProxy {
    /// Logs and stores an untrusted private or loopback peer that sends `X-Forwarded-For`: all its visitors share one
    /// address, so one of them can use up the sign-in limit of all.
    pub(crate) fn notice(&self, request: &HttpRequest, state: &Data<State>) {
        if !request.headers().contains_key(FORWARDED_FOR) {
            return;
        }
        let (now, stored) = (state.clock.now(), self.stored_at.load(Ordering::Relaxed));
        if stored != 0 && now < Timestamp::from_millis(stored).plus(STORE_EVERY) {
            return;
        }
        let peer = peer(request);
        let is_trusted = state.config.trusted_proxies.iter().any(|network| network.contains(&peer));
        let is_mine = || self.stored_at.compare_exchange(stored, now.millis(), Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_trusted || !is_private(peer) || !is_mine() {
            return;
        }
        if !self.is_logged.swap(true, Ordering::Relaxed) {
            tracing::warn!(%peer, "requests carry X-Forwarded-For from an address that is not in KS_PAY_TRUSTED_PROXIES: all visitors behind it share one sign-in limit. Add the proxy's address there");
        }
        let state = Data::clone(state);
        tokio::spawn(async move {
            if let Err(error) = store_untrusted(&state.db, peer, now).await {
                // The next such request retries.
                state.untrusted_proxy.stored_at.store(0, Ordering::Relaxed);
                tracing::warn!(target: crate::telemetry::OUTSIDE, %error, "the untrusted proxy could not be stored for ks-pay doctor");
            }
        });
    }
}

async fn store_untrusted(db: &Db, peer: IpAddr, now: Timestamp) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    settings_store::set(&mut tx, UNTRUSTED_PROXY_SETTING, format!("{peer} {}", now.millis()).as_bytes()).await?;
    tx.commit().await
}

/// Returns the untrusted proxy detected last, and when; `None` if it has been trusted since or the report has expired.
pub(crate) async fn untrusted_proxy(
    on: impl Into<Exec<'_>>,
    trusted: &[ipnet::IpNet],
    now: Timestamp,
) -> Result<Option<(IpAddr, Timestamp)>, DbError> {
    let stored = settings_store::find(on, UNTRUSTED_PROXY_SETTING).await?;
    let noticed = stored.as_deref().and_then(noticed);
    Ok(noticed.filter(|(peer, at)| now.since(*at) <= REPORTED_FOR && !trusted.iter().any(|network| network.contains(peer))))
}

/// Parses a stored proxy. A value without a time, as stored by earlier versions, is ignored, since it may be outdated.
fn noticed(stored: &[u8]) -> Option<(IpAddr, Timestamp)> {
    let (peer, at) = std::str::from_utf8(stored).ok()?.split_once(' ')?;
    Some((peer.parse().ok()?, Timestamp::from_millis(at.parse().ok()?)))
}

/// True for the addresses of a local proxy: loopback, private, link-local, and shared address space (RFC 6598).
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_may_have_a_port_and_must_be_an_address() {
        let ip = IpAddr::from([203, 0, 113, 5]);
        assert_eq!(hop(b" 203.0.113.5 "), Some(ip));
        assert_eq!(hop(b"203.0.113.5:4711"), Some(ip));
        assert_eq!(hop(b"::ffff:203.0.113.5"), Some(ip));
        assert!(hop(b"[2001:db8::1]:80").is_some() && hop(b"unknown").is_none() && hop(b"").is_none());
    }

    #[test]
    fn the_chain_is_read_from_its_end_and_an_unreadable_hop_hides_no_later_one() {
        let proxy = IpAddr::from([10, 0, 0, 1]);
        let found =
            |values: &[&[u8]]| nearest(proxy, values, |ip| matches!(ip, IpAddr::V4(ip) if ip.octets()[0] == 10)).to_string();
        assert_eq!(found(&[b"203.0.113.5"]), "203.0.113.5");
        assert_eq!(found(&[b"198.51.100.1, 203.0.113.5, 10.0.0.2"]), "203.0.113.5");
        assert_eq!(found(&[b"198.51.100.1", b"203.0.113.5"]), "203.0.113.5");
        for unreadable in [&b"\xff, 203.0.113.5"[..], b"\xe2\x80, 203.0.113.5 ,10.0.0.2", b"unknown,203.0.113.5", b",203.0.113.5"]
        {
            assert_eq!(found(&[unreadable]), "203.0.113.5", "{unreadable:?}");
        }
        assert_eq!(found(&[b"198.51.100.1,\xff"]), "10.0.0.1", "what precedes it is not trusted");
        assert_eq!(found(&[]), "10.0.0.1");
    }

    #[test]
    fn a_stored_proxy_is_read_with_its_time_and_not_without() {
        let peer = IpAddr::from([10, 0, 0, 1]);
        assert_eq!(noticed(b"10.0.0.1 1700000000000"), Some((peer, Timestamp::from_millis(1_700_000_000_000))));
        assert!(noticed(b"10.0.0.1").is_none() && noticed(b"10.0.0.1 x").is_none() && noticed(b"").is_none());
    }

    #[test]
    fn a_proxy_of_ones_own_has_a_private_address() {
        for private in
            ["127.0.0.1", "10.1.2.3", "172.20.0.2", "192.168.1.1", "100.64.0.9", "169.254.1.1", "::1", "fd00::1", "fe80::1"]
        {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in ["203.0.113.5", "8.8.8.8", "100.128.0.1", "2001:db8::1"] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }
}
