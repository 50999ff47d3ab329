//! Random histories of payments, in random orders, repeated, many at once: the rows are those of a plain model.
//!
//! `HISTORIES` says how many to try; a few by default.

mod model;

use std::collections::BTreeMap;

use ks_pay::{
    db::Db,
    kernel::{id::ConnectionId, time::Timestamp},
};
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tokio::{runtime::Runtime, task::JoinSet};

use self::model::Event;
use crate::support::{Installation, TestApp, builders::Connection};

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

/// A row by the number of its connection and its payment.
type Rows = BTreeMap<(usize, String), Value>;

/// One server with two companies, each with a connection in either mode.
struct Shops {
    app: TestApp,
    /// Past the server.
    db: Db,
    connections: Vec<Connection>,
    /// What was there last; unknown after a history that failed.
    last: Option<Seen>,
}

/// The rows, how many events there are, and how often they came.
type Seen = (Rows, usize, i64);

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

    /// Every transaction, with every column but the ids.
    async fn rows(&self) -> Rows {
        let mut beside = self.columns_beside().await;
        let exported = self.app.transactions().await;
        assert_eq!(exported.len(), beside.len());
        let numbered = exported.into_iter().map(|mut row| {
            let number = self.connections.iter().position(|known| row["connection"] == known.id).unwrap();
            let connection = &self.connections[number];
            assert_eq!((&row["app"], &row["mode"]), (&json!(connection.app_id), &json!(connection.mode)));
            let payment = row["payment_id"].as_str().unwrap().to_owned();
            let (method, created_at) = beside.remove(&(connection.id.clone(), payment.clone())).unwrap();
            let row_of = row.as_object_mut().unwrap();
            row_of.retain(|name, _| {
                !["transaction", "app", "connection", "gateway", "mode", "payment_id"].contains(&name.as_str())
            });
            row_of.insert("method".to_owned(), json!(method));
            row_of.insert("created_at".to_owned(), json!(created_at.rfc3339()));
            ((number, payment), row)
        });
        numbered.collect()
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

    async fn look(&self) -> Seen {
        let events = self.app.events().await;
        assert!(events.iter().all(|event| event["state"] == "processed" && event["transaction"].is_string()));
        let receipts = events.iter().map(|event| event["receipts"].as_i64().unwrap()).sum();
        (self.rows().await, events.len(), receipts)
    }
}

/// The rows of a case as the model has them.
fn expected(case: u32, events: &[Event]) -> Rows {
    let mut told: BTreeMap<(usize, String), Vec<&Event>> = BTreeMap::new();
    for event in events {
        told.entry((event.connection, event.payment_id(case))).or_default().push(event);
    }
    told.into_iter().map(|(key, events)| (key, model::row(&events))).collect()
}

fn distinct(events: &[Event]) -> Vec<Event> {
    let mut distinct: Vec<Event> = Vec::new();
    for event in events {
        if !distinct.contains(event) {
            distinct.push(event.clone());
        }
    }
    distinct
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
        let events = distinct(&history.second.concat());
        let told = expected(self.case, &events);
        for (shops, posts) in self.shops.iter_mut().zip([&history.first, &history.second]) {
            let (before, stored, receipts) = match shops.last.take() {
                Some(last) => last,
                None => shops.look().await,
            };
            shops.post(self.case, posts).await;
            let seen = shops.look().await;
            let mut rows = seen.0.clone();
            for (key, row) in &before {
                assert_eq!(rows.remove(key).as_ref(), Some(row), "{key:?} is another payment");
            }
            assert_eq!(rows, told);
            let posted = i64::try_from(posts.concat().len()).unwrap();
            assert_eq!((seen.1, seen.2), (stored + events.len(), receipts + posted));
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
