//! Queues the deliveries of a run: its change, for the destinations that its automation names.
//!
//! Invariant: a destination is of the app and the mode of the automation, which are those of the payment; any other is skipped.

use std::collections::{BTreeSet, HashMap};

use super::values::Occurrence;
use crate::{
    apps::App,
    automations::{
        Automation, Recipient, Rule, json_template,
        runs::{Run, RunState, SkipReason, Step},
    },
    db::{DbError, Tx},
    deliveries::{
        Delivery, DeliveryState,
        normalized::change,
        outbox,
        store::{bodies::RunBody, destinations},
    },
    ledger::payments::changes::ChangeKind,
    messages,
    primitives::{
        id::{AutomationId, DestinationId, RunId},
        time::Timestamp,
    },
};

/// Queues the deliveries of a run, and returns their steps. A run that was executed before has its deliveries sent again, under their ids.
pub(super) async fn queue(
    tx: &mut Tx,
    (automation, app, occurrence): (&Automation, &App, &Occurrence),
    run: &Run,
    (base, now): (&str, Timestamp),
) -> Result<Vec<Step>, DbError> {
    let named = automation.rule.recipients.iter().filter_map(|to| match to {
        Recipient::Destination(id) => Some(*id),
        _ => None,
    });
    let named: Vec<DestinationId> = named.collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let own = destinations::list(&mut *tx, app.id, automation.mode).await?;
    let to: BTreeSet<DestinationId> = own.iter().map(|destination| destination.id).filter(|id| named.contains(id)).collect();
    let mut queued = HashMap::new();
    let body = body((&automation.rule, automation.id), app, occurrence, ((run.id, run.created_at), base));
    let reason = if body.is_none() { SkipReason::BodyTooLarge } else { SkipReason::RecipientGone };
    if let Some(body) = body.filter(|_| !to.is_empty()) {
        let body = RunBody { run_id: run.id, app_id: app.id, automation_id: automation.id, body };
        queued = outbox::enqueue_run(tx, &to, &body, (run.created_at, now)).await?;
    }
    let step = |id: DestinationId| match queued.get(&id).copied().flatten() {
        Some(delivery) => Step::delivered(Recipient::Destination(id), delivery, now),
        None => Step::skipped(Recipient::Destination(id), reason, now),
    };
    Ok(named.into_iter().map(step).collect())
}

/// Returns what destinations receive for a change: the JSON of the rule's template, or the normalized form. `None` if it is too large.
pub(crate) fn body(
    (rule, automation): (&Rule, AutomationId),
    app: &App,
    occurrence: &Occurrence,
    (run, base): ((RunId, Timestamp), &str),
) -> Option<Vec<u8>> {
    if let Some(template) = &rule.body {
        return Some(json_template::render(template, &occurrence.json_values(app))?.into_bytes());
    }
    let name = messages::automations::sentence(rule).in_english();
    Some(normalized(occurrence, (automation, &name), run, base))
}

fn normalized(
    occurrence: &Occurrence,
    (automation, name): (AutomationId, &str),
    (run, created_at): (RunId, Timestamp),
    base: &str,
) -> Vec<u8> {
    let refund = occurrence.object.as_deref().filter(|_| occurrence.kind == ChangeKind::Refunded);
    change::body(&change::Source {
        automation,
        name,
        run,
        created_at,
        kind: occurrence.kind,
        at: occurrence.at,
        money: occurrence.money,
        payment: &occurrence.payment,
        refund,
        dispute: occurrence.dispute.as_ref(),
        public_url: base,
    })
}

/// Returns how a run ends whose messages and deliveries have ended. `is_failed`: a message of the last execution was not sent.
pub(super) fn ended(run: &Run, deliveries: &[Delivery], is_failed: bool) -> (RunState, Option<SkipReason>) {
    let state = |step: &Step| deliveries.iter().find(|one| Some(one.id) == step.delivery()).map(|delivery| delivery.state);
    let mut queued = run.last_steps().filter(|step| step.is_queued() && step.refund().is_none());
    if is_failed || run.last_steps().any(|step| state(step) == Some(DeliveryState::Exhausted)) {
        (RunState::Failed, None)
    } else if queued.all(|step| state(step) == Some(DeliveryState::Canceled)) {
        (RunState::Skipped, Some(SkipReason::DeliveryCanceled))
    } else {
        (RunState::Done, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        events::Origin,
        primitives::id::{AppId, DeliveryId, NotificationId, TransactionId},
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_795_343_400);

    fn run(steps: Vec<Step>) -> Run {
        Run {
            id: RunId::unique(),
            automation: AutomationId::unique(),
            app: AppId::unique(),
            transaction: TransactionId::unique(),
            change_key: "captured".to_owned(),
            occurred_at: NOW,
            money: None,
            state: RunState::Sending,
            reason: None,
            steps,
            requested_by: None,
            created_at: NOW,
            ended_at: None,
        }
    }

    fn delivery(state: DeliveryState) -> Delivery {
        Delivery {
            id: DeliveryId::unique(),
            destination_id: DestinationId::unique(),
            message_id: RunId::unique().into(),
            origin: Origin::Automation,
            state,
            attempts: 1,
            due_at: None,
            last_status: None,
            last_failure: None,
            cancel_reason: None,
            created_at: NOW,
            ended_at: Some(NOW),
        }
    }

    #[test]
    fn a_run_fails_with_a_delivery_and_is_skipped_only_if_all_were_canceled() {
        use DeliveryState::{Canceled, Delivered, Exhausted};
        let (failed, done) = ((RunState::Failed, None), (RunState::Done, None));
        let skipped = (RunState::Skipped, Some(SkipReason::DeliveryCanceled));
        let to = Recipient::Destination(DestinationId::unique());
        for (states, expected) in [
            (vec![Delivered], done),
            (vec![Delivered, Canceled], done),
            (vec![Canceled, Canceled], skipped),
            (vec![Delivered, Exhausted], failed),
            (vec![Canceled, Exhausted], failed),
        ] {
            let deliveries: Vec<_> = states.iter().map(|state| delivery(*state)).collect();
            let steps = deliveries.iter().map(|one| Step::delivered(to, one.id, NOW)).collect();
            assert_eq!(ended(&run(steps), &deliveries, false), expected, "{states:?}");
        }
        let canceled = delivery(Canceled);
        let message = Step::queued(Recipient::Customer, NotificationId::unique(), NOW);
        let both = run(vec![Step::delivered(to, canceled.id, NOW), message.clone()]);
        assert_eq!(ended(&both, &[canceled], false), done, "the customer has received the message");
        assert_eq!(ended(&run(vec![message]), &[], true), failed);
    }
}
