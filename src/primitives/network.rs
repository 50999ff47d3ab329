//! The networks of an IP address.

use std::net::IpAddr;

/// Returns the network of one client: an IPv4 address, or the IPv6 /64 of one subscriber.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
    }
}

/// Returns the network of one customer of a provider: an IPv4 /24, or an IPv6 /48, which contains 65,536 of [`network`].
pub(crate) fn site(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            IpAddr::from([a, b, c, 0])
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            IpAddr::from([a, b, c, 0, 0, 0, 0, 0])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_wider_than_a_network() {
        let one: IpAddr = "2001:db8:1:2::3".parse().unwrap();
        assert_eq!((network(one).to_string(), site(one).to_string()), ("2001:db8:1:2::".to_owned(), "2001:db8:1::".to_owned()));
        assert_eq!(site("203.0.113.5".parse().unwrap()).to_string(), "203.0.113.0");
    }
}
