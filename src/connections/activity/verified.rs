//! Verified requests of a connection, aggregated before they are written to its activity.

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
