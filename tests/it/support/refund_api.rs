//! Fake Razorpay API that refunds: payments, their refunds, idempotency keys, and every documented error and failure.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What happens to the next request that would refund, or that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is closed before anything is done.
    LostBefore,
    /// The refund is made, and the connection is closed without a response.
    LostAfter,
    /// Nothing is done, and the response has this status.
    Status(u16),
    /// Nothing is done, and the response is an error of this status in these words.
    Error(u16, &'static str),
    /// The refund is made, and the response is no JSON.
    Garbled,
    /// Nothing is done, and the response is a page of a proxy with this status.
    Page(u16),
}

/// A payment of the gateway.
struct Payment {
    status: &'static str,
    amount: i64,
    currency: &'static str,
    order: String,
    created_at: i64,
    refunds: Vec<Value>,
}

impl Payment {
    fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund["amount"].as_i64().unwrap()).sum()
    }
}

#[derive(Default)]
struct Account {
    payments: BTreeMap<String, Payment>,
    /// The entities of orders.
    orders: BTreeMap<String, Value>,
    /// The body and the refund of each idempotency key.
    keys: BTreeMap<String, (String, Value)>,
    /// The faults of the next requests that refund, and of those that read.
    of_refunds: Vec<Fault>,
    of_reads: Vec<Fault>,
    /// The heads and bodies of the requests.
    requests: Vec<String>,
    /// Refunds that lists do not have yet.
    is_list_late: bool,
    count: usize,
}

/// The running API; it ends with the test.
#[derive(Clone)]
pub(crate) struct RefundApi {
    pub(crate) url: String,
    account: Arc<Mutex<Account>>,
    turn: Arc<tokio::sync::Mutex<()>>,
    refund_turn: Arc<tokio::sync::Mutex<()>>,
}

impl RefundApi {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let api = Self { url, account: Arc::default(), turn: Arc::default(), refund_turn: Arc::default() };
        let serving = api.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let api = serving.clone();
                tokio::spawn(async move { api.serve(stream).await });
            }
        });
        api
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap()
    }

    /// Adds a captured payment in rupees.
    pub(crate) fn add(&self, id: &str, paise: i64) {
        self.add_as(id, ("captured", paise, "INR"));
    }

    pub(crate) fn add_as(&self, id: &str, (status, amount, currency): (&'static str, i64, &'static str)) {
        let payment =
            Payment { status, amount, currency, order: "order_1".to_owned(), created_at: 1_795_343_400, refunds: Vec::new() };
        self.account().payments.insert(id.to_owned(), payment);
    }

    /// Adds a captured payment of an order, created at that many seconds after the others.
    pub(crate) fn add_to(&self, order: &str, id: &str, paise: i64, after: i64) {
        self.add(id, paise);
        let mut account = self.account();
        let payment = account.payments.get_mut(id).unwrap();
        (payment.order, payment.created_at) = (order.to_owned(), payment.created_at + after);
    }

    /// Adds an order with that amount, or changes it.
    pub(crate) fn add_order(&self, id: &str, amount: &Value) {
        let entity = json!({ "id": id, "entity": "order", "amount": amount, "currency": "INR", "status": "paid" });
        self.account().orders.insert(id.to_owned(), entity);
    }

    /// Refunds a part by hand, as in the gateway's dashboard.
    pub(crate) fn refund_by_hand(&self, id: &str, amount: i64) {
        self.account().refund(id, amount, None);
    }

    /// Refunds a part as another installation with the same account.
    pub(crate) fn refund_with_receipt(&self, id: &str, amount: i64, receipt: &str) {
        self.account().refund(id, amount, Some(&json!({ "receipt": receipt, "notes": [] })));
    }

    /// Makes the next request that refunds fail; each call adds one.
    pub(crate) fn fail_refund(&self, fault: Fault) {
        self.account().of_refunds.push(fault);
    }

    /// Makes the next request that reads fail; each call adds one.
    pub(crate) fn fail_read(&self, fault: Fault) {
        self.account().of_reads.push(fault);
    }

    /// Lets the next requests succeed.
    pub(crate) fn recover(&self) {
        let mut account = self.account();
        account.of_refunds.clear();
        account.of_reads.clear();
    }

    /// Makes lists of refunds lag behind, or not.
    pub(crate) fn delay_lists(&self, is_late: bool) {
        self.account().is_list_late = is_late;
    }

    /// Holds back the responses until the guard is dropped.
    pub(crate) async fn hold(&self) -> tokio::sync::OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// The same for requests that refund.
    pub(crate) async fn hold_refunds(&self) -> tokio::sync::OwnedMutexGuard<()> {
        Arc::clone(&self.refund_turn).lock_owned().await
    }

    /// Returns the amounts of a payment's refunds, oldest first.
    pub(crate) fn refunds(&self, id: &str) -> Vec<i64> {
        let account = self.account();
        account.payments[id].refunds.iter().map(|refund| refund["amount"].as_i64().unwrap()).collect()
    }

    /// Returns the requests, oldest first.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.account().requests.clone()
    }

    /// Returns the requests that refund, oldest first.
    pub(crate) fn refund_requests(&self) -> Vec<String> {
        self.requests().into_iter().filter(|request| request.starts_with("POST ")).collect()
    }

    async fn serve(&self, mut stream: TcpStream) {
        let mut received = Vec::new();
        let request = loop {
            let mut part = [0; 4096];
            let length = stream.read(&mut part).await.unwrap_or_default();
            received.extend_from_slice(&part[..length]);
            let text = String::from_utf8_lossy(&received).into_owned();
            let is_whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| body.len() >= content_length(head));
            if is_whole || length == 0 {
                break text;
            }
        };
        self.account().requests.push(request.clone());
        drop(self.turn.lock().await);
        if request.starts_with("POST ") {
            drop(self.refund_turn.lock().await);
        }
        let Some((status, body)) = self.account().answer(&request) else { return };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

fn content_length(head: &str) -> usize {
    header(head, "content-length").and_then(|length| length.parse().ok()).unwrap_or_default()
}

fn header(head: &str, name: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}:")))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn error(description: &str) -> String {
    json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": description, "source": "NA", "step": "NA", "reason": "NA",
        "metadata": {} } })
    .to_string()
}

fn entity(id: &str, payment: &Payment) -> Value {
    let refunded = payment.refunded();
    let status = if payment.status == "captured" && refunded == payment.amount { "refunded" } else { payment.status };
    json!({ "id": id, "entity": "payment", "amount": payment.amount, "currency": payment.currency, "status": status,
        "order_id": payment.order, "amount_refunded": refunded, "captured": status != "authorized", "created_at": payment.created_at })
}

impl Account {
    /// Returns the response; `None` if there is none.
    fn answer(&mut self, request: &str) -> Option<(u16, String)> {
        let (head, body) = request.split_once("\r\n\r\n")?;
        let mut words = head.split_whitespace();
        let (method, path) = (words.next()?, words.next()?.split('?').next()?);
        let is_refund = method == "POST";
        let faults = if is_refund { &mut self.of_refunds } else { &mut self.of_reads };
        let fault = (!faults.is_empty()).then(|| faults.remove(0));
        match fault {
            Some(Fault::LostBefore) => return None,
            Some(Fault::Status(status)) => return Some((status, error("Something went wrong"))),
            Some(Fault::Error(status, words)) => return Some((status, error(words))),
            Some(Fault::Page(status)) => return Some((status, "<html>".to_owned())),
            Some(Fault::LostAfter | Fault::Garbled) | None => {}
        }
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let answer = match (method, segments.as_slice()) {
            ("GET", ["v1", "payments"]) => (200, json!({ "entity": "collection", "count": 0, "items": [] }).to_string()),
            ("GET", ["v1", "payments", id]) => self.payment(id),
            ("GET", ["v1", "payments", id, "refunds"]) => self.list(id),
            ("GET", ["v1", "orders", id]) => self.order(id),
            ("GET", ["v1", "orders", id, "payments"]) => self.list_of_order(id),
            ("POST", ["v1", "payments", id, "refund"]) => self.create(id, head, body),
            _ => (400, error("The requested URL was not found on the server.")),
        };
        match fault {
            Some(Fault::LostAfter) => None,
            Some(Fault::Garbled) => Some((200, "<html>".to_owned())),
            _ => Some(answer),
        }
    }

    fn payment(&self, id: &str) -> (u16, String) {
        let Some(payment) = self.payments.get(id) else { return (400, error("The id provided does not exist")) };
        (200, entity(id, payment).to_string())
    }

    fn order(&self, id: &str) -> (u16, String) {
        let Some(order) = self.orders.get(id) else { return (400, error("The id provided does not exist")) };
        (200, order.to_string())
    }

    fn list_of_order(&self, id: &str) -> (u16, String) {
        let own = self.payments.iter().filter(|(_, payment)| payment.order == id);
        let items: Vec<Value> = own.map(|(id, payment)| entity(id, payment)).collect();
        (200, json!({ "entity": "collection", "count": items.len(), "items": items }).to_string())
    }

    fn list(&self, id: &str) -> (u16, String) {
        let Some(payment) = self.payments.get(id) else { return (400, error("The id provided does not exist")) };
        let items: &[Value] = if self.is_list_late { &[] } else { &payment.refunds };
        (200, json!({ "entity": "collection", "count": items.len(), "items": items }).to_string())
    }

    fn create(&mut self, id: &str, head: &str, body: &str) -> (u16, String) {
        let key = header(head, "x-refund-idempotency").unwrap_or_default();
        let is_valid = key.len() >= 10 && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        assert!(is_valid, "not a key: {key:?}");
        if let Some((first, refund)) = self.keys.get(&key) {
            return if first == body {
                (200, refund.to_string())
            } else {
                (400, error("Different request with the same idempotency key has already been processed."))
            };
        }
        let order: Value = serde_json::from_str(body).unwrap();
        assert_eq!(order["speed"], "normal");
        let Some(payment) = self.payments.get(id) else { return (400, error("The id provided does not exist")) };
        let amount = order["amount"].as_i64().unwrap();
        let (left, refunded) = (payment.amount - payment.refunded(), payment.refunded());
        if payment.status != "captured" {
            return (400, error("The payment status should be captured for action to be taken"));
        } else if refunded == payment.amount {
            return (400, error("The payment has been fully refunded already"));
        } else if amount < 100 && payment.currency == "INR" {
            return (400, error("The amount must be at least INR 1.00"));
        } else if amount > left {
            return (400, error("The total refund amount is greater than the refund payment amount"));
        }
        let refund = self.refund(id, amount, Some(&order));
        self.keys.insert(key, (body.to_owned(), refund.clone()));
        (200, refund.to_string())
    }

    fn refund(&mut self, id: &str, amount: i64, order: Option<&Value>) -> Value {
        self.count += 1;
        let payment = self.payments.get_mut(id).unwrap();
        let notes = order.map_or_else(|| json!([]), |order| order["notes"].clone());
        let refund = json!({ "id": format!("rfnd_Test{:010}", self.count), "entity": "refund", "amount": amount,
            "currency": payment.currency, "payment_id": id, "receipt": order.map(|order| order["receipt"].clone()), "notes": notes,
            "status": "processed", "speed_requested": "normal", "speed_processed": "normal", "created_at": 1_795_343_500 });
        payment.refunds.push(refund.clone());
        refund
    }
}
