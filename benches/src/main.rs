//! Instruments behind `scripts/bench`: each command measures one thing, on this machine only, and terminates.
//!
//! A measurement prints one line of JSON; `report` turns many such lines into tables. docs/performance.md describes how they
//! are combined.

mod bare;
mod client;
mod deliveries;
mod events;
mod load;
mod machine;
mod pages;
mod rejected;
mod report;
mod start;
mod tables;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use serde_json::Value;

/// Reason why a measurement failed.
type Failure = Box<dyn std::error::Error>;

/// Instruments behind scripts/bench.
#[derive(Parser)]
#[command(name = "ks-pay-bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the bare route: reads any POST completely and responds with 200.
    Bare,
    /// Serves a receiver of deliveries that counts them.
    Sink,
    /// Accepts connections and never responds.
    Silent,
    /// Waits until a receiver has received as many requests, and prints the results.
    Drain(deliveries::Drain),
    /// Posts the bodies of events to a receiver in a bare loop.
    Repost(deliveries::Repost),
    /// Posts signed events and prints the results.
    Load(load::Options),
    /// Requests pages with a session and prints the results.
    Pages(pages::Options),
    /// Compares rejected requests at existing and at unknown endpoints.
    Rejected(rejected::Options),
    /// Signs in with a password from stdin and prints the session cookie.
    SignIn(pages::SignIn),
    /// Follows the link to the next page the given number of times and prints the resulting path.
    Walk(pages::Walk),
    /// Starts a command and prints the time to its first page.
    Start(start::Options),
    /// Copies the rows of an event in a tight loop and prints the results.
    Tables(tables::Options),
    /// Prints the median microseconds of a small write and its sync in a directory.
    SyncTime {
        /// Directory to write to.
        directory: PathBuf,
    },
    /// Prints the number of clean rounds in a file.
    Rounds {
        /// File of measurements.
        file: PathBuf,
    },
    /// Prints the tables of a file.
    Report(report::Options),
}

/// Label of a measurement.
#[derive(Args)]
struct Label {
    /// Round to which it belongs.
    #[arg(long, default_value_t = 1)]
    round: u32,
    /// Group of the comparison: the number of connections, or a page.
    #[arg(long, default_value = "")]
    group: String,
    /// Subject of the comparison: a server, or a state of it.
    #[arg(long, default_value = "")]
    variant: String,
}

impl Label {
    /// Adds the label to the measurement and prints it as one line.
    fn print(&self, mut measured: Value) -> Result<(), Failure> {
        measured["round"] = self.round.into();
        measured["group"] = self.group.as_str().into();
        measured["variant"] = self.variant.as_str().into();
        say(&measured.to_string())
    }
}

/// Duration and number of connections.
#[derive(Args)]
struct Window {
    /// Keep-alive connections, each with one request in flight at a time.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds of measurement.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Seconds of warm-up before it.
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
}

/// Processes that serve.
#[derive(Args)]
struct Watched {
    /// Process id of a server.
    #[arg(long = "pid")]
    servers: Vec<u32>,
    /// Process id of the database server; its descendants are included.
    #[arg(long = "database-pid")]
    database: Option<u32>,
    /// Process id of one that belongs to the measurement and is not measured.
    #[arg(long = "known-pid")]
    known: Vec<u32>,
}

/// Prints one line.
fn say(line: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Bare => bare::serve(),
        Command::Sink => deliveries::sink(),
        Command::Silent => deliveries::silent(),
        Command::Drain(options) => on_this_core(deliveries::drain(options)),
        Command::Repost(options) => on_this_core(deliveries::repost(options)),
        Command::Load(options) => on_this_core(load::run(options)),
        Command::Pages(options) => on_this_core(pages::run(options)),
        Command::Rejected(options) => on_this_core(rejected::run(options)),
        Command::SignIn(options) => on_this_core(pages::sign_in(options)),
        Command::Walk(options) => on_this_core(pages::walk(options)),
        Command::Start(options) => on_this_core(start::run(options)),
        Command::Tables(options) => tables::run(&options),
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

/// Runs on a single thread, since a generator has one core.
fn on_this_core(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, work)
}
