//! Apps registered by a merchant in KS Pay, such as the website of one shop.

pub(crate) mod country;
pub(crate) mod details;
pub(crate) mod domain;
pub(crate) mod store;
pub(crate) mod zones;

use crate::{
    accounts::{
        authz::{Actor, Denied, Permission, UseCaseError},
        security_log::{self, Action},
    },
    companies,
    db::{Exec, Tx, ids},
    primitives::{
        id::{AppId, CompanyId},
        time::Timestamp,
        zone::Zone,
        zone_list,
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
    #[sqlx(rename = "time_zone")]
    pub(crate) zone: Zone,
    /// The zone that replaces it once its totals are complete.
    #[sqlx(rename = "next_time_zone")]
    pub(crate) next_zone: Option<Zone>,
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
    /// The zone of a new app; `None` for that of its country or company. See [`zones`] for changes.
    pub(crate) zone: Option<Zone>,
}

/// Finds an app for an actor with the permission that a page about it requires.
///
/// # Errors
/// [`Denied::OtherCompany`] if the actor's company has no such app, whatever the permission.
pub(crate) async fn find(
    on: impl Into<Exec<'_>>,
    id: AppId,
    (actor, permission): (&Actor<'_>, Permission),
) -> Result<App, UseCaseError> {
    let app = store::find(on, actor.company, id).await?.ok_or(Denied::OtherCompany)?;
    actor.require(permission, app.company_id)?;
    Ok(app)
}

/// Registers an app.
///
/// # Errors
/// [`crate::db::DbError::NotUnique`] if the company has an app with this name.
pub(crate) async fn create(
    tx: &mut Tx,
    company: CompanyId,
    details: &Details,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<AppId, UseCaseError> {
    actor.require(Permission::ManageApps, company)?;
    let id = ids::next(tx).await?;
    let zone = match details.zone.or_else(|| zone_list::only_of_country(&details.country)) {
        Some(zone) => zone,
        None => companies::store::get(&mut *tx, company).await?.zone,
    };
    store::insert(tx, (id, company), (details, zone), now).await?;
    security_log::append(tx, actor, Action::AppAdded, id, now).await?;
    Ok(id)
}

/// Changes the details of an app, except its zone.
///
/// # Errors
/// [`crate::db::DbError::NotUnique`] if the company has another app with this name.
pub(crate) async fn update(tx: &mut Tx, app: &App, details: &Details, by: (&Actor<'_>, Timestamp)) -> Result<(), UseCaseError> {
    by.0.require(Permission::ManageApps, app.company_id)?;
    store::update(tx, app.company_id, app.id, details).await?;
    record(tx, Action::AppChanged, app, by).await
}

/// Sets the domain of an app.
pub(crate) async fn update_domain(tx: &mut Tx, app: &App, domain: &str, by: (&Actor<'_>, Timestamp)) -> Result<(), UseCaseError> {
    by.0.require(Permission::ManageApps, app.company_id)?;
    store::update_domain(tx, app.company_id, app.id, domain).await?;
    record(tx, Action::AppChanged, app, by).await
}

/// Enables or disables an app.
pub(crate) async fn set_enabled(
    tx: &mut Tx,
    app: &App,
    is_enabled: bool,
    by: (&Actor<'_>, Timestamp),
) -> Result<(), UseCaseError> {
    by.0.require(Permission::ManageApps, app.company_id)?;
    store::update_enabled(tx, app.company_id, app.id, is_enabled).await?;
    record(tx, if is_enabled { Action::AppEnabled } else { Action::AppDisabled }, app, by).await
}

async fn record(tx: &mut Tx, action: Action, app: &App, (actor, now): (&Actor<'_>, Timestamp)) -> Result<(), UseCaseError> {
    Ok(security_log::append(tx, actor, action, app.id, now).await?)
}

#[cfg(test)]
pub(crate) mod tests;
