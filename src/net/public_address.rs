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
#[expect(clippy::cast_possible_truncation, reason = "the higher bits are masked")]
const fn low_half(bits: u128) -> u32 {
    (bits & 0xffff_ffff) as u32
}

/// True if the interface identifier is that of ISATAP, which tunnels to the IPv4 address in it, within any prefix.
fn is_isatap(ip: Ipv6Addr) -> bool {
    let [_, _, _, _, high, low, ..] = ip.segments();
    // The bit that claims a globally unique IPv4 address proves nothing.
    high & !0x0200 == 0 && low == 0x5efe
}
