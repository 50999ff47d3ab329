//! `ks-pay destination`: the merchant's own systems that receive an app's events.

use std::str::FromStr;

use clap::Subcommand;
use serde_json::json;

mod headers;
mod replay;

use self::replay::Replay;
use super::{Failure, Installation, Io, line_error};
use crate::{
    accounts::authz::{Actor, UseCaseError},
    apps::App,
    connections::{self, Connection, overlap::Overlap},
    db::DbError,
    deliveries::{
        destination::{
            DEFAULT_CONCURRENCY, DEFAULT_TIMEOUT_SECONDS, Destination, DestinationState, EventSelection, Format,
            InvalidSelection, MAX_CONCURRENCY, MAX_DESTINATIONS, MAX_EVENT_PATTERNS, MAX_NAME_CHARS, MAX_PER_SECOND,
            MAX_TIMEOUT_SECONDS, Settings, original_forms,
        },
        fixed_headers,
        health::{Circuit, Health},
        manage::{self, CurrentSecrets, DestinationError},
        store::{deliveries, destinations},
    },
    gateways::{Gateway, Mode},
    net::outbound::Refusal,
    primitives::{
        id::{CompanyId, DestinationId},
        text_input,
        time::Timestamp,
    },
    replays::{self, Plan, Scope},
    server,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a destination, and print its id and signing secret
    ///
    /// The destination receives every event from now on and, with --since, earlier ones. In the format `original` it receives the exact
    /// bytes and the signature of one gateway, in the format `normalized` one JSON for all gateways (docs/receiving.md).
    Add(Box<Add>),
    /// List the destinations of an app, one JSON object per line
    List {
        /// App id, ap_…
        #[arg(long, value_name = "ID")]
        app: String,
        /// Print JSON
        #[arg(long, required = true)]
        json: bool,
    },
    /// Pause a destination, so that its deliveries wait
    Pause {
        #[command(flatten)]
        which: Which,
    },
    /// Resume a destination, and send its waiting deliveries
    Resume {
        #[command(flatten)]
        which: Which,
    },
    /// Delete a destination, and cancel its waiting deliveries
    Remove {
        #[command(flatten)]
        which: Which,
    },
    /// Send the events of a time range to a destination again, and print their number
    ///
    /// The running server sends them. Without --failed, it sends every event of the range that matches the destination's settings,
    /// including those that were never sent to it. Each event keeps its id; one that is already waiting is not sent twice.
    Replay(Replay),
    /// Create a new secret, and print it; requests are also signed with the previous one for a while
    Rotate {
        #[command(flatten)]
        which: Which,
        /// Hours for which requests are also signed with the previous secret, at most 360; 0 if it has leaked
        #[arg(long, value_name = "N", default_value = "24", allow_negative_numbers = true)]
        overlap_hours: Grace,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// How long the previous secret stays valid; `None`: all previous secrets expire immediately.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grace(Option<Overlap>);

impl FromStr for Grace {
    type Err = <Overlap as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "0" { Ok(Self(None)) } else { text.parse().map(|overlap| Self(Some(overlap))) }
    }
}

/// The destination to add.
#[derive(clap::Args)]
pub(super) struct Add {
    /// App id, ap_…
    #[arg(long, value_name = "ID")]
    app: String,
    /// test or live
    #[arg(long, value_name = "MODE")]
    mode: Mode,
    /// Name, unique among the app's destinations of the mode
    #[arg(long, value_name = "NAME")]
    name: String,
    /// URL that receives the events; https, unless KS_PAY_ALLOW_DESTINATIONS allows its network
    #[arg(long, value_name = "URL")]
    url: String,
    /// original or normalized [default: original if the gateway's signature can be sent unchanged, else normalized]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Gateway whose events it receives, for the format original; required only if the app has several in the mode
    #[arg(long, value_name = "GATEWAY")]
    gateway: Option<Gateway>,
    /// Event types and groups, such as payment.captured,refund.* [default: all]
    #[arg(long, value_name = "E,…", default_value = "")]
    events: String,
    /// Replace the gateway's signature by a new one, made with a secret of the destination
    #[arg(long)]
    resign: bool,
    /// Send events in order of arrival, one at a time
    #[arg(long)]
    fifo: bool,
    /// Maximum deliveries at the same time
    #[arg(long, value_name = "N", default_value_t = DEFAULT_CONCURRENCY, value_parser = clap::value_parser!(i64).range(1..=MAX_CONCURRENCY))]
    concurrency: i64,
    /// Maximum deliveries per second [default: no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=MAX_PER_SECOND))]
    rate: Option<i64>,
    /// Seconds after which an attempt without a response fails
    #[arg(long, value_name = "N", default_value_t = DEFAULT_TIMEOUT_SECONDS, value_parser = clap::value_parser!(i64).range(1..=MAX_TIMEOUT_SECONDS))]
    timeout: i64,
    /// Header to send with each attempt, such as Authorization; can be repeated. Values are read from stdin, one per line
    #[arg(long = "header", value_name = "NAME")]
    headers: Vec<String>,
    /// Also send the events received since then: RFC 3339, or how long ago, such as 2h
    #[arg(long, value_name = "T")]
    since: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Identifies a destination.
#[derive(clap::Args)]
pub(super) struct Which {
    /// Destination id, ds_…
    #[arg(long, value_name = "ID")]
    destination: String,
}

impl Command {
    /// True if the command changes nothing.
    pub(super) const fn only_reads(&self) -> bool {
        matches!(self, Self::List { .. })
    }
}

pub(super) async fn run(command: Command, at: &Installation, io: &mut Io<'_>) -> Result<(), Failure> {
    let result = match command {
        Command::Add(wanted) => add(at, io, *wanted).await,
        Command::List { app, .. } => list(at, io, &app).await,
        Command::Pause { which } => pause(at, &which).await,
        Command::Resume { which } => resume(at, &which).await,
        Command::Remove { which } => remove(at, &which).await,
        Command::Replay(wanted) => replay::run(at, io, &wanted).await,
        Command::Rotate { which, overlap_hours, json } => rotate(at, io, &which, (overlap_hours, json)).await,
    };
    at.db.close().await;
    result
}

async fn add(at: &Installation, io: &mut Io<'_>, wanted: Add) -> Result<(), Failure> {
    let (now, vault, app) = (at.clock.now(), at.vault().await?, at.app(&wanted.app).await?);
    let headers = headers::read(&wanted.headers, io)?;
    let url = check_url(at, &wanted.url, app.company_id).await?;
    let range = wanted.since.as_deref().map(|since| replay::range((since, None), (at, now))).transpose()?;
    let mut reader = at.db.reader().await?;
    let connections = connections::store::list_of_app(&mut reader, app.company_id, app.id).await?;
    let plan = match range {
        Some(range) => Some(Plan::uncounted(&mut reader, (Scope::Every, range)).await?),
        None => None,
    };
    drop(reader);
    let (format, connection) = form(&wanted, connections)?;
    let settings = Settings {
        name: text_input::line(&wanted.name, 1, MAX_NAME_CHARS).map_err(|fault| line_error("--name", fault))?,
        url,
        format,
        connection_id: connection.as_ref().map(|connection| connection.id),
        is_resigned: connection
            .as_ref()
            .is_some_and(|connection| wanted.resign || !original_forms(connection.gateway).is_passed_through),
        events: EventSelection::parse(&wanted.events).map_err(selection_error)?,
        is_fifo: wanted.fifo,
        concurrency: wanted.concurrency,
        per_second: wanted.rate,
        timeout_seconds: wanted.timeout,
    };
    let actor = Actor::command(app.company_id);
    let gateway = connection.map(|connection| connection.gateway);
    let mut tx = at.db.begin().await?;
    let destination = manage::create(&mut tx, &vault, (&app, wanted.mode), (settings, gateway), (&actor, now)).await?;
    for (name, value) in &headers {
        fixed_headers::set(&mut tx, &vault, &destination, (name, value), (&actor, now)).await?;
    }
    if let Some(plan) = plan {
        replays::start(&mut tx, &destination, &plan, (&actor, now)).await?;
    }
    let secrets = open(manage::reveal(&mut tx, &vault, &destination, (&actor, now)).await?)?;
    tx.commit().await?;
    print(io, destination.id, &secrets, wanted.json)
}

/// Returns the URL in its normal form, if requests may be sent to it.
async fn check_url(at: &Installation, url: &str, company: CompanyId) -> Result<String, Failure> {
    let base = server::base(&at.db, &at.config).await?;
    let guard = server::guard(&at.config, at.config.listen, &base)?;
    guard
        .check(url.trim(), company)
        .await
        .map(String::from)
        .map_err(|refusal| Failure::Failed(refusal_sentence(refusal).to_owned()))
}

fn refusal_sentence(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Malformed | Refusal::NoHost => "--url must be a complete URL, for example https://shop.example/webhooks.",
        Refusal::TooLong => "--url is too long. Use a shorter URL.",
        Refusal::NotHttps => "--url must begin with https://.",
        Refusal::UserInfo => "--url must not contain a user name or a password.",
        Refusal::NameNotFound => "The host of --url was not found. Check its spelling and its DNS records.",
        Refusal::Forbidden => {
            "Events cannot be sent to the address of --url. Use a public address, or allow its network with KS_PAY_ALLOW_DESTINATIONS."
        }
    }
}

/// Returns the format, and the connection that the format `original` needs.
fn form(wanted: &Add, connections: Vec<Connection>) -> Result<(Format, Option<Connection>), Failure> {
    let is_wanted = |connection: &Connection| wanted.gateway.is_none_or(|gateway| gateway == connection.gateway);
    let mut of_mode = connections.into_iter().filter(|connection| connection.mode == wanted.mode && is_wanted(connection));
    let (first, is_only) = (of_mode.next(), of_mode.next().is_none());
    let format = wanted.format.unwrap_or_else(|| match &first {
        Some(connection) if is_only && original_forms(connection.gateway).is_passed_through => Format::Original,
        _ => Format::Normalized,
    });
    match (format, first) {
        (Format::Normalized, _) if wanted.resign => {
            Err(Failure::Usage("Omit --resign: only the format original has a signature of the gateway.".to_owned()))
        }
        (Format::Normalized, _) => Ok((format, None)),
        (Format::Original, None) => {
            Err(Failure::Failed("The app has no such gateway in this mode. `ks-pay gateway add` adds one.".to_owned()))
        }
        (Format::Original, Some(_)) if !is_only => {
            Err(Failure::Failed("The app has several gateways in this mode. Name one with --gateway.".to_owned()))
        }
        (Format::Original, Some(connection)) => {
            let (forms, label) = (original_forms(connection.gateway), connection.gateway.label());
            match (wanted.resign, forms.is_passed_through, forms.is_resigned) {
                (_, false, false) => Err(Failure::Failed(format!(
                    "Events of {label} cannot be sent in their original format. Use --format normalized."
                ))),
                (true, _, false) => Err(Failure::Failed(format!("KS Pay cannot create signatures of {label}. Omit --resign."))),
                _ => Ok((format, Some(connection))),
            }
        }
    }
}

pub(super) fn selection_error(fault: InvalidSelection) -> Failure {
    Failure::Failed(match fault {
        InvalidSelection::NotAType(text) => {
            format!("--events: \"{}\" is invalid. Use types such as payment.captured or payment.*.", text.escape_debug())
        }
        InvalidSelection::TooMany => format!("--events must have at most {MAX_EVENT_PATTERNS} types and groups."),
    })
}

fn print(io: &mut Io<'_>, id: DestinationId, secrets: &CurrentSecrets, json: bool) -> Result<(), Failure> {
    let gateway = secrets.gateway.as_ref().map(crate::primitives::secret::Secret::expose);
    if json {
        let mut value = json!({ "destination": id.to_string(), "secret": secrets.webhook.expose() });
        if let Some(gateway) = gateway {
            value["gateway_secret"] = gateway.into();
        }
        return io.say(value);
    }
    io.say(id)?;
    io.say(format_args!("SECRET          {}", secrets.webhook.expose()))?;
    gateway.map_or(Ok(()), |gateway| io.say(format_args!("GATEWAY SECRET  {gateway}")))
}

fn open<E>(revealed: Result<CurrentSecrets, E>) -> Result<CurrentSecrets, Failure> {
    revealed.map_err(|_| {
        Failure::Failed(
            "The secret of the destination cannot be decrypted: it was damaged. `ks-pay destination rotate` creates a new one."
                .to_owned(),
        )
    })
}

async fn list(at: &Installation, io: &mut Io<'_>, app: &str) -> Result<(), Failure> {
    let (app, now) = (at.app(app).await?, at.clock.now());
    let mut reader = at.db.reader().await?;
    for mode in [Mode::Test, Mode::Live] {
        let health = destinations::list_health(&mut reader, app.id, mode).await?;
        for destination in destinations::list(&mut reader, app.id, mode).await? {
            let own = health.iter().find(|(id, _)| *id == destination.id).map(|(_, health)| health.clone()).unwrap_or_default();
            let backlog = deliveries::backlog(&mut reader, destination.id).await?;
            io.say(json!({
                "id": destination.id.to_string(),
                "mode": mode.slug(),
                "name": destination.settings.name,
                "url": destination.settings.url,
                "format": destination.settings.format.as_str(),
                "state": state(&destination, &own, now),
                "waiting": backlog.count,
                "is_waiting_exact": backlog.count < deliveries::MAX_COUNTED,
                "last_success_at": own.last_success_at.map(Timestamp::rfc3339),
            }))?;
        }
    }
    Ok(())
}

/// Returns the state that scripts read.
fn state(destination: &Destination, health: &Health, now: Timestamp) -> &'static str {
    match (destination.state, health.circuit(now)) {
        (DestinationState::Active, Circuit::Open { .. } | Circuit::HalfOpen) => "waiting",
        (state, _) => state.as_str(),
    }
}

async fn find(at: &Installation, which: &Which) -> Result<(Destination, App), Failure> {
    let none = || {
        Failure::Failed(format!(
            "Destination \"{}\" not found. `ks-pay destination list` prints the ids of an app's destinations.",
            which.destination.escape_debug()
        ))
    };
    let id: DestinationId = which.destination.parse().map_err(|_| none())?;
    let mut reader = at.db.reader().await?;
    let destination = destinations::find_any(&mut reader, id).await?.ok_or_else(none)?;
    let app = crate::apps::store::find_any(&mut reader, destination.app_id).await?.ok_or_else(none)?;
    Ok((destination, app))
}

async fn pause(at: &Installation, which: &Which) -> Result<(), Failure> {
    let (destination, app) = find(at, which).await?;
    let mut tx = at.db.begin().await?;
    manage::pause(&mut tx, &destination, (&Actor::command(app.company_id), at.clock.now())).await?;
    Ok(tx.commit().await?)
}

async fn resume(at: &Installation, which: &Which) -> Result<(), Failure> {
    let (destination, app) = find(at, which).await?;
    let mut tx = at.db.begin().await?;
    manage::resume(&mut tx, &destination, (&Actor::command(app.company_id), at.clock.now())).await?;
    Ok(tx.commit().await?)
}

async fn remove(at: &Installation, which: &Which) -> Result<(), Failure> {
    let (destination, app) = find(at, which).await?;
    let mut tx = at.db.begin().await?;
    manage::delete(&mut tx, &destination, (&Actor::command(app.company_id), at.clock.now())).await?;
    Ok(tx.commit().await?)
}

async fn rotate(at: &Installation, io: &mut Io<'_>, which: &Which, (Grace(overlap), json): (Grace, bool)) -> Result<(), Failure> {
    let ((destination, app), vault, now) = (find(at, which).await?, at.vault().await?, at.clock.now());
    let actor = Actor::command(app.company_id);
    let mut tx = at.db.begin().await?;
    manage::rotate(&mut tx, &vault, &destination, overlap, (&actor, now)).await?;
    let secrets = open(manage::reveal(&mut tx, &vault, &destination, (&actor, now)).await?)?;
    tx.commit().await?;
    print(io, destination.id, &secrets, json)
}

impl From<DestinationError> for Failure {
    fn from(error: DestinationError) -> Self {
        Self::Failed(match error {
            DestinationError::UseCase(UseCaseError::Db(DbError::NotUnique)) => {
                "The app already has a destination with this name in this mode. Choose another name.".to_owned()
            }
            DestinationError::UseCase(error) => return error.into(),
            DestinationError::TooMany => format!("The app has {MAX_DESTINATIONS} destinations in this mode. Remove one first."),
            DestinationError::TooManySecrets => format!("{error}. Wait until one expires, or use --overlap-hours 0."),
            DestinationError::WrongMasterKey => "The database is bound to another master key. Use that key.".to_owned(),
        })
    }
}
