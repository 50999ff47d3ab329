//! Base62 in ASCII order, so that fixed-width text sorts like the number.

use rand::{RngExt as _, TryRng as _, rngs::SysRng};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Number of digits for any 64-bit number: 62^11 > 2^64.
const WIDTH: usize = 11;

/// Encodes a number as 11 digits.
pub(crate) fn encode(mut number: u64) -> String {
    let mut digits = [b'0'; WIDTH];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    digits.map(char::from).iter().collect()
}

/// Decodes exactly 11 digits; `None` for any other text.
pub(crate) fn decode(text: &str) -> Option<u64> {
    if text.len() != WIDTH {
        return None;
    }
    text.bytes().try_fold(0u64, |number, byte| {
        let digit = DIGITS.iter().position(|&known| known == byte)?;
        number.checked_mul(62)?.checked_add(digit as u64)
    })
}

/// Returns uniformly distributed digits from the system's random source.
pub(crate) fn random(length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut bytes = [0u8; 64];
    while text.len() < length {
        // Without the system's random source no secret may be generated: there is no safe fallback.
        SysRng.try_fill_bytes(&mut bytes).expect("the system's random source answers");
        // 248 is the largest multiple of 62 in a byte; larger values would favour the first digits.
        let fair = bytes.iter().filter(|&&byte| byte < 248).map(|byte| char::from(DIGITS[usize::from(byte % 62)]));
        text.extend(fair.take(length - text.len()));
    }
    text
}

/// Returns a random number below `limit`, for sampling and not for secrets.
pub(crate) fn below(limit: u32) -> u32 {
    rand::rng().random_range(0..limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_and_sorts_alike() {
        let numbers = [0, 1, 61, 62, 62u64.pow(10) - 1, 62u64.pow(10), u64::MAX];
        let texts: Vec<String> = numbers.iter().map(|&number| encode(number)).collect();
        assert!(texts.is_sorted());
        for (text, number) in texts.iter().zip(numbers) {
            assert_eq!(decode(text), Some(number));
        }
    }

    #[test]
    fn what_is_no_number_of_ours_is_refused() {
        for text in ["", "0", "zzzzzzzzzzz", "LygHa16AHYG", "0000000000_", "000000000000", "é000000000"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn random_text_has_the_length_asked_for() {
        let text = random(44);
        assert_eq!(text.len(), 44);
        assert!(text.bytes().all(|byte| DIGITS.contains(&byte)));
        assert_ne!(text, random(44));
    }
}
