//! Random histories of payments, in random orders, repeated, many at once: the rows are those of a plain model.
//!
//! `HISTORIES` says how many to try; a few by default.

mod model;

use std::collections::{BTreeMap, BTreeSet};

use ks_pay::{
    db::Db,
    kernel::{
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

use self::model::Event;
use crate::support::{
    Installation, TestApp,
    builders::{Connection, text},
    signing,
};

/// The most events of a history.
const MOST: usize = 40;

/// What is posted at one installation: some of it together, piece after piece.
type Posts = Vec<Vec<Event>>;

#[derive(Debug, Clone)]
struct History {
    /// Shuffled, and some of it more than once.
    first: Posts,
    /// The same events in another order, each once.
    second: Posts,
}

fn any_history() -> impl Strategy<Value = History> {
    let events = prop::collection::vec(model::any_event(Shops::CONNECTIONS), 1..=MOST);
    let again = prop::collection::vec(any::<Index>(), 0..=MOST / 2);
    let sizes = prop::collection::vec(1..=12usize, 2 * MOST);
    (events, again, sizes).prop_flat_map(|(events, again, sizes)| {
        let repeated: Vec<Event> = events.iter().chain(again.iter().map(|index| index.get(&events))).cloned().collect();
        (Just(repeated).prop_shuffle(), Just(events).prop_shuffle(), Just(sizes))
            .prop_map(|(first, second, sizes)| History { first: pieces(first, &sizes), second: pieces(second, &sizes) })
    })
}

fn pieces(events: Vec<Event>, sizes: &[usize]) -> Posts {
    let mut events = events.into_iter();
    let pieces = sizes.iter().map(|size| events.by_ref().take(*size).collect::<Vec<_>>());
    pieces.take_while(|piece| !piece.is_empty()).collect()
}

/// A payment: the number of its connection, and its id there.
type Key = (usize, String);
type Rows = BTreeMap<Key, Value>;
/// By the number of the connection and the body's digest: the payment an event belongs to, and how often it came.
type Events = BTreeMap<(usize, String), (Option<Key>, i64)>;
/// App, mode, day, currency, status, method; how many, their amounts, what went back.
type Sum = (AppId, String, i64, String, String, String, i64, i64, i64);
/// What one installation holds.
type Seen = (Rows, Events);

/// One server with two companies, each with a connection in either mode.
struct Shops {
    app: TestApp,
    /// Past the server.
    db: Db,
    connections: Vec<Connection>,
    /// What was there last; unknown after a history that failed.
    last: Option<Seen>,
}

impl Shops {
    const CONNECTIONS: usize = 4;

    async fn open() -> Self {
        let app = Installation::new().await.serve().await;
        let mut connections = Vec::new();
        for name in ["Neem Tree Retail", "Banyan Books"] {
            let shop = app.company(name).await.app(name).await;
            connections.extend([shop.razorpay("test").await, shop.razorpay("live").await]);
        }
        let db = Db::connect(&app.location()).await.unwrap();
        Self { app, db, connections, last: None }
    }

    async fn post(&self, case: u32, posts: &Posts) {
        for piece in posts {
            let mut together = JoinSet::new();
            for event in piece {
                let post = self.connections[event.connection].post(event.body(case));
                together.spawn(async move { post.send().await });
            }
            assert!(together.join_all().await.iter().all(|status| *status == 200), "case {case}");
        }
    }

    fn number(&self, exported: &Value) -> usize {
        let number = self.connections.iter().position(|known| exported["connection"] == known.id).unwrap();
        let connection = &self.connections[number];
        assert_eq!((&exported["app"], &exported["mode"]), (&json!(connection.app_id), &json!(connection.mode)));
        number
    }

    /// Every transaction with every column but the ids, and every event.
    async fn look(&self) -> Seen {
        self.check_sums().await;
        let mut beside = self.columns_beside().await;
        let (mut rows, mut keys) = (Rows::new(), BTreeMap::new());
        for mut row in self.app.transactions().await {
            let key = (self.number(&row), text(&row["payment_id"]));
            keys.insert(text(&row["transaction"]), key.clone());
            let (method, created_at) = beside.remove(&(text(&row["connection"]), key.1.clone())).unwrap();
            let columns = row.as_object_mut().unwrap();
            let ids = ["transaction", "app", "connection", "gateway", "mode", "payment_id"];
            columns.retain(|name, _| !ids.contains(&name.as_str()));
            columns.insert("method".to_owned(), json!(method));
            columns.insert("created_at".to_owned(), json!(created_at.rfc3339()));
            rows.insert(key, row);
        }
        assert!(beside.is_empty(), "every transaction is exported");
        let event = |event: Value| {
            let payment = event["transaction"].as_str().map(|id| keys[id].clone());
            assert_eq!(event["state"], if payment.is_some() { "processed" } else { "unhandled" });
            ((self.number(&event), text(&event["body_sha256"])), (payment, event["receipts"].as_i64().unwrap()))
        };
        (rows, self.app.events().await.into_iter().map(event).collect())
    }

    /// The sums by day are what the transactions add up to.
    async fn check_sums(&self) {
        const KEPT: &str = "SELECT app_id, mode, day, currency, status, method, payments, amount_subunits, refunded_subunits \
                            FROM transaction_sums WHERE payments <> 0 OR amount_subunits <> 0 OR refunded_subunits <> 0";
        const COUNTED: &str = "SELECT app_id, mode, (created_at + 19800000) / 86400000, COALESCE(currency, ''), \
                               COALESCE(status, ''), COALESCE(method, ''), count(*), \
                               CAST(sum(COALESCE(amount_subunits, 0)) AS BIGINT), \
                               CAST(sum(amount_refunded_subunits) AS BIGINT) FROM transactions GROUP BY 1, 2, 3, 4, 5, 6";
        assert_eq!(self.sums(KEPT).await, self.sums(COUNTED).await);
    }

    async fn sums(&self, text: &'static str) -> BTreeSet<Sum> {
        let rows: Vec<Sum> = match &self.db {
            Db::Sqlite { writer, .. } => sqlx::query_as(text).fetch_all(writer).await.unwrap(),
            Db::Postgres(pool) => sqlx::query_as(text).fetch_all(pool).await.unwrap(),
        };
        rows.into_iter().collect()
    }

    /// What the export does not tell: method and time of making, by connection and payment.
    async fn columns_beside(&self) -> BTreeMap<(String, String), (Option<String>, Timestamp)> {
        const COLUMNS: &str = "SELECT connection_id, payment_id, method, created_at FROM transactions";
        let rows: Vec<(ConnectionId, String, Option<String>, Timestamp)> = match &self.db {
            Db::Sqlite { writer, .. } => sqlx::query_as(COLUMNS).fetch_all(writer).await.unwrap(),
            Db::Postgres(pool) => sqlx::query_as(COLUMNS).fetch_all(pool).await.unwrap(),
        };
        rows.into_iter().map(|(connection, payment, method, at)| ((connection.to_string(), payment), (method, at))).collect()
    }
}

/// The rows of a case as the model has them.
fn expected(case: u32, events: &[Event]) -> Rows {
    let mut told: BTreeMap<Key, Vec<&Event>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.tells()) {
        told.entry((event.connection, event.payment_id(case))).or_default().push(event);
    }
    told.into_iter().map(|(key, events)| (key, model::row(&events))).collect()
}

/// The events of a case as they came.
fn received(case: u32, events: &[Event]) -> Events {
    let mut received = Events::new();
    for event in events {
        let payment = event.tells().then(|| (event.connection, event.payment_id(case)));
        let key = (event.connection, signing::sha256(&event.body(case)));
        received.entry(key).or_insert((payment, 0)).1 += 1;
    }
    received
}

/// What is there now and was not before; what was there is as it was.
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

/// Two installations that are told the same, each in its own way.
struct Pair {
    shops: [Shops; 2],
    case: u32,
}

impl Pair {
    async fn open() -> Self {
        Self { shops: [Shops::open().await, Shops::open().await], case: 0 }
    }

    /// Tells a history of payments that were not there before; no other row may change.
    async fn tell(&mut self, history: &History) {
        self.case += 1;
        let told = expected(self.case, &history.second.concat());
        for (shops, posts) in self.shops.iter_mut().zip([&history.first, &history.second]) {
            let before = match shops.last.take() {
                Some(last) => last,
                None => shops.look().await,
            };
            shops.post(self.case, posts).await;
            let seen = shops.look().await;
            assert_eq!(added(&before.0, &seen.0), told);
            assert_eq!(added(&before.1, &seen.1), received(self.case, &posts.concat()));
            shops.last = Some(seen);
        }
    }
}

#[test]
fn any_history_in_any_order_and_number_makes_the_rows_of_the_model() {
    /// So many on one pair of installations: what is there already makes each check longer.
    const OF_A_PAIR: u32 = 30;
    let cases: u32 = std::env::var("HISTORIES").map_or(12, |text| text.parse().unwrap());
    let runtime = Runtime::new().unwrap();
    for start in (0..cases).step_by(OF_A_PAIR as usize) {
        let pair = runtime.block_on(Pair::open());
        let pair = std::cell::RefCell::new(pair);
        let config =
            Config { cases: OF_A_PAIR.min(cases - start), failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
        let tried = TestRunner::new(config).run(&any_history(), |history| {
            runtime.block_on(pair.borrow_mut().tell(&history));
            Ok(())
        });
        runtime.block_on(async { drop(pair) });
        assert!(tried.is_ok(), "{}", tried.unwrap_err());
    }
}
