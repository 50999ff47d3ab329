//! Comments, documents and the help of the command line use standard terms, and name only files that exist.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::support::Installation;

/// Words that were once used for a concept that has a term.
pub(crate) const REPLACED: &[&str] = &[
    "whoever",
    "whatever comes",
    "somebody",
    "nobody",
    "believed",
    "tells of",
    "beside each other",
    "of its own accord",
    "goes on counting",
    "let in",
    "by and by",
    "mend",
    "at once",
];

const FOLDERS: &[&str] = &["src", "tests", "benches", "fuzz", "migrations", "scripts", "docs", "templates", "static", "build"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of the project: its path from the root, and its text.
fn files() -> Vec<(String, String)> {
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(|folder| root().join(folder)).collect();
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(root()).unwrap() {
        let is_text = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "md" || ending == "toml");
        found.extend(Some(entry.unwrap().path()).filter(is_text));
    }
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_installed = ["node_modules", "venv", "target", "corpus"].iter().any(|name| path.ends_with(name));
            if path.is_dir() && !is_installed {
                folders.push(path);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    let text = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        fs::read_to_string(path).ok().map(|text| (name, text))
    };
    found.into_iter().filter_map(text).collect()
}

/// The part of a file that is prose: all of a document or a manifest, the comment lines of a source file.
fn prose(name: &str, text: &str) -> String {
    let marks: &[&str] = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "md" | "toml" | "ftl" => return text.to_owned(),
        "rs" | "mjs" | "js" | "c" => &["//", "/*", "* "],
        "css" => &["/*", "* "],
        "sql" => &["--"],
        "html" => &["{#"],
        "py" => &["#"],
        "" if name.starts_with("scripts/") => &["#"],
        _ => return String::new(),
    };
    let comment = |line: &&str| marks.iter().any(|mark| line.trim_start().starts_with(mark));
    text.lines().filter(comment).collect::<Vec<_>>().join("\n")
}

/// Whether a text has these words, in any case, with no letter next to them; line ends and comment marks stand for spaces.
pub(crate) fn has(text: &str, words: &str) -> bool {
    let words = words.to_lowercase();
    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(&words)
        .any(|(at, _)| !is_letter(text[..at].chars().next_back()) && !is_letter(text[at + words.len()..].chars().next()))
}

fn running(text: &str) -> String {
    let is_mark = |word: &&str| !["//", "///", "//!", "--", "#", "*"].contains(word);
    text.to_lowercase().split_whitespace().filter(is_mark).collect::<Vec<_>>().join(" ")
}

#[test]
fn comments_and_documents_use_the_terms_of_the_field() {
    let mut faults = Vec::new();
    let files = files();
    assert!(files.len() > 400, "{}", files.len());
    for (name, text) in files.iter().filter(|(name, _)| name != "tests/it/language.rs") {
        let prose = running(&prose(name, text));
        faults.extend(REPLACED.iter().filter(|words| has(&prose, words)).map(|words| format!("{name}: {words}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The length of the comment or the literal that begins a part of a Rust file; `None` if none does.
fn literal_or_comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return rest.find('\n');
    }
    let hashes = rest.strip_prefix('r').map(|raw| raw.len() - raw.trim_start_matches('#').len());
    if let Some(hashes) = hashes.filter(|hashes| rest[1 + hashes..].starts_with('"')) {
        let (start, end) = (hashes + 2, format!("\"{}", "#".repeat(hashes)));
        return rest[start..].find(&end).map(|at| start + at + end.len());
    }
    let mut letters = rest.char_indices();
    let (_, quote) = letters.next().filter(|(_, first)| "\"'".contains(*first))?;
    let is_lifetime = quote == '\'' && !rest.starts_with("'\\") && rest.chars().nth(2) != Some('\'');
    let mut is_escaped = false;
    let end = letters.find(|(_, letter)| {
        let is_end = !is_escaped && *letter == quote;
        is_escaped = !is_escaped && *letter == '\\';
        is_end
    });
    end.filter(|_| !is_lifetime).map(|(at, _)| at + 1)
}

/// The identifiers of a Rust file, each with a space between its words.
fn identifiers(text: &str) -> BTreeSet<String> {
    let (mut code, mut rest) = (String::new(), text);
    while let Some(next) = rest.chars().next() {
        let skipped = literal_or_comment(rest);
        code.push(if skipped.is_some() { ' ' } else { next });
        rest = &rest[skipped.unwrap_or(next.len_utf8())..];
    }
    code.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).map(words).collect()
}

/// `let_in`, `LET_IN` and `LetIn` as `let in`.
fn words(identifier: &str) -> String {
    let mut words = String::new();
    for letter in identifier.chars() {
        if letter.is_uppercase() && words.ends_with(char::is_lowercase) {
            words.push(' ');
        }
        words.push(if letter == '_' { ' ' } else { letter });
    }
    words.to_lowercase()
}

#[test]
fn identifiers_use_the_terms_of_the_field() {
    let (mut faults, mut count) = (Vec::new(), 0);
    let is_rust = |name: &str| name.rsplit_once('.').is_some_and(|(_, ending)| ending == "rs");
    let is_source = |name: &str| ["src/", "tests/it/"].iter().any(|folder| name.starts_with(folder)) && is_rust(name);
    for (name, text) in files().iter().filter(|(name, _)| is_source(name)) {
        let identifiers = identifiers(text);
        count += identifiers.len();
        let replaced = identifiers.iter().filter(|identifier| REPLACED.iter().any(|words| has(identifier, words)));
        faults.extend(replaced.map(|identifier| format!("{name}: {identifier}")));
    }
    assert!(count > 25_000, "{count}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn identifiers_are_found_outside_of_texts_and_comments() {
    let text = r##"/// Told.
        fn let_in<'a>(Kind::StoredOnly: &'a u8) { say("not \" believed", '"', '\'', r#"{"mend": "at"}"#, MAX_BYTES) } // mend
    "##;
    let found: Vec<String> = identifiers(text).into_iter().filter(|words| words.len() > 3).collect();
    assert_eq!(found, ["kind", "let in", "max bytes", "stored only"]);
}

/// The help of a command and of every command below it.
async fn help(at: &Installation, command: Vec<String>) -> String {
    let args: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
    let mut text = at.cli_with(&args, "", &[]).await.out;
    let below = text.split_once("Commands:\n").map(|(_, rest)| rest.split("\n\n").next().unwrap().to_owned());
    for name in below.iter().flat_map(|rest| rest.lines()).filter_map(|line| line.split_whitespace().next()) {
        if name != "help" {
            let command = [&command[..], &[name.to_owned()]].concat();
            text += &Box::pin(help(at, command)).await;
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_of_every_command_uses_the_terms_of_the_field() {
    let at = Installation::new().await;
    let text = running(&help(&at, Vec::new()).await);
    assert!(text.contains("ks-pay transactions recount") && text.contains("ks-pay webhook rotate"), "{text}");
    let faults: Vec<_> = REPLACED.iter().filter(|words| has(&text, words)).collect();
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn a_source_file_that_is_named_in_prose_exists() {
    let files = files();
    let paths: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let is_there = |wanted: &str| {
        wanted.ends_with("NAME.rs")
            || wanted.starts_with("OUT_DIR/")
            || wanted.ends_with("NOUN.rs")
            || paths.iter().any(|path| *path == wanted || path.ends_with(&format!("/{wanted}")))
    };
    let mut faults = Vec::new();
    for (name, text) in files.iter().filter(|(name, _)| name != "tests/it/language.rs") {
        let prose = prose(name, text);
        let named = prose.split(|letter: char| !(letter.is_ascii_alphanumeric() || "_./".contains(letter)));
        for wanted in named.map(|word| word.trim_matches('.').trim_start_matches("./")) {
            let is_file = [".rs", ".mjs", ".sql"].iter().any(|ending| wanted.len() > 4 && wanted.ends_with(ending));
            if is_file && !wanted.starts_with('/') && !is_there(wanted) && !is_there(&format!("src/{wanted}")) {
                faults.push(format!("{name}: {wanted}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
