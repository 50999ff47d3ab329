//! Texts of a body, ready for display.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::primitives::invisible_chars::{self, Piece};

/// The longest text that is shown.
pub(super) const MAX_GRAPHEMES: usize = 300;
pub(super) const MAX_BYTES: usize = 6000;

/// Returns the text as it is shown: characters that cannot be seen are named, and a long text ends with an ellipsis. `None` if
/// nothing is left.
pub(super) fn text(said: &str) -> Option<String> {
    let said = said.trim();
    let end = said.grapheme_indices(true).nth(MAX_GRAPHEMES).map_or(said.len(), |(at, _)| at);
    // A grapheme has no limit of its own.
    let end = said.floor_char_boundary(end.min(MAX_BYTES));
    let shown: String = invisible_chars::pieces(&said[..end])
        .into_iter()
        .map(|piece| match piece {
            Piece::Seen(text) => text.to_owned(),
            Piece::Unseen(names) => names,
        })
        .collect();
    let rest = if end < said.len() { "…" } else { "" };
    (!shown.is_empty()).then(|| shown + rest)
}
