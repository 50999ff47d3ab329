//! The search of a company's events by an id, or by the beginning of one.

use super::{columns, events, with_connection};
use crate::{
    db::{DbError, Exec, run, sql},
    events::Event,
    primitives::id::{CompanyId, EventId},
};

sql! {
    /// COALESCE forces a search by id.
    FIND = concat!("SELECT ", columns!(), " FROM ", events!(), " WHERE id = $2 \
            AND COALESCE(connection_id, connection_id) IN (SELECT id FROM connections WHERE company_id = $1)");
    /// The ids of a gateway between two.
    FIND_NAMED = concat!("SELECT ", columns!(), " FROM (SELECT event_id AS found_id FROM event_ids \
                  WHERE connection_id IN (SELECT id FROM connections WHERE company_id = $1) \
                  AND gateway_event_id >= $2 AND gateway_event_id <= $3 LIMIT 20) AS found JOIN events ON id = found_id",
                  with_connection!(), " ORDER BY id DESC LIMIT $4");
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
    run!(on, |conn| sqlx::query_as(FIND_NAMED).bind(company).bind(from).bind(to).bind(limit).fetch_all(conn).await)
}
