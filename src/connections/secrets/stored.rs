//! A stored secret: its state, its origin, and its value, which only the vault opens.

use crate::{
    gateways::adapter::ValidSecret,
    primitives::{
        id::{ConnectionId, SecretId},
        secret::Secret,
        text_enum::{text_column, text_enum},
        time::Timestamp,
        vault::{Vault, VaultError},
    },
};

/// The sealing context of a secret.
pub(super) const SEAL_CONTEXT: &str = "secrets.sealed";

text_enum! {
    /// The stored state of a secret. Whether an additional one is still valid depends on the time.
    pub(crate) enum SecretState, "the state of a secret" {
        /// The one to paste into the gateway; each connection has exactly one.
        Active = "active",
        Additional = "additional",
    }
}
text_column!(SecretState, SecretState::as_str);

text_enum! {
    /// The origin of a secret.
    pub(crate) enum Origin, "the origin of a secret" {
        /// Generated here, and revealed on the Webhook page on request.
        Generated = "generated",
        /// Imported by a user: the gateway already had it. Never shown again.
        Imported = "imported",
        /// Found by diagnosis in rejected requests and adopted by a user. Never shown.
        Adopted = "adopted",
    }
}
text_column!(Origin, Origin::as_str);

/// A stored secret.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct StoredSecret {
    pub(crate) id: SecretId,
    pub(crate) connection_id: ConnectionId,
    pub(super) sealed: Vec<u8>,
    pub(crate) state: SecretState,
    /// When it expires; `None` for the active one, and for an imported or adopted one until it is retired.
    pub(crate) valid_until: Option<Timestamp>,
    pub(crate) origin: Origin,
    pub(crate) created_by: Option<String>,
    pub(crate) retired_by: Option<String>,
    /// When it became the active one again, after another had been.
    pub(crate) reactivated_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
}

impl StoredSecret {
    pub(crate) fn is_active(&self) -> bool {
        self.state == SecretState::Active
    }

    /// Returns the state that scripts read: `active`, `expiring` (until `valid_until`) or `additional` (until it is retired).
    pub(crate) fn state_label(&self) -> &'static str {
        match self.valid_until {
            _ if self.is_active() => "active",
            Some(_) => "expiring",
            None => "additional",
        }
    }

    /// True if a user retired it.
    pub(crate) fn is_retired(&self) -> bool {
        self.retired_by.is_some()
    }

    /// True if it could verify a request received at that time.
    pub(crate) fn is_valid_at(&self, at: Timestamp) -> bool {
        !self.is_retired() && self.valid_until.is_none_or(|until| until > at)
    }

    /// Opens the sealed value.
    ///
    /// # Errors
    /// If it was sealed under another master key or is damaged.
    pub(crate) fn open(&self, vault: &Vault) -> Result<Secret, VaultError> {
        let plain = vault.open(SEAL_CONTEXT, &self.id.to_bytes(), &self.sealed)?;
        std::str::from_utf8(&plain).ok().and_then(Secret::parse).ok_or(VaultError::Damaged)
    }

    /// Opens the value for verification.
    ///
    /// # Errors
    /// See [`Self::open`].
    pub(crate) fn live(&self, vault: &Vault) -> Result<ValidSecret, VaultError> {
        Ok(ValidSecret { id: self.id, secret: self.open(vault)?, until: self.valid_until })
    }
}

#[cfg(test)]
impl StoredSecret {
    /// Returns a sample with this state, for tests that never open it.
    pub(crate) fn sample(state: SecretState, created_at: Timestamp, until: Option<Timestamp>) -> Self {
        Self {
            id: SecretId::unique(),
            connection_id: ConnectionId::unique(),
            sealed: Vec::new(),
            state,
            valid_until: until,
            origin: Origin::Generated,
            created_by: None,
            retired_by: None,
            reactivated_at: None,
            created_at,
        }
    }
}
