//! `ks-pay deliveries export`: deliveries, oldest first, one JSON object per line.

use clap::Subcommand;
use serde_json::json;

use super::{EXPORT_PAGE, Export, Failure, Installation, Io};
use crate::{
    deliveries::{AttemptFailure, Delivery, DeliveryState, store::deliveries},
    primitives::{id::DeliveryId, time::Timestamp},
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print all deliveries, oldest first, one JSON object per line
    ///
    /// `attempts` is the number of attempts since the delivery was created or last replayed. `last_status` is the HTTP status of the last
    /// attempt's response; `last_failure` is the reason why there was none. Either `event` or `run`, the run of
    /// an automation, has an id; the other is null.
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
    let mut after = DeliveryId::least();
    loop {
        let page = deliveries::export(&mut at.db.bulk_reader().await?, after, app, EXPORT_PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        for delivery in &page {
            io.say(line(delivery))?;
        }
    }
}

fn line(delivery: &Delivery) -> serde_json::Value {
    let delivered_at = delivery.ended_at.filter(|_| delivery.state == DeliveryState::Delivered);
    // While a delivery is being sent, `due_at` is the expiry of its claim.
    let next_attempt_at = delivery.due_at.filter(|_| delivery.state == DeliveryState::Waiting);
    json!({
        "delivery": delivery.id.to_string(),
        "destination": delivery.destination_id.to_string(),
        "event": delivery.message().event().map(|id| id.to_string()),
        "run": delivery.message().run().map(|id| id.to_string()),
        "state": delivery.state.as_str(),
        "attempts": delivery.attempts,
        "last_status": delivery.last_status,
        "last_failure": delivery.last_failure.map(AttemptFailure::as_str),
        "next_attempt_at": next_attempt_at.map(Timestamp::rfc3339),
        "delivered_at": delivered_at.map(Timestamp::rfc3339),
    })
}
