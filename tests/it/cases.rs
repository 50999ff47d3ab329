//! Field cases and shapes of published samples, each with its expected values: `tests/fixtures/cases/README.md`.

use std::{fs, path::PathBuf};

use ks_pay::primitives::time::{Clock, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use crate::support::{
    Installation, TestApp,
    browser::{Browser, Page},
    builders::{Company, Connection},
    cli::lines,
    signing,
};

/// Days after the start of the cases on which their pages are read.
const DAYS_LATER: i64 = 3;
const SECONDS_A_DAY: i64 = 86_400;

#[derive(Deserialize)]
struct Case {
    name: String,
    any_order: bool,
    base: i64,
    events: Vec<Box<RawValue>>,
    expect: Expected,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Expected {
    transactions: serde_json::Map<String, Value>,
    count: Option<usize>,
    states: Vec<String>,
    pages: Vec<ExpectedPage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedPage {
    page: String,
    #[serde(default)]
    has: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
    #[serde(default)]
    sentence: Vec<String>,
}

#[derive(Deserialize)]
struct Shape {
    name: String,
    payment: Option<String>,
    want: Value,
    body: Box<RawValue>,
}

fn fixtures<T: serde::de::DeserializeOwned>(folder: &str) -> Vec<T> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: &PathBuf| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    paths.iter().map(read).collect()
}

/// Starts a server on the day on which pages are read.
async fn server(now: i64) -> TestApp {
    let mut installation = Installation::new().await;
    installation.clock = Clock::fixed(Timestamp::from_seconds(now));
    installation.serve().await
}

/// Returns the orders in which a case's events are posted, by index.
fn orders(case: &Case) -> Vec<(&'static str, Vec<usize>)> {
    let count = case.events.len();
    let mut orders = vec![("in order", (0..count).collect::<Vec<_>>())];
    if case.any_order {
        orders.push(("reversed", (0..count).rev().collect()));
        // Every event twice, permuted by a fixed stride that is coprime to any such count.
        orders.push(("shuffled with duplicates", (0..2 * count).map(|index| (index * 101 + 7) % (2 * count) / 2).collect()));
    }
    orders
}

/// One case, run in its own app.
struct Run<'a> {
    owner: &'a Browser,
    case: &'a Case,
    connection: Connection,
    transactions: Vec<Value>,
    events: Vec<Value>,
    failures: Vec<String>,
}

async fn export(app: &TestApp, what: &str, connection: &Connection) -> Vec<Value> {
    let output = app.cli([what, "export", "--jsonl", "--app", &connection.app_id], "").await;
    output.assert_done();
    lines(&output.out)
}

impl Run<'_> {
    fn check(&mut self, is_right: bool, failure: impl FnOnce() -> String) {
        if !is_right {
            self.failures.push(failure());
        }
    }

    fn check_exports(&mut self) {
        for (payment, expected) in &self.case.expect.transactions {
            let found = self.transactions.iter().find(|transaction| transaction["payment_id"] == **payment).cloned();
            for (key, value) in expected.as_object().unwrap() {
                let is = found.as_ref().map_or(&Value::Null, |found| &found[key]).clone();
                self.check(found.is_some() && is == *value, || format!("{payment}: {key} is {is}, not {value}"));
            }
        }
        let count = self.transactions.len();
        self.check(self.case.expect.count.is_none_or(|wanted| wanted == count), || format!("{count} transactions"));
        let states: Vec<Value> = (0..self.case.events.len()).map(|index| self.event(index)["state"].clone()).collect();
        for (state, wanted) in states.into_iter().zip(&self.case.expect.states) {
            self.check(wanted == "*" || state == **wanted, || format!("state {state}, not {wanted}"));
        }
    }

    /// Returns the exported line of the event with that index.
    fn event(&self, index: usize) -> &Value {
        let sha256 = signing::sha256(self.case.events[index].get().as_bytes());
        self.events.iter().find(|event| event["body_sha256"] == sha256).expect("every event is stored")
    }

    async fn check_pages(&mut self) {
        for page in &self.case.expect.pages {
            let Some(path) = self.path(&page.page) else {
                self.failures.push(format!("there is no page {}", page.page));
                continue;
            };
            let answer = self.owner.get(&path).await;
            let (all, sentence) = (text(&answer.body), sentence(&answer));
            self.check(answer.status == 200, || format!("{path}: {}", answer.status));
            for wanted in &page.has {
                let wanted = self.spelt_out(wanted);
                self.check(all.contains(&wanted), || format!("{} lacks {wanted:?}", page.page));
            }
            for unwanted in &page.lacks {
                self.check(!all.contains(unwanted), || format!("{} has {unwanted:?}", page.page));
            }
            for wanted in &page.sentence {
                self.check(sentence.contains(wanted), || format!("{} says {sentence:?}, not {wanted:?}", page.page));
            }
        }
    }

    fn path(&self, page: &str) -> Option<String> {
        let app = format!("/ks-pay/apps/{}", self.connection.app_id);
        Some(match page.split_once(':') {
            Some(("tx", payment)) => {
                let transaction = self.transactions.iter().find(|transaction| transaction["payment_id"] == payment)?;
                format!("{app}/transactions/{}", transaction["transaction"].as_str()?)
            }
            Some(("event", index)) => format!("{app}/events/{}", self.event(index.parse().unwrap())["event"].as_str()?),
            Some(("search", wanted)) => format!("{app}/transactions?q={wanted}"),
            _ => match page {
                "list" => format!("{app}/transactions"),
                "csv" => format!("{app}/transactions.csv"),
                "overview" => app,
                _ => panic!("{page}"),
            },
        })
    }

    /// Replaces a date in the text by its spelt-out form.
    fn spelt_out(&self, text: &str) -> String {
        match text.strip_prefix("@date:") {
            Some(seconds) => {
                let at = Timestamp::from_seconds(self.case.base + seconds.parse::<i64>().unwrap());
                at.zoned().strftime("%-d %b").to_string()
            }
            None => text.to_owned(),
        }
    }
}

/// Returns the visible text of a page: without tags, whitespace collapsed.
fn text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, said)| said));
        text.push(' ');
    }
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    // A list within a sentence is in elements of its own.
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" , ", ", ")
}

/// Returns the sentence below the heading of a page.
fn sentence(page: &Page) -> String {
    ["payment-summary", "event-sentence"].iter().flat_map(|hook| page.texts_of(hook)).collect()
}

async fn one_for_each_order(company: &Company<'_>, case: &Case) -> Vec<Connection> {
    let mut connections = Vec::new();
    for (order, _) in orders(case) {
        connections.push(company.app(&format!("{} {order}", case.name)).await.razorpay("test").await);
    }
    connections
}

async fn run(app: &TestApp, owner: &Browser, case: &Case, connections: Vec<Connection>) -> Vec<String> {
    let mut failures = Vec::new();
    for ((order, indexes), connection) in orders(case).into_iter().zip(connections) {
        for index in indexes {
            connection.post(case.events[index].get()).stored().await;
        }
        let transactions = export(app, "transactions", &connection).await;
        let events = export(app, "events", &connection).await;
        let mut run = Run { owner, case, connection, transactions, events, failures: Vec::new() };
        run.check_exports();
        run.check_pages().await;
        failures.extend(run.failures.into_iter().map(|failure| format!("{}, {order}: {failure}", case.name)));
    }
    failures
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_from_the_field_has_its_right_value_in_any_order() {
    let cases: Vec<Case> = fixtures("cases");
    assert!(cases.len() > 25);
    let app = server(cases[0].base + DAYS_LATER * SECONDS_A_DAY).await;
    let company = app.company("Neem Tree Retail").await;
    let owner = app.owner("Neem Tree Retail").await;
    let mut connections = Vec::new();
    for case in &cases {
        connections.push(one_for_each_order(&company, case).await);
    }
    let mut failures = Vec::new();
    for (case, connections) in cases.iter().zip(connections) {
        failures.extend(run(&app, &owner, case, connections).await);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Returns whether the export matches a shape's expectation of its payment.
fn is_as_wanted(transaction: &Value, want: &Value) -> bool {
    want.as_object().unwrap().iter().all(|(key, value)| match key.as_str() {
        "updated_at" => {
            let at = Timestamp::from_seconds(value.as_i64().unwrap());
            transaction[key] == json!(at.rfc3339())
        }
        _ => transaction[key] == *value,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shape_of_a_published_sample_has_its_right_value() {
    let shapes: Vec<Shape> = fixtures("cases/shapes");
    assert_eq!(shapes.len(), 63);
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let mut failures = Vec::new();
    let mut connections = Vec::new();
    for shape in &shapes {
        connections.push(company.app(&shape.name).await.razorpay("test").await);
    }
    for (shape, connection) in shapes.iter().zip(&connections) {
        for _ in 0..2 {
            connection.post(shape.body.get()).stored().await;
        }
        let transactions = export(&app, "transactions", connection).await;
        let state = export(&app, "events", connection).await[0]["state"].clone();
        let is_right = match &shape.want {
            Value::Null => transactions.is_empty() && state != "quarantined",
            wanted => {
                let any = wanted.as_array().cloned().unwrap_or_else(|| vec![wanted.clone()]);
                let is_named = transactions.len() == 1 && transactions[0]["payment_id"].as_str() == shape.payment.as_deref();
                is_named && state == "processed" && any.iter().any(|want| is_as_wanted(&transactions[0], want))
            }
        };
        if !is_right {
            failures.push(format!("{}: {state} {transactions:?}, not {}", shape.name, shape.want));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
