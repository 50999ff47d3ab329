//! What a search finds: apps by name, and payments, events and rejections by their ids.
//!
//! Invariant: only what belongs to the user's company is found, and each statement examines few rows.

use crate::{
    accounts::authz::{Actor, Permission, UseCaseError},
    apps::{self, App},
    connections::app_health,
    db::Reader,
    events::{self, Event},
    ledger::payments::{self, Transaction},
    primitives::id::{EventId, RejectionId, TransactionId},
    rejections::{self, Rejection},
};

/// The maximum number of results of a kind.
pub(super) const MAX_RESULTS: usize = 5;
/// The minimum length of the beginning of an id: a shorter one is only the prefix of all ids of a kind.
const MIN_BEGINNING_CHARS: usize = 6;
/// Follows all letters and digits that continue a beginning.
const END: &str = "zzzzzzzzzzzzzzzzzzzz";

/// The results of a search.
#[derive(Default)]
pub(super) struct Found {
    /// All apps of the company, of which the results have the names.
    pub(super) all_apps: Vec<App>,
    pub(super) apps: Vec<App>,
    pub(super) transactions: Vec<Transaction>,
    pub(super) events: Vec<Event>,
    pub(super) rejections: Vec<Rejection>,
}

/// Searches for a text, which may be empty.
pub(super) async fn find(reader: &mut Reader, actor: &Actor<'_>, text: &str) -> Result<Found, UseCaseError> {
    let company = actor.company;
    actor.require(Permission::ViewPayments, company)?;
    let all_apps = apps::store::list(&mut *reader, company).await?;
    let matches = |app: &&App| !text.is_empty() && app_health::matches(app, text);
    let found = all_apps.iter().rev().filter(matches).take(MAX_RESULTS).cloned().collect();
    let mut found = Found { all_apps, apps: found, ..Found::default() };
    if text.is_empty() {
        return Ok(found);
    }
    if let Ok(id) = text.parse::<TransactionId>() {
        found.transactions.extend(payments::store::search::find(&mut *reader, company, id).await?);
    } else if let Ok(id) = text.parse::<EventId>() {
        found.events.extend(events::store::search::find(&mut *reader, company, id).await?);
    } else if let Ok(id) = text.parse::<RejectionId>() {
        found.rejections.extend(rejections::store::search::find(&mut *reader, company, id).await?);
    } else {
        by_name(reader, actor, text, &mut found).await?;
    }
    Ok(found)
}

/// Finds payments and events by an id of the gateway or a reference, and without an exact match by its beginning.
async fn by_name(reader: &mut Reader, actor: &Actor<'_>, text: &str, found: &mut Found) -> Result<(), UseCaseError> {
    let (company, limit) = (actor.company, i64::try_from(MAX_RESULTS).unwrap_or_default());
    found.transactions = payments::store::search::find_named(&mut *reader, company, text, limit).await?;
    found.events = events::store::search::find_named(&mut *reader, company, (text, text), limit).await?;
    let is_beginning = text.len() >= MIN_BEGINNING_CHARS && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_beginning && found.transactions.is_empty() && found.events.is_empty() {
        let end = format!("{text}{END}");
        let range = (text, end.as_str());
        found.transactions = payments::store::search::find_beginning(&mut *reader, company, range, limit).await?;
        found.events = events::store::search::find_named(&mut *reader, company, range, limit).await?;
    }
    Ok(())
}
