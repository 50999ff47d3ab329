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
const LEAST_ENCODED: usize = 8;
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

/// Parses and checks a submitted secret. `is_exact` keeps spaces and quotes at its ends.
///
/// The strength of a secret that the gateway has made is the gateway's, and the merchant could not choose another: only what
/// cannot be a secret at all is refused.
pub(crate) fn read(typed: &str, is_exact: bool, known: &ConnectionContext<'_>) -> Result<(Secret, Trimmed), WeakSecret> {
    let (text, cut) = if is_exact { (typed, Trimmed::default()) } else { trimmed(typed) };
    let fault = if known.gateway.makes_secret() { not_a_secret } else { weakness };
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
    } else if ["ap_", "gc_", "ev_", "ws_", "co_", "us_", "wh_"].iter().any(|prefix| is_id(text, prefix)) {
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
fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| rest.len() == 22 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Returns the weakness of a secret that is long enough and still guessable.
fn guessable(text: &str, folded: &str, known: &ConnectionContext<'_>) -> Option<WeakSecret> {
    obvious(text, folded).or_else(|| {
        let left_of = left(text, &names(known));
        let is_named = || left_of < left(text, &[]);
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
    let is_too_little = || is_less_left(bare, &names(known));
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
    let piece = piece.expose();
    let lower = Zeroizing::new(piece.to_ascii_lowercase());
    encodings::written(of).iter().any(|code| {
        let (at, covered) = encodings::longest_common(lower.as_bytes(), code.to_ascii_lowercase().as_bytes());
        if covered.len() < LEAST_ENCODED {
            return false;
        }
        let ends = (piece.get(..at).unwrap_or_default(), piece.get(at + covered.len()..).unwrap_or_default());
        let beside = Zeroizing::new(format!("{} {}", ends.0, ends.1));
        left(&beside, &names) + left_of_range(code, covered, &names) < MIN_REMAINDER
    })
}

/// What is left of a stretch of a text, and of what it encodes there.
fn left_of_range(text: &str, range: Range<usize>, names: &[&str]) -> usize {
    let bytes = text.as_bytes().get(range.clone()).unwrap_or_default();
    let own = left(&Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()), names);
    let Some(whole) = encodings::whole(text) else { return own };
    own.min(left_of_range(whole.plain(), whole.covered(&range), names))
}

fn names<'a>(known: &ConnectionContext<'a>) -> Vec<&'a str> {
    known.names.iter().chain(known.credentials).map(String::as_str).chain([known.endpoint]).collect()
}

/// Whether too little is left of a text, or of what it encodes.
fn is_less_left(text: &str, names: &[&str]) -> bool {
    encodings::decoded(text, names).iter().any(|plain| remainder::left(plain, names) < MIN_REMAINDER)
}

/// Returns the minimum remainder of a text and of everything it encodes: base64 of a name is no stronger than the name.
fn left(text: &str, names: &[&str]) -> usize {
    let decoded = encodings::decoded(text, names);
    decoded.iter().map(|plain| remainder::left(plain, names)).min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::{notations::tests::rare_codes, *};
    use crate::primitives::base62;

    static CREDENTIALS: LazyLock<Vec<String>> = LazyLock::new(|| vec!["rzp_test_Demo0000000001".to_owned()]);
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        ["Neem Tree Shop", "Neem Tree Crafts", "shop.neemtree.example", "abc", "Zyntrixo Brelavo"].map(str::to_owned).to_vec()
    });

    fn known(gateway: Gateway) -> ConnectionContext<'static> {
        ConnectionContext { gateway, endpoint: "wh_Q7mB2xVt9LkR4nPzA1cE6d", credentials: &CREDENTIALS, names: &NAMES }
    }

    fn weak(typed: &str) -> Option<WeakSecret> {
        read(typed, false, &known(Gateway::RAZORPAY)).err()
    }

    #[test]
    fn each_weakness_has_its_name() {
        for (typed, wanted) in [
            ("", WeakSecret::Empty),
            (" \n ", WeakSecret::Empty),
            ("\"\"", WeakSecret::Empty),
            ("fifteen-letters", WeakSecret::Short(15)),
            ("  fifteen-letters  ", WeakSecret::Short(15)),
            ("सोलहअक्षरनहीं", WeakSecret::Short(13)),
            ("••••••••••••••••", WeakSecret::Dots),
            ("https://pay.example/webhooks/wh_x", WeakSecret::Url),
            ("wh_Q7mB2xVt9LkR4nPzA1cE6d", WeakSecret::Url),
            ("Q7mB2xVt9LkR4nPzA1cE6d", WeakSecret::Url),
            ("ap_0352NegFvX7BHy7QbsS4L1", WeakSecret::Url),
            ("rzp_live_Abcdefgh123456", WeakSecret::KeyId),
            ("rzp_test_Demo0000000001", WeakSecret::KeyId),
            ("kq8Zt2m\u{7}Vx0Lw9Rb4", WeakSecret::Unseen),
            ("aaaaaaaaaaaaaaaaaaaa", WeakSecret::Repeated),
            ("abababababababababab", WeakSecret::Repeated),
            ("k9Zq4wXtk9Zq4wXtk9Zq4wXt", WeakSecret::Repeated),
            ("aabbaabbccaabbccaa", WeakSecret::Repeated),
            ("abcdefghijklmnopqr", WeakSecret::Common),
            ("1234567890123456", WeakSecret::Common),
            ("Password12345678", WeakSecret::Common),
            ("my-razorpay-webhook-secret", WeakSecret::Common),
            ("RazorpaySecret@2024", WeakSecret::Common),
            ("qwertyuiopasdfghjkl", WeakSecret::Common),
            ("8301947265019384", WeakSecret::Digits),
            ("NeemTreeShop2019!", WeakSecret::Common),
            ("neem tree crafts-8x", WeakSecret::Common),
            ("NeemTreeShop-2026-8sK2pQ9xLm4", WeakSecret::Common),
            ("It's a Secret to Everybody", WeakSecret::Common),
            ("correct horse battery staple", WeakSecret::Common),
            ("Zyntrixo9Brelavo2019!", WeakSecret::Named),
            ("गुलाबी हाथी चाँद पर नाचता है", WeakSecret::Common),
            ("TmVlbVRyZWVTaG9wMjAxOSE=", WeakSecret::Common),
            ("4e65656d5472656553686f70323031392121", WeakSecret::Common),
        ] {
            assert_eq!(weak(typed), Some(wanted), "{typed:?}");
        }
        assert_eq!(weak(&"k9Z4".repeat(70)), Some(WeakSecret::Long));
    }

    #[test]
    fn what_encodes_a_name_or_is_public_is_weak_wherever_it_is_cut() {
        for typed in [
            // Of `Zyntrixo-Brelavo-2026`: base64 cut where it does not decode, hexadecimal, base32, compressed.
            "WnludHJpeG8tQnJlbGF2by0yM",
            "WnludHJpeG8tQnJlbGF2by0yMDI2",
            "nludHJpeG8tQnJlbGF2by0yM",
            "5A796E747269786F2D4272656C61766F2D3230323",
            "0x5a796e747269786f2d4272656c61766f2d32303236",
            "LJ4W45DSNF4G6LKCOJSWYYLWN4WTEMBSGY======",
            "eJyLqswrKcqsyNd1KkrNSSzL1zUyMDIDAFotB2c=",
            // SHA-512 of `NeemTreeShop-2026`, and a piece of it.
            "3fc5123df7d97af46f9be16b0e1ebeb9de577706a3bef33b4c636d9317fe0195e42d29cbffb3ca239185be981099c35d823b115be788c8ba4761aa27b311d7f9",
            "3fc5123df7d97af46f9be16b0e1ebeb9de577706a3bef33b4c6",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXV",
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ",
            "550e8400-e29b-41d4-a716-446655440000",
            "6BA7B810-9DAD-11D1-80B4-00C04FD430C8",
            "6ba7b8109dad11d180b400c04fd4",
        ] {
            assert!(weak(typed).is_some(), "{typed:?}");
        }
    }

    #[test]
    fn a_name_is_no_stronger_in_a_rare_notation() {
        for (name, code) in rare_codes("Zyntrixo-Brelavo-2026").into_iter().chain(rare_codes("NeemTreeShop-2026")) {
            assert!(weak(&code).is_some(), "{name}: {code}");
            assert!(weak(&code[..code.len() - 1]).is_some(), "{name}, cut: {code}");
        }
    }

    #[test]
    fn a_piece_of_a_name_in_a_rare_notation_is_guessable() {
        let known = known(Gateway::RAZORPAY);
        for (name, code) in rare_codes("NeemTreeShop-2026-8sK2pQ9xLm4TvB7cWq3ZrN5d") {
            let (first, last) = code.split_at(20);
            let of_name = if name.contains("reversed") { &code[code.len() - 20..] } else { first };
            let of_random = if name.contains("reversed") { &code[..code.len() - 20] } else { last };
            let is_guessable = |piece: &str| is_guessable_piece(&Secret::parse(piece).unwrap(), &code, &known);
            assert!(is_guessable(of_name), "{name}: {of_name}");
            assert!(!is_guessable(of_random), "{name}: {of_random}");
        }
    }

    #[test]
    fn what_cannot_be_guessed_is_taken() {
        for typed in ["8f3a9c2e17b04d65", "neemtreeshop-Zt81kQwX0vLp", "83019472650193847265", "Abc!9dKe7_fQ2#zz"] {
            assert_eq!(weak(typed), None, "{typed}");
        }
        for _ in 0..500 {
            assert!(read(&format!("whsec_{}", base62::random(44)), false, &known(Gateway::STANDARD_WEBHOOKS)).is_ok());
        }
    }

    #[test]
    fn random_secrets_of_any_form_are_taken() {
        let makers: [fn() -> String; 5] = [
            || base62::random(44),
            || base62::random(20),
            || crate::primitives::hex::encode(&rand::random::<[u8; 16]>()),
            || base64::Engine::encode(&base64::engine::general_purpose::STANDARD, rand::random::<[u8; 24]>()),
            || uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string(),
        ];
        let refused = (0..2000).filter(|number| weak(&makers[number % makers.len()]()).is_some()).count();
        let short = (0..500).filter(|_| weak(&base62::random(16)).is_some()).count();
        // About one in a hundred of the shortest contains what looks like a name; the limits are far above.
        assert!(refused <= 40 && short <= 30, "{refused} of 2,000 are refused, and {short} of 500 with 16 characters");
    }

    #[test]
    fn the_generic_gateway_takes_base64_alone() {
        let known = known(Gateway::STANDARD_WEBHOOKS);
        let read = |typed| read(typed, false, &known).map(|(secret, _)| secret.expose().to_owned());
        assert_eq!(read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").as_deref(), Ok("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        assert_eq!(read("kq8Zt2m!Vx0Lw9Rb4"), Err(WeakSecret::Form));
        assert_eq!(read("whsec_short").err(), Some(WeakSecret::Short(11)));
    }

    #[test]
    fn spaces_and_quotes_at_the_ends_are_cut_off_and_told() {
        const BARE: &str = "kq8Zt2mVx0Lw9Rb4";
        let read = |typed: &str, is_exact| {
            read(typed, is_exact, &known(Gateway::RAZORPAY))
                .map(|(secret, cut)| (secret.expose().to_owned(), cut.spaces, cut.quotes))
        };
        for (typed, spaces, quotes) in [
            (BARE.to_owned(), false, false),
            (format!(" {BARE}\r\n"), true, false),
            (format!("\u{a0}{BARE}\u{200b}"), true, false),
            (format!("\"{BARE}\""), false, true),
            (format!("“ {BARE}” "), true, true),
        ] {
            assert_eq!(read(&typed, false), Ok((BARE.to_owned(), spaces, quotes)), "{typed:?}");
        }
        assert_eq!(read(&format!("\"{BARE}'"), false).unwrap().0, format!("\"{BARE}'"), "no pair");
        assert_eq!(read(&format!(" \"{BARE}\""), true).unwrap().0, format!(" \"{BARE}\""), "as it was typed");
        assert_eq!(read(&format!("{BARE}\n"), true), Err(WeakSecret::Unseen));
    }
}
