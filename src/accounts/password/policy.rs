//! The password policy: which passwords are too easily guessed. Pure.

use super::{MAX_PASSWORD_BYTES, prepare};
use crate::primitives::email;

/// Minimum length of a password, in characters.
const MIN_PASSWORD_CHARS: usize = 12;
/// Common passwords in lower case, without the digits and punctuation that are usually appended. Repeated characters and
/// sequences are detected by their shape instead.
const COMMON_PASSWORDS: &[&str] = &[
    "password",
    "passwort",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "qwertyuiop",
    "qwerty",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t",
    "iloveyou",
    "letmein",
    "welcome",
    "administrator",
    "admin",
    "superman",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "dragon",
    "monkey",
    "trustno1",
    "changeme",
    "default",
    "secret",
    "master",
    "michael",
    "jordan",
    "computer",
    "internet",
    "whatever",
    "starwars",
    "india",
    "bharat",
    "krishna",
    "ganesh",
    "razorpay",
    "kspay",
    "ks-pay",
    "merchant",
    "payment",
    "q1w2e3r4t5y6",
    "1qaz2wsx3edc",
    "abc123",
    "abcdefghijkl",
    "letmeinnow",
    "correcthorsebatterystaple",
];

/// Returns why a password is invalid, as a sentence that tells the user what to do.
pub(crate) fn policy_error(password: &str, email: &str) -> Option<&'static str> {
    let prepared = prepare(password);
    let password = prepared.as_str();
    let folded = password.to_lowercase();
    let letters: String = folded.chars().filter(|character| !character.is_whitespace()).collect();
    let name = email.split('@').next().unwrap_or_default();
    if password.chars().count() < MIN_PASSWORD_CHARS {
        Some("Choose at least 12 characters. Four words with spaces between them are good.")
    } else if password.len() > MAX_PASSWORD_BYTES {
        Some("Choose at most 1,024 bytes.")
    } else if is_easily_guessed(&letters) {
        Some("This password is among the first that are tried. Four unrelated words are better.")
    } else if (name.len() > 3 && letters.contains(name)) || has_address(&folded, email) {
        Some("The password must not contain your e-mail address.")
    } else {
        None
    }
}

/// True if the password contains the address, as it is stored or as people read it.
fn has_address(folded: &str, email: &str) -> bool {
    !email.is_empty() && (folded.contains(email) || folded.contains(&*email::to_unicode(email)))
}

/// True for passwords that attackers try first: one repeated character, a sequence, or a common password. `folded` is in
/// lower case, without spaces.
pub(crate) fn is_easily_guessed(folded: &str) -> bool {
    let mut characters = folded.chars();
    let first = characters.next();
    first.is_some_and(|first| characters.all(|next| next == first)) || is_sequence(folded) || is_common(folded)
}

/// True if the password consists of a common password, once or repeated, apart from digits and punctuation around it and at
/// most two more letters.
fn is_common(folded: &str) -> bool {
    let core = folded.trim_matches(|character: char| !character.is_alphabetic());
    let core = if core.is_empty() { folded } else { core };
    COMMON_PASSWORDS.iter().any(|common| {
        let bare = |text: &str| text.replace(common, "").chars().filter(|letter| letter.is_alphabetic()).count();
        folded.contains(common) && bare(core) < 3
    })
}

/// True for an ascending or descending sequence: `123456789012`, `abcdefghijkl`.
fn is_sequence(folded: &str) -> bool {
    let steps = |wanted: i32| {
        folded.as_bytes().windows(2).all(|pair| {
            let step = i32::from(pair[1]) - i32::from(pair[0]);
            step == wanted || (pair[0].is_ascii_digit() && pair[1].is_ascii_digit() && (step - wanted).rem_euclid(10) == 0)
        })
    };
    steps(1) || steps(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused_and_passphrases_taken() {
        let email = "meera@neemtree.example";
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
        ] {
            assert!(policy_error(weak, email).is_some(), "{weak}");
        }
        for good in ["four unrelated words here", "नीम के पेड़ की छाया में", "🌧️🌳🚲📚🌧️🌳🚲📚🌧️🌳🚲📚", "tanpura lamp 8 river"]
        {
            assert_eq!(policy_error(good, email), None, "{good}");
        }
        assert!(policy_error(&"ab c".repeat(300), email).is_some());
    }
}
