//! Money: integer subunits and a currency, never a float.

use std::fmt;

use super::text_input;

/// An ISO 4217 code: three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The text is not a currency code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three capital letters")]
pub struct NotACurrency;

impl Currency {
    /// Indian rupees.
    pub const INR: Self = Self(*b"INR");

    /// Returns the code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns the number of decimal places. From Razorpay's list of currencies (international payments): 16 have none, 6
    /// have three.
    #[must_use]
    pub fn exponent(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX" | b"VND"
            | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl std::str::FromStr for Currency {
    type Err = NotACurrency;

    fn from_str(text: &str) -> Result<Self, NotACurrency> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(NotACurrency),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount, in subunits of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Paise for rupees, fils for dinars, whole yen for yen.
    pub subunits: i64,
    /// The currency of the amount.
    pub currency: Currency,
}

impl Money {
    /// Returns an amount in subunits of `currency`.
    #[must_use]
    pub const fn new(subunits: i64, currency: Currency) -> Self {
        Self { subunits, currency }
    }

    /// Parses a typed amount such as `500`, `₹1,299.50` or `1,00,000`. `None` for what is no positive amount of the currency. A comma only
    /// separates groups of digits: `12,50` may mean 12.50 or 1,250, so it is no amount.
    pub(crate) fn parse(typed: &str, currency: Currency) -> Option<Self> {
        let digits = text_input::ascii_digits(typed.trim());
        let digits = digits.trim_start_matches('₹').trim_start_matches(currency.as_str()).trim();
        let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
        if !is_grouped(whole) {
            return None;
        }
        let whole: String = whole.chars().filter(|character| *character != ',').collect();
        let places = usize::try_from(currency.exponent()).ok()?;
        let part = part.unwrap_or_default();
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(&whole) || !is_number(part) || part.len() > places || digits.ends_with('.') {
            return None;
        }
        let subunits: i64 = format!("{whole}{part:0<places$}").parse().ok()?;
        (subunits > 0).then_some(Self { subunits, currency })
    }

    /// Formats the number without currency and grouping, for spreadsheets: `1234.50`.
    #[must_use]
    pub fn plain(self) -> String {
        let (sign, whole, part) = self.parts();
        format!("{}{whole}{part}", if sign { "-" } else { "" })
    }

    fn parts(self) -> (bool, u64, String) {
        let places = self.currency.exponent();
        let scale = 10u64.pow(places);
        let amount = self.subunits.unsigned_abs();
        let part = if places == 0 { String::new() } else { format!(".{:0width$}", amount % scale, width = places as usize) };
        (self.subunits < 0, amount / scale, part)
    }
}

impl fmt::Display for Money {
    /// `₹1,23,456.00`, `AED 1,250.00`, `−₹500.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (negative, whole, part) = self.parts();
        let sign = if negative { "\u{2212}" } else { "" };
        if self.currency == Currency::INR {
            write!(f, "{sign}₹{}{part}", grouped(whole, 2))
        } else {
            write!(f, "{sign}{}\u{a0}{}{part}", self.currency, grouped(whole, 3))
        }
    }
}

/// True for a number without commas, or with groups: the last of three digits, the others of two or three.
fn is_grouped(whole: &str) -> bool {
    let groups: Vec<&str> = whole.split(',').collect();
    let [first, middle @ .., last] = groups.as_slice() else { return true };
    groups.len() == 1
        || ((1..=3).contains(&first.len()) && last.len() == 3 && middle.iter().all(|group| matches!(group.len(), 2 | 3)))
}

/// Groups the last three digits, then groups of `step` (lakh and crore: two).
pub(crate) fn grouped(number: u64, step: usize) -> String {
    let digits = number.to_string();
    let Some(split) = digits.len().checked_sub(3).filter(|&split| split > 0) else {
        return digits;
    };
    let (head, tail) = digits.split_at(split);
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in head.chars().enumerate() {
        if index > 0 && (head.len() - index) % step == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text.push(',');
    text.push_str(tail);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(subunits: i64, code: &str) -> String {
        Money::new(subunits, code.parse().unwrap()).to_string()
    }

    #[test]
    fn rupees_are_grouped_by_lakh_and_crore() {
        assert_eq!(shown(0, "INR"), "₹0.00");
        assert_eq!(shown(99_900, "INR"), "₹999.00");
        assert_eq!(shown(124_950, "INR"), "₹1,249.50");
        assert_eq!(shown(12_345_600, "INR"), "₹1,23,456.00");
        assert_eq!(shown(123_456_789_012, "INR"), "₹1,23,45,67,890.12");
        assert_eq!(shown(-50_000, "INR"), "−₹500.00");
    }

    #[test]
    fn other_currencies_have_their_own_places() {
        assert_eq!(shown(125_000, "AED"), "AED\u{a0}1,250.00");
        assert_eq!(shown(12_500, "JPY"), "JPY\u{a0}12,500");
        assert_eq!(shown(99_990, "KWD"), "KWD\u{a0}99.990");
        assert_eq!(Money::new(-1_234_567, Currency::INR).plain(), "-12345.67");
    }

    #[test]
    fn an_amount_is_read_in_subunits_of_its_currency() {
        let (rupees, yen, dinars) = (Currency::INR, "JPY".parse().unwrap(), "KWD".parse().unwrap());
        for (typed, currency, subunits) in [
            ("500", rupees, Some(50_000)),
            (" ₹1,299.50 ", rupees, Some(129_950)),
            ("1,00,000", rupees, Some(10_000_000)),
            ("INR 5.5", rupees, Some(550)),
            ("५००", rupees, Some(50_000)),
            ("500", yen, Some(500)),
            ("1.234", dinars, Some(1_234)),
            ("500.5", yen, None),
            ("1.999", rupees, None),
            ("0", rupees, None),
            ("0.00", rupees, None),
            ("-5", rupees, None),
            ("5.", rupees, None),
            ("12,50", rupees, None),
            ("1,5", rupees, None),
            ("5,00", rupees, None),
            ("1,299,50", rupees, None),
            (",500", rupees, None),
            ("500,", rupees, None),
            ("1,,000", rupees, None),
            ("1,234", rupees, Some(123_400)),
            ("12,34,567.8", rupees, Some(123_456_780)),
            ("1,234,567", rupees, Some(123_456_700)),
            (".5", rupees, None),
            ("1e3", rupees, None),
            ("", rupees, None),
            ("999999999999999999999", rupees, None),
            ("$5", rupees, None),
        ] {
            assert_eq!(Money::parse(typed, currency).map(|money| money.subunits), subunits, "{typed:?} {currency}");
        }
    }

    #[test]
    fn the_ends_of_the_range_are_shown() {
        assert_eq!(shown(i64::MIN, "JPY"), "−JPY\u{a0}9,223,372,036,854,775,808");
        assert!("inr".parse::<Currency>().is_err() && "RUPEE".parse::<Currency>().is_err());
    }
}
