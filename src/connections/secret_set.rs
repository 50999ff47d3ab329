//! The secrets of a connection with their usage: which one has not been pasted into the gateway yet, and which may be
//! retired.
//!
//! Invariant: both answers are pure functions of stored data and the time.

use std::time::Duration;

use super::{
    Connection,
    secret_usage::{self, SecretUse},
    secrets::{self, Origin, StoredSecret},
};
use crate::{
    db::{DbError, Reader},
    primitives::{id::SecretId, time::Timestamp},
};

/// A secret and its usage.
pub(crate) struct SecretWithUsage {
    pub(crate) stored: StoredSecret,
    pub(crate) used: Option<SecretUse>,
}

/// All secrets of a connection.
pub(crate) struct SecretSet {
    /// Valid secrets: the active one first, then the newest.
    pub(crate) live: Vec<SecretWithUsage>,
    /// Expired and retired secrets, the most recently ended first.
    pub(crate) ended: Vec<SecretWithUsage>,
    /// How long the gateway retries a signed request. A secret used more recently than this may still be needed.
    pub(crate) retry_window: Duration,
}

/// The secret that the active one replaced, while the active one has not verified any request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PreviousSecret {
    /// When it expires or expired.
    pub(crate) until: Timestamp,
    pub(crate) is_valid: bool,
}

impl SecretSet {
    /// Loads the secrets of a connection. The caller has checked access to `connection`.
    pub(crate) async fn load(reader: &mut Reader, connection: &Connection, now: Timestamp) -> Result<Self, DbError> {
        let (retry_window, connection) = (connection.gateway.retry_window(), connection.id);
        let live = secrets::list_valid(&mut *reader, connection, now).await?;
        let ended = secrets::list_expired(&mut *reader, connection, now).await?;
        let uses = secret_usage::list(reader, connection).await?;
        let held = |stored: StoredSecret| {
            let known = uses.iter().find(|(id, _)| *id == stored.id);
            SecretWithUsage { used: known.map(|(_, used)| *used), stored }
        };
        let mut live: Vec<SecretWithUsage> = live.into_iter().map(held).collect();
        live.sort_by_key(|held| !held.stored.is_active());
        Ok(Self { live, ended: ended.into_iter().map(held).collect(), retry_window })
    }

    pub(crate) fn active(&self) -> Option<&SecretWithUsage> {
        self.live.iter().find(|held| held.stored.is_active())
    }

    /// Returns the secret with that id, if it is valid.
    pub(crate) fn find(&self, id: SecretId) -> Option<&SecretWithUsage> {
        self.live.iter().find(|held| held.stored.id == id)
    }

    /// Returns the previous secret while the active one, which replaced it, has not verified any request; `None` once a secret that
    /// the gateway has was imported or adopted since, because then the gateway does not need the new one.
    pub(crate) fn awaiting_first_use(&self) -> Option<PreviousSecret> {
        let active = self.active().filter(|active| active.used.is_none())?;
        let is_entered_since =
            |held: &SecretWithUsage| held.stored.origin != Origin::Generated && held.stored.id > active.stored.id;
        if self.live.iter().any(is_entered_since) {
            return None;
        }
        let is_before = |held: &&SecretWithUsage| !held.stored.is_active() && held.stored.origin == Origin::Generated;
        let live = self.live.iter().filter(is_before).map(|held| (held, true));
        let ended = self.ended.iter().filter(is_before).map(|held| (held, false));
        let (before, counts) = live.chain(ended).next()?;
        before.stored.valid_until.map(|until| PreviousSecret { until, is_valid: counts })
    }

    /// Returns how long a secret was unused, if that is long enough and a newer one has replaced it: retiring it then loses
    /// nothing. One that was active before and is again counts as newer from then on.
    pub(crate) fn safe_to_retire_after(&self, held: &SecretWithUsage, now: Timestamp) -> Option<Duration> {
        let last = held.used.map_or(held.stored.created_at, |used| used.last_at);
        let replaces = |other: &&SecretWithUsage| other.stored.is_active() || other.stored.id > held.stored.id;
        let is_replaced =
            self.live.iter().filter(replaces).filter_map(|other| Some((other.used?, other.stored.reactivated_at))).any(
                |(used, again_at)| {
                    let since = again_at.map_or(used.first_at, |again_at| again_at.max(used.first_at));
                    used.last_at > last && used.last_at >= since && now.since(since) >= self.retry_window
                },
            );
        let unused = now.since(last);
        (!held.stored.is_active() && is_replaced && unused >= self.retry_window).then_some(unused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::secrets::SecretState;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000 + hours * 3600)
    }

    fn held(state: SecretState, made: i64, used: Option<(i64, i64)>) -> SecretWithUsage {
        let until = (state == SecretState::Additional).then(|| at(1000));
        let stored = StoredSecret::sample(state, at(made), until);
        SecretWithUsage { stored, used: used.map(|(first, last)| SecretUse { first_at: at(first), last_at: at(last) }) }
    }

    /// The previous secret, used until `last`, and its replacement with its first and last use.
    fn rotated(last: i64, newer: Option<(i64, i64)>) -> SecretSet {
        let live = vec![held(SecretState::Active, 10, newer), held(SecretState::Additional, 0, Some((1, last)))];
        SecretSet { live, ended: Vec::new(), retry_window: Duration::from_hours(24) }
    }

    #[test]
    fn the_one_before_may_go_once_the_new_one_has_been_used_for_a_day() {
        let unused = |secret_set: &SecretSet, now| secret_set.safe_to_retire_after(&secret_set.live[1], at(now));
        assert_eq!(unused(&rotated(12, Some((13, 38))), 38), Some(Duration::from_hours(26)));
        assert_eq!(unused(&rotated(12, Some((13, 30))), 36), None, "retries of the one before may still come");
        assert_eq!(unused(&rotated(30, Some((13, 38))), 40), None, "it was used ten hours ago");
        assert_eq!(unused(&rotated(39, Some((13, 38))), 90), None, "the new one was not used since");
        assert_eq!(unused(&rotated(12, None), 90), None, "the new secret is unused");
        let secret_set = rotated(12, Some((13, 38)));
        assert_eq!(secret_set.safe_to_retire_after(&secret_set.live[0], at(900)), None, "the active one never may");
    }

    #[test]
    fn one_that_became_the_active_one_again_has_to_be_used_for_a_day_from_then_on() {
        let unused = |again, last, now| {
            let mut secret_set = rotated(12, Some((-100, last)));
            secret_set.live[0].stored.reactivated_at = Some(at(again));
            secret_set.safe_to_retire_after(&secret_set.live[1], at(now))
        };
        assert_eq!(unused(30, 38, 38), None, "its first use was before the other one's");
        assert_eq!(unused(30, 25, 90), None, "it was not used since");
        assert_eq!(unused(30, 38, 54), Some(Duration::from_hours(42)));
    }

    #[test]
    fn one_that_was_never_used_may_go_too() {
        let mut secret_set = rotated(12, Some((13, 38)));
        secret_set.live[1].used = None;
        assert_eq!(secret_set.safe_to_retire_after(&secret_set.live[1], at(40)), Some(Duration::from_hours(40)));
    }

    #[test]
    fn a_new_one_is_to_be_pasted_until_it_has_verified_something() {
        assert_eq!(rotated(12, None).awaiting_first_use(), Some(PreviousSecret { until: at(1000), is_valid: true }));
        assert_eq!(rotated(12, Some((13, 13))).awaiting_first_use(), None);
        let mut secret_set = rotated(12, None);
        secret_set.ended = secret_set.live.split_off(1);
        assert_eq!(secret_set.awaiting_first_use(), Some(PreviousSecret { until: at(1000), is_valid: false }));
        secret_set.ended.clear();
        assert_eq!(secret_set.awaiting_first_use(), None, "the first of a connection is no new one");
        let mut brought = held(SecretState::Additional, 1, None);
        (brought.stored.origin, brought.stored.valid_until) = (Origin::Imported, None);
        secret_set.live.push(brought);
        assert_eq!(secret_set.awaiting_first_use(), None, "a brought one is no one before");

        let mut secret_set = rotated(12, None);
        secret_set.ended = secret_set.live.split_off(1);
        let mut entered = held(SecretState::Additional, 20, None);
        (entered.stored.origin, entered.stored.valid_until) = (Origin::Imported, None);
        secret_set.live.push(entered);
        assert_eq!(secret_set.awaiting_first_use(), None, "the gateway keeps the one that was entered since");
    }
}
