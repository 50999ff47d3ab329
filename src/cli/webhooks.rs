//! `ks-pay webhook`: shows a connection's URL and secrets, and rotates the secret.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Failure, Installation, Io, Which};
use crate::{
    accounts::authz::Actor,
    connections::{
        Connection,
        overlap::Overlap,
        secrets::{self, MAX_VALID_SECRETS, Origin, StoredSecret},
        store,
    },
    db::Exec,
    gateways::Gateway,
    i18n::Text,
    primitives::{id::AppId, time::Timestamp, vault::Vault},
    server, urls,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show the webhook URL and all valid secrets, newest first
    Show {
        #[command(flatten)]
        which: Which,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Create a new secret; the previous one stays valid for a grace period
    #[command(long_about = rotate_help())]
    Rotate {
        #[command(flatten)]
        which: Which,
        /// Hours for which the previous secret stays valid: more than 0, at most 360
        #[arg(long, value_name = "N", default_value = "24", allow_negative_numbers = true)]
        overlap_hours: Overlap,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    /// True if the command changes nothing.
    pub(super) const fn only_reads(&self) -> bool {
        matches!(self, Self::Show { .. })
    }
}

/// Returns the help of `rotate`, with what each gateway documents of its signatures.
fn rotate_help() -> String {
    let documented = Gateway::all().filter_map(|gateway| gateway.profile().texts.secrets.after_rotation.as_ref());
    format!(
        "Create a new secret; the previous one stays valid for a grace period\n\nEnter the new secret at the gateway. {} At most \
         {MAX_VALID_SECRETS} secrets can be valid at the same time: to create another, retire some on the Webhook page. Prints the \
         same as `show`.",
        documented.map(Text::in_english).collect::<Vec<_>>().join(" ")
    )
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
    let stored = secrets::list_valid(&mut reader, connection.id, at.clock.now()).await?;
    drop(reader);
    print(at, io, &connection, &stored, json).await
}

async fn rotate(at: &Installation, io: &mut Io<'_>, which: &Which, overlap: Overlap, json: bool) -> Result<(), Failure> {
    let app = at.app(&which.app).await?;
    let (now, vault) = (at.clock.now(), at.vault().await?);
    if which.gateway.generates_secret() {
        let label = which.gateway.label();
        return Err(Failure::Failed(format!(
            "{label} generates the secret itself. Create a new one there, and paste it on the Webhook page."
        )));
    }
    let mut tx = at.db.begin().await?;
    let connection = connection(&mut tx, app.id, which).await?;
    let actor = Actor::command(connection.company_id);
    secrets::rotate(&mut tx, &vault, &connection, (overlap, &actor), now)
        .await
        .map_err(|error| Failure::Failed(format!("{error}.")))?;
    let stored = secrets::list_valid(&mut tx, connection.id, now).await?;
    tx.commit().await?;
    print(at, io, &connection, &stored, json).await
}

async fn connection(on: impl Into<Exec<'_>>, app: AppId, which: &Which) -> Result<Connection, Failure> {
    let found = store::find_of_app(on, app, which.gateway, which.mode).await?;
    found.ok_or_else(|| Failure::Failed("The app has no such connection. `ks-pay gateway add` creates it.".to_owned()))
}

async fn print(
    at: &Installation,
    io: &mut Io<'_>,
    connection: &Connection,
    stored: &[StoredSecret],
    json: bool,
) -> Result<(), Failure> {
    let url = urls::webhook_url(&server::base(&at.db, &at.config).await?, &connection.endpoint);
    let vault = at.vault().await?;
    let listed: Vec<(&StoredSecret, Shown)> = stored.iter().map(|secret| (secret, shown(&vault, connection, secret))).collect();
    if json {
        let secrets: Vec<Value> = listed.iter().map(|(secret, shown)| row(secret, shown.as_ref().ok())).collect();
        return io.say(json!({ "url": url, "secrets": secrets }));
    }
    io.say(format_args!("URL     {url}"))?;
    for (secret, shown) in listed {
        let until = secret.valid_until.map(|until| format!("  until {until}")).unwrap_or_default();
        let (Ok(shown) | Err(shown)) = shown;
        io.say(format_args!("SECRET  {shown}{until}"))?;
    }
    Ok(())
}

/// The value, or the text shown instead of it.
type Shown = Result<String, String>;

/// Never shows a secret that KS Pay did not generate. A damaged secret does not prevent the others from being shown.
fn shown(vault: &Vault, connection: &Connection, secret: &StoredSecret) -> Shown {
    let value = secret.open(vault).map_err(|_| format!("({} cannot be decrypted: it was damaged or replaced)", secret.id))?;
    if secret.origin != Origin::Generated {
        return Err("(not generated by KS Pay, so it is not shown)".to_owned());
    }
    Ok(connection.gateway.adapter().format_secret(&value))
}

/// The JSON of a secret, whose keys are always all there.
fn row(secret: &StoredSecret, shown: Option<&String>) -> Value {
    json!({
        "id": secret.id.to_string(),
        "secret": shown,
        "state": secret.state_label(),
        "origin": secret.origin.as_str(),
        "valid_until": secret.valid_until.map(Timestamp::rfc3339),
    })
}
