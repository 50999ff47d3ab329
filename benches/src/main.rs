//! The instruments behind `scripts/bench`: each command measures one thing, on this machine only, and ends by itself.
//!
//! A measurement prints one line of JSON; `report` makes the tables of many such lines. docs/performance.md says how they
//! fit together.

mod bare;
mod client;
mod events;
mod load;
mod machine;
mod pages;
mod rejected;
mod report;
mod start;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use serde_json::Value;

/// Why a measurement could not be made.
type Failure = Box<dyn std::error::Error>;

/// The instruments behind scripts/bench.
#[derive(Parser)]
#[command(name = "ks-pay-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the bare route: any POST is read whole and answered 200.
    Bare,
    /// Posts signed events and prints what came back.
    Load(load::Options),
    /// Asks for pages, signed in, and prints what came back.
    Pages(pages::Options),
    /// Compares rejected requests at endpoints that exist and that do not.
    Rejected(rejected::Options),
    /// Signs in with a password from stdin and prints the session's cookie.
    SignIn(pages::SignIn),
    /// Follows the link to the next page that often and prints where that leads.
    Walk(pages::Walk),
    /// Starts a command and prints how long its first page took.
    Start(start::Options),
    /// Prints the median microseconds of a small write and its sync in a directory.
    SyncTime {
        /// The directory.
        directory: PathBuf,
    },
    /// Prints how many rounds of a file were clean.
    Rounds {
        /// The file of lines.
        file: PathBuf,
    },
    /// Prints the tables of a file.
    Report(report::Options),
}

/// Under what a measurement is filed.
#[derive(Args)]
struct Label {
    /// The round it belongs to.
    #[arg(long, default_value_t = 1)]
    round: u32,
    /// What is compared within: the number of connections, or a page.
    #[arg(long, default_value = "")]
    group: String,
    /// What is compared: a server, or a state of it.
    #[arg(long, default_value = "")]
    variant: String,
}

impl Label {
    /// Adds the label to what was measured and prints it as a line.
    fn print(&self, mut measured: Value) -> Result<(), Failure> {
        measured["round"] = self.round.into();
        measured["group"] = self.group.as_str().into();
        measured["variant"] = self.variant.as_str().into();
        say(&measured.to_string())
    }
}

/// How long and with how many connections.
#[derive(Args)]
struct Window {
    /// Connections that are kept alive, each with one request under way at a time.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds that count.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Seconds before those.
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
}

/// Which processes serve.
#[derive(Args)]
struct Watched {
    /// A server's process.
    #[arg(long = "pid")]
    servers: Vec<u32>,
    /// The database server's process; those below it are counted with it.
    #[arg(long = "database-pid")]
    database: Option<u32>,
}

/// Prints a line.
fn say(line: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Bare => bare::serve(),
        Command::Load(options) => on_this_core(load::run(options)),
        Command::Pages(options) => on_this_core(pages::run(options)),
        Command::Rejected(options) => on_this_core(rejected::run(options)),
        Command::SignIn(options) => on_this_core(pages::sign_in(options)),
        Command::Walk(options) => on_this_core(pages::walk(options)),
        Command::Start(options) => on_this_core(start::run(options)),
        Command::SyncTime { directory } => machine::sync_time(&directory).and_then(|micros| say(&micros.to_string())),
        Command::Rounds { file } => report::clean_rounds(&file).and_then(|count| say(&count.to_string())),
        Command::Report(options) => report::print(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "ks-pay-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// A generator has one core, so one thread is all it may use.
fn on_this_core(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, work)
}
