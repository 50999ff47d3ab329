//! The reason of a failed payment in Razorpay's words, for display.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::primitives::invisible_chars::{self, Piece};

/// The longest reason that is shown.
const MAX_REASON_GRAPHEMES: usize = 300;
const MAX_REASON_BYTES: usize = 6000;

/// Returns Razorpay's description of a failure from the body of `payment.failed`. For display only.
/// Characters that cannot be seen are named, and a long text ends with an ellipsis.
pub(super) fn reason(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let said = body.pointer("/payload/payment/entity/error_description")?.as_str()?.trim();
    let end = said.grapheme_indices(true).nth(MAX_REASON_GRAPHEMES).map_or(said.len(), |(at, _)| at);
    // A grapheme has no limit of its own.
    let end = said.floor_char_boundary(end.min(MAX_REASON_BYTES));
    let shown: String = invisible_chars::pieces(&said[..end])
        .into_iter()
        .map(|piece| match piece {
            Piece::Seen(text) => text.to_owned(),
            Piece::Unseen(names) => names,
        })
        .collect();
    let rest = if end < said.len() { "…" } else { "" };
    (!shown.is_empty()).then(|| shown + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_read_where_there_is_one() {
        let of =
            |said: &str| reason(format!(r#"{{"payload":{{"payment":{{"entity":{{"error_description":{said}}}}}}}}}"#).as_bytes());
        assert_eq!(of(r#"" Wrong <b>OTP</b>\n""#).as_deref(), Some("Wrong <b>OTP</b>"));
        assert_eq!((of("null"), of("7"), of("\"\""), reason(b"{}"), reason(b"\xff")), (None, None, None, None, None));
        assert_eq!(of("\"OTP\u{202e}9001\\u0007\"").as_deref(), Some("OTP⟨U+202E⟩9001⟨U+0007⟩"));
        for whole in ["न", "क्षि", "👩‍🌾", "é\u{301}"] {
            let said = of(&format!("\"{}\"", whole.repeat(999))).unwrap();
            assert_eq!(said, format!("{}…", whole.repeat(MAX_REASON_GRAPHEMES)), "{whole}");
            assert_eq!(of(&format!("\"{}\"", whole.repeat(300))), Some(whole.repeat(300)));
        }
        let endless = of(&format!("\"e{}\"", "\u{301}".repeat(9_999))).unwrap();
        assert!(endless.len() <= MAX_REASON_BYTES + "…".len() && endless.ends_with('…'));
    }
}
