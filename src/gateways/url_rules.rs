//! Which hosts are reachable from the internet.

use std::net::IpAddr;

use url::{Host, Url};

/// Suffixes of non-public hosts.
const PRIVATE_ENDINGS: &[&str] = &["localhost", "localdomain", "onion", "local", "internal", "corp"];

/// True if a host name resolves only in a private network.
pub(crate) fn is_private_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_lowercase();
    let is_below = |ending: &&str| host == **ending || host.ends_with(&format!(".{ending}"));
    PRIVATE_ENDINGS.iter().any(is_below) || !host.contains('.')
}

/// True if an address is publicly routable.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_broadcast()
                || ip.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b)))
        }
        IpAddr::V6(ip) => {
            let first = ip.segments()[0];
            !(ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || first & 0xfe00 == 0xfc00
                || first & 0xffc0 == 0xfe80)
        }
    }
}

/// Returns the host of a URL if it is local or private.
pub(crate) fn local_host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let is_local = match url.host()? {
        Host::Domain(name) => is_private_name(name),
        Host::Ipv4(ip) => !is_public(ip.into()),
        Host::Ipv6(ip) => !is_public(ip.into()),
    };
    is_local.then(|| url.host_str().unwrap_or_default().to_owned())
}
