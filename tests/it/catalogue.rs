//! The catalogue of messages: templates contain no text, messages no markup, and Hindi no English.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::page_languages::latin_words;

/// Latin words in Hindi texts: abbreviations, product names, labels of the guide, and names of commands and formats.
pub(crate) const LATIN_IN_HINDI: &[&str] = &[
    // Chat services, and what their own pages say.
    "Slack",
    "Microsoft",
    "Teams",
    "Discord",
    "Telegram",
    "Integrations",
    "Incoming",
    "Webhook",
    "Workspace",
    "Workflows",
    "Office",
    "Start",
    "Copy",
    "New",
    "Add",
    "KS",
    "Pay",
    "Razorpay",
    "Standard",
    "Webhooks",
    "URL",
    "SECRET",
    "UPI",
    "cURL",
    "TLS",
    "ID",
    "IDs",
    "OTP",
    "CSV",
    "JSON",
    "POST",
    "GET",
    "App",
    "Key",
    "Test",
    "Live",
    "http",
    "https",
    "keys",
    "key",
    "README",
    "doctor",
    "pay",
    "hex",
    "zrok",
    "nginx",
    "Cloudflare",
    "KiB",
    "MiB",
    "Kestrel",
    "Ctrl",
    "Enter",
    "Esc",
    "refund",
    "razorpay",
];

/// Names on the dashboards of gateways and of event types, headers and domains, longest first.
pub(crate) const NAMES_ELSEWHERE: &[&str] = &[
    "Accounts &#38; Settings",
    "Accounts & Settings",
    "Website and app settings",
    "Add New Webhook",
    "Active Events",
    "Alert Email",
    "Create Webhook",
    "Save Webhook",
    "Generate Key",
    "New passphrase",
    "business",
    "Access",
    "API Keys",
    "Key Secret",
    "Live Mode",
    "Test Mode",
    "Live mode",
    "webhook-signature",
    "webhook-timestamp",
    "webhook-id",
    "X-Razorpay-Signature",
    "Content-Encoding",
    "Checkout",
    "Notices",
    "Dashboard",
    "Zip Code",
    "Secret",
    "Edit",
    "Mode",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Returns every file with that extension under a folder, by its path from the root.
fn files(folder: &str, extension: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

/// Removes what is between two marks, marks included.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut parts = text.split(open);
    let mut rest = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        rest.push(' ');
        rest.push_str(part.split_once(close).map_or("", |(_, after)| after));
    }
    rest
}

/// Returns the words of a template that are shown and not in the catalogue.
fn own_words(template: &str) -> Vec<String> {
    let text = without(&without(&without(template, "{#", "#}"), "{%", "%}"), "{{", "}}");
    let mut words = Vec::new();
    for (index, part) in text.split('<').enumerate() {
        let (tag, shown) = if index == 0 { ("", part) } else { part.split_once('>').unwrap_or((part, "")) };
        if !tag.contains("translate=\"no\"") {
            words.extend(letters(shown));
        }
        for attribute in ["aria-label=\"", "title=\"", "alt=\"", "placeholder=\"", "data-name=\""] {
            words.extend(tag.split(attribute).skip(1).flat_map(|value| letters(value.split('"').next().unwrap_or_default())));
        }
    }
    words
}

/// Returns the words of a text that have a letter.
fn letters(text: &str) -> Vec<String> {
    let without_entities = without(text, "&", ";");
    let is_word = |word: &&str| word.chars().any(char::is_alphabetic);
    // A macro may write the attributes of a tag, with the end of an id.
    let is_attribute = |word: &&str| word.contains("=\"") || ["-hint", "-error"].contains(word);
    without_entities.split_whitespace().filter(is_word).filter(|word| !is_attribute(word)).map(str::to_owned).collect()
}

#[test]
fn templates_contain_no_text() {
    let mut found = Vec::new();
    for (name, template) in files("templates", "html") {
        let words = own_words(&template);
        if !words.is_empty() {
            found.push(format!("{name}: {}", words.join(" ")));
        }
    }
    assert!(found.is_empty(), "texts belong in src/messages/*/*.ftl:\n{}", found.join("\n"));
    assert_eq!(
        own_words("<p title=\"Now\">{{ x }} it <b>is</b></p>{% if a %}<svg class=\"icon\"/>&nbsp;{# no #}"),
        ["it", "Now", "is"]
    );
}

#[test]
fn no_template_trusts_a_text() {
    for (name, template) in files("templates", "html") {
        assert!(!template.contains("|safe") && !template.contains("| safe"), "{name}");
    }
}

/// Returns the messages of a language: file and key, and the text, without placeables.
fn messages(language: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let sources: BTreeMap<_, _> = files("src/messages", "ftl").into_iter().chain(files("src/gateways", "ftl")).collect();
    for (name, source) in
        sources.iter().filter(|(name, _)| name.contains(&format!("/{language}/")) || name.ends_with(&format!("/{language}.ftl")))
    {
        let mut key = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let text = match line.split_once(" = ") {
                Some((name, text)) if !line.starts_with("        ") => {
                    let is_part = line.starts_with(' ');
                    key = if is_part { format!("{key} {}", name.trim()) } else { name.to_owned() };
                    text
                }
                _ => line.trim(),
            };
            let text = without(&without(text, "{", "}"), "[", "]");
            let found = found.entry(format!("{name} {key}")).or_insert_with(String::new);
            found.push_str(&text);
            found.push(' ');
        }
    }
    found
}

#[test]
fn a_message_is_text() {
    for language in ["en", "hi"] {
        for (key, text) in messages(language) {
            assert!(!text.contains(['<', '\'', '"', '`']), "{key}: {text}: markup, or a straight quotation mark");
            assert!(!text.contains('!'), "{key}: {text}");
        }
    }
}

#[test]
fn hindi_is_hindi() {
    let mut english: BTreeSet<String> = BTreeSet::new();
    for (key, text) in messages("hi") {
        let foreign = latin_words(&text);
        if !foreign.is_empty() {
            english.insert(format!("{key}: {}", foreign.join(" ")));
        }
    }
    assert!(english.is_empty(), "{}", english.into_iter().collect::<Vec<_>>().join("\n"));
}
