//! Verified requests of a connection: aggregated before they are written, and what they change of its activity.

use super::Activity;
use crate::primitives::time::Timestamp;

/// Verified requests of one connection that are stored in one batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verifications<'a> {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    /// The first gateway account that the requests name.
    pub(crate) account: Option<&'a str>,
    /// A different account that a later request names.
    pub(crate) other_account: Option<&'a str>,
}

impl<'a> Verifications<'a> {
    /// Records the account of a request, if the body names one.
    pub(crate) fn add_account(&mut self, account: Option<&'a str>) {
        if self.account.is_none() {
            self.account = account;
        } else if account.is_some() && account != self.account {
            self.other_account = account;
        }
    }
}

impl Activity {
    /// Adds requests that were verified. They end the current run of rejections, unless some were rejected later. The accounts
    /// accepted in addition must be loaded if the requests name another account than the first event did.
    pub(super) fn add_verified(&mut self, verified: &Verifications<'_>) {
        self.verified_count += verified.count;
        self.habit = self.habit.after(self.last_verified_at, verified.first_at, verified.last_at);
        self.first_verified_at = self.first_verified_at.or(Some(verified.first_at));
        self.last_verified_at = self.last_verified_at.max(Some(verified.last_at));
        if self.last_proven_at.is_none_or(|proven| proven <= verified.last_at) {
            (self.failing_since, self.failing_count) = (None, 0);
        }
        if self.last_rejected_at.is_none_or(|rejected| rejected <= verified.last_at) {
            (self.rejected_since, self.rejected_streak) = (None, 0);
        }
        self.note_accounts(verified);
    }

    /// Records the account of the first event that names one, and later an unexpected one.
    fn note_accounts(&mut self, verified: &Verifications<'_>) {
        if self.account.is_none() {
            self.account = verified.account.map(ToOwned::to_owned);
        }
        let named = [verified.other_account, verified.account];
        if let Some(account) = named.into_iter().flatten().find(|account| self.is_unexpected(account)) {
            self.other_account = Some(account.to_owned());
            self.other_account_at = Some(verified.last_at);
        }
    }
}
