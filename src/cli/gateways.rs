//! `ks-pay gateway`: creates connections.

use clap::Subcommand;

use super::{Failure, Installation, Io, Which};
use crate::{
    accounts::authz::Actor,
    connections::{self, ConnectError, NewConnection},
    db::DbError,
    primitives::money::Currency,
    server, urls,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a connection that accepts events immediately, and print its id
    Add {
        #[command(flatten)]
        which: Which,
        /// Three-letter currency code
        #[arg(long, value_name = "CODE", default_value = "INR")]
        currency: Currency,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: Command, at: &Installation, io: &mut Io<'_>) -> Result<(), Failure> {
    let Command::Add { which, currency, json } = command;
    let result = add(at, io, &which, currency, json).await;
    at.db.close().await;
    result
}

async fn add(at: &Installation, io: &mut Io<'_>, which: &Which, currency: Currency, json: bool) -> Result<(), Failure> {
    let app = at.app(&which.app).await?;
    let new = NewConnection { company: app.company_id, app: app.id, gateway: which.gateway, mode: which.mode, currency };
    let vault = at.vault().await?;
    let mut tx = at.db.begin().await?;
    let by = (&Actor::command(app.company_id), at.clock.now());
    let connection = match connections::create(&mut tx, &vault, &new, by).await {
        Err(ConnectError::Db(DbError::NotUnique)) => {
            return Err(Failure::Failed(
                "The app is already connected to this gateway in this mode. `ks-pay webhook show` shows the connection."
                    .to_owned(),
            ));
        }
        other => other.map_err(|error| Failure::Failed(format!("{error}.")))?,
    };
    tx.commit().await?;
    if !json {
        return io.say(connection.id);
    }
    let url = urls::webhook_url(&server::base(&at.db, &at.config).await?, &connection.endpoint);
    io.say(serde_json::json!({ "connection": connection.id.to_string(), "endpoint": connection.endpoint, "url": url }))
}
