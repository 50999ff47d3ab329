//! House rules, checked against the sources: which code a file may contain depends on its name.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Files that own a table although they are not called `store.rs`; ARCHITECTURE.md gives the reasons.
const OWN_A_TABLE: &[&str] =
    &["settings_store.rs", "accounts/security_log.rs", "connections/secrets/mod.rs", "connections/secret_usage/mod.rs"];

/// The modules of `src`, lowest layer first. A module uses only those before it.
const LAYERS: &[&str] = &[
    "primitives",
    "i18n",
    "telemetry",
    "net",
    "db",
    "jobs",
    "settings_store",
    "gateways",
    "accounts",
    "companies",
    "apps",
    "tokens",
    "connections",
    "urls",
    "events",
    "ledger",
    "refunds",
    "deliveries",
    "notifications",
    "alerts",
    "automations",
    "pipeline",
    "rejections",
    "clock_check",
    "url_check",
    "test_events",
    "replays",
    "ingestion",
    "listening",
    "messages",
    "alerting",
    "automating",
    "console",
    "server",
    "demo",
    "cli",
    "fuzzing",
];

/// The parts of the console that all its features share, lowest first.
const SHARED_BY_PAGES: &[&str] = &["http", "read_models"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Returns every file with that extension under a folder: its relative path, and its text without unit tests.
fn sources(folder: &str, ending: &str) -> Vec<(String, String)> {
    let base = root().join(folder);
    let mut found = Vec::new();
    let mut folders = vec![base.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.ends_with("node_modules") {
                continue;
            }
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

/// Returns the lines that are code.
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

/// The owner of each table: a folder or a file of `src`.
const OWNERS: &[(&str, &[&str])] = &[
    ("accounts", &["users", "sessions", "password_resets", "security_log"]),
    ("apps", &["apps"]),
    ("companies", &["companies"]),
    ("db", &["ids"]),
    ("connections", &["connections", "credentials", "secrets", "secret_usage", "activity", "accepted_accounts"]),
    ("events", &["events", "event_payloads", "event_ids", "payload_dictionaries"]),
    ("ingestion", &["versions"]),
    ("rejections", &["rejections", "rejected_requests", "recoveries", "unknown_endpoint_requests"]),
    ("settings_store", &["installation"]),
    ("jobs", &["job_leases"]),
    ("refunds", &["refund_requests", "refund_settings", "automatic_refunds"]),
    ("ledger", &["transactions", "refunds", "disputes", "payment_references", "daily_totals", "orders"]),
    (
        "deliveries",
        &[
            "destinations",
            "destination_secrets",
            "destination_headers",
            "destination_health",
            "deliveries",
            "delivery_bodies",
            "attempts",
        ],
    ),
    ("replays", &["replays"]),
    ("url_check", &["url_checks"]),
    ("test_events", &["test_events"]),
    ("tokens", &["tokens"]),
    ("notifications", &["notifications", "channels"]),
    ("automations", &["automations", "automation_runs", "automation_messages"]),
    ("alerts", &["alerts", "alert_messages", "alert_rules", "alert_schedules", "alert_digests", "operator_alerts"]),
];

/// Stores that also read a table of another feature, to find rows of an app by its connections, or of a company by its apps.
const FOREIGN_READS: &[(&str, &str)] = &[
    ("events/store/mod.rs", "connections"),
    ("rejections/store/deferred.rs", "connections"),
    ("events/store/search.rs", "connections"),
    ("ledger/orders/store.rs", "apps"),
    ("ledger/payments/store/mod.rs", "connections"),
    ("ledger/payments/store/search.rs", "connections"),
    ("ledger/payments/store/cross_mode.rs", "connections"),
];

/// True if the code has these words, and no letter, digit or underscore after them. A line break in a text stands for a space.
fn names(code: &str, words: &str) -> bool {
    let is_in_word = |next: char| next.is_alphanumeric() || next == '_';
    code.match_indices(words).any(|(at, _)| !code[at + words.len()..].starts_with(is_in_word))
}

#[test]
fn a_store_knows_no_page_and_no_other_slices_table() {
    let mut foreign = Vec::new();
    for (name, text) in sources("src", "rs").iter().filter(|(name, _)| is_store(name) && !name.starts_with("db/")) {
        let code: String = code(text).flat_map(str::split_whitespace).filter(|word| *word != "\\").collect::<Vec<_>>().join(" ");
        assert!(!code.contains("actix_web") && !code.contains("askama"), "{name}");
        for (owner, tables) in OWNERS.iter().filter(|(owner, _)| !name.starts_with(owner)) {
            for table in *tables {
                for verb in ["FROM", "INTO", "UPDATE", "JOIN"] {
                    if names(&code, &format!("{verb} {table}")) {
                        assert!(FOREIGN_READS.contains(&(name.as_str(), *table)), "{name}: {verb} {table}, which is of {owner}");
                        foreign.push((name.clone(), *table));
                    }
                }
            }
        }
    }
    assert!(FOREIGN_READS.iter().all(|(name, table)| foreign.contains(&((*name).to_owned(), *table))), "{foreign:?}");
}

#[test]
fn only_the_console_reads_without_a_check_of_its_own() {
    let readers = sources("src", "rs").into_iter().filter(|(_, text)| code(text).any(|line| line.contains(".page_reader()")));
    let (pages, others): (Vec<String>, Vec<String>) =
        readers.map(|(name, _)| name).partition(|name| name.starts_with("console/"));
    assert!(others.is_empty() && pages.len() > 5, "{others:?}");
}

#[test]
fn a_command_uses_no_form_of_a_page() {
    for (name, text) in sources("src", "rs").iter().filter(|(name, _)| name.starts_with("cli/")) {
        assert!(!code(text).any(|line| line.contains("forms::") || line.contains("http::form")), "{name}");
    }
}

#[test]
fn a_table_is_named_at_a_word_boundary() {
    assert!(names("SELECT id FROM apps) AS own", "FROM apps") && names("DELETE FROM apps\"", "FROM apps"));
    assert!(!names("SELECT id FROM apps_of_others", "FROM apps"));
}

#[test]
fn every_table_has_one_owner() {
    let mut owned: Vec<&str> = OWNERS.iter().flat_map(|(_, tables)| tables.iter().copied()).collect();
    let created = crate::support::database::migrations("sqlite");
    let mut created: Vec<&str> = created
        .iter()
        .flat_map(|(_, text)| text.split("CREATE TABLE ").skip(1))
        .map(|rest| rest.split_once(' ').unwrap().0)
        .collect();
    owned.sort_unstable();
    created.sort_unstable();
    assert_eq!(owned, created);
}

/// Returns the paths that a `use` tree names, with their segments joined by `::`.
fn flatten(tree: &str, prefix: &str, paths: &mut Vec<String>) {
    let (mut depth, mut start) = (0, 0);
    let mut branches = Vec::new();
    for (at, character) in tree.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                branches.push(&tree[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    branches.push(&tree[start..]);
    for branch in branches.into_iter().map(str::trim).filter(|branch| !branch.is_empty()) {
        match branch.split_once('{') {
            Some((head, rest)) => flatten(rest.strip_suffix('}').unwrap(), &format!("{prefix}{head}"), paths),
            None => paths.push(format!("{prefix}{branch}")),
        }
    }
}

/// Returns every path below `crate::` that a file's code names, in `use` trees and elsewhere.
fn crate_paths(text: &str) -> Vec<String> {
    let code: String = code(text).collect::<Vec<_>>().join(" ");
    let mut paths = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.split_once(';') {
            Some((tree, _)) if tree.starts_with('{') || tree.contains("::{") => flatten(tree, "", &mut paths),
            _ => paths.push(rest.chars().take_while(|next| next.is_alphanumeric() || *next == '_' || *next == ':').collect()),
        }
    }
    paths
}

fn layer(name: &str) -> usize {
    LAYERS.iter().position(|layer| *layer == name).unwrap_or_else(|| panic!("{name} is in no layer"))
}

/// Returns the non-test files, each with its module path in segments.
fn modules() -> Vec<(Vec<String>, String)> {
    let is_test = |name: &str| name.split('/').any(|part| part == "tests" || part == "tests.rs");
    let segments = |name: &str| name.trim_end_matches(".rs").split('/').map(ToOwned::to_owned).collect();
    let all = sources("src", "rs").into_iter().filter(|(name, _)| !is_test(name) && name != "lib.rs" && name != "main.rs");
    all.map(|(name, text)| (segments(&name), text)).collect()
}

#[test]
fn a_module_uses_only_layers_below_it() {
    let mut upward = Vec::new();
    for (segments, text) in modules() {
        for path in crate_paths(&text) {
            if layer(path.split("::").next().unwrap()) > layer(&segments[0]) {
                upward.push(format!("{} uses {path}", segments.join("/")));
            }
        }
    }
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn pages_of_a_feature_import_no_other_features_pages() {
    let mut across = Vec::new();
    let shared = |name: &str| SHARED_BY_PAGES.iter().position(|part| *part == name);
    for (segments, text) in modules().into_iter().filter(|(segments, _)| segments[0] == "console" && segments.len() > 2) {
        for path in crate_paths(&text).iter().filter(|path| path.starts_with("console::")) {
            let (own, other) = (segments[1].as_str(), path.split("::").nth(1).unwrap());
            let is_allowed = own == other || shared(other).is_some_and(|part| shared(own).is_none_or(|own| part < own));
            if !is_allowed {
                across.push(format!("{} uses {path}", segments.join("/")));
            }
        }
    }
    assert!(across.is_empty(), "{across:#?}");
}

#[test]
fn use_trees_are_read_whole() {
    let text = "use crate::{\n    a::{self, b},\n    c as d,\n};\nuse crate::e::{f, g::h};\nfn x() { crate::i::j(); }\n";
    assert_eq!(crate_paths(text), ["a::self", "a::b", "c as d", "e::f", "e::g::h", "i::j"]);
}

#[test]
fn rules_know_no_web_framework() {
    for (name, text) in sources("src", "rs") {
        let is_rule = [
            "primitives/",
            "gateways/",
            "accounts/",
            "companies/",
            "apps/",
            "connections/",
            "ledger/",
            "refunds/",
            "events/",
            "pipeline/",
        ]
        .iter()
        .any(|layer| name.starts_with(layer))
            || (name.starts_with("rejections/") && !name.starts_with("rejections/recorder"));
        for line in code(&text).filter(|_| is_rule) {
            assert!(!line.contains("actix_web") && !line.contains("askama"), "{name}: {line}");
        }
    }
}

#[test]
fn the_clock_is_the_only_source_of_time() {
    for (name, text) in sources("src", "rs").iter().filter(|(name, _)| name != "primitives/time.rs") {
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
            // An email has no style sheet: mail programs drop it.
            let is_style_of_email = name.starts_with("mail/") && forbidden == "style=\"";
            assert!(is_style_of_email || !text.contains(forbidden), "{name}: {forbidden}");
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

/// Modules beside the folder of their submodules. The list can only shrink.
const BESIDE_THEIR_FOLDER: &[&str] = &[
    "console/accounts/routes.rs",
    "console/setup/credentials.rs",
    "gateways/adapter.rs",
    "gateways/razorpay/parse.rs",
    "gateways/razorpay/samples/entities.rs",
    "gateways/razorpay/samples/tests.rs",
    "messages/rejections.rs",
    "messages/rejections/fixes.rs",
];

#[test]
fn a_module_with_submodules_is_the_mod_file_of_their_folder() {
    let names = |folder: &str| sources(folder, "rs").into_iter().map(|(name, _)| name);
    assert!(names("tests/it").all(|name| !root().join("tests/it").join(name.trim_end_matches(".rs")).is_dir()));
    let mut beside: Vec<String> =
        names("src").filter(|name| root().join("src").join(name.trim_end_matches(".rs")).is_dir()).collect();
    beside.sort_unstable();
    assert_eq!(beside, BESIDE_THEIR_FOLDER);
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

#[test]
fn every_browser_and_sdk_test_has_the_time_limit() {
    const WITH_THE_LIMIT: &str = "support/test.mjs";
    let mut tests = 0;
    for (name, text) in sources("tests/browser", "mjs") {
        // `node:test` itself has no timeout, however it is imported.
        let has_runner = text.contains("node:test") && !text.starts_with("// node:test with a limit");
        assert!(!has_runner, "{name} imports node:test: import {WITH_THE_LIMIT}");
        if name.ends_with(".test.mjs") {
            let from = if name.contains('/') { "\"../support/test.mjs\"" } else { "\"./support/test.mjs\"" };
            assert!(
                text.lines().any(|line| line.starts_with("import { ") && line.contains(" it } from ") && line.contains(from)),
                "{name}"
            );
            tests += 1;
        }
    }
    assert!(tests > 10, "{tests}");
    let runner = fs::read_to_string(root().join("tests/browser").join(WITH_THE_LIMIT)).unwrap();
    for (name, call) in [
        ("it", "runner.it(name, { timeout: LIMIT }, body)"),
        ("before", "runner.before(body, { timeout: LIMIT })"),
        ("after", "runner.after(body, { timeout: LIMIT })"),
    ] {
        let exported = runner.lines().find(|line| line.starts_with(&format!("export const {name} = ")));
        assert!(exported.is_some_and(|line| line.contains(call)), "{name} has no limit");
    }
    assert_eq!(runner.matches("export ").count(), 4, "{WITH_THE_LIMIT} exports something without a limit");
}

#[test]
fn every_torture_case_runs_under_the_case_limit() {
    for (name, text) in sources("tests/torture/cases", "mjs") {
        assert_eq!(text.matches("\nawait torture(async (run) => {\n").count(), 1, "{name}");
        let outside: Vec<&str> =
            text.lines().filter(|line| line.starts_with("await ") && !line.starts_with("await torture(")).collect();
        assert!(outside.is_empty(), "{name} waits outside its limit: {outside:?}");
    }
    let case = fs::read_to_string(root().join("tests/torture/support/case.mjs")).unwrap();
    assert!(case.contains("await Promise.race([body(run), tooLate])") && case.contains("it waited for ${waitedFor()}"));
    let runner = fs::read_to_string(root().join("scripts/torture")).unwrap();
    let starts: Vec<&str> = runner.lines().filter(|line| line.contains("node \"$cases/")).collect();
    assert!(starts.iter().all(|line| line.trim_start().starts_with("timeout --kill-after=")) && starts.len() == 1, "{starts:?}");
}

/// Log statements that run before sign-in without the rate-limited target, each with its bound.
const BOUNDED_OTHERWISE: &[(&str, &str)] = &[
    ("signed in", "needs the password"),
    ("the installation was set up", "needs the link of the start, and happens once"),
    ("a session's last use could not be stored", "needs a session"),
    ("requests carry X-Forwarded-For from an address", "once in a server's life"),
    ("requests are not stored within their deadline", "once a second"),
    ("requests cannot be stored", "once a second"),
    ("a password was reset", "needs the link of an email"),
    ("a password confirmation failed", "needs a session, which has a limit of its own"),
];

#[test]
fn log_lines_that_strangers_can_cause_use_their_target() {
    const BEFORE_SIGN_IN: &[&str] = &[
        "accounts/sign_in.rs",
        "console/accounts/reset.rs",
        "console/accounts/routes.rs",
        "ingestion/body.rs",
        "ingestion/routes.rs",
        "net/byte_budget.rs",
        "net/listener/mod.rs",
        "net/pipelining/mod.rs",
        "net/unread_body.rs",
        "server/routes.rs",
    ];
    let mut unused: Vec<&str> = BOUNDED_OTHERWISE.iter().map(|(message, _)| *message).collect();
    let (mut files, mut with_target) = (0, 0);
    for (name, text) in sources("src", "rs") {
        if !BEFORE_SIGN_IN.contains(&name.as_str()) && !name.starts_with("console/http/") {
            continue;
        }
        files += 1;
        for statement in text.split("tracing::").skip(1) {
            if !["error!(", "warn!(", "info!("].iter().any(|level| statement.starts_with(level)) {
                continue;
            }
            let statement = statement.split(");").next().unwrap();
            if statement.contains("telemetry::OUTSIDE") {
                with_target += 1;
            } else {
                let bounded = BOUNDED_OTHERWISE.iter().find(|(message, _)| statement.contains(&format!("\"{message}")));
                let (message, _) = bounded.unwrap_or_else(|| panic!("{name} logs what a stranger can cause: {statement}"));
                unused.retain(|known| known != message);
            }
        }
    }
    assert!(files > BEFORE_SIGN_IN.len() + 5 && with_target > 4, "{files} {with_target}");
    assert!(unused.is_empty(), "no longer logged: {unused:?}");
}

#[test]
fn unit_tests_that_need_a_database_run_on_both() {
    let check = fs::read_to_string(root().join("scripts/check")).unwrap();
    let line = check.lines().find(|line| line.contains("scripts/with-postgres bash -c")).unwrap();
    let mut count = 0;
    for (name, _) in sources("src", "rs") {
        let text = fs::read_to_string(root().join("src").join(&name)).unwrap();
        let signs = ["\"TEST_DATABASE\"", "TestDb::new(", "Bench::new("];
        if name != "db/test_db.rs" && signs.iter().any(|sign| text.contains(sign)) {
            let module = name.trim_end_matches(".rs").trim_end_matches("/tests").trim_end_matches("/mod").replace('/', "::");
            let is_run = line.contains(&format!(" {module} ")) || line.contains(&format!(" {module}::tests "));
            assert!(is_run, "{module} is not run on PostgreSQL");
            count += 1;
        }
    }
    assert_eq!(count, 21);
}

/// Names of gateways and of other senders, which only `gateways/`, the demo, the fuzz targets and tests may contain. Senders whose
/// name is an ordinary word are left out.
const GATEWAY_NAMES: &[&str] = &[
    "razorpay",
    "standard webhooks",
    "standard-webhooks",
    "standard_webhooks",
    "standardwebhooks",
    "cashfree",
    "coinbase",
    "flutterwave",
    "github",
    "gitlab",
    "kestrel",
    "paypal",
    "paystack",
    "phonepe",
    "shopify",
    "stripe",
    "svix",
    "twilio",
    "woocommerce",
];
/// The files outside those folders that name a gateway, each with its reason. The list can only shrink.
const NAME_A_GATEWAY: &[(&str, &str)] = &[
    ("accounts/password/policy.rs", "words that attackers of this product try"),
    ("connections/secret_strength/common.rs", "a list of passwords that people choose"),
    ("connections/secret_strength/lists.rs", "lists of secrets and words that people choose"),
];

#[test]
fn gateways_are_named_in_their_own_folders_alone() {
    // Modules that the test configuration alone compiles, although they are files of their own.
    let is_test = |name: &str| {
        name.ends_with("tests.rs")
            || name.contains("/tests/")
            || ["classes.rs", "crossed.rs", "renamed.rs", "reserialised.rs"]
                .iter()
                .any(|file| name == format!("rejections/diagnosis/{file}"))
    };
    let is_free = |name: &str| name.starts_with("gateways/") || name.starts_with("demo/") || name == "fuzzing.rs";
    let mut named = BTreeSet::new();
    for (name, text) in sources("src", "rs").iter().filter(|(name, _)| !is_free(name) && !is_test(name)) {
        let text = text.split("#[cfg(test)]\npub(crate) mod tests").next().unwrap();
        // Doc comments of the command line and of the settings are its help.
        let is_help =
            |line: &str| (name.starts_with("cli/") || name.starts_with("server/config")) && line.trim_start().starts_with("///");
        for line in text.lines().filter(|line| is_help(line) || code(line).next().is_some()) {
            let lower = line.to_lowercase();
            if GATEWAY_NAMES.iter().any(|gateway| lower.contains(gateway)) {
                assert!(NAME_A_GATEWAY.iter().any(|(file, _)| file == name), "{name} names a gateway: {line}");
                named.insert(name.clone());
            }
        }
    }
    assert_eq!(named.len(), NAME_A_GATEWAY.len(), "no longer needed: only {named:?} name a gateway");
}
