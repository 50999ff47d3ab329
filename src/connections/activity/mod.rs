//! The webhook activity of a connection: counts and times of verified and rejected requests, from which every state is
//! derived.
//!
//! Invariant: what requests change is computed here, from the row as it is stored, under its lock. Times of the same request
//! win whatever the order in which servers write: the earliest begins a run of rejections, the latest is the last one.

mod rejected;
pub(crate) mod store;
#[cfg(test)]
mod tests;
mod verified;

pub(crate) use self::rejected::{ProvenRequests, RejectedRequests, Streak, Streaks};
pub(crate) use self::store::{
    accept_account, add_proven, add_rejected, add_verified, clamp_future_times, end_streaks, get, has_later, insert, list_of_app,
    list_of_apps, list_of_company, lock_last_verified_at, lock_streaks, version,
};
pub(crate) use self::verified::Verifications;
use super::baseline::Baseline;
use crate::{
    gateways::adapter::SignatureError,
    primitives::{
        id::{ConnectionId, RejectionId},
        time::Timestamp,
    },
};

/// How many further accounts of a connection can be accepted.
const MAX_ACCEPTED_ACCOUNTS: usize = 50;

/// The stored activity of one connection.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Activity {
    pub(crate) connection_id: ConnectionId,
    pub(crate) verified_count: i64,
    pub(crate) first_verified_at: Option<Timestamp>,
    pub(crate) last_verified_at: Option<Timestamp>,
    pub(crate) rejected_count: i64,
    pub(crate) last_rejected_at: Option<Timestamp>,
    /// Why that request was rejected.
    pub(crate) last_reason: Option<SignatureError>,
    /// Time of the first proven request rejected since the last verified event.
    pub(crate) failing_since: Option<Timestamp>,
    /// Lower bound on the number of those requests: not every rejected request is diagnosed.
    pub(crate) failing_count: i64,
    /// Time of the latest proven request that was rejected.
    pub(crate) last_proven_at: Option<Timestamp>,
    /// The rejection of that request. It may have been deleted.
    failing_rejection_id: Option<RejectionId>,
    /// Time of the first request rejected since the last verified event, from any sender.
    pub(crate) rejected_since: Option<Timestamp>,
    /// Number of requests rejected since then.
    pub(crate) rejected_streak: i64,
    /// Incremented with every change.
    pub(crate) version: i64,
    #[sqlx(flatten)]
    pub(crate) habit: Baseline,
    /// The gateway account of the first event that named one.
    account: Option<String>,
    /// The accounts that users accepted in addition, oldest first.
    #[sqlx(skip)]
    accepted_accounts: Vec<String>,
    /// The latest unexpected account that an event named.
    pub(crate) other_account: Option<String>,
    pub(crate) other_account_at: Option<Timestamp>,
}

impl Activity {
    /// Returns the rejection that pages show for a failing webhook: the latest of a proven request, while any are failing.
    pub(crate) fn failing_rejection(&self) -> Option<RejectionId> {
        self.failing_rejection_id.filter(|_| self.failing_since.is_some())
    }

    /// Returns the expected gateway accounts: the one of the first event, and those accepted since.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &str> {
        self.account.iter().chain(&self.accepted_accounts).map(String::as_str)
    }

    /// True if the connection has expected accounts and `account` is not one of them.
    pub(crate) fn is_unexpected(&self, account: &str) -> bool {
        self.accounts().next().is_some() && self.accounts().all(|known| known != account)
    }

    /// True if the latest unexpected account is this one, and another account may be accepted.
    fn can_accept(&self, account: &str) -> bool {
        self.other_account.as_deref() == Some(account) && self.accepted_accounts.len() < MAX_ACCEPTED_ACCOUNTS
    }

    /// Adds the account to the expected ones.
    fn accept(&mut self, account: &str) {
        self.accepted_accounts.push(account.to_owned());
        (self.other_account, self.other_account_at) = (None, None);
    }

    /// True if any of the times is later than this one.
    fn is_later_than(&self, latest: Timestamp) -> bool {
        let times = [
            self.first_verified_at,
            self.last_verified_at,
            self.last_rejected_at,
            self.failing_since,
            self.last_proven_at,
            self.rejected_since,
            self.other_account_at,
        ];
        times.into_iter().flatten().any(|at| at > latest) || self.habit.is_later_than(latest)
    }

    /// Sets times later than `latest` to `now`, and begins the baseline again if its pauses were measured by a clock that
    /// jumped.
    fn clamp(&mut self, latest: Timestamp, now: Timestamp) {
        if self.last_verified_at.is_some_and(|at| at > latest) || self.habit.is_later_than(latest) {
            self.habit = Baseline::begun(now);
        }
        let times = [
            &mut self.first_verified_at,
            &mut self.last_verified_at,
            &mut self.last_rejected_at,
            &mut self.failing_since,
            &mut self.last_proven_at,
            &mut self.rejected_since,
            &mut self.other_account_at,
        ];
        for at in times {
            *at = at.map(|at| if at > latest { now } else { at });
        }
    }
}

#[cfg(test)]
impl Default for Activity {
    fn default() -> Self {
        Self {
            connection_id: ConnectionId::unique(),
            verified_count: 0,
            first_verified_at: None,
            last_verified_at: None,
            rejected_count: 0,
            last_rejected_at: None,
            last_reason: None,
            failing_since: None,
            failing_count: 0,
            last_proven_at: None,
            failing_rejection_id: None,
            rejected_since: None,
            rejected_streak: 0,
            version: 0,
            habit: Baseline::default(),
            account: None,
            accepted_accounts: Vec::new(),
            other_account: None,
            other_account_at: None,
        }
    }
}
