//! Common passwords and sequences, as secrets: a person who invents a secret often starts with one.

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

/// True for passwords that attackers try first: one repeated character, a sequence, or a common password. `folded` is in
/// lower case, without spaces.
pub(super) fn is_common_or_sequence(folded: &str) -> bool {
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
