//! What pages read of the `automatic_refunds` table besides the lists of an app.

use super::{Row, columns};
use crate::{
    db::{DbError, Exec, Reader, run, sql},
    gateways::Mode,
    primitives::id::{AppId, TransactionId},
    refunds::automatic::AutomaticRefund,
};

sql! {
    COUNT_TO_CONFIRM = "SELECT COUNT(*) FROM (SELECT id FROM automatic_refunds WHERE app_id = $1 AND mode = $2 \
                        AND state = 'to_confirm' LIMIT 100) waiting";
    LIST_OF_CHANGED = concat!("SELECT ", columns!(), " FROM automatic_refunds WHERE transaction_id = $1 ORDER BY id DESC LIMIT $2");
    FIND_OF_REFUNDED = concat!("SELECT ", columns!(), " FROM automatic_refunds WHERE refunded_id = $1");
}

/// Counts those of an app that a user is asked to confirm, up to 100. The caller has checked access to the app.
pub(crate) async fn count_to_confirm(on: impl Into<Exec<'_>>, (app, mode): (AppId, Mode)) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT_TO_CONFIRM).bind(app).bind(mode).fetch_one(conn).await)
}

/// Lists the one that refunds a payment, and those that a change of the payment has started, newest first. The caller has checked access
/// to the payment.
pub(crate) async fn list_of_payment(
    reader: &mut Reader,
    payment: TransactionId,
    limit: i64,
) -> Result<Vec<AutomaticRefund>, DbError> {
    let refunding: Option<Row> =
        run!(&mut *reader, |conn| sqlx::query_as(FIND_OF_REFUNDED).bind(payment).fetch_optional(conn).await)?;
    let started: Vec<Row> = run!(reader, |conn| sqlx::query_as(LIST_OF_CHANGED).bind(payment).bind(limit).fetch_all(conn).await)?;
    let mut all: Vec<_> = refunding.into_iter().chain(started).map(AutomaticRefund::from).collect();
    all.sort_unstable_by_key(|one| std::cmp::Reverse(one.id));
    all.dedup_by_key(|refund| refund.id);
    Ok(all)
}
