//! Networks as settings name them.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};

/// All IPv4-mapped IPv6 addresses. Addresses are compared in their IPv4 form.
const MAPPED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);

/// Parses networks separated by commas.
pub(super) fn list(text: &str, one: impl Fn(&str) -> Result<IpNet, String>) -> Result<Vec<IpNet>, String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(one).collect()
}

/// Parses a network, or an address as the network of this address only. `name` is the name of the setting.
pub(super) fn parse(name: &str, text: &str) -> Result<IpNet, String> {
    let not_a_network = || format!("{name} must be networks separated by commas, for example 10.0.0.0/8,127.0.0.1/32.");
    text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| not_a_network())
}

/// Refuses a network of IPv4-mapped addresses.
pub(super) fn refuse_mapped(name: &str, network: &IpNet) -> Result<(), String> {
    match network {
        IpNet::V6(mapped) if MAPPED.contains(mapped) || mapped.contains(&MAPPED) => Err(format!(
            "{name} contains {network}, a network of IPv4-mapped addresses, which never matches. Write it as an IPv4 network, for example 10.0.0.0/8."
        )),
        _ => Ok(()),
    }
}

/// Refuses a network that may be meant as one address.
pub(super) fn refuse_host_bits(name: &str, network: &IpNet) -> Result<(), String> {
    if network.addr() == network.network() {
        return Ok(());
    }
    Err(format!(
        "{name} contains {network}, which has host bits set. Write {} for the network, or {}/{} for the one address.",
        network.trunc(),
        network.addr(),
        network.max_prefix_len()
    ))
}
