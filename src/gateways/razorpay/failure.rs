//! Why a payment failed: in Razorpay's words for display, and the group of its reason code for counting.

use super::display;
use crate::gateways::payment::FailureCategory;

/// Returns the group of an `error_reason`; `None` without one. Razorpay adds codes, so families are told by their words.
pub(super) fn category(reason: &str) -> Option<FailureCategory> {
    use FailureCategory::{Declined, InsufficientFunds, NotCompleted, Other, TechnicalError, TimedOut, WrongDetails};
    const FAMILIES: &[(FailureCategory, &[&str])] = &[
        (InsufficientFunds, &["insufficient"]),
        (TechnicalError, &["technical_error", "server_error", "bank_not_available", "downtime"]),
        (
            WrongDetails,
            &["incorrect", "invalid", "wrong", "card_expired", "otp_expired", "authentication_failed", "attempts_exceeded"],
        ),
        (TimedOut, &["timed_out", "timeout", "session_expired", "request_expired"]),
        (NotCompleted, &["cancelled", "canceled", "aborted"]),
        (Declined, &["declined", "blocked", "inactive", "limit_exceeded", "risk", "not_allowed", "not_supported", "not_enabled"]),
    ];
    let is_of = |(_, words): &&(FailureCategory, &[&str])| words.iter().any(|word| reason.contains(word));
    (!reason.is_empty()).then(|| FAMILIES.iter().find(is_of).map_or(Other, |(category, _)| *category))
}

/// Returns Razorpay's description of a failure from the body of `payment.failed`. For display only.
pub(super) fn reason(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    display::text(body.pointer("/payload/payment/entity/error_description")?.as_str()?)
}

#[cfg(test)]
mod tests {
    use super::{
        super::display::{MAX_BYTES, MAX_GRAPHEMES},
        *,
    };

    #[test]
    fn the_codes_of_a_family_are_counted_together() {
        use FailureCategory::{Declined, InsufficientFunds, NotCompleted, Other, TechnicalError, TimedOut, WrongDetails};
        for (code, wanted) in [
            ("payment_cancelled", NotCompleted),
            ("payment_timed_out", TimedOut),
            ("payment_session_expired", TimedOut),
            ("insufficient_funds", InsufficientFunds),
            ("incorrect_pin", WrongDetails),
            ("card_expired", WrongDetails),
            ("otp_attempts_exceeded", WrongDetails),
            ("payment_declined", Declined),
            ("transaction_daily_limit_exceeded", Declined),
            ("bank_technical_error", TechnicalError),
            ("server_error", TechnicalError),
            ("payment_failed", Other),
        ] {
            assert_eq!(category(code), Some(wanted), "{code}");
        }
        assert_eq!(category(""), None);
    }

    #[test]
    fn a_reason_is_read_where_there_is_one() {
        let of =
            |said: &str| reason(format!(r#"{{"payload":{{"payment":{{"entity":{{"error_description":{said}}}}}}}}}"#).as_bytes());
        assert_eq!(of(r#"" Wrong <b>OTP</b>\n""#).as_deref(), Some("Wrong <b>OTP</b>"));
        assert_eq!((of("null"), of("7"), of("\"\""), reason(b"{}"), reason(b"\xff")), (None, None, None, None, None));
        assert_eq!(of("\"OTP\u{202e}9001\\u0007\"").as_deref(), Some("OTP⟨U+202E⟩9001⟨U+0007⟩"));
        for whole in ["न", "क्षि", "👩‍🌾", "é\u{301}"] {
            let said = of(&format!("\"{}\"", whole.repeat(999))).unwrap();
            assert_eq!(said, format!("{}…", whole.repeat(MAX_GRAPHEMES)), "{whole}");
            assert_eq!(of(&format!("\"{}\"", whole.repeat(300))), Some(whole.repeat(300)));
        }
        let endless = of(&format!("\"e{}\"", "\u{301}".repeat(9_999))).unwrap();
        assert!(endless.len() <= MAX_BYTES + "…".len() && endless.ends_with('…'));
    }
}
