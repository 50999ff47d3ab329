//! The password policy: minimum length, not the owner's address, and an estimate of how soon an attacker guesses it. Pure.
//!
//! zxcvbn makes the estimate: it finds common passwords, names, words, dates, keyboard rows, sequences and repetitions, also with
//! substituted letters.

use std::collections::BTreeSet;

use icu_properties::props::{BinaryProperty as _, ExtendedPictographic};
use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

use super::{MAX_PASSWORD_BYTES, prepare};
use crate::primitives::email;

/// Minimum length of a password, in characters.
const MIN_PASSWORD_CHARS: usize = 12;
/// Number of leading characters that are estimated: zxcvbn's running time grows faster than the length, and its guesses of a
/// keyboard pattern of 29 characters overflow (degree 5 to the power of 28 turns).
const MAX_ESTIMATED_CHARS: usize = 27;
/// Number of characters of a text about the owner that are compared.
const MAX_KNOWN_CHARS: usize = 254;
/// The lowest accepted score: at least 10^10 guesses. At score 3, a listed word with a year and a repetition is accepted, such as
/// `kspay2026kspay`; four unrelated words reach score 4 by far.
const MIN_SCORE: Score = Score::Four;
/// From this many distinct emoji, a password is accepted as hard to guess.
const MIN_DISTINCT_EMOJI: usize = 4;
/// Words that an attacker of this product tries, which are not in zxcvbn's lists of English, in lower case.
const LOCAL_WORDS: &[&str] = &[
    "kspay",
    "ks-pay",
    "kspayconsole",
    "razorpay",
    "merchant",
    "payment",
    "webhook",
    "rupees",
    "india",
    "bharat",
    "krishna",
    "ganesh",
    "jaishreeram",
    "correcthorsebatterystaple",
];

/// What an attacker knows about the owner of a password. Unknown texts are empty.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PasswordOwner<'a> {
    /// The address, as it is stored.
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
    pub(crate) company: &'a str,
}

impl PasswordOwner<'_> {
    /// The words that an attacker tries first: each text without its spaces, and each word in it.
    fn words(&self) -> Vec<String> {
        let address = email::to_unicode(self.email);
        let start = |text: &str| text.chars().take(MAX_KNOWN_CHARS).collect::<String>().to_lowercase();
        let texts = [&*address, self.email, self.name, self.company].map(start);
        let joined = texts.iter().map(|text| text.split_whitespace().collect());
        let words = texts.iter().flat_map(|text| text.split(|character: char| !character.is_alphanumeric())).map(str::to_owned);
        let known: BTreeSet<String> = joined.chain(words).filter(|word| word.chars().count() > 2).collect();
        known.into_iter().collect()
    }
}

/// Why a password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PasswordFault {
    /// Shorter than 12 characters.
    TooShort,
    /// Longer than 1,024 bytes.
    TooLong,
    EasilyGuessed,
    ContainsEmail,
}

/// Returns why a password is invalid.
pub(crate) fn password_fault(password: &str, owner: &PasswordOwner<'_>) -> Option<PasswordFault> {
    let prepared = prepare(password);
    let password = prepared.as_str();
    let folded = Zeroizing::new(password.to_lowercase());
    let letters: Zeroizing<String> = Zeroizing::new(folded.chars().filter(|character| !character.is_whitespace()).collect());
    let name = owner.email.split('@').next().unwrap_or_default();
    if password.chars().count() < MIN_PASSWORD_CHARS {
        Some(PasswordFault::TooShort)
    } else if password.len() > MAX_PASSWORD_BYTES {
        Some(PasswordFault::TooLong)
    } else if is_easily_guessed(&letters, owner) {
        Some(PasswordFault::EasilyGuessed)
    } else if (name.len() > 3 && letters.contains(name)) || has_address(&folded, owner.email) {
        Some(PasswordFault::ContainsEmail)
    } else {
        None
    }
}

/// True if the password contains the address, as it is stored or as people read it.
fn has_address(folded: &str, email: &str) -> bool {
    !email.is_empty() && (folded.contains(email) || folded.contains(&*email::to_unicode(email)))
}

/// True for a password that is guessed too soon. `letters` is the password without spaces, which make it no harder to guess.
fn is_easily_guessed(letters: &str, owner: &PasswordOwner<'_>) -> bool {
    // zxcvbn counts every character outside its lists as one of ten, but there are thousands of emoji.
    let is_emoji = |character: &char| ExtendedPictographic::for_char(*character);
    if letters.chars().filter(is_emoji).collect::<BTreeSet<char>>().len() >= MIN_DISTINCT_EMOJI {
        return false;
    }
    let words = owner.words();
    let known: Vec<&str> = LOCAL_WORDS.iter().copied().chain(words.iter().map(String::as_str)).collect();
    let estimated: Zeroizing<String> = Zeroizing::new(letters.chars().take(MAX_ESTIMATED_CHARS).collect());
    zxcvbn(&estimated, &known).score() < MIN_SCORE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused_and_passphrases_taken() {
        let owner = PasswordOwner { email: "meera@neemtree.example", name: "Meera Iyer", company: "Nilgiri Chai House" };
        for weak in [
            "short",
            "password1234",
            "Password12345!",
            "aaaaaaaaaaaa",
            "123456789012",
            "kspay2026kspay",
            "qwertyuiop123",
            "meera-in-mumbai",
            "passwordpassword",
            "abcdefghijkl",
            "987654321098",
            "razorpay12345",
            "            ",
            "P@ssw0rd2026!",
            "1qaz2wsx3edc",
            "correct horse battery staple",
            "Krishna@12345",
            "nilgirichaihouse1",
            "Nilgiri Chai 2026",
            "iyer iyer iyer 1",
            "abcabcabcabc",
            "password1234•–—…",
            "nilgirichaihouse“”‘’",
            "password1234\u{200b}\u{200c}\u{2060}\u{feff}",
        ] {
            assert!(password_fault(weak, &owner).is_some(), "{weak}");
        }
        for guessed in ["Krishna@12345", "Nilgiri Chai 2026"] {
            assert_eq!(password_fault(guessed, &owner), Some(PasswordFault::EasilyGuessed), "{guessed}");
        }
        for good in ["four unrelated words here", "नीम के पेड़ की छाया में", "🌧️🌳🚲📚🌧️🌳🚲📚🌧️🌳🚲📚", "tanpura lamp 8 river"]
        {
            assert_eq!(password_fault(good, &owner), None, "{good}");
        }
        assert_eq!(password_fault(&"ab c".repeat(300), &owner), Some(PasswordFault::TooLong));
        assert_eq!(password_fault("short", &owner), Some(PasswordFault::TooShort));
        let own = password_fault("tanpura meera@neemtree.example 8", &owner);
        assert_eq!(own, Some(PasswordFault::ContainsEmail));
    }

    #[test]
    fn long_patterns_are_estimated_without_an_overflow() {
        // An overflow panics; which of these are easily guessed is zxcvbn's decision.
        let patterns = ["qw", "12", "74", "qwertgfdsa", "p@$$w0rd(){}[]|!1/#%", "🌧️"];
        let weak = patterns.map(|pattern| password_fault(&pattern.repeat(50), &PasswordOwner::default()).is_some());
        assert!(weak[0] && weak[1], "two keys in turn: {weak:?}");
    }

    #[test]
    fn only_the_start_of_a_long_password_is_estimated() {
        let owner = PasswordOwner::default();
        assert!(is_easily_guessed(&format!("{}tanpuralampriver", "a".repeat(MAX_ESTIMATED_CHARS)), &owner));
        assert!(!is_easily_guessed(&format!("tanpuralampriver{}", "a".repeat(MAX_ESTIMATED_CHARS)), &owner));
    }
}
