//! Who acts, and what they may do.
//!
//! Invariants: a permission that a role is not known to have is denied. A use case on what a company owns asks [`Actor::require`]
//! before anything else, so that no page and no command can omit it.

use std::net::IpAddr;

use super::{Role, User};
use crate::{
    db::DbError,
    primitives::id::{CompanyId, UserId},
};

/// The name under which commands act.
const COMMAND_LINE: &str = "the command line";

/// What a route allows its caller to do. The route table names one for every route but those before sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    /// See and change one's own name, email, password and sessions.
    ManageOwnAccount,
    /// See and change the company's settings.
    ManageCompany,
    /// See the company's apps, with their contact data, and which of them need attention.
    ViewApps,
    /// Register apps, and change, enable and disable them.
    ManageApps,
    /// See and add connections, and change, enable and disable them, with their API keys and set-up steps.
    ManageConnections,
    /// See, rotate, import, adopt and retire secrets.
    ManageSecrets,
    /// See payments, events and rejected requests, which contain personal data of customers.
    ViewPayments,
    /// Download payments.
    ExportPayments,
    /// Refund payments.
    RefundPayments,
    /// Turn rejected requests into events.
    RecoverRequests,
    /// See and change destinations, and see and repeat deliveries to them.
    ManageDestinations,
    /// See, add and remove the tokens with which `ks-pay listen` reads events.
    ManageTokens,
    /// See and change alerts, who is notified of them, and the company's channels.
    ManageAlerts,
    /// See and change automations, and see and repeat their runs.
    ManageAutomations,
}

impl Role {
    /// True if users of this role have the permission. Until teams exist, only owners have more than their own account.
    pub(crate) const fn permits(self, permission: Permission) -> bool {
        match (self, permission) {
            (Self::Owner, _) | (_, Permission::ManageOwnAccount) => true,
            (Self::Admin | Self::Developer | Self::Viewer, _) => false,
        }
    }
}

/// The user or command that acts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor<'a> {
    pub(crate) company: CompanyId,
    /// `None` for a command.
    pub(crate) user: Option<UserId>,
    /// That of an owner for a command, since its user can read and write the files of the installation.
    pub(crate) role: Role,
    /// The name at the time of the action.
    pub(crate) name: &'a str,
    /// The client's address; `None` for a command.
    pub(crate) address: Option<IpAddr>,
}

impl<'a> Actor<'a> {
    /// Returns a signed-in user as actor.
    pub(crate) fn user(user: &'a User, address: IpAddr) -> Self {
        Self { company: user.company_id, user: Some(user.id), role: user.role, name: &user.name, address: Some(address) }
    }

    /// Returns a command as actor.
    pub(crate) const fn command(company: CompanyId) -> Self {
        Self { company, user: None, role: Role::Owner, name: COMMAND_LINE, address: None }
    }

    /// Allows an action on what belongs to the company `owner`.
    pub(crate) fn require(&self, permission: Permission, owner: CompanyId) -> Result<(), Denied> {
        if self.company != owner {
            Err(Denied::OtherCompany)
        } else if !self.role.permits(permission) {
            Err(Denied::Permission)
        } else {
            Ok(())
        }
    }

    /// Allows an action on the actor's own account, and a command one on any account of the company.
    pub(crate) fn require_own(&self, account: &User) -> Result<(), Denied> {
        self.require(Permission::ManageOwnAccount, account.company_id)?;
        if self.user.is_none_or(|user| user == account.id) { Ok(()) } else { Err(Denied::Permission) }
    }
}

/// Why an actor must not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    /// It belongs to another company, or does not exist: the actor must not learn which.
    #[error("the company has no such object")]
    OtherCompany,
    #[error("the role has no such permission")]
    Permission,
}

/// Why a use case has failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UseCaseError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Denied(#[from] Denied),
}

/// Actors that use cases must deny.
#[cfg(test)]
pub(crate) mod denial {
    use super::*;

    /// The denial, in the error of a use case.
    pub(crate) trait MaybeDenied {
        fn denied(self) -> Option<Denied>;
    }

    impl MaybeDenied for UseCaseError {
        fn denied(self) -> Option<Denied> {
            match self {
                Self::Denied(denied) => Some(denied),
                Self::Db(_) => None,
            }
        }
    }

    /// Asserts that a use case on what a company owns denies an owner of another company, and a user without the permission.
    pub(crate) async fn assert_denied<T, E: MaybeDenied>(
        company: CompanyId,
        use_case: impl AsyncFn(Actor<'static>) -> Result<T, E>,
    ) {
        let owner = Actor { company, user: Some(UserId::unique()), role: Role::Owner, name: "The Owner", address: None };
        let stranger = Actor { company: CompanyId::unique(), ..owner };
        let viewer = Actor { role: Role::Viewer, ..owner };
        for (actor, wanted) in [(stranger, Denied::OtherCompany), (viewer, Denied::Permission)] {
            assert_eq!(use_case(actor).await.err().and_then(MaybeDenied::denied), Some(wanted));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_changed_by_its_user_alone() {
        let user = |company_id| User {
            id: UserId::unique(),
            company_id,
            email: String::new(),
            name: "Meera".to_owned(),
            role: Role::Viewer,
            language: None,
            zone: None,
        };
        let company = CompanyId::unique();
        let (own, colleague, stranger) = (user(company), user(company), user(CompanyId::unique()));
        let actor = Actor::user(&own, IpAddr::from([127, 0, 0, 1]));
        assert_eq!(actor.require_own(&own), Ok(()));
        assert_eq!(actor.require_own(&colleague), Err(Denied::Permission));
        assert_eq!(actor.require_own(&stranger), Err(Denied::OtherCompany));
        let command = Actor::command(company);
        assert_eq!((command.require_own(&own), command.require_own(&stranger)), (Ok(()), Err(Denied::OtherCompany)));
    }

    #[test]
    fn a_role_that_is_only_reserved_has_no_permission() {
        for permission in [Permission::ManageSecrets, Permission::ViewPayments, Permission::ViewApps] {
            assert!(Role::Owner.permits(permission));
            for role in [Role::Admin, Role::Developer, Role::Viewer] {
                assert!(!role.permits(permission), "{role} {permission:?}");
            }
        }
    }
}
