//! `ks-pay events export`: events, oldest first, one JSON object per line.

use clap::Subcommand;
use data_encoding::HEXLOWER;

use super::{EXPORT_PAGE, Export, Failure, Installation, Io};
use crate::{
    events::{
        Event, Origin,
        payload::{Damage, StoredPayload},
        store,
    },
    primitives::{id::EventId, time::Timestamp},
    rejections::store::recoveries,
    test_events,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print all events, oldest first, one per line
    ///
    /// `request` is the same for all events of one request. `part` is the event's number in its request, from 1; it is null if
    /// the request is a single event. `body_sha256` is the hash of the whole request body. `received_at` is the stored time,
    /// which can be in the future if the server's clock was ahead when the event arrived. `origin` is `webhook`, `recovered` or
    /// `test`. `payload_error` is null unless the
    /// stored headers and body are damaged.
    Export(Export),
}

pub(super) async fn run(command: Command, at: &Installation, io: &mut Io<'_>) -> Result<(), Failure> {
    let Command::Export(wanted) = command;
    let result = export(at, io, &wanted).await;
    at.db.close().await;
    result
}

async fn export(at: &Installation, io: &mut Io<'_>, wanted: &Export) -> Result<(), Failure> {
    let app = wanted.app(at).await?;
    let mut after = EventId::least();
    loop {
        let mut reader = at.db.bulk_reader().await?;
        let page = store::export(&mut reader, after, app, EXPORT_PAGE).await?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(()) };
        let recovered = recoveries::list_of_export(&mut reader, app, (first.id, last.id)).await?;
        let tests = test_events::store::list_of_export(&mut reader, app, (first.id, last.id)).await?;
        for event in &page {
            let origin = if tests.iter().any(|test| test.event_id == event.id) {
                Origin::Test
            } else if recovered.contains(&event.id) {
                Origin::Recovered
            } else {
                Origin::Webhook
            };
            let damage = match store::find_payload(&mut reader, event).await? {
                StoredPayload::Damaged(damage) => Some(damage),
                StoredPayload::Present(_) | StoredPayload::Deleted => None,
            };
            io.say(line(event, origin, damage))?;
        }
        after = last.id;
    }
}

fn line(event: &Event, origin: Origin, damage: Option<Damage>) -> serde_json::Value {
    serde_json::json!({
        "event": event.id.to_string(),
        "app": event.app_id.to_string(),
        "connection": event.connection_id.to_string(),
        "gateway": event.gateway.slug(),
        "mode": event.mode.slug(),
        "gateway_event_id": event.gateway_event_id,
        "type": event.event_type,
        "request": event.request().to_string(),
        "part": event.number(),
        "body_sha256": HEXLOWER.encode(&event.body_sha256),
        "received_at": Timestamp::rfc3339(event.received_at),
        "state": event.state.as_str(),
        "received_count": event.received_count,
        "conflict_with": event.conflict_with.map(|id| id.to_string()),
        "transaction": event.transaction_id.map(|id| id.to_string()),
        "origin": origin.as_str(),
        "payload_error": damage.map(|damage| format!("headers and body of {} are damaged: {damage}", event.id)),
    })
}
