//! Exposes the parsers of untrusted input to the fuzz targets in `fuzz/`; unit tests compile it too, and no other build.
//!
//! Invariant: there is no logic here. Each target states what must hold of a result, independently of the code under test.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::{
    apps::domain,
    console::{
        self,
        accounts::forms::{PersonForm, SetupForm},
        apps::forms::AppForm,
        http::list_query::{ListContext, ListQuery},
    },
    events::{headers, payload},
    gateways::{
        Gateway, Mode,
        adapter::{self, EventContent, Incoming, ValidSecret, Verified},
        parts::Part,
        payment::{self, PaymentObservation, Status},
        razorpay,
        samples::{LifeCycle, Merchant, Pace},
    },
    i18n::Text,
    ledger::payments::projection,
    primitives::{
        id::{AppId, SecretId},
        money::Money,
        secret::Secret,
        time::Timestamp,
        zone::Zone,
    },
    urls,
};

/// A header, as the adapters take it.
pub type Header = (String, Vec<u8>);

/// A secret, and its expiry in Unix seconds.
pub type Known<'a> = (&'a str, Option<i64>);

/// Returns the slugs of all gateways.
#[must_use]
pub fn gateways() -> Vec<&'static str> {
    Gateway::all().map(Gateway::slug).collect()
}

/// Returns the bodies of sample payments of all gateways, each from its first event to its last, then each sample event.
#[must_use]
pub fn sample_bodies(now: i64) -> Vec<Vec<Vec<u8>>> {
    let mut rng = rand::rng();
    let merchant = Merchant::new(&mut rng);
    let mut bodies: Vec<Vec<Vec<u8>>> = Vec::new();
    for samples in Gateway::all().map(|gateway| &gateway.profile().samples) {
        if let Some(play) = samples.life_cycle {
            let payment = |kind| play(kind, Pace::Natural, &merchant, now, &mut rng);
            bodies.extend(LifeCycle::ALL.map(payment).map(|events| events.into_iter().map(|sample| sample.body).collect()));
        }
        let single = samples.events.iter().filter_map(|event| (samples.single)(event, &merchant, now, &mut rng));
        bodies.extend(single.map(|sample| vec![sample.body]));
    }
    bodies
}

/// Returns the index of the secret that verifies a request at `now`, in Unix seconds; `None` if it is rejected. Ignores texts
/// that are not valid secrets.
#[must_use]
pub fn verifying_secret(gateway: &str, headers: &[Header], body: &[u8], known: &[Known<'_>], now: i64) -> Option<usize> {
    let live: Vec<(usize, ValidSecret)> =
        known.iter().enumerate().filter_map(|(number, known)| Some((number, live(known)?))).collect();
    let (numbers, secrets): (Vec<_>, Vec<_>) = live.into_iter().unzip();
    let ids: Vec<SecretId> = secrets.iter().map(|secret| secret.id).collect();
    let request = Incoming { headers: &adapter::borrow_headers(headers), body: &Bytes::copy_from_slice(body) };
    let (verified, id) = adapter::verify(gateway.parse().ok()?, &request, &secrets, Timestamp::from_seconds(now)).ok()?;
    assert_eq!(verified.bytes(), body, "what was verified is what came");
    ids.iter().position(|known| *known == id).map(|place| numbers[place])
}

fn live((text, until): &Known<'_>) -> Option<ValidSecret> {
    let secret = Secret::parse(text)?;
    Some(ValidSecret { id: SecretId::least(), secret, until: until.map(Timestamp::from_seconds) })
}

/// Returns the stored form of a request.
#[must_use]
pub fn pack(headers: &str, body: &[u8]) -> Vec<u8> {
    payload::pack(headers, body)
}

/// Returns headers and body of a stored request whose body has that SHA-256; `None` if it is damaged.
#[must_use]
pub fn unpack(frame: &[u8], sha256: &[u8]) -> Option<(String, Vec<u8>)> {
    payload::unpack(frame, sha256).ok().map(|payload| (payload.headers, payload.body))
}

/// The result of parsing a body.
#[derive(Debug, PartialEq, Eq)]
pub struct ParsedBody {
    /// `processed`, `unhandled`, or the field for which the event is quarantined.
    pub outcome: &'static str,
    /// The gateway's name of the event.
    pub event_type: Option<String>,
    /// In Unix seconds.
    pub occurred_at: Option<i64>,
    /// True if the event has no time of its own.
    pub is_time_borrowed: bool,
    /// The amount of the event.
    pub amount: Option<Money>,
    /// Its observation of a payment.
    pub payment: Option<ReportedPayment>,
}

/// A payment observation, as far as targets check it.
#[derive(Debug, PartialEq, Eq)]
pub struct ReportedPayment {
    /// The id of the payment.
    pub payment_id: String,
    /// The payment's status, amount and refunded total.
    pub snapshot: Option<(&'static str, Money, Option<i64>)>,
    /// The payment's order.
    pub order_id: Option<String>,
    /// How the customer paid.
    pub method: Option<String>,
    /// A refund's id, status and amount.
    pub refund: Option<(String, &'static str, Money)>,
    /// A dispute's id, status and amount, and the amount deducted.
    pub dispute: Option<(String, &'static str, Money, Option<i64>)>,
    /// All its times, in Unix seconds.
    pub times: Vec<i64>,
}

/// Parses a body as that gateway's.
#[must_use]
pub fn parse_body(gateway: &str, body: &[u8]) -> Option<ParsedBody> {
    let parsed = gateway.parse::<Gateway>().ok()?.adapter().read(&Part::whole(&verified(body)?), Timestamp::from_seconds(0));
    let (outcome, payment) = match &parsed.content {
        EventContent::Observation(facts) => ("processed", Some(reported_payment(facts))),
        EventContent::Unhandled => ("unhandled", None),
        EventContent::Quarantined(fault) => (*fault, None),
    };
    let occurred_at = parsed.occurred_at.map(Timestamp::seconds);
    let is_time_borrowed = parsed.is_time_borrowed;
    Some(ParsedBody { outcome, event_type: parsed.event_type, occurred_at, is_time_borrowed, amount: parsed.amount, payment })
}

/// Signs and verifies a body, because that is the only way to a [`Verified`] body.
fn verified(body: &[u8]) -> Option<Verified> {
    let now = Timestamp::from_seconds(0);
    let known = live(&("a SECRET of the fuzzer", None))?;
    let headers = razorpay::GATEWAY.adapter().sign(&known.secret, "", body, now);
    let headers: Vec<Header> = headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect();
    let request = Incoming { headers: &adapter::borrow_headers(&headers), body: &Bytes::copy_from_slice(body) };
    adapter::verify(razorpay::GATEWAY, &request, &[known], now).ok().map(|(verified, _)| verified)
}

fn reported_payment(facts: &PaymentObservation) -> ReportedPayment {
    let snapshot = facts.snapshot.as_ref();
    let mut times = vec![facts.at.seconds()];
    times.extend(snapshot.iter().map(|snapshot| snapshot.created_at.seconds()));
    times.extend(facts.refund.iter().filter_map(|refund| refund.created_at).map(Timestamp::seconds));
    let refund = |refund: &payment::Refund| (refund.id.clone(), refund.status.as_str(), refund.money);
    let dispute = |dispute: &payment::Dispute| (dispute.id.clone(), dispute.status.as_str(), dispute.money, dispute.deducted);
    ReportedPayment {
        payment_id: facts.payment_id.clone(),
        snapshot: snapshot.map(|snapshot| (snapshot.status.as_str(), snapshot.money, snapshot.refunded)),
        order_id: snapshot.and_then(|snapshot| snapshot.order_id.clone()),
        method: snapshot.and_then(|snapshot| snapshot.method.clone()),
        refund: facts.refund.as_ref().map(refund),
        dispute: facts.dispute.as_ref().map(dispute),
        times,
    }
}

/// The state of a payment after several bodies.
#[derive(Debug, PartialEq, Eq)]
pub struct MergedPayment {
    /// The whole state, as text.
    pub all: String,
    /// In subunits.
    pub amount: Option<i64>,
    /// In subunits.
    pub refunded: i64,
    /// The status of the payment.
    pub status: Option<&'static str>,
}

/// Applies these bodies of a gateway in that order, as if all were about one payment.
#[must_use]
pub fn merge_bodies(gateway: &str, bodies: &[&[u8]]) -> Option<MergedPayment> {
    let adapter = gateway.parse::<Gateway>().ok()?.adapter();
    let mut state = projection::PaymentState::default();
    for body in bodies.iter().filter_map(|body| verified(body)) {
        let parsed = adapter.read(&Part::whole(&body), Timestamp::from_seconds(0)).received(&body.sha256());
        if let EventContent::Observation(facts) = parsed.content {
            state.apply(&facts);
        }
    }
    let status = state.status().map(Status::as_str);
    Some(MergedPayment { all: format!("{state:?}"), amount: state.amount(), refunded: state.refunded(), status })
}

/// Returns the gateway's id of an event.
#[must_use]
pub fn event_id(gateway: &str, headers: &[Header]) -> Option<String> {
    let request = Incoming { headers: &adapter::borrow_headers(headers), body: &Bytes::new() };
    gateway.parse::<Gateway>().ok()?.adapter().event_id(&request, b"").map(str::to_owned)
}

/// Returns the deduplication key of a request.
#[must_use]
pub fn dedupe_key(gateway: &str, sha256: [u8; 32], event_id: Option<&str>) -> Option<[u8; 32]> {
    Some(adapter::dedupe_key(gateway.parse().ok()?, sha256, event_id))
}

/// Returns the prefix of the deduplication key, which keeps events of one entity together in an index.
#[must_use]
pub fn dedupe_prefix(body: &[u8]) -> &str {
    razorpay::GATEWAY.adapter().dedupe_prefix(body)
}

/// Returns the endpoint of a path.
#[must_use]
pub fn endpoint_of(path: &str) -> Option<&str> {
    urls::endpoint_of(path)
}

/// True if a redirect to that target is allowed.
#[must_use]
pub fn is_local(target: &str) -> bool {
    urls::is_local(target)
}

/// Returns the headers as they are stored.
#[must_use]
pub fn headers_json(headers: &[Header]) -> String {
    headers::to_json(&adapter::borrow_headers(headers))
}

/// Returns the reasons why Razorpay would reject a URL.
#[must_use]
pub fn url_objections(text: &str) -> Vec<String> {
    razorpay::GATEWAY.adapter().url_objections(text).iter().map(Text::in_english).collect()
}

/// Parses the domain of an app.
#[must_use]
pub fn domain(text: &str) -> Option<String> {
    domain::parse(text).ok()
}

/// Parses a pasted secret, and returns it as a page shows it.
#[must_use]
pub fn pasted(gateway: &str, text: &str) -> Option<String> {
    let adapter = gateway.parse::<Gateway>().ok()?.adapter();
    adapter.parse_secret(text).map(|secret| adapter.format_secret(&secret))
}

/// Returns every line of text that is accepted when the input is parsed as each of the forms and queries.
#[must_use]
pub fn accepted_lines(form: &[u8], now: i64) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(Ok((company, name, email))) = form_of::<SetupForm>(form).map(|form| form.parse(None)) {
        lines.extend([company, name, email]);
    }
    if let Some(Ok((name, email, _))) = form_of::<PersonForm>(form).map(|form| form.parse()) {
        lines.extend([name, email]);
    }
    if let Some(Ok(app)) = form_of::<AppForm>(form).map(|form| form.parse()) {
        lines.extend([app.name, app.email, app.country]);
        lines.extend([app.address, app.phone, app.state, app.city, app.postal_code].into_iter().flatten());
    }
    let context = ListContext { app: AppId::least(), mode: Mode::Test, zone: Zone::default(), now: Timestamp::from_seconds(now) };
    let has_length = |list: &ListQuery| list.times().is_none_or(|(start, end)| start < end);
    if let Some(query) = form_of::<console::payments::forms::PaymentParams>(form).map(|form| form.read(context)) {
        assert!(has_length(&query.list) && query.days().first <= query.days().last, "days have a length");
    }
    if let Some(query) = form_of::<console::events::forms::EventParams>(form).map(|form| form.read(context)) {
        assert!(has_length(&query.list), "days have a length");
        lines.extend(query.event_type);
    }
    if let Some(query) = form_of::<console::rejections::forms::RejectionParams>(form).map(|form| form.read(context)) {
        assert!(has_length(&query.list), "days have a length");
    }
    lines
}

fn form_of<T: DeserializeOwned>(form: &[u8]) -> Option<T> {
    serde_urlencoded::from_bytes(form).ok()
}
