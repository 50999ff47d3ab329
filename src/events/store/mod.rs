//! Reads the `events` and `event_payloads` tables.

pub(crate) mod by_time;
pub(crate) mod dictionaries;
pub(crate) mod log;
pub(crate) mod search;

use std::collections::BTreeSet;

use sqlx::query::QueryAs;

use super::{
    Event, State,
    payload::{self, StoredPayload},
    references,
};
use crate::{
    db::{
        DbError, Exec, Reader,
        list::{List, Side, among_page, last_examined, max_examined, page_ids},
        run, sql,
    },
    gateways::{Mode, payment::Reference},
    primitives::{
        id::{AppId, ConnectionId, EventId, TransactionId},
        keyset::Cursor as _,
        time::Timestamp,
    },
};

/// The maximum number of different sets of references that events of a payment are read with.
const MAX_REFERENCE_SETS: i64 = 200;

/// The columns of [`Event`], from `events!`.
macro_rules! columns {
    () => {
        "id, app_id, connection_id, gateway, mode, gateway_event_id, event_type, COALESCE(body_sha256, dedupe_key) AS body_sha256, \
         state, fault, conflict_with, transaction_id, amount_subunits, currency, reference, subject_id, subject_status, secret_id, \
         received_count, is_flagged, occurred_at, is_time_borrowed, request_id, part, received_at, last_received_at"
    };
}

/// Joins events with their connection, which has their app, gateway and mode.
macro_rules! with_connection {
    () => {
        " JOIN (SELECT id AS own_connection, app_id, gateway, mode FROM connections) AS connection ON own_connection = connection_id"
    };
}

/// The events with their connections.
macro_rules! events {
    () => {
        concat!("events", with_connection!())
    };
}

use {columns, events, with_connection};

/// The rows of a connection on one side of a cursor, closest to it first. PostgreSQL needs another form: for the first one it may
/// read the events of all connections in the order of the primary key, until it has found enough of this one.
macro_rules! range {
    (older) => {
        "connection_id = $1 AND id < $2 ORDER BY id DESC"
    };
    (newer) => {
        "connection_id = $1 AND id > $2 ORDER BY id"
    };
    (older on PostgreSQL) => {
        "(connection_id, id) < ($1, $2) AND connection_id >= $1 ORDER BY connection_id DESC, id DESC"
    };
    (newer on PostgreSQL) => {
        "(connection_id, id) > ($1, $2) AND connection_id <= $1 ORDER BY connection_id, id"
    };
}

/// The first rows of a range, limited before anything is joined, or PostgreSQL may sort all of the range.
macro_rules! list_on_postgres {
    ($side:ident, $order:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM (SELECT id AS listed_id FROM events WHERE ",
            range!($side on PostgreSQL),
            " LIMIT $3) AS listed JOIN events ON id = listed_id",
            with_connection!(),
            " ORDER BY id",
            $order
        )
    };
}

/// The rows of a range that have a state, a type and a time of arrival, among its first ones: no index has these.
macro_rules! search {
    ($range:expr, $order:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM (SELECT examined_id FROM (SELECT id AS examined_id, state AS examined_state, \
             event_type AS examined_type, received_at AS examined_at FROM events WHERE ",
            $range,
            " LIMIT ",
            max_examined!(),
            ") AS examined WHERE (CAST($3 AS TEXT) IS NULL OR examined_state = $3) AND (CAST($4 AS TEXT) IS NULL \
             OR substr(examined_type, 1, length(CAST($4 AS TEXT))) = $4) AND examined_at >= $5 AND examined_at < $6 ORDER BY examined_id",
            $order,
            " LIMIT $7) AS matching JOIN events ON id = examined_id",
            with_connection!(),
            " ORDER BY id",
            $order
        )
    };
}

/// The last row that a search examines.
macro_rules! end {
    ($range:expr) => {
        concat!("SELECT id FROM events WHERE ", $range, " LIMIT 1 OFFSET ", last_examined!())
    };
}

sql! {
    FIND = concat!("SELECT ", columns!(), " FROM ", events!(), " WHERE app_id = $1 AND id = $2");
    LIST_TYPES = concat!("SELECT id, event_type FROM ", events!(), " WHERE app_id = $1 AND id ", among_page!());
    FIND_FRAME = "SELECT frame FROM event_payloads WHERE request_id = $1";
    LIST_OLDER = concat!("SELECT ", columns!(), " FROM ", events!(), " WHERE ", range!(older), " LIMIT $3");
    LIST_NEWER = concat!("SELECT ", columns!(), " FROM ", events!(), " WHERE ", range!(newer), " LIMIT $3");
    SEARCH_OLDER = search!(range!(older), " DESC");
    SEARCH_NEWER = search!(range!(newer), "");
    END_OLDER = end!(range!(older));
    END_NEWER = end!(range!(newer));
    LIST_OLDER_ON_POSTGRES = list_on_postgres!(older, " DESC");
    LIST_NEWER_ON_POSTGRES = list_on_postgres!(newer, "");
    SEARCH_OLDER_ON_POSTGRES = search!(range!(older on PostgreSQL), " DESC");
    SEARCH_NEWER_ON_POSTGRES = search!(range!(newer on PostgreSQL), "");
    END_OLDER_ON_POSTGRES = end!(range!(older on PostgreSQL));
    END_NEWER_ON_POSTGRES = end!(range!(newer on PostgreSQL));
    LIST_SIGNED_TIMES = "SELECT id, connection_id, occurred_at, is_time_borrowed, received_at FROM events ORDER BY id DESC LIMIT $1";
    LIST_SIGNED_TIMES_UNTIL = concat!("SELECT id, connection_id, occurred_at, is_time_borrowed, received_at FROM \
                               (SELECT id, connection_id, occurred_at, is_time_borrowed, received_at FROM events \
                               ORDER BY id DESC LIMIT ", max_examined!(), ") AS examined WHERE received_at <= $1 ORDER BY id DESC LIMIT $2");
    LIST_REFERENCES = concat!("SELECT DISTINCT references_json FROM (SELECT references_json \
                       FROM events WHERE transaction_id = $1 ORDER BY id LIMIT ", max_examined!(), ") AS examined \
                       WHERE references_json IS NOT NULL ORDER BY references_json LIMIT $2");
    LIST_OF_TRANSACTION = concat!("SELECT ", columns!(), " FROM ", events!(), " WHERE app_id = $1 AND transaction_id = $2 ORDER BY id LIMIT $3");
    LIST_NEWEST_OF_TRANSACTION = concat!("SELECT ", columns!(), " FROM ", events!(), " WHERE app_id = $1 AND transaction_id = $2 \
                                  ORDER BY id DESC LIMIT $3");
    FIND_BY_REFERENCE = concat!("SELECT ", columns!(), " FROM (SELECT id AS examined_id FROM events WHERE connection_id IN \
                         (SELECT id FROM connections WHERE app_id = $1 AND mode = $4) AND reference IN ($2, $3) LIMIT ", max_examined!(), ") \
                         AS examined JOIN events ON id = examined_id", with_connection!(), " ORDER BY received_at DESC LIMIT 1");
    /// The first event that had a gateway's id at a connection.
    FIND_NAMED = concat!("SELECT ", columns!(), " FROM ", events!(), " WHERE id = (SELECT event_id FROM event_ids \
                  WHERE connection_id = $1 AND gateway_event_id = $2)");
    COUNT = "SELECT COUNT(*) FROM events";
    LIST_NEWEST = concat!("SELECT ", columns!(), " FROM ", events!(), " ORDER BY id DESC LIMIT $1");
    EXPORT = concat!("SELECT ", columns!(), " FROM ", events!(), " WHERE id > $1 ORDER BY id LIMIT $2");
    /// COALESCE makes the planner scan by id: by the connections of the app, each page would sort all of the app's events.
    EXPORT_APP = concat!("SELECT ", columns!(), " FROM ", events!(), " WHERE id > $1 AND COALESCE(app_id, app_id) = $3 ORDER BY id LIMIT $2");
}

pub(crate) async fn find(on: impl Into<Exec<'_>>, app: AppId, id: EventId) -> Result<Option<Event>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(app).bind(id).fetch_optional(conn).await)
}

/// Returns the types of those of the app's events on a page.
pub(crate) async fn list_types(
    on: impl Into<Exec<'_>>,
    app: AppId,
    events: impl Iterator<Item = EventId>,
) -> Result<Vec<(EventId, Option<String>)>, DbError> {
    let Some(events) = page_ids(events, EventId::least()) else { return Ok(Vec::new()) };
    run!(on, |conn| { events.iter().fold(sqlx::query_as(LIST_TYPES).bind(app), QueryAs::bind).fetch_all(conn).await })
}

/// Finds the newest event with that reference, as typed or in upper case.
pub(crate) async fn find_by_reference(
    on: impl Into<Exec<'_>>,
    app: AppId,
    mode: Mode,
    reference: &str,
) -> Result<Option<Event>, DbError> {
    let capitals = reference.to_uppercase();
    run!(on, |conn| sqlx::query_as(FIND_BY_REFERENCE)
        .bind(app)
        .bind(reference)
        .bind(&capitals)
        .bind(mode)
        .fetch_optional(conn)
        .await)
}

/// Finds the first event that had this id of the gateway. The caller has checked access to the connection.
pub(crate) async fn find_named(on: impl Into<Exec<'_>>, connection: ConnectionId, name: &str) -> Result<Option<Event>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND_NAMED).bind(connection).bind(name).fetch_optional(conn).await)
}

/// Counts the events of all apps.
pub(crate) async fn count(on: impl Into<Exec<'_>>) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(COUNT).fetch_one(conn).await)
}

/// Returns headers and body of the event's request. The caller has checked that the event belongs to the app.
pub(crate) async fn find_payload(on: impl Into<Exec<'_>>, event: &Event) -> Result<StoredPayload, DbError> {
    let frame: Option<Vec<u8>> =
        run!(on, |conn| sqlx::query_scalar(FIND_FRAME).bind(event.request()).fetch_optional(conn).await)?;
    Ok(match frame.map(|frame| payload::unpack(&frame, &event.body_sha256)) {
        None => StoredPayload::Deleted,
        Some(Ok(payload)) => StoredPayload::Present(payload),
        Some(Err(damage)) => {
            tracing::error!(event = %event.id, %damage, "the stored request of an event is damaged");
            StoredPayload::Damaged(damage)
        }
    })
}

/// Selects the events of a list.
pub(crate) struct Filter {
    /// Those of an app in one mode, one of each gateway.
    pub(crate) connections: Vec<ConnectionId>,
    pub(crate) state: Option<State>,
    /// Prefix of the type.
    pub(crate) event_type: Option<String>,
    /// When they were first received: from the first time to the second, which is not included.
    pub(crate) received: Option<(Timestamp, Timestamp)>,
}

impl Filter {
    /// Selects all events of these connections.
    pub(crate) const fn all(connections: Vec<ConnectionId>) -> Self {
        Self { connections, state: None, event_type: None, received: None }
    }

    /// Returns at most `limit` rows of a connection, as [`List::fetch`] does.
    async fn fetch_of(
        &self,
        reader: &mut Reader,
        connection: ConnectionId,
        (side, from): (Side, EventId),
        limit: i64,
    ) -> Result<Vec<Event>, DbError> {
        let on = Exec::from(reader);
        if !self.is_searched() {
            let text = on.pick(side.pick(LIST_OLDER, LIST_NEWER), side.pick(LIST_OLDER_ON_POSTGRES, LIST_NEWER_ON_POSTGRES));
            return run!(on, |conn| sqlx::query_as(text).bind(connection).bind(from).bind(limit).fetch_all(conn).await);
        }
        let text = on.pick(side.pick(SEARCH_OLDER, SEARCH_NEWER), side.pick(SEARCH_OLDER_ON_POSTGRES, SEARCH_NEWER_ON_POSTGRES));
        let (first, end) = self.received.unwrap_or((Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX)));
        run!(on, |conn| sqlx::query_as(text)
            .bind(connection)
            .bind(from)
            .bind(self.state)
            .bind(&self.event_type)
            .bind(first)
            .bind(end)
            .bind(limit)
            .fetch_all(conn)
            .await)
    }
}

impl List for Filter {
    type Row = Event;

    async fn fetch(&self, reader: &mut Reader, side: Side, from: EventId, limit: i64) -> Result<Vec<Event>, DbError> {
        let mut rows = Vec::new();
        for connection in &self.connections {
            rows.extend(self.fetch_of(reader, *connection, (side, from), limit).await?);
        }
        if self.connections.len() > 1 {
            side.merge(&mut rows, limit);
            // Beyond the first end, a connection has rows that were not examined.
            if self.is_searched()
                && let Some(end) = self.last_examined(reader, side, from).await?
            {
                rows.retain(|row| !side.is_beyond(row.id, end));
            }
        }
        Ok(rows)
    }

    fn is_searched(&self) -> bool {
        self.state.is_some() || self.event_type.is_some() || self.received.is_some()
    }

    async fn last_examined(&self, reader: &mut Reader, side: Side, from: EventId) -> Result<Option<EventId>, DbError> {
        let mut ends: Vec<EventId> = Vec::new();
        for connection in &self.connections {
            let on = Exec::from(&mut *reader);
            let text = on.pick(side.pick(END_OLDER, END_NEWER), side.pick(END_OLDER_ON_POSTGRES, END_NEWER_ON_POSTGRES));
            let end: Option<EventId> =
                run!(on, |conn| sqlx::query_scalar(text).bind(connection).bind(from).fetch_optional(conn).await)?;
            ends.extend(end);
        }
        Ok(side.closest(ends.into_iter()))
    }
}

/// Lists the newest events of a connection.
pub(crate) async fn list_last(on: impl Into<Exec<'_>>, connection: ConnectionId, limit: i64) -> Result<Vec<Event>, DbError> {
    let on: Exec<'_> = on.into();
    let text = on.pick(LIST_OLDER, LIST_OLDER_ON_POSTGRES);
    run!(on, |conn| sqlx::query_as(text).bind(connection).bind(EventId::NEWEST).bind(limit).fetch_all(conn).await)
}

/// The times at which an event was signed and received.
#[derive(sqlx::FromRow)]
pub(crate) struct EventTimes {
    pub(crate) id: EventId,
    pub(crate) connection_id: ConnectionId,
    occurred_at: Option<Timestamp>,
    is_time_borrowed: bool,
    pub(crate) received_at: Timestamp,
}

impl EventTimes {
    /// Returns the event's own time, if it has one: that of its payment may be much earlier.
    pub(crate) fn signed_at(&self) -> Option<Timestamp> {
        self.occurred_at.filter(|_| !self.is_time_borrowed)
    }
}

/// Lists the times of the newest events of all connections, newest first.
pub(crate) async fn list_signed_times(on: impl Into<Exec<'_>>, limit: i64) -> Result<Vec<EventTimes>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_SIGNED_TIMES).bind(limit).fetch_all(conn).await)
}

/// Lists the times of the newest of them that were received up to `until`, among those stored last.
pub(crate) async fn list_signed_times_until(
    on: impl Into<Exec<'_>>,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<EventTimes>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_SIGNED_TIMES_UNTIL).bind(until).bind(limit).fetch_all(conn).await)
}

/// Lists the references that the events of a transaction report, without duplicates and in order. The caller has checked access
/// to `transaction`.
pub(crate) async fn list_references(on: impl Into<Exec<'_>>, transaction: TransactionId) -> Result<BTreeSet<Reference>, DbError> {
    let stored: Vec<(String,)> =
        run!(on, |conn| sqlx::query_as(LIST_REFERENCES).bind(transaction).bind(MAX_REFERENCE_SETS).fetch_all(conn).await)?;
    Ok(stored.iter().flat_map(|(stored,)| references::from_json(stored)).collect())
}

/// Lists the events of a transaction, oldest first.
pub(crate) async fn list_of_transaction(
    on: impl Into<Exec<'_>>,
    app: AppId,
    transaction: TransactionId,
    limit: i64,
) -> Result<Vec<Event>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_TRANSACTION).bind(app).bind(transaction).bind(limit).fetch_all(conn).await)
}

/// Lists the newest events of a transaction, newest first.
pub(crate) async fn list_newest_of_transaction(
    on: impl Into<Exec<'_>>,
    app: AppId,
    transaction: TransactionId,
    limit: i64,
) -> Result<Vec<Event>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_NEWEST_OF_TRANSACTION).bind(app).bind(transaction).bind(limit).fetch_all(conn).await)
}

/// Lists the newest events of all apps, newest first.
pub(crate) async fn list_newest(on: impl Into<Exec<'_>>, limit: i64) -> Result<Vec<Event>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_NEWEST).bind(limit).fetch_all(conn).await)
}

/// Lists the events after `after`, oldest first, of all apps or of one.
pub(crate) async fn export(
    on: impl Into<Exec<'_>>,
    after: EventId,
    app: Option<AppId>,
    limit: i64,
) -> Result<Vec<Event>, DbError> {
    match app {
        None => run!(on, |conn| sqlx::query_as(EXPORT).bind(after).bind(limit).fetch_all(conn).await),
        Some(app) => run!(on, |conn| sqlx::query_as(EXPORT_APP).bind(after).bind(limit).bind(app).fetch_all(conn).await),
    }
}
