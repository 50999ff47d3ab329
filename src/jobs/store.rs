//! The `job_leases` table: which server runs a job, until when.

use crate::{
    db::{DbError, Tx, execute, sql},
    primitives::{id::LeaseHolderId, time::Timestamp},
};

sql! {
    /// A lease that expires later than any that a server can take now was taken by a clock that was ahead.
    TAKE = "INSERT INTO job_leases (job, holder, expires_at) VALUES ($1, $2, $3) \
            ON CONFLICT (job) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at \
            WHERE job_leases.holder = excluded.holder OR job_leases.expires_at <= $4 OR job_leases.expires_at > $5";
    RELEASE = "DELETE FROM job_leases WHERE job = $1 AND holder = $2";
}

/// A lease to be taken.
pub(crate) struct Lease {
    pub(crate) job: &'static str,
    pub(crate) holder: LeaseHolderId,
    pub(crate) now: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// A stored lease that expires later is ignored.
    pub(crate) latest_plausible: Timestamp,
}

/// Takes or renews a lease; returns whether the holder has it now.
pub(crate) async fn take(tx: &mut Tx, lease: &Lease) -> Result<bool, DbError> {
    let Lease { job, holder, now, expires_at, latest_plausible } = lease;
    let count = execute!(tx, sqlx::query(TAKE).bind(job).bind(holder).bind(expires_at).bind(now).bind(latest_plausible))?;
    Ok(count == 1)
}

/// Deletes the lease, if the holder has it.
pub(crate) async fn release(tx: &mut Tx, job: &str, holder: LeaseHolderId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(RELEASE).bind(job).bind(holder))?;
    Ok(())
}
