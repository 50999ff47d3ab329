//! Foundation of every test: its own installation, a server in this process, and a fixed clock.

pub(crate) mod bodies;
pub(crate) mod browser;
pub(crate) mod builders;
pub(crate) mod cli;
pub(crate) mod database;
pub(crate) mod error_log;
pub(crate) mod fake_razorpay;
pub(crate) mod fault;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod raw;
pub(crate) mod refund_api;
pub(crate) mod routes;
pub(crate) mod shop;
pub(crate) mod signing;
pub(crate) mod sink;
pub(crate) mod smtp_server;
pub(crate) mod webhook_request;

use std::{
    net::SocketAddr,
    ops::Deref,
    path::{Path, PathBuf},
    time::Duration,
};

use ks_pay::{
    db::Location,
    primitives::time::{Clock, Timestamp},
    server::{
        Server,
        config::{Config, Options},
    },
};
use tempfile::TempDir;

use self::database::Database;

/// Data directory and database, without a server yet.
pub(crate) struct Installation {
    pub(crate) clock: Clock,
    directory: TempDir,
    database: Database,
}

impl Installation {
    pub(crate) async fn new() -> Self {
        error_log::start();
        let clock = Clock::fixed(Clock::system().now());
        Self { clock, directory: tempfile::tempdir().unwrap(), database: Database::new().await }
    }

    /// Does not exist until something creates it.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Returns a path next to the data directory.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Returns the variables with which the command line finds this installation.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables =
            vec![("KS_PAY_LISTEN", "127.0.0.1:0".to_owned()), ("KS_PAY_DATA_DIR", self.data_dir().to_str().unwrap().to_owned())];
        if let Some(url) = self.database.url() {
            variables.push(("DATABASE_URL", url.to_owned()));
            // `scripts/with-postgres` runs without fsync, which a server only accepts with this setting.
            variables.push(("KS_PAY_ACCEPT_DATA_LOSS", "true".to_owned()));
        }
        variables
    }

    pub(crate) fn config(&self) -> Config {
        let variables = self.variables();
        let look_up = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        Config::read(&Options::default(), &look_up).unwrap()
    }

    /// Returns the URL on PostgreSQL, `None` on SQLite.
    pub(crate) fn database_url(&self) -> Option<&str> {
        self.database.url()
    }

    pub(crate) fn location(&self) -> Location {
        self.config().database
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn start_server(&self, config: Config) -> Server {
        let server = Server::start(config, self.clock.clone()).await.unwrap();
        error_log::register(server.address());
        server
    }

    /// Serves the installation with a fixed clock near the current time.
    pub(crate) async fn serve(self) -> TestApp {
        let server = self.start_server(self.config()).await;
        TestApp { address: server.address(), server: Some(server), installation: self }
    }
}

/// Server on its own installation.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    server: Option<Server>,
    installation: Installation,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Installation::new().await.serve().await
    }

    /// Starts with a clock fixed an hour after the payments of [`bodies`], independent of the current day.
    pub(crate) async fn start_on_the_day() -> Self {
        let mut installation = Installation::new().await;
        installation.clock = Clock::fixed(Timestamp::from_seconds(bodies::AT + 3600));
        installation.serve().await
    }

    /// Starts with a changed configuration.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let installation = Installation::new().await;
        let mut config = installation.config();
        change(&mut config);
        let server = installation.start_server(config).await;
        Self { address: server.address(), server: Some(server), installation }
    }

    /// Starts another server on the same installation, which requires PostgreSQL.
    pub(crate) async fn another_server(&self) -> Server {
        self.another_server_with(self.config()).await
    }

    /// The same, with another configuration.
    pub(crate) async fn another_server_with(&self, config: Config) -> Server {
        self.start_server(config).await
    }

    /// Returns the one-time link, while there is no user.
    pub(crate) fn setup_link(&self) -> Option<String> {
        self.server.as_ref().and_then(Server::setup_link)
    }

    /// Allows the servers of this test to log errors that contain the text; any other error fails the test.
    #[expect(clippy::unused_self, reason = "errors are those of an app's servers")]
    pub(crate) fn announce_error(&self, text: &str) {
        error_log::announce(text);
    }

    /// Stops the server and leaves the installation unchanged.
    pub(crate) async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }

    /// Serves the same installation again, possibly on another port.
    pub(crate) async fn restart(&mut self) {
        self.restart_with(|_| ()).await;
    }

    /// Serves it again with another clock.
    pub(crate) async fn restart_at(&mut self, clock: Clock) {
        self.restart_at_with(clock, |_| ()).await;
    }

    /// Serves it again with another clock and a changed configuration.
    pub(crate) async fn restart_at_with(&mut self, clock: Clock, change: impl FnOnce(&mut Config)) {
        self.stop().await;
        self.installation.clock = clock;
        self.restart_with(change).await;
    }

    /// Serves it again with a changed configuration.
    pub(crate) async fn restart_with(&mut self, change: impl FnOnce(&mut Config)) {
        self.stop().await;
        let mut config = self.config();
        change(&mut config);
        let server = self.start_server(config).await;
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
        let errors = error_log::take_unexpected();
        assert!(errors.is_empty() || std::thread::panicking(), "logged, and not announced by the test: {errors:#?}");
    }
}

/// Response time of a server in trouble: larger than the 4.5 s after which gateways give up, which `torture` tests, since here
/// sender and server share the CPU with other tests.
pub(crate) const SOON: Duration = Duration::from_secs(20);
/// Concurrent floods would only measure the machine.
pub(crate) static ONE_FLOOD_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Timeout, only to keep a failing test from hanging. Long, since deliveries are sent at a low priority, and other tests use the cores.
const CONDITION_TIMEOUT: Duration = Duration::from_mins(4);
/// First and longest interval between two checks: checking slows down the server under test.
const LOOKS: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(500)];

/// Waits until a condition holds that follows shortly after its cause.
pub(crate) async fn eventually(is_so: impl AsyncFn() -> bool) {
    let wait = async {
        let [mut pause, longest] = LOOKS;
        while !is_so().await {
            tokio::time::sleep(pause).await;
            pause = longest.min(pause * 3 / 2);
        }
    };
    tokio::time::timeout(CONDITION_TIMEOUT, wait).await.expect("it comes to be");
}

/// Returns every file under a directory, with its content.
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
