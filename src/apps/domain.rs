//! Domains of apps: what a merchant may enter, and how a stored one is shown.
//!
//! Invariant: a stored domain is ASCII, as browsers send it.

use crate::primitives::text_input::{self, Fault};

/// Parses a domain, or the host of a pasted URL.
///
/// # Errors
/// The fault of the text; `None` if it is no host name with a dot.
pub(crate) fn parse(raw: &str) -> Result<String, Option<Fault>> {
    let text = text_input::line(raw, 3, 253)?.to_lowercase();
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(&text);
    let host = host.split(['/', '?', '#']).next().unwrap_or(host);
    match url::Host::parse(host) {
        Ok(url::Host::Domain(domain)) if domain.contains('.') && is_host_name(&domain) => Ok(domain),
        _ => Err(None),
    }
}

/// A stored domain as its owner reads it, if that differs from the ASCII form that browsers send.
pub(crate) fn to_unicode(ascii: &str) -> Option<String> {
    let (unicode, read) = idna::domain_to_unicode(ascii);
    (read.is_ok() && unicode != ascii).then_some(unicode)
}

fn is_host_name(domain: &str) -> bool {
    domain.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_a_host_name_or_that_of_a_url() {
        assert_eq!(parse(" https://Shop.NeemTree.example/ ").unwrap(), "shop.neemtree.example");
        assert_eq!(parse("https://shop.example/cart?item=1").unwrap(), "shop.example");
        assert_eq!(parse("दुकान.example").unwrap(), "xn--11b7ah1gn.example");
        assert_eq!(to_unicode("xn--11b7ah1gn.example").as_deref(), Some("दुकान.example"));
        assert_eq!((to_unicode("shop.example"), to_unicode("xn--a.example")), (None, None));
        for wrong in [
            "",
            "localhost",
            "shop example",
            "https:///cart",
            "/cart",
            "127.0.0.1",
            "-a.example",
            "a..example",
            "javascript:alert(1)",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
