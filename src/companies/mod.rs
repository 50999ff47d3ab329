//! Companies: the tenant. Everything a merchant owns belongs to exactly one.

pub(crate) mod forms;
pub(crate) mod routes;
pub(crate) mod store;
pub(crate) mod views;

use crate::{
    db::{DbError, Tx},
    kernel::{id::CompanyId, time::Timestamp},
};

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

/// The company of exactly that name, and whether it had to be made.
pub(crate) async fn find_or_create(tx: &mut Tx, name: &str, now: Timestamp) -> Result<(Company, bool), DbError> {
    if let Some(company) = store::find_by_name(&mut *tx, name).await? {
        return Ok((company, false));
    }
    let company = Company { id: CompanyId::new(now), name: name.to_owned() };
    store::insert(tx, &company, now).await?;
    Ok((company, true))
}
