//! Typing mistakes in a valid secret: one character omitted, doubled, swapped, replaced or added.
//!
//! The likely ones are few enough to be tried with a body of any size; the others follow within the budget.

use zeroize::Zeroizing;

use super::{
    Key,
    candidate_keys::{Attempt, Bytes, decoded, used},
    paste_errors,
};
use crate::{
    gateways::{Gateway, profile::KeyForm},
    rejections::Cause,
};

/// Characters that may be typed in place of another.
const TYPED: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_+/=. ";
/// Characters that look alike.
const ALIKE: &[&str] = &[
    "0OoQD", "1lI|i!", "5Ss", "8B", "2Zz", "6Gb", "9gq", "uv", "vwy", "nmh", "ce", "-_", "Xx", "Cc", "Vv", "Ww", "Kk", "Pp", "Uu",
];
/// Rows of a keyboard: neighbours are typed for each other.
const ROWS: &[&str] = &["1234567890-=", "qwertyuiop", "asdfghjkl", "zxcvbnm"];
/// Two characters that look like one.
const PAIRS_ALIKE: &[(&str, &str)] = &[("rn", "m"), ("m", "rn"), ("vv", "w"), ("w", "vv"), ("cl", "d"), ("d", "cl"), ("VV", "W")];

/// Returns the most common mistakes: a few hundred.
pub(super) fn likely(gateway: Gateway, key: &Key) -> impl Iterator<Item = Attempt> {
    edits(&key.text).into_iter().filter_map(move |bytes| attempt(gateway, &bytes))
}

/// Returns each of those, pasted with the most common error of each class.
pub(super) fn pasted(gateway: Gateway, key: &Key) -> impl Iterator<Item = Attempt> {
    let edits = edits(&key.text);
    edits.into_iter().flat_map(move |bytes| {
        let text = Zeroizing::new(String::from_utf8(bytes.to_vec()).unwrap_or_default());
        let pasted = paste_errors::most_common(&text);
        pasted
            .into_iter()
            .flat_map(move |(second, text)| used(gateway, Cause::SecretMistyped, Some(second), &text))
            .collect::<Vec<_>>()
    })
}

fn edits(text: &str) -> Vec<Bytes> {
    let whole = text;
    let text = text.as_bytes();
    let mut made: Vec<Bytes> = Vec::new();
    for at in 0..text.len() {
        made.push(edited(text, at, 1, b""));
        made.push(edited(text, at, 0, &text[at..=at]));
        if at + 1 < text.len() && text[at] != text[at + 1] {
            made.push(edited(text, at, 2, &[text[at + 1], text[at]]));
        }
        made.extend(replacements(text[at]).into_iter().map(|typed| edited(text, at, 1, &[typed])));
    }
    made.extend(everywhere(whole));
    made
}

/// Returns every replacement of one character, except for the likely ones.
pub(super) fn replaced(gateway: Gateway, key: &Key) -> impl Iterator<Item = Attempt> {
    let text: Bytes = Zeroizing::new(key.text.as_bytes().to_vec());
    let made = (0..text.len()).flat_map(move |at| {
        let likely = replacements(text[at]);
        let others = TYPED.iter().filter(|typed| **typed != text[at] && !likely.contains(typed));
        others.map(|typed| edited(&text, at, 1, &[*typed])).collect::<Vec<Bytes>>()
    });
    made.filter_map(move |bytes| attempt(gateway, &bytes))
}

/// Returns every insertion of one character.
pub(super) fn added(gateway: Gateway, key: &Key) -> impl Iterator<Item = Attempt> {
    let text: Bytes = Zeroizing::new(key.text.as_bytes().to_vec());
    let made =
        (0..=text.len()).flat_map(move |at| TYPED.iter().map(|typed| edited(&text, at, 0, &[*typed])).collect::<Vec<Bytes>>());
    made.filter_map(move |bytes| attempt(gateway, &bytes))
}

fn attempt(gateway: Gateway, bytes: &Bytes) -> Option<Attempt> {
    match gateway.profile().signature.key {
        KeyForm::Text => Some(Attempt::with(Cause::SecretMistyped, bytes)),
        KeyForm::Base64 => decoded(std::str::from_utf8(bytes).ok()?).map(|bytes| Attempt::with(Cause::SecretMistyped, &bytes)),
    }
}

/// Replaces some bytes by others.
fn edited(text: &[u8], at: usize, length: usize, by: &[u8]) -> Bytes {
    Zeroizing::new([&text[..at], by, &text[at + length..]].concat())
}

/// Returns what a character is likely mistyped as: the other case, a lookalike, or a neighbour on the keyboard.
fn replacements(byte: u8) -> Vec<u8> {
    let mut typed = Vec::new();
    if byte.is_ascii_alphabetic() {
        typed.push(byte ^ 0x20);
    }
    typed.extend(ALIKE.iter().filter(|alike| alike.as_bytes().contains(&byte)).flat_map(|alike| alike.bytes()));
    let lower = byte.to_ascii_lowercase();
    for row in ROWS.iter().map(|row| row.as_bytes()) {
        let Some(at) = row.iter().position(|key| *key == lower) else { continue };
        let beside = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|at| row.get(at));
        typed.extend(beside.map(|key| if byte.is_ascii_uppercase() { key.to_ascii_uppercase() } else { *key }));
    }
    typed.retain(|typed| *typed != byte);
    typed.sort_unstable();
    typed.dedup();
    typed
}

/// Replaces a character by a lookalike at every position, and a pair of characters by one that resembles it.
fn everywhere(text: &str) -> Vec<Bytes> {
    let mut made = Vec::new();
    for alike in ALIKE {
        let pairs = alike.chars().flat_map(|from| alike.chars().map(move |to| (from, to)));
        let pairs = pairs.filter(|(from, to)| from != to && text.matches(*from).count() > 1);
        made.extend(pairs.map(|(from, to)| Zeroizing::new(text.replace(from, &to.to_string()).into_bytes())));
    }
    for (from, to) in PAIRS_ALIKE {
        made.extend(text.match_indices(from).map(|(at, _)| edited(text.as_bytes(), at, from.len(), to.as_bytes())));
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rejections::diagnosis::KeyOwner;

    #[test]
    fn the_likely_mistakes_are_a_few_hundred() {
        let text = Zeroizing::new("0aZ1lK5s8BqW2zXc9Ov7uYmN3rTgH4jEdI6pLwVbQfAx".to_owned());
        let key =
            Key { whose: KeyOwner::Valid, gateway: Gateway::RAZORPAY, text, is_retired: false, secret: None, connection: None };
        let made: Vec<_> = likely(Gateway::RAZORPAY, &key).collect();
        assert!((200..700).contains(&made.len()), "{}", made.len());
        let has = |text: &str| made.iter().any(|attempt| attempt.key.as_slice() == text.as_bytes());
        assert!(has("OaZ1lK5s8BqW2zXc9Ov7uYmN3rTgH4jEdI6pLwVbQfAx"), "a look-alike");
        assert!(has("0aZ1lK5s8BqW2zXc9Ov7uYmN3rTgH4jEdI6pLwVbQfxA"), "swapped");
        assert!(has("0aZ1lK5s8BqW2zXc9Ov7uYmN3rTgH4jEdI6pLwVbQfA"), "omitted");
        assert!(has("00aZ1lK5s8BqW2zXc9Ov7uYmN3rTgH4jEdI6pLwVbQfAx"), "doubled");
        assert!(has("0AZ1lK5s8BqW2zXc9Ov7uYmN3rTgH4jEdI6pLwVbQfAx"), "in the other case");
        let all = replaced(Gateway::RAZORPAY, &key).count() + added(Gateway::RAZORPAY, &key).count();
        assert!((5000..7000).contains(&all), "{all}");
    }
}
