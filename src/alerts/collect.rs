//! Finds the problems of an app in a mode.
//!
//! Invariant: what is read of webhooks is proven (`connections::app_health`); a webhook that fails without proof is treated as silent.

use std::{collections::HashSet, time::Duration};

use super::{Alert, Condition, Detail, Kind};
use crate::{
    apps::App,
    connections::app_health::Webhook,
    db::{DbError, Reader},
    deliveries::{
        destination::{Destination, DestinationState, PauseReason},
        health::{ALERT_AFTER, Health},
        store::{deliveries, destinations},
    },
    gateways::Mode,
    ledger::{
        orders::{self, Order},
        payments::{
            disputes::OpenDispute,
            store::open_disputes::{self, MAX_OPEN_DISPUTES},
        },
    },
    primitives::time::Timestamp,
    refunds::automatic::{self, AutomaticRefund},
};

/// The times before a deadline at which a dispute's alert is sent, and those of a webhook that will be disabled.
const DISPUTE_STAGES: [Duration; 2] = [Duration::from_hours(3 * 24), Duration::from_hours(24)];
const DISABLING_STAGES: [Duration; 2] = [Duration::from_hours(12), Duration::from_hours(2)];
/// The maximum number of orders paid twice that cause alerts, for each app and mode.
const MAX_ORDERS: usize = 100;
/// The most refunds that wait for a user of which alerts are made.
const MAX_REFUNDS: i64 = 100;
/// How long a delivery must be overdue to be a backlog.
pub(crate) const BACKLOG_AFTER: Duration = Duration::from_hours(1);

/// What is seen of an app in a mode.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    pub(crate) conditions: Vec<Condition>,
    /// What works again by itself.
    pub(crate) recovered: HashSet<(Kind, String)>,
    /// True if there may be more open disputes than are seen.
    pub(crate) has_unseen_disputes: bool,
    /// True if there may be more orders that were paid twice than are seen.
    pub(crate) has_unseen_orders: bool,
    /// True if there may be more refunds that wait for a user than are seen.
    pub(crate) has_unseen_refunds: bool,
}

impl Observed {
    /// Returns the condition of an alert.
    pub(crate) fn of(&self, alert: &Alert) -> Option<&Condition> {
        self.conditions.iter().find(|seen| (seen.kind, &seen.object) == (alert.kind, &alert.object))
    }

    /// True if the end of an alert cannot be told from not being seen.
    pub(crate) fn may_hide(&self, alert: &Alert, now: Timestamp) -> bool {
        let is_dispute = matches!(alert.kind, Kind::DisputeOpened | Kind::DisputeDeadline);
        let is_unseen_dispute = is_dispute && self.has_unseen_disputes && alert.detail.due_at().is_none_or(|at| at > now);
        is_unseen_dispute
            || (alert.kind == Kind::OrderPaidTwice && self.has_unseen_orders)
            || (alert.kind == Kind::RefundToConfirm && self.has_unseen_refunds && alert.detail.due_at().is_none_or(|at| at > now))
    }
}

/// Returns the stage of a deadline: 0 while it is farther than all of them.
pub(crate) fn stage(stages: [Duration; 2], due_at: Timestamp, now: Timestamp) -> i64 {
    let left = due_at.since(now);
    stages.iter().map(|before| i64::from(left <= *before)).sum()
}

/// Finds the problems of an app in a mode, of which `webhooks` are the enabled ones.
pub(crate) async fn collect(
    reader: &mut Reader,
    (app, mode): (&App, Mode),
    webhooks: &[&Webhook],
    now: Timestamp,
) -> Result<Observed, DbError> {
    let mut observed = Observed::default();
    for webhook in webhooks {
        observe_webhook(&mut observed, webhook, now);
    }
    let all = destinations::list(&mut *reader, app.id, mode).await?;
    let health = if all.is_empty() { Vec::new() } else { destinations::list_health(&mut *reader, app.id, mode).await? };
    for destination in &all {
        let Some((_, health)) = health.iter().find(|(id, _)| *id == destination.id) else { continue };
        observe_destination(reader, &mut observed, (destination, health), now).await?;
    }
    let open = open_disputes::all_of_app(reader, app.id, mode, now).await?;
    observed.has_unseen_disputes = open.len() >= MAX_OPEN_DISPUTES;
    for open in &open {
        observe_dispute(&mut observed, open, now);
    }
    let overpaid = orders::store::list_overpaid(&mut *reader, (app.id, mode), MAX_ORDERS).await?;
    observed.has_unseen_orders = overpaid.len() >= MAX_ORDERS;
    observed.conditions.extend(overpaid.iter().filter_map(|order| paid_twice(order, now)));
    let to_confirm = automatic::store::list_to_confirm(reader, (app.id, mode), MAX_REFUNDS).await?;
    observed.has_unseen_refunds = i64::try_from(to_confirm.len()).is_ok_and(|count| count >= MAX_REFUNDS);
    observed.conditions.extend(to_confirm.iter().map(|refund| refund_to_confirm(refund, now)));
    Ok(observed)
}

fn observe_webhook(observed: &mut Observed, webhook: &Webhook, now: Timestamp) {
    let (activity, gateway) = (&webhook.activity, webhook.connection.gateway);
    let object = webhook.connection.id.to_string();
    let due_at = activity.failing_since.and_then(|since| Some(since.plus(gateway.profile().auto_disable_after?)));
    let detail = Detail {
        gateway: Some(gateway.slug().to_owned()),
        due_at: due_at.map(Timestamp::millis),
        last_at: activity.last_verified_at.map(Timestamp::millis),
        ..Detail::default()
    };
    let condition = |kind, since, stage| Condition {
        kind,
        object: object.clone(),
        since,
        count: activity.failing_count,
        stage,
        detail: detail.clone(),
    };
    if !webhook.needs_attention(now) {
        let kinds = [Kind::WebhookFailing, Kind::WebhookSilent];
        observed.recovered.extend(kinds.map(|kind| (kind, object.clone())));
        return;
    }
    let Some(since) = activity.failing_since else {
        let since = activity.last_verified_at.unwrap_or(now);
        observed.conditions.push(Condition { count: 0, ..condition(Kind::WebhookSilent, since, 0) });
        return;
    };
    observed.conditions.push(condition(Kind::WebhookFailing, since, 0));
    let near = due_at.map_or(0, |at| stage(DISABLING_STAGES, at, now));
    if near > 0 {
        observed.conditions.push(condition(Kind::WebhookDisabling, since, near));
    }
}

async fn observe_destination(
    reader: &mut Reader,
    observed: &mut Observed,
    (destination, health): (&Destination, &Health),
    now: Timestamp,
) -> Result<(), DbError> {
    let object = destination.id.to_string();
    let detail = Detail {
        name: Some(destination.settings.name.clone()),
        last_at: health.last_success_at.map(Timestamp::millis),
        ..Detail::default()
    };
    let condition =
        |kind, since, count| Condition { kind, object: object.clone(), since, count, stage: 0, detail: detail.clone() };
    let is_paused_by_us = destination.pause_reason.is_some_and(|reason| reason != PauseReason::User);
    if destination.state == DestinationState::Paused {
        if is_paused_by_us {
            let since = destination.paused_at.unwrap_or(now);
            observed.conditions.push(condition(Kind::DestinationPaused, since, 0));
        }
        return Ok(());
    }
    if let Some(since) = health.failing_since.filter(|since| now.since(*since) >= ALERT_AFTER) {
        let waiting = deliveries::backlog(reader, destination.id).await?;
        observed.conditions.push(condition(Kind::DestinationFailing, since, waiting.count));
        return Ok(());
    }
    if health.failing_since.is_none() {
        observed.recovered.insert((Kind::DestinationFailing, object.clone()));
    }
    match deliveries::overdue_since(reader, destination.id, now.minus(BACKLOG_AFTER)).await? {
        Some(since) => {
            let waiting = deliveries::backlog(reader, destination.id).await?;
            observed.conditions.push(condition(Kind::Backlog, since, waiting.count));
        }
        None => drop(observed.recovered.insert((Kind::Backlog, object))),
    }
    Ok(())
}

fn observe_dispute(observed: &mut Observed, open: &OpenDispute, now: Timestamp) {
    let dispute = &open.dispute;
    let condition = |kind, stage| Condition {
        kind,
        object: format!("{}/{}", open.transaction, dispute.id),
        since: now,
        count: 1,
        stage,
        detail: Detail {
            gateway: Some(open.gateway.slug().to_owned()),
            transaction: Some(open.transaction.to_string()),
            amount: Some((dispute.money.subunits, dispute.money.currency.to_string())),
            due_at: dispute.respond_by.map(Timestamp::millis),
            ..Detail::default()
        },
    };
    observed.conditions.push(condition(Kind::DisputeOpened, 0));
    let near = dispute.respond_by.map_or(0, |at| stage(DISPUTE_STAGES, at, now));
    if near > 0 {
        observed.conditions.push(condition(Kind::DisputeDeadline, near));
    }
}

fn paid_twice(order: &Order, now: Timestamp) -> Option<Condition> {
    let gateway = order.gateway.slug();
    let detail = Detail {
        gateway: Some(gateway.to_owned()),
        transaction: Some(order.state.overpaid_by?.to_string()),
        amount: order.state.money().map(|money| (money.subunits, money.currency.to_string())),
        ..Detail::default()
    };
    let object = format!("{gateway}/{}", order.order_id);
    Some(Condition { kind: Kind::OrderPaidTwice, object, since: now, count: 1, stage: 0, detail })
}

fn refund_to_confirm(refund: &AutomaticRefund, now: Timestamp) -> Condition {
    let detail = Detail {
        transaction: Some(refund.refunded.unwrap_or(refund.transaction).to_string()),
        refund: Some(refund.id.to_string()),
        amount: refund.amount.map(|money| (money.subunits, money.currency.to_string())),
        due_at: refund.due_at.map(Timestamp::millis),
        ..Detail::default()
    };
    Condition { kind: Kind::RefundToConfirm, object: refund.id.to_string(), since: now, count: 1, stage: 0, detail }
}
