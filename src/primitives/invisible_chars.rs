//! Finds invisible and bidirectional control characters in external text, so that a page can show their code points instead
//! of applying them.
//!
//! Invariant: characters that a script needs are unchanged, such as the joiners of Devanagari or of an emoji. Any other
//! invisible character is made visible, so that the displayed text is exactly the text received.
//!
//! The properties of characters are those of the Unicode Character Database.

use icu_properties::props::{
    BinaryProperty as _, DefaultIgnorableCodePoint, Emoji, EmojiModifier, EnumeratedProperty as _, ExtendedPictographic,
    GeneralCategory,
};

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Seen(&'a str),
    /// The code points of invisible characters, as displayed: `⟨U+202E⟩`.
    Unseen(String),
}

/// Splits the text into visible and invisible parts.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut from, mut before) = (0, None);
    let mut run: Option<(char, usize)> = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let after = characters.peek().map(|(_, next)| *next);
        let is_unseen = is_unseen(character, before, after);
        before = Some(character);
        run = match run {
            Some((same, count)) if is_unseen && same == character => Some((same, count + 1)),
            ended => {
                push(&mut pieces, ended);
                is_unseen.then_some((character, 1))
            }
        };
        if is_unseen {
            seen(&mut pieces, &text[from..at]);
            from = at + character.len_utf8();
        }
    }
    push(&mut pieces, run);
    seen(&mut pieces, &text[from..]);
    pieces
}

/// Whether a name could disguise itself with the text: it holds a character that cannot be seen, or nothing that can. Joiners
/// are allowed inside a word of a script that is written with them, where they decide how letters are drawn.
pub(crate) fn disguises(text: &str) -> bool {
    let is_hidden = |piece: &Piece<'_>| matches!(piece, Piece::Unseen(_));
    let ends_in_joiner = |word: &str| word.ends_with(['\u{200c}', '\u{200d}']);
    !text.chars().any(is_visible) || pieces(text).iter().any(is_hidden) || text.split_whitespace().any(ends_in_joiner)
}

/// Whether it is drawn by itself: neither space nor joiner, nor a mark on the letter before it.
fn is_visible(character: char) -> bool {
    let is_on_another =
        matches!(GeneralCategory::for_char(character), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
    !is_on_another && !character.is_whitespace() && !character.is_control() && !is_mark(character)
}

fn seen<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str) {
    if !text.is_empty() {
        pieces.push(Piece::Seen(text));
    }
}

/// Appends a run of the same character. Adjacent runs of different characters form one part.
fn push(pieces: &mut Vec<Piece<'_>>, run: Option<(char, usize)>) {
    let Some((character, count)) = run else { return };
    let times = if count > 1 { format!("×{count}") } else { String::new() };
    let name = format!("⟨U+{:04X}{times}⟩", u32::from(character));
    match pieces.last_mut() {
        Some(Piece::Unseen(names)) => names.push_str(&name),
        _ => pieces.push(Piece::Unseen(name)),
    }
}

fn is_unseen(character: char, before: Option<char>, after: Option<char>) -> bool {
    match character {
        '\n' | '\t' => false,
        // A Windows line ending.
        '\r' => after != Some('\n'),
        '\u{200c}' | '\u{200d}' => !before.is_some_and(is_joined) && !is_of_emoji(before, after),
        // A variation selector after an emoji chooses its presentation.
        '\u{fe0e}' | '\u{fe0f}' => !before.is_some_and(Emoji::for_char),
        _ => character.is_control() || is_mark(character),
    }
}

/// True for bidirectional controls, zero-width spaces, fillers, tags, and other characters without a glyph.
fn is_mark(character: char) -> bool {
    // ASCII has none, and is most of what gateways send.
    if character.is_ascii() {
        return false;
    }
    DefaultIgnorableCodePoint::for_char(character)
        || matches!(GeneralCategory::for_char(character), GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator)
        // The blank pattern of Braille, and the marks of annotations: format characters outside the property. The others that
        // are, such as the Arabic number sign, are drawn.
        || matches!(character, '\u{2800}' | '\u{fff9}'..='\u{fffb}')
}

/// True for characters of scripts that use joiners: Arabic, and the scripts of India and its neighbours.
const fn is_joined(character: char) -> bool {
    matches!(character, '\u{620}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17b3}' | '\u{17b6}'..='\u{17d3}')
}

/// True between two emoji.
fn is_of_emoji(before: Option<char>, after: Option<char>) -> bool {
    let is_picture =
        |character| character == '\u{fe0f}' || ExtendedPictographic::for_char(character) || EmojiModifier::for_char(character);
    before.is_some_and(is_picture) && after.is_some_and(is_picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        pieces(text)
            .into_iter()
            .map(|piece| match piece {
                Piece::Seen(text) => text.to_owned(),
                Piece::Unseen(names) => names,
            })
            .collect()
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        for (text, wanted) in [
            ("pay\u{202e}9001", "pay⟨U+202E⟩9001"),
            ("a\u{200b}b\u{feff}", "a⟨U+200B⟩b⟨U+FEFF⟩"),
            ("\0\u{1b}[31m", "⟨U+0000⟩⟨U+001B⟩[31m"),
            ("a\rb\r\nc\td", "a⟨U+000D⟩b\r\nc\td"),
            ("a\u{2066}\u{2066}\u{2066}b", "a⟨U+2066×3⟩b"),
            ("ad\u{200d}min\u{200c}", "ad⟨U+200D⟩min⟨U+200C⟩"),
            ("a\u{fe0f}\u{e0041}", "a⟨U+FE0F⟩⟨U+E0041⟩"),
            ("\u{2028}\u{2029}\u{2800}\u{fffa}", "⟨U+2028⟩⟨U+2029⟩⟨U+2800⟩⟨U+FFFA⟩"),
            ("\u{115f}\u{3164}\u{61c}\u{180e}\u{1d173}", "⟨U+115F⟩⟨U+3164⟩⟨U+061C⟩⟨U+180E⟩⟨U+1D173⟩"),
            ("∑\u{fe0f}⇒\u{200d}⇒", "∑⟨U+FE0F⟩⇒⟨U+200D⟩⇒"),
        ] {
            assert_eq!(shown(text), wanted);
        }
    }

    #[test]
    fn what_a_script_needs_stays() {
        for text in [
            "क्‍ष और र्‌क, दीया",
            "می‌خواهم",
            "👩‍🌾 ❤️ 1️⃣",
            "නමස්ක්‍රි",
            "₹ ‘quoted’ – é\u{301}",
            "שלום",
            "👩🏽‍🌾 🏳️‍🌈 🏴‍☠️ 🙂‍↔️ 🐦‍⬛ ☎︎ ©️",
            "\u{600}١٢",
        ] {
            assert_eq!(pieces(text), [Piece::Seen(text)]);
        }
    }

    #[test]
    fn marks_alone_are_nothing_to_see() {
        for (text, is_disguise) in [("\u{301}\u{20dd}", true), ("\u{94d}\u{fe2f}", true), ("e\u{301}", false), ("︙", false)] {
            assert_eq!(disguises(text), is_disguise, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_can_be_seen_is_lost(text in "\\PC{0,40}") {
            let seen: usize = pieces(&text).iter().map(|piece| if let Piece::Seen(text) = piece { text.len() } else { 0 }).sum();
            let unseen = pieces(&text).iter().any(|piece| matches!(piece, Piece::Unseen(_)));
            prop_assert!(seen == text.len() || unseen);
        }
    }
}
