//! Razorpay's rules for webhook URLs (razorpay.com/docs/webhooks, "Validate and test" and set-up), checked before the
//! merchant copies one.

use std::net::IpAddr;

use url::{Host, Url};

use super::text as t;
use crate::{
    gateways::url_rules::is_private_name,
    i18n::{Text, code},
    net::public_address::is_public,
};

/// Maximum length of a URL, in characters.
pub(super) const MAX_URL_CHARS: usize = 255;

/// Hosts that Razorpay blocks, including their subdomains.
const REFUSED_HOSTS: &[&str] = &[
    "burpcollaborator.net",
    "oast.pro",
    "interact.sh",
    "canarytokens.com",
    "requestbin.com",
    "webhook.site",
    "hookbin.com",
    "beeceptor.com",
    "mockbin.org",
    "ngrok.io",
    "loca.lt",
    "metadata.google.internal",
];

/// Returns why Razorpay would reject the URL: one message per reason, with what to do. Empty if it would accept it.
pub(super) fn objections(text: &str) -> Vec<Text> {
    let Ok(url) = Url::parse(text) else { return vec![t::url_invalid()] };
    let mut found = Vec::new();
    match url.host() {
        Some(Host::Domain(host)) => found.extend(domain_objection(host)),
        Some(Host::Ipv4(ip)) => found.extend(address_objection(ip.into())),
        Some(Host::Ipv6(ip)) => found.extend(address_objection(ip.into())),
        None => found.push(t::url_no_host()),
    }
    if let Some(port) = url.port_or_known_default().filter(|port| !matches!(port, 80 | 443)) {
        found.push(t::url_port(port.to_string()));
    }
    if text.chars().count() > MAX_URL_CHARS {
        found.push(t::url_too_long(MAX_URL_CHARS));
    }
    found
}

/// Returns a recommendation about a URL that Razorpay accepts.
pub(super) fn advice(text: &str) -> Option<Text> {
    text.starts_with("http:").then(t::url_http)
}

fn domain_objection(host: &str) -> Option<Text> {
    let host = host.trim_end_matches('.').to_lowercase();
    let is_below = |name: &str| host == name || host.ends_with(&format!(".{name}"));
    if let Some(known) = REFUSED_HOSTS.iter().find(|name| is_below(name)) {
        return Some(t::url_blocked_host(code(known)));
    }
    if is_private_name(&host) {
        return Some(t::url_private_host(code(host)));
    }
    host.split('.').any(|label| label == "razorpay").then(t::url_own_name)
}

fn address_objection(ip: IpAddr) -> Option<Text> {
    (!is_public(ip)).then(|| t::url_private_address(code(ip.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_https_url_is_taken() {
        for good in ["https://pay.neemtree.example/webhooks/wh_x", "http://pay.neemtree.example/x", "https://8.8.8.8/x"] {
            assert_eq!(objections(good), Vec::<Text>::new(), "{good}");
        }
        assert!(advice("http://x.example").is_some() && advice("https://x.example").is_none());
    }

    #[test]
    fn each_rule_has_its_sentence() {
        let keys = |url: &str| objections(url).iter().map(Text::key).collect::<Vec<_>>();
        for (url, key) in [
            ("http://192.168.1.20/x", "razorpay.url-private-address"),
            ("http://127.0.0.1/x", "razorpay.url-private-address"),
            ("http://[::1]/x", "razorpay.url-private-address"),
            ("http://[::ffff:10.0.0.1]/x", "razorpay.url-private-address"),
            ("http://100.64.0.1/x", "razorpay.url-private-address"),
            ("https://abc.ngrok.io/x", "razorpay.url-blocked-host"),
            ("https://NGROK.IO./x", "razorpay.url-blocked-host"),
            ("https://shop.local/x", "razorpay.url-private-host"),
            ("https://server/x", "razorpay.url-private-host"),
            ("https://pay.razorpay.example/x", "razorpay.url-own-name"),
            ("https://pay.example:8080/x", "razorpay.url-port"),
        ] {
            assert_eq!(keys(url), [key], "{url}");
        }
        assert!(!objections(&format!("https://pay.example/{}", "a".repeat(250))).is_empty());
        assert_eq!(objections("http://localhost:8080/x").len(), 2);
    }
}
