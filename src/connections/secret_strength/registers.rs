//! Numbers of public registers in a secret. Pure.

use std::ops::Range;

/// Of companies and shops in India: `A` is a letter, `9` a digit, `*` either, and a small letter itself.
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
/// So many characters of a shape are one where the text is cut.
const LEAST_CUT: usize = 8;

/// The places of each number, also where the end or the beginning of it is cut off.
pub(super) fn found(letters: &[char]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for shape in SHAPES {
        let shape: Vec<char> = shape.chars().collect();
        for from in 0..letters.len() {
            let fitting = fitting(&letters[from..], &shape);
            let is_cut = letters.get(from + fitting).is_none_or(|next| !next.is_ascii_alphanumeric());
            if fitting == shape.len() || (fitting >= LEAST_CUT && is_cut) {
                found.push(from..from + fitting);
            }
        }
        for skipped in 1..=shape.len().saturating_sub(LEAST_CUT) {
            let rest = &shape[skipped..];
            if fitting(letters, rest) == rest.len() {
                found.push(0..rest.len());
            }
        }
    }
    found
}

/// So many letters fit the shape, in one case.
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
