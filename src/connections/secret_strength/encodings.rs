//! The texts that a secret encodes, also where the encoded text was cut. Pure.
//!
//! Invariant: a piece of an encoded text is read at every alignment, and digits at its ends that make no whole byte count as
//! nothing. So base64 of a name is no better than the name, at whatever length it was cut.

use std::{io::Read as _, ops::Range};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use zeroize::Zeroizing;

use super::{
    Guesses, digests,
    notations::{BYTE, NOTATIONS, Notation, hex_digit},
};

pub(super) type Text = Zeroizing<String>;

/// The most texts that one is read as.
const MAX_READINGS: usize = 24;
/// The shortest text that counts, in characters.
const MIN_CHARS: usize = 6;
/// A stretch of so many readable characters in other bytes is hardly ever there by chance.
const MIN_CHARS_INSIDE: usize = 10;
/// The most that a compressed text is read for, in bytes: a reading is compared with many words, so its length is the cost. What is
/// not compressed gets no longer by being read.
const MAX_INFLATED_BYTES: u64 = 256;

/// A text, and that text with what it encodes in the place of the code: in a notation of [`NOTATIONS`], compressed, or escaped
/// for URLs, strings and HTML, also one within the other.
pub(super) fn decoded(text: &str, guesses: Guesses<'_>) -> Vec<Text> {
    let mut found = vec![Zeroizing::new(text.to_owned())];
    let (mut of_digests, mut at) = (Vec::new(), 0);
    while let Some(text) = found.get(at).cloned() {
        let mut plain: Vec<Text> = unescaped(&text).into_iter().chain(without_escapes(&text)).collect();
        let reversed = reversed(&text);
        // Programs that use a rare notation use it once, and reading one takes as long as reading a common one.
        for notation in NOTATIONS.iter().filter(|notation| at == 0 || !notation.is_rare) {
            let text = if notation.is_reversed { &reversed } else { &text };
            for digits in stretches(text, notation) {
                for (skipped, bytes) in notation.readings(&digits) {
                    let stretch = Stretch { text, digits: &digits, notation, skipped };
                    plain.extend(stretch.read(&bytes));
                    if !notation.is_rare {
                        plain.extend(stretch.inflated(&bytes));
                        of_digests.extend(stretch.digest(&bytes, guesses));
                    }
                }
            }
        }
        for plain in plain {
            let (length, is_new) = (plain.chars().count(), !found.contains(&plain));
            if found.len() < MAX_READINGS && length >= MIN_CHARS && is_new {
                found.push(plain);
            }
        }
        at += 1;
    }
    found.extend(of_digests);
    found
}

fn reversed(text: &str) -> Text {
    Zeroizing::new(text.chars().rev().collect())
}

/// What a text encodes as a whole.
pub(super) struct Whole {
    plain: Text,
    /// The length of the code, and the width of a digit in hundredths of a bit.
    digits: usize,
    digit_width: usize,
    is_reversed: bool,
}

impl Whole {
    pub(super) fn plain(&self) -> &str {
        &self.plain
    }

    /// Where the text is that a stretch of the code covers.
    pub(super) fn covered(&self, code: &Range<usize>) -> Range<usize> {
        let mirrored = self.digits.saturating_sub(code.end)..self.digits.saturating_sub(code.start);
        let code = if self.is_reversed { &mirrored } else { code };
        let to = (code.end * self.digit_width / BYTE).min(self.plain.len());
        (code.start * self.digit_width).div_ceil(BYTE).min(to)..to
    }
}

/// Returns what a text encodes as a whole.
pub(super) fn whole(text: &str) -> Option<Whole> {
    let reversed = reversed(text);
    NOTATIONS.iter().find_map(|notation| {
        let text = if notation.is_reversed { reversed.as_str() } else { text };
        let is_padded = (notation.digit)(b'=').is_none();
        let digits = if is_padded { text.trim_end_matches('=') } else { text };
        let values: Vec<(usize, u8)> =
            digits.bytes().enumerate().map(|(at, byte)| Some((at, (notation.digit)(byte)?))).collect::<Option<_>>()?;
        let bytes = notation.whole(&values);
        let plain = std::str::from_utf8(&bytes).ok().filter(|plain| plain.len() >= MIN_CHARS)?;
        let is_text = |character: char| {
            if notation.is_rare { is_of_names(character) } else { !character.is_control() || character.is_whitespace() }
        };
        plain.chars().all(is_text).then(|| Whole {
            plain: Zeroizing::new(plain.to_owned()),
            digits: values.len(),
            digit_width: notation.digit_width,
            is_reversed: notation.is_reversed,
        })
    })
}

/// Returns a secret as programs encode it, at every alignment. If the secret itself is the code of a text, returns the secret and the
/// other codes of that text too.
pub(super) fn written(secret: &str) -> Vec<Text> {
    let whole = whole(secret);
    let mut codes = codes(secret);
    codes.extend(whole.iter().flat_map(|whole| self::codes(whole.plain())));
    codes.push(Zeroizing::new(secret.to_owned()));
    codes.retain(|code| self::whole(code).is_some());
    codes
}

fn codes(text: &str) -> Vec<Text> {
    let base64 = ["", " ", "  "].map(|before| STANDARD.encode(format!("{before}{text}")));
    base64.into_iter().chain([HEXLOWER.encode(text.as_bytes())]).map(Zeroizing::new).collect()
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
    found.retain(|digits| digits.len() * notation.digit_width >= BYTE * MIN_CHARS);
    found
}

/// Digits in a text, read from one place on.
struct Stretch<'a> {
    text: &'a str,
    digits: &'a [(usize, u8)],
    notation: &'a Notation,
    /// The width of the digits that make no whole byte before the first.
    skipped: usize,
}

impl Stretch<'_> {
    /// The text with what is readable of these bytes in the place of their digits.
    fn read(&self, bytes: &[u8]) -> Option<Text> {
        let mut runs = readable(bytes, if self.notation.is_rare { is_of_names } else { is_text });
        runs.retain(|(from, to, run)| {
            let length = run.chars().count();
            length >= MIN_CHARS_INSIDE || (length >= MIN_CHARS && (*from, *to) == (0, bytes.len()))
        });
        let mut out = Zeroizing::new(String::new());
        let mut copied = 0;
        for (from, to, run) in &runs {
            // Digits at the ends that belong to no whole byte go with it.
            let digit_at = |bits: usize| (bits / self.notation.digit_width).min(self.digits.len() - 1);
            let first = if *from == 0 { 0 } else { digit_at(self.skipped + BYTE * from) };
            let last = digit_at(self.skipped + BYTE * to - 1);
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
        // The limit can cut a character.
        let text = plain.utf8_chunks().next()?.valid();
        (!text.is_empty()).then(|| self.replaced(text))
    }

    /// The text with these bytes in hexadecimal, as the list of digests has them, where they hold a known one.
    fn digest(&self, bytes: &[u8], guesses: Guesses<'_>) -> Option<Text> {
        if self.notation.is_hexadecimal() {
            return None;
        }
        let digits = Zeroizing::new(HEXLOWER.encode(bytes));
        let letters: Vec<char> = digits.chars().collect();
        (!digests::found(&letters, guesses).is_empty()).then(|| self.replaced(&digits))
    }

    fn replaced(&self, plain: &str) -> Text {
        let place = |digit: Option<&(usize, u8)>| digit.map_or(0, |digit| digit.0);
        let (before, after) = (self.text.get(..place(self.digits.first())), self.text.get(place(self.digits.last()) + 1..));
        Zeroizing::new(format!("{} {plain} {}", before.unwrap_or_default(), after.unwrap_or_default()))
    }
}

/// A character of any text, or a zero of UTF-16.
fn is_text(character: char) -> bool {
    !character.is_control() || matches!(character, '\0' | '\t' | '\n' | '\r')
}

/// A character of names, and of what people write between them.
fn is_of_names(character: char) -> bool {
    character.is_alphanumeric() || !(character.is_ascii() || character.is_control()) || " -_.@/:+&#!',".contains(character)
}

/// Every stretch of bytes that is readable text: where it begins and ends, and the text without the zeros of UTF-16.
fn readable(bytes: &[u8], is_text: fn(char) -> bool) -> Vec<(usize, usize, Text)> {
    let (mut runs, mut at) = (Vec::new(), 0);
    let mut run: Option<(usize, Text)> = None;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_text(character) {
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
    use data_encoding::HEXUPPER;

    use super::{super::notations::tests::rare_codes, *};

    const PLAIN: &str = "NeemTreeStore-2026-8sK2pQ9xLm4T";

    fn reads(text: &str, plain: &str) -> bool {
        decoded(text, Guesses::of(&[])).iter().any(|reading| reading.contains(plain))
    }

    #[test]
    fn a_piece_of_an_encoded_text_is_read_at_every_alignment() {
        let notations =
            [(6, STANDARD.encode(PLAIN)), (4, HEXLOWER.encode(PLAIN.as_bytes())), (4, HEXUPPER.encode(PLAIN.as_bytes()))];
        for (bits, code) in notations {
            let code = code.trim_end_matches('=');
            for from in 0..code.len() {
                for to in from + 16..=code.len() {
                    let plain = &PLAIN[(from * bits).div_ceil(8)..to * bits / 8];
                    let readings = decoded(&code[from..to], Guesses::of(&[]));
                    assert!(readings.iter().any(|reading| reading.trim() == plain), "{}: {plain}", &code[from..to]);
                }
            }
        }
    }

    #[test]
    fn what_is_read_is_bounded_whatever_a_secret_unpacks_to() {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut encoder, &vec![b'a'; 3_000_000]).unwrap();
        let code = STANDARD.encode(encoder.finish().unwrap());
        for length in [48, 128, 256] {
            let readings = decoded(&code[..length], Guesses::of(&[]));
            let longest = readings.iter().map(|reading| reading.chars().count()).max().unwrap();
            let most = length + usize::try_from(MAX_INFLATED_BYTES).unwrap();
            assert!(longest <= most && readings.len() <= MAX_READINGS + 1, "{longest} of {length}");
            assert!(readings.iter().any(|reading| reading.contains("aaaaaaaa")), "{length}");
        }
    }

    #[test]
    fn of_a_secret_with_many_codes_a_bounded_number_of_texts_is_read() {
        // Any of the codes can be read while the others stay as they are: 64 texts.
        let codes: Vec<String> = (0..6).map(|number| HEXLOWER.encode(format!("neemtree{number}").as_bytes())).collect();
        assert_eq!(decoded(&codes.join("."), Guesses::of(&[])).len(), MAX_READINGS);
    }

    #[test]
    fn a_name_in_a_rare_notation_is_read() {
        for (name, code) in rare_codes(PLAIN) {
            assert!(reads(&code, PLAIN), "{name}: {code}");
            assert!(whole(&code).is_some_and(|whole| whole.plain() == PLAIN), "{name}: {code}");
            let covered = if name.contains("reversed") { &PLAIN[19..30] } else { &PLAIN[1..12] };
            assert!(reads(&code[..20], covered), "a piece of {name}: {}", &code[..20]);
            let is_number = name == "base58";
            assert!(is_number || reads(&code[7..], &PLAIN[8..18]), "the rest of {name}: {}", &code[7..]);
        }
    }

    #[test]
    fn a_piece_of_a_whole_code_covers_a_piece_of_its_text() {
        for (name, code) in rare_codes(PLAIN) {
            let whole = whole(&code).unwrap();
            assert_eq!(whole.covered(&(0..code.len())), 0..PLAIN.len(), "{name}");
            let (first, last) = (whole.covered(&(0..15)), whole.covered(&(code.len() - 15..code.len())));
            let is_reversed = name.contains("reversed");
            let (first, last) = if is_reversed { (last, first) } else { (first, last) };
            assert!(first.start == 0 && (8..=12).contains(&first.end), "{name}: {first:?}");
            assert!(last.end == PLAIN.len() && (8..=12).contains(&last.len()), "{name}: {last:?}");
        }
    }

    fn escaped_with(prefix: &str) -> String {
        PLAIN.bytes().flat_map(|byte| [prefix.to_owned(), HEXLOWER.encode(&[byte])]).collect()
    }

    #[test]
    fn other_notations_are_read() {
        let base32 = "JZSWK3KUOJSWKU3UN5ZGKLJSGAZDMLJYONFTE4CRHF4EY3JUKQ";
        let wide: Vec<u8> = PLAIN.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for text in [
            base32,
            &base32.to_lowercase(),
            &base32[3..],
            &format!("0x{}", HEXLOWER.encode(PLAIN.as_bytes())),
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
