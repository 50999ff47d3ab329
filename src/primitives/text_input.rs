//! Text that people typed: one line, trimmed, in Unicode normalisation form C, of bounded length and without characters that
//! cannot be seen.
//!
//! PostgreSQL refuses a NUL in text and SQLite does not, so what cannot be stored everywhere is refused here.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

use super::invisible_chars;

/// The validation error of a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The line is empty.
    Empty,
    /// Fewer characters than this.
    ShorterThan(usize),
    /// More characters than this.
    LongerThan(usize),
    /// A character that cannot be seen and is never meant, or nothing but such.
    Control,
}

/// The line, trimmed and normalised, if it has between `least` and `most` characters.
///
/// # Errors
/// Says which rule it breaks.
pub fn line(raw: &str, least: usize, most: usize) -> Result<String, Fault> {
    let text = normalized(raw.trim());
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if text.contains(['\n', '\r', '\t']) || invisible_chars::disguises(&text) {
        return Err(Fault::Control);
    }
    match text.chars().count() {
        count if count < least => Err(Fault::ShorterThan(least)),
        count if count > most => Err(Fault::LongerThan(most)),
        _ => Ok(text.into_owned()),
    }
}

/// Returns the trimmed line, or `None` if it is empty.
///
/// # Errors
/// Returns the rule that it violates.
pub fn optional_line(raw: &str, most: usize) -> Result<Option<String>, Fault> {
    match line(raw, 1, most) {
        Ok(text) => Ok(Some(text)),
        Err(Fault::Empty) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The text in normalisation form C: keyboards differ in how many code points they write for one letter.
#[must_use]
pub fn normalized(text: &str) -> Cow<'_, str> {
    const { ComposingNormalizerBorrowed::new_nfc() }.normalize(text)
}

/// The first digits of the scripts that are in use; each is followed by the other nine.
const ZEROS: &[char] = &[
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}', '\u{ce6}',
    '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{17e0}', '\u{1810}', '\u{1946}', '\u{1c40}',
    '\u{1c50}', '\u{a8d0}', '\u{a900}', '\u{abf0}', '\u{ff10}',
];

/// The text with the decimal digits of every script as ASCII digits.
#[must_use]
pub fn ascii_digits(text: &str) -> String {
    let digit = |character: char| {
        let value = ZEROS.iter().find_map(|zero| {
            let value = u32::from(character).checked_sub(u32::from(*zero))?;
            (value < 10).then_some(value)
        })?;
        char::from_digit(value, 10)
    };
    text.chars().map(|character| digit(character).unwrap_or(character)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_bounded_by_characters_not_bytes() {
        assert_eq!(line("  नीम का पेड़  ", 3, 13), Ok("नीम का पेड़".to_owned()));
        assert_eq!(line(" \t ", 1, 5), Err(Fault::Empty));
        assert_eq!(line("ab", 3, 5), Err(Fault::ShorterThan(3)));
        assert_eq!(line("abcdef", 3, 5), Err(Fault::LongerThan(5)));
        for invisible in ["a\0b", "a\u{202e}b", "a\nb", "a\tb", "a\u{2028}b"] {
            assert_eq!(line(invisible, 1, 5), Err(Fault::Control), "{invisible:?}");
        }
    }

    #[test]
    fn a_line_has_something_to_see_and_nothing_that_cannot_be_seen() {
        for invisible in [
            "\u{200b}",
            "\u{200d}\u{200d}\u{200d}",
            "\u{3164}",
            "\u{200f}\u{200f}\u{200f}",
            "\u{2800}\u{2800}\u{2800}",
            "\u{301}\u{301}",
            "Neem\u{200b}Tree",
            "Neem\u{ad}Tree",
            "Neem Tree\u{200d}",
            "नीम\u{200d}",
            "नीम\u{200d} पेड",
            "\u{feff}Neem Tree",
        ] {
            assert_eq!(line(invisible, 1, 50), Err(Fault::Control), "{invisible:?}");
        }
        for joined in ["क्\u{200d}ष", "शक्\u{200c}ति", "👩\u{200d}🌾 Farm", "❤\u{fe0f} Neem", "می\u{200c}خواهم"]
        {
            assert_eq!(line(joined, 1, 50), Ok(joined.to_owned()));
        }
    }

    #[test]
    fn one_letter_is_one_letter_however_it_is_typed() {
        let (one, two) = ("पे\u{95c}", "पे\u{921}\u{93c}");
        assert_ne!(one, two);
        assert_eq!(line(one, 1, 50), line(two, 1, 50));
        assert_eq!(line("Cafe\u{301}", 1, 50), Ok("Café".to_owned()));
    }

    #[test]
    fn digits_of_every_script_are_ascii_digits() {
        assert_eq!(ascii_digits("+९१ ९८७६५ ४३२१०"), "+91 98765 43210");
        assert_eq!(ascii_digits("৪০০০০১ ٤ ５ அ A-1"), "400001 4 5 அ A-1");
    }
}
