//! The steps at a gateway and the code snippets, with the values of one connection.

use crate::{
    connections::Connection,
    gateways::{
        Mode,
        guide::{CodePiece, GuideStep, Piece, Snippet},
    },
};

/// A part of a sentence, ready to be shown.
pub(crate) enum Shown {
    Text(String),
    Label(String),
    Path(&'static str),
    Code(&'static str),
    /// A value to copy.
    Copy {
        id: &'static str,
        value: String,
        name: &'static str,
    },
    NextStep(&'static str),
}

/// A step at the gateway.
pub(crate) struct ShownStep {
    pub(crate) text: Vec<Shown>,
    pub(crate) aside: Vec<Shown>,
    /// The events to select; empty if the step lists none.
    pub(crate) events: &'static [&'static str],
}

/// A code snippet.
pub(crate) struct ShownSnippet {
    pub(crate) snippet: &'static Snippet,
    pub(crate) intro: Vec<Shown>,
    pub(crate) code: String,
}

/// Returns the steps of the connection's mode. `email` is the app's address.
pub(super) fn steps(connection: &Connection, email: &str) -> Vec<ShownStep> {
    let profile = connection.gateway.profile();
    let events = profile.recommended_events;
    let is_of_mode = |step: &&GuideStep| step.mode.is_none_or(|mode| mode == connection.mode);
    let shown = |step: &GuideStep| ShownStep {
        text: pieces(step.text, connection.mode, email, events.len()),
        aside: pieces(step.aside, connection.mode, email, events.len()),
        events: if step.lists_events { events } else { &[] },
    };
    profile.guide.steps.iter().filter(is_of_mode).map(shown).collect()
}

fn pieces(pieces: &[Piece], mode: Mode, email: &str, events: usize) -> Vec<Shown> {
    let shown = |piece: &Piece| match *piece {
        Piece::Text(text) => Shown::Text(text.to_owned()),
        Piece::Label(label) => Shown::Label(label.to_owned()),
        Piece::Path(path) => Shown::Path(path),
        Piece::Code(code) => Shown::Code(code),
        Piece::Mode => Shown::Text(mode.label().to_owned()),
        Piece::ModeLabel => Shown::Label(format!("{} Mode", mode.label())),
        Piece::Copy(id, value, name) => Shown::Copy { id, value: value.to_owned(), name },
        Piece::Email(id, name) => Shown::Copy { id, value: email.to_owned(), name },
        Piece::EventCount => Shown::Text(events.to_string()),
        Piece::NextStep(label) => Shown::NextStep(label),
    };
    pieces.iter().map(shown).collect()
}

/// The values that snippets contain.
pub(super) struct SnippetValues<'a> {
    pub(super) key_id: &'a str,
    pub(super) app_name: &'a str,
    pub(super) url: &'a str,
}

/// Returns the snippets with the values of the connection.
pub(super) fn snippets(connection: &Connection, values: &SnippetValues<'_>) -> Vec<ShownSnippet> {
    let text = |piece: &CodePiece| match *piece {
        CodePiece::Text(text) => text.to_owned(),
        CodePiece::KeyId => values.key_id.to_owned(),
        CodePiece::Currency => connection.currency.clone(),
        CodePiece::AppName => values.app_name.to_owned(),
        CodePiece::Url => values.url.to_owned(),
    };
    let shown = |snippet: &'static Snippet| ShownSnippet {
        snippet,
        intro: pieces(snippet.intro, connection.mode, "", 0),
        code: snippet.code.iter().map(text).collect(),
    };
    connection.gateway.profile().snippets.iter().map(shown).collect()
}
