//! How programs encode, escape and hash a text: a table for each notation, a row for each library that differs.
//!
//! Texts derived from a secret are wiped when dropped.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use data_encoding::{HEXLOWER, HEXUPPER};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use zeroize::Zeroizing;

use crate::rejections::Cause;

pub(super) type Text = Zeroizing<String>;

/// The replacement of each character.
type Table = &'static [(char, &'static str)];

/// Characters besides letters and digits that URL encoders leave, the most common encoders first.
const URL_SAFE_CHARS: &[&str] = &[
    // RFC 3986: PHP's `rawurlencode`, Python's `quote_plus`, Ruby's `CGI.escape`, Go's `QueryEscape`.
    "-_.~",
    // JavaScript's `encodeURIComponent`.
    "-_.~!*'()",
    // Python's `quote`.
    "-_.~/",
    // Forms: `URLSearchParams`, Java's `URLEncoder`.
    "-_.*",
    // PHP's `urlencode`.
    "-_.",
    // JavaScript's `encodeURI`, and `escape`.
    "-_.~!*'();/?:@&=+$,#",
    "@*_+-./",
    // Go's `PathEscape`.
    "-_.~$&+=:@",
];

/// Replacements for the characters of HTML besides `&`, `<` and `>`.
const HTML: &[Table] = &[
    // PHP.
    &[('"', "&quot;"), ('\'', "&#039;")],
    // Ruby, lodash.
    &[('"', "&quot;"), ('\'', "&#39;")],
    // Python.
    &[('"', "&quot;"), ('\'', "&#x27;")],
    // Go, Jinja.
    &[('"', "&#34;"), ('\'', "&#39;")],
    // XML.
    &[('"', "&quot;"), ('\'', "&apos;")],
    // Between tags.
    &[],
    &[('"', "&quot;")],
    // Underscore.
    &[('"', "&quot;"), ('\'', "&#x27;"), ('`', "&#x60;")],
    // Handlebars, Mustache.
    &[('"', "&quot;"), ('\'', "&#x27;"), ('`', "&#x60;"), ('=', "&#x3D;")],
    &[('"', "&quot;"), ('\'', "&#39;"), ('`', "&#x60;"), ('=', "&#x3D;"), ('/', "&#x2F;")],
    // OWASP, validator.js.
    &[('"', "&quot;"), ('\'', "&#x27;"), ('/', "&#x2F;")],
    &[('"', "&quot;"), ('\'', "&#x27;"), ('/', "&#x2F;"), ('\\', "&#x5C;"), ('`', "&#96;")],
];

/// Escapes of strings in JSON, source code, shells and configuration files.
const STRINGS: &[Table] = &[
    // JSON: plain, PHP, Go and Rails, Gson, PHP with `JSON_HEX_*`.
    &[('"', "\\\""), ('\\', "\\\\")],
    &[('"', "\\\""), ('\\', "\\\\"), ('/', "\\/")],
    &[('"', "\\\""), ('\\', "\\\\"), ('&', "\\u0026"), ('<', "\\u003c"), ('>', "\\u003e")],
    &[('"', "\\\""), ('\\', "\\\\"), ('&', "\\u0026"), ('<', "\\u003c"), ('>', "\\u003e"), ('=', "\\u003d"), ('\'', "\\u0027")],
    &[('"', "\\u0022"), ('\\', "\\\\"), ('&', "\\u0026"), ('<', "\\u003C"), ('>', "\\u003E"), ('\'', "\\u0027"), ('/', "\\/")],
    // Scripts in HTML.
    &[('"', "\\\""), ('\\', "\\\\"), ('&', "\\u0026"), ('<', "\\u003C"), ('>', "\\u003E"), ('=', "\\u003D"), ('\'', "\\'")],
    // Source code: both quotes, and single ones alone.
    &[('"', "\\\""), ('\\', "\\\\"), ('\'', "\\'")],
    &[('\\', "\\\\"), ('\'', "\\'")],
    // Shells: single quotes closed and reopened, and the special characters in double quotes.
    &[('\'', "'\"'\"'")],
    &[('\'', "'\\''")],
    &[('"', "\\\""), ('\\', "\\\\"), ('$', "\\$"), ('`', "\\`")],
    // SQL and YAML; CSV.
    &[('\'', "''")],
    &[('"', "\"\"")],
    // Variables and formats.
    &[('$', "$$")],
    &[('$', "\\$")],
    &[('%', "%%")],
    // Java's properties.
    &[('\\', "\\\\"), ('=', "\\="), (':', "\\:"), ('#', "\\#"), ('!', "\\!")],
];

/// Characters besides letters and digits before which shells need no backslash: Ruby's `Shellwords`, bash's `printf %q`.
const SHELL_SAFE_CHARS: &[&str] = &["_-.,:+/@", "_-./:+@%=~#"];

/// Widths at which base64 is broken into lines, in characters: MIME, PEM, Ruby.
const LINE_WIDTHS: [usize; 3] = [76, 64, 60];

/// Returns a text as it is after a program has encoded, escaped or hashed it, in every way.
pub(super) fn encoded(text: &str) -> Vec<(Cause, Text)> {
    let mut made = commonly_encoded(text);
    made.extend(others_than(text, rarely_encoded(text)));
    made
}

/// Returns the most common of these, in that order.
pub(super) fn commonly_encoded(text: &str) -> Vec<(Cause, Text)> {
    let mut made = vec![(Cause::SecretEncoded, STANDARD.encode(text))];
    // The shell command `base64` also encodes a line end, and adds its own.
    for ended in &with_line_ends(text) {
        let written = STANDARD.encode(ended.as_bytes());
        made.push((Cause::SecretEncodedLineEnd, format!("{written}\n")));
        made.push((Cause::SecretEncodedLineEnd, written));
    }
    made.push((Cause::SecretEncoded, HEXLOWER.encode(text.as_bytes())));
    made.push((Cause::SecretHashed, HEXLOWER.encode(&<[u8; 32]>::from(Sha256::digest(text)))));
    made.extend(URL_SAFE_CHARS.iter().map(|safe| (Cause::SecretUrlEncoded, percent_encoded(text, safe))));
    made.extend(HTML.iter().map(|table| (Cause::SecretHtmlEscaped, html_escaped(text, table))));
    made.extend(STRINGS.iter().map(|table| (Cause::SecretEscaped, escaped(text, table))));
    others_than(text, made)
}

fn with_line_ends(text: &str) -> [Text; 2] {
    ["\n", "\r\n"].map(|end| Zeroizing::new(format!("{text}{end}")))
}

fn rarely_encoded(text: &str) -> Vec<(Cause, String)> {
    let mut made = vec![
        (Cause::SecretEncoded, STANDARD_NO_PAD.encode(text)),
        (Cause::SecretEncoded, URL_SAFE.encode(text)),
        (Cause::SecretEncoded, URL_SAFE_NO_PAD.encode(text)),
        (Cause::SecretEncoded, HEXUPPER.encode(text.as_bytes())),
        (Cause::SecretHashed, STANDARD.encode(Sha256::digest(text))),
        (Cause::SecretHashed, HEXLOWER.encode(&Sha512::digest(text))),
        (Cause::SecretHashed, HEXLOWER.encode(&Sha1::digest(text))),
        (Cause::SecretHashed, HEXLOWER.encode(&Md5::digest(text))),
        (Cause::SecretEscaped, text.replace('\\', "")),
        (Cause::SecretEscaped, without_variables(text)),
        // A secret that was created percent-encoded may be decoded before use.
        (Cause::SecretDecoded, percent_decoded(text, false)),
        (Cause::SecretDecoded, percent_decoded(text, true)),
        (Cause::SecretDecoded, html_unescaped(text)),
    ];
    for ended in &with_line_ends(text) {
        made.push((Cause::SecretEncodedLineEnd, HEXLOWER.encode(ended.as_bytes())));
        made.push((Cause::SecretHashed, HEXLOWER.encode(&<[u8; 32]>::from(Sha256::digest(ended.as_bytes())))));
        made.push((Cause::SecretHashed, HEXLOWER.encode(&Md5::digest(ended.as_bytes()))));
    }
    made.extend(in_lines(&STANDARD.encode(text)));
    made.extend(SHELL_SAFE_CHARS.iter().map(|safe| (Cause::SecretEscaped, backslashed(text, safe))));
    // Lower-case digits, and spaces as in a form.
    made.extend(URL_SAFE_CHARS[..3].iter().map(|safe| (Cause::SecretUrlEncoded, lower_digits(&percent_encoded(text, safe)))));
    made.extend(
        URL_SAFE_CHARS[..5].iter().map(|safe| (Cause::SecretUrlEncoded, percent_encoded(text, safe).replace("%20", "+"))),
    );
    if !text.is_ascii() {
        made.extend(STRINGS[..5].iter().map(|table| (Cause::SecretEscaped, in_ascii(&escaped(text, table)))));
    }
    made
}

/// Returns those that differ from the text.
pub(super) fn others_than(text: &str, made: impl IntoIterator<Item = (Cause, String)>) -> Vec<(Cause, Text)> {
    made.into_iter().map(|(cause, made)| (cause, Zeroizing::new(made))).filter(|(_, made)| made.as_str() != text).collect()
}

/// Breaks base64 that is longer than one line, with and without a line break at the end.
fn in_lines(base64: &str) -> Vec<(Cause, String)> {
    let mut made = Vec::new();
    for (width, end) in LINE_WIDTHS.iter().flat_map(|width| [(*width, "\n"), (*width, "\r\n")]) {
        if base64.len() > width {
            let lines: Vec<&str> = (0..base64.len()).step_by(width).map(|at| &base64[at..base64.len().min(at + width)]).collect();
            made.push((Cause::SecretEncoded, lines.join(end) + end));
            made.push((Cause::SecretEncoded, lines.join(end)));
        }
    }
    made
}

fn percent_encoded(text: &str, safe: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || safe.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&HEXUPPER.encode(&[byte]));
        }
    }
    out
}

/// Converts the digits after each percent sign to lower case.
fn lower_digits(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        out.push('%');
        out.push_str(&digits.to_lowercase());
        out.push_str(rest);
    }
    out
}

/// Decodes percent signs and their digits; in a form, `+` is a space.
pub(super) fn percent_decoded(text: &str, is_form: bool) -> String {
    let bytes = text.as_bytes();
    let digit =
        |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 2;
            }
            (b'+', ..) if is_form => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8(out).unwrap_or_default()
}

fn html_escaped(text: &str, table: Table) -> String {
    let base = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // None of the characters of a table is in the entities before it.
    escaped(&base, table)
}

fn escaped(text: &str, table: Table) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        match table.iter().find(|(from, _)| *from == character) {
            Some((_, to)) => out.push_str(to),
            None => out.push(character),
        }
    }
    out
}

/// Escapes characters beyond ASCII as JSON does.
fn in_ascii(text: &str) -> String {
    let mut units = [0; 2];
    let mut out = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            out.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

/// Puts a backslash before every character that a shell may interpret.
fn backslashed(text: &str, safe: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for character in text.chars() {
        if character.is_ascii() && !character.is_ascii_alphanumeric() && !safe.contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// Removes `$` and a name, which a shell or a configuration file takes for an unset variable.
fn without_variables(text: &str) -> String {
    let mut parts = text.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
        // A digit is a complete name.
        let rest = match part.strip_prefix(|first: char| first.is_ascii_digit()) {
            Some(rest) => rest,
            None if part.starts_with(is_name) => part.trim_start_matches(is_name),
            None => {
                out.push('$');
                part
            }
        };
        out.push_str(rest);
    }
    out
}

/// Decodes the entities that programs write for the characters of HTML.
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
        ("&#x3C;", "<"),
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&#x3E;", ">"),
        ("&#47;", "/"),
        ("&#x2F;", "/"),
        ("&#x2f;", "/"),
        ("&#x5C;", "\\"),
        ("&#x3D;", "="),
        ("&#x60;", "`"),
        ("&#96;", "`"),
        ("&nbsp;", "\u{a0}"),
        // Last, so that nothing is decoded twice.
        ("&#38;", "&"),
        ("&amp;", "&"),
    ];
    let mut out = text.to_owned();
    for (entity, character) in ENTITIES.iter().filter(|(entity, _)| text.contains(entity)) {
        out = out.replace(entity, character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Real outputs of functions of seven languages for one secret; see `tests/fixtures/README.md`.
    const WRITTEN: &str = include_str!("../../../tests/fixtures/transformed_secrets.json");

    #[derive(serde::Deserialize)]
    struct Written {
        secret: String,
        outputs: Vec<(String, String, String)>,
    }

    #[test]
    fn every_function_of_seven_languages_is_known() {
        let Written { secret, outputs } = serde_json::from_str(WRITTEN).unwrap();
        assert!(outputs.len() > 80);
        let once = encoded(&secret);
        let twice: Vec<Text> = once.iter().flat_map(|(_, text)| encoded(text)).map(|(_, text)| text).collect();
        for (cause, function, output) in &outputs {
            let has = |output: &str| once.iter().any(|(of, text)| of.as_str() == cause && text.as_str() == output);
            let is_twice = twice.iter().any(|text| text.as_str() == output);
            assert!(has(output) || has(output.trim_end()) || is_twice && function.ends_with("twice"), "{function}: {output}");
        }
    }

    #[test]
    fn a_text_is_transformed_as_programs_do() {
        let made = encoded("a&b\"c/d é");
        let has = |cause, text: &str| made.iter().any(|(of, made)| *of == cause && made.as_str() == text);
        assert!(has(Cause::SecretUrlEncoded, "a%26b%22c%2Fd%20%C3%A9") && has(Cause::SecretUrlEncoded, "a%26b%22c%2Fd+%C3%A9"));
        assert!(has(Cause::SecretUrlEncoded, "a%26b%22c%2fd%20%c3%a9"), "digits in lower case");
        assert!(has(Cause::SecretHtmlEscaped, "a&amp;b&quot;c/d é") && has(Cause::SecretEscaped, "a&b\\\"c/d é"));
        assert!(has(Cause::SecretEscaped, "a&b\\\"c\\/d \\u00e9"), "PHP writes ASCII");
        assert!(has(Cause::SecretEncodedLineEnd, &STANDARD.encode("a&b\"c/d é\n")));
        assert!(made.iter().all(|(_, made)| made.as_str() != "a&b\"c/d é"), "nothing is the text itself");
        assert_eq!(html_unescaped("&amp;quot;&quot;"), "&quot;\"");
        assert_eq!(percent_decoded("a%2Bb+c%", false), "a+b+c%");
        assert_eq!(without_variables("a$bc-d$1e$/f$"), "a-de$/f$");
    }

    #[test]
    fn long_base64_is_broken_into_lines() {
        let text = "a secret that takes more than one line of base64, as some are".repeat(2);
        let made = encoded(&text);
        for (width, end) in [(76, "\n"), (76, "\r\n"), (64, "\n"), (60, "\n")] {
            let base64 = STANDARD.encode(&text);
            let broken = format!("{}{end}{}{end}{}", &base64[..width], &base64[width..2 * width], &base64[2 * width..]);
            for wanted in [format!("{broken}{end}"), broken] {
                assert!(made.iter().any(|(_, made)| made.as_str() == wanted), "{wanted:?}");
            }
        }
    }
}
