//! Companies: the tenants. Everything a merchant owns belongs to exactly one.

pub(crate) mod check_limiter;
pub(crate) mod store;
pub(crate) mod users;

use crate::{
    accounts::{
        authz::{Actor, Permission, UseCaseError},
        security_log::{self, Action},
    },
    db::{DbError, Exec, Tx, ids},
    primitives::{id::CompanyId, text_input, time::Timestamp, zone::Zone},
    settings_store,
};

/// The row that is locked by commands that may create a company.
const CREATION_LOCK: &str = "company_creation";
/// The maximum length of a name, in characters.
pub(crate) const MAX_NAME_CHARS: usize = 60;
/// The minimum length of a name, in characters.
pub(crate) const MIN_NAME_CHARS: usize = 3;

/// A tenant of this installation.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Company {
    pub(crate) id: CompanyId,
    pub(crate) name: String,
    /// The zone of pages outside an app, and of new apps whose country has several.
    #[sqlx(rename = "time_zone")]
    pub(crate) zone: Zone,
}

/// Why a company cannot be found by name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NameError {
    #[error(transparent)]
    Db(#[from] DbError),
    /// Tenants choose their own names, so several can have the same.
    #[error("Several companies have this name. Rename one under Settings first, so that the command can tell them apart")]
    Ambiguous,
}

/// Finds the company with exactly that name, for commands.
pub(crate) async fn find_by_name(on: impl Into<Exec<'_>>, name: &str) -> Result<Option<Company>, NameError> {
    let mut found = store::list_by_name(on, &text_input::normalized(name)).await?;
    if found.len() > 1 { Err(NameError::Ambiguous) } else { Ok(found.pop()) }
}

/// Returns the company with exactly that name, and whether it was created.
async fn find_or_create(tx: &mut Tx, name: &str, now: Timestamp) -> Result<(Company, bool), NameError> {
    // Locks a row until the unit of work ends, so that only the first of two concurrent commands creates the company.
    settings_store::set(tx, CREATION_LOCK, &[]).await?;
    match find_by_name(&mut *tx, name).await? {
        Some(company) => Ok((company, false)),
        None => Ok((create(tx, name, now).await?, true)),
    }
}

/// Changes name and time zone of a company.
pub(crate) async fn update(
    tx: &mut Tx,
    company: CompanyId,
    (name, zone): (&str, Zone),
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageCompany, company)?;
    store::update(tx, company, (name, zone)).await?;
    Ok(security_log::append(tx, actor, Action::CompanyChanged, company, now).await?)
}

/// Creates a company.
pub(crate) async fn create(tx: &mut Tx, name: &str, now: Timestamp) -> Result<Company, DbError> {
    let company = Company { id: ids::next(tx).await?, name: name.to_owned(), zone: Zone::default() };
    store::insert(tx, &company, now).await?;
    Ok(company)
}
