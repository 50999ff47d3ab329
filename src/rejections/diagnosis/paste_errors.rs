//! Paste errors: how people and programs alter a valid secret before it is used as a key.
//!
//! Errors are grouped in classes. Single errors are tried first, then every class after every class, the likeliest pairs
//! first. Every text is wiped when dropped.

use std::{
    cmp::Reverse,
    collections::{HashSet, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
    ops::Range,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

pub(super) use super::escapes::Text;
use super::escapes::{commonly_encoded, encoded, others_than};
use crate::{gateways::Gateway, rejections::Cause};

/// The shortest piece of a cut secret that is tried, in characters.
const MIN_PIECE_CHARS: usize = 6;
/// The most pieces cut at both ends that are tried.
const MAX_MIDDLES: usize = 1000;
/// The number of rows of [`SPACES`] and [`QUOTES`], and of encodings, that are the most common.
const COMMON_SPACES: usize = 8;
const COMMON_QUOTES: usize = 6;
const COMMON_ENCODINGS: usize = 6;

/// Text added around a secret: its cause, the text before, and the text after.
type Around = (Cause, &'static str, &'static str);

/// A class of errors: returns every text that one of them makes.
type Class = fn(&str) -> Vec<(Cause, Text)>;

/// Classes of errors that leave the secret whole, the most common first, as used in combinations.
const CLASSES: [Class; 5] = [spaced, quoted, labelled, rewritten, commonly_encoded];

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
    (Cause::SecretWithInvisible, "\u{feff}", ""),
    (Cause::SecretWithInvisible, "", "\u{a0}"),
    (Cause::SecretWithInvisible, "", "\u{200b}"),
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
    (Cause::SecretWithInvisible, "\u{a0}", ""),
    (Cause::SecretWithInvisible, "\u{200b}", ""),
    (Cause::SecretWithInvisible, "", "\u{feff}"),
    (Cause::SecretWithInvisible, "", "\0"),
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
    "WEBHOOK_SECRET=",
    "webhook_secret=",
    "Bearer ",
];

/// How many characters are missed at either end of a secret.
const MISSED_CHARS: [usize; 2] = [1, 2];

/// Returns the most common single errors: a space or a line end, quotes, the other case, an encoding, a few characters missed
/// at either end, half of the secret.
pub(super) fn likely(text: &str) -> Vec<(Cause, Text)> {
    let mut made = around(text, &SPACES[..4]);
    made.extend(around(text, &QUOTES[..2]));
    let recased = [text.to_lowercase(), text.to_uppercase()].map(|text| (Cause::SecretCase, text));
    let encoded = [STANDARD.encode(text), HEXLOWER.encode(text.as_bytes())].map(|text| (Cause::SecretEncoded, text));
    made.extend(others_than(text, recased.into_iter().chain(encoded)));
    let half = text.len() / 2;
    let missed = MISSED_CHARS.into_iter().filter_map(|missed| Some([text.len().checked_sub(missed)?, missed]));
    let ends = missed.flat_map(|[end, start]| [text.get(..end), text.get(start..)]).chain([text.get(..half), text.get(half..)]);
    let ends = ends.flatten().filter(|piece| (MIN_PIECE_CHARS..text.len()).contains(&piece.len()));
    made.extend(ends.map(|piece| (Cause::SecretCut, Zeroizing::new(piece.to_owned()))));
    made
}

/// Returns the other single errors.
pub(super) fn unlikely(text: &str) -> Vec<(Cause, Text)> {
    let likely = likely(text);
    single(text).into_iter().filter(|made| !likely.contains(made)).collect()
}

/// Returns every single error.
pub(super) fn single(text: &str) -> Vec<(Cause, Text)> {
    let classes = [spaced, quoted, labelled, rewritten, encoded];
    let mut made: Vec<_> = classes.iter().flat_map(|class| class(text)).collect();
    made.extend(pieces(text));
    let mut seen = Seen::default();
    made.retain(|(_, text)| seen.is_new(text));
    made
}

/// Returns the most common errors of the most common classes, which are also tried with secrets that are not valid here.
pub(super) fn common(text: &str) -> Vec<(Cause, Text)> {
    let mut made = around(text, &SPACES[..COMMON_SPACES]);
    made.extend(around(text, &QUOTES[..COMMON_QUOTES]));
    made.extend(recased(text));
    made
}

/// Returns the most common error of each class, for texts that number in the hundreds.
pub(super) fn most_common(text: &str) -> Vec<(Cause, Text)> {
    let mut made = around(text, &SPACES[..3]);
    made.extend(around(text, &QUOTES[..2]));
    made.extend(recased(text));
    made.push((Cause::SecretEncoded, Zeroizing::new(STANDARD.encode(text))));
    made
}

/// Returns combinations of two errors: the cause of the first, the cause of the second, and the text. Each text is returned
/// once.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (Cause, Cause, Text)> + use<> {
    let mut classes: Vec<(usize, usize)> =
        (0..CLASSES.len()).flat_map(|one| (0..CLASSES.len()).map(move |two| (one, two))).collect();
    classes.sort_by_key(|(one, two)| (one + two, Reverse(*one)));
    let whole = Zeroizing::new(text.to_owned());
    let cut = whole.clone();
    let whole = classes.into_iter().flat_map(move |(one, two)| after(CLASSES[one](&whole), CLASSES[two]));
    let cut = std::iter::once_with(move || {
        after(pieces(&cut), after_cutting).chain(after(common_encodings(&cut), pieces)).chain(middles(&cut))
    })
    .flatten();
    let mut seen = Seen::default();
    seen.is_new(text);
    whole.chain(cut).filter(move |(_, _, text)| seen.is_new(text))
}

/// Hashes of the texts made before.
#[derive(Default)]
pub(super) struct Seen(HashSet<u64>);

impl Seen {
    pub(super) fn is_new(&mut self, made: impl AsRef<[u8]>) -> bool {
        let mut hasher = DefaultHasher::new();
        made.as_ref().hash(&mut hasher);
        self.0.insert(hasher.finish())
    }
}

/// Applies a second error to each of these.
fn after(first: Vec<(Cause, Text)>, class: Class) -> impl Iterator<Item = (Cause, Cause, Text)> {
    first.into_iter().flat_map(move |(first, text)| class(&text).into_iter().map(move |(second, text)| (first, second, text)))
}

fn spaced(text: &str) -> Vec<(Cause, Text)> {
    around(text, SPACES)
}

fn quoted(text: &str) -> Vec<(Cause, Text)> {
    around(text, QUOTES)
}

fn after_cutting(piece: &str) -> Vec<(Cause, Text)> {
    let mut made = common(piece);
    made.extend(common_encodings(piece));
    made
}

fn common_encodings(text: &str) -> Vec<(Cause, Text)> {
    let mut made = commonly_encoded(text);
    made.truncate(COMMON_ENCODINGS);
    made
}

fn around(text: &str, ways: &[Around]) -> Vec<(Cause, Text)> {
    ways.iter().map(|(cause, before, after)| (*cause, Zeroizing::new(format!("{before}{text}{after}")))).collect()
}

fn labelled(text: &str) -> Vec<(Cause, Text)> {
    let labels = LABELS.iter().chain(Gateway::all().flat_map(|gateway| gateway.profile().secret_labels));
    labels.map(|label| (Cause::SecretLabelled, Zeroizing::new(format!("{label}{text}")))).collect()
}

fn recased(text: &str) -> Vec<(Cause, Text)> {
    others_than(text, [(Cause::SecretCase, text.to_lowercase()), (Cause::SecretCase, text.to_uppercase())])
}

/// Changes the case, or doubles the secret.
fn rewritten(text: &str) -> Vec<(Cause, Text)> {
    let mut made = recased(text);
    made.extend(["", " ", "\n"].map(|between| (Cause::SecretDoubled, Zeroizing::new(format!("{text}{between}{text}")))));
    made
}

/// Returns beginnings, ends, and the pieces that a double click or a comment sign leaves, the longest first.
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

/// Returns the rest of a text that was cut at both ends, the longest first.
fn middles(text: &str) -> impl Iterator<Item = (Cause, Cause, Text)> + use<> {
    let text = Zeroizing::new(text.to_owned());
    let lengths = (MIN_PIECE_CHARS..text.len().saturating_sub(1)).rev();
    let places = lengths.flat_map({
        let whole = text.len();
        move |length| (1..whole - length).map(move |from| from..from + length)
    });
    let middle =
        move |place: Range<usize>| Some((Cause::SecretCut, Cause::SecretCut, Zeroizing::new(text.get(place)?.to_owned())));
    places.filter_map(middle).take(MAX_MIDDLES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef";

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
        let made: Vec<_> = pairs(SECRET).collect();
        let has = |text: &str| made.iter().any(|(_, _, made)| made.as_str() == text);
        assert!(has("\"0123456789abcdef\" ") && has("\"0123456789abcdef \"") && has("'0123456789abcdef'\n"));
        assert!(has(&STANDARD.encode("\"0123456789abcdef\"")) && has(&format!("\"{}\"", STANDARD.encode("0123456789abcdef"))));
        assert!(has("0123456789abcde ") && has("0123456789ABCDEF\n") && has("3456789abc"));
    }

    #[test]
    fn each_text_is_made_once() {
        for made in [
            single(SECRET).into_iter().map(|(_, text)| text).collect::<Vec<_>>(),
            pairs(SECRET).map(|(_, _, text)| text).collect(),
        ] {
            let different: HashSet<&str> = made.iter().map(|text| text.as_str()).collect();
            assert_eq!(different.len(), made.len());
            assert!(!different.contains(SECRET), "none is the secret itself");
        }
    }

    #[test]
    fn every_class_follows_every_class() {
        let made: HashSet<String> = pairs(SECRET).map(|(_, _, text)| text.as_str().to_owned()).collect();
        for (one, two) in CLASSES.iter().flat_map(|one| CLASSES.iter().map(move |two| (one, two))) {
            let both: Vec<_> = after(one(SECRET), *two).collect();
            assert!(!both.is_empty());
            for (first, second, text) in both {
                assert!(text.as_str() == SECRET || made.contains(text.as_str()), "{first:?} {second:?}: {:?}", text.as_str());
            }
        }
    }
}
