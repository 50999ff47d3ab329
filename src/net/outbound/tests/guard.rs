//! Which URLs are refused, as they are written and as they resolve.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use futures_util::FutureExt as _;
use proptest::prelude::*;
use url::Url;

use super::super::{
    guard::{Allowed, Guard, MAX_URL_BYTES, Own, Refusal, is_of_this_machine},
    resolver::Resolver,
};
use super::{COMPANY, Names, guard_of};

/// The special-purpose IPv4 networks, written down a second time: first address and prefix length.
const SPECIAL_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
    ([255, 255, 255, 255], 32),
];

/// The special-purpose IPv6 networks.
const SPECIAL_V6: [(&str, u32); 17] = [
    ("::", 128),
    ("::1", 128),
    ("::", 96),
    ("::ffff:0:0:0", 96),
    ("64:ff9b::", 96),
    ("64:ff9b:1::", 48),
    ("100::", 64),
    ("2001::", 32),
    ("2001::", 23),
    ("2001:db8::", 32),
    ("2002::", 16),
    ("3fff::", 20),
    ("5f00::", 16),
    ("fc00::", 7),
    ("fe80::", 10),
    ("fec0::", 10),
    ("ff00::", 8),
];

fn forms_of(v4: Ipv4Addr, prefix: u32) -> Vec<IpAddr> {
    let bits = u128::from(v4.to_bits());
    let prefix = u128::from(prefix | 0x2000_0000) << 96;
    [
        0xffff_0000_0000 | bits,
        bits,
        0xffff_0000_0000_0000 | bits,
        (0x64_ff9b << 96) | bits,
        (0x64_ff9b_0001 << 80) | bits,
        (0x2002 << 112) | (bits << 80) | 1,
        (0x2001_0000 << 96) | (0x0808_0808 << 64) | (bits ^ 0xffff_ffff),
        prefix | (0x5efe << 32) | bits,
        prefix | (0x0200_5efe << 32) | bits,
    ]
    .into_iter()
    .map(|bits| Ipv6Addr::from_bits(bits).into())
    .chain([v4.into()])
    .collect()
}

fn url_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("https://{ip}/hook"),
        IpAddr::V6(ip) => format!("https://[{ip}]/hook"),
    }
}

/// Asserts that an address is refused, as a host and as one of the addresses of a name.
fn is_refused(ip: IpAddr) {
    let (guard, names) = guard_of(&[]);
    assert_eq!(guard.parse(&url_of(ip)), Err(Refusal::Forbidden), "{ip}");
    names.set("shop.example", &["8.8.8.8", &ip.to_string()]);
    let url = guard.parse("https://shop.example/hook").unwrap();
    assert_eq!(guard.addresses(&url, COMPANY).now_or_never(), Some(Err(Refusal::Forbidden)), "{ip}");
}

fn within_v6((first, prefix): (&str, u32), host: u128) -> IpAddr {
    let mask = u128::MAX.checked_shr(prefix).unwrap_or(0);
    Ipv6Addr::from_bits(first.parse::<Ipv6Addr>().unwrap().to_bits() | (host & mask)).into()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_address_of_a_special_network_is_usable_in_any_form(
        network in prop::sample::select(&SPECIAL_V4[..]), host: u32, prefix in 0_u32..0x2000_0000,
    ) {
        let (first, length) = network;
        let mask = u32::MAX.checked_shr(length).unwrap_or(0);
        let v4 = Ipv4Addr::from_bits(Ipv4Addr::from(first).to_bits() | (host & mask));
        forms_of(v4, prefix).into_iter().for_each(is_refused);
    }

    #[test]
    fn no_address_of_a_special_ipv6_network_is_usable(network in prop::sample::select(&SPECIAL_V6[..]), host: u128) {
        let ip = within_v6(network, host);
        // A mapped address is judged as the IPv4 address that it is.
        prop_assume!(ip.to_canonical() == ip);
        is_refused(ip);
    }
}

#[test]
fn every_way_to_write_loopback_is_refused() {
    let (guard, _) = guard_of(&[]);
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "１２７.０.０.１",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "%31%32%37.0.0.1",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::]",
        "0",
        "0.0.0.0",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:808:808::80ff:fffe]",
        "[2a00::5efe:127.0.0.1]",
        "[2a00::200:5efe:127.0.0.1]",
    ] {
        let url = format!("https://{host}:9/hook");
        assert_eq!(guard.parse(&url), Err(Refusal::Forbidden), "{url}");
        // The scheme is what is wrong with it in the first place.
        assert_eq!(guard.parse(&url.replace("https", "http")), Err(Refusal::NotHttps), "{url}");
    }
}

#[test]
fn a_url_is_refused_for_what_is_wrong_with_it() {
    let (guard, _) = guard_of(&[]);
    let long = format!("https://shop.example/{}", "a".repeat(MAX_URL_BYTES));
    let longer_when_parsed = format!("https://shop.example/{}", "é".repeat(MAX_URL_BYTES / 3));
    for (url, refusal) in [
        ("", Refusal::Malformed),
        ("shop.example/hook", Refusal::Malformed),
        ("/hook", Refusal::Malformed),
        ("https://shop example/", Refusal::Malformed),
        ("https://shop.example:65536/", Refusal::Malformed),
        ("https://1.2.3.4.5/", Refusal::Malformed),
        ("https://256.1.1.1/", Refusal::Malformed),
        ("https://[::1/", Refusal::Malformed),
        ("https://[fe80::1%25eth0]/", Refusal::Malformed),
        ("https://", Refusal::NoHost),
        ("https:///", Refusal::NoHost),
        ("http://shop.example/", Refusal::NotHttps),
        ("ftp://shop.example/", Refusal::NotHttps),
        ("file:///etc/passwd", Refusal::NotHttps),
        ("javascript:alert(1)", Refusal::NotHttps),
        ("gopher://127.0.0.1:6379/_", Refusal::NotHttps),
        ("https://me@shop.example/", Refusal::UserInfo),
        ("https://:pw@shop.example/", Refusal::UserInfo),
        ("https://shop.example@127.0.0.1/", Refusal::UserInfo),
        (&long, Refusal::TooLong),
        (&longer_when_parsed, Refusal::TooLong),
        ("https://pay.example/webhooks/x", Refusal::Forbidden),
        ("https://PAY.example.:443/", Refusal::Forbidden),
    ] {
        assert_eq!(guard.parse(url), Err(refusal), "{url}");
    }
}

#[test]
fn a_public_url_passes_in_its_one_form() {
    let (guard, _) = guard_of(&[]);
    for (url, parsed) in [
        ("https://shop.example", "https://shop.example/"),
        (" https://SHOP.example:443/a b?q={x}|y#part", "https://shop.example/a%20b?q={x}|y"),
        ("https://shop.example:8443/", "https://shop.example:8443/"),
        ("https://pay.example:8443/", "https://pay.example:8443/"),
        ("https:\\\\shop.example\\a", "https://shop.example/a"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700::1111]:444/", "https://[2606:4700::1111]:444/"),
        ("https://दुकान.example/", "https://xn--11b7ah1gn.example/"),
    ] {
        assert_eq!(guard.parse(url).map(String::from).as_deref(), Ok(parsed), "{url}");
    }
}

#[tokio::test]
async fn all_addresses_of_a_name_must_be_usable() {
    let (guard, names) = guard_of(&["10.1.0.0/16"]);
    names.set("public.example", &["8.8.8.8", "2606:4700::1111"]);
    names.set("private.example", &["10.0.0.1"]);
    names.set("mixed.example", &["8.8.8.8", "8.8.4.4", "169.254.169.254"]);
    names.set("allowed.example", &["10.1.2.3"]);
    names.set("allowed-and-public.example", &["10.1.2.3", "8.8.8.8"]);
    names.set("allowed-and-private.example", &["10.1.2.3", "10.0.0.1"]);
    names.set("mapped.example", &["::ffff:10.1.2.3"]);
    names.set("empty.example", &[]);
    for (host, https, http) in [
        ("public", Ok(()), Err(Refusal::NotHttps)),
        ("private", Err(Refusal::Forbidden), Err(Refusal::Forbidden)),
        ("mixed", Err(Refusal::Forbidden), Err(Refusal::Forbidden)),
        ("allowed", Ok(()), Ok(())),
        ("allowed-and-public", Ok(()), Err(Refusal::NotHttps)),
        ("allowed-and-private", Err(Refusal::Forbidden), Err(Refusal::Forbidden)),
        ("mapped", Ok(()), Ok(())),
        ("empty", Err(Refusal::NameNotFound), Err(Refusal::NameNotFound)),
        ("none", Err(Refusal::NameNotFound), Err(Refusal::NameNotFound)),
    ] {
        for (scheme, expected) in [("https", https), ("http", http)] {
            let checked = guard.check(&format!("{scheme}://{host}.example/"), COMPANY).await;
            assert_eq!(checked.map(drop), expected, "{scheme} {host}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_not_resolved_in_time_is_not_found() {
    let (guard, names) = guard_of(&[]);
    names.never("slow.example");
    assert_eq!(guard.check("https://slow.example/", COMPANY).await, Err(Refusal::NameNotFound));
}

#[test]
fn allowed_networks_open_what_is_in_them_and_nothing_else() {
    let (guard, _) = guard_of(&["10.1.0.0/16", "::1/128", "64:ff9b::/96", "fd00::/8"]);
    for url in ["http://10.1.255.255/", "http://[::ffff:10.1.0.1]/", "http://[::1]:9/", "http://[fd00::1]/", "https://[fd00::1]/"]
    {
        assert!(guard.parse(url).is_ok(), "{url}");
    }
    for url in ["https://10.2.0.1/", "http://10.2.0.1/", "https://127.0.0.1/", "https://[fe80::1]/", "https://[::10.1.0.1]/"] {
        assert_eq!(guard.parse(url), Err(Refusal::Forbidden), "{url}");
    }
    // The IPv4 address behind a translated one must be usable as well.
    for (url, expected) in [
        ("https://[64:ff9b::808:808]/", Ok(())),
        ("https://[64:ff9b::10.1.2.3]/", Ok(())),
        ("https://[64:ff9b::10.2.2.3]/", Err(Refusal::Forbidden)),
        ("https://[64:ff9b::127.0.0.1]/", Err(Refusal::Forbidden)),
        ("https://[64:ff9b::a9fe:a9fe]/", Err(Refusal::Forbidden)),
    ] {
        assert_eq!(guard.parse(url).map(drop), expected, "{url}");
    }
}

#[tokio::test]
async fn an_allowed_receiver_opens_its_address_and_port_alone() {
    let names = Names::default();
    names.set("receiver.example", &["127.0.0.1"]);
    let own = Own { listening: vec![([0, 0, 0, 0], 8080).into()], public_url: Url::parse("https://pay.example").unwrap() };
    let allowed = Allowed { networks: Vec::new(), receivers: vec![([127, 0, 0, 1], 9000).into(), ([127, 0, 0, 1], 8080).into()] };
    let guard = Guard::with_resolver(allowed, own, Resolver::Fixed(names));
    for url in ["http://127.0.0.1:9000/", "https://[::ffff:127.0.0.1]:9000/", "http://receiver.example:9000/"] {
        assert!(guard.check(url, COMPANY).await.is_ok(), "{url}");
    }
    for url in ["http://127.0.0.1:9001/", "http://127.0.0.2:9000/", "http://receiver.example/", "http://127.0.0.1:8080/"] {
        assert_eq!(guard.check(url, COMPANY).await, Err(Refusal::Forbidden), "{url}");
    }
}

#[test]
fn the_unspecified_address_and_multicast_are_never_allowed() {
    let (guard, _) = guard_of(&["0.0.0.0/8", "224.0.0.0/8", "::/128", "ff00::/8"]);
    for url in ["https://0.0.0.0/", "https://[::]/", "https://[::ffff:0.0.0.0]/", "https://224.0.0.1/", "https://[ff02::1]/"] {
        assert_eq!(guard.parse(url), Err(Refusal::Forbidden), "{url}");
    }
}

fn guard_listening(on: &str) -> (Guard, Names) {
    let names = Names::default();
    let public_url = Url::parse("http://console.example:8080").unwrap();
    let own = Own { listening: vec![on.parse().unwrap()], public_url };
    let networks = ["0.0.0.0/1", "128.0.0.0/1", "::/0"].map(|network| network.parse().unwrap()).to_vec();
    let allowed = Allowed { networks, receivers: Vec::new() };
    (Guard::with_resolver(allowed, own, Resolver::Fixed(names.clone())), names)
}

#[tokio::test]
async fn the_server_itself_is_never_a_target() {
    let (guard, names) = guard_listening("127.0.0.1:8080");
    names.set("alias.example", &["127.0.0.1"]);
    for url in [
        "http://127.0.0.1:8080/",
        "https://127.0.0.1:8080/",
        "http://[::ffff:127.0.0.1]:8080/",
        "http://alias.example:8080/",
        "http://console.example:8080/",
        "https://console.example:8080/",
    ] {
        assert_eq!(guard.check(url, COMPANY).await, Err(Refusal::Forbidden), "{url}");
    }
    for url in ["http://127.0.0.1:8081/", "http://127.0.0.2:8080/", "http://alias.example/"] {
        assert!(guard.check(url, COMPANY).await.is_ok(), "{url}");
    }
}

#[test]
fn a_wildcard_listens_on_every_address_of_the_machine() {
    for wildcard in ["0.0.0.0:8080", "[::]:8080"] {
        let (guard, _) = guard_listening(wildcard);
        for url in ["http://127.0.0.1:8080/", "http://127.9.9.9:8080/", "http://[::1]:8080/"] {
            assert_eq!(guard.parse(url), Err(Refusal::Forbidden), "{wildcard} {url}");
        }
        for url in ["http://127.0.0.1:8081/", "http://10.254.254.254:8080/"] {
            assert!(guard.parse(url).is_ok(), "{wildcard} {url}");
        }
        if let Some(ip) = own_address() {
            assert_eq!(guard.parse(&format!("http://{ip}:8080/")), Err(Refusal::Forbidden), "{wildcard} {ip}");
        }
    }
}

#[tokio::test]
async fn a_public_address_of_this_machine_is_refused_on_every_port_unless_it_is_allowed() {
    let own = |ip| ["8.8.8.8", "2606:4700::1111"].map(|own| own.parse::<IpAddr>().unwrap()).contains(&ip);
    let (guard, names) = guard_of(&[]);
    let guard = guard.on_machine_with(own);
    names.set("own.example", &["8.8.8.8"]);
    names.set("mixed.example", &["8.8.4.4", "2606:4700::1111"]);
    for url in [
        "https://8.8.8.8/",
        "https://8.8.8.8:6443/",
        "https://[2606:4700::1111]:8443/",
        "https://[::ffff:8.8.8.8]/",
        "https://own.example:5432/",
        "https://mixed.example/",
    ] {
        assert_eq!(guard.check(url, COMPANY).await, Err(Refusal::Forbidden), "{url}");
    }
    assert!(guard.check("https://8.8.4.4/", COMPANY).await.is_ok());
    let (allowing, _) = guard_of(&["8.8.8.8/32"]);
    let allowing = allowing.on_machine_with(own);
    assert!(allowing.check("https://8.8.8.8:8443/", COMPANY).await.is_ok());
}

#[test]
fn the_machine_knows_its_own_addresses() {
    let known = ["127.0.0.1", "127.9.9.9", "::1"].map(|ip| ip.parse().unwrap());
    for ip in known.into_iter().chain(own_address()) {
        assert!(is_of_this_machine(ip), "{ip}");
    }
    for ip in ["8.8.8.8", "8.8.4.4", "2606:4700::1111"] {
        assert!(!is_of_this_machine(ip.parse().unwrap()), "{ip}");
    }
}

/// Returns the address of this machine's interface with a route, if it has one. Nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip())
}
