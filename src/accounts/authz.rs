//! Who acts, and what they may do.
//!
//! Invariant: a permission that a role is not known to have is denied.

use std::net::IpAddr;

use super::{Role, User};
use crate::primitives::id::{CompanyId, UserId};

/// The name under which commands act.
pub(crate) const COMMAND_LINE: &str = "the command line";

/// What a route allows its caller to do. The route table names one for every unsafe route and every view of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    /// Change one's own name, email, password and sessions.
    ManageOwnAccount,
    /// Change the company's settings.
    ManageCompany,
    /// Register apps, and change, enable and disable them.
    ManageApps,
    /// Add connections, and change, enable and disable them, with their API keys and set-up steps.
    ManageConnections,
    /// See, rotate, import, adopt and retire secrets.
    ManageSecrets,
    /// See payments, events and rejected requests, which contain personal data of customers.
    ViewPayments,
    /// Download payments.
    ExportPayments,
    /// Turn rejected requests into events.
    RecoverRequests,
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
    /// The name at the time of the action.
    pub(crate) name: &'a str,
    /// The client's address; `None` for a command.
    pub(crate) address: Option<IpAddr>,
}

impl<'a> Actor<'a> {
    /// Returns a signed-in user as actor.
    pub(crate) fn user(user: &'a User, address: IpAddr) -> Self {
        Self { company: user.company_id, user: Some(user.id), name: &user.name, address: Some(address) }
    }

    /// Returns a command as actor. It needs no permission, since its user can read and write the files of the installation.
    pub(crate) const fn command(company: CompanyId) -> Self {
        Self { company, user: None, name: COMMAND_LINE, address: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_is_only_reserved_has_no_permission() {
        for permission in [Permission::ManageSecrets, Permission::ViewPayments] {
            assert!(Role::Owner.permits(permission));
            for role in [Role::Admin, Role::Developer, Role::Viewer] {
                assert!(!role.permits(permission), "{role} {permission:?}");
            }
        }
    }
}
