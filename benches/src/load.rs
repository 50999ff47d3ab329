//! Load: keep-alive connections, each with one request in flight, for a fixed time.
//!
//! Only responses within the window are measured. A waiting connection sends nothing, so a server that stalls receives fewer
//! requests: the highest latencies understate the stall (coordinated omission).

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    net::SocketAddr,
    rc::Rc,
    time::Duration,
};

use clap::Args;
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, interval_at, sleep, timeout},
};

use crate::{
    Failure, Label, Watched, Window,
    client::Connection,
    events::{Request, Source},
    machine::{self, Sample, ratio},
};

/// Events signed ahead for each second: more than one core can send.
const SIGNED_EVENTS_PER_SECOND: f64 = 130_000.0;
/// Upper bound on events signed ahead, 72 bytes each.
const MAX_EVENTS_AHEAD: f64 = 8_000_000.0;
/// Connections among which forged requests of a given rate are divided.
const FORGERS: u32 = 32;
/// Consecutive failures after which a connection is given up.
const MAX_FAILURES: u32 = 50;
/// Timeout for the last responses.
const LAST_RESPONSES_TIMEOUT: Duration = Duration::from_secs(10);

/// Posts signed events and prints the results.
#[derive(Args)]
pub(crate) struct Options {
    /// Webhook URL on this machine, http://127.0.0.1:PORT/PATH; several URLs share the connections.
    #[arg(long = "url", required = true)]
    urls: Vec<String>,
    /// Secret to sign with.
    #[arg(long, env = "KS_PAY_BENCH_SECRET", hide_env_values = true)]
    secret: String,
    /// Forged requests in addition to genuine ones: a number per second, or `max` for as many as are answered; `only` for no
    /// genuine ones.
    #[arg(long)]
    forged: Option<String>,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    watched: Watched,
    #[command(flatten)]
    label: Label,
}

/// Splits a URL of this machine into the address to connect to, the host as written, and the path.
pub(crate) fn target(url: &str) -> Result<(SocketAddr, String, String), Failure> {
    let rest = url.strip_prefix("http://").ok_or("a URL begins with http://")?;
    let (host, path) = rest.split_once('/').map_or((rest, String::from("/")), |(host, path)| (host, format!("/{path}")));
    let address: SocketAddr = host.replace("localhost", "127.0.0.1").parse()?;
    if !address.ip().is_loopback() {
        return Err("load goes to this machine only".into());
    }
    Ok((address, host.to_owned(), path))
}

/// Runs the load and prints one line.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let window = &options.window;
    let ahead = ((window.seconds + window.warm_up) * SIGNED_EVENTS_PER_SECOND).min(MAX_EVENTS_AHEAD);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between nothing and the most")]
    let ahead = ahead as usize;
    // The same time for signing and for sending.
    let now = now_nanos();
    let source = Rc::new(RefCell::new(Source::new(Some(&options.secret), now, ahead)));
    let guesses = Rc::new(RefCell::new(Source::new(None, now, 0)));
    let targets = options.urls.iter().map(|url| target(url)).collect::<Result<Vec<_>, _>>()?;
    let post = |at: usize, source: &Rc<RefCell<Source>>| {
        let (address, host, path) = &targets[at % targets.len()];
        let (mut request, source) = (Request::new(host, path, now / 1_000_000_000), source.clone());
        let next: Next = Box::new(move |buffer| {
            request.fill(&source.borrow_mut().next());
            buffer.clear();
            buffer.extend_from_slice(request.bytes());
        });
        (*address, next)
    };
    let is_forged = options.forged.as_deref() == Some("only");
    let (wanted, forged) = (Tally::new(if is_forged { 401 } else { 200 }), Tally::new(401));
    let mut crowd = Crowd::default();
    for at in 0..window.connections {
        let (address, next) = post(at, if is_forged { &guesses } else { &source });
        crowd.join(address, next, None, &wanted);
    }
    match options.forged.as_deref() {
        None | Some("only") => {}
        Some("max") => {
            for at in 0..window.connections {
                let (address, next) = post(at, &guesses);
                crowd.join(address, next, None, &forged);
            }
        }
        Some(rate) => {
            let pause = Duration::from_secs(1) * FORGERS / rate.parse::<u32>()?.max(1);
            for at in 0..FORGERS {
                let (address, next) = post(at as usize, &guesses);
                crowd.join(address, next, Some(Pace { first: pause * at / FORGERS, pause }), &forged);
            }
        }
    }
    let mut measured = crowd.measure(window, &options.watched, &wanted).await?;
    measured["signed_late"] = source.borrow().late().into();
    if options.forged.is_some() && !is_forged {
        let seconds = measured["seconds"].as_f64().unwrap_or(window.seconds);
        measured["forged"] = forged.summary(seconds);
    }
    options.label.print(measured)
}

/// Appends the next request to the buffer.
pub(crate) type Next = Box<dyn FnMut(&mut Vec<u8>)>;

/// Responses received within the window.
pub(crate) struct Tally {
    wanted: u16,
    is_counting: Cell<bool>,
    latencies: RefCell<Vec<u32>>,
    answers: RefCell<BTreeMap<u16, u64>>,
    errors: Cell<u64>,
    octets: Cell<u64>,
}

impl Tally {
    /// Creates a tally that expects this status.
    pub(crate) fn new(wanted: u16) -> Rc<Self> {
        Rc::new(Self {
            wanted,
            is_counting: Cell::new(false),
            latencies: RefCell::new(Vec::with_capacity(1 << 20)),
            answers: RefCell::default(),
            errors: Cell::new(0),
            octets: Cell::new(0),
        })
    }

    fn add(&self, status: u16, octets: usize, took: Duration) {
        if self.is_counting.get() {
            // The latency of an unexpected status says nothing about the work under test.
            if status == self.wanted {
                self.latencies.borrow_mut().push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
            }
            *self.answers.borrow_mut().entry(status).or_default() += 1;
            self.octets.set(self.octets.get() + octets as u64);
        }
    }

    fn fail(&self) {
        if self.is_counting.get() {
            self.errors.set(self.errors.get() + 1);
        }
    }

    /// Returns the number of expected responses.
    fn wanted(&self) -> u64 {
        self.answers.borrow().get(&self.wanted).copied().unwrap_or_default()
    }

    /// Returns rate and latencies of the expected responses, if any, and the number of all others.
    fn summary(&self, seconds: f64) -> Value {
        let mut latencies = self.latencies.borrow_mut();
        latencies.sort_unstable();
        let millis = |place: f64| percentile(&latencies, place).map(|micros| f64::from(micros) / 1000.0);
        let answers: BTreeMap<String, u64> =
            self.answers.borrow().iter().map(|(status, count)| (status.to_string(), *count)).collect();
        let all: u64 = answers.values().sum();
        json!({
            "rate": ratio(self.wanted(), 1) / seconds,
            "p50_ms": millis(0.5), "p99_ms": millis(0.99), "max_ms": millis(1.0),
            "answers": answers, "errors": self.errors.get(),
            "other_answers": all - self.wanted() + self.errors.get(),
            "octets_each": ratio(self.octets.get(), all.max(1)),
        })
    }
}

/// Returns the value below which that share of the sorted values lies; 1 is the maximum. `None` for an empty list.
fn percentile(sorted: &[u32], place: f64) -> Option<u32> {
    let last = sorted.len().saturating_sub(1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a list")]
    let at = (last as f64 * place).round() as usize;
    sorted.get(at).copied()
}

/// Send schedule of a connection: a staggered start, then a fixed interval.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    first: Duration,
    pause: Duration,
}

/// Connections of a run.
#[derive(Default)]
pub(crate) struct Crowd {
    members: JoinSet<()>,
    is_over: Rc<Cell<bool>>,
    tallies: Vec<Rc<Tally>>,
}

impl Crowd {
    /// Adds a connection, which sends as soon as it received a response, or at a fixed pace.
    pub(crate) fn join(&mut self, address: SocketAddr, next: Next, pace: Option<Pace>, tally: &Rc<Tally>) {
        if !self.tallies.iter().any(|known| Rc::ptr_eq(known, tally)) {
            self.tallies.push(tally.clone());
        }
        self.members.spawn_local(member(address, next, pace, tally.clone(), self.is_over.clone()));
    }

    /// Runs the load, measures within the window, and stops.
    pub(crate) async fn measure(mut self, window: &Window, watched: &Watched, main: &Tally) -> Result<Value, Failure> {
        sleep(Duration::from_secs_f64(window.warm_up)).await;
        let (before, serving_before) = (Sample::take()?, machine::serving(&watched.servers));
        let start = Instant::now();
        self.tallies.iter().for_each(|tally| tally.is_counting.set(true));
        sleep(Duration::from_secs_f64(window.seconds)).await;
        self.tallies.iter().for_each(|tally| tally.is_counting.set(false));
        let took = start.elapsed();
        let (after, serving_after) = (Sample::take()?, machine::serving(&watched.servers));
        self.is_over.set(true);
        let ended = timeout(LAST_RESPONSES_TIMEOUT, async { while self.members.join_next().await.is_some() {} }).await;
        let mut measured = main.summary(took.as_secs_f64());
        let micros = u64::try_from(took.as_micros())?;
        merge(&mut measured, machine::between(&before, &after, watched, micros, main.wanted()));
        let serving_us = ratio(serving_after.saturating_sub(serving_before), main.wanted().max(1));
        measured["storing_us"] = (measured["cpu_us"].as_f64().unwrap_or_default() - serving_us).into();
        measured["serving_us"] = serving_us.into();
        measured["seconds"] = took.as_secs_f64().into();
        measured["unanswered"] = if ended.is_ok() { 0 } else { self.members.len() }.into();
        Ok(measured)
    }
}

/// Adds the fields of one object to another.
pub(crate) fn merge(to: &mut Value, from: Value) {
    if let (Some(to), Value::Object(from)) = (to.as_object_mut(), from) {
        to.extend(from);
    }
}

async fn member(address: SocketAddr, mut next: Next, pace: Option<Pace>, tally: Rc<Tally>, is_over: Rc<Cell<bool>>) {
    // Missed ticks are made up for, since a slow response would otherwise lower the rate.
    let mut ticks = pace.map(|pace| interval_at(Instant::now() + pace.first, pace.pause));
    let (mut connection, mut buffer, mut failures) = (None, Vec::new(), 0);
    while !is_over.get() && failures < MAX_FAILURES {
        if let Some(ticks) = &mut ticks {
            ticks.tick().await;
        }
        if connection.is_none() {
            connection = Connection::open(address).await.ok();
        }
        next(&mut buffer);
        let start = Instant::now();
        let answered = match &mut connection {
            Some(open) => open.exchange(&buffer).await.map(|answer| (answer, open.is_closing())),
            None => Err(std::io::ErrorKind::NotConnected.into()),
        };
        if let Ok((answer, is_closing)) = answered {
            tally.add(answer.status, answer.octets(), start.elapsed());
            failures = 0;
            if is_closing {
                connection = None;
            }
        } else {
            tally.fail();
            failures += 1;
            connection = None;
            sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Nanoseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a generator is no part of the product and has no clock of its")]
pub(crate) fn now_nanos() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_goes_to_this_machine_only() {
        let (address, host, path) = target("http://127.0.0.1:81/webhooks/wh_x").unwrap();
        assert_eq!((address.port(), host.as_str(), path.as_str()), (81, "127.0.0.1:81", "/webhooks/wh_x"));
        for wrong in ["http://10.0.0.1:80/", "https://127.0.0.1:81/", "http://pay.example.com/"] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_refusal_is_counted_and_never_timed() {
        let tally = Tally::new(200);
        tally.is_counting.set(true);
        tally.add(503, 90, Duration::from_micros(5));
        let only_refused = tally.summary(1.0);
        assert!(only_refused["p99_ms"].is_null() && only_refused["other_answers"] == 1 && only_refused["rate"] == 0.0);
        tally.add(200, 90, Duration::from_millis(7));
        assert_eq!(tally.summary(1.0)["p99_ms"], 7.0);
    }

    #[test]
    fn a_percentile_is_a_value_that_was_seen() {
        let values: Vec<u32> = (1..=101).collect();
        assert_eq!([0.0, 0.5, 0.99, 1.0].map(|place| percentile(&values, place)), [Some(1), Some(51), Some(100), Some(101)]);
        assert_eq!(percentile(&[], 0.5), None);
    }
}
