//! Shortens messages to the limits of services.
//!
//! Invariant: lengths are in UTF-16 units, in which no service allows fewer than characters.

use crate::notifications::Content;

const ELLIPSIS: char = '…';

/// Returns the message with at most about `max` units: the subject, and paragraphs and facts as far as they fit. The link and the footer
/// are always whole.
pub(super) fn shortened(content: &Content, max: usize) -> Content {
    let mut left = max;
    let mut take = |text: &str| {
        let text = cut(text, left);
        left = left.saturating_sub(units(&text));
        text
    };
    let subject = take(&content.subject);
    let paragraphs = content.paragraphs.iter().map(|text| take(text)).collect::<Vec<_>>();
    let facts = content.facts.iter().map(|(label, value)| (take(label), take(value))).collect::<Vec<_>>();
    Content {
        subject,
        paragraphs: paragraphs.into_iter().filter(|text| !text.is_empty()).collect(),
        facts: facts.into_iter().filter(|(label, value)| !label.is_empty() && !value.is_empty()).collect(),
        ..content.clone()
    }
}

/// Returns the text, cut to at most `max` units with an ellipsis.
pub(super) fn cut(text: &str, max: usize) -> String {
    if units(text) <= max {
        return text.to_owned();
    }
    let (mut cut, mut length) = (String::new(), ELLIPSIS.len_utf16());
    for character in text.chars() {
        length += character.len_utf16();
        if length > max {
            break;
        }
        cut.push(character);
    }
    if max > 0 {
        cut.push(ELLIPSIS);
    }
    cut
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
