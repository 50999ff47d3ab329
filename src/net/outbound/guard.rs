//! Checks the addresses that requests may be sent to.
//!
//! Invariant: requests go to public addresses of other machines over `https`. Other addresses, and plain `http`, are permitted only
//! within the networks that the operator allows, and the server's own addresses never. A name is refused if any of its addresses is.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
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

/// An address for documents.
const OF_NO_MACHINE_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// The timeout of the lookup for a form.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// Checks the addresses of requests.
pub(crate) struct Guard {
    allowed: Allowed,
    own: Own,
    /// Says of a public address whether it is this machine's.
    is_of_this_machine: fn(IpAddr) -> bool,
    resolver: Resolver,
}

/// What is allowed outside public space.
#[derive(Default)]
pub(crate) struct Allowed {
    /// The networks that the operator allows.
    pub(crate) networks: Vec<IpNet>,
    /// Single addresses with their port.
    pub(crate) receivers: Vec<SocketAddr>,
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
    pub(crate) fn new(allowed: Allowed, own: Own) -> Self {
        Self::with_resolver(allowed, own, Resolver::system())
    }

    pub(super) fn with_resolver(allowed: Allowed, own: Own, resolver: Resolver) -> Self {
        Self { allowed, own, is_of_this_machine, resolver }
    }

    /// With an address of this machine, which most machines that run tests do not have.
    #[cfg(test)]
    pub(super) fn on_machine_with(self, is_of_this_machine: fn(IpAddr) -> bool) -> Self {
        Self { is_of_this_machine, ..self }
    }

    /// Performs the checks that need no lookup: length, scheme, user info, host, and a literal address.
    pub(crate) fn parse(&self, url: &str) -> Result<Url, Refusal> {
        let url = well_formed(url)?;
        let is_plain = url.scheme() == "http";
        if is_plain && self.allowed.is_nothing() {
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
        if url.scheme() == "http" && !addresses.iter().all(|address| self.allowed.contains(*address)) {
            return Err(Refusal::NotHttps);
        }
        Ok(())
    }

    fn is_usable(&self, address: SocketAddr) -> bool {
        (self.allowed.contains(address) || self.is_of_others(address.ip())) && !self.own.is_listening(address)
    }

    /// True for a public address of another machine: on this one, other programs may trust what connects from it.
    fn is_of_others(&self, ip: IpAddr) -> bool {
        is_public(ip) && !(self.is_of_this_machine)(ip)
    }
}

impl Allowed {
    const fn is_nothing(&self) -> bool {
        self.networks.is_empty() && self.receivers.is_empty()
    }

    fn contains(&self, address: SocketAddr) -> bool {
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        self.receivers.contains(&address) || self.is_within_network(address.ip())
    }

    /// True for an address within an allowed network. An IPv4 address that it embeds must be permitted too.
    fn is_within_network(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let is_in_allowed = |ip: IpAddr| self.networks.iter().any(|network| network.contains(&ip));
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

/// True for an address of this machine. No packet is sent.
pub(super) fn is_of_this_machine(ip: IpAddr) -> bool {
    // Of no machine: it can be bound only where the system lets programs bind any address.
    let of_none: IpAddr = if ip.is_ipv4() { Ipv4Addr::new(192, 0, 2, 1).into() } else { OF_NO_MACHINE_V6.into() };
    ip.is_loopback() || is_reached_from_itself(ip) || (can_be_bound(ip) && !can_be_bound(of_none))
}

/// True if packets to the address would come from the address.
fn is_reached_from_itself(ip: IpAddr) -> bool {
    let any: IpAddr = if ip.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let own = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((ip, 9))?;
        socket.local_addr()
    });
    own.is_ok_and(|own| own.ip() == ip)
}

fn can_be_bound(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
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
