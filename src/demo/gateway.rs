//! The simulated gateway: posts history at once, then payments at a human pace; now and then a signature is wrong.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::seed::{Temper, Wired};
use crate::{
    gateways::Gateway,
    http,
    kernel::{base62, secret::Secret, time::Clock},
    samples::{self, LifeCycle, Merchant, Sample},
    urls,
};

/// How far back the history goes.
const DAYS: i64 = 14;
const DAY: i64 = 86_400;
/// One in so many events is signed wrongly first: as by somebody who guesses the URL, or with a slip of the SECRET.
const WRONG_ONE_IN: u32 = 12;

/// The tasks that play; they end when dropped.
pub(super) struct Playing(Vec<JoinHandle<()>>);

impl Drop for Playing {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// One connection's gateway.
struct Sender {
    client: reqwest::Client,
    url: String,
    wired: Wired,
    merchant: Merchant,
    clock: Clock,
}

/// Plays for every connection.
pub(super) async fn play(base: &str, shops: Vec<Wired>) -> Result<Playing, String> {
    let client = http::client().await?;
    let tasks = shops.into_iter().map(|wired| {
        let sender = Sender {
            client: client.clone(),
            url: urls::webhook_url(base, &wired.endpoint),
            merchant: Merchant::of(wired.shop, &mut rand::rng()),
            wired,
            clock: Clock::system(),
        };
        tokio::spawn(sender.run())
    });
    Ok(Playing(tasks.collect()))
}

impl Sender {
    async fn run(self) {
        let history = self.history();
        let half = history.len() / 2;
        for (number, sample) in history.iter().enumerate() {
            let before = self.wired.before.as_ref().filter(|_| number < half);
            if self.wired.before.is_some() && number == half {
                self.post(sample, &self.slip().unwrap_or_else(Secret::generate)).await;
            }
            self.post(sample, before.unwrap_or(&self.wired.secret)).await;
        }
        loop {
            for sample in self.payment() {
                tokio::time::sleep(Duration::from_millis(sample.after_ms.clamp(400, 8000))).await;
                if base62::below(WRONG_ONE_IN) == 0 {
                    self.post(&sample, &self.wrong()).await;
                    tokio::time::sleep(Duration::from_secs(4)).await;
                }
                self.post(&sample, &self.wired.secret).await;
            }
            let pause = if self.wired.temper == Temper::Busy { 3 + base62::below(8) } else { 20 + base62::below(40) };
            tokio::time::sleep(Duration::from_secs(pause.into())).await;
        }
    }

    /// A SECRET that is none: the right one with a slip, or one of nobody.
    fn wrong(&self) -> Secret {
        self.slip().filter(|_| base62::below(2) == 0).unwrap_or_else(Secret::generate)
    }

    /// The right one as an editor saves it, with the end of its line.
    fn slip(&self) -> Option<Secret> {
        Secret::parse(&format!("{}\n", self.wired.secret.expose()))
    }

    /// Payments of the last days, oldest first.
    fn history(&self) -> Vec<Sample> {
        let count = match self.wired.temper {
            Temper::Busy => 90,
            Temper::Quiet => 8,
            Temper::Mistaken => 3,
        };
        let now = self.clock.now().seconds();
        let mut starts: Vec<i64> =
            (0..count).map(|_| now - 600 - i64::from(base62::below(u32::try_from(DAYS * DAY).unwrap_or(u32::MAX)))).collect();
        starts.sort_unstable();
        starts.into_iter().flat_map(|at| self.past(at)).filter(|sample| sample.at <= now).collect()
    }

    /// A payment of some day: now and then one that failed for good.
    fn past(&self, at: i64) -> Vec<Sample> {
        if base62::below(12) == 0 {
            return samples::single("payment.failed", &self.merchant, at, &mut rand::rng()).into_iter().collect();
        }
        self.told(any_life_cycle(), at)
    }

    /// A payment as of now.
    fn payment(&self) -> Vec<Sample> {
        // Most payments are simply paid, and those that are not yet told to their end would lie in the future.
        let kind = if base62::below(4) == 0 { LifeCycle::FailedThenPaid } else { LifeCycle::Paid };
        self.told(kind, self.clock.now().seconds() - kind.span())
    }

    fn told(&self, kind: LifeCycle, at: i64) -> Vec<Sample> {
        samples::life_cycle(kind, &self.merchant, at, &mut rand::rng())
    }

    async fn post(&self, sample: &Sample, secret: &Secret) {
        let headers = Gateway::Razorpay.adapter().sign(secret, &sample.event_id, &sample.body, self.clock.now());
        let mut request = self.client.post(&self.url).body(sample.body.clone());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Err(error) = request.send().await {
            tracing::warn!(%error, "the simulated gateway could not reach the demo");
        }
    }
}

fn any_life_cycle() -> LifeCycle {
    match base62::below(10) {
        0 => LifeCycle::FailedThenPaid,
        1 => LifeCycle::PartlyRefunded,
        2 => LifeCycle::Settled,
        3 if base62::below(3) == 0 => LifeCycle::Disputed,
        _ => LifeCycle::Paid,
    }
}
