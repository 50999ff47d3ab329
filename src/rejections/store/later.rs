//! Corrects times of rejections that were stored while the clock was ahead.

use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    primitives::time::{CLOCK_TOLERANCE, Timestamp},
};

sql! {
    /// No request of a rejection is later than the rejection's last one.
    HAS_LATER = "SELECT EXISTS (SELECT 1 FROM rejections WHERE last_at > $1)";
    BOUND = "UPDATE rejections SET first_at = CASE WHEN first_at > $1 THEN $2 ELSE first_at END, last_at = $2 WHERE last_at > $1";
    BOUND_REQUESTS = "UPDATE rejected_requests SET received_at = $2, last_at = $2 WHERE received_at > $1";
}

/// Whether any rejection is later than now.
pub(crate) async fn has_later(on: impl Into<Exec<'_>>, now: Timestamp) -> Result<bool, DbError> {
    run!(on, |conn| sqlx::query_scalar(HAS_LATER).bind(now.plus(CLOCK_TOLERANCE)).fetch_one(conn).await)
}

/// Limits the times of rejections to now, so that they are deleted in time. `now` is from a clock that is known to be right.
pub(crate) async fn bound(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    let latest = now.plus(CLOCK_TOLERANCE);
    // Rejections first, in the same order as the recorder of rejections.
    let bounded = execute!(&mut *tx, sqlx::query(BOUND).bind(latest).bind(now))?;
    execute!(tx, sqlx::query(BOUND_REQUESTS).bind(latest).bind(now))?;
    Ok(bounded)
}
