//! README and SECURITY.md match the command line.

use std::fs;

use crate::support::Installation;

fn document(name: &str) -> String {
    fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// Returns every command in a document: lines of code, and inline code.
fn commands(document: &str) -> Vec<String> {
    let lines = document.lines().filter(|line| line.starts_with("ks-pay ")).map(str::to_owned);
    let spans = document.split('`').skip(1).step_by(2).filter(|code| code.starts_with("ks-pay ") && !code.contains('\n'));
    lines.chain(spans.map(str::to_owned)).collect()
}

/// Returns the names of variables in a text.
fn variables(text: &str) -> Vec<String> {
    let names = text.split(|letter: char| !(letter.is_ascii_uppercase() || letter == '_'));
    names.filter(|name| name.starts_with("KS_PAY_")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_and_flag_that_a_document_names_is_there() {
    let at = Installation::new().await;
    let mut count = 0;
    for name in ["README.md", "SECURITY.md"] {
        for command in commands(&document(name)) {
            let words = command.split_whitespace().skip(1);
            let names: Vec<&str> = words.clone().take_while(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())).collect();
            let help = at.cli_with(&[&names[..], &["--help"]].concat(), "", &[]).await;
            assert!(help.code == 0 && help.out.contains("Usage: ks-pay"), "{name}: {command}: {}", help.err);
            for flag in words.filter(|word| word.starts_with("--")) {
                let is_known = help.out.split_whitespace().any(|word| word == flag);
                assert!(is_known, "{name}: {command}: {flag} is no flag of it");
            }
            count += 1;
        }
    }
    assert!(count > 15, "{count}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_variable_that_a_document_names_is_in_the_help_and_every_one_of_the_help_is_in_the_readme() {
    let at = Installation::new().await;
    let mut help = at.cli(["--help"], "").await.out;
    let readme = document("README.md");
    for variable in variables(&help) {
        assert!(readme.contains(&variable), "{variable} is not in README.md");
    }
    help += &at.cli(["simulate", "--help"], "").await.out;
    help += &at.cli(["listen", "--help"], "").await.out;
    for name in ["README.md", "SECURITY.md"] {
        for variable in variables(&document(name)) {
            assert!(help.contains(&variable), "{name}: {variable} is in no help");
        }
    }
}

#[test]
fn the_promise_for_the_answer_is_4_5_s_and_the_deadline_that_keeps_it_is_shorter() {
    let deadline = document("src/ingestion/routes.rs");
    let millis = deadline.split_once("const DEADLINE: Duration = Duration::from_millis(").unwrap().1.split_once(')').unwrap().0;
    assert!(millis.parse::<u32>().unwrap() < 4500, "{millis}");
    for name in ["SECURITY.md", "docs/durability.md"] {
        let text = document(name);
        assert!(text.contains("within 4.5 s") && !text.contains("within 4.4 s"), "{name}");
    }
}

#[test]
fn a_secret_is_said_to_be_replaceable() {
    let security = document("SECURITY.md");
    let row = security.lines().find(|line| line.starts_with("| webhook secret |")).unwrap();
    assert!(row.contains("ks-pay webhook rotate") && !row.contains("not yet"), "{row}");
}

/// Returns the settings of a section of the unit file in README.
fn unit_section(name: &str) -> Vec<String> {
    let readme = document("README.md");
    let unit = readme.split("```ini\n# /etc/systemd/system/ks-pay.service\n").nth(1).unwrap().split("```").next().unwrap();
    let section = unit.split(&format!("[{name}]\n")).nth(1).unwrap();
    section.lines().take_while(|line| !line.starts_with('[')).map(str::to_owned).collect()
}

#[test]
fn the_unit_outlives_an_outage_of_the_database_and_writes_no_core_dump() {
    let (unit, service) = (unit_section("Unit"), unit_section("Service"));
    let wanted_of_unit = ["Wants=network-online.target", "StartLimitIntervalSec=0"];
    for wanted in wanted_of_unit {
        assert!(unit.iter().any(|line| line == wanted), "[Unit] {wanted}: {unit:?}");
    }
    for wanted in ["Restart=always", "LimitCORE=0"] {
        assert!(service.iter().any(|line| line == wanted), "[Service] {wanted}: {service:?}");
    }
    let after = unit.iter().find_map(|line| line.strip_prefix("After=")).unwrap_or_default();
    assert!(after.split(' ').any(|one| one == "network-online.target"), "Wants alone orders nothing: {unit:?}");
    let pause = service.iter().find_map(|line| line.strip_prefix("RestartSec=")).and_then(|text| text.parse::<u32>().ok());
    assert!(pause.is_some_and(|seconds| seconds > 0), "RestartSec: {service:?}");
}
