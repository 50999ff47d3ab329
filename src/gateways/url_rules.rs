//! Which hosts are reachable from the internet.

use url::{Host, Url};

use crate::net::public_address::is_public;

/// Suffixes of non-public hosts.
const PRIVATE_ENDINGS: &[&str] = &["localhost", "localdomain", "onion", "local", "internal", "corp"];

/// True if a host name resolves only in a private network.
pub(crate) fn is_private_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_lowercase();
    let is_below = |ending: &&str| host == **ending || host.ends_with(&format!(".{ending}"));
    PRIVATE_ENDINGS.iter().any(is_below) || !host.contains('.')
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
