//! Domains of apps: what a merchant may enter, and how a stored one is shown.
//!
//! Invariant: a stored domain is ASCII, as browsers send it.

pub(crate) use crate::primitives::host_name::to_unicode;
use crate::primitives::{
    host_name::is_ascii_host_name,
    text_input::{self, Fault},
};

/// Parses a domain, or the host of a pasted URL.
///
/// # Errors
/// The fault of the text; `None` if it is no host name with a dot.
pub(crate) fn parse(raw: &str) -> Result<String, Option<Fault>> {
    let text = text_input::line(raw, 3, 253)?.to_lowercase();
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(&text);
    let host = host.split(['/', '?', '#']).next().unwrap_or(host);
    match url::Host::parse(host) {
        Ok(url::Host::Domain(domain)) if domain.contains('.') && is_ascii_host_name(&domain) => Ok(domain),
        _ => Err(None),
    }
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
