//! The client address of a request behind trusted proxies, and the local address at which it arrived.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use actix_web::{HttpRequest, dev::Extensions, http::header::HeaderValue};
use ipnet::IpNet;

/// The header in which proxies name the client.
pub(crate) const FORWARDED_FOR: &str = "x-forwarded-for";

/// The networks whose `X-Forwarded-For` is read. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    pub(crate) fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Returns the client's address. `X-Forwarded-For` is read only from trusted proxies, right to left.
pub(crate) fn address(request: &HttpRequest, trusted: &TrustedProxies) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.contains(*ip);
    let peer = peer(request);
    if is_trusted(&peer) {
        let values = request.headers().get_all(FORWARDED_FOR).map(HeaderValue::as_bytes);
        return nearest(peer, &values.collect::<Vec<_>>(), is_trusted);
    }
    peer
}

/// Returns the address of the connection's other end.
pub(crate) fn peer(request: &HttpRequest) -> IpAddr {
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
}
