//! The networks outside public space that requests to addresses of users' choice may be sent to.

use ipnet::IpNet;

use super::networks;

/// Prefix length of the widest IPv4 network allowed: that of 10.0.0.0/8.
const WIDEST_V4: u8 = 8;
/// Prefix length of the widest IPv6 network allowed: that of fc00::/7.
const WIDEST_V6: u8 = 7;

/// Parses a list of networks. `name` is the name of the setting.
///
/// # Errors
/// An explanation of the first network that is not allowed.
pub(super) fn parse(name: &str, text: &str) -> Result<Vec<IpNet>, String> {
    networks::list(text, |part| parse_one(name, part))
}

/// Parses one network. Rejects one that is so wide that it opens services that the operator does not mean.
fn parse_one(name: &str, text: &str) -> Result<IpNet, String> {
    let network = networks::parse(name, text)?;
    let widest = if network.addr().is_ipv4() { WIDEST_V4 } else { WIDEST_V6 };
    if network.prefix_len() < widest {
        return Err(format!(
            "{name} contains {network}, which is so wide that requests could reach services that only this machine should. The widest network allowed here is a /{widest}. List only the networks of your own receivers."
        ));
    }
    networks::refuse_mapped(name, &network)?;
    networks::refuse_host_bits(name, &network)?;
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "KS_PAY_ALLOW_DESTINATIONS";

    fn shown(text: &str) -> Result<String, String> {
        parse(NAME, text).map(|networks| networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn networks_of_receivers_are_accepted() {
        assert_eq!(shown("10.0.0.0/8, 127.0.0.1 ,fc00::/7,::1").unwrap(), "10.0.0.0/8 127.0.0.1/32 fc00::/7 ::1/128");
        assert_eq!(shown(" , ").unwrap(), "");
        assert_eq!(shown("64:ff9b::/96").unwrap(), "64:ff9b::/96");
    }

    #[test]
    fn networks_that_open_too_much_or_nothing_are_refused_with_the_reason() {
        for (wrong, said) in [
            ("0.0.0.0/0", "0.0.0.0/0, which is so wide"),
            ("10.0.0.0/8,::/0", "::/0, which is so wide"),
            ("10.0.0.0/7", "is a /8"),
            ("fc00::/6", "is a /7"),
            ("::ffff:10.0.0.0/104", "IPv4-mapped"),
            ("::/80", "IPv4-mapped"),
            ("10.1.0.0/8", "Write 10.0.0.0/8 for the network, or 10.1.0.0/32 for the one address"),
            ("10.0.0.0/33", "must be networks"),
            ("shop.internal", "must be networks"),
        ] {
            let sentence = shown(wrong).unwrap_err();
            assert!(sentence.contains(said) && sentence.contains(NAME), "{wrong}: {sentence}");
        }
    }
}
