//! What the handlers of one server share.

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

/// One server's.
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
    /// What every page warns of.
    warnings: Vec<Warning>,
    /// The base of every shown URL; known once the server listens.
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
            clock,
            config,
            passwords: PasswordHasher::new(),
            limits: Limits::new(),
            refusals,
            checks: CheckLimiter::new(),
            key_checks: CheckLimiter::new(),
            streams: Streams::default(),
            base: OnceLock::new(),
            probed: tokio::sync::Mutex::new(None),
            stopping: AtomicBool::new(false),
            stop: watch::Sender::new(false),
        }
    }

    /// The base of every shown URL, without a slash at the end. Never taken from a request.
    pub(crate) fn base(&self) -> &str {
        self.base.get().map_or("", String::as_str)
    }

    /// What every page warns of.
    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// What the doctor needs at hand.
    pub(crate) fn kit(&self) -> DiagnosisContext {
        DiagnosisContext {
            db: self.db.clone(),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
            base: self.base().to_owned(),
        }
    }

    /// Whether the server is reached over https, so that cookies and headers can insist on it.
    pub(crate) fn is_https(&self) -> bool {
        self.base().starts_with("https://")
    }

    /// Says that the server is about to stop: streams end, new events are sent elsewhere.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.stop.send_replace(true);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Becomes true when the server is about to stop.
    pub(crate) fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }
}
