//! What every test stands on: an installation of its own, a server in this process, a clock that stands still.

pub(crate) mod bodies;
pub(crate) mod browser;
pub(crate) mod builders;
pub(crate) mod cli;
pub(crate) mod database;
pub(crate) mod fake_razorpay;
pub(crate) mod fault;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod raw;
pub(crate) mod signing;
pub(crate) mod webhook_request;

use std::{
    net::SocketAddr,
    ops::Deref,
    path::{Path, PathBuf},
    time::Duration,
};

use ks_pay::{
    config::{Config, Options},
    db::Location,
    primitives::time::{Clock, Timestamp},
    server::Server,
};
use tempfile::TempDir;

use self::database::Database;

/// A data directory and a database, with no server yet.
pub(crate) struct Installation {
    pub(crate) clock: Clock,
    directory: TempDir,
    database: Database,
}

impl Installation {
    pub(crate) async fn new() -> Self {
        let clock = Clock::fixed(Clock::system().now());
        Self { clock, directory: tempfile::tempdir().unwrap(), database: Database::new().await }
    }

    /// Not there until something makes it.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A place beside the data directory.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The variables under which the command line finds this installation.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables =
            vec![("KS_PAY_LISTEN", "127.0.0.1:0".to_owned()), ("KS_PAY_DATA_DIR", self.data_dir().to_str().unwrap().to_owned())];
        if let Some(url) = self.database.url() {
            variables.push(("DATABASE_URL", url.to_owned()));
            // `scripts/with-postgres` runs without fsync, which no server serves on unless it is told to.
            variables.push(("KS_PAY_ACCEPT_DATA_LOSS", "true".to_owned()));
        }
        variables
    }

    pub(crate) fn config(&self) -> Config {
        let variables = self.variables();
        let look_up = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        Config::read(&Options::default(), &look_up).unwrap()
    }

    /// On PostgreSQL.
    pub(crate) fn database_url(&self) -> Option<&str> {
        self.database.url()
    }

    pub(crate) fn location(&self) -> Location {
        self.config().database
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Serves it with a clock that stands at about now.
    pub(crate) async fn serve(self) -> TestApp {
        let server = Server::start(self.config(), self.clock.clone()).await.unwrap();
        TestApp { address: server.address(), server: Some(server), installation: self }
    }
}

/// A server on an installation of its own.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    server: Option<Server>,
    installation: Installation,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Installation::new().await.serve().await
    }

    /// With a clock that stands an hour after the payments of [`bodies`], whatever day it is.
    pub(crate) async fn start_on_the_day() -> Self {
        let mut installation = Installation::new().await;
        installation.clock = Clock::fixed(Timestamp::from_seconds(bodies::AT + 3600));
        installation.serve().await
    }

    /// With something else set.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let installation = Installation::new().await;
        let mut config = installation.config();
        change(&mut config);
        let server = Server::start(config, installation.clock.clone()).await.unwrap();
        Self { address: server.address(), server: Some(server), installation }
    }

    /// Another server on the same installation, which only PostgreSQL allows.
    pub(crate) async fn another_server(&self) -> Server {
        Server::start(self.config(), self.clock.clone()).await.unwrap()
    }

    /// The one-time link, while there is no user.
    pub(crate) fn setup_link(&self) -> Option<String> {
        self.server.as_ref().and_then(Server::setup_link)
    }

    /// Stops the server and leaves the installation as it is.
    pub(crate) async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }

    /// Serves the same installation again, perhaps at another port.
    pub(crate) async fn restart(&mut self) {
        self.restart_with(|_| ()).await;
    }

    /// Serves it again by another clock.
    pub(crate) async fn restart_at(&mut self, clock: Clock) {
        self.stop().await;
        self.installation.clock = clock;
        self.restart().await;
    }

    /// The same with something else set.
    pub(crate) async fn restart_with(&mut self, change: impl FnOnce(&mut Config)) {
        self.stop().await;
        let mut config = self.config();
        change(&mut config);
        let server = Server::start(config, self.clock.clone()).await.unwrap();
        self.address = server.address();
        self.server = Some(server);
    }
}

impl Deref for TestApp {
    type Target = Installation;

    fn deref(&self) -> &Installation {
        &self.installation
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(server.stop()));
        }
    }
}

/// Within this, a server in need has answered: not the 4.5 s after which gateways give up, which `torture` holds, since here
/// sender and server share the processor with whatever else runs.
pub(crate) const SOON: Duration = Duration::from_secs(20);
/// Two floods at once would only measure the machine.
pub(crate) static ONE_FLOOD_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Only keeps a test that fails from hanging.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long it is waited at first, and at most, before it is looked again: looking takes from what is waited for.
const LOOKS: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(500)];

/// Waits until something has come to be, which happens soon after what caused it.
pub(crate) async fn eventually(is_so: impl AsyncFn() -> bool) {
    let wait = async {
        let [mut pause, longest] = LOOKS;
        while !is_so().await {
            tokio::time::sleep(pause).await;
            pause = longest.min(pause * 3 / 2);
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it comes to be");
}

/// Every file under a directory, with what is in it.
pub(crate) fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let content = std::fs::read(&path).unwrap();
            found.push((path, content));
        }
    }
    found
}
