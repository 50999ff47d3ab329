//! The stored form of a request's headers.
//!
//! Invariant: no cookies and no credentials.

use std::borrow::Cow;

use serde::Serializer as _;

/// Room for the headers of most requests.
const TYPICAL_HEADERS_BYTES: usize = 1024;

/// Returns the headers as JSON for storage: without cookies and credentials, and with invalid UTF-8 replaced.
pub(crate) fn to_json(headers: &[(&str, &[u8])]) -> String {
    let stored = headers.iter().filter(|(name, _)| !matches!(*name, "authorization" | "proxy-authorization" | "cookie"));
    let mut json = Vec::with_capacity(TYPICAL_HEADERS_BYTES);
    // A text is written to memory without errors.
    let _ = serde_json::Serializer::new(&mut json).collect_seq(stored.map(|(name, value)| (name, text(value))));
    String::from_utf8(json).unwrap_or_default()
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
        let headers = headers.map(|(name, value)| (name, value.as_bytes()));
        assert_eq!(to_json(&headers), r#"[["x-razorpay-event-id","c"]]"#);
    }
}
