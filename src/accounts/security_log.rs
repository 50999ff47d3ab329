//! The `security_log` table: who did what to which object, from where and when.
//!
//! Invariants: an entry is written in the unit of work of the action it describes, so neither exists without the other. Entries
//! are never changed or deleted; only failed sign-ins of an account within an hour share one entry with a count, so that a
//! stranger cannot fill the table. No entry contains a secret or a password.

use std::fmt::Display;

use super::{User, authz::Actor};
use crate::{
    db::{DbError, Tx, execute, ids, sql},
    primitives::{
        id::SecurityLogId,
        text_enum::{text_column, text_enum},
        time::Timestamp,
    },
};

const MILLIS_PER_HOUR: i64 = 3_600_000;

sql! {
    INSERT = "INSERT INTO security_log (id, company_id, at, user_id, actor, action, object, address, count) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)";
    ADD_FAILED = "INSERT INTO security_log (id, company_id, at, user_id, actor, action, object, address, count, hour) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9) \
                  ON CONFLICT (user_id, hour) WHERE hour IS NOT NULL DO UPDATE SET \
                  count = security_log.count + 1, at = excluded.at, address = excluded.address";
}

text_enum! {
    /// An action that the log records.
    pub(crate) enum Action, "an action of the security log" {
        InstallationSetUp = "installation_set_up",
        SignedIn = "signed_in",
        SignInFailed = "sign_in_failed",
        UserAdded = "user_added",
        PersonalInfoChanged = "personal_info_changed",
        PasswordChanged = "password_changed",
        PasswordResetRequested = "password_reset_requested",
        PasswordReset = "password_reset",
        OtherSessionsEnded = "other_sessions_ended",
        CompanyChanged = "company_changed",
        AppAdded = "app_added",
        AppChanged = "app_changed",
        AppEnabled = "app_enabled",
        AppDisabled = "app_disabled",
        ConnectionAdded = "connection_added",
        ConnectionEnabled = "connection_enabled",
        ConnectionDisabled = "connection_disabled",
        ApiKeysChanged = "api_keys_changed",
        StepCompleted = "step_completed",
        StepReopened = "step_reopened",
        GatewayAccountAccepted = "gateway_account_accepted",
        SecretRevealed = "secret_revealed",
        SecretRotated = "secret_rotated",
        SecretImported = "secret_imported",
        SecretAdopted = "secret_adopted",
        SecretRetired = "secret_retired",
        RequestsRecovered = "requests_recovered",
        PaymentsExported = "payments_exported",
        RefundRequested = "refund_requested",
        RefundSettingsChanged = "refund_settings_changed",
        EventBodyDownloaded = "event_body_downloaded",
        RequestBodyDownloaded = "request_body_downloaded",
        DestinationAdded = "destination_added",
        DestinationChanged = "destination_changed",
        DestinationPaused = "destination_paused",
        DestinationResumed = "destination_resumed",
        DestinationDeleted = "destination_deleted",
        DestinationTested = "destination_tested",
        DestinationSecretRevealed = "destination_secret_revealed",
        DestinationSecretRotated = "destination_secret_rotated",
        DeliveriesReplayed = "deliveries_replayed",
        DeliverySkipped = "delivery_skipped",
        TestEmailSent = "test_email_sent",
        TokenAdded = "token_added",
        TokenRemoved = "token_removed",
        ReplayCanceled = "replay_canceled",
        ChannelAdded = "channel_added",
        ChannelTested = "channel_tested",
        ChannelRemoved = "channel_removed",
        AlertsChanged = "alerts_changed",
        AlertsMuted = "alerts_muted",
        AlertsUnmuted = "alerts_unmuted",
        AlertAcknowledged = "alert_acknowledged",
        AlertTested = "alert_tested",
        AutomationAdded = "automation_added",
        AutomationChanged = "automation_changed",
        AutomationTurnedOn = "automation_turned_on",
        AutomationTurnedOff = "automation_turned_off",
        AutomationRemoved = "automation_removed",
        AutomationTested = "automation_tested",
        AutomationRunRequested = "automation_run_requested",
        AutomaticRefundConfirmed = "automatic_refund_confirmed",
        AutomaticRefundDeclined = "automatic_refund_declined",
    }
}
text_column!(Action, Action::as_str);

/// Appends an entry. `object` is the id of what the action was applied to, and may go on with what is public of it.
pub(crate) async fn append(
    tx: &mut Tx,
    actor: &Actor<'_>,
    action: Action,
    object: impl Display,
    now: Timestamp,
) -> Result<(), DbError> {
    let id: SecurityLogId = ids::next(tx).await?;
    execute!(
        tx,
        sqlx::query(INSERT)
            .bind(id)
            .bind(actor.company)
            .bind(now)
            .bind(actor.user)
            .bind(actor.name)
            .bind(action)
            .bind(object.to_string())
            .bind(actor.address.map(|address| address.to_string()))
    )?;
    Ok(())
}

/// Adds a failed sign-in to the entry of the account and the hour.
pub(crate) async fn add_failed_sign_in(tx: &mut Tx, user: &User, actor: &Actor<'_>, now: Timestamp) -> Result<(), DbError> {
    let id: SecurityLogId = ids::next(tx).await?;
    execute!(
        tx,
        sqlx::query(ADD_FAILED)
            .bind(id)
            .bind(user.company_id)
            .bind(now)
            .bind(user.id)
            .bind(actor.name)
            .bind(Action::SignInFailed)
            .bind(user.id.to_string())
            .bind(actor.address.map(|address| address.to_string()))
            .bind(now.millis() / MILLIS_PER_HOUR)
    )?;
    Ok(())
}
