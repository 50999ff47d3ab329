//! The networks whose `X-Forwarded-For` is trusted.
//!
//! They are the networks of proxies. Neither a single network nor the whole list may be wide enough to include strangers,
//! because a sender whose header is trusted can claim any address.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::networks;

/// Prefix length of the widest IPv4 network allowed: that of 10.0.0.0/8.
const WIDEST_V4: u8 = 8;
/// Prefix length of the widest IPv6 network allowed, unless it is private or link-local. Networks that providers publish are
/// narrower.
const WIDEST_V6: u8 = 16;
/// Denominator: a whole list must cover less than an eighth of all IPv4 addresses, and of all public IPv6 addresses. Otherwise
/// many allowed networks could add up to one that is not allowed.
const PART: u128 = 8;
/// IPv6 addresses that stand for an IPv4 address: translated ones (RFC 6052), and IPv4-compatible ones (RFC 4291).
const STANDING_FOR_V4: [Ipv6Net; 2] =
    [Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96), Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 96)];
/// All public IPv6 addresses.
const PUBLIC_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// IPv6 addresses that no other site can send from: unique local and link-local ones.
const LOCAL_V6: [Ipv6Net; 2] = [
    Ipv6Net::new_assert(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
];
/// All IPv4 addresses.
const ALL_V4: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0);

/// Parses a list of networks. `name` is the name of the setting.
///
/// # Errors
/// An explanation of the first network that is not allowed, or of why the list as a whole is not.
pub(super) fn parse(name: &str, text: &str) -> Result<Vec<IpNet>, String> {
    let networks = networks::list(text, |part| parse_one(name, part))?;
    if let Some(which) = covered_too_widely(&networks) {
        return Err(format!(
            "{name} covers an eighth or more of all {which} addresses, so headers sent by strangers would be trusted. List only the networks of your proxies."
        ));
    }
    Ok(networks)
}

/// Parses one network. Rejects a network wide enough to include strangers, and ambiguous text.
fn parse_one(name: &str, text: &str) -> Result<IpNet, String> {
    let network = networks::parse(name, text)?;
    if network.prefix_len() == 0 {
        return Err(format!(
            "{name} contains {network}, which trusts every sender's X-Forwarded-For. List only the addresses of your proxies."
        ));
    }
    if let Some(widest) = widest_instead(&network) {
        return Err(format!(
            "{name} contains {network}, which is so wide that headers sent by strangers would be trusted. The widest network allowed here is a /{widest}. List only the networks of your proxies."
        ));
    }
    networks::refuse_mapped(name, &network)?;
    if let IpNet::V6(v6) = network
        && v6 != Ipv6Net::from(Ipv6Addr::LOCALHOST)
        && STANDING_FOR_V4.iter().any(|all| all.contains(&v6) || v6.contains(all))
    {
        return Err(format!(
            "{name} contains {network}, a network of addresses that stand for IPv4 addresses, also for those of strangers. Write it as an IPv4 network, for example 10.0.0.0/8."
        ));
    }
    networks::refuse_host_bits(name, &network)?;
    Ok(network)
}

/// Returns the shortest prefix length allowed, if this network's prefix is shorter.
fn widest_instead(network: &IpNet) -> Option<u8> {
    let (is_too_wide, widest) = match network {
        IpNet::V4(v4) => (v4.prefix_len() < WIDEST_V4, WIDEST_V4),
        IpNet::V6(v6) => {
            let is_local = LOCAL_V6.iter().any(|local| local.contains(v6));
            (v6.prefix_len() < WIDEST_V6 && !is_local, WIDEST_V6)
        }
    };
    is_too_wide.then_some(widest)
}

/// Returns the address family of which the networks together cover too large a part.
fn covered_too_widely(networks: &[IpNet]) -> Option<&'static str> {
    // Overlaps are merged, so that no address is counted twice.
    let distinct = IpNet::aggregate(&networks.to_vec());
    let (mut v4, mut v6) = (0_u128, 0_u128);
    for network in distinct {
        match network {
            IpNet::V4(network) => v4 += size(network.prefix_len(), 32),
            IpNet::V6(network) if PUBLIC_V6.contains(&network) => v6 += size(network.prefix_len(), 128),
            IpNet::V6(_) => {}
        }
    }
    if v4 >= size(ALL_V4.prefix_len(), 32) / PART {
        Some("IPv4")
    } else if v6 >= size(PUBLIC_V6.prefix_len(), 128) / PART {
        Some("public IPv6")
    } else {
        None
    }
}

/// The number of addresses in a network. With 128 bits the prefix must not be 0.
const fn size(prefix: u8, bits: u8) -> u128 {
    1 << (bits - prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "KS_PAY_TRUSTED_PROXIES";

    fn shown(text: &str) -> Result<String, String> {
        parse(NAME, text).map(|networks| networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn networks_of_proxies_are_accepted() {
        assert_eq!(shown("10.0.0.0/8, 127.0.0.1 ,fd00::/8,::1").unwrap(), "10.0.0.0/8 127.0.0.1/32 fd00::/8 ::1/128");
        for real in [
            "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7,fe80::/10",
            // As content delivery networks and cloud providers publish them.
            "173.245.48.0/20,103.21.244.0/22,104.16.0.0/13,162.158.0.0/15,172.64.0.0/13,2400:cb00::/32,2606:4700::/32,2a06:98c0::/29",
            "130.211.0.0/22,35.191.0.0/16,34.64.0.0/10,2600:1900::/28,2600:1f00::/24,2a05:d000::/25",
            "3.0.0.0/8,13.0.0.0/8,18.0.0.0/8,34.0.0.0/8,35.0.0.0/8,44.0.0.0/8,52.0.0.0/8,54.0.0.0/8",
            // One network twice, and one inside another.
            "10.0.0.0/8,10.0.0.0/8,10.1.0.0/16",
        ] {
            assert!(shown(real).is_ok(), "{real}: {:?}", shown(real));
        }
    }

    #[test]
    fn networks_that_strangers_are_in_are_refused_with_the_reason() {
        for (wrong, said) in [
            ("0.0.0.0/0", "trusts every sender"),
            ("10.0.0.0/8,::/0", "trusts every sender"),
            ("1.2.3.4/0", "trusts every sender"),
            ("0.0.0.0/1,128.0.0.0/1", "0.0.0.0/1, which is so wide"),
            ("10.0.0.0/7", "is a /8"),
            ("10.0.0.0/8,2000::/3", "2000::/3, which is so wide"),
            ("2600::/12", "is a /16"),
            ("::/1", "::/1, which is so wide"),
            ("8000::/1", "so wide"),
            ("fc00::/6", "so wide"),
            ("::ffff:10.0.0.0/104", "IPv4-mapped"),
            ("::ffff:10.0.0.1", "IPv4-mapped"),
            ("::ffff:0:0/96", "IPv4-mapped"),
            ("::/80", "IPv4-mapped"),
            ("64:ff9b::/96", "stand for IPv4 addresses"),
            ("64:ff9b::10.0.0.0/104", "stand for IPv4 addresses"),
            ("64:ff9b::/64", "stand for IPv4 addresses"),
            ("64::/16", "stand for IPv4 addresses"),
            ("::/96", "stand for IPv4 addresses"),
            ("::10.0.0.1", "stand for IPv4 addresses"),
            ("::", "stand for IPv4 addresses"),
            ("10.1.0.0/8", "Write 10.0.0.0/8 for the network, or 10.1.0.0/32 for the one address"),
            ("fd00::1/64", "Write fd00::/64 for the network, or fd00::1/128 for the one address"),
            ("10.0.0.0/33", "must be networks"),
        ] {
            let sentence = shown(wrong).unwrap_err();
            assert!(sentence.contains(said) && sentence.contains(NAME), "{wrong}: {sentence}");
        }
    }

    #[test]
    fn a_list_that_covers_a_large_part_of_all_addresses_is_refused() {
        let list = |networks: &mut dyn Iterator<Item = String>| shown(&networks.collect::<Vec<_>>().join(","));
        let v4 = |count: u16| list(&mut (0..count).map(|first| format!("{first}.0.0.0/8")));
        let v6 = |count: u16| list(&mut (0..count).map(|next| format!("{:x}::/16", 0x2000 + next)));
        assert!(v4(31).is_ok() && v6(1023).is_ok());
        for (refused, said) in
            [(v4(32), "of all IPv4"), (v4(256), "of all IPv4"), (v6(1024), "of all public IPv6"), (v6(8192), "IPv6")]
        {
            assert!(refused.unwrap_err().contains(said), "{said}");
        }
    }
}
