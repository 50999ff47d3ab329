//! Finds public registration numbers in a secret. Pure.

use std::ops::Range;

/// Formats of Indian registration numbers: `A` is a letter, `9` a digit, `*` either, and a lower-case letter itself.
const SHAPES: &[&str] = &[
    // GSTIN
    "99AAAAA9999A*z*",
    // PAN
    "AAAAA9999A",
    // CIN, and LLPIN
    "u99999AA9999AAA999999",
    "l99999AA9999AAA999999",
    "AAA-9999",
    // TAN, IFSC, Udyam
    "AAAA99999A",
    "AAAA0999999",
    "udyam-AA-99-9999999",
];
/// Minimum length of a truncated number at the start or end of the text.
const MIN_TRUNCATED: usize = 8;

/// Returns the range of each number, including those truncated at the end or the beginning.
pub(super) fn found(letters: &[char]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for shape in SHAPES {
        let shape: Vec<char> = shape.chars().collect();
        for from in 0..letters.len() {
            let fitting = fitting(&letters[from..], &shape);
            let is_truncated = letters.get(from + fitting).is_none_or(|next| !next.is_ascii_alphanumeric());
            if fitting == shape.len() || (fitting >= MIN_TRUNCATED && is_truncated) {
                found.push(from..from + fitting);
            }
        }
        for skipped in 1..=shape.len().saturating_sub(MIN_TRUNCATED) {
            let rest = &shape[skipped..];
            if fitting(letters, rest) == rest.len() {
                found.push(0..rest.len());
            }
        }
    }
    found
}

/// Returns how many letters match the format in a single case.
fn fitting(letters: &[char], shape: &[char]) -> usize {
    let fits = |(letter, wanted): &(&char, &char)| match **wanted {
        'A' => letter.is_ascii_alphabetic(),
        '9' => letter.is_ascii_digit(),
        '*' => letter.is_ascii_alphanumeric(),
        wanted => letter.to_ascii_lowercase() == wanted,
    };
    let fitting = letters.iter().zip(shape).take_while(fits).count();
    let is_in = |is_case: fn(&char) -> bool| letters[..fitting].iter().take_while(|letter| !is_case(letter)).count();
    is_in(char::is_ascii_uppercase).max(is_in(char::is_ascii_lowercase))
}
