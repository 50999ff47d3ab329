//! Which addresses are public: the one list of the special-purpose networks.
//!
//! Invariant: an address that is public is global unicast, and neither translates nor tunnels to an IPv4 address. What is not known
//! to be public is not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// The IPv4 networks that are not public.
pub(crate) const SPECIAL_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    // shared by the customers of a provider
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    // link-local, with the metadata services of clouds
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    // relays of 6to4
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    // multicast
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
];

/// Global unicast: every IPv6 address outside it is reserved, local, multicast, or stands for an IPv4 address.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0], 3);

/// The networks within [`GLOBAL_V6`] that are not public.
const SPECIAL_GLOBAL_V6: [Ipv6Net; 4] = [
    // protocol assignments, with Teredo
    v6([0x2001, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0], 32),
    SIX_TO_FOUR,
    v6([0x3fff, 0, 0, 0], 20),
];

/// IPv4-compatible addresses.
const COMPATIBLE: Ipv6Net = v6([0, 0, 0, 0], 96);
/// Translated addresses (NAT64).
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0], 96);
/// Translated addresses of a local prefix.
const LOCAL_NAT64: Ipv6Net = v6([0x64, 0xff9b, 1, 0], 48);
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0], 16);
const TEREDO: Ipv6Net = v6([0x2001, 0, 0, 0], 32);

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b, c, d]: [u16; 4], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

/// True if an address is publicly routable. An IPv4-mapped address is judged in its IPv4 form.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => !SPECIAL_V4.iter().any(|network| network.contains(&ip)),
        IpAddr::V6(ip) => {
            GLOBAL_V6.contains(&ip) && !SPECIAL_GLOBAL_V6.iter().any(|network| network.contains(&ip)) && !is_isatap(ip)
        }
    }
}

/// Returns the IPv4 address that an IPv6 address stands for or is tunnelled to.
pub(crate) fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = ip.to_bits();
    let last = low_half(bits);
    if ip.is_loopback() || ip.is_unspecified() {
        return None;
    }
    let is_in = |network: Ipv6Net| network.contains(&ip);
    let embedded = if is_in(COMPATIBLE) || is_in(NAT64) || is_in(LOCAL_NAT64) || is_isatap(ip) {
        last
    } else if is_in(SIX_TO_FOUR) {
        low_half(bits >> 80)
    } else if is_in(TEREDO) {
        // Teredo inverts the client's address.
        !last
    } else {
        return ip.to_ipv4_mapped();
    };
    Some(Ipv4Addr::from_bits(embedded))
}

/// Returns the lowest 32 bits.
const fn low_half(bits: u128) -> u32 {
    (bits & 0xffff_ffff) as u32
}

/// True if the interface identifier is that of ISATAP, which tunnels to the IPv4 address in it, within any prefix.
fn is_isatap(ip: Ipv6Addr) -> bool {
    let [_, _, _, _, high, low, ..] = ip.segments();
    // The bit that claims a globally unique IPv4 address proves nothing.
    high & !0x0200 == 0 && low == 0x5efe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn the_first_and_the_last_address_of_a_special_network_are_not_public_and_those_next_to_it_are() {
        for (first, last, before, after) in [
            ("0.0.0.0", "0.255.255.255", None, Some("1.0.0.0")),
            ("10.0.0.0", "10.255.255.255", Some("9.255.255.255"), Some("11.0.0.0")),
            ("100.64.0.0", "100.127.255.255", Some("100.63.255.255"), Some("100.128.0.0")),
            ("127.0.0.0", "127.255.255.255", Some("126.255.255.255"), Some("128.0.0.0")),
            ("169.254.0.0", "169.254.255.255", Some("169.253.255.255"), Some("169.255.0.0")),
            ("172.16.0.0", "172.31.255.255", Some("172.15.255.255"), Some("172.32.0.0")),
            ("192.0.0.0", "192.0.0.255", Some("191.255.255.255"), Some("192.0.1.0")),
            ("192.0.2.0", "192.0.2.255", Some("192.0.1.255"), Some("192.0.3.0")),
            ("192.88.99.0", "192.88.99.255", Some("192.88.98.255"), Some("192.88.100.0")),
            ("192.168.0.0", "192.168.255.255", Some("192.167.255.255"), Some("192.169.0.0")),
            ("198.18.0.0", "198.19.255.255", Some("198.17.255.255"), Some("198.20.0.0")),
            ("198.51.100.0", "198.51.100.255", Some("198.51.99.255"), Some("198.51.101.0")),
            ("203.0.113.0", "203.0.113.255", Some("203.0.112.255"), Some("203.0.114.0")),
            ("224.0.0.0", "255.255.255.255", Some("223.255.255.255"), None),
            ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, Some("2000::")),
            ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", Some("2000:ffff::"), Some("2001:200::")),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Some("2001:db7::"), Some("2001:db9::")),
            ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("2001:ffff::"), Some("2003::")),
            ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Some("3ffe:ffff::"), Some("3fff:1000::")),
            ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("3fff:ffff::"), None),
        ] {
            assert!(!public(first) && !public(last), "{first} {last}");
            assert!([before, after].into_iter().flatten().all(public), "{before:?} {after:?}");
        }
    }

    #[test]
    fn addresses_of_real_servers_are_public() {
        for ip in ["8.8.8.8", "104.16.0.1", "2606:4700::1111", "2a00:1450:4001:800::200e", "2400:cb00::1", "::ffff:8.8.8.8"] {
            assert!(public(ip), "{ip}");
        }
    }

    #[test]
    fn an_ipv6_address_that_stands_for_an_ipv4_address_is_not_public() {
        for ip in [
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b:1::7f00:1",
            "2002:7f00:1::",
            "2001:0:808:808::80ff:fffe",
            "2a00::5efe:127.0.0.1",
            "2a00::200:5efe:127.0.0.1",
            "fe80::5efe:10.0.0.1",
            "::ffff:0:127.0.0.1",
        ] {
            assert!(!public(ip), "{ip}");
        }
    }

    #[test]
    fn the_embedded_address_is_found() {
        for (ip, embedded) in [
            ("::ffff:10.1.2.3", Some("10.1.2.3")),
            ("::10.1.2.3", Some("10.1.2.3")),
            ("64:ff9b::a01:203", Some("10.1.2.3")),
            ("64:ff9b:1::a01:203", Some("10.1.2.3")),
            ("2002:a01:203::1", Some("10.1.2.3")),
            ("2001:0:808:808::f5fe:fdfc", Some("10.1.2.3")),
            ("2a00::5efe:10.1.2.3", Some("10.1.2.3")),
            ("2a00::200:5efe:10.1.2.3", Some("10.1.2.3")),
            ("::1", None),
            ("::", None),
            ("fd00::a01:203", None),
            ("2606:4700::1111", None),
        ] {
            let expected: Option<Ipv4Addr> = embedded.map(|ip| ip.parse().unwrap());
            assert_eq!(embedded_v4(ip.parse().unwrap()), expected, "{ip}");
        }
    }
}
