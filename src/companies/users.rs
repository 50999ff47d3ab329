//! The users of companies: the owner who sets up an installation, and those that a command adds.
//!
//! Invariant: an installation is set up once; later users are added by someone who can use its files.

use std::net::IpAddr;

use super::{NameError, create, find_or_create};
use crate::{
    accounts::{
        self, NewUser, Role, Token,
        authz::Actor,
        open_session,
        security_log::{self, Action},
        setup,
    },
    db::{DbError, Tx},
    primitives::{id::UserId, time::Timestamp},
};

/// A user and the name of their company, validated.
pub(crate) struct Joining {
    pub(crate) company: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) password_hash: String,
}

/// Creates the first company with its owner, who is then signed in; `None` if the set-up link is no longer valid.
///
/// # Errors
/// If the database fails.
pub(crate) async fn set_up(
    tx: &mut Tx,
    link: &Token,
    Joining { company, name, email, password_hash }: Joining,
    (address, now): (IpAddr, Timestamp),
) -> Result<Option<Token>, DbError> {
    if !setup::consume(tx, link, now).await? {
        return Ok(None);
    }
    let company = create(tx, &company, now).await?.id;
    let new = NewUser { company, email, name, role: Role::Owner, password_hash };
    let user = accounts::create(tx, &new, now).await?;
    let actor = Actor { company, user: Some(user), role: new.role, name: &new.name, address: Some(address) };
    security_log::append(tx, &actor, Action::InstallationSetUp, company, now).await?;
    open_session(tx, user, now).await.map(Some)
}

/// Why a user was not added.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AddError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Name(#[from] NameError),
    /// The first user of a company is its owner; any other needs a role.
    #[error("the company already exists")]
    RoleMissing,
    #[error("a user has this email")]
    EmailTaken,
}

/// Adds a user for a command, and creates the company if there is none of that name.
pub(crate) async fn add(
    tx: &mut Tx,
    Joining { company, name, email, password_hash }: Joining,
    role: Option<Role>,
    now: Timestamp,
) -> Result<UserId, AddError> {
    let (company, is_new) = find_or_create(tx, &company, now).await?;
    let role = match role {
        None if !is_new => return Err(AddError::RoleMissing),
        role => role.unwrap_or(Role::Owner),
    };
    let new = NewUser { company: company.id, email, name, role, password_hash };
    let id = accounts::create(tx, &new, now).await.map_err(|error| match error {
        DbError::NotUnique => AddError::EmailTaken,
        other => other.into(),
    })?;
    security_log::append(tx, &Actor::command(company.id), Action::UserAdded, id, now).await?;
    Ok(id)
}
