//! Who asks: the peer's address, or what a trusted proxy says of it.

use std::net::{IpAddr, Ipv4Addr};

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
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<IpAddr> =
        forwarded.flat_map(|value| value.split(',')).filter_map(|hop| hop.trim().parse::<IpAddr>().ok()).collect();
    hops.into_iter().rev().map(|ip| ip.to_canonical()).find(|ip| !is_trusted(ip)).unwrap_or(peer)
}
