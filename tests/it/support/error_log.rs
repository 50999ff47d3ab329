//! Errors that servers in this process log, attributed to the test that runs the server.
//!
//! Tests run in parallel, so the thread that logs decides: each test has its own tokio runtime, and so has each worker of its
//! servers. A worker announces its server's address when it starts, and the test registers the addresses of its servers.

use std::{
    collections::HashMap,
    fmt::{Debug, Write as _},
    net::SocketAddr,
    sync::{Mutex, MutexGuard, OnceLock},
};

use tokio::runtime::{Handle, Id};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::Targets,
    layer::{Context, SubscriberExt as _},
};

/// Debug line of a worker that starts, with the address of its server.
const WORKER_STARTED: &str = "worker started";

/// Logged by the thread that accepts connections, for those that arrive while a server stops.
const NO_WORKERS: &str = "No workers";

#[derive(Default)]
struct Log {
    /// Runtime of each worker, with the address of its server.
    workers: HashMap<Id, SocketAddr>,
    /// Address of each server, with the runtime of its test.
    servers: HashMap<SocketAddr, Id>,
    announced: HashMap<Id, Vec<String>>,
    errors: Vec<(Option<Id>, String)>,
}

fn log() -> MutexGuard<'static, Log> {
    static LOG: OnceLock<Mutex<Log>> = OnceLock::new();
    LOG.get_or_init(Mutex::default).lock().unwrap()
}

/// Starts to record errors; a second call changes nothing. `RUST_LOG` additionally shows the log of all tests.
pub(crate) fn start() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        // Debug lines are needed for the workers only. The parser's errors are silenced in the product as well.
        let recorded = Targets::new().with_target("ks_pay", Level::DEBUG).with_target("actix_http", LevelFilter::OFF);
        let shown = std::env::var("RUST_LOG").ok().map(|filter| {
            tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(EnvFilter::builder().parse_lossy(filter))
        });
        let layers = tracing_subscriber::registry().with(Recorder.with_filter(recorded.with_default(Level::ERROR))).with(shown);
        tracing::subscriber::set_global_default(layers).unwrap();
    });
}

/// Registers a server that the current test started.
pub(crate) fn register(server: SocketAddr) {
    log().servers.insert(server, Handle::current().id());
}

/// Allows errors of the current test that contain the text.
pub(crate) fn announce(text: &str) {
    log().announced.entry(Handle::current().id()).or_default().push(text.to_owned());
}

/// Returns the errors of the current test that were not announced, once.
pub(crate) fn take_unexpected() -> Vec<String> {
    let (test, mut log) = (Handle::current().id(), log());
    let announced = log.announced.get(&test).cloned().unwrap_or_default();
    let errors = log.errors.extract_if(.., |(owner, _)| owner.is_none_or(|owner| owner == test)).map(|(_, line)| line);
    errors.filter(|line| !line.contains(NO_WORKERS) && !announced.iter().any(|text| line.contains(text))).collect()
}

struct Recorder;

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let is_error = *event.metadata().level() == Level::ERROR;
        let runtime = Handle::try_current().ok().map(|handle| handle.id());
        let mut line = Line::default();
        event.record(&mut line);
        if is_error {
            let mut log = log();
            let server = runtime.and_then(|runtime| log.workers.get(&runtime));
            let owner = server.map_or(runtime, |address| log.servers.get(address).copied());
            log.errors.push((owner, format!("{}{}", line.message, line.fields)));
        } else if line.message == WORKER_STARTED {
            log().workers.insert(runtime.unwrap(), line.address.unwrap());
        }
    }
}

/// Text of an event.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
    address: Option<SocketAddr>,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            name => {
                let value = format!("{value:?}");
                if name == "address" {
                    self.address = value.parse().ok();
                }
                write!(self.fields, " {name}={value}").unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_fails_the_test_whose_server_logged_it_unless_the_test_announced_it() {
    let (app, other) = (super::TestApp::start().await, super::TestApp::start().await);
    let webhook = app.razorpay().await;
    app.sql("DROP TABLE sessions").await;
    let answer = app.visitor().sign_in("owner@neem-tree-retail.example", super::builders::PASSWORD, "/").await;
    assert_eq!(answer.status, reqwest::StatusCode::INTERNAL_SERVER_ERROR, "{}", webhook.url);
    let fails = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(app)));
    let said = *fails.unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("a request failed") && said.contains("/login"), "{said}");
    drop(other);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_thread_that_writes_events_fails_the_test_too() {
    let app = super::TestApp::start().await;
    let webhook = app.razorpay().await;
    app.sql("ALTER TABLE event_payloads RENAME TO elsewhere").await;
    assert_eq!(webhook.post(super::bodies::bare("foo.bar")).send().await, 500);
    let fails = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(app)));
    let said = *fails.unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("an event that cannot be stored"), "{said}");
}
