//! Reads the messages of a file.

use std::collections::BTreeMap;

use fluent_syntax::{
    ast::{self, Entry, Expression, InlineExpression, PatternElement, VariantKey},
    parser,
    unicode::unescape_unicode_to_string,
};

use super::model::{Message, Piece};
use crate::Result;

/// Parses a file. A construct that the console has no use for is an error.
pub(crate) fn messages(source: &str) -> Result<Vec<Message>> {
    let file = parser::parse(source).map_err(|(_, errors)| {
        let error = errors.first();
        let line = error.map_or(1, |error| source[..error.pos.start.min(source.len())].lines().count().max(1));
        format!("line {line} cannot be read: {}.", error.map(ToString::to_string).unwrap_or_default())
    })?;
    let mut messages: Vec<Message> = Vec::new();
    for entry in &file.body {
        match entry {
            Entry::Message(read) => {
                let message = message(read).map_err(|error| format!("{}: {error}", read.id.name))?;
                if messages.iter().any(|known| known.key == message.key) {
                    return Err(format!("{} is there twice.", message.key));
                }
                messages.push(message);
            }
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
            Entry::Term(term) => return Err(format!("-{}: terms are not supported.", term.id.name)),
            Entry::Junk { content } => return Err(format!("this cannot be read: {content}")),
        }
    }
    Ok(messages)
}

fn message(read: &ast::Message<&str>) -> Result<Message> {
    let value = read.value.as_ref().ok_or("a message needs a text.")?;
    let mut parts = BTreeMap::new();
    for attribute in &read.attributes {
        parts.insert(variable(attribute.id.name)?, pieces(&attribute.value)?);
    }
    let message = Message { key: read.id.name.to_owned(), pieces: pieces(value)?, parts };
    for name in message.parts.keys() {
        if !uses(&message.pieces, name) {
            return Err(format!("the text has no ${name} for its part of that name."));
        }
    }
    Ok(message)
}

fn uses(pieces: &[Piece], name: &str) -> bool {
    pieces.iter().any(|piece| match piece {
        Piece::Text(_) => false,
        Piece::Argument(argument) => argument == name,
        Piece::Plural { exact, one, other, .. } => {
            exact.iter().any(|(_, pieces)| uses(pieces, name))
                || one.as_ref().is_some_and(|one| uses(one, name))
                || uses(other, name)
        }
    })
}

fn pieces(pattern: &ast::Pattern<&str>) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for element in &pattern.elements {
        match element {
            // Lines are broken in the file only.
            PatternElement::TextElement { value } => push_text(&mut pieces, &value.replace('\n', " ")),
            PatternElement::Placeable { expression } => match expression {
                Expression::Inline(InlineExpression::StringLiteral { value }) => {
                    push_text(&mut pieces, &unescape_unicode_to_string(value));
                }
                Expression::Inline(InlineExpression::VariableReference { id }) => {
                    pieces.push(Piece::Argument(variable(id.name)?));
                }
                Expression::Select { selector: InlineExpression::VariableReference { id }, variants } => {
                    pieces.push(plural(id.name, variants)?);
                }
                _ => return Err("only variables, plural forms and string literals are supported in braces.".to_owned()),
            },
        }
    }
    Ok(pieces)
}

fn plural(argument: &str, variants: &[ast::Variant<&str>]) -> Result<Piece> {
    let (mut exact, mut one, mut other) = (Vec::new(), None, None);
    for variant in variants {
        let text = pieces(&variant.value)?;
        match &variant.key {
            VariantKey::NumberLiteral { value } => {
                exact.push((value.parse().map_err(|_| format!("[{value}] is no integer."))?, text));
            }
            VariantKey::Identifier { name: "one" } => one = Some(text),
            VariantKey::Identifier { name: "other" } if variant.default => other = Some(text),
            VariantKey::Identifier { name } => return Err(format!("[{name}] is no plural form; *[other] must be the default.")),
        }
    }
    let other = other.ok_or("a plural needs *[other].")?;
    Ok(Piece::Plural { argument: variable(argument)?, exact, one, other })
}

/// Returns the name of an argument in Rust.
fn variable(name: &str) -> Result<String> {
    if name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-' || letter.is_ascii_digit()) {
        return Ok(name.replace('-', "_"));
    }
    Err(format!("${name}: a variable has lower-case letters, digits and hyphens."))
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if let Some(Piece::Text(before)) = pieces.last_mut() {
        before.push_str(text);
    } else {
        pieces.push(Piece::Text(text.to_owned()));
    }
}
