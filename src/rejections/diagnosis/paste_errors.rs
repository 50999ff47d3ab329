//! Paste errors: how people and programs alter a valid secret before it is used as a key.
//!
//! Single errors come first, then pairs in the order in which they are made: first the text is cut or recased, then quoted,
//! then surrounded, then encoded. Every text is wiped when it is dropped.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use sha2::{Digest as _, Sha256, Sha512};
use zeroize::Zeroizing;

use super::signatures;
use crate::{kernel::hex, rejections::Cause};

/// The shortest piece of a cut secret that is tried, in characters.
const MIN_PIECE_CHARS: usize = 6;

pub(super) type Text = Zeroizing<String>;

/// What is put around a secret, and what that is called.
type Around = (Cause, &'static str, &'static str);

const QUOTES: &[Around] = &[
    (Cause::SecretQuoted, "\"", "\""),
    (Cause::SecretQuoted, "'", "'"),
    (Cause::SecretQuoted, "`", "`"),
    (Cause::SecretQuoted, "“", "”"),
    (Cause::SecretQuoted, "‘", "’"),
    (Cause::SecretQuoted, "<", ">"),
    (Cause::SecretQuoted, "", "\""),
    (Cause::SecretQuoted, "\"", ""),
    (Cause::SecretQuoted, "", "'"),
    (Cause::SecretQuoted, "'", ""),
    (Cause::SecretQuoted, "", "."),
    (Cause::SecretQuoted, "", ","),
    (Cause::SecretQuoted, "", ";"),
    (Cause::SecretQuoted, "\\\"", "\\\""),
    (Cause::SecretQuoted, "[", "]"),
    (Cause::SecretQuoted, "(", ")"),
    (Cause::SecretQuoted, "{", "}"),
];

const SPACES: &[Around] = &[
    (Cause::SecretWithSpace, "", " "),
    (Cause::SecretWithLineEnd, "", "\n"),
    (Cause::SecretWithSpace, " ", ""),
    (Cause::SecretWithSpace, " ", " "),
    (Cause::SecretWithLineEnd, "", "\r\n"),
    (Cause::SecretWithUnseen, "\u{feff}", ""),
    (Cause::SecretWithUnseen, "", "\u{a0}"),
    (Cause::SecretWithUnseen, "", "\u{200b}"),
    (Cause::SecretWithSpace, "", "  "),
    (Cause::SecretWithSpace, "", "\t"),
    (Cause::SecretWithSpace, "\t", ""),
    (Cause::SecretWithLineEnd, "", "\r"),
    (Cause::SecretWithLineEnd, "\n", ""),
    (Cause::SecretWithLineEnd, "\r\n", ""),
    (Cause::SecretWithLineEnd, "\n", "\n"),
    (Cause::SecretWithLineEnd, "", "\n\n"),
    (Cause::SecretWithLineEnd, "", " \n"),
    (Cause::SecretWithLineEnd, "", "\\n"),
    (Cause::SecretWithUnseen, "\u{a0}", ""),
    (Cause::SecretWithUnseen, "\u{200b}", ""),
    (Cause::SecretWithUnseen, "", "\u{feff}"),
    (Cause::SecretWithUnseen, "", "\0"),
];

const LABELS: &[&str] = &[
    "SECRET: ",
    "SECRET ",
    "Secret: ",
    "secret: ",
    "SECRET=",
    "secret=",
    "Secret=",
    "SECRET:",
    "secret:",
    "whsec_",
    "RAZORPAY_WEBHOOK_SECRET=",
    "RAZORPAY_SECRET=",
    "WEBHOOK_SECRET=",
    "webhook_secret=",
    "Bearer ",
];

/// How many characters people miss at either end of a secret.
const MISSED_CHARS: [usize; 2] = [1, 2];

/// The single errors that are made most: a space or a line end, quotes, the other case, an encoding, a few characters missed at
/// either end, half of the secret.
pub(super) fn likely(text: &str) -> Vec<(Cause, Text)> {
    let mut made = around(text, &SPACES[..4]);
    made.extend(around(text, &QUOTES[..2]));
    let recased = [text.to_lowercase(), text.to_uppercase()].map(|text| (Cause::SecretCase, text));
    let encoded = [STANDARD.encode(text), hex::encode(text.as_bytes())].map(|text| (Cause::SecretEncoded, text));
    made.extend(others_than(text, recased.into_iter().chain(encoded)));
    let half = text.len() / 2;
    let missed = MISSED_CHARS.into_iter().filter_map(|missed| Some([text.len().checked_sub(missed)?, missed]));
    let ends = missed.flat_map(|[end, start]| [text.get(..end), text.get(start..)]).chain([text.get(..half), text.get(half..)]);
    let ends = ends.flatten().filter(|piece| (MIN_PIECE_CHARS..text.len()).contains(&piece.len()));
    made.extend(ends.map(|piece| (Cause::SecretCut, Zeroizing::new(piece.to_owned()))));
    made
}

/// The other single errors.
pub(super) fn unlikely(text: &str) -> Vec<(Cause, Text)> {
    let likely = likely(text);
    single(text).into_iter().filter(|made| !likely.contains(made)).collect()
}

/// Every single error.
fn single(text: &str) -> Vec<(Cause, Text)> {
    let mut made = around(text, SPACES);
    made.extend(around(text, QUOTES));
    made.extend(labelled(text));
    made.extend(encoded(text));
    made.extend(rewritten(text));
    made.extend(pieces(text));
    made
}

/// Two errors together: the cause of the first and of the second.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (Cause, Cause, Text)> + use<> {
    let mut first = around(text, QUOTES);
    first.extend(labelled(text));
    first.extend(rewritten(text));
    let encoded_first = encoded(text);
    let spaced = around(text, SPACES);
    let cut = pieces(text);
    let second = |text: &str| {
        let mut made = around(text, SPACES);
        made.extend(encoded(text));
        made
    };
    // Likely pairs before those with a piece, which are many.
    let likely = first.into_iter().flat_map(move |(one, text)| with(one, second(&text)));
    let of_encoded =
        encoded_first.into_iter().flat_map(|(one, text)| with(one, [around(&text, SPACES), around(&text, QUOTES)].concat()));
    let spaced =
        spaced.into_iter().flat_map(|(one, text)| with(one, [around(&text, QUOTES), encoded(&text), labelled(&text)].concat()));
    let cut = cut.into_iter().flat_map(|(one, text)| with(one, [around(&text, &SPACES[..8]), around(&text, QUOTES)].concat()));
    likely.chain(of_encoded).chain(spaced).chain(cut)
}

fn with(first: Cause, second: Vec<(Cause, Text)>) -> impl Iterator<Item = (Cause, Cause, Text)> {
    second.into_iter().map(move |(second, text)| (first, second, text))
}

fn around(text: &str, ways: &[Around]) -> Vec<(Cause, Text)> {
    ways.iter().map(|(cause, before, after)| (*cause, Zeroizing::new(format!("{before}{text}{after}")))).collect()
}

fn labelled(text: &str) -> Vec<(Cause, Text)> {
    LABELS.iter().map(|label| (Cause::SecretLabelled, Zeroizing::new(format!("{label}{text}")))).collect()
}

/// Doubled, or in other letters.
fn rewritten(text: &str) -> Vec<(Cause, Text)> {
    let made = [
        (Cause::SecretCase, text.to_lowercase()),
        (Cause::SecretCase, text.to_uppercase()),
        (Cause::SecretDoubled, format!("{text}{text}")),
        (Cause::SecretDoubled, format!("{text} {text}")),
        (Cause::SecretDoubled, format!("{text}\n{text}")),
    ];
    others_than(text, made)
}

/// Those that are another text.
fn others_than(text: &str, made: impl IntoIterator<Item = (Cause, String)>) -> Vec<(Cause, Text)> {
    made.into_iter().map(|(cause, made)| (cause, Zeroizing::new(made))).filter(|(_, made)| made.as_str() != text).collect()
}

/// As a program writes it that encodes, escapes or hashes it first.
fn encoded(text: &str) -> Vec<(Cause, Text)> {
    let mut made = Vec::new();
    let ended = [Zeroizing::new(format!("{text}\n")), Zeroizing::new(format!("{text}\r\n"))];
    made.push((Cause::SecretEncoded, STANDARD.encode(text)));
    made.extend(ended.iter().map(|ended| (Cause::SecretEncodedLineEnd, STANDARD.encode(ended.as_bytes()))));
    // `base64` of a shell ends its own line as well.
    made.extend(ended.iter().map(|ended| (Cause::SecretEncodedLineEnd, format!("{}\n", STANDARD.encode(ended.as_bytes())))));
    made.push((Cause::SecretEncoded, STANDARD_NO_PAD.encode(text)));
    made.push((Cause::SecretEncoded, URL_SAFE.encode(text)));
    made.push((Cause::SecretEncoded, URL_SAFE_NO_PAD.encode(text)));
    made.push((Cause::SecretEncoded, hex::encode(text.as_bytes())));
    made.push((Cause::SecretEncoded, hex::encode(text.as_bytes()).to_uppercase()));
    made.extend(ended.iter().map(|ended| (Cause::SecretEncodedLineEnd, hex::encode(ended.as_bytes()))));
    made.push((Cause::SecretHashed, hex::encode(&<[u8; 32]>::from(Sha256::digest(text)))));
    made.extend(
        ended.iter().map(|ended| (Cause::SecretHashed, hex::encode(&<[u8; 32]>::from(Sha256::digest(ended.as_bytes()))))),
    );
    made.push((Cause::SecretHashed, STANDARD.encode(Sha256::digest(text))));
    made.push((Cause::SecretHashed, hex::encode(&Sha512::digest(text))));
    made.push((Cause::SecretUrlEncoded, percent_encoded(text, true)));
    made.push((Cause::SecretUrlEncoded, percent_encoded(text, false)));
    made.push((Cause::SecretUrlEncoded, url::form_urlencoded::byte_serialize(text.as_bytes()).collect()));
    made.push((Cause::SecretHtmlEscaped, html_escaped(text, "&quot;", "&#39;")));
    made.push((Cause::SecretHtmlEscaped, html_escaped(text, "&quot;", "&#039;")));
    made.push((Cause::SecretHtmlEscaped, html_escaped(text, "&#34;", "&#39;")));
    made.push((Cause::SecretHtmlEscaped, html_escaped(text, "\"", "'")));
    made.push((Cause::SecretHtmlEscaped, html_escaped(text, "&quot;", "'")));
    made.push((Cause::SecretEscaped, backslashed(text, "\\\"'")));
    made.push((Cause::SecretEscaped, backslashed(text, "\\\"")));
    made.push((Cause::SecretEscaped, backslashed(text, "\\\"/")));
    made.push((Cause::SecretEscaped, text.replace('\\', "")));
    made.push((Cause::SecretEscaped, text.replace('$', "$$")));
    made.push((Cause::SecretEscaped, text.replace('%', "%%")));
    // What was percent-encoded as it was made may be decoded before use.
    made.push((Cause::SecretDecoded, percent_decoded(text, false)));
    made.push((Cause::SecretDecoded, percent_decoded(text, true)));
    made.push((Cause::SecretDecoded, html_unescaped(text)));
    others_than(text, made)
}

/// Beginnings, ends, and what a double click or a comment mark leaves, the longest first.
fn pieces(text: &str) -> Vec<(Cause, Text)> {
    let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| word.len() < text.len());
    let words = words.filter(|word| word.len() >= MIN_PIECE_CHARS);
    let mut pieces: Vec<&str> = Vec::new();
    for length in (MIN_PIECE_CHARS..text.len()).rev() {
        pieces.extend(text.get(..length));
        pieces.extend(text.get(text.len() - length..));
    }
    pieces.extend(words);
    pieces.extend(text.len().checked_sub(1).and_then(|end| text.get(1..end)).filter(|piece| piece.len() >= MIN_PIECE_CHARS));
    pieces.into_iter().map(|piece| (Cause::SecretCut, Zeroizing::new(piece.to_owned()))).collect()
}

fn percent_encoded(text: &str, is_upper: bool) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let digits = hex::encode(&[byte]);
            out.push('%');
            out.push_str(&if is_upper { digits.to_uppercase() } else { digits });
        }
    }
    out
}

/// Without percent signs and their digits; `+` as a space where it is from a form.
pub(super) fn percent_decoded(text: &str, is_form: bool) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1..at + 3).and_then(signatures::byte)) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                at += 2;
            }
            (b'+', ..) if is_form => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8(out).unwrap_or_default()
}

fn html_escaped(text: &str, double: &str, single: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', double).replace('\'', single)
}

/// Without the entities that programs write for the characters of HTML.
pub(super) fn html_unescaped(text: &str) -> String {
    const ENTITIES: &[(&str, &str)] = &[
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#034;", "\""),
        ("&#x22;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&#039;", "'"),
        ("&#x27;", "'"),
        ("&lt;", "<"),
        ("&#60;", "<"),
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&#47;", "/"),
        ("&#x2F;", "/"),
        ("&#x2f;", "/"),
        ("&nbsp;", "\u{a0}"),
        // The last, so that nothing is read twice.
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    let mut out = text.to_owned();
    for (entity, character) in ENTITIES.iter().filter(|(entity, _)| text.contains(entity)) {
        out = out.replace(entity, character);
    }
    out
}

/// A backslash before each of these.
fn backslashed(text: &str, before: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if before.contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_transformed_as_programs_do() {
        let made = single("a&b\"c/d é");
        let has = |cause, text: &str| made.iter().any(|(of, made)| *of == cause && made.as_str() == text);
        assert!(has(Cause::SecretUrlEncoded, "a%26b%22c%2Fd%20%C3%A9") && has(Cause::SecretUrlEncoded, "a%26b%22c%2Fd+%C3%A9"));
        assert!(has(Cause::SecretHtmlEscaped, "a&amp;b&quot;c/d é") && has(Cause::SecretEscaped, "a&b\\\"c/d é"));
        assert!(has(Cause::SecretEncodedLineEnd, &STANDARD.encode("a&b\"c/d é\n")));
        assert!(made.iter().all(|(_, made)| made.as_str() != "a&b\"c/d é"), "nothing is the secret itself");
        assert_eq!(html_unescaped("&amp;quot;&quot;"), "&quot;\"");
        assert_eq!(percent_decoded("a%2Bb+c%", false), "a+b+c%");
    }

    #[test]
    fn the_likely_errors_are_few_and_none_is_lost() {
        for text in ["a&b\"c/d é", "0aZ1lK5s8BqW2zXc9Ov7uYmN3rTgH4jEdI6pLwVbQfAx", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            let (likely, unlikely, single) = (likely(text), unlikely(text), single(text));
            assert!((8..=16).contains(&likely.len()), "{}", likely.len());
            assert!(single.iter().all(|made| likely.contains(made) != unlikely.contains(made)), "each once");
            assert!(likely.iter().all(|made| single.contains(made)), "{likely:?}");
        }
    }

    #[test]
    fn pairs_are_made_in_both_orders() {
        let made: Vec<_> = pairs("0123456789abcdef").collect();
        let has = |text: &str| made.iter().any(|(_, _, made)| made.as_str() == text);
        assert!(has("\"0123456789abcdef\" ") && has("\"0123456789abcdef \"") && has("'0123456789abcdef'\n"));
        assert!(has(&STANDARD.encode("\"0123456789abcdef\"")) && has(&format!("\"{}\"", STANDARD.encode("0123456789abcdef"))));
        assert!(has("0123456789abcde ") && has("0123456789ABCDEF\n"));
    }
}
