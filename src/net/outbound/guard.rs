//! Checks the addresses that requests may be sent to.
//!
//! Invariant: requests go to public addresses over `https`. Other addresses, and plain `http`, are permitted only within the networks that
//! the operator allows, and the server's own addresses never. A name is refused if any of its addresses is.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    time::Duration,
};

use hyper::Uri;
use ipnet::IpNet;
use tokio::time::timeout;
use url::{Host, ParseError, Position, Url};

use super::resolver::Resolver;
use crate::{
    net::public_address::{embedded_v4, is_public},
    primitives::id::CompanyId,
};

/// The maximum length of a URL, in bytes, as entered and as parsed.
pub(crate) const MAX_URL_BYTES: usize = 2048;

/// The timeout of the lookup for a form.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// Checks the addresses of requests.
pub(crate) struct Guard {
    /// The networks outside public space that the operator allows.
    allowed: Vec<IpNet>,
    own: Own,
    resolver: Resolver,
}

/// The server's own addresses, to which no request is sent.
pub(crate) struct Own {
    pub(crate) listening: Vec<SocketAddr>,
    pub(crate) public_url: Url,
}

/// Why a URL is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Malformed,
    TooLong,
    NotHttps,
    UserInfo,
    NoHost,
    NameNotFound,
    /// The address is forbidden. The reason is the same for every forbidden address, so that it reveals nothing about the network.
    Forbidden,
}

impl Guard {
    /// `allowed` are the networks outside public space that the operator allows.
    pub(crate) fn new(allowed: Vec<IpNet>, own: Own) -> Self {
        Self::with_resolver(allowed, own, Resolver::system())
    }

    pub(super) fn with_resolver(allowed: Vec<IpNet>, own: Own, resolver: Resolver) -> Self {
        Self { allowed, own, resolver }
    }

    /// Performs the checks that need no lookup: length, scheme, user info, host, and a literal address.
    pub(crate) fn parse(&self, url: &str) -> Result<Url, Refusal> {
        let url = well_formed(url)?;
        let is_plain = url.scheme() == "http";
        if is_plain && self.allowed.is_empty() {
            return Err(Refusal::NotHttps);
        }
        if self.own.is_public_url(&url) {
            return Err(Refusal::Forbidden);
        }
        if let Some(address) = literal(&url) {
            self.admit(&url, &[address])?;
        }
        Ok(url)
    }

    /// Checks a URL that a company saves, and looks its name up.
    pub(crate) async fn check(&self, url: &str, company: CompanyId) -> Result<Url, Refusal> {
        let url = self.parse(url)?;
        self.look_up(&url, company).await?;
        Ok(url)
    }

    /// Looks up the name of a parsed URL that a company saves.
    pub(crate) async fn look_up(&self, url: &Url, company: CompanyId) -> Result<(), Refusal> {
        let looking_up = timeout(LOOKUP_TIMEOUT, self.addresses(url, company));
        looking_up.await.map_err(|_| Refusal::NameNotFound)?.map(drop)
    }

    /// Resolves the name of a parsed URL once, and returns its addresses if all of them are permitted.
    pub(super) async fn addresses(&self, url: &Url, company: CompanyId) -> Result<Vec<SocketAddr>, Refusal> {
        let port = url.port_or_known_default().ok_or(Refusal::NoHost)?;
        let mut addresses = if let Some(address) = literal(url) {
            vec![address]
        } else {
            let host = url.host_str().ok_or(Refusal::NoHost)?;
            self.resolver.lookup(host, port, company).await.ok_or(Refusal::NameNotFound)?
        };
        addresses.iter_mut().for_each(canonicalize);
        if addresses.is_empty() {
            return Err(Refusal::NameNotFound);
        }
        self.admit(url, &addresses)?;
        Ok(addresses)
    }

    /// Succeeds if all addresses are permitted.
    fn admit(&self, url: &Url, addresses: &[SocketAddr]) -> Result<(), Refusal> {
        if !addresses.iter().all(|address| self.is_usable(*address)) {
            return Err(Refusal::Forbidden);
        }
        if url.scheme() == "http" && !addresses.iter().all(|address| self.is_allowed(address.ip())) {
            return Err(Refusal::NotHttps);
        }
        Ok(())
    }

    fn is_usable(&self, address: SocketAddr) -> bool {
        (is_public(address.ip()) || self.is_allowed(address.ip())) && !self.own.is_listening(address)
    }

    /// True for an address within an allowed network. An IPv4 address that it embeds must be permitted too.
    fn is_allowed(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let is_in_allowed = |ip: IpAddr| self.allowed.iter().any(|network| network.contains(&ip));
        // A connection to the unspecified address reaches this machine.
        if ip.is_unspecified() || ip.is_multicast() || !is_in_allowed(ip) {
            return false;
        }
        let embedded = match ip {
            IpAddr::V4(_) => None,
            IpAddr::V6(ip) => embedded_v4(ip).map(IpAddr::V4),
        };
        embedded.is_none_or(|embedded| is_public(embedded) || (!embedded.is_unspecified() && is_in_allowed(embedded)))
    }
}

impl Own {
    /// True for a URL with the host and port of the public URL.
    fn is_public_url(&self, url: &Url) -> bool {
        let origin = |url: &Url| url.host_str().map(|host| (host.trim_end_matches('.').to_owned(), url.port_or_known_default()));
        origin(url) == origin(&self.public_url)
    }

    /// True for an address that this server listens on. A wildcard listens on every address of this machine.
    fn is_listening(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.listening.iter().filter(|own| own.port() == address.port()).any(|own| {
            let own = own.ip().to_canonical();
            own == ip || (own.is_unspecified() && is_of_this_machine(ip))
        })
    }
}

/// True for an address of this machine: only those can be bound.
fn is_of_this_machine(ip: IpAddr) -> bool {
    ip.is_loopback() || UdpSocket::bind((ip, 0)).is_ok()
}

/// Parses a URL by the WHATWG rules, which also normalise the many forms of an IPv4 address.
fn well_formed(url: &str) -> Result<Url, Refusal> {
    if url.len() > MAX_URL_BYTES {
        return Err(Refusal::TooLong);
    }
    let mut url = Url::parse(url).map_err(|error| match error {
        ParseError::EmptyHost => Refusal::NoHost,
        _ => Refusal::Malformed,
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refusal::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::UserInfo);
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Refusal::NoHost);
    }
    // The fragment is never sent.
    url.set_fragment(None);
    if url.as_str().len() > MAX_URL_BYTES {
        return Err(Refusal::TooLong);
    }
    target(&url).map(|_| url)
}

/// Returns the path and query that the request line names.
pub(super) fn target(url: &Url) -> Result<Uri, Refusal> {
    url[Position::BeforePath..Position::AfterQuery].parse().map_err(|_| Refusal::Malformed)
}

/// Returns the address of a URL whose host is an IP address.
fn literal(url: &Url) -> Option<SocketAddr> {
    let ip: IpAddr = match url.host()? {
        Host::Domain(_) => return None,
        Host::Ipv4(ip) => ip.into(),
        Host::Ipv6(ip) => ip.into(),
    };
    Some(SocketAddr::new(ip, url.port_or_known_default()?))
}

fn canonicalize(address: &mut SocketAddr) {
    address.set_ip(address.ip().to_canonical());
}
