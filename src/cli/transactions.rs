//! `ks-pay transactions export`: payments, oldest first, a line of JSON each.

use clap::Subcommand;

use super::{EXPORT_PAGE, Export, Failure, Installation, Io};
use crate::{
    kernel::id::TransactionId,
    transactions::{Transaction, store},
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print every transaction, oldest first, a line each
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
