//! The texts that a secret encodes, also where the encoded text was cut. Pure.
//!
//! Invariant: a piece of an encoded text is read at every alignment, and digits at its ends that make no whole byte count as
//! nothing. So base64 of a name is no better than the name, at whatever length it was cut.

use std::{io::Read as _, ops::Range};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use zeroize::Zeroizing;

use super::digests;
use crate::primitives::hex;

pub(super) type Text = Zeroizing<String>;

/// The most texts that one is read as.
const MAX_READINGS: usize = 24;
/// The shortest text that counts, in characters.
const MIN_CHARS: usize = 6;
/// A stretch of so many readable characters in other bytes is hardly ever there by chance.
const MIN_CHARS_INSIDE: usize = 10;
/// The most that a compressed text is read for, in bytes.
const MAX_INFLATED_BYTES: u64 = 1024;

/// How bytes are written as digits.
struct Notation {
    /// How many bits a digit stands for.
    bits: usize,
    /// A byte begins at a multiple of so many bits.
    step: usize,
    digit: fn(u8) -> Option<u8>,
    /// What may stand between two digits.
    between: &'static [u8],
}

const HEX: Notation = Notation { bits: 4, step: 4, digit: hex_digit, between: b"-: \r\n" };
const NOTATIONS: [Notation; 4] = [
    Notation { bits: 6, step: 2, digit: base64_digit, between: b"\r\n" },
    HEX,
    Notation { bits: 5, step: 1, digit: |byte| base32_digit(byte, b'A'), between: b"\r\n" },
    Notation { bits: 5, step: 1, digit: |byte| base32_digit(byte, b'a'), between: b"\r\n" },
];

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

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn base32_digit(byte: u8, first: u8) -> Option<u8> {
    match byte {
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => byte.checked_sub(first).filter(|digit| *digit < 26),
    }
}

/// A text, and that text with what it encodes in the place of the code: in base64, base32, hexadecimal, compressed, or escaped
/// for URLs, strings and HTML, also one within the other.
pub(super) fn decoded(text: &str, names: &[&str]) -> Vec<Text> {
    let mut found = vec![Zeroizing::new(text.to_owned())];
    let mut of_digests = Vec::new();
    let mut at = 0;
    while let Some(text) = found.get(at).cloned() {
        let mut plain: Vec<Text> = unescaped(&text).into_iter().chain(without_escapes(&text)).collect();
        for notation in &NOTATIONS {
            for digits in stretches(&text, notation) {
                for skipped in (0..8).step_by(notation.step) {
                    let bytes = bytes_of(&digits, notation.bits, skipped);
                    let stretch = Stretch { text: &text, digits: &digits, bits: notation.bits, skipped };
                    plain.extend(stretch.read(&bytes));
                    plain.extend(stretch.inflated(&bytes));
                    of_digests.extend(stretch.digest(&bytes, names));
                }
            }
        }
        for plain in plain {
            if found.len() < MAX_READINGS && plain.chars().count() >= MIN_CHARS && !found.contains(&plain) {
                found.push(plain);
            }
        }
        at += 1;
    }
    found.extend(of_digests);
    found
}

/// What a text encodes as a whole, and the bits that each of its characters stands for.
pub(super) fn whole(text: &str) -> Option<(usize, Text)> {
    let digits = text.trim_end_matches('=');
    NOTATIONS.iter().find_map(|notation| {
        let values: Vec<(usize, u8)> =
            digits.bytes().enumerate().map(|(at, byte)| Some((at, (notation.digit)(byte)?))).collect::<Option<_>>()?;
        let bytes = bytes_of(&values, notation.bits, 0);
        let plain = std::str::from_utf8(&bytes).ok().filter(|plain| plain.len() >= MIN_CHARS)?;
        let is_readable = plain.chars().all(|character| !character.is_control() || character.is_whitespace());
        is_readable.then(|| (notation.bits, Zeroizing::new(plain.to_owned())))
    })
}

/// Returns a secret as programs encode it, at every alignment. If the secret itself is the code of a text, returns the secret and the
/// other codes of that text too.
pub(super) fn written(secret: &str) -> Vec<Text> {
    let plain = whole(secret).map(|(_, plain)| plain);
    let mut codes = codes(secret);
    codes.extend(plain.iter().flat_map(|plain| self::codes(plain)));
    codes.push(Zeroizing::new(secret.to_owned()));
    codes.retain(|code| whole(code).is_some());
    codes
}

fn codes(text: &str) -> Vec<Text> {
    let base64 = ["", " ", "  "].map(|before| STANDARD.encode(format!("{before}{text}")));
    base64.into_iter().chain([hex::encode(text.as_bytes())]).map(Zeroizing::new).collect()
}

/// The longest stretch of a text that is in the other as well: where it begins in the text, and where it is in the other.
pub(super) fn longest_common(text: &[u8], other: &[u8]) -> (usize, Range<usize>) {
    let mut longest = (0, 0..0);
    for from in 0..text.len() {
        for at in 0..other.len() {
            let length = text[from..].iter().zip(&other[at..]).take_while(|(one, two)| one == two).count();
            if length > longest.1.len() {
                longest = (from, at..at + length);
            }
        }
    }
    longest
}

/// Every stretch of digits that is long enough for a text: the place of each in the text, and its value.
fn stretches(text: &str, notation: &Notation) -> Vec<Vec<(usize, u8)>> {
    let (mut found, mut digits) = (Vec::new(), Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match (notation.digit)(byte) {
            Some(digit) => digits.push((at, digit)),
            None if notation.between.contains(&byte) => {}
            None => found.push(std::mem::take(&mut digits)),
        }
    }
    found.push(digits);
    found.retain(|digits| digits.len() * notation.bits >= 8 * MIN_CHARS);
    found
}

/// The whole bytes that these digits make after the first bits, which are the rest of a byte that is cut off.
fn bytes_of(digits: &[(usize, u8)], bits: usize, skipped: usize) -> Zeroizing<Vec<u8>> {
    let bit = |at: usize| digits[at / bits].1 >> (bits - 1 - at % bits) & 1;
    let whole = (digits.len() * bits).saturating_sub(skipped) / 8;
    let byte = |number: usize| (0..8).fold(0, |byte, at| byte << 1 | bit(skipped + 8 * number + at));
    Zeroizing::new((0..whole).map(byte).collect())
}

/// Digits in a text, read from one place on.
struct Stretch<'a> {
    text: &'a str,
    digits: &'a [(usize, u8)],
    bits: usize,
    skipped: usize,
}

impl Stretch<'_> {
    /// The text with what is readable of these bytes in the place of their digits.
    fn read(&self, bytes: &[u8]) -> Option<Text> {
        let mut runs = readable(bytes);
        runs.retain(|(from, to, run)| {
            let length = run.chars().count();
            length >= MIN_CHARS_INSIDE || (length >= MIN_CHARS && (*from, *to) == (0, bytes.len()))
        });
        let mut out = Zeroizing::new(String::new());
        let mut copied = 0;
        for (from, to, run) in &runs {
            // Digits at the ends that belong to no whole byte go with it.
            let first = if *from == 0 { 0 } else { (self.skipped + 8 * from) / self.bits };
            let last = (self.skipped + 8 * to - 1) / self.bits;
            let last = if *to == bytes.len() { self.digits.len() - 1 } else { last };
            let (start, end) = (self.digits[first].0, self.digits[last].0 + 1);
            out.push_str(self.text.get(copied..start).unwrap_or_default());
            out.push(' ');
            out.push_str(run);
            out.push(' ');
            copied = end;
        }
        out.push_str(self.text.get(copied..)?);
        (!runs.is_empty()).then_some(out)
    }

    /// The text with what is compressed in these bytes in the place of their digits.
    fn inflated(&self, bytes: &[u8]) -> Option<Text> {
        let mut plain = Zeroizing::new(Vec::new());
        // What comes before the place where it was cut is read.
        let _ = match bytes {
            [0x1f, 0x8b, ..] => MultiGzDecoder::new(bytes).take(MAX_INFLATED_BYTES).read_to_end(&mut plain),
            [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => ZlibDecoder::new(bytes).take(MAX_INFLATED_BYTES).read_to_end(&mut plain),
            _ => return None,
        };
        Some(self.replaced(std::str::from_utf8(&plain).ok()?)).filter(|_| !plain.is_empty())
    }

    /// The text with these bytes in hexadecimal, as the list of digests has them, where they hold a known one.
    fn digest(&self, bytes: &[u8], names: &[&str]) -> Option<Text> {
        if self.bits == HEX.bits {
            return None;
        }
        let digits = Zeroizing::new(hex::encode(bytes));
        let letters: Vec<char> = digits.chars().collect();
        (!digests::found(&letters, names).is_empty()).then(|| self.replaced(&digits))
    }

    fn replaced(&self, plain: &str) -> Text {
        let place = |digit: Option<&(usize, u8)>| digit.map_or(0, |digit| digit.0);
        let (before, after) = (self.text.get(..place(self.digits.first())), self.text.get(place(self.digits.last()) + 1..));
        Zeroizing::new(format!("{} {plain} {}", before.unwrap_or_default(), after.unwrap_or_default()))
    }
}

/// Every stretch of bytes that is readable text: where it begins and ends, and the text without the zeros of UTF-16.
fn readable(bytes: &[u8]) -> Vec<(usize, usize, Text)> {
    let (mut runs, mut at) = (Vec::new(), 0);
    let mut run: Option<(usize, Text)> = None;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            let is_text = !character.is_control() || matches!(character, '\0' | '\t' | '\n' | '\r');
            if is_text {
                let (_, text) = run.get_or_insert_with(|| (at, Zeroizing::new(String::new())));
                text.extend((character != '\0').then_some(character));
            } else {
                runs.extend(run.take().map(|(from, text)| (from, at, text)));
            }
            at += character.len_utf8();
        }
        if !chunk.invalid().is_empty() {
            runs.extend(run.take().map(|(from, text)| (from, at, text)));
            at += chunk.invalid().len();
        }
    }
    runs.extend(run.take().map(|(from, text)| (from, at, text)));
    runs
}

/// Without the percent signs of URLs; nothing if there are none.
fn unescaped(text: &str) -> Option<Text> {
    let mut parts = text.split('%');
    let mut bytes = Zeroizing::new(parts.next()?.as_bytes().to_vec());
    for part in parts {
        let digits = part.as_bytes().iter().take(2).map_while(|byte| hex_digit(*byte)).collect::<Vec<_>>();
        match digits[..] {
            [high, low] => {
                bytes.push(high << 4 | low);
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            // One that is cut off.
            _ => bytes.extend_from_slice(part.as_bytes()),
        }
    }
    text.contains('%').then(|| Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Without the entities of HTML, and with what is written for each byte in strings as plain hexadecimal.
fn without_escapes(text: &str) -> Vec<Text> {
    const ENTITIES: &[&str] = &["&quot;", "&apos;", "&amp;", "&lt;", "&gt;", "&nbsp;", "&#39;", "&#34;", "&#x27;", "&#x22;"];
    let plain = ENTITIES.iter().fold(text.to_owned(), |text, entity| text.replace(entity, " "));
    let digits = ["\\x", "0x", "\\u00"].iter().fold(text.to_owned(), |text, prefix| text.replace(prefix, ""));
    [plain, digits].into_iter().filter(|made| made != text).map(Zeroizing::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "NeemTreeStore-2026-8sK2pQ9xLm4T";

    fn reads(text: &str, plain: &str) -> bool {
        decoded(text, &[]).iter().any(|reading| reading.contains(plain))
    }

    #[test]
    fn a_piece_of_an_encoded_text_is_read_at_every_alignment() {
        let notations =
            [(6, STANDARD.encode(PLAIN)), (4, hex::encode(PLAIN.as_bytes())), (4, hex::encode(PLAIN.as_bytes()).to_uppercase())];
        for (bits, code) in notations {
            let code = code.trim_end_matches('=');
            for from in 0..code.len() {
                for to in from + 16..=code.len() {
                    let plain = &PLAIN[(from * bits).div_ceil(8)..to * bits / 8];
                    let readings = decoded(&code[from..to], &[]);
                    assert!(readings.iter().any(|reading| reading.trim() == plain), "{}: {plain}", &code[from..to]);
                }
            }
        }
    }

    fn escaped_with(prefix: &str) -> String {
        PLAIN.bytes().flat_map(|byte| [prefix.to_owned(), hex::encode(&[byte])]).collect()
    }

    #[test]
    fn other_notations_are_read() {
        let base32 = "JZSWK3KUOJSWKU3UN5ZGKLJSGAZDMLJYONFTE4CRHF4EY3JUKQ";
        let wide: Vec<u8> = PLAIN.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for text in [
            base32,
            &base32.to_lowercase(),
            &base32[3..],
            &format!("0x{}", hex::encode(PLAIN.as_bytes())),
            &STANDARD.encode(STANDARD.encode(PLAIN)),
            &STANDARD.encode(wide),
            &format!("whsec_{}", STANDARD.encode(PLAIN)),
            &escaped_with("%"),
            &escaped_with("\\x"),
        ] {
            assert!(reads(text, &PLAIN[4..18]), "{text}");
        }
    }

    #[test]
    fn what_is_compressed_is_read() {
        use std::io::Write as _;
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(PLAIN.as_bytes()).unwrap();
        assert!(reads(&STANDARD.encode(encoder.finish().unwrap()), PLAIN));
    }
}
