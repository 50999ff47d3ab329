//! The messages of a file in all languages.
//!
//! Invariant: every message has the same variables and parts in each language.

use std::collections::BTreeMap;

use crate::Result;

/// The languages of the catalogue; the first is the one that the others are translated from. `src/i18n/` has the same order.
pub(crate) const LANGUAGES: [&str; 2] = ["en", "hi"];

/// A piece of a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    /// A variable, by its name.
    Argument(String),
    /// Text by plural category or by exact number.
    Plural {
        argument: String,
        exact: Vec<(i64, Vec<Piece>)>,
        one: Option<Vec<Piece>>,
        other: Vec<Piece>,
    },
}

/// A message in one language.
#[derive(Debug)]
pub(crate) struct Message {
    pub key: String,
    pub pieces: Vec<Piece>,
    /// The text of each part, by its name.
    pub parts: BTreeMap<String, Vec<Piece>>,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A number that selects a plural form.
    Number,
    /// Text, a number, or another message.
    Value,
    /// Markup around the text of a part.
    Part,
}

/// A message in all languages.
pub(crate) struct Entry {
    pub key: String,
    /// In the order in which the first language has them.
    pub arguments: Vec<(String, Kind)>,
    pub messages: Vec<Message>,
}

/// Combines the languages of a file.
pub(crate) fn combine(name: &str, by_language: Vec<Vec<Message>>) -> Result<Vec<Entry>> {
    let mut by_language = by_language.into_iter();
    let first = by_language.next().unwrap_or_default();
    let mut entries: Vec<Entry> = first.into_iter().map(Entry::new).collect();
    for (messages, language) in by_language.zip(&LANGUAGES[1..]) {
        let mut translated: BTreeMap<String, Message> =
            messages.into_iter().map(|message| (message.key.clone(), message)).collect();
        for entry in &mut entries {
            let message = translated.remove(&entry.key);
            let message = message.ok_or_else(|| format!("{name}: {} is missing in {language}.", entry.key))?;
            entry.add(message, language).map_err(|error| format!("{name}: {error}"))?;
        }
        if let Some(unknown) = translated.keys().next() {
            return Err(format!("{name}: {language} has {unknown}, which is not in {}.", LANGUAGES[0]));
        }
    }
    Ok(entries)
}

impl Entry {
    fn new(message: Message) -> Self {
        let mut arguments = Vec::new();
        message.arguments(&mut arguments);
        Self { key: message.key.clone(), arguments, messages: vec![message] }
    }

    fn add(&mut self, message: Message, language: &str) -> Result<()> {
        let mut arguments = Vec::new();
        message.arguments(&mut arguments);
        let has = |list: &[(String, Kind)], name: &str| list.iter().any(|(known, _)| known == name);
        if let Some((lost, _)) = self.arguments.iter().find(|(name, _)| !has(&arguments, name)) {
            return Err(format!("{} has no ${lost} in {language}.", self.key));
        }
        for (name, kind) in arguments {
            let known = self.arguments.iter_mut().find(|(known, _)| *known == name);
            let known = known.ok_or_else(|| format!("{} has a ${name} in {language} alone.", self.key))?;
            match (known.1, kind) {
                (Kind::Part, Kind::Part) => {}
                (Kind::Part, _) | (_, Kind::Part) => {
                    return Err(format!("{}: ${name} is a part in one language alone.", self.key));
                }
                (_, Kind::Number) => known.1 = Kind::Number,
                _ => {}
            }
        }
        self.messages.push(message);
        Ok(())
    }
}

impl Message {
    /// Adds the variables in their order, each once.
    fn arguments(&self, found: &mut Vec<(String, Kind)>) {
        self.arguments_of(&self.pieces, found);
        self.parts.values().for_each(|pieces| self.arguments_of(pieces, found));
    }

    fn arguments_of(&self, pieces: &[Piece], found: &mut Vec<(String, Kind)>) {
        for piece in pieces {
            match piece {
                Piece::Text(_) => {}
                Piece::Argument(name) if self.parts.contains_key(name) => add(found, name, Kind::Part),
                Piece::Argument(name) => add(found, name, Kind::Value),
                Piece::Plural { argument, exact, one, other } => {
                    add(found, argument, Kind::Number);
                    let exact = exact.iter().map(|(_, pieces)| pieces);
                    exact.chain(one).chain([other]).for_each(|pieces| self.arguments_of(pieces, found));
                }
            }
        }
    }
}

fn add(found: &mut Vec<(String, Kind)>, name: &str, kind: Kind) {
    match found.iter_mut().find(|(known, _)| known == name) {
        Some(known) if kind == Kind::Number => known.1 = kind,
        Some(_) => {}
        None => found.push((name.to_owned(), kind)),
    }
}
