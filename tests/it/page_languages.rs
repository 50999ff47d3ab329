//! Every page in both languages: no English is left in Hindi, and no private word in English.
//!
//! The pages are those that links of the demo lead to: its apps have every kind of webhook, payment and rejection.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    catalogue::{LATIN_IN_HINDI, NAMES_ELSEWHERE},
    demo,
    language::{REPLACED, has},
    support::{Installation, browser::Browser},
};

/// Pages of the same pattern that are read, because their data differ.
const PAGES_OF_A_PATTERN: usize = 4;

/// Elements whose content is not in the page's language: what users and gateways wrote, ids, and code.
const NOT_TEXT: &[&str] = &["bdi", "code", "pre", "textarea", "script", "style", "svg", "template", "title"];

/// What users wrote in the demo, which labels repeat.
const DEMO: &[&str] = &[
    "Demo Owner",
    "Neem Tree Retail",
    "Patangwala Paper Works",
    "Two Mongoose Tea",
    "The Grand Umbrella, Gumboot, Raincoat and General Monsoon Outfitting Emporium of Upper Chhatarpalli (Established in the Rain)",
];

/// Elements without content.
const VOID: &[&str] = &["meta", "link", "input", "br", "wbr", "hr", "img", "use", "path"];

/// Returns the texts of a page that are in its language: of elements and of labels, except within `translate="no"`.
fn texts(html: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut skipped: Vec<&str> = Vec::new();
    for part in html.split('<').skip(1) {
        let Some((tag, text)) = part.split_once('>') else { continue };
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or_default();
        if tag.starts_with('/') {
            if skipped.last() == Some(&name) {
                skipped.pop();
            }
        } else if !VOID.contains(&name) && !tag.ends_with('/') {
            let is_foreign = NOT_TEXT.contains(&name) || tag.contains("translate=\"no\"");
            // Within a skipped element, those of the same name are counted, so that its own end is found.
            if is_foreign || skipped.last() == Some(&name) {
                skipped.push(name);
            }
        }
        if skipped.is_empty() {
            texts.push(text.trim().to_owned());
            if !tag.contains("translate=\"no\"") {
                for label in ["aria-label=\"", " title=\"", "placeholder=\"", "data-name=\""] {
                    let value = tag.split_once(label).and_then(|(_, value)| value.split('"').next());
                    texts.extend(value.map(str::to_owned));
                }
            }
        }
    }
    texts.retain(|text| !text.is_empty());
    texts
}

/// Returns the Latin words of a text that are not names; ids, addresses and numbers are no words.
pub(crate) fn latin_words(text: &str) -> Vec<String> {
    let text = NAMES_ELSEWHERE.iter().chain(DEMO).fold(text.to_owned(), |text, name| text.replace(name, " "));
    let text = text.replace(['(', ')', ',', '\u{a0}', '“', '”', ':', ';', '।'], " ");
    let is_id = |token: &&str| token.contains(['_', '@', '/', '=']) || token.trim_matches(['.', '?']).contains('.');
    let is_number = |token: &&str| token.contains(|c: char| c.is_ascii_digit());
    let tokens = text.split_whitespace().filter(|token| !is_id(token) && !is_number(token));
    let words = tokens.flat_map(|token| token.split(|c: char| !c.is_ascii_alphabetic())).filter(|word| word.len() > 2);
    let is_abbreviation = |word: &str| word.chars().all(|c| c.is_ascii_uppercase());
    words.filter(|word| !LATIN_IN_HINDI.contains(word) && !is_abbreviation(word)).map(str::to_owned).collect()
}

/// Returns a path with its ids replaced, without its query.
fn pattern(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segment = |part: &str| if part.contains('_') && part.len() > 8 { "{}".to_owned() } else { part.to_owned() };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// Reads the pages that links lead to, a few of each pattern, and returns them by path.
async fn crawl(visitor: &Browser) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    let mut of_pattern: BTreeMap<String, usize> = BTreeMap::new();
    let mut next = VecDeque::from(["/".to_owned()]);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(path) = next.pop_front() {
        let count = of_pattern.entry(pattern(&path)).or_default();
        if *count == PAGES_OF_A_PATTERN {
            continue;
        }
        *count += 1;
        let page = visitor.get(&path).await;
        let is_page = page.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if !is_page {
            continue;
        }
        for link in page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = link.replace("&#38;", "&").replace("&amp;", "&");
            if link.starts_with('/') && !link.starts_with("/static") && !link.ends_with("/body") && seen.insert(link.clone()) {
                next.push_back(link);
            }
        }
        pages.insert(path, page.body);
    }
    pages
}

async fn choose(visitor: &Browser, language: &str) {
    let token = visitor.get("/").await.field("csrf_token").unwrap();
    visitor.post_exactly("/language", &[("csrf_token", &token), ("language", language)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_in_its_language() {
    let at = Installation::new().await;
    let (process, visitor, _) = demo::demo(&at).await;
    demo::until(&visitor, "/ks-pay", "state-verified").await;
    demo::until(&visitor, "/ks-pay", "state-failing").await;
    choose(&visitor, "hi").await;
    let pages = crawl(&visitor).await;
    let patterns: BTreeSet<String> = pages.keys().map(|path| pattern(path)).collect();
    assert!(patterns.len() > 25, "{patterns:?}");
    let mut english: BTreeMap<String, String> = BTreeMap::new();
    // An email is in the language that its reader had when it was sent.
    for (path, html) in pages.iter().filter(|(path, _)| !path.starts_with("/demo/mailbox")) {
        for text in texts(html) {
            if !latin_words(&text).is_empty() {
                english.entry(text).or_insert_with(|| pattern(path));
            }
        }
    }
    choose(&visitor, "en").await;
    let mut private: BTreeMap<String, String> = BTreeMap::new();
    for (path, html) in crawl(&visitor).await {
        for text in texts(&html) {
            let lower = text.to_lowercase();
            if REPLACED.iter().any(|words| has(&lower, words)) {
                private.entry(text).or_insert_with(|| pattern(&path));
            }
        }
    }
    assert_eq!(process.terminate().code, Some(0));
    let list = |found: &BTreeMap<String, String>| {
        found.iter().map(|(text, path)| format!("{path}: {text}")).collect::<Vec<_>>().join("\n")
    };
    assert!(english.is_empty(), "English in Hindi pages:\n{}", list(&english));
    assert!(private.is_empty(), "words that the console does not use:\n{}", list(&private));
}

#[test]
fn the_texts_of_a_page_are_found() {
    let html = "<p title=\"A\">One <bdi>two</bdi> three<span translate=\"no\">four <span>five</span> six</span> seven</p>\
                <input placeholder=\"B\"><svg><title>x</title></svg><textarea>y</textarea>";
    assert_eq!(texts(html), ["One", "A", "three", "seven", "B"]);
    assert_eq!(pattern("/ks-pay/apps/ap_0123456789a/events?mode=live"), "/ks-pay/apps/{}/events");
}
