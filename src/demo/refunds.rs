//! The refunds of the fake API: of payments that the demo's events have reported, and reported by events a few seconds later.
//!
//! Invariant: one refund for each idempotency key, and never more than a payment's amount.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};

use super::seed::SeededConnection;
use crate::{
    db::{Db, DbError},
    events,
    gateways::{Mode, payment::Status, razorpay},
    ledger::{
        orders::{self, Order},
        payments::{
            Transaction,
            store::{self, references},
        },
    },
    net::http_client,
    primitives::{
        base62,
        id::{AppId, ConnectionId},
        secret::Secret,
        time::Clock,
    },
    urls,
};

/// When the events of a refund are sent, after it was made.
const CREATED_AFTER: Duration = Duration::from_secs(3);
const PROCESSED_AFTER: Duration = Duration::from_secs(4);
/// The most events of a payment that are read.
const MAX_EVENTS: i64 = 20;
/// The smallest refund in paise.
const MIN_PAISE: i64 = 100;

/// Payments and their refunds as the fake gateway has them.
#[derive(Default)]
pub(super) struct Refunds {
    /// Set once the demo's connections exist.
    shops: OnceLock<Shops>,
    made: Mutex<Made>,
}

/// The demo's connections, with what sends events to them.
struct Shops {
    db: Db,
    client: reqwest::Client,
    connections: Vec<Receiver>,
}

/// Where the events of a connection are sent.
#[derive(Clone)]
struct Receiver {
    app: AppId,
    connection: ConnectionId,
    url: String,
    secret: Secret,
}

#[derive(Default)]
struct Made {
    /// By the id of the payment.
    payments: HashMap<String, Payment>,
    /// The body and the refund, by idempotency key.
    by_key: HashMap<String, (Value, Value)>,
}

/// A payment as it was when it was first asked for, and its refunds since.
#[derive(Clone)]
struct Payment {
    /// The payment of its latest event.
    entity: Value,
    account: Value,
    status: Status,
    amount: i64,
    refunded: i64,
    refunds: Vec<Value>,
    receiver: Receiver,
}

/// An error of the API: its description.
pub(super) struct Rejected(pub(super) &'static str);

impl Refunds {
    /// Makes the payments of these connections known.
    pub(super) async fn open(&self, db: &Db, base: &str, shops: &[SeededConnection]) -> Result<(), String> {
        let client = http_client::client().await?;
        let receiver = |shop: &SeededConnection| Receiver {
            app: shop.app.id,
            connection: shop.connection,
            url: urls::webhook_url(base, &shop.endpoint),
            secret: shop.secret.clone(),
        };
        let _ = self.shops.set(Shops { db: db.clone(), client, connections: shops.iter().map(receiver).collect() });
        Ok(())
    }

    /// Returns a payment.
    pub(super) async fn payment(&self, id: &str) -> Result<Value, Rejected> {
        self.read(id).await?;
        Ok(self.made().payments.get(id).map(Payment::as_entity).unwrap_or_default())
    }

    /// Returns the refunds of a payment that were made by the API.
    pub(super) async fn list(&self, id: &str) -> Result<Vec<Value>, Rejected> {
        self.read(id).await?;
        Ok(self.made().payments.get(id).map(|payment| payment.refunds.clone()).unwrap_or_default())
    }

    /// Makes a refund, once for each key.
    pub(super) async fn create(&self, id: &str, key: &str, order: &Value, clock: &Clock) -> Result<Value, Rejected> {
        self.read(id).await?;
        let mut made = self.made();
        if let Some((first, refund)) = made.by_key.get(key) {
            let is_same = first == order;
            return if is_same { Ok(refund.clone()) } else { Err(Rejected("Different request with the same idempotency key")) };
        }
        let payment = made.payments.get_mut(id).ok_or(Rejected("The id provided does not exist"))?;
        let refund = payment.refund(id, order, clock)?;
        let (reported, refunded) = (payment.clone(), refund.clone());
        made.by_key.insert(key.to_owned(), (order.clone(), refund.clone()));
        drop(made);
        if let Some(shops) = self.shops.get() {
            tokio::spawn(report(shops.client.clone(), reported, refunded, clock.clone()));
        }
        Ok(refund)
    }

    /// Returns an order, which the demo's events have reported.
    pub(super) async fn order(&self, id: &str) -> Result<Value, Rejected> {
        let (order, _) = self.find_order(id).await?;
        let money = order.state.money();
        Ok(json!({ "id": id, "entity": "order", "amount": money.map(|money| money.subunits), "partial_payment": false,
            "currency": money.map(|money| money.currency.to_string()), "receipt": null, "status": "paid" }))
    }

    /// Returns the captured payments of an order.
    pub(super) async fn list_of_order(&self, id: &str) -> Result<Vec<Value>, Rejected> {
        let (_, payments) = self.find_order(id).await?;
        let mut found = Vec::new();
        for payment in payments {
            found.push(self.payment(&payment.payment_id).await?);
        }
        Ok(found)
    }

    async fn find_order(&self, id: &str) -> Result<(Order, Vec<Transaction>), Rejected> {
        let unknown = Rejected("The id provided does not exist");
        let Some(shops) = self.shops.get() else { return Err(unknown) };
        shops.find_order(id).await.ok().flatten().ok_or(unknown)
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a payment when it is first asked for.
    async fn read(&self, id: &str) -> Result<(), Rejected> {
        if self.made().payments.contains_key(id) {
            return Ok(());
        }
        let unknown = Rejected("The id provided does not exist");
        let Some(shops) = self.shops.get() else { return Err(unknown) };
        let found = shops.find(id).await.ok().flatten().ok_or(unknown)?;
        self.made().payments.entry(id.to_owned()).or_insert(found);
        Ok(())
    }
}

impl Shops {
    /// Finds an order with its captured payments by the events of the demo.
    async fn find_order(&self, id: &str) -> Result<Option<(Order, Vec<Transaction>)>, DbError> {
        let mut reader = self.db.bulk_reader().await?;
        for receiver in &self.connections {
            for mode in Mode::ALL {
                let scope = (receiver.app, mode, razorpay::GATEWAY);
                if let Some(order) = orders::store::find(&mut reader, scope, id).await? {
                    return Ok(Some((
                        order,
                        references::list_captured_of_order(&mut reader, scope, id, references::MAX_OTHERS).await?,
                    )));
                }
            }
        }
        Ok(None)
    }

    /// Finds a payment by the events of the demo.
    async fn find(&self, id: &str) -> Result<Option<Payment>, DbError> {
        let mut reader = self.db.bulk_reader().await?;
        for receiver in &self.connections {
            for mode in Mode::ALL {
                let found = store::find_by_gateway_id(&mut reader, receiver.app, mode, id, 1).await?;
                let is_own = |payment: &Transaction| payment.connection == receiver.connection && payment.payment_id == id;
                let Some(payment) = found.into_iter().find(is_own) else { continue };
                let events = events::store::list_of_transaction(&mut reader, receiver.app, payment.id, MAX_EVENTS).await?;
                for event in events.iter().rev() {
                    let stored = events::store::find_payload(&mut reader, event).await?;
                    let body: Value = stored.body().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
                    let entity = body["payload"]["payment"]["entity"].clone();
                    if entity.is_object() {
                        return Ok(Payment::of(&payment, entity, body["account_id"].clone(), receiver.clone()));
                    }
                }
            }
        }
        Ok(None)
    }
}

impl Payment {
    fn of(payment: &Transaction, entity: Value, account: Value, receiver: Receiver) -> Option<Self> {
        let (status, amount, refunded) = (payment.status?, payment.amount?, payment.refunded);
        Some(Self { entity, account, status, amount, refunded, refunds: Vec::new(), receiver })
    }

    fn refunded(&self) -> i64 {
        self.refunds.iter().filter_map(|refund| refund["amount"].as_i64()).fold(self.refunded, i64::saturating_add)
    }

    fn as_entity(&self) -> Value {
        let (mut entity, refunded) = (self.entity.clone(), self.refunded());
        let is_full = self.status == Status::Captured && refunded >= self.amount;
        entity["status"] = json!(if is_full { Status::Refunded } else { self.status }.as_str());
        entity["amount_refunded"] = json!(refunded);
        entity["refund_status"] = match refunded {
            0 => Value::Null,
            _ if is_full => json!("full"),
            _ => json!("partial"),
        };
        entity
    }

    fn refund(&mut self, id: &str, order: &Value, clock: &Clock) -> Result<Value, Rejected> {
        let left = self.amount.saturating_sub(self.refunded());
        let amount = order["amount"].as_i64().unwrap_or(left);
        if self.status != Status::Captured {
            return Err(Rejected("The payment status should be captured for action to be taken"));
        } else if left <= 0 {
            return Err(Rejected("The payment has been fully refunded already"));
        } else if amount < MIN_PAISE {
            return Err(Rejected("The amount must be at least INR 1.00"));
        } else if amount > left {
            return Err(Rejected("The total refund amount is greater than the refund payment amount"));
        }
        let notes = order.get("notes").cloned().unwrap_or_else(|| json!([]));
        let refund = json!({ "id": format!("rfnd_{}", base62::random(14)), "entity": "refund", "amount": amount, "currency": "INR",
            "payment_id": id, "notes": notes, "receipt": order["receipt"], "acquirer_data": { "arn": null },
            "created_at": clock.now().seconds(), "batch_id": null, "status": "processed", "speed_processed": "normal",
            "speed_requested": "normal" });
        self.refunds.push(refund.clone());
        Ok(refund)
    }
}

/// Sends the events of a refund.
async fn report(client: reqwest::Client, payment: Payment, refund: Value, clock: Clock) {
    let mut refund = refund;
    for (event, status, pause) in
        [("refund.created", "pending", CREATED_AFTER), ("refund.processed", "processed", PROCESSED_AFTER)]
    {
        tokio::time::sleep(pause).await;
        refund["status"] = json!(status);
        let (now, id) = (clock.now(), format!("evt_{}", base62::random(14)));
        let payload = json!({ "refund": { "entity": refund }, "payment": { "entity": payment.as_entity() } });
        let body = json!({ "entity": "event", "account_id": payment.account, "event": event, "contains": ["refund", "payment"],
            "payload": payload, "created_at": now.seconds() });
        let body = body.to_string().into_bytes();
        let headers = razorpay::GATEWAY.adapter().sign(&payment.receiver.secret, &id, &body, now);
        let request = client.post(&payment.receiver.url).body(body);
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        if let Err(error) = request.send().await {
            tracing::warn!(%error, "the simulated gateway could not reach the demo");
        }
    }
}
