//! Connections: one app at one gateway in one mode, with the progress of its four set-up steps.
//!
//! Invariant: the state of a step and of a connection are pure functions of stored data. No page has its own definition of
//! *done*.

pub(crate) mod activity;
pub(crate) mod app_health;
pub(crate) mod baseline;
pub(crate) mod checklist;
pub(crate) mod credentials;
pub(crate) mod near_apps;
pub(crate) mod overlap;
pub(crate) mod public_names;
pub(crate) mod sealed;
pub(crate) mod secret_set;
pub(crate) mod secret_strength;
pub(crate) mod secret_usage;
pub(crate) mod secrets;
pub(crate) mod store;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;

use crate::{
    accounts::{
        authz::{Actor, Denied, Permission, UseCaseError},
        security_log::{self, Action},
    },
    db::{DbError, Tx, ids},
    gateways::{Gateway, Mode},
    primitives::{
        base62,
        id::{AppId, CompanyId, ConnectionId},
        money::Currency,
        text_enum::{text_column, text_enum},
        time::Timestamp,
        vault::{Vault, VaultError},
    },
};
use activity::Activity;

/// Random characters of an endpoint id: 22 base62 characters carry 131 bits.
const ENDPOINT_RANDOM_CHARS: usize = 22;

/// The owner of a stored request: every row written for it has these ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConnectionScope {
    pub(crate) company: CompanyId,
    pub(crate) app: AppId,
    pub(crate) connection: ConnectionId,
    pub(crate) gateway: Gateway,
    pub(crate) mode: Mode,
}

/// One app at one gateway in one mode.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) company_id: CompanyId,
    pub(crate) app_id: AppId,
    pub(crate) gateway: Gateway,
    pub(crate) mode: Mode,
    pub(crate) currency: String,
    pub(crate) endpoint: String,
    pub(crate) is_enabled: bool,
    /// The state of its [`credentials`]; `None` if none are stored.
    pub(crate) keys_state: Option<ApiKeyState>,
    pub(crate) keys_at: Option<Timestamp>,
    pub(crate) webhook_done_by: Option<String>,
    pub(crate) webhook_done_at: Option<Timestamp>,
    pub(crate) integration_done_by: Option<String>,
    pub(crate) integration_done_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
}

impl Connection {
    pub(crate) const fn scope(&self) -> ConnectionScope {
        ConnectionScope {
            company: self.company_id,
            app: self.app_id,
            connection: self.id,
            gateway: self.gateway,
            mode: self.mode,
        }
    }

    /// Returns a new connection with no step done.
    fn new(id: ConnectionId, new: &NewConnection, now: Timestamp) -> Self {
        Self {
            id,
            company_id: new.company,
            app_id: new.app,
            gateway: new.gateway,
            mode: new.mode,
            currency: new.currency.to_string(),
            endpoint: format!("wh_{}", base62::random(ENDPOINT_RANDOM_CHARS)),
            is_enabled: true,
            keys_state: None,
            keys_at: None,
            webhook_done_by: None,
            webhook_done_at: None,
            integration_done_by: None,
            integration_done_at: None,
            created_at: now,
        }
    }
}

text_enum! {
    /// The state of stored API keys.
    pub(crate) enum ApiKeyState, "the state of API keys" {
        /// The gateway could not be reached to check them.
        Unchecked = "unchecked",
        Accepted = "accepted",
    }
}
text_column!(ApiKeyState, ApiKeyState::as_str);

/// One of the four set-up steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Credentials,
    Webhook,
    Integration,
    Security,
}

impl Step {
    pub(crate) const ALL: [Self; 4] = [Self::Credentials, Self::Webhook, Self::Integration, Self::Security];

    /// True if nothing is missing without it.
    pub(crate) const fn is_optional(self) -> bool {
        matches!(self, Self::Security)
    }

    /// Returns the steps of a gateway: one without API keys has no credentials.
    pub(crate) fn of(gateway: Gateway) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |step| *step != Self::Credentials || gateway.profile().api_keys.is_some())
    }
}

/// The set-up progress of one connection.
pub(crate) struct SetupProgress<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) activity: &'a Activity,
    /// The app's domain.
    pub(crate) domain: Option<&'a str>,
    /// Whether the app is enabled.
    pub(crate) is_app_enabled: bool,
}

impl SetupProgress<'_> {
    /// Whether the step is done.
    pub(crate) fn is_done(&self, step: Step) -> bool {
        match step {
            Step::Credentials => self.connection.keys_state == Some(ApiKeyState::Accepted),
            Step::Webhook => self.connection.webhook_done_at.is_some(),
            Step::Integration => self.connection.integration_done_at.is_some(),
            Step::Security => self.domain.is_some(),
        }
    }

    /// Returns the step to work on: the webhook until it is verified and whenever it needs attention, else the first step
    /// that is needed and not done.
    pub(crate) fn current_step(&self, now: Timestamp) -> Step {
        match self.state(now) {
            ConnectionState::Verified => {
                let is_open = |step: &Step| !step.is_optional() && !self.is_done(*step);
                Step::of(self.connection.gateway).find(is_open).unwrap_or(Step::Webhook)
            }
            _ => Step::Webhook,
        }
    }

    /// Derives the state from the activity: the first that applies.
    pub(crate) fn state(&self, now: Timestamp) -> ConnectionState {
        if !self.is_app_enabled || !self.connection.is_enabled {
            ConnectionState::Off
        } else if self.activity.first_verified_at.is_some() {
            self.verified_state(now)
        } else if self.connection.webhook_done_at.is_some() {
            ConnectionState::Pending
        } else {
            ConnectionState::NotStarted
        }
    }

    /// Derives the state once an event has been verified. Anyone who knows the URL can have requests rejected, so unproven
    /// ones are considered only while events are overdue.
    fn verified_state(&self, now: Timestamp) -> ConnectionState {
        let is_overdue = baseline::silence(self.activity, now).is_some();
        match (self.activity.failing_since, self.activity.rejected_since) {
            (Some(_), _) => ConnectionState::Failing,
            (None, Some(_)) if is_overdue => ConnectionState::Failing,
            (None, None) if is_overdue => ConnectionState::Silent,
            (None, _) => ConnectionState::Verified,
        }
    }
}

/// The state of a connection's webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ConnectionState {
    // Worst first, as lists sort them.
    /// Requests proven to be this connection's are rejected; or events are overdue while requests are rejected, in which case
    /// alerts and lists treat it as [`Self::Silent`].
    Failing,
    /// Has verified events, but none for longer than the silence threshold.
    Silent,
    Pending,
    NotStarted,
    Verified,
    /// The app or the connection is disabled: every request is rejected.
    Off,
}

impl ConnectionState {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::NotStarted => "Not started",
            Self::Pending => "Pending verification",
            Self::Verified => "Verified",
            Self::Failing => "Failing",
            Self::Silent => "Silent",
            Self::Off => "Off",
        }
    }
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// A connection to create.
pub(crate) struct NewConnection {
    pub(crate) company: CompanyId,
    pub(crate) app: AppId,
    pub(crate) gateway: Gateway,
    pub(crate) mode: Mode,
    pub(crate) currency: Currency,
}

/// Why a connection could not be created or a secret could not be stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("this server's master key is another than the one the database was sealed with")]
    WrongMasterKey,
    /// See [`secrets::MAX_VALID_SECRETS`].
    #[error(
        "{} secrets are already valid here: retire some that are no longer used, on the Webhook page",
        secrets::MAX_VALID_SECRETS
    )]
    TooManySecrets,
}

/// Creates a connection with its endpoint and its first secret. It accepts events as soon as this is
/// committed. If the gateway generates the secret, there is none yet: requests get 503 until it is entered.
///
/// # Errors
/// [`DbError::NotUnique`] when the app has one at that gateway in that mode.
pub(crate) async fn create(
    tx: &mut Tx,
    vault: &Vault,
    new: &NewConnection,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<Connection, ConnectError> {
    actor.require(Permission::ManageConnections, new.company)?;
    let connection = Connection::new(ids::next(tx).await?, new, now);
    secrets::bind_master_key(tx, vault).await?;
    store::insert(tx, &connection).await?;
    activity::insert(tx, connection.id).await?;
    if !connection.gateway.generates_secret() {
        secrets::insert_active(tx, vault, &connection, actor.name, now).await?;
    }
    security_log::append(tx, actor, Action::ConnectionAdded, connection.id, now).await?;
    Ok(connection)
}

/// Enables or disables a connection.
pub(crate) async fn set_enabled(
    tx: &mut Tx,
    connection: &Connection,
    is_enabled: bool,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageConnections, connection.company_id)?;
    store::update_enabled(tx, connection.id, is_enabled).await?;
    let action = if is_enabled { Action::ConnectionEnabled } else { Action::ConnectionDisabled };
    Ok(security_log::append(tx, actor, action, connection.id, now).await?)
}

/// A step that a user marks as done; the others are done once their data is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarkedStep {
    Webhook,
    Integration,
}

impl From<MarkedStep> for Step {
    fn from(step: MarkedStep) -> Self {
        match step {
            MarkedStep::Webhook => Self::Webhook,
            MarkedStep::Integration => Self::Integration,
        }
    }
}

/// Marks a step as done, or undoes that. Keeps the first name and time.
pub(crate) async fn set_step_done(
    tx: &mut Tx,
    connection: &Connection,
    (step, is_done): (MarkedStep, bool),
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<(), UseCaseError> {
    actor.require(Permission::ManageConnections, connection.company_id)?;
    let id = connection.id;
    match (step, is_done) {
        (MarkedStep::Webhook, true) => store::complete_webhook(tx, id, actor.name, now).await?,
        (MarkedStep::Webhook, false) => store::reopen_webhook(tx, id).await?,
        (MarkedStep::Integration, true) => store::complete_integration(tx, id, actor.name, now).await?,
        (MarkedStep::Integration, false) => store::reopen_integration(tx, id).await?,
    }
    let action = if is_done { Action::StepCompleted } else { Action::StepReopened };
    Ok(security_log::append(tx, actor, action, id, now).await?)
}

/// Adds a gateway account to the expected ones, see [`activity::accept_account`]. Returns whether it was added; if not, the caller
/// rolls back.
pub(crate) async fn accept_account(
    tx: &mut Tx,
    connection: &Connection,
    account: &str,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<bool, UseCaseError> {
    actor.require(Permission::ManageConnections, connection.company_id)?;
    let is_added = activity::accept_account(tx, connection.id, account, now).await?;
    if is_added {
        security_log::append(tx, actor, Action::GatewayAccountAccepted, connection.id, now).await?;
    }
    Ok(is_added)
}
