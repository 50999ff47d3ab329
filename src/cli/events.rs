//! `ks-pay events export`: what arrived, oldest first, a line of JSON an event.

use clap::Subcommand;

use super::{Failure, Installation, Io};
use crate::{
    events::{Event, store},
    kernel::{hex, id::EventId, time::Timestamp},
};

/// Rows read at once.
const PAGE: i64 = 500;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print every event, oldest first, a line each
    Export {
        /// One JSON object a line
        #[arg(long, required = true)]
        jsonl: bool,
        /// Only this app's
        #[arg(long, value_name = "ID")]
        app: Option<String>,
    },
}

pub(super) async fn run(command: Command, at: &Installation, io: &mut Io<'_>) -> Result<(), Failure> {
    let Command::Export { app, .. } = command;
    let result = export(at, io, app.as_deref()).await;
    at.db.close().await;
    result
}

async fn export(at: &Installation, io: &mut Io<'_>, app: Option<&str>) -> Result<(), Failure> {
    let app = match app {
        Some(text) => Some(at.app(text).await?.id),
        None => None,
    };
    let mut after = EventId::least();
    loop {
        let page = store::export(&mut at.db.reader().await?, after, app, PAGE).await?;
        for event in &page {
            io.say(line(event))?;
        }
        match page.last() {
            Some(last) if page.len() == usize::try_from(PAGE).unwrap_or_default() => after = last.id,
            _ => return Ok(()),
        }
    }
}

fn line(event: &Event) -> serde_json::Value {
    serde_json::json!({
        "event": event.id.to_string(),
        "app": event.app_id.to_string(),
        "connection": event.connection_id.to_string(),
        "gateway": event.gateway.slug(),
        "mode": event.mode.slug(),
        "gateway_event_id": event.gateway_event_id,
        "type": event.event_type,
        "body_sha256": hex::encode(&event.body_sha256),
        "received_at": Timestamp::rfc3339(event.received_at),
        "state": event.state.as_str(),
        "receipts": event.receipts,
        "conflict_with": event.conflict_with.map(|id| id.to_string()),
        "transaction": event.transaction_id.map(|id| id.to_string()),
    })
}
