//! URLs that stay within this site.

/// True if a `redirect_url` stays within this site: a path of ours, never another host.
///
/// Browsers treat `\` as `/` and ignore tabs and line ends, so targets with any of these are rejected.
pub(crate) fn is_local(target: &str) -> bool {
    let is_path = target.starts_with('/') && !target.starts_with("//");
    let is_plain = target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let base = url::Url::parse("https://site.invalid").ok();
    let stays = base
        .and_then(|base| base.join(target).ok())
        .is_some_and(|url| url.host_str() == Some("site.invalid") && url.scheme() == "https");
    is_path && is_plain && stays
}

/// Returns the target if it stays within this site, else `otherwise`.
pub(crate) fn local_or<'a>(target: &'a str, otherwise: &'a str) -> &'a str {
    if is_local(target) { target } else { otherwise }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_inside_the_site() {
        for good in ["/", "/ks-pay/apps/new", "/applications?x=https://evil.example/"] {
            assert!(is_local(good), "{good}");
        }
        for evil in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "https:evil",
            "javascript:alert(1)",
            "/\t/evil.example",
            "\\\\evil",
            "/%0d%0a\r\nX: y",
            "ks-pay",
        ] {
            assert!(!is_local(evil), "{evil:?}");
            assert_eq!(local_or(evil, "/"), "/");
        }
    }
}
