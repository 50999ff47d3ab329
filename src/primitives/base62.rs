//! Base62 in ASCII order, so that fixed-width text sorts like the number.

use rand::{RngExt as _, TryRng as _, rngs::SysRng};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Number of digits for any 128-bit number: 62^22 > 2^128.
pub(crate) const WIDTH: usize = 22;

/// Encodes a number as 22 digits.
pub(crate) fn encode(number: u128) -> String {
    // As many digits as fit a 64-bit word: 128-bit division takes ten times as long.
    const WORD: u128 = 62u128.pow(10);
    let words = [number % WORD, number / WORD % WORD, number / WORD / WORD];
    let mut digits = [b'0'; WIDTH];
    for (digits, word) in digits.rchunks_mut(10).zip(words) {
        let mut word = (word % WORD) as u64;
        for digit in digits.iter_mut().rev() {
            *digit = DIGITS[(word % 62) as usize];
            word /= 62;
        }
    }
    digits.map(char::from).iter().collect()
}

/// Decodes exactly 22 digits; `None` for any other text.
pub(crate) fn decode(text: &str) -> Option<u128> {
    if text.len() != WIDTH {
        return None;
    }
    text.bytes().try_fold(0u128, |number, byte| {
        let digit = DIGITS.iter().position(|&known| known == byte)?;
        number.checked_mul(62)?.checked_add(digit as u128)
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
        let ten = 62u128.pow(10);
        let numbers = [0, 1, 61, 62, ten - 1, ten, u128::from(u64::MAX), ten * ten - 1, ten * ten, u128::MAX];
        let texts: Vec<String> = numbers.iter().map(|&number| encode(number)).collect();
        assert!(texts.is_sorted());
        for (text, number) in texts.iter().zip(numbers) {
            assert_eq!(decode(text), Some(number));
        }
    }

    #[test]
    fn what_is_no_number_of_ours_is_refused() {
        for text in
            ["", "0", "zzzzzzzzzzzzzzzzzzzzzz", "000000000000000000000_", "00000000000000000000000", "é00000000000000000000"]
        {
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
