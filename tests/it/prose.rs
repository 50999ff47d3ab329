//! Tests of pages find what they assert by its hook, so that a sentence can be reworded or translated.

use std::{collections::BTreeSet, fs, path::Path};

/// Texts of three or more words that a test may look for on a page, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("Neem Tree Retail", "the name of a company"),
    ("Neem Tree Store", "the name of an app"),
    ("Standard Webhooks", "the name of a gateway"),
    ("the command line", "the name of an author"),
    ("Enter Your Email", "a label of KS Pay's guide"),
    ("Mark as done", "a label of KS Pay's guide"),
    ("not the password", "a password that was typed"),
];

/// The calls that find an element by its hook.
const FINDERS: &[&str] = &[".shows(", ".text_of(", ".texts_of(", ".reason_of(", ".sees(", ".sees_in(", " finds(", " all_show("];

/// The calls whose only argument is a hook.
const HOOKS: &[&str] = &[".shows(", ".lacks(", ".text_of(", ".texts_of(", ".reason_of("];

/// The calls that look for a text in a page's source.
const HAS: &[&str] = &[".has(\"", ".has(&format!(\""];

/// The names and texts of the files in a folder that have that ending.
fn sources(folder: &str, ending: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = paths.filter(|path| path.extension().is_some_and(|found| found == ending));
    let named = found.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()));
    named.filter(|(name, _)| name != "prose.rs").collect()
}

/// The tests and what they share, as [`on_one_line`] returns them.
fn tests() -> Vec<(String, String)> {
    let all = [sources("tests/it", "rs"), sources("tests/it/support", "rs")].concat();
    all.into_iter().map(|(name, text)| (name, on_one_line(&text))).collect()
}

/// Returns the code with the first argument of a call on its line, and with the calls that follow on its value.
fn on_one_line(code: &str) -> String {
    code.lines().fold(String::new(), |before, line| {
        let part = line.trim_start();
        let goes_on = part.starts_with(['.', ')']) || before.ends_with('(');
        if goes_on { before + part } else { before + "\n" + line }
    })
}

/// The arguments of each call, whose mark ends with the opening parenthesis.
fn arguments<'a>(code: &'a str, call: &str) -> impl Iterator<Item = &'a str> {
    code.split(call).skip(1).map(|rest| {
        let (mut depth, mut is_in_text) = (1, false);
        let end = rest.char_indices().find(|(at, letter)| {
            let is_escaped = rest[..*at].ends_with('\\') && !rest[..*at].ends_with("\\\\");
            is_in_text ^= *letter == '"' && !is_escaped && !rest[..*at].ends_with('\'');
            depth += i32::from(!is_in_text && *letter == '(') - i32::from(!is_in_text && *letter == ')');
            depth == 0
        });
        &rest[..end.map_or(rest.len(), |(at, _)| at)]
    })
}

/// The string literals of some code without escapes.
fn texts(code: &str) -> impl Iterator<Item = &str> {
    code.split('"').skip(1).step_by(2)
}

/// The string literals that follow a mark, which ends with the opening quotation mark.
fn literals<'a>(text: &'a str, mark: &str) -> impl Iterator<Item = &'a str> {
    text.split(mark).skip(1).map(|rest| {
        let end = rest.match_indices('"').map(|(at, _)| at).find(|at| !rest[..*at].ends_with('\\'));
        &rest[..end.unwrap_or_default()]
    })
}

/// Whether a text has three or more words one after the other.
fn is_sentence(text: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_end_matches(['.', ',', ':', ';']);
        !word.is_empty() && word.chars().all(|letter| letter.is_alphabetic() || "’'-".contains(letter))
    };
    let words: Vec<bool> = text.split(' ').map(is_word).collect();
    words.windows(3).any(|three| three.iter().all(|is_word| *is_word))
}

fn is_allowed(text: &str) -> bool {
    !is_sentence(text) || EXCEPTIONS.iter().any(|(allowed, _)| text.contains(allowed))
}

#[test]
fn a_sentence_is_told_from_a_value() {
    for sentence in ["There is none yet.", "2 requests were rejected, last", "<dd>none of these</dd> and so on"] {
        assert!(is_sentence(sentence), "{sentence}");
    }
    for value in ["15 times", "<th class=\\\"a\\\">", "name=\\\"mode\\\" value=\\\"test\\\" checked", "A, 1 B, 2 C"] {
        assert!(!is_sentence(value), "{value}");
    }
}

#[test]
fn no_test_looks_for_a_sentence_on_a_page() {
    let (tests, journeys) = (tests(), sources("tests/browser/journeys", "mjs"));
    let support = sources("tests/browser/support", "mjs");
    assert!(tests.len() > 70 && journeys.len() > 10 && support.len() > 5);
    let mut faults = Vec::new();
    for (name, text) in &tests {
        let on_pages = text.lines().filter(|line| [".body", "text_of(", "texts_of("].iter().any(|page| line.contains(page)));
        let on_pages = on_pages.collect::<Vec<_>>().join("\n");
        let wanted = HAS.iter().flat_map(|mark| literals(text, mark)).chain(literals(&on_pages, "contains(\""));
        faults.extend(wanted.filter(|text| !is_allowed(text)).map(|text| format!("{name}: {text}")));
    }
    for (name, text) in journeys.iter().chain(&support) {
        let wanted = ["getByText(\"", "getByText(`", "hasText: \""].into_iter().flat_map(|mark| literals(text, mark));
        faults.extend(wanted.filter(|text| !is_allowed(text)).map(|text| format!("{name}: {text}")));
    }
    assert!(faults.is_empty(), "assert these by a hook (data-testid):\n{}", faults.join("\n"));
}

#[test]
fn a_hook_that_must_be_missing_is_found_by_another_assertion() {
    let all = tests().into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("\n");
    let missing: BTreeSet<&str> = arguments(&all, ".lacks(").flat_map(texts).collect();
    assert!(missing.len() > 40, "{missing:?}");
    let found: BTreeSet<&str> = FINDERS.iter().flat_map(|call| arguments(&all, call)).flat_map(texts).collect();
    // Of a hook with a placeholder, what is in front of it.
    let is_found = |hook: &str| match hook.split_once('{') {
        Some((start, _)) => found.iter().any(|found| found.starts_with(start)),
        None => found.contains(hook),
    };
    let lost: Vec<_> = missing.into_iter().filter(|hook| !is_found(hook)).collect();
    assert!(lost.is_empty(), "a renamed hook would go unnoticed: {lost:?}");
    let is_hook = |hook: &str| {
        hook.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_.{}".contains(letter))
    };
    let hooks = HOOKS.iter().flat_map(|call| arguments(&all, call)).flat_map(texts);
    let strange: Vec<_> = hooks.filter(|hook| !is_hook(hook)).collect();
    assert!(strange.is_empty(), "{strange:?}");
    let expressions = all.split(".shows(").map(|before| before.rsplit(['\n', '|', '&']).next().unwrap_or_default());
    let negated: Vec<_> =
        expressions.filter(|before| before.trim_start().trim_start_matches("assert!(").starts_with('!')).collect();
    assert!(negated.is_empty(), "`lacks` says it: {negated:?}");
}
