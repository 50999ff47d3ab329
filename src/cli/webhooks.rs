//! `ks-pay webhook`: a connection's URL and SECRET.

use clap::Subcommand;

use super::{Failure, Installation, Io, Which};
use crate::{
    connections::{secrets, store},
    server, urls,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show URL and SECRET
    Show {
        #[command(flatten)]
        which: Which,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: Command, at: &Installation, io: &mut Io<'_>) -> Result<(), Failure> {
    let Command::Show { which, json } = command;
    let result = show(at, io, &which, json).await;
    at.db.close().await;
    result
}

async fn show(at: &Installation, io: &mut Io<'_>, which: &Which, json: bool) -> Result<(), Failure> {
    let app = at.app(&which.app).await?;
    let mut reader = at.db.reader().await?;
    let Some(connection) = store::find_of_app(&mut reader, app.id, which.gateway, which.mode).await? else {
        return Err(Failure::Failed("The app has no such connection. `ks-pay gateway add` makes it.".to_owned()));
    };
    let stored = secrets::list_live(&mut reader, connection.id, at.clock.now()).await?;
    drop(reader);
    let url = urls::webhook_url(&server::base(&at.db, &at.config).await?, &connection.endpoint);
    let mut listed = Vec::new();
    for secret in &stored {
        let value = secret.open(&at.vault).map_err(|error| Failure::Failed(format!("{error}.")))?;
        let shown = connection.gateway.adapter().shown(&value);
        if !json {
            listed.push(serde_json::Value::String(shown));
            continue;
        }
        let mut row = serde_json::json!({ "id": secret.id.to_string(), "secret": shown, "state": secret.state });
        if let Some(until) = secret.until {
            row["until"] = until.rfc3339().into();
        }
        listed.push(row);
    }
    if json {
        return io.say(serde_json::json!({ "url": url, "secrets": listed }));
    }
    io.say(format_args!("URL     {url}"))?;
    for secret in listed {
        io.say(format_args!("SECRET  {}", secret.as_str().unwrap_or_default()))?;
    }
    Ok(())
}
