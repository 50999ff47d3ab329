//! Apps registered by a merchant in KS Pay, such as the website of one shop.

pub(crate) mod country;
pub(crate) mod domain;
pub(crate) mod store;

use crate::{
    db::{DbError, Tx, ids},
    primitives::{
        id::{AppId, CompanyId},
        time::Timestamp,
        zone::Zone,
    },
};

/// A registered app.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct App {
    pub(crate) id: AppId,
    pub(crate) company_id: CompanyId,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) country: String,
    pub(crate) address: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) postal_code: Option<String>,
    pub(crate) domain: Option<String>,
    /// The zone of its days, which daily totals and date ranges have.
    pub(crate) zone: Zone,
    pub(crate) is_enabled: bool,
}

/// The editable details of an app.
#[derive(Debug, Clone)]
pub(crate) struct Details {
    pub(crate) name: String,
    pub(crate) email: String,
    /// ISO 3166-1 alpha-2.
    pub(crate) country: String,
    pub(crate) address: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) postal_code: Option<String>,
}

/// Registers an app.
///
/// # Errors
/// [`DbError::NotUnique`] if the company has an app with this name.
pub(crate) async fn create(tx: &mut Tx, company: CompanyId, details: &Details, now: Timestamp) -> Result<AppId, DbError> {
    let id = ids::next(tx).await?;
    store::insert(tx, id, company, details, now).await?;
    Ok(id)
}
