//! Selects the one mode that App Overview, transactions, events and rejections show.

use crate::{
    apps::App,
    connections::{
        Connection, SetupProgress,
        activity::{self, Activity},
        app_health::Webhook,
        store,
    },
    db::{DbError, Reader},
    gateways::{Gateway, Mode},
    messages::{self, OffConnection, OtherMode},
    primitives::{id::ConnectionId, time::Timestamp},
};

/// The mode to show, and the app's connections in it with their activity.
pub(crate) struct ModeSelection {
    pub(crate) mode: Mode,
    /// The connections of the mode.
    pub(crate) connections: Vec<(Connection, Activity)>,
    /// What needs attention in the other mode.
    pub(crate) other: Option<OtherMode>,
    /// The disabled connections of the mode.
    pub(crate) off: Vec<OffConnection>,
}

impl ModeSelection {
    /// Returns the ids of the mode's connections.
    pub(crate) fn connection_ids(&self) -> Vec<ConnectionId> {
        self.connections.iter().map(|(connection, _)| connection.id).collect()
    }

    /// Returns the gateways of the mode's connections.
    pub(crate) fn gateways(&self) -> Vec<Gateway> {
        self.connections.iter().map(|(connection, _)| connection.gateway).collect()
    }

    /// Returns the gateway of the mode's first connection.
    pub(crate) fn gateway(&self) -> Option<Gateway> {
        self.connections.first().map(|(connection, _)| connection.gateway)
    }
}

/// Returns the chosen mode, or the one that [`select_mode`] returns.
pub(crate) async fn shown(
    reader: &mut Reader,
    app: &App,
    chosen: Option<Mode>,
    now: Timestamp,
) -> Result<ModeSelection, DbError> {
    let connections = store::list_of_app(&mut *reader, app.company_id, app.id).await?;
    let seen = activity::list_of_app(&mut *reader, app.id).await?;
    let webhook = |connection: Connection| {
        let activity = seen.iter().find(|activity| activity.connection_id == connection.id)?.clone();
        let state = SetupProgress { connection: &connection, activity: &activity, domain: None, is_app_enabled: app.is_enabled }
            .state(now);
        Some(Webhook { connection, activity, state })
    };
    let webhooks: Vec<Webhook> = connections.into_iter().filter_map(webhook).collect();
    let mode = chosen.unwrap_or_else(|| select_mode(&webhooks, now));
    let (own, others): (Vec<_>, Vec<_>) = webhooks.into_iter().partition(|webhook| webhook.connection.mode == mode);
    let mut in_need: Vec<&Webhook> = others.iter().filter(|webhook| webhook.needs_attention(now)).collect();
    in_need.sort_by_key(|webhook| webhook.urgency());
    let other = messages::other_mode(app, &in_need, now);
    let off = own.iter().filter_map(|webhook| messages::off_connection(app, &webhook.connection)).collect();
    Ok(ModeSelection { mode, connections: own.into_iter().map(|one| (one.connection, one.activity)).collect(), other, off })
}

/// Returns the only connected mode; else the one that needs attention; else live once it is verified; else test.
fn select_mode(webhooks: &[Webhook], now: Timestamp) -> Mode {
    let of = |mode| webhooks.iter().filter(move |webhook| webhook.connection.mode == mode);
    let has = |mode| of(mode).next().is_some();
    match (has(Mode::Test), has(Mode::Live)) {
        (_, false) => return Mode::Test,
        (false, true) => return Mode::Live,
        (true, true) => {}
    }
    let is_in_need = |mode| of(mode).any(|webhook| webhook.needs_attention(now));
    match (is_in_need(Mode::Test), is_in_need(Mode::Live)) {
        (true, false) => Mode::Test,
        (false, true) => Mode::Live,
        _ if of(Mode::Live).any(|webhook| webhook.activity.first_verified_at.is_some()) => Mode::Live,
        _ => Mode::Test,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::ConnectionState;
    use crate::connections::app_health::tests::{app, webhook};

    const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);

    fn select(known: &[(Mode, ConnectionState)]) -> Mode {
        let app = app("Neem Tree Store");
        let webhooks: Vec<Webhook> = known.iter().map(|(mode, state)| webhook(&app, *mode, *state)).collect();
        select_mode(&webhooks, NOW)
    }

    #[test]
    fn the_only_connected_mode_is_shown_whatever_its_state() {
        assert_eq!(select(&[]), Mode::Test);
        for state in [ConnectionState::NotStarted, ConnectionState::Pending, ConnectionState::Verified, ConnectionState::Failing]
        {
            assert_eq!(select(&[(Mode::Test, state)]), Mode::Test, "{state}");
            assert_eq!(select(&[(Mode::Live, state)]), Mode::Live, "{state}");
            assert_eq!(select(&[(Mode::Live, state), (Mode::Live, ConnectionState::NotStarted)]), Mode::Live, "{state}");
        }
    }

    #[test]
    fn of_two_modes_the_one_that_needs_attention_is_shown_then_live_once_it_is_verified() {
        let of = |test, live| select(&[(Mode::Test, test), (Mode::Live, live)]);
        assert_eq!(of(ConnectionState::Verified, ConnectionState::Failing), Mode::Live);
        assert_eq!(of(ConnectionState::Failing, ConnectionState::Verified), Mode::Test);
        assert_eq!(of(ConnectionState::Verified, ConnectionState::Verified), Mode::Live);
        assert_eq!(of(ConnectionState::Verified, ConnectionState::Pending), Mode::Test);
        assert_eq!(of(ConnectionState::NotStarted, ConnectionState::NotStarted), Mode::Test);
        assert_eq!(of(ConnectionState::NotStarted, ConnectionState::Verified), Mode::Live);
    }

    #[test]
    fn a_connection_that_is_switched_off_needs_no_attention() {
        let app = app("Neem Tree Store");
        let off = webhook(&app, Mode::Test, ConnectionState::Off);
        assert_eq!(select_mode(&[off, webhook(&app, Mode::Live, ConnectionState::Verified)], NOW), Mode::Live);
    }
}
