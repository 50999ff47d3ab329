//! `ks-pay transactions export`: payments, oldest first, a line of JSON each.

use clap::Subcommand;

use super::{Failure, Installation, Io};
use crate::{
    kernel::id::TransactionId,
    transactions::{Transaction, store},
};

/// Rows read at once.
const PAGE: i64 = 500;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print every transaction, oldest first, a line each
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
    let mut after = TransactionId::least();
    loop {
        let page = store::export(&mut at.db.reader().await?, after, app, PAGE).await?;
        for transaction in &page {
            io.say(line(transaction))?;
        }
        match page.last() {
            Some(last) if page.len() == usize::try_from(PAGE).unwrap_or_default() => after = last.id,
            _ => return Ok(()),
        }
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
