//! `ks-pay transactions export`: transactions, oldest first, one JSON object per line. `ks-pay transactions recount`: compares
//! the daily totals with the payments, and repairs them.

use clap::Subcommand;

use super::{EXPORT_PAGE, Export, Failure, Installation, Io};
use crate::{
    ledger::payments::{Transaction, reconcile_totals, store},
    primitives::id::TransactionId,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print all transactions, oldest first, one per line
    Export(Export),
    /// Compare the daily totals on App Overview with the payments, and fix those that differ
    ///
    /// Works with the server running or stopped. Each day of an app and mode is repaired in a database transaction of its
    /// own, so repairs made before an interruption are kept.
    Recount(Recount),
}

#[derive(clap::Args)]
pub(super) struct Recount {
    /// Print `{"days":N,"repaired":N,"unchecked":N}`
    #[arg(long)]
    json: bool,
}

impl Command {
    /// True if the command changes nothing.
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
        let page = store::export(&mut at.db.bulk_reader().await?, after, app, EXPORT_PAGE).await?;
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
        _ if wanted.json => io.say(serde_json::json!({ "days": days, "repaired": wrong, "unchecked": unread }))?,
        0 => io.say(format_args!("compared {days} days (per app and mode): no differences"))?,
        _ => io.say(format_args!("compared {days} days (per app and mode): repaired {wrong}"))?,
    }
    match unread {
        0 => Ok(()),
        _ => Err(Failure::Failed(format!("The totals of {unread} days could not be compared. See the log for details."))),
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
        "status": transaction.status.map(crate::gateways::payment::Status::as_str),
        "amount": transaction.amount,
        "amount_refunded": transaction.refunded,
        "currency": transaction.currency.map(|currency| currency.to_string()),
        "disputed": transaction.is_disputed,
        "updated_at": transaction.updated_at.rfc3339(),
    })
}
