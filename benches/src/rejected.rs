//! Compares the latency of rejected requests at an existing endpoint and at unknown ones, alternating request by request: the
//! time of a 401 must not reveal which endpoints exist.

use std::time::Instant;

use clap::Args;
use serde_json::json;

use crate::{
    Failure, Label,
    client::Connection,
    events::{Request, Source},
    load::{now_nanos, target},
    machine::{Sample, ratio},
};

/// Unknown endpoint names of the same length as a real one.
const UNKNOWN: &str = "wh_AAAAAAAAAAAAAAAAAAAAAA";
const CONTROL: &str = "wh_BBBBBBBBBBBBBBBBBBBBBB";

/// Posts wrongly signed events to a known endpoint and to two unknown ones in turn, and prints a line for each.
#[derive(Args)]
pub(crate) struct Options {
    /// URL of the known endpoint.
    #[arg(long)]
    url: String,
    /// Requests to each of the three.
    #[arg(long, default_value_t = 4000)]
    requests: usize,
    /// Minimum size of a body, in bytes: the larger it is, the longer each signature check takes.
    #[arg(long, default_value_t = 0)]
    body_bytes: usize,
    /// Label of the requests in the report.
    #[arg(long)]
    group: String,
    /// Process id of the server.
    #[arg(long = "pid")]
    server: u32,
    /// Round to which it belongs.
    #[arg(long, default_value_t = 1)]
    round: u32,
}

/// Measures and prints the results.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let (address, host, path) = target(&options.url)?;
    let now = now_nanos();
    let mut source = Source::new(None, now, 3 * options.requests);
    let below = path.rsplit_once('/').map_or("", |(below, _)| below);
    let paths = [path.clone(), format!("{below}/{UNKNOWN}"), format!("{below}/{CONTROL}")];
    let mut requests = paths.map(|path| Request::padded(&host, &path, now / 1_000_000_000, options.body_bytes));
    let mut connection = Connection::open(address).await?;
    let mut micros: [Vec<f64>; 3] = Default::default();
    let (before, began) = (Sample::take()?, Instant::now());
    for turn in 0..options.requests {
        for place in 0..3 {
            // Each of the three follows each of the others equally often.
            let which = (turn + place * (1 + turn % 2)) % 3;
            requests[which].fill(&source.next());
            let sent = Instant::now();
            let answer = connection.exchange(requests[which].bytes()).await?;
            micros[which].push(sent.elapsed().as_secs_f64() * 1e6);
            if answer.status != 401 {
                return Err(format!("a wrong signature was answered {}", answer.status).into());
            }
        }
    }
    let (took, after) = (began.elapsed(), Sample::take()?);
    let own = [options.server, std::process::id()];
    let others = after.others(&own).saturating_sub(before.others(&own));
    let busy = ratio(others, u64::try_from(took.as_micros())?.max(1));
    for (variant, mut micros) in ["known", "unknown", "another unknown"].into_iter().zip(micros) {
        micros.sort_unstable_by(f64::total_cmp);
        let label = Label { round: options.round, group: options.group.clone(), variant: variant.to_owned() };
        label
            .print(json!({ "p50_us": micros[micros.len() / 2], "p90_us": micros[micros.len() * 9 / 10], "others_busy": busy }))?;
    }
    Ok(())
}
