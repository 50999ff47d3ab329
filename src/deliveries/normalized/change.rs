//! The message of an automation: a change of a payment, in the normalized form with what the automation adds.
//!
//! Invariant: the keys of every normalized event, and `data.automation`, whose keys are added, but never renamed or removed.

use serde::Serialize;

use super::{Data, DisputeData, Links, Normalized, PaymentData, RefundData};
use crate::{
    events::Origin,
    gateways::payment::{FailureCategory, RefundStatus, Status},
    ledger::payments::{Transaction, changes::ChangeKind, disputes::Dispute},
    primitives::{
        id::{AutomationId, RunId},
        money::Money,
        time::Timestamp,
    },
    urls,
};

/// The type of the message.
pub(crate) const EVENT_TYPE: &str = "automation.triggered";
/// The version of `data.automation`.
const VERSION: u32 = 1;

/// A change that an automation reports.
pub(crate) struct Source<'a> {
    pub(crate) automation: AutomationId,
    /// The automation's sentence in English.
    pub(crate) name: &'a str,
    pub(crate) run: RunId,
    /// When the run was created.
    pub(crate) created_at: Timestamp,
    pub(crate) kind: ChangeKind,
    pub(crate) at: Timestamp,
    /// The amount of what changed.
    pub(crate) money: Option<Money>,
    pub(crate) payment: &'a Transaction,
    /// The gateway's id of the refund.
    pub(crate) refund: Option<&'a str>,
    pub(crate) dispute: Option<&'a Dispute>,
    /// The console's public URL, without a trailing slash.
    pub(crate) public_url: &'a str,
}

#[derive(Serialize)]
struct ChangeData<'a> {
    #[serde(flatten)]
    data: Data<'a>,
    automation: AutomationData<'a>,
}

#[derive(Serialize)]
struct AutomationData<'a> {
    version: u32,
    id: String,
    name: &'a str,
    run: String,
    change: Changed,
    link: String,
}

#[derive(Serialize)]
struct Changed {
    #[serde(rename = "type")]
    kind: &'static str,
    at: String,
    amount: Option<i64>,
    currency: Option<String>,
}

/// Returns the body of the message.
pub(crate) fn body(source: &Source<'_>) -> Vec<u8> {
    let payment = source.payment;
    let link = |path: String| format!("{}{path}", source.public_url);
    let run = urls::automation_run(&urls::automation(payment.app, source.automation), source.run);
    let data = Data {
        app: payment.app.to_string(),
        mode: payment.mode.slug(),
        gateway: Some(payment.gateway.slug()),
        gateway_event_id: None,
        gateway_event_type: None,
        origin: Origin::Automation.as_str(),
        received_at: source.created_at.rfc3339(),
        payment: Some(payment_data(payment)),
        refund: source.refund.zip(source.money).map(|(id, money)| refund_data(id, money)),
        dispute: source.dispute.map(dispute_data),
        links: Links { event: None, transaction: Some(link(urls::transaction(payment.app, payment.id))) },
    };
    let automation = AutomationData {
        version: VERSION,
        id: source.automation.to_string(),
        name: source.name,
        run: source.run.to_string(),
        change: Changed {
            kind: source.kind.as_str(),
            at: source.at.rfc3339(),
            amount: source.money.map(|money| money.subunits),
            currency: source.money.map(|money| money.currency.to_string()),
        },
        link: link(run),
    };
    let id = source.run.to_string();
    let whole =
        Normalized { id: &id, event_type: EVENT_TYPE, timestamp: source.at.rfc3339(), data: ChangeData { data, automation } };
    // Texts and numbers are always written without errors.
    serde_json::to_vec(&whole).unwrap_or_default()
}

fn payment_data(payment: &Transaction) -> PaymentData<'_> {
    PaymentData {
        id: &payment.payment_id,
        order_id: payment.order_id.as_deref(),
        status: payment.status.map(Status::as_str),
        amount: payment.amount,
        currency: payment.currency.map(|currency| currency.to_string()),
        amount_refunded: Some(payment.refunded),
        method: payment.method.as_deref(),
        failure: payment.failure.as_ref().and_then(|reason| reason.0).map(FailureCategory::as_str),
        created_at: Some(payment.created_at.rfc3339()),
    }
}

fn refund_data(id: &str, money: Money) -> RefundData<'_> {
    RefundData {
        id,
        status: RefundStatus::Processed.as_str(),
        amount: money.subunits,
        currency: money.currency.to_string(),
        created_at: None,
    }
}

fn dispute_data(dispute: &Dispute) -> DisputeData<'_> {
    DisputeData {
        id: &dispute.id,
        status: dispute.status.as_str(),
        amount: dispute.money.subunits,
        currency: dispute.money.currency.to_string(),
        amount_deducted: dispute.deducted,
        respond_by: dispute.respond_by.map(Timestamp::rfc3339),
    }
}
