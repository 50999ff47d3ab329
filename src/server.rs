//! One server: opened, listening, and stopped so that what began is finished.

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

use crate::{
    accounts::{self, Token},
    clock_check,
    config::Config,
    db::{Db, file_identity},
    events::retention,
    ingestion::{
        self, BackgroundTasks, Ingestion,
        recorder::{self, DiagnosisContext, RejectionRecorder},
    },
    listener::{Peers, Socket},
    messages, pipelining,
    primitives::time::Clock,
    rejections, rlimit, routes, settings_store,
    startup::{self, ServerLock},
    state::State,
    unread_body,
    web::{catch_panic, client_ip},
};

/// The longest that what began may take to finish at a stop, in seconds. Units of work before it, then this and a second until
/// that is noticed, and the two below: a stop is over within 25 s, whatever hangs.
const GRACE: u64 = 15;
/// The longest that writing down what was noted beside the events may take.
const NOTES: Duration = Duration::from_secs(3);
/// The longest that closing the database may take; one that is not reached any more would be waited for for ever.
const CLOSE: Duration = Duration::from_secs(2);
/// The most connections at once; what comes then waits to be accepted.
const CONNECTIONS: usize = 16_384;
/// How long what is left of an unread body is taken in.
const LINGER: Duration = Duration::from_secs(1);
/// The longest that a request's head may take to arrive.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// Under this name the installation remembers where it listened last.
const ADDRESS: &str = "address";

/// A running server.
pub struct Server {
    state: Data<State>,
    address: SocketAddr,
    handle: ServerHandle,
    running: JoinHandle<std::io::Result<()>>,
    listening: BackgroundTasks,
    refusals: recorder::RecorderTask,
    housekeeping: Vec<JoinHandle<()>>,
    setup: Option<Token>,
    lock: ServerLock,
}

impl Server {
    /// Opens the installation and accepts connections.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to do; nothing was damaged.
    pub async fn start(config: Config, clock: Clock) -> Result<Self, String> {
        rlimit::take_all();
        startup::prepare(&config)?;
        let lock = ServerLock::take(&config)?;
        let listener = listen(config.listen)?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let opened = startup::open_to_serve(&config, &lock).await?;
        if let Some(said) = &opened.at_risk {
            tracing::warn!("{said} That was accepted at this start; `ks-pay doctor` says what to set");
        }
        if let Some(url) = config.plain_http() {
            tracing::warn!("{}", messages::access::plain_http_at(&url));
        }
        let base = match remember(&opened.db, &config, address).await {
            Ok(base) => base,
            Err(error) => return Err(startup::sentence_at(&config.database, &error)),
        };
        let renewed = accounts::setup::renew(&opened.db, clock.now()).await;
        let setup = renewed.map_err(|error| startup::sentence_at(&config.database, &error))?;
        let (db, vault) = (opened.db.clone(), opened.vault.clone());
        let (recorder, refusals) =
            RejectionRecorder::start(DiagnosisContext { db, vault, clock: clock.clone(), base: base.clone() });
        let mut housekeeping = vec![tokio::spawn(rejections::retention::run(opened.db.clone(), clock.clone()))];
        housekeeping.extend(config.keep_bodies.map(|keep| tokio::spawn(retention::run(opened.db.clone(), clock.clone(), keep))));
        let db = opened.db.clone();
        housekeeping.push(tokio::spawn(async move { db.run_checkpointer().await }));
        housekeeping.push(tokio::spawn(file_identity::watch(opened.db.clone())));
        housekeeping.push(tokio::spawn(clock_check::run(opened.db.clone(), clock.clone())));
        let (ingestion, listening) = Ingestion::start(&opened.db, &opened.vault, &clock);
        let state = Data::from(Arc::new(State::new(config, opened, clock, ingestion, recorder)));
        let _ = state.base.set(base);

        let server = serve(listener, address, &state).map_err(|error| format!("{address} cannot be listened on: {error}."))?;
        let handle = server.handle();
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            database = state.db.engine(),
            "the server was started on http://{address}"
        );
        Ok(Self { state, address, handle, running: tokio::spawn(server), listening, refusals, housekeeping, setup, lock })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its handlers share.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// The one-time link to `/setup`, while there is no user. It is a secret: for stdout alone.
    #[must_use]
    pub fn setup_link(&self) -> Option<String> {
        self.setup.as_ref().map(|token| crate::urls::setup_link(self.state.base(), token.expose()))
    }

    /// Stops accepting, finishes what began, and closes the database.
    pub async fn stop(self) {
        self.end().await;
    }

    /// Waits for SIGTERM or Ctrl-C, then stops. After a second one nothing is waited for: what was acknowledged is stored.
    ///
    /// # Errors
    /// When the server ended by itself.
    pub async fn run(mut self, mut signals: Signals) -> Result<(), String> {
        tokio::select! {
            () = signals.next() => {}
            _ = &mut self.running => return Err("The server ended by itself; the log says why.".to_owned()),
        }
        tracing::info!("stopping: what began is finished");
        tokio::select! {
            () = self.end() => {}
            () = signals.next() => tracing::warn!("told again to stop: what began is not finished"),
        }
        Ok(())
    }

    async fn end(self) {
        self.state.stop();
        self.state.ingestion.detach_from_workers().await;
        self.handle.stop(true).await;
        let _ = self.running.await;
        let notes = async { tokio::join!(self.state.ingestion.stop(self.listening), self.refusals.stop()) };
        if tokio::time::timeout(NOTES, notes).await.is_err() {
            tracing::warn!("the last refusals and uses of SECRETs were not written down in time");
        }
        for task in self.housekeeping {
            task.abort();
            let _ = task.await;
        }
        match tokio::time::timeout(CLOSE, self.state.db.close()).await {
            Ok(true) => {
                if let Err(error) = self.lock.forget_closed(&self.state.config) {
                    tracing::warn!(%error, "the note in the server's lock file was not removed");
                }
            }
            // The log that belongs to the database may come back, so the note still guards it.
            Ok(false) => tracing::warn!("the database was not closed, since its files are not those that were opened"),
            Err(_) => tracing::warn!("the database was not closed in time; what was committed is safe"),
        }
    }
}

/// SIGTERM and Ctrl-C, which end no process any more once this is there.
pub struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    /// Receives them from now on. To be called before anybody is told that the server listens.
    ///
    /// # Errors
    /// A sentence when they cannot be received.
    pub fn receive() -> Result<Self, String> {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error: std::io::Error| format!("Signals cannot be received: {error}.");
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt()).map_err(failed)? })
    }

    /// Waits for one of them.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The site on a listener. What actix-web's own server does, with sockets of ours.
fn serve(listener: TcpListener, address: SocketAddr, state: &Data<State>) -> std::io::Result<actix_server::Server> {
    let builder = actix_server::Server::build();
    let stopping = builder.graceful_shutdown_signal();
    let peers = Peers::new(&state.config.trusted_proxies);
    let state = state.clone();
    let site = move || {
        let (state, stopping, peers) = (state.clone(), stopping.clone(), peers.clone());
        actix_web::rt::spawn(state.ingestion.write());
        let app = App::new()
            .wrap(from_fn(ingestion::routes::intercept_webhooks))
            .wrap(from_fn(catch_panic::catch_panic))
            .app_data(state)
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
            .client_request_timeout(HEAD_WITHIN)
            // What is left of a body that nobody read is taken in for a moment, or the peer would see a reset instead of
            // the answer.
            .client_disconnect_timeout(LINGER)
            .local_addr(address)
            .on_connect_ext(|socket: &Socket, data| {
                pipelining::attach(socket.line(), data);
                client_ip::set_local(socket.local_address(), data);
            })
            .finish(map_config(app, |()| AppConfig::default()));
        fn_service(move |stream: TcpStream| ready(admit(&peers, stream))).and_then(http)
    };
    let connections = CONNECTIONS.div_ceil(workers());
    Ok(builder
        .workers(workers())
        .max_concurrent_connections(connections)
        .shutdown_timeout(GRACE)
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

/// As many threads as there are cores.
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

/// The base of every shown URL. The address is kept, so that the command line shows the same.
async fn remember(db: &Db, config: &Config, address: SocketAddr) -> Result<String, crate::db::DbError> {
    let mut tx = db.begin().await?;
    settings_store::set(&mut tx, ADDRESS, address.to_string().as_bytes()).await?;
    tx.commit().await?;
    Ok(config.public_url.clone().unwrap_or_else(|| shown(address)))
}

/// The base of shown URLs when no server is at hand: the public URL, or where one listened last.
pub(crate) async fn base(db: &Db, config: &Config) -> Result<String, crate::db::DbError> {
    if let Some(url) = &config.public_url {
        return Ok(url.clone());
    }
    let stored = settings_store::find(&mut db.reader().await?, ADDRESS).await?;
    let last = stored.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| text.parse().ok());
    let is_open = !config.listen_is_chosen || config.listen.port() == 0 || config.listen.ip().is_unspecified();
    Ok(shown(if is_open { last.unwrap_or(config.listen) } else { config.listen }))
}

/// An address as a URL that works on this machine.
fn shown(address: SocketAddr) -> String {
    let host = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) | IpAddr::V6(Ipv6Addr::UNSPECIFIED) => "localhost".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    format!("http://{host}:{}", address.port())
}
