//! The newest refused request of a connection that fails: what the doctor found of it, and whether it is a stray one.
//!
//! The rule: a webhook that works is not called broken for a single request that nobody can explain, since anybody may send
//! one. What a gateway sends it sends again, and then it is.

use super::{Cause, Rejection, store};
use crate::{
    connections::evidence::Evidence,
    db::{DbError, Reader},
};

/// Connections that are looked at for one page. Of more of them each is said to fail.
const MOST: usize = 64;

/// The newest rejection of a connection that the caller was allowed to see, while it fails.
pub(crate) async fn find(reader: &mut Reader, evidence: &Evidence) -> Result<Option<Rejection>, DbError> {
    match evidence.last_refusal().filter(|_| evidence.failing_since.is_some()) {
        Some(reason) => store::find_newest(reader, evidence.connection_id, reason.into()).await,
        None => Ok(None),
    }
}

/// Notes which of them fail for a stray request alone.
pub(crate) async fn mark_strays(reader: &mut Reader, evidence: &mut [Evidence]) -> Result<(), DbError> {
    for one in evidence.iter_mut().filter(|one| may_be_stray(one)).take(MOST) {
        one.is_stray = find(&mut *reader, one).await?.is_some_and(|newest| says_nothing(newest.cause));
    }
    Ok(())
}

/// A single one, at a webhook that has worked.
fn may_be_stray(evidence: &Evidence) -> bool {
    evidence.failing_count == 1 && evidence.first_verified_at.is_some()
}

const fn says_nothing(cause: Cause) -> bool {
    matches!(cause, Cause::Unknown | Cause::Unexamined | Cause::Scanner)
}
