//! The stored form of a request's headers.
//!
//! Invariant: no cookies and no credentials.

use std::borrow::Cow;

/// Returns the headers as JSON for storage: without cookies and credentials, and with invalid UTF-8 replaced.
pub(crate) fn to_json(headers: &[(String, Vec<u8>)]) -> String {
    let kept: Vec<(&str, Cow<'_, str>)> = headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "authorization" | "proxy-authorization" | "cookie"))
        .map(|(name, value)| (name.as_str(), text(value)))
        .collect();
    serde_json::to_string(&kept).unwrap_or_default()
}

/// Replaces NUL, which PostgreSQL does not accept in text.
fn text(value: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(value);
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_kept() {
        let headers = [("cookie", "a"), ("authorization", "b"), ("x-razorpay-event-id", "c")];
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        assert_eq!(to_json(&headers), r#"[["x-razorpay-event-id","c"]]"#);
    }
}
