//! `ks-pay orders export`: the orders of an app, one JSON object per line.

use clap::Subcommand;

use super::{EXPORT_PAGE, Failure, Installation, Io};
use crate::ledger::orders::{Order, store};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print all orders of an app, one per line
    Export(Export),
}

/// Selects what to export.
#[derive(clap::Args)]
pub(super) struct Export {
    /// Print one JSON object per line
    #[arg(long, required = true)]
    jsonl: bool,
    /// Export this app
    #[arg(long, value_name = "ID")]
    app: String,
}

pub(super) async fn run(command: Command, at: &Installation, io: &mut Io<'_>) -> Result<(), Failure> {
    let Command::Export(wanted) = command;
    let result = export(at, io, &wanted).await;
    at.db.close().await;
    result
}

async fn export(at: &Installation, io: &mut Io<'_>, wanted: &Export) -> Result<(), Failure> {
    let app = at.app(&wanted.app).await?.id;
    let mut after = (String::new(), String::new(), String::new());
    loop {
        let page = store::export(&mut at.db.bulk_reader().await?, app, &after, EXPORT_PAGE).await?;
        for order in &page {
            io.say(line(order))?;
        }
        let Some(last) = page.last() else { return Ok(()) };
        after = (last.mode.slug().to_owned(), last.gateway.slug().to_owned(), last.order_id.clone());
    }
}

fn line(order: &Order) -> serde_json::Value {
    let state = &order.state;
    serde_json::json!({
        "app": order.app.to_string(),
        "gateway": order.gateway.slug(),
        "mode": order.mode.slug(),
        "order_id": order.order_id,
        "amount": state.amount.map(|amount| amount.0),
        "amount_paid": state.last.and_then(|last| last.paid),
        "currency": state.amount.map(|amount| amount.1.to_string()),
        "receipt": state.receipt,
        "status": state.last.and_then(|last| last.status).map(crate::gateways::payment::OrderStatus::as_str),
        "captured_payments": state.captured_payments,
        "paid_in_parts": state.is_in_parts,
        "paid_twice": state.overpaid_by.is_some(),
    })
}
