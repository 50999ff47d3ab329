//! Numbers the parameters of a statement as SQLite understands numbers.
//!
//! To SQLite, `$3` is a *name*, and names are numbered in the order in which they appear: with `$1 … $3 … $2` the third value
//! would silently become the second parameter. `?3` is the third in any order.

use std::borrow::Cow;

/// Rewrites `$1` to `?1`, except in literals, quoted names, comments and identifiers.
pub(super) fn numbered(sql: &str) -> Cow<'_, str> {
    if !sql.contains('$') {
        return Cow::Borrowed(sql);
    }
    let (mut text, mut rest) = (String::with_capacity(sql.len()), sql);
    while let Some(first) = rest.bytes().next() {
        if first == b'$' && rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit) {
            text.push('?');
            rest = &rest[1..];
            continue;
        }
        let (token, after) = rest.split_at(token_bytes(rest, first));
        text.push_str(token);
        rest = after;
    }
    Cow::Owned(text)
}

/// Returns the length of the token with which the text begins; of anything without a rule of its own, the first character.
fn token_bytes(text: &str, first: u8) -> usize {
    let through = |end: &str, skipped: usize| text[skipped..].find(end).map_or(text.len(), |at| skipped + at + end.len());
    match first {
        // A doubled quote ends one literal and begins another.
        b'\'' => through("'", 1),
        b'"' => through("\"", 1),
        b'`' => through("`", 1),
        b'[' => through("]", 1),
        b'-' if text.starts_with("--") => through("\n", 2),
        b'/' if text.starts_with("/*") => through("*/", 2),
        _ => {
            let is_of_identifier =
                |character: char| character.is_alphanumeric() || matches!(character, '_' | '$') || !character.is_ascii();
            let first_bytes = text.chars().next().map_or(0, char::len_utf8);
            match text.find(|character| !is_of_identifier(character)) {
                Some(0) => first_bytes,
                Some(end) => end,
                None => text.len(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn parameters_are_numbered_and_nothing_else_is_changed() {
        for (written, expected) in [
            ("SELECT $1, $3, $2, $10", "SELECT ?1, ?3, ?2, ?10"),
            ("a=$1 AND(b>$2)OR c||$3", "a=?1 AND(b>?2)OR c||?3"),
            ("SELECT '$1', 'it''s $2', $1", "SELECT '$1', 'it''s $2', ?1"),
            ("SELECT \"$1\", `$1`, [$1], $2", "SELECT \"$1\", `$1`, [$1], ?2"),
            ("SELECT $1 -- not $2\n, $3", "SELECT ?1 -- not $2\n, ?3"),
            ("SELECT /* '$1 */ $2 /* $3", "SELECT /* '$1 */ ?2 /* $3"),
            ("SELECT a$1, é$2, $name, $", "SELECT a$1, é$2, $name, $"),
            ("SELECT '₹', $1", "SELECT '₹', ?1"),
            ("SELECT 'open $1", "SELECT 'open $1"),
            ("VALUES (?, ?)", "VALUES (?, ?)"),
        ] {
            assert_eq!(numbered(written), expected);
        }
    }
}
