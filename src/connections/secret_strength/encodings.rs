//! The texts that a secret encodes. Pure.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use zeroize::Zeroizing;

use crate::primitives::hex;

/// A text and every text that it encodes, in base64, hexadecimal, or escaped for URLs and HTML, also one within the other.
pub(super) fn decoded(text: &str) -> Vec<Zeroizing<String>> {
    const MOST: usize = 16;
    const LEAST: usize = 6;
    let mut found = vec![Zeroizing::new(text.to_owned())];
    let mut at = 0;
    while let Some(text) = found.get(at).filter(|_| found.len() < MOST).cloned() {
        let of_bytes = [STANDARD.decode(&*text), STANDARD_NO_PAD.decode(&*text), URL_SAFE_NO_PAD.decode(&*text)];
        let of_bytes = of_bytes.into_iter().filter_map(Result::ok).chain(in_hex(&text)).chain(unescaped(&text));
        let texts = of_bytes.filter_map(text_of).chain([without_entities(&text)]);
        for plain in texts.map(Zeroizing::new).filter(|plain| plain.chars().count() >= LEAST) {
            if !found.contains(&plain) {
                found.push(plain);
            }
        }
        at += 1;
    }
    found
}

/// The text of bytes. A digest is written in hexadecimal, as the list of known ones has it.
fn text_of(bytes: Vec<u8>) -> Option<String> {
    let is_digest = matches!(bytes.len(), 16 | 20 | 32);
    match String::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(other) if is_digest => Some(hex::encode(other.as_bytes())),
        Err(_) => None,
    }
}

fn digit(letter: u8) -> Option<u8> {
    char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn in_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

/// Without the percent signs of URLs.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let first = parts.next()?.as_bytes().to_vec();
    parts.try_fold(first, |mut bytes, part| {
        let pair = part.as_bytes().get(..2)?;
        bytes.push(digit(pair[0])? << 4 | digit(pair[1])?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
        Some(bytes)
    })
}

fn without_entities(text: &str) -> String {
    const ENTITIES: &[&str] = &["&quot;", "&apos;", "&amp;", "&lt;", "&gt;", "&nbsp;", "&#39;", "&#34;", "&#x27;", "&#x22;"];
    ENTITIES.iter().fold(text.to_owned(), |text, entity| text.replace(entity, " "))
}
