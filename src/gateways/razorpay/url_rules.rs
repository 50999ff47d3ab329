//! Razorpay's rules for webhook URLs (razorpay.com/docs/webhooks, "Validate and test" and set-up), checked before the
//! merchant copies one.

use std::net::IpAddr;

use url::{Host, Url};

use crate::gateways::url_rules::{is_private_name, is_public};

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
pub(super) fn objections(text: &str) -> Vec<String> {
    let Ok(url) = Url::parse(text) else {
        return vec!["Razorpay refuses it: it is no URL. Set KS_PAY_PUBLIC_URL to a public https address.".to_owned()];
    };
    let mut found = Vec::new();
    match url.host() {
        Some(Host::Domain(host)) => found.extend(domain_objection(host)),
        Some(Host::Ipv4(ip)) => found.extend(address_objection(ip.into())),
        Some(Host::Ipv6(ip)) => found.extend(address_objection(ip.into())),
        None => found.push("Razorpay refuses it: it has no host.".to_owned()),
    }
    if let Some(port) = url.port_or_known_default().filter(|port| !matches!(port, 80 | 443)) {
        found
            .push(format!("Razorpay refuses port {port}: only 80 and 443 are taken. Put a proxy in front, as the README shows."));
    }
    if text.chars().count() > MAX_URL_CHARS {
        found.push(format!("Razorpay refuses URLs over {MAX_URL_CHARS} characters: choose a shorter host name."));
    }
    found
}

/// Returns a recommendation about a URL that Razorpay accepts.
pub(super) fn advice(text: &str) -> Option<&'static str> {
    text.starts_with("http:")
        .then_some("Razorpay recommends https: put a proxy with a certificate in front, as the README shows.")
}

fn domain_objection(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.').to_lowercase();
    let is_below = |name: &str| host == name || host.ends_with(&format!(".{name}"));
    if let Some(known) = REFUSED_HOSTS.iter().find(|name| is_below(name)) {
        return Some(format!("Razorpay does not send to {known}. Use a host of your own, or the tunnel zrok."));
    }
    if is_private_name(&host) {
        return Some(format!(
            "Razorpay refuses {host}: it is no public host. Set KS_PAY_PUBLIC_URL to one, or try the tunnel zrok."
        ));
    }
    if host.split('.').any(|label| label == "razorpay") {
        return Some("Razorpay refuses hosts with razorpay in their name. Use another host name.".to_owned());
    }
    None
}

fn address_objection(ip: IpAddr) -> Option<String> {
    (!is_public(ip)).then(|| {
        format!("Razorpay refuses {ip}: it is a private address. Set KS_PAY_PUBLIC_URL to a public host, or try the tunnel zrok.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_https_url_is_taken() {
        for good in ["https://pay.neemtree.example/webhooks/wh_x", "http://pay.neemtree.example/x", "https://8.8.8.8/x"] {
            assert_eq!(objections(good), Vec::<String>::new(), "{good}");
        }
        assert!(advice("http://x.example").is_some() && advice("https://x.example").is_none());
    }

    #[test]
    fn each_rule_has_its_sentence() {
        for (url, word) in [
            ("http://192.168.1.20/x", "private address"),
            ("http://127.0.0.1/x", "private address"),
            ("http://[::1]/x", "private address"),
            ("http://[::ffff:10.0.0.1]/x", "private address"),
            ("http://100.64.0.1/x", "private address"),
            ("https://abc.ngrok.io/x", "ngrok.io"),
            ("https://NGROK.IO./x", "ngrok.io"),
            ("https://shop.local/x", "no public host"),
            ("https://server/x", "no public host"),
            ("https://pay.razorpay.example/x", "razorpay in their name"),
            ("https://pay.example:8080/x", "port 8080"),
        ] {
            assert!(objections(url).iter().any(|said| said.contains(word)), "{url}: {:?}", objections(url));
        }
        assert!(!objections(&format!("https://pay.example/{}", "a".repeat(250))).is_empty());
        assert_eq!(objections("http://localhost:8080/x").len(), 2);
    }
}
