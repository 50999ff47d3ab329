//! The steps at a gateway and the code snippets, with the values of one connection.

use crate::{
    connections::{
        Connection,
        credentials::{self, StoredCredential},
    },
    gateways::guide::{CodePiece, CopyValue, GuideContext, GuideStep, Snippet},
    i18n::{Text, link},
};

/// A step at the gateway.
pub(crate) struct ShownStep {
    pub(crate) text: Text,
    /// A value to copy: its id on the page, the value, and its name.
    pub(crate) value: Option<(&'static str, String, &'static str)>,
    pub(crate) aside: Option<Text>,
    /// The events to select; empty if the step lists none.
    pub(crate) events: &'static [&'static str],
}

/// A code snippet.
pub(crate) struct ShownSnippet {
    pub(crate) snippet: &'static Snippet,
    pub(crate) code: String,
}

/// Returns the steps of the connection's mode. `email` is the app's address, `integration` the URL of the step after this one.
pub(super) fn steps(connection: &Connection, email: &str, integration: &str) -> Vec<ShownStep> {
    let profile = connection.gateway.profile();
    let context = GuideContext { mode: connection.mode, next: link(integration) };
    let is_of_mode = |step: &&GuideStep| step.mode.is_none_or(|mode| mode == connection.mode);
    let shown = |step: &GuideStep| ShownStep {
        text: (step.text)(&context),
        value: step.value.as_ref().map(|value| match *value {
            CopyValue::Fixed(id, value, name) => (id, value.to_owned(), name),
            CopyValue::Email(id, name) => (id, email.to_owned(), name),
        }),
        aside: step.aside.map(|aside| aside(&context)),
        events: if step.lists_events { profile.recommended_events } else { &[] },
    };
    profile.guide.steps.iter().filter(is_of_mode).map(shown).collect()
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
    let shown = |snippet: &'static Snippet| ShownSnippet { snippet, code: snippet.code.iter().map(text).collect() };
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
