//! `ks-pay simulate`: posts sample events with valid signatures, as the gateway would.

use std::{collections::BTreeMap, time::Duration};

use super::{Failure, Io, gateway_help};
use crate::{
    gateways::{
        Gateway,
        samples::{LifeCycle, Merchant, Pace, Sample},
    },
    net::http_client,
    primitives::{secret::Secret, time::Clock},
    server::config::Lookup,
};

/// Upper limit of `--count`.
const MAX_COUNT: u32 = 1_000_000;

#[derive(clap::Args)]
pub(super) struct Simulate {
    /// Webhook URL, as shown in the console
    #[arg(long, value_name = "URL")]
    url: String,
    #[arg(long, value_name = "GATEWAY", default_value_t = Gateway::proposed(), help = gateway_help())]
    gateway: Gateway,
    /// Event type, for example payment.failed
    #[arg(long, value_name = "EVENT", conflicts_with = "life_cycle")]
    event: Option<String>,
    /// Payment life cycle: paid, failed-then-paid, partly-refunded, disputed or settled
    #[arg(long, value_name = "LIFE_CYCLE")]
    life_cycle: Option<LifeCycle>,
    /// Spread the steps of the life cycle over the past days, ending now; by default they are seconds apart
    #[arg(long, requires = "life_cycle", conflicts_with = "event")]
    spread: bool,
    /// Number of times to send the event or life cycle
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_COUNT)))]
    count: u32,
    /// Maximum events per second
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Sends the events; fails unless every response is 200. The secret comes from `KS_PAY_SIMULATE_SECRET` or stdin.
pub(super) async fn run(simulate: Simulate, variable: Lookup<'_>, io: &mut Io<'_>) -> Result<(), Failure> {
    let text = match variable("KS_PAY_SIMULATE_SECRET").filter(|text| !text.is_empty()) {
        Some(text) => zeroize::Zeroizing::new(text),
        None => io.secret_line("Secret: ")?,
    };
    let secret = simulate.gateway.adapter().parse_secret(text.trim()).ok_or_else(|| {
        Failure::Failed("Not a valid secret. Copy it from the Webhook page, or from `ks-pay webhook show`.".to_owned())
    })?;
    let url = url::Url::parse(&simulate.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| Failure::Usage("--url must be an http or https URL.".to_owned()))?;
    let answers = send_all(&simulate, &url, &secret).await?;

    let sent: u64 = answers.values().sum();
    if simulate.json {
        io.say(serde_json::json!({ "sent": sent, "answers": answers }))?;
    } else {
        let told: Vec<String> = answers.iter().map(|(answer, count)| format!("{count} × {answer}")).collect();
        io.say(format_args!("sent {sent}: {}", told.join(", ")))?;
    }
    match answers.keys().find(|answer| *answer != "200") {
        None => Ok(()),
        Some(answer) => Err(Failure::Failed(what_next(answer))),
    }
}

fn what_next(answer: &str) -> String {
    match answer {
        "401" => "Some events were rejected. Check that this secret is valid for the URL and that the connection is enabled."
            .to_owned(),
        "404" | "405" => "No webhook exists at this URL. Copy the complete URL from the Webhook page.".to_owned(),
        "503" => "The server could not store some events. Check its log, then run this command again.".to_owned(),
        "unreachable" => "Cannot reach the server. Check that it is running and that the URL is correct.".to_owned(),
        other => format!("Some events were not accepted: the server responded with {other}."),
    }
}

async fn send_all(simulate: &Simulate, url: &url::Url, secret: &Secret) -> Result<BTreeMap<String, u64>, Failure> {
    let client = http_client::client().await.map_err(Failure::Failed)?;
    let pause = simulate.rate.map(|rate| Duration::from_secs(1) / rate);
    let clock = Clock::system();
    let merchant = Merchant::behind(url.as_str());
    let mut answers = BTreeMap::new();
    let mut next = tokio::time::Instant::now();
    for _ in 0..simulate.count {
        for sample in samples_of(simulate, &merchant, &clock)? {
            if let Some(pause) = pause {
                tokio::time::sleep_until(next).await;
                next += pause;
            }
            let answer = post(&client, url, simulate.gateway, secret, &sample, &clock).await;
            *answers.entry(answer).or_default() += 1;
        }
    }
    Ok(answers)
}

fn samples_of(simulate: &Simulate, merchant: &Merchant, clock: &Clock) -> Result<Vec<Sample>, Failure> {
    let now = clock.now().seconds();
    let mut rng = rand::rng();
    let samples = &simulate.gateway.profile().samples;
    if let Some(kind) = simulate.life_cycle {
        let pace = if simulate.spread { Pace::Natural } else { Pace::Quick };
        let play = samples.life_cycle.ok_or_else(no_life_cycle)?;
        return Ok(play(kind, pace, merchant, now, &mut rng));
    }
    let wanted = simulate.event.as_deref().unwrap_or(samples.usual);
    (samples.single)(wanted, merchant, now, &mut rng)
        .map(|sample| vec![sample])
        .ok_or_else(|| Failure::Usage(format!("--event must be one of: {}.", samples.events.join(", "))))
}

fn no_life_cycle() -> Failure {
    let with = Gateway::all().filter(|gateway| gateway.profile().samples.life_cycle.is_some());
    let names: Vec<_> = with.map(Gateway::slug).collect();
    Failure::Usage(format!("--life-cycle is available for {} only. Omit it for this gateway.", names.join(", ")))
}

/// Posts one event and returns the status code, or `unreachable` without a response.
pub(super) async fn post(
    client: &reqwest::Client,
    url: &url::Url,
    gateway: Gateway,
    secret: &Secret,
    sample: &Sample,
    clock: &Clock,
) -> String {
    let (adapter, now) = (gateway.adapter(), clock.now());
    let headers = adapter.sign(secret, &sample.event_id, &sample.body, now);
    let body = adapter.signed_body(secret, &sample.body, now).unwrap_or_else(|| sample.body.clone());
    let mut request = client.post(url.clone()).body(body);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    match request.send().await {
        Ok(answer) => answer.status().as_u16().to_string(),
        Err(_) => "unreachable".to_owned(),
    }
}
