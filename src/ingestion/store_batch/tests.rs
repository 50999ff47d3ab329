//! Tests batches in a deterministic order: events are submitted one after the other, without a network.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::{
    accounts::authz::Actor,
    apps, companies,
    connections::{
        self, ConnectionScope, NewConnection,
        activity::{self, ProvenRequests, RejectedRequests},
    },
    db::test_db::TestDb,
    events::{Event, State, store as events},
    gateways::{
        Gateway, Mode,
        adapter::{Incoming, SignatureError, ValidSecret, borrow_headers, verify},
    },
    ledger::payments::{Transaction, store as transactions},
    primitives::{
        id::{EventId, RejectionId, SecretId, TransactionId},
        money::Currency,
        secret::Secret,
        time::Timestamp,
        vault::{MasterKey, Vault},
        zone::Zone,
    },
};

/// More than any of these tests stores.
const ALL: i64 = 100;

/// A database for one test, on the engine that the suite runs on.
pub(in crate::ingestion) struct Bench {
    test: TestDb,
    pub(in crate::ingestion) db: Db,
    batch: EventBatchStore,
    vault: Vault,
    pub(in crate::ingestion) now: Timestamp,
    secret: [ValidSecret; 1],
}

impl Bench {
    pub(in crate::ingestion) async fn new(name: &str) -> Self {
        let test = TestDb::new(&format!("batch_{name}")).await;
        let db = test.db.clone();
        let now = Timestamp::from_seconds(1_795_343_400);
        let secret = [ValidSecret { id: SecretId::unique(), secret: Secret::generate(), until: None }];
        let batch = EventBatchStore::new(db.clone(), Wake::default(), Arc::default());
        let vault = Vault::new(MasterKey::generate());
        Self { test, db, batch, vault, now, secret }
    }

    pub(in crate::ingestion) async fn end(self) {
        self.test.end().await;
    }

    /// Creates a connection of a new app.
    pub(in crate::ingestion) async fn connection(&self, app: &str) -> ConnectionScope {
        let mut tx = self.db.begin().await.unwrap();
        let company = companies::create(&mut tx, "Neem Tree Retail", self.now).await.unwrap();
        let details = apps::Details {
            name: app.to_owned(),
            email: "shop@example.com".to_owned(),
            country: "IN".to_owned(),
            address: None,
            phone: None,
            state: None,
            city: None,
            postal_code: None,
            zone: None,
        };
        let by = (&Actor::command(company.id), self.now);
        let app = apps::create(&mut tx, company.id, &details, by).await.unwrap();
        let new =
            NewConnection { company: company.id, app, gateway: Gateway::RAZORPAY, mode: Mode::Test, currency: Currency::INR };
        let scope = connections::create(&mut tx, &self.vault, &new, by).await.unwrap().scope();
        tx.commit().await.unwrap();
        scope
    }

    /// Stores the requests in that order in one unit of work.
    async fn keep(&self, scope: ConnectionScope, sent: &[Sent<'_>]) {
        let version = store::version(&mut self.db.reader().await.unwrap()).await.unwrap();
        let batch: Vec<PendingRequest> =
            sent.iter().map(|sent| PendingRequest { request: self.request(scope, sent), version }).collect();
        assert_eq!(self.batch.write(&batch).await, Ok(vec![WriteOutcome::Stored; sent.len()]));
    }

    pub(in crate::ingestion) fn request(&self, scope: ConnectionScope, sent: &Sent<'_>) -> VerifiedRequest {
        let body = Bytes::from(sent.body());
        let signed = scope.gateway.adapter().sign(&self.secret[0].secret, sent.event_id.unwrap_or_default(), &body, self.now);
        let headers: Vec<_> = signed
            .into_iter()
            .filter(|(name, _)| *name != "x-razorpay-event-id" || sent.event_id.is_some())
            .map(|(name, value)| (name.to_owned(), value.into_bytes()))
            .collect();
        let request = Incoming { headers: &borrow_headers(&headers), body: &body };
        let verified = verify(scope.gateway, &request, &self.secret, self.now).unwrap();
        VerifiedRequest::new((scope, Zone::default().into()), &request, verified, "[]", self.now)
    }

    async fn events(&self) -> Vec<Event> {
        events::export(&mut self.db.reader().await.unwrap(), EventId::least(), None, ALL).await.unwrap()
    }

    pub(in crate::ingestion) async fn transactions(&self) -> Vec<Transaction> {
        transactions::export(&mut self.db.reader().await.unwrap(), TransactionId::least(), None, ALL).await.unwrap()
    }
}

/// An event of a payment, as it is sent.
#[derive(Clone, Copy)]
pub(in crate::ingestion) struct Sent<'a> {
    payment: &'a str,
    event_id: Option<&'a str>,
    status: &'a str,
    account: &'a str,
}

impl<'a> Sent<'a> {
    pub(in crate::ingestion) fn new(payment: &'a str, event_id: impl Into<Option<&'a str>>) -> Self {
        Self { payment, event_id: event_id.into(), status: "captured", account: "acc_Test0000000001" }
    }

    fn body(&self) -> Vec<u8> {
        let payment = json!({ "id": self.payment, "entity": "payment", "amount": 100_000, "currency": "INR",
            "status": self.status, "method": "upi", "amount_refunded": 0, "notes": [], "created_at": 1_795_343_400 });
        let event = format!("payment.{}", self.status);
        json!({ "entity": "event", "account_id": self.account, "event": event,
            "payload": { "payment": { "entity": payment } }, "created_at": 1_795_343_400 })
        .to_string()
        .into_bytes()
    }
}

#[tokio::test]
async fn twins_borrowed_ids_and_late_ids_of_one_batch_follow_the_table_of_duplicates() {
    let bench = Bench::new("duplicates").await;
    let scope = bench.connection("Neem Tree Store").await;
    bench.keep(scope, &[Sent::new("pay_0", "evt_0")]).await;
    let sent = [
        Sent::new("pay_1", "evt_1"),
        Sent::new("pay_1", "evt_1"),
        Sent::new("pay_2", "evt_1"),
        Sent::new("pay_1", "evt_9"),
        Sent::new("pay_0", "evt_0"),
        Sent::new("pay_0", "evt_8"),
        Sent::new("pay_3", "evt_8"),
        Sent::new("pay_4", None),
    ];
    bench.keep(scope, &sent).await;
    let events = bench.events().await;
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.gateway_event_id.as_deref(), event.state, event.received_count, event.is_flagged))
        .collect();
    let expected = [
        (Some("evt_0"), State::Processed, 3, true),
        (Some("evt_1"), State::Processed, 3, true),
        (Some("evt_1"), State::Conflict, 1, false),
        (Some("evt_8"), State::Conflict, 1, false),
        (None, State::Processed, 1, false),
    ];
    assert_eq!(told, expected);
    assert_eq!((events[2].conflict_with, events[3].conflict_with), (Some(events[1].id), Some(events[0].id)));
    assert_eq!(bench.transactions().await.len(), 5);
    let activity = activity::get(&mut bench.db.reader().await.unwrap(), scope.connection).await.unwrap();
    assert_eq!(activity.verified_count, 9);
    bench.end().await;
}

#[tokio::test]
async fn facts_of_one_payment_in_one_batch_make_one_story() {
    let bench = Bench::new("facts").await;
    let scope = bench.connection("Neem Tree Store").await;
    let sent = ["captured", "authorized", "failed"].map(|status| Sent { status, ..Sent::new("pay_1", status) });
    bench.keep(scope, &sent).await;
    let state = |all: Vec<Transaction>| {
        all.into_iter().map(|one| (one.id, one.status.map(crate::gateways::payment::Status::as_str))).collect()
    };
    let before: Vec<_> = state(bench.transactions().await);
    assert_eq!((before.len(), before[0].1), (1, Some("captured")));
    for sent in sent {
        bench.keep(scope, &[sent]).await;
    }
    let after: Vec<_> = state(bench.transactions().await);
    assert_eq!(after, before, "what was told before changes nothing");
    bench.end().await;
}

#[tokio::test]
async fn accounts_of_one_batch_are_told_apart_whatever_their_order() {
    const FIRST: &str = "acc_Test0000000001";
    const OTHER: &str = "acc_Test0000000002";
    let bench = Bench::new("accounts").await;
    for (number, accounts) in [[OTHER, FIRST, OTHER], [FIRST, OTHER, OTHER], [OTHER, OTHER, FIRST]].into_iter().enumerate() {
        let scope = bench.connection(&format!("Store {number}")).await;
        bench.keep(scope, &[Sent { account: FIRST, ..Sent::new("pay_0", "evt_0") }]).await;
        let ids = ["pay_1", "pay_2", "pay_3"];
        let sent = [0, 1, 2].map(|at| Sent { account: accounts[at], ..Sent::new(ids[at], ids[at]) });
        bench.keep(scope, &sent).await;
        let activity = activity::get(&mut bench.db.reader().await.unwrap(), scope.connection).await.unwrap();
        assert_eq!(activity.accounts().collect::<Vec<_>>(), [FIRST], "{accounts:?}");
        assert_eq!(activity.other_account.as_deref(), Some(OTHER), "{accounts:?}");
    }
    bench.end().await;
}

/// Returns two rejected requests of one server, the first and last received at the given seconds.
fn rejected(bench: &Bench, seconds: (u64, u64), reason: SignatureError) -> RejectedRequests {
    let at = |seconds| bench.now.plus(Duration::from_secs(seconds));
    RejectedRequests { count: 2, first_at: at(seconds.0), last_at: at(seconds.1), reason }
}

#[tokio::test]
async fn two_servers_that_write_rejections_in_reversed_order_leave_the_first_and_the_last() {
    let bench = Bench::new("reversed").await;
    let scope = bench.connection("Neem Tree Store").await;
    let rejections = [RejectionId::unique(), RejectionId::unique()];
    let later = rejected(&bench, (20, 30), SignatureError::SignatureMismatch);
    let earlier = rejected(&bench, (10, 15), SignatureError::SignatureMissing);
    for (rejected_requests, rejection) in [(later, rejections[0]), (earlier, rejections[1])] {
        let proven =
            ProvenRequests { count: 2, first_at: rejected_requests.first_at, last_at: rejected_requests.last_at, rejection };
        let mut tx = bench.db.begin().await.unwrap();
        let (rejected, proven) = ([(scope.connection, rejected_requests)].into(), [(scope.connection, proven)].into());
        activity::add_rejected(&mut tx, &rejected, &proven).await.unwrap();
        tx.commit().await.unwrap();
    }
    // A server without proof does not change what is already proven.
    let mut tx = bench.db.begin().await.unwrap();
    activity::add_rejected(&mut tx, &[(scope.connection, earlier)].into(), &BTreeMap::new()).await.unwrap();
    tx.commit().await.unwrap();
    let found = activity::get(&mut bench.db.reader().await.unwrap(), scope.connection).await.unwrap();
    let (first, last) = (Some(earlier.first_at), Some(later.last_at));
    assert_eq!((found.rejected_since, found.last_rejected_at, found.rejected_streak), (first, last, 6));
    assert_eq!(found.last_reason, Some(SignatureError::SignatureMismatch));
    assert_eq!((found.failing_since, found.last_proven_at, found.failing_count), (first, last, 4));
    assert_eq!(found.failing_rejection(), Some(rejections[0]));
    bench.end().await;
}
