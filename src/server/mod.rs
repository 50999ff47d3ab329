//! The server process: startup, listening, and graceful shutdown.

pub(crate) mod bootstrap;
pub mod config;
mod housekeeping;
mod mail;
pub(crate) mod master_key;
mod operator_alerts;
pub(crate) mod rlimit;
pub(crate) mod routes;

use std::{
    future::ready,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use actix_http::{HttpService, Protocol, error::DispatchError};
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::{
    App,
    dev::{AppConfig, ServerHandle},
    middleware::from_fn,
    web::Data,
};
use tokio::{net::TcpStream, task::JoinHandle};
use url::Url;

use crate::{
    accounts::{self, Token},
    alerting::{digests::Digests, job::Alerting},
    automating::job::Automating,
    console::http::{
        catch_panic,
        state::{Settings, State},
    },
    db::Db,
    deliveries::{
        outbox::Wake,
        worker::{Worker, WorkerContext},
    },
    i18n::Text,
    ingestion::{self, BackgroundTasks, Ingestion, routes::WebhookRoute},
    jobs::Jobs,
    listening::Listening,
    messages,
    net::{
        client_ip::{self, TrustedProxies},
        listener::{Peers, Socket},
        outbound::{Allowed, Client, Guard, Own},
        pipelining, unread_body,
    },
    notifications::{self, channels, mailbox::Mailbox},
    primitives::{shutdown::Shutdown, time::Clock},
    refunds::Refunder,
    rejections::recorder::{self, DiagnosisContext, RejectionRecorder},
    server::{bootstrap::ServerLock, config::Config, operator_alerts::OperatorAlerts},
    settings_store,
};

/// Grace period for in-flight requests on shutdown, in seconds. Together with up to a second until its end is noticed, and the
/// two timeouts below, a shutdown takes at most 21 s, even if something hangs.
const SHUTDOWN_GRACE_SECONDS: u64 = 15;
/// Timeout on shutdown for writing buffered rejections and secret usage, and for ending periodic jobs.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);
/// Timeout on shutdown for closing the database: closing an unreachable one would never end.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// The maximum number of open connections; further ones wait in the accept queue.
const MAX_CONNECTIONS: usize = 16_384;
/// How long the rest of an unread body is drained.
const LINGER_TIMEOUT: Duration = Duration::from_secs(1);
/// Timeout for receiving a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// The name of the setting that stores the last listen address.
const ADDRESS_SETTING: &str = "address";

/// A running server.
pub struct Server {
    config: Config,
    state: Data<State>,
    address: SocketAddr,
    handle: ServerHandle,
    running: JoinHandle<std::io::Result<()>>,
    background_tasks: BackgroundTasks,
    recorder_task: recorder::RecorderTask,
    jobs: Jobs,
    deliveries: Worker,
    notifications: notifications::worker::Worker,
    setup: Option<Token>,
    lock: ServerLock,
}

impl Server {
    /// Opens the installation and starts to accept connections.
    ///
    /// # Errors
    /// A message with the cause and the remedy. A failed start damages nothing.
    pub async fn start(config: Config, clock: Clock) -> Result<Self, String> {
        Self::start_with(config, clock, None).await
    }

    /// The same, with a mailbox that emails are put into.
    ///
    /// # Errors
    /// See [`Self::start`].
    pub(crate) async fn start_with(config: Config, clock: Clock, mailbox: Option<Mailbox>) -> Result<Self, String> {
        rlimit::take_all();
        bootstrap::prepare(&config)?;
        let lock = ServerLock::take(&config)?;
        let listener = listen(config.listen)?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let opened = bootstrap::open_to_serve(&config, &lock).await?;
        if let Some(warning) = &opened.at_risk {
            tracing::warn!("{} Accepted for this run; `ks-pay doctor` shows which setting to change", warning.in_english());
        }
        if let Some(url) = config.plain_http() {
            tracing::warn!("{}", messages::access::plain_http_at(&url));
        }
        let base = match store_address(&opened.db, &config, address).await {
            Ok(base) => base,
            Err(error) => return Err(bootstrap::sentence_at(&config.database, &error)),
        };
        let renewed = accounts::setup::renew(&opened.db, clock.now()).await;
        let setup = renewed.map_err(|error| bootstrap::sentence_at(&config.database, &error))?;
        let (db, vault) = (opened.db.clone(), opened.vault.clone());
        let (recorder, recorder_task) =
            RejectionRecorder::start(DiagnosisContext { db, vault, clock: clock.clone(), base: base.clone() });
        let refunder = Refunder {
            db: opened.db.clone(),
            vault: opened.vault.clone(),
            clock: clock.clone(),
            addresses: Arc::new(config.api_addresses.clone()),
        };
        let mut jobs = {
            let own = || (opened.db.clone(), opened.vault.clone(), clock.clone());
            let has_email = config.mail.is_some() || mailbox.is_some();
            let alerting = Alerting::new(own(), base.clone(), has_email);
            let digests = Digests::new(own(), base.clone(), has_email);
            let (db, vault, clock) = own();
            let automating = Automating { db, vault, clock: clock.clone(), base: base.clone(), has_email };
            housekeeping::start(&opened.db, &clock, config.body_retention, (alerting, digests, automating), &refunder)
        };
        let no_thread = |error| format!("The server could not start a thread: {error}.");
        let wake = Wake::default();
        let started = Ingestion::start(&opened.db, &opened.vault, (&clock, wake.clone()), address);
        let (ingestion, background_tasks) = started.map_err(no_thread)?;
        let ingestion = Arc::new(ingestion);
        let client = Client::new(guard(&config, address, &base)?);
        let own = (opened.db.clone(), opened.vault.clone(), clock.clone());
        let channels = channels::sender::Sender::new(own, client.clone(), config.chat_stand_in.as_deref());
        let deliveries = Worker::start(WorkerContext {
            db: opened.db.clone(),
            vault: opened.vault.clone(),
            clock: clock.clone(),
            client: client.clone(),
            base: base.clone(),
            wake,
        })
        .map_err(no_thread)?;
        let is_demo = mailbox.is_some();
        let (notifications, mail, transport) = mail::start(config.mail.as_ref(), &opened, (&clock, mailbox, &channels))?;
        let own = (opened.db.clone(), opened.vault.clone(), clock.clone());
        let email = (transport, mail.health.clone());
        let operators = OperatorAlerts::new(own, (&config, base.clone()), email, Arc::clone(&ingestion));
        if let Some(job) = operators.filter(|_| !is_demo) {
            jobs.start(job);
        }
        let (settings, shutdown) = (settings(&config, opened.at_risk), Shutdown::new());
        let route = Data::new(WebhookRoute {
            ingestion: Arc::clone(&ingestion),
            recorder,
            vault: opened.vault.clone(),
            clock: clock.clone(),
            trusted_proxies: settings.trusted_proxies.clone(),
            shutdown: shutdown.clone(),
        });
        let proxies = settings.trusted_proxies.clone();
        let listening = Data::new(Listening::new((opened.db.clone(), clock.clone()), proxies, shutdown.clone()));
        let state = Data::new(State::new(
            (opened.db, opened.vault, clock),
            (settings, mail),
            (ingestion, client, channels),
            refunder,
            shutdown,
        ));
        let _ = state.base.set(base);

        let server = serve((listener, address), &state, &route, &listening)
            .map_err(|error| format!("{address} cannot be listened on: {error}."))?;
        let handle = server.handle();
        tracing::info!(version = env!("CARGO_PKG_VERSION"), database = state.db.engine(), "server started on http://{address}");
        Ok(Self {
            config,
            state,
            address,
            handle,
            running: tokio::spawn(server),
            background_tasks,
            recorder_task,
            jobs,
            deliveries,
            notifications,
            setup,
            lock,
        })
    }

    /// Begins no run of a periodic job while this is true.
    pub(crate) fn hold_jobs(&self, is_held: bool) {
        self.jobs.hold(is_held);
    }

    /// Returns the address on which it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the state that handlers share.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Returns the one-time link to `/setup`, as long as there is no user. The link is a secret, to be printed only to
    /// stdout.
    #[must_use]
    pub fn setup_link(&self) -> Option<String> {
        self.setup.as_ref().map(|token| crate::urls::setup_link(self.state.base(), token.expose()))
    }

    /// Shuts down: stops accepting connections, finishes in-flight work, and closes the database.
    pub async fn stop(self) {
        self.shut_down().await;
    }

    /// Waits for SIGTERM or SIGINT, then shuts down gracefully. A second signal ends the grace period; acknowledged events
    /// are stored in any case.
    ///
    /// # Errors
    /// If the server ended without a signal.
    pub async fn run(mut self, mut signals: Signals) -> Result<(), String> {
        tokio::select! {
            () = signals.next() => {}
            _ = &mut self.running => return Err("The server ended by itself; the log says why.".to_owned()),
        }
        tracing::info!("shutting down: finishing in-flight work");
        tokio::select! {
            () = self.shut_down() => {}
            () = signals.next() => tracing::warn!("second shutdown signal: exiting without finishing in-flight work"),
        }
        Ok(())
    }

    async fn shut_down(self) {
        self.state.shutdown.announce();
        self.handle.stop(true).await;
        let _ = self.running.await;
        let (ingestion, recorder) = (self.state.ingestion.stop(self.background_tasks), self.recorder_task.stop());
        let ended =
            async { tokio::join!(ingestion, recorder, self.jobs.stop(), self.deliveries.stop(), self.notifications.stop()) };
        if tokio::time::timeout(FLUSH_TIMEOUT, ended).await.is_err() {
            tracing::warn!("background work did not end in time: the final rejections and secret usage may not be stored");
        }
        match tokio::time::timeout(CLOSE_TIMEOUT, self.state.db.close()).await {
            Ok(true) => {
                if let Err(error) = self.lock.forget_closed(&self.config) {
                    tracing::warn!(%error, "the note in the server's lock file was not removed");
                }
            }
            // The log that belongs to the database may come back, so the note still guards it.
            Ok(false) => tracing::warn!("the database was not closed, since its files are not those that were opened"),
            Err(_) => tracing::warn!("the database was not closed in time; what was committed is safe"),
        }
    }
}

/// Handles SIGTERM and SIGINT: as soon as this exists, they no longer end the process.
pub struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// Installs the signal handlers. Called before the server is announced as listening.
    ///
    /// # Errors
    /// A message if they cannot be installed.
    pub fn receive() -> Result<Self, String> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error: std::io::Error| format!("Signals cannot be received: {error}.");
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt()).map_err(failed)? })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Returns which addresses destinations may have; never this server's own.
pub(crate) fn guard(config: &Config, address: SocketAddr, base: &str) -> Result<Guard, String> {
    let public_url = Url::parse(base).map_err(|error| format!("{base} is no URL: {error}."))?;
    let allowed = Allowed { networks: config.allow_destinations.clone(), receivers: config.allow_receivers.clone() };
    Ok(Guard::new(allowed, Own { listening: vec![address], public_url }))
}

/// Returns the settings that pages need.
fn settings(config: &Config, at_risk: Option<Text>) -> Settings {
    let plain_http = config.plain_http().map(|_| messages::access::plain_http());
    Settings {
        public_url: config.public_url.clone(),
        api_addresses: config.api_addresses.clone(),
        trusted_proxies: TrustedProxies::new(&config.trusted_proxies),
        warnings: at_risk.map(messages::durability::accepted).into_iter().chain(plain_http).collect(),
        body_retention: config.body_retention,
    }
}

/// Builds the HTTP server on a listener. Like actix-web's own server, but with this crate's [`Socket`].
fn serve(
    (listener, address): (TcpListener, SocketAddr),
    state: &Data<State>,
    route: &Data<WebhookRoute>,
    listening: &Data<Listening>,
) -> std::io::Result<actix_server::Server> {
    let builder = actix_server::Server::build();
    let stopping = builder.graceful_shutdown_signal();
    let trusted = Data::new(state.settings.trusted_proxies.clone());
    let peers = Peers::new(state.settings.trusted_proxies.clone());
    let (state, route, listening) = (state.clone(), route.clone(), listening.clone());
    let site = move || {
        let (state, route, trusted) = (state.clone(), route.clone(), trusted.clone());
        let listening = listening.clone();
        let (stopping, peers) = (stopping.clone(), peers.clone());
        tracing::debug!(%address, "worker started");
        let app = App::new()
            .wrap(from_fn(ingestion::routes::intercept_webhooks))
            .wrap(from_fn(catch_panic::catch_panic))
            .app_data(state)
            .app_data(route)
            .app_data(listening)
            .app_data(trusted)
            .wrap(from_fn(unread_body::close))
            .wrap(from_fn(pipelining::serialize_requests))
            .configure(routes::configure)
            .into_factory()
            .map_err(|error: actix_web::Error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .client_request_timeout(HEAD_TIMEOUT)
            // Drains the rest of an unread body briefly: otherwise the peer would get a connection reset instead of the
            // response.
            .client_disconnect_timeout(LINGER_TIMEOUT)
            .local_addr(address)
            .on_connect_ext(|socket: &Socket, data| {
                pipelining::attach(socket.gate(), data);
                client_ip::set_local(socket.local_address(), data);
            })
            .finish(map_config(app, |()| AppConfig::default()));
        fn_service(move |stream: TcpStream| ready(admit(&peers, stream))).and_then(http)
    };
    let connections = MAX_CONNECTIONS.div_ceil(workers());
    Ok(builder
        .workers(workers())
        .max_concurrent_connections(connections)
        .shutdown_timeout(SHUTDOWN_GRACE_SECONDS)
        .disable_signals()
        .listen("http", listener, site)?
        .run())
}

type Admitted = (Socket, Protocol, Option<SocketAddr>);

fn admit(peers: &Peers, stream: TcpStream) -> Result<Admitted, DispatchError> {
    let peer = stream.peer_addr().ok();
    let socket = peers.admit(stream).map_err(DispatchError::Io)?;
    Ok((socket, Protocol::Http1, peer))
}

/// Returns the number of worker threads: one per core.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, NonZeroUsize::get)
}

fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    let listener = TcpListener::bind(address).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            format!("{address} is in use by another program. Stop it, or choose another with --listen.")
        } else {
            format!("{address} cannot be listened on: {error}. Choose another with --listen.")
        }
    })?;
    listener.set_nonblocking(true).map_err(|error| error.to_string())?;
    Ok(listener)
}

/// Returns the base of all displayed URLs. Stores the listen address, so that commands display the same URLs.
async fn store_address(db: &Db, config: &Config, address: SocketAddr) -> Result<String, crate::db::DbError> {
    let mut tx = db.begin().await?;
    settings_store::set(&mut tx, ADDRESS_SETTING, address.to_string().as_bytes()).await?;
    tx.commit().await?;
    Ok(config.public_url.clone().unwrap_or_else(|| local_url(address)))
}

/// Returns the base of displayed URLs for a command without a server: the public URL, or else the last listen address.
pub(crate) async fn base(db: &Db, config: &Config) -> Result<String, crate::db::DbError> {
    if let Some(url) = &config.public_url {
        return Ok(url.clone());
    }
    let stored = settings_store::find(&mut db.reader().await?, ADDRESS_SETTING).await?;
    let last = stored.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| text.parse().ok());
    let is_open = !config.listen_is_chosen || config.listen.port() == 0 || config.listen.ip().is_unspecified();
    Ok(local_url(if is_open { last.unwrap_or(config.listen) } else { config.listen }))
}

/// Returns an address as a URL that works on this machine.
fn local_url(address: SocketAddr) -> String {
    let host = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) | IpAddr::V6(Ipv6Addr::UNSPECIFIED) => "localhost".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    format!("http://{host}:{}", address.port())
}
