//! The search of a company's events by an id, or by the beginning of one.

use super::{columns, events, with_connection};
use crate::{
    db::{DbError, Exec, list::max_searched_connections, run, sql},
    events::Event,
    primitives::id::{CompanyId, EventId},
};

/// The events whose ids a statement finds.
macro_rules! found {
    ($($found:expr),+) => {
        concat!("SELECT ", columns!(), " FROM (", $($found,)+ ") AS found JOIN events ON id = found_id", with_connection!(),
            " ORDER BY id DESC LIMIT $4")
    };
}

/// The connections of the company that are searched: those of the newest apps if it has very many. PostgreSQL looks them up in this
/// order, and stops when it has found enough.
macro_rules! searched {
    () => {
        concat!(
            "(SELECT id FROM (SELECT id FROM connections WHERE company_id = $1 ORDER BY app_id DESC LIMIT ",
            max_searched_connections!(),
            ") AS newest ORDER BY id DESC)"
        )
    };
}

sql! {
    /// COALESCE forces a search by id.
    FIND = concat!("SELECT ", columns!(), " FROM ", events!(), " WHERE id = $2 \
            AND COALESCE(connection_id, connection_id) IN (SELECT id FROM connections WHERE company_id = $1)");
    /// The last of the ids of a gateway between two, in the order of the index.
    FIND_NAMED = found!("SELECT event_id AS found_id FROM event_ids WHERE connection_id IN ", searched!(), " \
                  AND gateway_event_id >= $2 AND gateway_event_id <= $3 ORDER BY connection_id DESC, gateway_event_id DESC LIMIT 20");
    /// PostgreSQL's planner expects that a LIMIT is reached early where very many events of another company match, and then reads
    /// all of those first. Here it has to search each connection, in the order of the index.
    FIND_NAMED_ON_POSTGRES = found!("SELECT found_id FROM ", searched!(), " AS own CROSS JOIN LATERAL \
                  (SELECT event_id AS found_id FROM event_ids WHERE connection_id = own.id AND gateway_event_id >= $2 \
                  AND gateway_event_id <= $3 ORDER BY gateway_event_id DESC LIMIT 20) AS of_connection LIMIT 20");
}

/// Finds an event of the company.
pub(crate) async fn find(on: impl Into<Exec<'_>>, company: CompanyId, id: EventId) -> Result<Option<Event>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(company).bind(id).fetch_optional(conn).await)
}

/// Finds events whose id at the gateway is between two, both included.
pub(crate) async fn find_named(
    on: impl Into<Exec<'_>>,
    company: CompanyId,
    (from, to): (&str, &str),
    limit: i64,
) -> Result<Vec<Event>, DbError> {
    let on: Exec<'_> = on.into();
    let text = on.pick(FIND_NAMED, FIND_NAMED_ON_POSTGRES);
    run!(on, |conn| sqlx::query_as(text).bind(company).bind(from).bind(to).bind(limit).fetch_all(conn).await)
}
