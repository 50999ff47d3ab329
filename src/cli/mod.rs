//! The command line, with one module per noun.
//!
//! Standard output carries results only, a failure is one line on stderr with the cause and the next step, and no password
//! or secret is ever an argument.

mod apps;
mod backup;
mod deliveries;
mod demo;
mod destinations;
mod doctor;
mod events;
mod gateways;
mod listen;
mod orders;
mod serve;
mod simulate;
mod tokens;
mod transactions;
mod users;
mod webhooks;

use std::{
    ffi::OsString,
    io::{self, BufRead, IsTerminal as _, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use zeroize::Zeroizing;

use crate::{
    accounts::authz::UseCaseError,
    db::{Db, DbError},
    gateways::{Gateway, Mode},
    primitives::{email::EmailFault, id::AppId, text_input::Fault, time::Clock, vault::Vault},
    server::{
        bootstrap,
        config::{Config, Lookup, Options},
        master_key::{self, Found},
    },
    telemetry::{self, LogFormat},
};

/// Settings that exist as variables only: a URL with a password or a key must not appear in a process list.
const VARIABLES: &str = "Variables without a flag:
  DATABASE_URL       sqlite:PATH or postgres://… [default: SQLite in the data directory]
  KS_PAY_MASTER_KEY  master key, 32 bytes in base64, instead of a file
  KS_PAY_SMTP_URL    mail server: smtps://USER:PASSWORD@HOST:PORT (TLS), or smtp:// (STARTTLS; to this machine, without TLS)
  KS_PAY_MAIL_FROM   sender of every email, such as KS Pay <pay@example.com>; required with KS_PAY_SMTP_URL
  KS_PAY_OPERATOR_EMAIL
                     who is notified of problems of the installation: email addresses, separated by commas; requires
                     KS_PAY_SMTP_URL
  RUST_LOG           log filter [default: info]";

/// Self-hosted merchant admin console for payment webhooks
///
/// Without a command, runs the server. Passwords and secrets are read from the terminal or from stdin, never from arguments.
#[derive(Parser)]
#[command(name = "ks-pay", version, max_term_width = 100, after_help = VARIABLES)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve,
    /// Run a demo on ./data-demo, recreated at each start: sample apps, history and a simulated gateway
    ///
    /// Ignores the configured database, data directory, master key, gateway API and mail server.
    Demo,
    /// Manage users
    #[command(subcommand)]
    User(users::Command),
    /// Register apps
    #[command(subcommand)]
    App(apps::Command),
    /// Connect an app to a payment gateway
    #[command(subcommand)]
    Gateway(gateways::Command),
    /// Show a connection's webhook URL and secrets, or create a new secret
    #[command(subcommand)]
    Webhook(webhooks::Command),
    /// Send an app's events to the merchant's own systems
    #[command(subcommand)]
    Destination(destinations::Command),
    /// Export deliveries to destinations
    #[command(subcommand)]
    Deliveries(deliveries::Command),
    /// Manage the tokens with which `ks-pay listen` reads an app's events
    #[command(subcommand)]
    Token(tokens::Command),
    /// Forward an app's events to a developer's machine, over an outgoing connection
    ///
    /// Reads a token from the variable `KS_PAY_TOKEN` if it is set, otherwise from the terminal or the first line of stdin. Starts where
    /// it stopped last time, or with events that arrive from now on. Sends one event at a time, and waits while the local server is not
    /// running. Keys, each with Enter: r sends the last event again, f sends all failed events again, q ends.
    Listen(Box<listen::Listen>),
    /// Post correctly signed sample events to a webhook URL
    ///
    /// Reads the secret from the variable `KS_PAY_SIMULATE_SECRET` if it is set, otherwise from the terminal or the first line of
    /// stdin.
    Simulate(simulate::Simulate),
    /// Export events
    #[command(subcommand)]
    Events(events::Command),
    /// Export orders
    #[command(subcommand)]
    Orders(orders::Command),
    /// Export transactions, and recompute daily totals
    #[command(subcommand)]
    Transactions(transactions::Command),
    /// Back up the SQLite database of an installation, with the server running or stopped
    ///
    /// The backup contains every event that was acknowledged before the command started, and is verified before it is renamed.
    /// It does not include the master key: keep a copy of that elsewhere.
    Backup(backup::Backup),
    /// Check the installation, and print one line per check: ok, or what to do
    ///
    /// Checks configuration, public URL, transport, files, disk, database, integrity (reads the whole SQLite database; while
    /// it reads, the -wal file grows), durability, writes, master key, sealed secrets, stored requests (a sample), the mail
    /// server (signs in and sends nothing), trusted proxies, daily totals, clock and requests to unknown endpoints. Changes nothing.
    Doctor,
}

/// Why a command failed.
pub(crate) enum Failure {
    /// The command could not be carried out. Exit code 1.
    Failed(String),
    /// The command line is invalid. Exit code 2.
    Usage(String),
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self::Failed(bootstrap::sentence(&error))
    }
}

impl From<UseCaseError> for Failure {
    fn from(error: UseCaseError) -> Self {
        match error {
            UseCaseError::Db(error) => error.into(),
            denied @ UseCaseError::Denied(_) => Self::Failed(format!("{denied}.")),
        }
    }
}

impl From<crate::companies::NameError> for Failure {
    fn from(error: crate::companies::NameError) -> Self {
        match error {
            crate::companies::NameError::Db(error) => error.into(),
            ambiguous @ crate::companies::NameError::Ambiguous => Self::Failed(format!("{ambiguous}.")),
        }
    }
}

impl From<String> for Failure {
    fn from(sentence: String) -> Self {
        Self::Failed(sentence)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Failed(format!("Cannot write the output: {error}."))
    }
}

/// The standard streams of a command.
pub struct Io<'a> {
    /// Standard input.
    pub input: &'a mut (dyn BufRead + Send),
    /// Whether standard input is a terminal: passwords are then prompted for, without echo.
    pub is_terminal: bool,
    /// Standard output: results only.
    pub out: &'a mut (dyn Write + Send),
    /// Standard error: one line when a command fails.
    pub err: &'a mut (dyn Write + Send),
}

impl Io<'_> {
    /// Reads a password or secret: from the terminal without echo, otherwise the first line of stdin without its line ending.
    pub(crate) fn secret_line(&mut self, prompt: &str) -> Result<Zeroizing<String>, Failure> {
        let unread = |error: io::Error| Failure::Failed(format!("Cannot read from stdin: {error}."));
        if self.is_terminal {
            return rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(unread);
        }
        let mut line = Zeroizing::new(String::new());
        self.input.read_line(&mut line).map_err(unread)?;
        Ok(Zeroizing::new(
            line.strip_suffix('\n').map_or(line.as_str(), |line| line.strip_suffix('\r').unwrap_or(line)).to_owned(),
        ))
    }

    /// Prints one line of results.
    pub(crate) fn say(&mut self, line: impl std::fmt::Display) -> Result<(), Failure> {
        Ok(writeln!(self.out, "{line}")?)
    }
}

/// Runs the process's own command line.
#[must_use]
pub fn main() -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = writeln!(io::stderr(), "Cannot start threads: {error}.");
            return ExitCode::FAILURE;
        }
    };
    let (mut input, mut out, mut err) = (io::BufReader::new(io::stdin()), io::stdout(), io::stderr());
    let is_terminal = io::stdin().is_terminal();
    let mut io = Io { input: &mut input, is_terminal, out: &mut out, err: &mut err };
    let code = runtime.block_on(run(std::env::args_os(), &variable, &mut io));
    runtime.shutdown_background();
    ExitCode::from(code)
}

/// Runs a command line and returns the exit code: 0 success, 1 failure, 2 invalid usage.
pub async fn run(args: impl IntoIterator<Item = OsString>, variable: Lookup<'_>, io: &mut Io<'_>) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(answer) if answer.use_stderr() => {
            let _ = write!(io.err, "{answer}");
            return 2;
        }
        Err(answer) => {
            let _ = write!(io.out, "{answer}");
            return 0;
        }
    };
    let format = Config::log_format(&cli.options, variable);
    let shown = format.clone().unwrap_or(LogFormat::Text);
    let (sentence, code) = match dispatch(cli, format, variable, io).await {
        Ok(()) => return 0,
        Err(Failure::Failed(sentence)) => (sentence, 1),
        Err(Failure::Usage(sentence)) => (sentence, 2),
    };
    let _ = writeln!(io.err, "{}", telemetry::line(shown, "ERROR", &sentence));
    code
}

async fn dispatch(cli: Cli, format: Result<LogFormat, String>, variable: Lookup<'_>, io: &mut Io<'_>) -> Result<(), Failure> {
    let format = format?;
    telemetry::start(format, variable("RUST_LOG").as_deref());
    if let Some(Command::Simulate(simulate)) = cli.command {
        return simulate::run(simulate, variable, io).await;
    }
    if let Some(Command::Listen(listen)) = cli.command {
        return listen::run(*listen, variable, io).await;
    }
    if let Some(Command::Doctor) = cli.command {
        return doctor::run(&cli.options, variable, io).await;
    }
    if let Some(Command::Demo) = cli.command {
        // The demo must never open an operator's database or keys, reach the operator's network, nor send email.
        let private = [
            "DATABASE_URL",
            "KS_PAY_DATA_DIR",
            "KS_PAY_MASTER_KEY",
            "KS_PAY_MASTER_KEY_FILE",
            "KS_PAY_ALLOW_DESTINATIONS",
            "KS_PAY_SMTP_URL",
            "KS_PAY_MAIL_FROM",
            "KS_PAY_OPERATOR_EMAIL",
        ];
        let public = |name: &str| if private.contains(&name) { None } else { variable(name) };
        return demo::run(Config::read(&cli.options, &public)?, format, io).await;
    }
    let config = Config::read(&cli.options, variable)?;
    match cli.command {
        None | Some(Command::Serve) => serve::run(config, format, io).await,
        Some(Command::User(command)) => users::run(command, &Installation::open(config).await?, io).await,
        Some(Command::App(command)) => apps::run(command, &Installation::open(config).await?, io).await,
        Some(Command::Gateway(command)) => gateways::run(command, &Installation::open(config).await?, io).await,
        Some(Command::Webhook(command)) => {
            let at = Installation::of(command.only_reads(), config).await?;
            webhooks::run(command, &at, io).await
        }
        Some(Command::Destination(command)) => {
            let at = Installation::of(command.only_reads(), config).await?;
            destinations::run(command, &at, io).await
        }
        Some(Command::Deliveries(command)) => deliveries::run(command, &Installation::of(true, config).await?, io).await,
        Some(Command::Events(command)) => events::run(command, &Installation::of(true, config).await?, io).await,
        Some(Command::Orders(command)) => orders::run(command, &Installation::of(true, config).await?, io).await,
        Some(Command::Transactions(command)) => {
            let at = Installation::of(command.only_reads(), config).await?;
            transactions::run(command, &at, io).await
        }
        Some(Command::Backup(wanted)) => backup::run(wanted, &config, io).await,
        Some(Command::Token(command)) => {
            let at = Installation::of(command.only_reads(), config).await?;
            tokens::run(command, &at, io).await
        }
        Some(Command::Simulate(_) | Command::Listen(_) | Command::Doctor | Command::Demo) => Ok(()),
    }
}

/// An opened installation. Commands use it while a server may be running on the same database.
pub(crate) struct Installation {
    config: Config,
    db: Db,
    /// `None` for a read-only command until it needs the vault.
    vault: Option<Vault>,
    clock: Clock,
}

impl Installation {
    async fn open(config: Config) -> Result<Self, Failure> {
        let bootstrap::Opened { db, vault, .. } = bootstrap::open(&config).await?;
        Ok(Self { config, db, vault: Some(vault), clock: Clock::system() })
    }

    /// Creates no directory, table or key for a read-only command.
    async fn of(only_reads: bool, config: Config) -> Result<Self, Failure> {
        if !only_reads {
            return Self::open(config).await;
        }
        let db = bootstrap::open_to_read(&config).await?;
        Ok(Self { config, db, vault: None, clock: Clock::system() })
    }

    /// Returns the vault, which opens sealed values.
    async fn vault(&self) -> Result<Vault, Failure> {
        if let Some(vault) = &self.vault {
            return Ok(vault.clone());
        }
        match master_key::find(&self.config.master_key, &self.db).await? {
            Found::Bound(vault) => Ok(vault),
            Found::Unbound => Err(Failure::Failed(
                "The database is not bound to a master key yet. The first server start binds it to this one.".to_owned(),
            )),
            Found::NoKey => Err(Failure::Failed("There is no master key yet. The first server start creates it.".to_owned())),
        }
    }

    /// Finds an app by its id.
    async fn app(&self, text: &str) -> Result<crate::apps::App, Failure> {
        let none = || {
            Failure::Failed(format!("App \"{}\" not found. `ks-pay app add` prints the id of a new app.", text.escape_debug()))
        };
        let id: AppId = text.parse().map_err(|_| none())?;
        crate::apps::store::find_any(&mut self.db.reader().await?, id).await?.ok_or_else(none)
    }
}

/// Rows that an export reads per query.
const EXPORT_PAGE: i64 = 500;

/// Selects what to export.
#[derive(clap::Args)]
pub(crate) struct Export {
    /// Print one JSON object per line
    #[arg(long, required = true)]
    jsonl: bool,
    /// Export this app only
    #[arg(long, value_name = "ID")]
    app: Option<String>,
}

impl Export {
    /// Finds the app given by `--app`; `None` without the flag.
    async fn app(&self, at: &Installation) -> Result<Option<AppId>, Failure> {
        match &self.app {
            Some(text) => Ok(Some(at.app(text).await?.id)),
            None => Ok(None),
        }
    }
}

/// Returns the sentence about an invalid line of text; `option` is the flag that has it.
fn line_error(option: &str, fault: Fault) -> String {
    match fault {
        Fault::Empty => format!("{option} must not be empty."),
        Fault::ShorterThan(least) => format!("{option} needs at least {least} characters."),
        Fault::LongerThan(most) => format!("{option} may have at most {most} characters."),
        Fault::Control => format!("{option} has an invisible character."),
    }
}

/// Returns the sentence about an invalid `--email`.
fn email_error(fault: EmailFault) -> String {
    match fault {
        EmailFault::NotAsciiBeforeAt => {
            "--email may have only English letters, digits and signs such as . or _ before the @.".to_owned()
        }
        EmailFault::Line(_) | EmailFault::NotAnAddress => {
            "--email must be a complete email address, for example accounts@neemtree.example.".to_owned()
        }
    }
}

/// Returns the help of `--gateway`.
fn gateway_help() -> String {
    format!("Gateway: {}", Gateway::all().map(Gateway::slug).collect::<Vec<_>>().join(" or "))
}

/// Identifies a connection.
#[derive(clap::Args)]
pub(crate) struct Which {
    /// App id, ap_…
    #[arg(long, value_name = "ID")]
    pub(crate) app: String,
    #[arg(long, value_name = "GATEWAY", help = gateway_help())]
    pub(crate) gateway: Gateway,
    /// test or live
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Mode,
}
