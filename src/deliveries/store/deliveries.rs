//! The `deliveries` table: which message is sent to which destination.

use sqlx::query::QueryAs;

use crate::{
    db::{
        DbError, Exec, Reader, Tx,
        batch::{execute_rows, rows},
        execute,
        list::{List, Side, among_page, last_examined, max_examined, page_ids},
        run, sql,
    },
    deliveries::{Delivery, DeliveryState},
    events::Origin,
    primitives::{
        id::{AppId, DeliveryId, DestinationId, EventId, MessageId, RunId},
        keyset::Cursor as _,
        time::Timestamp,
    },
};

/// The selected columns, in the same order in every statement.
macro_rules! columns {
    () => {
        "id, destination_id, message_id, origin, state, attempts, due_at, last_status, last_failure, cancel_reason, created_at, ended_at"
    };
}

macro_rules! range {
    (older) => {
        "destination_id = $1 AND message_id < $2 ORDER BY message_id DESC"
    };
    (newer) => {
        "destination_id = $1 AND message_id > $2 ORDER BY message_id"
    };
}

/// The maximum number of open deliveries of a destination that a page counts, so that it is as fast with very many.
macro_rules! max_counted {
    () => {
        "1000"
    };
}

/// The number behind [`max_counted`], for messages.
pub(crate) const MAX_COUNTED: i64 = 1000;

/// The deliveries of a range in a state, among the first ones of the range, because no index has the state.
macro_rules! search {
    ($range:expr, $order:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM (SELECT ",
            columns!(),
            " FROM deliveries WHERE ",
            $range,
            " LIMIT ",
            max_examined!(),
            ") AS examined WHERE state = $3 ORDER BY message_id",
            $order,
            " LIMIT $4"
        )
    };
}

macro_rules! end {
    ($range:expr) => {
        concat!("SELECT message_id FROM deliveries WHERE ", $range, " LIMIT 1 OFFSET ", last_examined!())
    };
}

rows! {
    INSERT = "INSERT INTO deliveries (id, destination_id, message_id, origin, state, attempts, due_at, is_retry, created_at) VALUES",
             "(?, ?, ?, ?, 'waiting', 0, ?, FALSE, ?)", "ON CONFLICT (destination_id, message_id) DO NOTHING";
    /// A delivery that waits or is being sent stays unchanged. New events are sent before these.
    REPLAY_MANY = "INSERT INTO deliveries (id, destination_id, message_id, origin, state, attempts, due_at, is_retry, created_at) VALUES",
                  "(?, ?, ?, ?, 'waiting', 0, ?, TRUE, ?)", "ON CONFLICT (destination_id, message_id) DO UPDATE SET state = 'waiting', \
                  attempts = 0, due_at = excluded.due_at, is_retry = TRUE, claim = NULL, ended_at = NULL WHERE deliveries.due_at IS NULL";
}

sql! {
    FIND = concat!("SELECT ", columns!(), " FROM deliveries WHERE destination_id = $1 AND id = $2");
    INSERT_DUE = "INSERT INTO deliveries (id, destination_id, message_id, origin, state, attempts, due_at, is_retry, created_at) \
                  VALUES ($1, $2, $3, $4, 'waiting', 0, $5, FALSE, $6)";
    LIST_OF_MESSAGE = concat!("SELECT ", columns!(), " FROM deliveries WHERE destination_id IN \
                     (SELECT id FROM destinations WHERE app_id = $1) AND message_id = $2 ORDER BY destination_id");
    LIST_OLDER = concat!("SELECT ", columns!(), " FROM deliveries WHERE ", range!(older), " LIMIT $3");
    LIST_NEWER = concat!("SELECT ", columns!(), " FROM deliveries WHERE ", range!(newer), " LIMIT $3");
    SEARCH_OLDER = search!(range!(older), " DESC");
    SEARCH_NEWER = search!(range!(newer), "");
    END_OLDER = end!(range!(older));
    END_NEWER = end!(range!(newer));
    COUNT_OPEN = concat!("SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE destination_id = $1 AND due_at IS NOT NULL LIMIT ",
                  max_counted!(), ") AS counted");
    /// A FIFO destination receives it first.
    FIND_OLDEST_OPEN = "SELECT id, created_at FROM deliveries WHERE destination_id = $1 AND due_at IS NOT NULL ORDER BY message_id LIMIT 1";
    /// Of events that were received before `$2`, among the oldest open ones.
    COUNT_OPEN_BEFORE = concat!("SELECT COUNT(*) FROM (SELECT created_at FROM deliveries WHERE destination_id = $1 AND due_at IS NOT NULL \
                         ORDER BY message_id LIMIT ", max_counted!(), ") AS counted WHERE created_at < $2");
    /// The delivery that is overdue for the longest time, among first attempts or among retries.
    FIND_OVERDUE = "SELECT due_at FROM deliveries WHERE destination_id = $1 AND is_retry = $2 AND due_at <= $3 ORDER BY due_at LIMIT 1";
    LIST_OF_MESSAGES = concat!("SELECT ", columns!(), " FROM deliveries WHERE destination_id = $1 AND message_id ", among_page!(), " ORDER BY message_id DESC");
    SEND_WAITING = "UPDATE deliveries SET due_at = $3 WHERE state = 'waiting' AND due_at > $3 AND id IN (SELECT id FROM deliveries \
                    WHERE destination_id = $1 AND due_at IS NOT NULL AND message_id > $2 ORDER BY message_id LIMIT 500)";
    /// The last row that [`SEND_WAITING`] examined.
    FIND_LAST_OPEN = "SELECT MAX(message_id) FROM (SELECT message_id FROM deliveries WHERE destination_id = $1 AND due_at IS NOT NULL \
                      AND message_id > $2 ORDER BY message_id LIMIT 500) AS examined";
    /// The states of the newest deliveries that have ended.
    LIST_RECENT_STATES = "SELECT state FROM deliveries WHERE destination_id = $1 AND message_id < $2 ORDER BY message_id DESC LIMIT 100";
    /// Also for a delivery that has ended: it is sent again with the same id, and its attempts are counted from zero.
    REPLAY = "UPDATE deliveries SET state = 'waiting', attempts = 0, due_at = $3, is_retry = FALSE, claim = NULL, ended_at = NULL \
              WHERE destination_id = $1 AND id = $2 AND state <> 'sending'";
    /// Those that are exhausted or canceled, with the times at which their events were received.
    LIST_FAILED = "SELECT message_id, state, created_at FROM deliveries WHERE destination_id = $1 AND message_id > $2 AND due_at IS NULL \
                   AND state <> 'delivered' ORDER BY message_id LIMIT $3";
    /// At most the number that a replay makes due in advance.
    COUNT_REPLAYED_DUE = "SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE destination_id = $1 AND is_retry = TRUE AND due_at <= $2 \
                          LIMIT 1000) AS due";
    CANCEL = "UPDATE deliveries SET state = 'canceled', cancel_reason = 'nothing_to_send', due_at = NULL, claim = NULL, ended_at = $3 \
              WHERE destination_id = $1 AND id = $2 AND due_at IS NOT NULL";
    SKIP = "UPDATE deliveries SET state = 'canceled', cancel_reason = 'skipped', due_at = NULL, ended_at = $3 \
            WHERE destination_id = $1 AND id = $2 AND state = 'waiting'";
    CANCEL_OF_DELETED = "UPDATE deliveries SET state = 'canceled', cancel_reason = 'destination_deleted', due_at = NULL, claim = NULL, \
                         ended_at = $1 WHERE due_at IS NOT NULL AND id IN \
                         (SELECT deliveries.id FROM destinations JOIN deliveries ON destination_id = destinations.id \
                         WHERE destinations.state = 'deleted' AND due_at IS NOT NULL LIMIT $2)";
    EXPORT = "SELECT deliveries.id, destination_id, message_id, origin, deliveries.state, attempts, due_at, last_status, last_failure, cancel_reason, \
              deliveries.created_at, ended_at FROM deliveries WHERE id > $1 ORDER BY id LIMIT $2";
    EXPORT_APP = "SELECT deliveries.id, destination_id, message_id, origin, deliveries.state, attempts, due_at, last_status, last_failure, cancel_reason, \
                  deliveries.created_at, ended_at FROM deliveries JOIN destinations ON destinations.id = destination_id \
                  WHERE deliveries.id > $1 AND COALESCE(app_id, app_id) = $3 ORDER BY deliveries.id LIMIT $2";
}

/// A delivery to store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct New {
    pub(crate) id: DeliveryId,
    pub(crate) destination: DestinationId,
    pub(crate) message: MessageId,
    /// Where the message comes from.
    pub(crate) origin: Origin,
    /// When the event was received, or the run was created.
    pub(crate) now: Timestamp,
}

/// Stores deliveries, except those that are already stored.
pub(crate) async fn insert(tx: &mut Tx, new: &[New]) -> Result<(), DbError> {
    execute_rows!(tx, INSERT, new, |query, one| {
        query.bind(one.id).bind(one.destination).bind(one.message).bind(one.origin).bind(one.now).bind(one.now)
    })?;
    Ok(())
}

/// Stores a delivery that is due at another time than that of its message.
pub(crate) async fn insert_due(tx: &mut Tx, new: &New, due_at: Timestamp) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(INSERT_DUE).bind(new.id).bind(new.destination).bind(new.message).bind(new.origin).bind(due_at).bind(new.now)
    )?;
    Ok(())
}

/// Finds a delivery of a destination. The caller has checked access to the destination.
pub(crate) async fn find(
    on: impl Into<Exec<'_>>,
    destination: DestinationId,
    id: DeliveryId,
) -> Result<Option<Delivery>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(destination).bind(id).fetch_optional(conn).await)
}

/// Lists the deliveries of an event. The caller has checked access to the app.
pub(crate) async fn list_of_event(on: impl Into<Exec<'_>>, app: AppId, event: EventId) -> Result<Vec<Delivery>, DbError> {
    list_of_message(on, app, event.into()).await
}

/// Lists the deliveries of a run of an automation. The caller has checked access to the app.
pub(crate) async fn list_of_run(on: impl Into<Exec<'_>>, app: AppId, run: RunId) -> Result<Vec<Delivery>, DbError> {
    list_of_message(on, app, run.into()).await
}

async fn list_of_message(on: impl Into<Exec<'_>>, app: AppId, message: MessageId) -> Result<Vec<Delivery>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_MESSAGE).bind(app).bind(message).fetch_all(conn).await)
}

/// The deliveries of a destination, newest events first.
pub(crate) struct Filter {
    pub(crate) destination: DestinationId,
    pub(crate) state: Option<DeliveryState>,
}

impl List for Filter {
    type Row = Delivery;

    async fn fetch(&self, reader: &mut Reader, side: Side, from: MessageId, limit: i64) -> Result<Vec<Delivery>, DbError> {
        match self.state {
            None => {
                let text = side.pick(LIST_OLDER, LIST_NEWER);
                run!(reader, |conn| sqlx::query_as(text).bind(self.destination).bind(from).bind(limit).fetch_all(conn).await)
            }
            Some(state) => {
                let text = side.pick(SEARCH_OLDER, SEARCH_NEWER);
                run!(reader, |conn| sqlx::query_as(text)
                    .bind(self.destination)
                    .bind(from)
                    .bind(state)
                    .bind(limit)
                    .fetch_all(conn)
                    .await)
            }
        }
    }

    fn is_searched(&self) -> bool {
        self.state.is_some()
    }

    async fn last_examined(&self, reader: &mut Reader, side: Side, from: MessageId) -> Result<Option<MessageId>, DbError> {
        let text = side.pick(END_OLDER, END_NEWER);
        run!(reader, |conn| sqlx::query_scalar(text).bind(self.destination).bind(from).fetch_optional(conn).await)
    }
}

/// The open deliveries of a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backlog {
    /// Their number, at most [`MAX_COUNTED`].
    pub(crate) count: i64,
    pub(crate) oldest: Option<Oldest>,
}

/// The open delivery with the oldest event, which a destination that receives one at a time is sent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Oldest {
    pub(crate) id: DeliveryId,
    /// When the event was received.
    #[sqlx(rename = "created_at")]
    pub(crate) received_at: Timestamp,
}

/// Returns the open deliveries of a destination. The caller has checked access to it.
pub(crate) async fn backlog(reader: &mut Reader, destination: DestinationId) -> Result<Backlog, DbError> {
    let count = run!(&mut *reader, |conn| sqlx::query_scalar(COUNT_OPEN).bind(destination).fetch_one(conn).await)?;
    Ok(Backlog { count, oldest: oldest_open(reader, destination).await? })
}

/// Returns the open delivery with the oldest event. The caller has checked access to the destination.
pub(crate) async fn oldest_open(on: impl Into<Exec<'_>>, destination: DestinationId) -> Result<Option<Oldest>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_OLDEST_OPEN).bind(destination).fetch_optional(conn).await)
}

/// Returns since when a delivery has been due, of those due before a time: one that waits for its next attempt is not.
pub(crate) async fn overdue_since(
    reader: &mut Reader,
    destination: DestinationId,
    before: Timestamp,
) -> Result<Option<Timestamp>, DbError> {
    let mut since = None;
    for is_retry in [false, true] {
        let found: Option<Timestamp> = run!(&mut *reader, |conn| sqlx::query_scalar(FIND_OVERDUE)
            .bind(destination)
            .bind(is_retry)
            .bind(before)
            .fetch_optional(conn)
            .await)?;
        since = since.into_iter().chain(found).min();
    }
    Ok(since)
}

/// Counts the open deliveries of events that were received before `before`, at most [`MAX_COUNTED`].
pub(crate) async fn count_open_before(
    on: impl Into<Exec<'_>>,
    destination: DestinationId,
    before: Timestamp,
) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT_OPEN_BEFORE).bind(destination).bind(before).fetch_one(conn).await)
}

/// Lists the deliveries of at most a page of messages to a destination, newest first. The caller has checked access to it.
pub(crate) async fn list_of_messages(
    on: impl Into<Exec<'_>>,
    destination: DestinationId,
    messages: impl Iterator<Item = MessageId>,
) -> Result<Vec<Delivery>, DbError> {
    let Some(messages) = page_ids(messages, MessageId::least()) else { return Ok(Vec::new()) };
    run!(on, |conn| {
        messages.iter().fold(sqlx::query_as(LIST_OF_MESSAGES).bind(destination), QueryAs::bind).fetch_all(conn).await
    })
}

/// Examines the next open deliveries after `after`, as many as a short unit of work allows, and makes the waiting ones due. Returns
/// their number, and the last delivery that was examined. The caller has locked the destination.
pub(crate) async fn send_waiting(
    tx: &mut Tx,
    destination: DestinationId,
    after: MessageId,
    now: Timestamp,
) -> Result<(u64, Option<MessageId>), DbError> {
    let last = run!(&mut *tx, |conn| sqlx::query_scalar(FIND_LAST_OPEN).bind(destination).bind(after).fetch_one(conn).await)?;
    Ok((execute!(tx, sqlx::query(SEND_WAITING).bind(destination).bind(after).bind(now))?, last))
}

/// Returns the states of the newest 100 deliveries of a destination. The caller has checked access to it.
pub(crate) async fn list_recent_states(
    on: impl Into<Exec<'_>>,
    destination: DestinationId,
) -> Result<Vec<DeliveryState>, DbError> {
    run!(on, |conn| sqlx::query_scalar(LIST_RECENT_STATES).bind(destination).bind(MessageId::NEWEST).fetch_all(conn).await)
}

/// Makes a delivery due now and resets its attempts; returns false if it is being sent. The caller has locked the destination.
pub(crate) async fn replay(tx: &mut Tx, destination: DestinationId, id: DeliveryId, now: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(REPLAY).bind(destination).bind(id).bind(now))? > 0)
}

/// Makes deliveries due now and resets their attempts, including deliveries that have ended or were never stored. Returns the number of
/// those that were neither waiting nor being sent. The caller has locked the destination.
pub(crate) async fn replay_many(tx: &mut Tx, all: &[New], now: Timestamp) -> Result<u64, DbError> {
    execute_rows!(tx, REPLAY_MANY, all, |query, one| {
        query.bind(one.id).bind(one.destination).bind(one.message).bind(one.origin).bind(now).bind(one.now)
    })
}

/// Lists the next deliveries of a destination after `after` that are exhausted or canceled, in the order of their messages. The caller has
/// checked access to the destination.
pub(crate) async fn list_failed(
    on: impl Into<Exec<'_>>,
    destination: DestinationId,
    after: MessageId,
    limit: i64,
) -> Result<Vec<(MessageId, DeliveryState, Timestamp)>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_FAILED).bind(destination).bind(after).bind(limit).fetch_all(conn).await)
}

/// Counts the deliveries that are due after a failed attempt or by a replay, up to 1,000.
pub(crate) async fn count_replayed_due(
    on: impl Into<Exec<'_>>,
    destination: DestinationId,
    now: Timestamp,
) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT_REPLAYED_DUE).bind(destination).bind(now).fetch_one(conn).await)
}

/// Cancels an open delivery; returns false if it has ended.
pub(crate) async fn cancel(tx: &mut Tx, destination: DestinationId, id: DeliveryId, now: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(CANCEL).bind(destination).bind(id).bind(now))? > 0)
}

/// Cancels a waiting delivery; returns false if it is not waiting.
pub(crate) async fn skip(tx: &mut Tx, destination: DestinationId, id: DeliveryId, now: Timestamp) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(SKIP).bind(destination).bind(id).bind(now))? > 0)
}

/// Cancels at most `limit` open deliveries of deleted destinations; returns their number.
pub(crate) async fn cancel_of_deleted(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(CANCEL_OF_DELETED).bind(now).bind(limit))
}

/// Lists the deliveries after `after`, in the order of their ids, of all apps or of one.
pub(crate) async fn export(
    on: impl Into<Exec<'_>>,
    after: DeliveryId,
    app: Option<AppId>,
    limit: i64,
) -> Result<Vec<Delivery>, DbError> {
    match app {
        None => run!(on, |conn| sqlx::query_as(EXPORT).bind(after).bind(limit).fetch_all(conn).await),
        Some(app) => run!(on, |conn| sqlx::query_as(EXPORT_APP).bind(after).bind(limit).bind(app).fetch_all(conn).await),
    }
}
