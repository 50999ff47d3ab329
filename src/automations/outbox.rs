//! Stores the runs of changes, in the unit of work that stores the changes.
//!
//! Invariant: a change has one run for each automation that reacts to it, also if it is reported again. A change that must have no
//! effect by itself has a skipped run, so that a user sees it and can run it.

use std::{collections::BTreeSet, time::Duration};

use super::{
    conditions::Facts,
    runs::SkipReason,
    store::{
        automations::{self, Reacting},
        runs::{self, NewRun},
    },
};
use crate::{
    db::{DbError, Tx, ids},
    events::Origin,
    ledger::payments::{PaymentChange, changes::Change},
    primitives::{id::AppId, time::Timestamp},
};

/// Older changes have no effect by themselves: a customer expects no confirmation of a payment of last week.
pub(crate) const MAX_AGE: Duration = Duration::from_hours(24);

/// Stores the runs of these changes.
///
/// # Errors
/// If the database fails. The caller rolls back.
pub(crate) async fn enqueue(
    tx: &mut Tx,
    changes: &[PaymentChange<'_>],
    (origin, now): (Origin, Timestamp),
) -> Result<(), DbError> {
    let apps: BTreeSet<AppId> = changes.iter().map(|change| change.scope.app).collect();
    if apps.is_empty() {
        return Ok(());
    }
    let automations = automations::list_on(tx, &Vec::from_iter(apps)).await?;
    let reacting =
        |change: &PaymentChange<'_>| automations.iter().filter(|automation| reacts(automation, change)).collect::<Vec<_>>();
    let matched: Vec<_> = changes.iter().flat_map(|change| reacting(change).into_iter().map(move |one| (change, one))).collect();
    if matched.is_empty() {
        return Ok(());
    }
    let ids = ids::take(tx, matched.len()).await?;
    let new = ids.into_iter().zip(&matched).map(|(id, (of, automation))| NewRun {
        id,
        automation: automation.id,
        app: automation.app,
        transaction: of.transaction,
        change_key: of.change.key(),
        occurred_at: of.change.at,
        money: of.change.money,
        skipped: skip_reason(automation, &of.change, (origin, now)),
        now,
    });
    runs::insert(tx, &new.collect::<Vec<_>>()).await
}

fn reacts(automation: &Reacting, of: &PaymentChange<'_>) -> bool {
    let facts = Facts { money: of.change.money, method: of.change.method.as_deref(), gateway: of.scope.gateway };
    (automation.app, automation.mode, automation.on) == (of.scope.app, of.scope.mode, of.change.kind)
        && automation.conditions.are_met(facts)
}

/// Returns why a change must have no effect by itself.
fn skip_reason(automation: &Reacting, change: &Change, (origin, now): (Origin, Timestamp)) -> Option<SkipReason> {
    // Gateways report whole seconds.
    let is_before = change.at.seconds() < automation.turned_on_at.seconds();
    match origin {
        Origin::Recovered => Some(SkipReason::Recovered),
        _ if now.since(change.at) > MAX_AGE => Some(SkipReason::TooOld),
        _ if is_before => Some(SkipReason::BeforeOn),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        automations::conditions::Conditions, gateways::Mode, ledger::payments::changes::ChangeKind, primitives::id::AutomationId,
    };

    #[test]
    fn a_change_that_is_old_recovered_or_from_before_has_no_effect_by_itself() {
        let on = Timestamp::from_millis(1_795_343_400_700);
        let automation = Reacting {
            id: AutomationId::unique(),
            app: AppId::unique(),
            mode: Mode::Live,
            on: ChangeKind::Captured,
            conditions: Conditions::default(),
            turned_on_at: on,
        };
        let reason = |at: Timestamp, origin: Origin, now: Timestamp| {
            let change = Change { kind: ChangeKind::Captured, object: None, money: None, method: None, at };
            skip_reason(&automation, &change, (origin, now))
        };
        let later = on.plus(Duration::from_mins(5));
        assert_eq!(reason(on.plus(Duration::from_secs(1)), Origin::Webhook, later), None);
        assert_eq!(reason(Timestamp::from_seconds(on.seconds()), Origin::Webhook, later), None, "of the same second");
        assert_eq!(reason(on.minus(Duration::from_secs(1)), Origin::Webhook, later), Some(SkipReason::BeforeOn));
        assert_eq!(reason(later, Origin::Recovered, later), Some(SkipReason::Recovered));
        assert_eq!(reason(later, Origin::Webhook, later.plus(MAX_AGE)), None);
        assert_eq!(reason(later, Origin::Webhook, later.plus(MAX_AGE + Duration::from_secs(1))), Some(SkipReason::TooOld));
    }
}
