//! How programs write bytes as digits, and which bytes a stretch of digits stands for. Pure.
//!
//! Invariant: digits are read from every place where a byte can begin, because a secret may be a piece of an encoded text. Only
//! base58, which writes a text as a single number, is read from its first digit alone.

use zeroize::Zeroizing;

/// The width of a byte, in hundredths of a bit: a digit of base58 has no whole number of bits.
pub(super) const BYTE: usize = 800;
/// The most digits that are missing at the end of a number in base58.
const MAX_MISSING_DIGITS: usize = 44;

/// Bytes that digits stand for, and the width of the digits before them that make no whole byte.
type Decoded = (usize, Zeroizing<Vec<u8>>);

/// How bytes are written as digits.
pub(super) struct Notation {
    /// The width of a digit, in hundredths of a bit.
    pub(super) digit_width: usize,
    pub(super) digit: fn(u8) -> Option<u8>,
    /// What may stand between two digits.
    pub(super) between: &'static [u8],
    /// The digits are in reverse order.
    pub(super) is_reversed: bool,
    /// Programs seldom use it, so that only what reads like a name is taken for a text: any other is there by chance.
    pub(super) is_rare: bool,
    radix: Radix,
}

#[derive(Clone, Copy)]
enum Radix {
    /// A digit stands for so many bits, and a byte begins at a multiple of `step` bits.
    Bits { count: usize, step: usize },
    /// Five digits in base 85 stand for four bytes.
    Groups,
    /// All digits are one number in base 58.
    Number,
}

pub(super) const HEX: Notation = Notation::of_bits(4, 4, hex_digit, b"-: \r\n");
pub(super) const NOTATIONS: [Notation; 15] = [
    Notation::of_bits(6, 2, base64_digit, b"\r\n"),
    HEX,
    Notation::of_bits(5, 1, |byte| base32_digit(byte, b'A'), b"\r\n"),
    Notation::of_bits(5, 1, |byte| base32_digit(byte, b'a'), b"\r\n"),
    Notation::of_bits(5, 1, |byte| base32hex_digit(byte, b'A'), b"\r\n").rare(),
    Notation::of_bits(5, 1, |byte| base32hex_digit(byte, b'a'), b"\r\n").rare(),
    Notation::of_bits(5, 1, |byte| crockford_digit(byte, char::to_ascii_uppercase), b"-\r\n").rare(),
    Notation::of_bits(5, 1, |byte| crockford_digit(byte, char::to_ascii_lowercase), b"-\r\n").rare(),
    Notation::of_bits(6, 2, swapped_base64_digit, b"\r\n").rare(),
    Notation::of_bits(6, 2, base64_digit, b"\r\n").rare().reversed(),
    Notation::of_bits(6, 2, swapped_base64_digit, b"\r\n").rare().reversed(),
    Notation::of_numbers(),
    Notation::of_groups(ascii85_digit),
    Notation::of_groups(|byte| value_in(&BASE85_VALUES, byte)),
    Notation::of_groups(|byte| value_in(&Z85_VALUES, byte)),
];

const CROCKFORD: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Bitcoin's alphabet.
const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// RFC 1924.
const BASE85: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
/// ZeroMQ's alphabet.
const Z85: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

static CROCKFORD_VALUES: [Option<u8>; 256] = values(CROCKFORD);
static BASE58_VALUES: [Option<u8>; 256] = values(BASE58);
static BASE85_VALUES: [Option<u8>; 256] = values(BASE85);
static Z85_VALUES: [Option<u8>; 256] = values(Z85);

fn base64_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// A digit of base64 in the other case.
fn swapped_base64_digit(byte: u8) -> Option<u8> {
    let is_letter = byte.is_ascii_alphabetic();
    base64_digit(if is_letter { byte ^ 0x20 } else { byte })
}

pub(super) fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn base32_digit(byte: u8, first: u8) -> Option<u8> {
    match byte {
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => byte.checked_sub(first).filter(|digit| *digit < 26),
    }
}

fn base32hex_digit(byte: u8, first: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        _ => byte.checked_sub(first).filter(|digit| *digit < 22).map(|digit| digit + 10),
    }
}

/// A digit of Crockford's base32 in one case, with the letters that are read as digits.
fn crockford_digit(byte: u8, in_case: fn(&char) -> char) -> Option<u8> {
    let letter = char::from(byte);
    match letter.to_ascii_uppercase() {
        _ if in_case(&letter) != letter => None,
        'O' => Some(0),
        'I' | 'L' => Some(1),
        _ => value_in(&CROCKFORD_VALUES, byte.to_ascii_uppercase()),
    }
}

fn ascii85_digit(byte: u8) -> Option<u8> {
    byte.checked_sub(b'!').filter(|digit| *digit < 85)
}

fn value_in(values: &[Option<u8>; 256], byte: u8) -> Option<u8> {
    values[usize::from(byte)]
}

/// Returns the value of every byte that is a digit of the alphabet.
const fn values(alphabet: &[u8]) -> [Option<u8>; 256] {
    let mut values = [None; 256];
    let mut value = 0;
    while (value as usize) < alphabet.len() {
        values[alphabet[value as usize] as usize] = Some(value);
        value += 1;
    }
    values
}

impl Notation {
    const fn of_bits(count: usize, step: usize, digit: fn(u8) -> Option<u8>, between: &'static [u8]) -> Self {
        let radix = Radix::Bits { count, step };
        Self { digit_width: 100 * count, digit, between, is_reversed: false, is_rare: false, radix }
    }

    const fn of_groups(digit: fn(u8) -> Option<u8>) -> Self {
        let digit_width = 4 * BYTE / 5;
        Self { digit_width, digit, between: b"\r\n", is_reversed: false, is_rare: true, radix: Radix::Groups }
    }

    const fn of_numbers() -> Self {
        let digit = |byte| value_in(&BASE58_VALUES, byte);
        // The logarithm of 58 to base 2 is 5.858.
        Self { digit_width: 586, digit, between: b"", is_reversed: false, is_rare: true, radix: Radix::Number }
    }

    const fn rare(self) -> Self {
        Self { is_rare: true, ..self }
    }

    const fn reversed(self) -> Self {
        Self { is_reversed: true, ..self }
    }

    /// True if digits are written in hexadecimal, which needs no decoding to find a digest.
    pub(super) fn is_hexadecimal(&self) -> bool {
        self.digit_width == HEX.digit_width
    }

    /// Every reading of the digits as bytes, the whole one first.
    pub(super) fn readings(&self, digits: &[(usize, u8)]) -> Vec<Decoded> {
        let values = values_of(digits);
        match self.radix {
            Radix::Bits { count, step } => {
                (0..8).step_by(step).map(|skipped| (100 * skipped, bytes_of_bits(&values, count, skipped))).collect()
            }
            Radix::Groups => {
                let skips = 0..values.len().min(5);
                skips.map(|skipped| (skipped * self.digit_width, bytes_of_groups(&values[skipped..]))).collect()
            }
            Radix::Number => bytes_of_numbers(&values).into_iter().map(|bytes| (0, bytes)).collect(),
        }
    }

    /// What the digits stand for if none is missing.
    pub(super) fn whole(&self, digits: &[(usize, u8)]) -> Zeroizing<Vec<u8>> {
        let values = values_of(digits);
        match self.radix {
            Radix::Bits { count, .. } => bytes_of_bits(&values, count, 0),
            Radix::Groups => bytes_of_groups(&values),
            Radix::Number => Zeroizing::new(number(&values).iter().rev().copied().collect()),
        }
    }
}

fn values_of(digits: &[(usize, u8)]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(digits.iter().map(|(_, value)| *value).collect())
}

/// The whole bytes that these digits make after the first bits, which are the rest of a byte that is cut off.
fn bytes_of_bits(digits: &[u8], bits: usize, skipped: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() * bits / 8));
    // Bits that are read but not yet part of a whole byte; those that are skipped leave it empty.
    let (mut pending, mut count, mut skipped) = (0u32, 0, skipped);
    for digit in digits {
        (pending, count) = (pending << bits | u32::from(*digit), count + bits);
        let dropped = skipped.min(count);
        (skipped, count) = (skipped - dropped, count - dropped);
        pending &= (1 << count) - 1;
        if count >= 8 {
            count -= 8;
            bytes.push((pending >> count).to_le_bytes()[0]);
            pending &= (1 << count) - 1;
        }
    }
    bytes
}

/// The bytes of each group of five digits; of an incomplete group those that it determines. A group that no program writes is
/// read as bytes that are no text.
fn bytes_of_groups(digits: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len()));
    for group in digits.chunks(5) {
        let padded = group.iter().chain(&[84; 4]).take(5);
        let value = padded.fold(0, |value, digit| value * 85 + u64::from(*digit));
        let four = u32::try_from(value).map_or([0xff; 4], u32::to_be_bytes);
        bytes.extend_from_slice(&four[..group.len() - 1]);
    }
    bytes
}

/// The bytes of a number, and then the first bytes of each longer number that begins with these digits, as far as the missing
/// digits do not change them.
fn bytes_of_numbers(digits: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let (mut least, mut most) = (number(digits), number(digits));
    let mut found = Vec::new();
    for _ in 0..=MAX_MISSING_DIGITS {
        if least.len() == most.len() {
            let same = least.iter().rev().zip(most.iter().rev()).take_while(|(one, other)| one == other);
            found.push(Zeroizing::new(same.map(|(byte, _)| *byte).collect()));
        }
        append(&mut least, 0);
        append(&mut most, 57);
    }
    found
}

/// A number in base 58 as bytes, the least significant first.
fn number(digits: &[u8]) -> Zeroizing<Vec<u8>> {
    // No copy of the bytes is left behind while the number grows.
    let mut number = Zeroizing::new(Vec::with_capacity(digits.len() + MAX_MISSING_DIGITS + 1));
    for digit in digits {
        append(&mut number, *digit);
    }
    number
}

/// Appends a digit to a number in base 58.
fn append(number: &mut Vec<u8>, digit: u8) {
    let mut carry = digit;
    for byte in number.iter_mut() {
        let [low, high] = (58 * u16::from(*byte) + u16::from(carry)).to_le_bytes();
        (*byte, carry) = (low, high);
    }
    if carry > 0 {
        number.push(carry);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Encodes a text in base 85.
    pub(in super::super) fn base85(alphabet: &[u8], plain: &str) -> String {
        let group = |four: &[u8]| {
            let padded = four.iter().chain(&[0; 3]).take(4).fold(0, |value, byte| value << 8 | u32::from(*byte));
            let digits = [52_200_625, 614_125, 7225, 85, 1].map(|place| usize::try_from(padded / place % 85).unwrap());
            digits.into_iter().take(four.len() + 1).map(|digit| char::from(alphabet[digit])).collect::<String>()
        };
        plain.as_bytes().chunks(4).map(group).collect()
    }

    /// Encodes a text in every notation that only names are read from, as pairs of the notation's name and the code.
    pub(in super::super) fn rare_codes(plain: &str) -> Vec<(&'static str, String)> {
        let in_bits = |bits: usize, alphabet: &[u8]| {
            let all: Vec<u8> = plain.bytes().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
            let digit = |bits: &[u8]| bits.iter().fold(0, |digit, bit| digit << 1 | usize::from(*bit));
            let digits = all.chunks(bits).map(|own| digit(own) << (bits - own.len()));
            digits.map(|digit| char::from(alphabet[digit])).collect::<String>()
        };
        let base64 = in_bits(6, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
        let swapped: String = base64
            .chars()
            .map(|letter| if letter.is_uppercase() { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() })
            .collect();
        let mut digits = vec![0_u32];
        for byte in plain.bytes() {
            let mut carry = u32::from(byte);
            for digit in digits.iter_mut().rev() {
                carry += *digit << 8;
                (*digit, carry) = (carry % 58, carry / 58);
            }
            while carry > 0 {
                digits.insert(0, carry % 58);
                carry /= 58;
            }
        }
        let base58: String = digits.iter().map(|digit| char::from(BASE58[usize::try_from(*digit).unwrap()])).collect();
        let ascii85: Vec<u8> = (b'!'..=b'u').collect();
        let base32hex = in_bits(5, b"0123456789ABCDEFGHIJKLMNOPQRSTUV");
        let crockford = in_bits(5, CROCKFORD);
        vec![
            ("base58", base58),
            ("Ascii85", base85(&ascii85, plain)),
            ("base85", base85(BASE85, plain)),
            ("Z85", base85(Z85, plain)),
            ("base32hex in small letters", base32hex.to_lowercase()),
            ("base32hex", base32hex),
            ("Crockford's base32 in small letters", crockford.to_lowercase()),
            ("Crockford's base32", crockford),
            ("reversed base64", base64.chars().rev().collect()),
            ("swapped and reversed base64", swapped.chars().rev().collect()),
            ("swapped base64", swapped),
        ]
    }

    #[test]
    fn known_codes_are_as_their_specifications_say() {
        let code = |plain, name| rare_codes(plain).into_iter().find(|(known, _)| *known == name).unwrap().1;
        assert_eq!(code("Hello World!", "base58"), "2NEpo7TZRRrLZSi2U");
        assert_eq!(code("Man ", "Ascii85"), "9jqo^");
        assert_eq!(code("foobar", "base32hex"), "CPNMUOJ1E8");
        let hello_world: Vec<u8> = vec![0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b];
        let z85 = NOTATIONS.last().unwrap();
        let digits: Vec<_> = "HelloWorld".bytes().enumerate().map(|(at, byte)| (at, (z85.digit)(byte).unwrap())).collect();
        assert_eq!(*z85.whole(&digits), hello_world);
    }
}
