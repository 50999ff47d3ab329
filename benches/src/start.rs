//! Time from the start of a process to its first page.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::json;

use crate::{
    Failure, Label,
    client::Connection,
    load::target,
    machine::{Sample, memory, ratio},
    pages::get,
};

/// Starts a command and prints the time to its first page.
#[derive(Args)]
pub(crate) struct Options {
    /// URL of the page.
    #[arg(long)]
    path: String,
    /// Session cookie, as `sign-in` prints it.
    #[arg(long, env = "KS_PAY_BENCH_COOKIE", hide_env_values = true, default_value = "")]
    cookie: String,
    #[command(flatten)]
    label: Label,
    /// Command to start, which prints `listening on http://…` on its first line.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Starts the command, requests the page twice, stops it, and prints one line.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let before = Sample::take()?;
    let start = Instant::now();
    let mut server = Command::new(&options.command[0]).args(&options.command[1..]).stdout(Stdio::piped()).spawn()?;
    let measured = first_page(&mut server, &options, start).await;
    let (took, after) = (start.elapsed(), Sample::take()?);
    end(&mut server)?;
    let mut measured = measured?;
    let others = after.others(&[server.id(), std::process::id()]).saturating_sub(before.others(&[std::process::id()]));
    measured["others_busy"] = ratio(others, u64::try_from(took.as_micros())?.max(1)).into();
    options.label.print(measured)
}

async fn first_page(server: &mut Child, options: &Options, start: Instant) -> Result<serde_json::Value, Failure> {
    let mut line = String::new();
    BufReader::new(server.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
    let listening = start.elapsed();
    let base = line.trim().strip_prefix("listening on ").ok_or("the command did not say where it listens")?;
    let (address, host, _) = target(base)?;
    let request = get(&host, &options.path, &options.cookie);
    let mut connection = Connection::open(address).await?;
    let answer = connection.exchange(&request).await?;
    let first = start.elapsed();
    if answer.status != 200 {
        return Err(format!("{} was answered {}", options.path, answer.status).into());
    }
    let again = Instant::now();
    connection.exchange(&request).await?;
    let millis = |took: Duration| took.as_secs_f64() * 1000.0;
    Ok(json!({
        "listening_ms": millis(listening), "first_page_ms": millis(first), "page_ms": millis(first) - millis(listening),
        "second_page_ms": millis(again.elapsed()), "rss_mb": memory(&[server.id()], "VmRSS:"),
    }))
}

/// Terminates the process as a service manager does, and waits.
fn end(server: &mut Child) -> Result<(), Failure> {
    Command::new("kill").args(["-TERM", &server.id().to_string()]).status()?;
    server.wait()?;
    Ok(())
}
