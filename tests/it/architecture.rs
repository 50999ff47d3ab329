//! The house's rules, read off the sources: what a file may say depends on its name.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Files that own a table without being called `store.rs`; ARCHITECTURE.md says why.
const OWN_A_TABLE: &[&str] = &["installation.rs", "connections/secrets.rs", "connections/evidence.rs", "connections/uses.rs"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every file with that ending under a folder: its path from there, and its text up to its unit tests.
fn sources(folder: &str, ending: &str) -> Vec<(String, String)> {
    let base = root().join(folder);
    let mut found = Vec::new();
    let mut folders = vec![base.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                let name = path.strip_prefix(&base).unwrap().to_str().unwrap().to_owned();
                let text = fs::read_to_string(&path).unwrap();
                found.push((name, text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned()));
            }
        }
    }
    assert!(found.len() > 3, "{folder}");
    found
}

/// The lines that are code.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn is_store(name: &str) -> bool {
    name.ends_with("store.rs") || name.contains("/store/") || name.starts_with("db/") || OWN_A_TABLE.contains(&name)
}

#[test]
fn sql_stands_in_stores_alone() {
    for (name, text) in sources("src", "rs").iter().filter(|(name, _)| !is_store(name)) {
        for line in code(text) {
            assert!(!line.contains("sqlx::query") && !line.contains("sql!") && !line.contains("rows!"), "{name}: {line}");
        }
    }
}

#[test]
fn a_store_knows_no_page_and_no_other_slices_table() {
    let tables = [
        ("accounts", &["users", "sessions"][..]),
        ("apps", &["apps"]),
        ("companies", &["companies"]),
        ("events", &["events", "event_payloads", "event_ids"]),
        ("rejections", &["rejections", "rejected_requests", "recoveries", "stray_requests"]),
        ("transactions", &["transactions", "refunds", "disputes", "payment_references"]),
    ];
    for (name, text) in sources("src", "rs").iter().filter(|(name, _)| is_store(name) && !name.starts_with("db/")) {
        let code: String = code(text).collect::<Vec<_>>().join("\n");
        assert!(!code.contains("actix_web") && !code.contains("askama"), "{name}");
        for (slice, tables) in tables.iter().filter(|(slice, _)| !name.starts_with(slice)) {
            for table in *tables {
                for verb in ["FROM", "INTO", "UPDATE", "JOIN"] {
                    assert!(!code.contains(&format!("{verb} {table} ")), "{name} reads or writes {table}, which is {slice}'s");
                }
            }
        }
    }
}

#[test]
fn rules_know_no_web_framework() {
    for (name, text) in sources("src", "rs") {
        let is_rule = name.ends_with("projection.rs") || name.starts_with("kernel/") || name.starts_with("gateways/");
        for line in code(&text).filter(|_| is_rule) {
            assert!(!line.contains("actix_web") && !line.contains("askama"), "{name}: {line}");
        }
    }
}

#[test]
fn the_clock_is_the_only_source_of_time() {
    for (name, text) in sources("src", "rs").iter().filter(|(name, _)| name != "kernel/time.rs") {
        for line in code(text) {
            assert!(!line.contains("SystemTime::now") && !line.contains("jiff::Timestamp::now"), "{name}: {line}");
        }
    }
}

#[test]
fn paths_stand_in_urls_alone() {
    for (name, text) in sources("src", "rs").iter().filter(|(name, _)| name != "urls.rs") {
        for line in code(text) {
            for path in ["\"/ks-pay", "\"/login", "\"/settings", "\"/applications", "\"/webhooks"] {
                assert!(!line.contains(path), "{name}: {line}");
            }
        }
    }
    for (name, text) in sources("templates", "html") {
        for attribute in ["href=\"/", "action=\"/", "src=\"/", "}}/"] {
            assert!(!text.contains(attribute), "{name} has a path of its own");
        }
    }
}

#[test]
fn templates_are_escaped_and_hold_no_script_and_no_style() {
    for (name, text) in sources("templates", "html") {
        for forbidden in ["|safe", "| safe", "style=\"", "<style", " onclick", " onload", "javascript:"] {
            assert!(!text.contains(forbidden), "{name}: {forbidden}");
        }
        let own = text.matches("<script type=\"module\" src=\"{{").count();
        assert_eq!(text.matches("<script").count(), own, "{name} holds a script");
    }
}

#[test]
fn every_module_says_what_it_is() {
    for (name, text) in sources("src", "rs") {
        assert!(text.starts_with("//! "), "{name}");
    }
}

#[test]
fn every_form_that_posts_carries_the_token() {
    for (name, text) in sources("templates", "html") {
        for form in text.split("method=\"post\"").skip(1) {
            let form = form.split("</form>").next().unwrap();
            assert!(form.contains("ui::csrf("), "{name}: {form}");
        }
    }
}
