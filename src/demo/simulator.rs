//! The simulated gateway: sends a history up to now, then payments when they are due, occasionally with an invalid signature.

use std::{collections::BTreeMap, time::Duration};

use actix_web::web::Bytes;
use jiff::{ToSpan as _, civil::Date};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::{
    schedule::{self, Outcome},
    seed::{SeededConnection, TrafficProfile},
};
use crate::{
    console::http::state::State,
    gateways::{
        razorpay::{self, samples},
        samples::{LifeCycle, Merchant, Pace, Sample},
    },
    ingestion::replay::PastRequest,
    net::http_client,
    primitives::{
        base62,
        secret::Secret,
        time::{Clock, Timestamp},
    },
    urls,
};

/// Length of the history, in days: the default period of App Overview, and the one before.
pub(super) const DAYS: i32 = 28;
/// How many days ago the payment was made whose dispute waits for a response: it is disputed within three days, and the deadline is a
/// week later.
const DISPUTED_DAYS_AGO: i64 = 4;
/// One in this many events is first sent with an invalid signature: of a random secret, as by an attacker who knows the URL,
/// or of a mistyped secret.
const WRONG_ONE_IN: u32 = 40;
/// Maximum delay between an event and its arrival, in seconds.
const MAX_DELAY_SECONDS: u32 = 3;
/// Delay before the simulated gateway retries.
const RETRY_AFTER: Duration = Duration::from_secs(4);
/// When an order is paid a second time, after the demo was started, in seconds.
const PAID_TWICE_AFTER: i64 = 10;
/// Maximum sleep, so that a change of the system clock takes effect soon.
const MAX_SLEEP: Duration = Duration::from_secs(30);

/// The running sender tasks; aborted on drop.
pub(super) struct Simulation(Vec<JoinHandle<()>>);

impl Drop for Simulation {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// The simulated gateway of one connection.
struct Sender {
    client: reqwest::Client,
    url: String,
    wired: SeededConnection,
    merchant: Merchant,
    clock: Clock,
    /// Future events by time and sequence number.
    due: BTreeMap<(i64, u64), Sample>,
    count: u64,
    /// The first day not scheduled yet.
    next_day: Date,
}

/// Stores the history of every connection, then starts a sender for each.
pub(super) async fn run(state: &State, base: &str, shops: Vec<SeededConnection>) -> Result<Simulation, String> {
    let client = http_client::client().await?;
    let clock = Clock::system();
    let mut senders: Vec<Sender> =
        shops.into_iter().map(|wired| Sender::new(client.clone(), base, wired, clock.clone())).collect();
    let mut history: Vec<PastRequest> = senders.iter_mut().flat_map(Sender::history).collect();
    history.sort_by_key(|request| request.received_at);
    let failed = |error| format!("The demo's history could not be stored: {error}.");
    state.ingestion.replay(&state.db, &history).await.map_err(failed)?;
    Ok(Simulation(senders.into_iter().map(|sender| tokio::spawn(sender.run())).collect()))
}

impl Sender {
    fn new(client: reqwest::Client, base: &str, wired: SeededConnection, clock: Clock) -> Self {
        let url = urls::webhook_url(base, &wired.endpoint);
        let merchant = Merchant::of(wired.shop, &mut rand::rng());
        let next_day = clock.now().zoned().date().saturating_sub(DAYS.days());
        Self { client, url, wired, merchant, clock, due: BTreeMap::new(), count: 0, next_day }
    }

    /// Returns the requests received so far, oldest first; events that are not due yet stay scheduled.
    fn history(&mut self) -> Vec<PastRequest> {
        let now = self.clock.now();
        self.schedule(now.seconds());
        if self.wired.profile == TrafficProfile::Busy {
            self.add_open_dispute(now.seconds() - DISPUTED_DAYS_AGO * 24 * 60 * 60);
        }
        let later = self.due.split_off(&(now.seconds() - i64::from(MAX_DELAY_SECONDS), 0));
        std::mem::replace(&mut self.due, later).into_values().map(|sample| self.past(&sample)).collect()
    }

    fn past(&self, sample: &Sample) -> PastRequest {
        let late = Duration::from_millis(u64::from(400 + base62::below(MAX_DELAY_SECONDS * 1000 - 400)));
        let received_at = Timestamp::from_seconds(sample.at).plus(late);
        let headers = headers(self.wired.secret_at(received_at), sample, received_at);
        PastRequest {
            endpoint: self.wired.endpoint.clone(),
            headers: headers.into_iter().map(|(name, value)| (name.to_lowercase(), value.into_bytes())).collect(),
            body: Bytes::from(sample.body.clone()),
            received_at,
        }
    }

    /// Schedules every day that starts by this time.
    fn schedule(&mut self, until: i64) {
        let mut rng = rand::rng();
        while Timestamp::start_of(self.next_day).seconds() <= until {
            for at in self.wired.trade.starts(self.next_day, &mut rng) {
                let samples = match schedule::random_outcome(&mut rng) {
                    Outcome::Failed => samples::single("payment.failed", &self.merchant, at, &mut rng).into_iter().collect(),
                    Outcome::Cycle(kind) => samples::life_cycle(kind, &self.merchant, at, &mut rng),
                };
                for sample in samples {
                    self.add(sample);
                }
            }
            self.next_day = schedule::next(self.next_day);
        }
    }

    /// Adds a payment with a dispute that was not answered yet.
    fn add_open_dispute(&mut self, at: i64) {
        let samples = samples::life_cycle(LifeCycle::Disputed, &self.merchant, at, &mut rand::rng());
        let is_unanswered = |sample: &Sample| sample.event != "payment.dispute.under_review";
        samples.into_iter().take_while(is_unanswered).for_each(|sample| self.add(sample));
    }

    fn add(&mut self, sample: Sample) {
        self.count += 1;
        self.due.insert((sample.at, self.count), sample);
    }

    /// Adds an order that is paid twice in the next seconds.
    fn add_paid_twice(&mut self, now: i64) {
        let mut rng = rand::rng();
        let once = samples::life_cycle_until(LifeCycle::Paid, Pace::Quick, &self.merchant, now, &mut rng);
        let of_payment = |sample: &Sample| {
            serde_json::from_slice::<Value>(&sample.body)
                .ok()
                .map(|body| body["payload"]["payment"]["entity"]["id"].as_str().unwrap_or_default().to_owned())
        };
        let Some(first) = once.first().and_then(of_payment).filter(|id| !id.is_empty()) else { return };
        let second = format!("pay_{}", base62::random(14));
        let again = once.iter().filter(|sample| sample.event != "order.paid").map(|sample| Sample {
            event: sample.event,
            event_id: format!("evt_{}", base62::random(14)),
            body: String::from_utf8_lossy(&sample.body).replace(&first, &second).into_bytes(),
            at: sample.at + PAID_TWICE_AFTER,
            after_ms: sample.after_ms,
        });
        let again: Vec<_> = again.collect();
        once.into_iter().chain(again).for_each(|sample| self.add(sample));
    }

    async fn run(mut self) {
        self.begin().await;
        if self.wired.profile == TrafficProfile::Busy {
            self.add_paid_twice(self.clock.now().seconds());
        }
        loop {
            let now = self.clock.now();
            self.schedule(now.plus(MAX_SLEEP).seconds());
            while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= now.seconds()) {
                let sample = entry.remove();
                self.deliver(&sample, base62::below(WRONG_ONE_IN) == 0).await;
            }
            let next = self.due.first_key_value().map(|((at, _), _)| Timestamp::from_seconds(*at).since(self.clock.now()));
            tokio::time::sleep(next.unwrap_or(MAX_SLEEP).clamp(Duration::from_millis(200), MAX_SLEEP)).await;
        }
    }

    /// Sends a payment at the start of the demo, so that the user sees events arrive.
    async fn begin(&self) {
        let is_shop = self.wired.profile != TrafficProfile::Quiet;
        let now = self.clock.now().seconds();
        let samples = samples::life_cycle_until(LifeCycle::Paid, Pace::Quick, &self.merchant, now, &mut rand::rng());
        for (number, sample) in samples.iter().enumerate().filter(|_| is_shop) {
            if number == 0 && self.wired.profile == TrafficProfile::Busy {
                self.post(sample, &self.mistyped_secret()).await;
                tokio::time::sleep(RETRY_AFTER).await;
            }
            self.deliver(sample, false).await;
        }
    }

    /// Posts an event; first with a wrong secret if `is_wrong_first`.
    async fn deliver(&self, sample: &Sample, is_wrong_first: bool) {
        if self.wired.profile == TrafficProfile::WrongSecret {
            return self.post(sample, &self.mistyped_secret()).await;
        }
        if is_wrong_first {
            let wrong = if base62::below(2) == 0 { self.mistyped_secret() } else { Secret::generate() };
            self.post(sample, &wrong).await;
            tokio::time::sleep(RETRY_AFTER).await;
        }
        self.post(sample, &self.wired.secret).await;
    }

    /// Returns the correct secret with a trailing newline, as saved by an editor.
    fn mistyped_secret(&self) -> Secret {
        Secret::parse(&format!("{}\n", self.wired.secret.expose())).unwrap_or_else(Secret::generate)
    }

    async fn post(&self, sample: &Sample, secret: &Secret) {
        let mut request = self.client.post(&self.url).body(sample.body.clone());
        for (name, value) in headers(secret, sample, self.clock.now()) {
            request = request.header(name, value);
        }
        if let Err(error) = request.send().await {
            tracing::warn!(%error, "the simulated gateway could not reach the demo");
        }
    }
}

/// Returns the request headers as sent by the gateway.
fn headers(secret: &Secret, sample: &Sample, now: Timestamp) -> Vec<(&'static str, String)> {
    razorpay::GATEWAY.adapter().sign(secret, &sample.event_id, &sample.body, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_header_is_sent_once() {
        let sample = Sample { event: "", event_id: "evt_Demo0000000001".to_owned(), body: Vec::new(), at: 0, after_ms: 0 };
        let headers = headers(&Secret::generate(), &sample, Timestamp::from_seconds(0));
        let mut names: Vec<_> = headers.iter().map(|(name, _)| name.to_lowercase()).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-type", "user-agent", "x-razorpay-event-id", "x-razorpay-signature"]);
    }
}
