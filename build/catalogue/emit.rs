//! Writes the functions of the messages.

use std::fmt::Write as _;

use super::model::{Entry, Kind, Message, Piece};

/// Returns the functions of a feature in a module of its name.
pub(crate) fn module(name: &str, entries: &[Entry]) -> String {
    let functions = functions(name, entries);
    let used = |name: &&&str| {
        functions.contains(&format!("{name}::"))
            || functions.contains(&format!("impl {name}"))
            || *name == &"Message"
            || *name == &"Text"
    };
    let imports = ["Arg", "Message", "Piece", "Text", "ToArg", "ToNumber", "ToPart"].iter().filter(used).copied();
    let imports = imports.collect::<Vec<_>>().join(", ");
    format!("pub(crate) mod {} {{\nuse crate::i18n::{{{imports}}};\n{functions}}}\n", name.replace('-', "_"))
}

/// Returns a function for each message.
pub(crate) fn functions(name: &str, entries: &[Entry]) -> String {
    entries.iter().map(|entry| function(name, entry)).collect()
}

fn function(file: &str, entry: &Entry) -> String {
    let name = entry.key.replace('-', "_");
    let mut code = String::new();
    for message in entry.messages.iter().take(1) {
        // rustdoc rejects a URL that is no link.
        let _ = writeln!(code, "/// {}", plain(message, &message.pieces).replace("://", "\\://"));
    }
    let patterns: Vec<String> = entry.messages.iter().map(|message| pattern(entry, message, &message.pieces)).collect();
    let message = format!(
        "static MESSAGE: Message = Message {{ key: {:?}, patterns: [{}] }};",
        format!("{file}.{}", entry.key),
        patterns.join(", ")
    );
    if entry.arguments.is_empty() {
        let _ = writeln!(code, "pub(crate) const fn {name}() -> Text {{ {message} Text::new(&MESSAGE) }}");
        return code;
    }
    let parameters: Vec<String> =
        entry.arguments.iter().map(|(name, kind)| format!("{name}: impl {}", conversion(*kind).0)).collect();
    let arguments: Vec<String> = entry.arguments.iter().map(|(name, kind)| conversion(*kind).1.replace('@', name)).collect();
    let (parameters, arguments) = (parameters.join(", "), arguments.join(", "));
    let _ = writeln!(code, "pub(crate) fn {name}({parameters}) -> Text {{ {message} Text::with(&MESSAGE, vec![{arguments}]) }}");
    code
}

/// Returns the trait of a parameter, and the expression that converts `@`.
fn conversion(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Number => ("ToNumber", "Arg::Number(@.to_number())"),
        Kind::Value => ("ToArg", "@.to_arg()"),
        Kind::Part => ("ToPart", "Arg::Part(@.to_part())"),
    }
}

fn pattern(entry: &Entry, message: &Message, pieces: &[Piece]) -> String {
    let pieces: Vec<String> = pieces.iter().map(|piece| piece_code(entry, message, piece)).collect();
    format!("&[{}]", pieces.join(", "))
}

fn piece_code(entry: &Entry, message: &Message, piece: &Piece) -> String {
    let index = |name: &str| entry.arguments.iter().position(|(known, _)| known == name).unwrap_or_default();
    match piece {
        Piece::Text(text) => format!("Piece::Text({text:?})"),
        Piece::Argument(name) => match message.parts.get(name) {
            Some(part) => format!("Piece::Part({}, {})", index(name), pattern(entry, message, part)),
            None => format!("Piece::Arg({})", index(name)),
        },
        Piece::Plural { argument, exact, one, other } => {
            let exact: Vec<String> =
                exact.iter().map(|(number, pieces)| format!("({number}, {})", pattern(entry, message, pieces))).collect();
            let one = one.as_ref().map_or("None".to_owned(), |one| format!("Some({})", pattern(entry, message, one)));
            let other = pattern(entry, message, other);
            format!("Piece::Plural {{ arg: {}, exact: &[{}], one: {one}, other: {other} }}", index(argument), exact.join(", "))
        }
    }
}

/// Returns the text for the documentation of its function.
fn plain(message: &Message, pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Argument(name) => message.parts.get(name).map_or(format!("{{{name}}}"), |part| plain(message, part)),
        Piece::Plural { argument, other, .. } => format!("{{{argument}: {}}}", plain(message, other)),
    };
    pieces.iter().map(piece).collect()
}
