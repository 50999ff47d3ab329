//! The state shared by the request handlers of a server.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::watch;

use crate::{
    accounts::{limits::Limits, password::PasswordHasher},
    config::Config,
    connections::stream::Streams,
    db::Db,
    ingestion::{
        Ingestion,
        recorder::{DiagnosisContext, RejectionRecorder},
    },
    messages,
    primitives::{time::Clock, vault::Vault},
    startup::Opened,
    url_check::limiter::CheckLimiter,
    web::{client_ip::UntrustedProxy, layout::Warning},
};

/// The shared state of one server.
pub(crate) struct State {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    pub(crate) config: Config,
    pub(crate) passwords: PasswordHasher,
    pub(crate) limits: Limits,
    pub(crate) ingestion: Ingestion,
    pub(crate) refusals: RejectionRecorder,
    pub(crate) checks: CheckLimiter,
    pub(crate) key_checks: CheckLimiter,
    pub(crate) streams: Streams,
    pub(crate) untrusted_proxy: UntrustedProxy,
    /// The warnings shown on every page.
    warnings: Vec<Warning>,
    /// The base of every URL shown; set once the server listens.
    pub(crate) base: OnceLock<String>,
    /// When the database was last probed, and whether it could store.
    pub(crate) probed: tokio::sync::Mutex<Option<(tokio::time::Instant, bool)>>,
    stopping: AtomicBool,
    stop: watch::Sender<bool>,
}

impl State {
    pub(crate) fn new(config: Config, opened: Opened, clock: Clock, ingestion: Ingestion, refusals: RejectionRecorder) -> Self {
        let Opened { db, vault, at_risk } = opened;
        let plain_http = config.plain_http().map(|_| messages::access::plain_http());
        Self {
            warnings: at_risk.map(messages::durability::accepted).into_iter().chain(plain_http).collect(),
            untrusted_proxy: UntrustedProxy::default(),
            ingestion,
            db,
            vault,
            limits: Limits::new(&clock),
            checks: CheckLimiter::new(&clock),
            key_checks: CheckLimiter::new(&clock),
            clock,
            config,
            passwords: PasswordHasher::new(),
            refusals,
            streams: Streams::default(),
            base: OnceLock::new(),
            probed: tokio::sync::Mutex::new(None),
            stopping: AtomicBool::new(false),
            stop: watch::Sender::new(false),
        }
    }

    /// Returns the base of every URL shown, without a trailing slash. Never taken from a request.
    pub(crate) fn base(&self) -> &str {
        self.base.get().map_or("", String::as_str)
    }

    /// The warnings shown on every page.
    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Returns what diagnosis needs.
    pub(crate) fn kit(&self) -> DiagnosisContext {
        DiagnosisContext {
            db: self.db.clone(),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
            base: self.base().to_owned(),
        }
    }

    /// True if the server is reached over HTTPS, so that cookies and headers can require it.
    pub(crate) fn is_https(&self) -> bool {
        self.base().starts_with("https://")
    }

    /// Announces the shutdown: streams end, and new webhook requests get a 503 response, so that they are retried.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.stop.send_replace(true);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Returns a receiver whose value becomes true on shutdown.
    pub(crate) fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }
}
