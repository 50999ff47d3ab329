//! `ks-pay transactions export`: payments, oldest first, a line of JSON each. `ks-pay transactions recount`: the sums by day,
//! compared with the payments and mended.

use clap::Subcommand;

use super::{EXPORT_PAGE, Export, Failure, Installation, Io};
use crate::{
    primitives::id::TransactionId,
    transactions::{Transaction, reconcile_totals, store},
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print every transaction, oldest first, a line each
    Export(Export),
    /// Compare the sums by day that App Overview shows with the payments, and mend those that differ
    ///
    /// With the server up or down. Every day of an app is a unit of work of its own; what was mended stays if it is stopped.
    Recount(Recount),
}

#[derive(clap::Args)]
pub(super) struct Recount {
    /// Print `{"days":N,"mended":N,"unread":N}`
    #[arg(long)]
    json: bool,
}

impl Command {
    /// Whether it changes nothing.
    pub(super) const fn only_reads(&self) -> bool {
        matches!(self, Self::Export(_))
    }
}

pub(super) async fn run(command: Command, at: &Installation, io: &mut Io<'_>) -> Result<(), Failure> {
    let result = match command {
        Command::Export(wanted) => export(at, io, &wanted).await,
        Command::Recount(wanted) => count_again(at, io, &wanted).await,
    };
    at.db.close().await;
    result
}

async fn export(at: &Installation, io: &mut Io<'_>, wanted: &Export) -> Result<(), Failure> {
    let app = wanted.app(at).await?;
    let mut after = TransactionId::least();
    loop {
        let page = store::export(&mut at.db.reader().await?, after, app, EXPORT_PAGE).await?;
        for transaction in &page {
            io.say(line(transaction))?;
        }
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
    }
}

async fn count_again(at: &Installation, io: &mut Io<'_>, wanted: &Recount) -> Result<(), Failure> {
    let reconcile_totals::RecountReport { days, wrong, unread } = reconcile_totals::repair(&at.db).await?;
    match wrong {
        _ if wanted.json => io.say(serde_json::json!({ "days": days, "mended": wrong, "unread": unread }))?,
        0 => io.say(format_args!("{days} days of apps were compared: nothing was to be mended"))?,
        _ => io.say(format_args!("{days} days of apps were compared; the sums of {wrong} were wrong and are right now"))?,
    }
    match unread {
        0 => Ok(()),
        _ => Err(Failure::Failed(format!("The sums of {unread} days could not be compared: the log says which and why."))),
    }
}

fn line(transaction: &Transaction) -> serde_json::Value {
    serde_json::json!({
        "transaction": transaction.id.to_string(),
        "app": transaction.app.to_string(),
        "connection": transaction.connection.to_string(),
        "gateway": transaction.gateway.slug(),
        "mode": transaction.mode.slug(),
        "payment_id": transaction.payment_id,
        "order_id": transaction.order_id,
        "status": transaction.status.map(super::super::transactions::Status::as_str),
        "amount": transaction.amount,
        "amount_refunded": transaction.refunded,
        "currency": transaction.currency.map(|currency| currency.to_string()),
        "disputed": transaction.is_disputed,
        "updated_at": transaction.updated_at.rfc3339(),
    })
}
