//! The steps at a gateway and the code snippets, with the values of one connection.

use crate::{
    connections::{
        Connection,
        credentials::{self, StoredCredential},
    },
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

/// Returns the parts of a sentence. `email` is the app's address, `events` the number of recommended events.
pub(super) fn pieces(pieces: &[Piece], mode: Mode, email: &str, events: usize) -> Vec<Shown> {
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
    pub(super) credentials: &'a [StoredCredential],
    pub(super) app_name: &'a str,
    pub(super) url: &'a str,
}

/// Returns the snippets with the values of the connection.
pub(super) fn snippets(connection: &Connection, values: &SnippetValues<'_>) -> Vec<ShownSnippet> {
    let text = |piece: &CodePiece| match *piece {
        CodePiece::Text(text) => text.to_owned(),
        CodePiece::Credential(field) => credential(connection, values.credentials, field),
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

/// Returns the stored value of a field that is shown, or an example.
fn credential(connection: &Connection, stored: &[StoredCredential], field: &str) -> String {
    let declared = connection.gateway.profile().api_keys.as_ref().and_then(|keys| keys.field(field));
    let example = || declared.map_or_else(String::new, |field| (field.example)(connection.mode));
    credentials::shown(stored, field).map_or_else(example, str::to_owned)
}

/// Returns the label of a credential that the snippets contain and that is not stored.
pub(super) fn missing_credential(connection: &Connection, stored: &[StoredCredential]) -> Option<&'static str> {
    let profile = connection.gateway.profile();
    let keys = profile.api_keys.as_ref()?;
    let missing = |piece: &CodePiece| match *piece {
        CodePiece::Credential(field) if credentials::shown(stored, field).is_none() => keys.field(field),
        _ => None,
    };
    profile.snippets.iter().flat_map(|snippet| snippet.code).find_map(missing).map(|field| field.label)
}
