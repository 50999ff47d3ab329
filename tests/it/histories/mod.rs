//! Random payment life cycles from a model of a gateway, in random orders, with duplicates, concurrently: the resulting rows
//! equal the gateway's final state.
//!
//! Each event has one of a few ids, or none, so bodies repeat under new ids, and ids with new bodies. Occasionally the server
//! is killed during a history and restarted. `HISTORIES` sets the number of histories; a few by default.

mod gateway;
mod ids;
mod model;

use std::collections::{BTreeMap, BTreeSet};

use ks_pay::{
    db::Db,
    primitives::{
        id::{AppId, ConnectionId},
        time::Timestamp,
    },
};
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tokio::{runtime::Runtime, task::JoinSet};

use self::{
    ids::Firsts,
    model::{Event, Truth},
};
use crate::support::{
    Installation,
    builders::{Connection, text},
    process::Process,
    signing,
};

/// Upper bound on the events of a history.
const MAX_EVENTS: usize = 40;

/// Event under an id, or without one.
#[derive(Debug, Clone)]
struct SentEvent {
    event: Event,
    id: Option<u8>,
}

/// Posts at one installation: each inner list is sent concurrently, one list after another.
type Posts = Vec<Vec<SentEvent>>;

#[derive(Debug, Clone)]
struct History {
    /// Shuffled, with duplicates.
    first: Posts,
    /// Index of the list during which the server is killed.
    crash: Option<Index>,
    /// The same events in another order, each once.
    second: Posts,
    truths: Vec<Truth>,
}

fn any_history() -> impl Strategy<Value = History> {
    let lives = model::any_lives(Shops::CONNECTIONS);
    let again = prop::collection::vec(any::<Index>(), 0..=MAX_EVENTS / 2);
    let sizes = prop::collection::vec(1..=12usize, 2 * MAX_EVENTS);
    let ids = prop::collection::vec(ids::any_id(), 2 * MAX_EVENTS);
    let crash = prop::option::weighted(0.3, any::<Index>());
    (lives, again, sizes, ids, crash).prop_flat_map(|((truths, events), again, sizes, ids, crash)| {
        let repeated: Vec<Event> = events.iter().chain(again.iter().map(|index| index.get(&events))).cloned().collect();
        (Just(repeated).prop_shuffle(), Just(events).prop_shuffle()).prop_map(move |(first, second)| History {
            first: pieces(first, &ids, &sizes),
            crash,
            second: pieces(second, &ids, &sizes),
            truths: truths.clone(),
        })
    })
}

fn pieces(events: Vec<Event>, ids: &[Option<u8>], sizes: &[usize]) -> Posts {
    let mut output = events.into_iter().zip(ids).map(|(event, id)| SentEvent { event, id: *id });
    let pieces = sizes.iter().map(|size| output.by_ref().take(*size).collect::<Vec<_>>());
    pieces.take_while(|piece| !piece.is_empty()).collect()
}

/// Key of a payment: the number of its connection, and its id there.
type Key = (usize, String);
type Rows = BTreeMap<Key, Value>;
/// Events by connection number and body digest: the payment of each, and its received count.
type Events = BTreeMap<(usize, String), (Option<Key>, i64)>;
/// App; mode, zone, currency, status, method, state and gateway; day; count, amount, refunded amount; count and amount of those never captured; amount
/// lost to disputes.
type Sum = (AppId, String, i64, i64, i64, i64, i64, i64, i64);

/// Method, creation time, whether captured, amount lost to disputes, pending and failed refunds.
type Beside = (Option<String>, Timestamp, bool, i64, i64, i64);
/// The same, preceded by connection and payment.
type BesideRow = (ConnectionId, String, Option<String>, Timestamp, bool, i64, i64, i64);

/// State of one installation.
struct Seen {
    rows: Rows,
    events: Events,
    firsts: Firsts,
}

/// Sent requests: acknowledged ones, and ones without a response.
#[derive(Default)]
struct Sent {
    acknowledged: Vec<SentEvent>,
    unknown: Vec<SentEvent>,
}

impl Sent {
    fn note(&mut self, answers: impl IntoIterator<Item = (SentEvent, Option<u16>)>) {
        for (output, status) in answers {
            assert!(matches!(status, None | Some(200)), "{status:?} {output:?}");
            if status.is_some() { &mut self.acknowledged } else { &mut self.unknown }.push(output);
        }
    }
}

/// Server with two companies, each with a connection in either mode.
struct Shops {
    /// Declared first, so that it is dropped before its installation.
    process: Option<Process>,
    at: Installation,
    /// Direct access to the database.
    db: Db,
    connections: Vec<Connection>,
    /// Latest state; `None` after a history that failed.
    last: Option<Seen>,
}

impl Shops {
    const CONNECTIONS: usize = 4;

    async fn open() -> Self {
        let at = Installation::new().await;
        let mut connections = Vec::new();
        for name in ["Neem Tree Retail", "Banyan Books"] {
            let shop = at.company(name).await.app(name).await;
            connections.extend([shop.razorpay("test").await, shop.razorpay("live").await]);
        }
        let db = Db::connect(&at.location()).await.unwrap();
        let mut shops = Self { process: None, at, db, connections, last: None };
        shops.start();
        shops
    }

    /// Kills the server, if it runs, and starts it.
    fn start(&mut self) {
        drop(self.process.take());
        let (process, address) = self.at.serve_in_process(&[]);
        self.process = Some(process);
        self.connections.iter_mut().for_each(|connection| *connection = connection.at(address));
    }

    /// Posts everything until each request has a response. The server is killed during one list, which is posted again.
    async fn post(&mut self, case: u32, posts: &Posts, crash: Option<usize>) -> Sent {
        let mut sent = Sent::default();
        for (number, piece) in posts.iter().enumerate() {
            if crash == Some(number) {
                let mut together = self.send(case, piece);
                sent.note([together.join_next().await.unwrap().unwrap()]);
                self.start();
                sent.note(together.join_all().await);
            }
            let answers = self.send(case, piece).join_all().await;
            assert!(answers.iter().all(|(_, status)| status.is_some()), "case {case}");
            sent.note(answers);
        }
        sent
    }

    fn send(&self, case: u32, piece: &[SentEvent]) -> JoinSet<(SentEvent, Option<u16>)> {
        let mut together = JoinSet::new();
        for output in piece.iter().cloned() {
            let post = self.connections[output.event.connection].post(output.event.body(case));
            let post = match output.id {
                Some(id) => post.event_id(&ids::name(case, id)),
                None => post.without_event_id(),
            };
            together.spawn(async move {
                let answer = post.attempt().await;
                (output, answer.ok().map(|answer| answer.status().as_u16()))
            });
        }
        together
    }

    fn number(&self, exported: &Value) -> usize {
        let number = self.connections.iter().position(|known| exported["connection"] == known.id).unwrap();
        let connection = &self.connections[number];
        assert_eq!((&exported["app"], &exported["mode"]), (&json!(connection.app_id), &json!(connection.mode)));
        number
    }

    /// Reads every transaction with every column except the ids, and every event.
    async fn look(&self) -> Seen {
        self.check_sums().await;
        let mut beside = self.columns_beside().await;
        let (mut rows, mut keys) = (Rows::new(), BTreeMap::new());
        for mut row in self.at.transactions().await {
            let key = (self.number(&row), text(&row["payment_id"]));
            keys.insert(text(&row["transaction"]), key.clone());
            let (method, created_at, is_captured, lost, pending, failed) =
                beside.remove(&(text(&row["connection"]), key.1.clone())).unwrap();
            let columns = row.as_object_mut().unwrap();
            let ids = ["transaction", "app", "connection", "gateway", "mode", "payment_id"];
            columns.retain(|name, _| !ids.contains(&name.as_str()));
            columns.insert("method".to_owned(), json!(method));
            columns.insert("created_at".to_owned(), json!(created_at.rfc3339()));
            columns.insert("is_captured".to_owned(), json!(is_captured));
            columns.insert("lost".to_owned(), json!(lost));
            columns.insert("refund_pending".to_owned(), json!(pending));
            columns.insert("refund_failed".to_owned(), json!(failed));
            rows.insert(key, row);
        }
        assert!(beside.is_empty(), "every transaction is exported");
        let exported = self.at.events().await;
        let event = |event: &Value| {
            let payment = event["transaction"].as_str().map(|id| keys[id].clone());
            let usual = if payment.is_some() { "processed" } else { "unhandled" };
            assert_eq!(event["state"], if event["conflict_with"].is_null() { usual } else { "conflict" });
            ((self.number(event), text(&event["body_sha256"])), (payment, event["received_count"].as_i64().unwrap()))
        };
        let events: Events = exported.iter().map(event).collect();
        assert_eq!(events.len(), exported.len(), "every event once");
        Seen { rows, events, firsts: ids::firsts(&exported, |event| self.number(event)) }
    }

    /// Asserts that the daily totals equal the sums of the transactions, and that what a list says of them does.
    async fn check_sums(&self) {
        const KEPT: &str = "SELECT app_id, mode || zone || currency || status || method || state || gateway, day, payments, amount_subunits, \
                            refunded_subunits, returned_payments, returned_subunits, lost_subunits \
                            FROM daily_totals WHERE payments <> 0 OR amount_subunits <> 0 OR refunded_subunits <> 0";
        const COUNTED: &str = "SELECT app_id, mode || 'Asia/Kolkata' || COALESCE(currency, '') || COALESCE(status, '') \
                               || COALESCE(method, '') || state || gateway, (created_at + 19800000) / 86400000, count(*), \
                               CAST(sum(COALESCE(amount_subunits, 0)) AS BIGINT), \
                               CAST(sum(amount_refunded_subunits) AS BIGINT), \
                               CAST(sum(CASE WHEN status = 'refunded' AND NOT is_captured THEN 1 ELSE 0 END) AS BIGINT), \
                               CAST(sum(CASE WHEN status = 'refunded' AND NOT is_captured THEN amount_subunits ELSE 0 END) AS BIGINT), \
                               CAST(sum(amount_lost_subunits) AS BIGINT) FROM transactions \
                               GROUP BY 1, 2, 3";
        // A list says what was captured, which no column of the totals is.
        const SAID: &str = "SELECT app_id, mode || zone || currency || state, CAST(0 AS BIGINT), CAST(SUM(payments) AS BIGINT), \
                            CAST(SUM(CASE WHEN status IN ('captured', 'refunded') THEN payments - returned_payments ELSE 0 END) AS BIGINT), \
                            CAST(SUM(CASE WHEN status IN ('captured', 'refunded') THEN amount_subunits - returned_subunits ELSE 0 END) AS BIGINT), \
                            CAST(SUM(CASE WHEN status IN ('captured', 'refunded') \
                            THEN refunded_subunits - returned_subunits - refund_pending_subunits ELSE 0 END) AS BIGINT), \
                            CAST(SUM(refund_pending_subunits) AS BIGINT), CAST(0 AS BIGINT) FROM daily_totals GROUP BY 1, 2 HAVING SUM(payments) <> 0";
        const CAPTURED: &str = "SELECT app_id, mode || 'Asia/Kolkata' || COALESCE(currency, '') || state, CAST(0 AS BIGINT), COUNT(*), \
                                CAST(SUM(CASE WHEN is_captured THEN 1 ELSE 0 END) AS BIGINT), \
                                CAST(SUM(CASE WHEN is_captured THEN amount_subunits ELSE 0 END) AS BIGINT), \
                                CAST(SUM(CASE WHEN is_captured THEN amount_refunded_subunits - amount_refund_pending_subunits ELSE 0 END) AS BIGINT), \
                                CAST(SUM(CASE WHEN is_captured THEN amount_refund_pending_subunits ELSE 0 END) AS BIGINT), CAST(0 AS BIGINT) \
                                FROM transactions GROUP BY 1, 2";
        assert_eq!(self.sums(KEPT).await, self.sums(COUNTED).await);
        assert_eq!(self.sums(SAID).await, self.sums(CAPTURED).await);
    }

    async fn sums(&self, text: &'static str) -> BTreeSet<Sum> {
        let rows: Vec<Sum> = match &self.db {
            Db::Sqlite { writer, .. } => sqlx::query_as(text).fetch_all(&mut writer.acquire().await.unwrap()).await.unwrap(),
            Db::Postgres { pool, .. } => sqlx::query_as(text).fetch_all(pool).await.unwrap(),
        };
        rows.into_iter().collect()
    }

    /// Returns the columns that are not exported, by connection and payment.
    async fn columns_beside(&self) -> BTreeMap<(String, String), Beside> {
        const COLUMNS: &str = "SELECT connection_id, payment_id, method, created_at, is_captured, amount_lost_subunits, \
                               amount_refund_pending_subunits, amount_refund_failed_subunits FROM transactions";
        let rows: Vec<BesideRow> = match &self.db {
            Db::Sqlite { writer, .. } => sqlx::query_as(COLUMNS).fetch_all(&mut writer.acquire().await.unwrap()).await.unwrap(),
            Db::Postgres { pool, .. } => sqlx::query_as(COLUMNS).fetch_all(pool).await.unwrap(),
        };
        let key =
            |(connection, payment, method, at, is_captured, lost, pending, failed): (ConnectionId, String, _, _, _, _, _, _)| {
                ((connection.to_string(), payment), (method, at, is_captured, lost, pending, failed))
            };
        rows.into_iter().map(key).collect()
    }
}

/// Returns the rows of a case according to the gateway.
fn expected(case: u32, truths: &[Truth]) -> Rows {
    truths.iter().map(|truth| ((truth.connection, model::payment_id(case, truth.payment)), truth.row())).collect()
}

/// Returns the events that these requests deliver.
fn received(case: u32, sent: &[SentEvent]) -> Events {
    let mut received = Events::new();
    for SentEvent { event, .. } in sent {
        let payment = event.reports_payment().then(|| (event.connection, event.payment_id(case)));
        let key = (event.connection, signing::sha256(&event.body(case)));
        received.entry(key).or_insert((payment, 0)).1 += 1;
    }
    received
}

/// Asserts that every acknowledged request is part of the received count, and no unsent one.
fn check_received(case: u32, sent: &Sent, seen: &Events) {
    let unknown = received(case, &sent.unknown);
    let acknowledged = received(case, &sent.acknowledged);
    assert_eq!(acknowledged.keys().collect::<Vec<_>>(), seen.keys().collect::<Vec<_>>());
    for (key, (payment, receipts)) in seen {
        let (expected, least) = &acknowledged[key];
        let most = least + unknown.get(key).map_or(0, |(_, count)| *count);
        assert!(
            payment == expected && (*least..=most).contains(receipts),
            "{key:?}: {receipts} of {least} to {most}, {payment:?}"
        );
    }
}

/// Returns the new entries; asserts that the existing ones are unchanged.
fn added<K: Ord + Clone + std::fmt::Debug, V: PartialEq + Clone + std::fmt::Debug>(
    before: &BTreeMap<K, V>,
    now: &BTreeMap<K, V>,
) -> BTreeMap<K, V> {
    let mut added = now.clone();
    for (key, value) in before {
        assert_eq!(added.remove(key).as_ref(), Some(value), "{key:?} was not told of");
    }
    added
}

/// Two installations that receive the same events, each in a different way.
struct Pair {
    shops: [Shops; 2],
    case: u32,
}

impl Pair {
    async fn open() -> Self {
        Self { shops: [Shops::open().await, Shops::open().await], case: 0 }
    }

    /// Sends a history of new payments; no other row may change.
    async fn send(&mut self, history: &History) {
        self.case += 1;
        let output = expected(self.case, &history.truths);
        let crash = history.crash.map(|index| index.index(history.first.len()));
        for (shops, (posts, crash)) in self.shops.iter_mut().zip([(&history.first, crash), (&history.second, None)]) {
            let before = match shops.last.take() {
                Some(last) => last,
                None => shops.look().await,
            };
            let sent = shops.post(self.case, posts, crash).await;
            let seen = shops.look().await;
            assert_eq!(added(&before.rows, &seen.rows), output);
            check_received(self.case, &sent, &added(&before.events, &seen.events));
            ids::check(self.case, [&sent.acknowledged[..], &sent.unknown].concat(), &added(&before.firsts, &seen.firsts));
            shops.last = Some(seen);
        }
    }
}

#[test]
fn any_history_in_any_order_and_number_makes_the_rows_of_the_model() {
    /// Histories per pair of installations: existing rows make each check longer.
    const OF_A_PAIR: u32 = 30;
    let cases: u32 = std::env::var("HISTORIES").map_or(12, |text| text.parse().unwrap());
    let runtime = Runtime::new().unwrap();
    for start in (0..cases).step_by(OF_A_PAIR as usize) {
        let pair = runtime.block_on(Pair::open());
        let pair = std::cell::RefCell::new(pair);
        let config =
            Config { cases: OF_A_PAIR.min(cases - start), failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
        let tried = TestRunner::new(config).run(&any_history(), |history| {
            runtime.block_on(pair.borrow_mut().send(&history));
            Ok(())
        });
        runtime.block_on(async { drop(pair) });
        assert!(tried.is_ok(), "{}", tried.unwrap_err());
    }
}
