//! What of the `rejected_requests` goes when there is no room for all.

use crate::{
    db::{DbError, Tx, execute, run, sql},
    kernel::id::{ConnectionId, RejectionId},
    rejections::Cause,
};

/// What goes when there is no room, beyond so many rows and so many bytes. First what can never be recovered; then what
/// nobody can explain, of whoever sent most of it, long ones apart, so that a forger's many or long bodies push out none but
/// his own; last what a secret of the company explains, the oldest first. See [`Room`].
macro_rules! trim {
    ($of:literal) => {
        concat!(
            "DELETE FROM rejected_requests WHERE id IN (SELECT id FROM \
             (SELECT id, ROW_NUMBER() OVER (ORDER BY worth, share, id DESC) AS place, \
             SUM(bytes) OVER (ORDER BY worth, share, id DESC) AS total FROM \
             (SELECT id, bytes, worth, CASE WHEN worth = 0 THEN 0 ELSE \
             SUM(bytes) OVER (PARTITION BY worth, address, is_long ORDER BY id DESC) END AS share FROM \
             (SELECT r.id, r.bytes, r.address, r.bytes > 32768 AS is_long, \
             CASE WHEN r.is_cut OR r.recovered_at IS NOT NULL OR REPLACE($5, ' ' || j.cause || ' ', '') <> $5 THEN 2 \
             WHEN j.secret_id IS NOT NULL OR REPLACE($4, ' ' || j.cause || ' ', '') <> $4 THEN 0 ELSE 1 END AS worth \
             FROM rejected_requests r JOIN rejections j ON j.id = r.rejection_id WHERE r.",
            $of,
            " = $1) AS weighed) AS shared) AS kept WHERE place > CAST($2 AS BIGINT) OR total > CAST($3 AS BIGINT))"
        )
    };
}

sql! {
    TAKEN = "SELECT COUNT(*), CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM rejected_requests WHERE connection_id = $1";
    TAKEN_BY_ONE = "SELECT COUNT(*), CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM rejected_requests WHERE rejection_id = $1";
    TRIM = trim!("connection_id");
    TRIM_ONE = trim!("rejection_id");
}

/// What may be kept.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    pub(crate) rows: i64,
    pub(crate) bytes: i64,
}

impl Room {
    const fn holds(self, (rows, bytes): (i64, i64)) -> bool {
        rows <= self.rows && bytes <= self.bytes
    }

    /// Weighing takes longer than counting, so that it is done once for many that come.
    const fn with_some_to_spare(self) -> Self {
        Self { rows: self.rows / 8 * 7, bytes: self.bytes / 8 * 7 }
    }
}

/// Once a connection has kept more than that, deletes what is worth least.
pub(crate) async fn trim(tx: &mut Tx, connection: ConnectionId, room: Room) -> Result<(), DbError> {
    let taken = run!(&mut *tx, |conn| sqlx::query_as(TAKEN).bind(connection).fetch_one(conn).await)?;
    if !room.holds(taken) {
        let (room, (proven, hopeless)) = (room.with_some_to_spare(), worth());
        execute!(tx, sqlx::query(TRIM).bind(connection).bind(room.rows).bind(room.bytes).bind(&proven).bind(&hopeless))?;
    }
    Ok(())
}

/// The same of one rejection.
pub(crate) async fn trim_one(tx: &mut Tx, rejection: RejectionId, room: Room) -> Result<(), DbError> {
    let taken = run!(&mut *tx, |conn| sqlx::query_as(TAKEN_BY_ONE).bind(rejection).fetch_one(conn).await)?;
    if !room.holds(taken) {
        let (room, (proven, hopeless)) = (room.with_some_to_spare(), worth());
        execute!(tx, sqlx::query(TRIM_ONE).bind(rejection).bind(room.rows).bind(room.bytes).bind(&proven).bind(&hopeless))?;
    }
    Ok(())
}

/// The causes that go last and those that go first, as the statement looks for them: none of them holds a space.
fn worth() -> (String, String) {
    let of = |is_so: fn(Cause) -> bool| {
        let names = Cause::ALL.iter().copied().filter(|cause| is_so(*cause)).map(Cause::as_str);
        names.fold(" ".to_owned(), |all, name| all + name + " ")
    };
    (of(Cause::is_proven), of(Cause::is_hopeless))
}
