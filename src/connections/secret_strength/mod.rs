//! Estimates the strength of an imported secret. Pure.
//!
//! Invariant: a secret that is short, sequential, made of words or known to others is rejected, with the reason. An attacker
//! who guesses it can forge payments, and with one signed body guesses can be tested offline without limit.
//!
//! zxcvbn, which estimates users' passwords, is not asked as well: it rates length and knows no source, so that the encoded names
//! and digests that these rules reject score highest. A secret that it rates low is short, repeated or of listed words, each of
//! which has a rule here.
//!
//! The dictionary, `secret_strength/words.txt`, is derived from the frequency lists of zxcvbn, Copyright (c) 2012-2016 Dan
//! Wheeler and Dropbox, Inc. (MIT, see `secret_strength/words.LICENSE.txt`), with additional words of Indian shops.

mod common;
mod digests;
mod encodings;
mod keyboard;
mod lists;
mod notations;
mod registers;
mod remainder;
mod structures;

use std::ops::Range;

use zeroize::Zeroizing;

use crate::{
    gateways::Gateway,
    primitives::secret::{self, Secret},
};

/// Minimum number of distinct characters.
const MIN_DISTINCT_CHARS: usize = 6;
/// Minimum length of a secret that consists of digits only.
const MIN_DIGITS_ONLY: usize = 20;
/// Minimum number of characters that remain once names, words, years and other patterns are removed.
const MIN_REMAINDER: usize = 12;
/// The shortest piece of an encoded secret that is told from chance, in characters.
const MIN_ENCODED_CHARS: usize = 8;
/// Characters that mask a value on a page.
const DOTS: &[char] = &['•', '●', '·', '∙', '*', '○', '⬤'];
/// Pairs of quotation marks.
const QUOTES: &[(char, char)] = &[('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’'), ('`', '`')];

/// Why a secret is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WeakSecret {
    Empty,
    /// Too short; the number of its characters.
    Short(usize),
    Long,
    /// Contains an invisible character.
    Unseen,
    /// The dots that mask it on a page.
    Dots,
    /// A webhook's URL or a part of it, or an id.
    Url,
    /// A Key ID, which is public.
    KeyId,
    /// A repetition of a few characters.
    Repeated,
    Digits,
    /// Too little remains apart from words, years and patterns.
    Common,
    /// Too little remains apart from those and the names of the app, the company or the domain.
    Named,
    /// Not in the format of the gateway's secrets.
    Form,
}

/// What was trimmed from the ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Trimmed {
    pub(crate) spaces: bool,
    pub(crate) quotes: bool,
}

/// What outsiders know about the connection.
pub(crate) struct ConnectionContext<'a> {
    pub(crate) gateway: Gateway,
    pub(crate) endpoint: &'a str,
    /// Its credentials that pages show, such as a key id.
    pub(crate) credentials: &'a [String],
    /// See [`public_names`](super::public_names).
    pub(crate) names: &'a [String],
}

/// What a text is compared with, besides words and patterns.
#[derive(Clone, Copy)]
struct Guesses<'a> {
    /// The public names.
    names: &'a [&'a str],
    /// Whether the digests of words and names are searched for.
    has_digests: bool,
}

impl<'a> Guesses<'a> {
    fn of(names: &'a [&'a str]) -> Self {
        Self { names, has_digests: true }
    }

    /// What a random text can resemble: that it contains 64 bits of a known digest is too unlikely to build the tables for it.
    const BY_CHANCE: Self = Self { names: &[], has_digests: false };
}

/// Generates a secret that is not called guessable afterwards: about one random text in 40,000 happens to look like the code of
/// another text.
pub(super) fn generate(gateway: Gateway) -> Secret {
    first_strong(gateway, Secret::generate)
}

/// Returns the first of these secrets that is not guessable, neither alone nor in the gateway's format.
fn first_strong(gateway: Gateway, mut generate: impl FnMut() -> Secret) -> Secret {
    let is_strong = |text: &str| {
        let folded = Zeroizing::new(text.to_lowercase());
        obvious(text, &folded).is_none() && !is_less_left(text, Guesses::BY_CHANCE)
    };
    loop {
        let secret = generate();
        if is_strong(secret.expose()) && is_strong(&Zeroizing::new(gateway.adapter().format_secret(&secret))) {
            return secret;
        }
    }
}

/// Parses and checks a submitted secret. `is_exact` keeps spaces and quotes at its ends.
///
/// The strength of a secret that the gateway has generated is the gateway's, and the merchant could not choose another: only what
/// cannot be a secret at all is refused.
pub(crate) fn read(typed: &str, is_exact: bool, known: &ConnectionContext<'_>) -> Result<(Secret, Trimmed), WeakSecret> {
    let (text, cut) = if is_exact { (typed, Trimmed::default()) } else { trimmed(typed) };
    let fault = if known.gateway.generates_secret() { not_a_secret } else { weakness };
    if let Some(weak) = fault(text, known) {
        return Err(weak);
    }
    let secret = known.gateway.adapter().parse_secret(text).ok_or(WeakSecret::Form)?;
    Ok((secret, cut))
}

/// Trims spaces, and then quotes with the spaces inside them.
fn trimmed(typed: &str) -> (&str, Trimmed) {
    let is_space = |character: char| character.is_whitespace() || matches!(character, '\u{200b}'..='\u{200d}' | '\u{feff}');
    let text = typed.trim_matches(is_space);
    let quoted = QUOTES.iter().find_map(|&(open, close)| text.strip_prefix(open)?.strip_suffix(close));
    let bare = quoted.map_or(text, |inside| inside.trim_matches(is_space));
    let cut = Trimmed {
        spaces: text.len() < typed.len() || quoted.is_some_and(|inside| bare.len() < inside.len()),
        quotes: quoted.is_some(),
    };
    (bare, cut)
}

fn weakness(text: &str, known: &ConnectionContext<'_>) -> Option<WeakSecret> {
    let folded = Zeroizing::new(text.to_lowercase());
    not_a_secret(text, known).or_else(|| guessable(text, &folded, known))
}

/// Returns why a text cannot be a secret, regardless of its strength.
fn not_a_secret(text: &str, known: &ConnectionContext<'_>) -> Option<WeakSecret> {
    let length = text.chars().count();
    let folded = Zeroizing::new(text.to_lowercase());
    if text.is_empty() {
        Some(WeakSecret::Empty)
    } else if text.chars().all(|character| DOTS.contains(&character)) {
        Some(WeakSecret::Dots)
    } else if text.contains(known.endpoint.trim_start_matches("wh_"))
        || folded.starts_with("http://")
        || folded.starts_with("https://")
    {
        Some(WeakSecret::Url)
    } else if folded.starts_with("rzp_test_")
        || folded.starts_with("rzp_live_")
        || known.credentials.iter().any(|own| own == text)
    {
        Some(WeakSecret::KeyId)
    } else if is_id(text, "wh_", 22) || ["ap_", "gc_", "ev_", "ws_", "co_", "us_"].iter().any(|prefix| is_id(text, prefix, 11)) {
        Some(WeakSecret::Url)
    } else if text.chars().any(char::is_control) {
        Some(WeakSecret::Unseen)
    } else if length < secret::MIN_SECRET_CHARS {
        Some(WeakSecret::Short(length))
    } else if text.len() > secret::MAX_SECRET_BYTES {
        Some(WeakSecret::Long)
    } else {
        None
    }
}

/// True if it is an id as pages show them.
fn is_id(text: &str, prefix: &str, length: usize) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| rest.len() == length && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Returns the weakness of a secret that is long enough and still guessable.
fn guessable(text: &str, folded: &str, known: &ConnectionContext<'_>) -> Option<WeakSecret> {
    obvious(text, folded).or_else(|| {
        let left_of = left(text, Guesses::of(&names(known)));
        let is_named = || left_of < left(text, Guesses::of(&[]));
        (left_of < MIN_REMAINDER).then(|| if is_named() { WeakSecret::Named } else { WeakSecret::Common })
    })
}

/// Returns the weakness that the form alone shows: a repetition, a common password, or digits only.
fn obvious(text: &str, folded: &str) -> Option<WeakSecret> {
    let bare = Zeroizing::new(folded.chars().filter(|character| !character.is_whitespace()).collect::<String>());
    if is_repeated(text) {
        Some(WeakSecret::Repeated)
    } else if common::is_common_or_sequence(&bare) {
        Some(WeakSecret::Common)
    } else if text.len() < MIN_DIGITS_ONLY && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Some(WeakSecret::Digits)
    } else {
        None
    }
}

/// True for few distinct characters, or a repeated shorter string.
fn is_repeated(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let different: std::collections::BTreeSet<char> = characters.iter().copied().collect();
    let is_period = |length: usize| characters.iter().zip(&characters[length..]).all(|(one, next)| one == next);
    different.len() < MIN_DISTINCT_CHARS || (1..=characters.len() / 2).any(is_period)
}

/// True if a secret found by diagnosis would be rejected as an imported one: it may be the sender's guess.
/// Spaces and quotes around it are no weakness here, since requests were signed with them.
pub(crate) fn is_guessable(secret: &Secret, known: &ConnectionContext<'_>) -> bool {
    let (bare, _) = trimmed(secret.expose());
    let folded = Zeroizing::new(bare.to_lowercase());
    let is_too_little = || is_less_left(bare, Guesses::of(&names(known)));
    let is_weak = match obvious(bare, &folded) {
        // A repeated strong secret is still strong: only one copy is measured.
        Some(WeakSecret::Repeated) => bare.len() <= MIN_DIGITS_ONLY || is_too_little(),
        Some(_) => true,
        None => is_too_little(),
    };
    bare.chars().count() < secret::MIN_SECRET_CHARS || is_weak
}

/// True if a key is a piece of a secret as a program encodes it, in any case of its letters, and covers too little of the secret
/// that is random.
pub(crate) fn is_guessable_piece(piece: &Secret, of: &str, known: &ConnectionContext<'_>) -> bool {
    let names = names(known);
    let guesses = Guesses::of(&names);
    let piece = piece.expose();
    let lower = Zeroizing::new(piece.to_ascii_lowercase());
    encodings::written(of).iter().any(|code| {
        let (at, covered) = encodings::longest_common(lower.as_bytes(), code.to_ascii_lowercase().as_bytes());
        if covered.len() < MIN_ENCODED_CHARS {
            return false;
        }
        let ends = (piece.get(..at).unwrap_or_default(), piece.get(at + covered.len()..).unwrap_or_default());
        let beside = Zeroizing::new(format!("{} {}", ends.0, ends.1));
        left(&beside, guesses) + left_of_range(code, covered, guesses) < MIN_REMAINDER
    })
}

/// What is left of a stretch of a text, and of what it encodes there.
fn left_of_range(text: &str, range: Range<usize>, guesses: Guesses<'_>) -> usize {
    let bytes = text.as_bytes().get(range.clone()).unwrap_or_default();
    let own = left(&Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()), guesses);
    let Some(whole) = encodings::whole(text) else { return own };
    own.min(left_of_range(whole.plain(), whole.covered(&range), guesses))
}

fn names<'a>(known: &ConnectionContext<'a>) -> Vec<&'a str> {
    known.names.iter().chain(known.credentials).map(String::as_str).chain([known.endpoint]).collect()
}

/// Whether too little is left of a text, or of what it encodes.
fn is_less_left(text: &str, guesses: Guesses<'_>) -> bool {
    encodings::decoded(text, guesses).iter().any(|plain| remainder::left(plain, guesses) < MIN_REMAINDER)
}

/// Returns the minimum remainder of a text and of everything it encodes: base64 of a name is no stronger than the name.
fn left(text: &str, guesses: Guesses<'_>) -> usize {
    let decoded = encodings::decoded(text, guesses);
    decoded.iter().map(|plain| remainder::left(plain, guesses)).min().unwrap_or_default()
}

#[cfg(test)]
mod tests;
