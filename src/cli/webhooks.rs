//! `ks-pay webhook`: a connection's URL and SECRETs, and a new SECRET.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Failure, Installation, Io, Which};
use crate::{
    connections::{
        Connection,
        overlap::Overlap,
        secrets::{self, Origin, Stored},
        store,
    },
    db::Exec,
    kernel::{id::AppId, time::Timestamp, vault::Vault},
    server, urls,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show URL and SECRETs, the newest first
    Show {
        #[command(flatten)]
        which: Which,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a new SECRET; the one before goes on counting for a while
    ///
    /// Paste the new one into the gateway. Razorpay signs an event with the SECRET it had when the event happened: for 24
    /// hours when it tries again, for 15 days when its support sends it again. No more than 64 count at once: then some must
    /// be retired on the Webhook page. Prints what `show` prints.
    Rotate {
        #[command(flatten)]
        which: Which,
        /// For how many hours the one before goes on counting: more than 0, at most 360
        #[arg(long, value_name = "N", default_value = "24", allow_negative_numbers = true)]
        overlap_hours: Overlap,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    /// Whether it changes nothing.
    pub(super) const fn only_reads(&self) -> bool {
        matches!(self, Self::Show { .. })
    }
}

pub(super) async fn run(command: Command, at: &Installation, io: &mut Io<'_>) -> Result<(), Failure> {
    let result = match command {
        Command::Show { which, json } => show(at, io, &which, json).await,
        Command::Rotate { which, overlap_hours, json } => rotate(at, io, &which, overlap_hours, json).await,
    };
    at.db.close().await;
    result
}

async fn show(at: &Installation, io: &mut Io<'_>, which: &Which, json: bool) -> Result<(), Failure> {
    let app = at.app(&which.app).await?;
    let mut reader = at.db.reader().await?;
    let connection = connection(&mut reader, app.id, which).await?;
    let stored = secrets::list_live(&mut reader, connection.id, at.clock.now()).await?;
    drop(reader);
    print(at, io, &connection, &stored, json).await
}

async fn rotate(at: &Installation, io: &mut Io<'_>, which: &Which, overlap: Overlap, json: bool) -> Result<(), Failure> {
    let app = at.app(&which.app).await?;
    let (now, vault) = (at.clock.now(), at.vault().await?);
    let mut tx = at.db.begin().await?;
    let connection = connection(&mut tx, app.id, which).await?;
    secrets::rotate(&mut tx, &vault, connection.id, (overlap, secrets::COMMAND_LINE), now)
        .await
        .map_err(|error| Failure::Failed(format!("{error}.")))?;
    let stored = secrets::list_live(&mut tx, connection.id, now).await?;
    tx.commit().await?;
    print(at, io, &connection, &stored, json).await
}

async fn connection(on: impl Into<Exec<'_>>, app: AppId, which: &Which) -> Result<Connection, Failure> {
    let found = store::find_of_app(on, app, which.gateway, which.mode).await?;
    found.ok_or_else(|| Failure::Failed("The app has no such connection. `ks-pay gateway add` makes it.".to_owned()))
}

async fn print(
    at: &Installation,
    io: &mut Io<'_>,
    connection: &Connection,
    stored: &[Stored],
    json: bool,
) -> Result<(), Failure> {
    let url = urls::webhook_url(&server::base(&at.db, &at.config).await?, &connection.endpoint);
    let vault = at.vault().await?;
    let listed: Vec<(&Stored, Shown)> = stored.iter().map(|secret| (secret, shown(&vault, connection, secret))).collect();
    if json {
        let secrets: Vec<Value> = listed.iter().map(|(secret, shown)| row(secret, shown.as_ref().ok())).collect();
        return io.say(json!({ "url": url, "secrets": secrets }));
    }
    io.say(format_args!("URL     {url}"))?;
    for (secret, shown) in listed {
        let until = secret.until.map(|until| format!("  until {until}")).unwrap_or_default();
        let (Ok(shown) | Err(shown)) = shown;
        io.say(format_args!("SECRET  {shown}{until}"))?;
    }
    Ok(())
}

/// The value, or what stands in its place.
type Shown = Result<String, String>;

/// One that is not of our making is never shown, and one that was damaged does not keep the others from being shown.
fn shown(vault: &Vault, connection: &Connection, secret: &Stored) -> Shown {
    let value = secret.open(vault).map_err(|_| format!("({} cannot be opened: it was damaged or swapped)", secret.id))?;
    if secret.origin != Origin::Made {
        return Err("(not of our making, so it is not shown)".to_owned());
    }
    Ok(connection.gateway.adapter().shown(&value))
}

/// The keys of one of our own are those that scripts rely on; another says where it is from.
fn row(secret: &Stored, shown: Option<&String>) -> Value {
    let mut row = json!({ "id": secret.id.to_string(), "secret": shown, "state": secret.state });
    if !secret.is_active() {
        row["until"] = json!(secret.until.map(Timestamp::rfc3339));
    }
    if secret.origin != Origin::Made {
        row["origin"] = json!(secret.origin.as_str());
    }
    row
}
