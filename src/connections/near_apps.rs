//! What the frame of an app's pages shows of its company: the app and a few others, each with the state of its webhooks.
//!
//! Invariant: webhooks are read of at most [`NEAR_APPS`] apps, however many the company has.

use super::{
    activity,
    app_health::{AppWithWebhooks, Webhook, join},
    store,
};
use crate::{
    apps::{self, App},
    db::{DbError, Reader},
    gateways::Mode,
    primitives::{id::AppId, time::Timestamp},
};

/// The maximum number of apps with their webhooks.
pub(crate) const NEAR_APPS: usize = 8;
/// The maximum number of apps of which only the name is needed.
pub(crate) const NAMED_APPS: usize = 50;
// One more is read, which shows that there are more.
const _: () = assert!(NAMED_APPS < apps::store::MAX_NEAR_APPS);

/// An app of a page, and others of its company.
pub(crate) struct NearApps {
    /// The app, and a few others: those that need attention first, then the newest.
    pub(crate) listed: Vec<AppWithWebhooks>,
    /// The app, and others in the order of their names, if they were asked for.
    pub(crate) named: Vec<App>,
    /// True if the company has apps that are not among them.
    pub(crate) has_more: bool,
    pub(crate) now: Timestamp,
}

impl NearApps {
    /// Returns those of a page of no app.
    pub(crate) const fn none(now: Timestamp) -> Self {
        Self { listed: Vec::new(), named: Vec::new(), has_more: false, now }
    }

    /// Reads the app, the others that were visited last, and the newest; with `is_named`, also the names of more.
    pub(crate) async fn read(
        reader: &mut Reader,
        app: &App,
        visited: impl Iterator<Item = AppId>,
        (is_named, now): (bool, Timestamp),
    ) -> Result<Self, DbError> {
        let mut others = visited.filter(|other| *other != app.id).fuse();
        let mut other = || others.next().unwrap_or(AppId::least());
        let first = [app.id, other(), other()];
        let most = if is_named { NAMED_APPS } else { NEAR_APPS };
        let limit = i64::try_from(most + 1).unwrap_or(i64::MAX);
        let mut named = apps::store::list_near(&mut *reader, app.company_id, first, limit).await?;
        let has_more = named.len() > most;
        named.truncate(most);
        let near: Vec<App> = named.iter().take(NEAR_APPS).cloned().collect();
        let mut ids = [AppId::least(); NEAR_APPS];
        ids.iter_mut().zip(&near).for_each(|(id, app)| *id = app.id);
        let connections = store::list_of_apps(&mut *reader, app.company_id, ids).await?;
        let activity = activity::list_of_apps(&mut *reader, ids).await?;
        if is_named {
            named.sort_by_cached_key(|app| app.name.to_lowercase());
        } else {
            named.clear();
        }
        Ok(Self { listed: join(near, connections, activity, now), named, has_more, now })
    }

    /// Returns the webhooks of an app that was read, the worst first.
    pub(crate) fn webhooks(&self, app: AppId) -> &[Webhook] {
        self.listed.iter().find(|listed| listed.app.id == app).map_or(&[], |listed| &listed.webhooks)
    }

    /// Returns the app's webhooks in a mode, the worst first.
    pub(crate) fn webhooks_in(&self, app: AppId, mode: Mode) -> impl Iterator<Item = &Webhook> {
        self.webhooks(app).iter().filter(move |webhook| webhook.connection.mode == mode)
    }

    /// True if a webhook of the app in that mode needs attention.
    pub(crate) fn needs_attention(&self, app: AppId, mode: Mode) -> bool {
        self.webhooks_in(app, mode).any(|webhook| webhook.needs_attention(self.now))
    }

    /// Returns the mode to show where none was chosen: the only connected one; else the one that needs attention; else live once
    /// it is verified; else test.
    pub(crate) fn proposed_mode(&self, app: AppId) -> Mode {
        let has = |mode| self.webhooks_in(app, mode).next().is_some();
        match (has(Mode::Test), has(Mode::Live)) {
            (_, false) => return Mode::Test,
            (false, true) => return Mode::Live,
            (true, true) => {}
        }
        match (self.needs_attention(app, Mode::Test), self.needs_attention(app, Mode::Live)) {
            (true, false) => Mode::Test,
            (false, true) => Mode::Live,
            _ if self.webhooks_in(app, Mode::Live).any(|webhook| webhook.activity.first_verified_at.is_some()) => Mode::Live,
            _ => Mode::Test,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::ConnectionState;
    use crate::connections::app_health::tests::{app, webhook};

    const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);

    fn proposed(known: &[(Mode, ConnectionState)]) -> Mode {
        let app = app("Neem Tree Store");
        let webhooks = known.iter().map(|(mode, state)| webhook(&app, *mode, *state)).collect();
        let id = app.id;
        let near = NearApps { listed: vec![AppWithWebhooks { app, webhooks }], ..NearApps::none(NOW) };
        near.proposed_mode(id)
    }

    #[test]
    fn the_only_connected_mode_is_shown_whatever_its_state() {
        assert_eq!(proposed(&[]), Mode::Test);
        for state in [ConnectionState::NotStarted, ConnectionState::Pending, ConnectionState::Verified, ConnectionState::Failing]
        {
            assert_eq!(proposed(&[(Mode::Test, state)]), Mode::Test, "{state}");
            assert_eq!(proposed(&[(Mode::Live, state)]), Mode::Live, "{state}");
            assert_eq!(proposed(&[(Mode::Live, state), (Mode::Live, ConnectionState::NotStarted)]), Mode::Live, "{state}");
        }
    }

    #[test]
    fn of_two_modes_the_one_that_needs_attention_is_shown_then_live_once_it_is_verified() {
        let of = |test, live| proposed(&[(Mode::Test, test), (Mode::Live, live)]);
        assert_eq!(of(ConnectionState::Verified, ConnectionState::Failing), Mode::Live);
        assert_eq!(of(ConnectionState::Failing, ConnectionState::Verified), Mode::Test);
        assert_eq!(of(ConnectionState::Verified, ConnectionState::Verified), Mode::Live);
        assert_eq!(of(ConnectionState::Verified, ConnectionState::Pending), Mode::Test);
        assert_eq!(of(ConnectionState::NotStarted, ConnectionState::NotStarted), Mode::Test);
        assert_eq!(of(ConnectionState::NotStarted, ConnectionState::Verified), Mode::Live);
    }

    #[test]
    fn a_connection_that_is_disabled_needs_no_attention() {
        assert_eq!(proposed(&[(Mode::Test, ConnectionState::Off), (Mode::Live, ConnectionState::Verified)]), Mode::Live);
    }
}
