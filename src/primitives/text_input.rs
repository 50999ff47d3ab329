//! Text that people typed: one line, trimmed, of bounded length and without control characters.
//!
//! PostgreSQL refuses a NUL in text and SQLite does not, so what cannot be stored everywhere is refused here.

/// What is wrong with a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was typed.
    Empty,
    /// Fewer characters than this.
    ShorterThan(usize),
    /// More characters than this.
    LongerThan(usize),
    /// A control character, which cannot be seen and is never meant.
    Control,
}

/// The line, trimmed, if it has between `least` and `most` characters.
///
/// # Errors
/// Says which rule it breaks.
pub fn line(raw: &str, least: usize, most: usize) -> Result<String, Fault> {
    let text = raw.trim();
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if text.chars().any(is_unseen) {
        return Err(Fault::Control);
    }
    match text.chars().count() {
        count if count < least => Err(Fault::ShorterThan(least)),
        count if count > most => Err(Fault::LongerThan(most)),
        _ => Ok(text.to_owned()),
    }
}

/// The same, where nothing typed is an answer too.
///
/// # Errors
/// Says which rule it breaks.
pub fn optional_line(raw: &str, most: usize) -> Result<Option<String>, Fault> {
    match line(raw, 1, most) {
        Ok(text) => Ok(Some(text)),
        Err(Fault::Empty) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// An e-mail address in lower case, as far as its form can be judged: one `@`, something on either side.
///
/// # Errors
/// Says which rule it breaks; `None` when it is not an address.
pub fn email(raw: &str) -> Result<String, Option<Fault>> {
    let text = line(raw, 3, 254).map_err(Some)?.to_lowercase();
    let is_address = text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && !host.is_empty() && !host.contains('@') && !text.contains(char::is_whitespace)
    });
    if is_address { Ok(text) } else { Err(None) }
}

/// Control characters, and the marks that turn the direction of text around: names must not disguise themselves.
fn is_unseen(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_bounded_by_characters_not_bytes() {
        assert_eq!(line("  नीम का पेड़  ", 3, 12), Ok("नीम का पेड़".to_owned()));
        assert_eq!(line(" \t ", 1, 5), Err(Fault::Empty));
        assert_eq!(line("ab", 3, 5), Err(Fault::ShorterThan(3)));
        assert_eq!(line("abcdef", 3, 5), Err(Fault::LongerThan(5)));
        assert_eq!(line("a\0b", 1, 5), Err(Fault::Control));
        assert_eq!(line("a\u{202e}b", 1, 5), Err(Fault::Control));
    }

    #[test]
    fn an_email_is_compared_in_lower_case() {
        assert_eq!(email(" Meera@Neemtree.Example "), Ok("meera@neemtree.example".to_owned()));
        for wrong in ["meera", "@x", "x@", "a@b@c", "a b@c"] {
            assert!(email(wrong).is_err(), "{wrong}");
        }
    }
}
