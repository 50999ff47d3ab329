//! Who asks: the peer's address, or what a trusted proxy says of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::HttpRequest;

use crate::state::State;

/// The address of whoever asks. `X-Forwarded-For` is believed from trusted proxies alone, from its end backwards.
pub(crate) fn address(request: &HttpRequest, state: &State) -> IpAddr {
    let trusted = &state.config.trusted_proxies;
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|network| network.contains(ip));
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
    if !is_trusted(&peer) {
        return peer;
    }
    let mut hops: Vec<&str> = Vec::new();
    for value in request.headers().get_all("x-forwarded-for") {
        hops.extend(value.to_str().unwrap_or("?").split(','));
    }
    // What a proxy wrote that cannot be read ends the chain: what stands before it is the visitor's own invention.
    let known = hops.into_iter().rev().map_while(hop);
    let mut nearest = peer;
    for ip in known {
        nearest = ip;
        if !is_trusted(&ip) {
            break;
        }
    }
    nearest
}

/// Who counts as one visitor: an IPv4 address, or the /64 that one subscriber has of IPv6.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

/// An address with or without a port.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let ip = text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    ip.map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_may_have_a_port_and_must_be_an_address() {
        let ip = IpAddr::from([203, 0, 113, 5]);
        assert_eq!(hop(" 203.0.113.5 "), Some(ip));
        assert_eq!(hop("203.0.113.5:4711"), Some(ip));
        assert_eq!(hop("::ffff:203.0.113.5"), Some(ip));
        assert!(hop("[2001:db8::1]:80").is_some() && hop("unknown").is_none() && hop("").is_none());
    }
}
