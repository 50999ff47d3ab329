//! Deletes many rows in small units of work.

use std::time::Duration;

use tokio::time::sleep;

use crate::db::{Db, DbError, Tx};

/// The most rows deleted in one unit of work, so that incoming events wait only briefly.
pub(crate) const MAX_ROWS_PER_COMMIT: i64 = 500;
/// The pause between two units of work.
pub(crate) const PAUSE_BETWEEN_COMMITS: Duration = Duration::from_millis(50);

/// Calls `delete` with `before` and the most rows that it may delete, in a unit of work each, until it deletes fewer. Returns
/// the number of rows.
///
/// # Errors
/// If the database fails; what was deleted until then stays deleted.
pub(crate) async fn delete_in_small_units<B: Copy>(
    db: &Db,
    before: B,
    delete: impl AsyncFn(&mut Tx, B, i64) -> Result<u64, DbError>,
) -> Result<u64, DbError> {
    let mut deleted = 0;
    loop {
        let mut tx = db.begin().await?;
        let count = delete(&mut tx, before, MAX_ROWS_PER_COMMIT).await?;
        tx.commit().await?;
        deleted += count;
        if count < MAX_ROWS_PER_COMMIT.unsigned_abs() {
            return Ok(deleted);
        }
        sleep(PAUSE_BETWEEN_COMMITS).await;
    }
}
