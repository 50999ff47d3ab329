//! Companies: the tenant. Everything a merchant owns belongs to exactly one.

pub(crate) mod forms;
pub(crate) mod routes;
pub(crate) mod store;
pub(crate) mod views;

use crate::{
    db::{DbError, Exec, Tx},
    primitives::{id::CompanyId, text_input, time::Timestamp},
    settings_store,
};

/// The row that commands lock which may create a company.
const CREATION_LOCK: &str = "company_creation";
/// The longest name, in characters.
pub(crate) const NAME_MOST: usize = 60;
/// The shortest name, in characters.
pub(crate) const NAME_LEAST: usize = 3;

/// A tenant.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Company {
    pub(crate) id: CompanyId,
    pub(crate) name: String,
}

/// Why no company can be named.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NameError {
    #[error(transparent)]
    Db(#[from] DbError),
    /// Tenants choose their names themselves, so several may have one.
    #[error("Several companies have this name. Rename one under Settings first, so that the command can tell them apart")]
    Ambiguous,
}

/// The company of exactly that name, for commands.
pub(crate) async fn find_by_name(on: impl Into<Exec<'_>>, name: &str) -> Result<Option<Company>, NameError> {
    let mut found = store::list_by_name(on, &text_input::normalized(name)).await?;
    if found.len() > 1 { Err(NameError::Ambiguous) } else { Ok(found.pop()) }
}

/// The company of exactly that name, and whether it had to be created.
pub(crate) async fn find_or_create(tx: &mut Tx, name: &str, now: Timestamp) -> Result<(Company, bool), NameError> {
    // Locks one row until the unit of work ends, so that of two commands only the first creates the company.
    settings_store::set(tx, CREATION_LOCK, &[]).await?;
    match find_by_name(&mut *tx, name).await? {
        Some(company) => Ok((company, false)),
        None => Ok((create(tx, name, now).await?, true)),
    }
}

/// Adds a company.
pub(crate) async fn create(tx: &mut Tx, name: &str, now: Timestamp) -> Result<Company, DbError> {
    let company = Company { id: CompanyId::new(now), name: name.to_owned() };
    store::insert(tx, &company, now).await?;
    Ok(company)
}
