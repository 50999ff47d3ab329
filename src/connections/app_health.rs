//! The company's apps with the health of their webhooks, for the list of KS Pay and the dashboard.
//!
//! Invariant: apps that need attention are listed first, then the newest.

use std::{cmp::Reverse, collections::HashMap, time::Duration};

use crate::{
    apps::{App, store},
    connections::{
        self, Connection, ConnectionState, SetupProgress,
        activity::{self, Activity},
    },
    db::{DbError, Reader},
    gateways::Mode,
    primitives::{
        email,
        id::{AppId, CompanyId, ConnectionId},
        text_input,
        time::Timestamp,
    },
};

/// Sort key of alerts: state, whether it is in Test mode, and since when.
type Urgency = (ConnectionState, bool, Option<Timestamp>);

/// A Test connection that has been silent for this long is considered unused.
const TEST_UNUSED_AFTER: Duration = Duration::from_hours(14 * 24);

const MAX_SEARCH_CHARS: usize = 200;

/// A connection of an app, with the state of its webhook.
pub(crate) struct Webhook {
    pub(crate) connection: Connection,
    pub(crate) activity: Activity,
    pub(crate) state: ConnectionState,
}

impl Webhook {
    /// Sort key among webhooks that need attention: failing before silent, Live before Test, then the longest.
    pub(crate) fn urgency(&self) -> Urgency {
        let since = self.activity.failing_since.or(self.activity.last_verified_at);
        (self.alert_state(), self.connection.mode == Mode::Test, since)
    }

    /// The state used for alerts and list order, which outsiders cannot influence: a webhook that fails without proof is
    /// treated as silent.
    pub(crate) fn alert_state(&self) -> ConnectionState {
        if self.state == ConnectionState::Failing && self.activity.failing_since.is_none() {
            ConnectionState::Silent
        } else {
            self.state
        }
    }

    /// True if the webhook needs attention now.
    pub(crate) fn needs_attention(&self, now: Timestamp) -> bool {
        let silent_for = self.activity.last_verified_at.map(|at| now.since(at)).unwrap_or_default();
        match self.alert_state() {
            ConnectionState::Failing => true,
            ConnectionState::Silent => self.connection.mode == Mode::Live || silent_for < TEST_UNUSED_AFTER,
            // Requests from the merchant's own gateway arrive, but none of them verifies.
            ConnectionState::Pending | ConnectionState::NotStarted => self.activity.failing_since.is_some(),
            ConnectionState::Verified | ConnectionState::Off => false,
        }
    }

    /// Sort key within an app: worst state first, then Live before Test.
    fn rank(&self) -> (bool, ConnectionState, bool) {
        (self.state == ConnectionState::Off, self.alert_state(), self.connection.mode == Mode::Test)
    }
}

/// An app with its webhooks, worst state first.
pub(crate) struct AppWithWebhooks {
    pub(crate) app: App,
    pub(crate) webhooks: Vec<Webhook>,
}

/// How urgently an app needs attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Attention {
    // In sort order: most urgent first.
    Now,
    Pending,
    Nothing,
}

impl AppWithWebhooks {
    /// Returns the enabled webhooks; disabled ones need no attention.
    fn live(&self) -> impl Iterator<Item = &Webhook> {
        self.webhooks.iter().filter(|webhook| self.app.is_enabled && webhook.connection.is_enabled)
    }

    /// Returns the app's urgency, with that of its most urgent webhook.
    fn urgency(&self, now: Timestamp) -> (Attention, Option<Urgency>) {
        let most = self.live().filter(|one| one.needs_attention(now)).map(Webhook::urgency).min();
        match most {
            Some(_) => (Attention::Now, most),
            None if self.live().any(|one| one.state == ConnectionState::Pending) => (Attention::Pending, None),
            None => (Attention::Nothing, None),
        }
    }
}

/// Returns the company's apps in the order of the list.
pub(crate) async fn list(reader: &mut Reader, company: CompanyId, now: Timestamp) -> Result<Vec<AppWithWebhooks>, DbError> {
    let apps = store::list(&mut *reader, company).await?;
    let connections = connections::store::list_of_company(&mut *reader, company).await?;
    let activity = activity::list_of_company(&mut *reader, company).await?;
    Ok(join(apps, connections, activity, now))
}

pub(super) fn join(
    apps: Vec<App>,
    connections: Vec<Connection>,
    activity: Vec<Activity>,
    now: Timestamp,
) -> Vec<AppWithWebhooks> {
    let enabled: HashMap<AppId, bool> = apps.iter().map(|app| (app.id, app.is_enabled)).collect();
    let mut seen: HashMap<ConnectionId, Activity> = activity.into_iter().map(|one| (one.connection_id, one)).collect();
    let mut webhooks: HashMap<AppId, Vec<Webhook>> = HashMap::new();
    for connection in connections {
        // A connection without activity was created between the two reads: the next request shows it.
        let Some(activity) = seen.remove(&connection.id) else { continue };
        let is_app_enabled = enabled.get(&connection.app_id).copied().unwrap_or_default();
        let state = SetupProgress { connection: &connection, activity: &activity, domain: None, is_app_enabled }.state(now);
        webhooks.entry(connection.app_id).or_default().push(Webhook { connection, activity, state });
    }
    let listed = |app: App| {
        let mut webhooks = webhooks.remove(&app.id).unwrap_or_default();
        webhooks.sort_by_key(Webhook::rank);
        AppWithWebhooks { app, webhooks }
    };
    let mut all: Vec<AppWithWebhooks> = apps.into_iter().map(listed).collect();
    all.sort_by_key(|listed| (listed.urgency(now), Reverse(listed.app.id)));
    all
}

/// Returns every webhook that fails or is silent, most urgent first.
pub(crate) fn list_needing_attention(all: &[AppWithWebhooks], now: Timestamp) -> Vec<(&App, &Webhook)> {
    let mut found: Vec<_> = with_app(all).filter(|(_, webhook)| webhook.needs_attention(now)).collect();
    found.sort_by_key(|(_, webhook)| webhook.urgency());
    found
}

/// Returns every enabled webhook with its app.
fn with_app(all: &[AppWithWebhooks]) -> impl Iterator<Item = (&App, &Webhook)> {
    all.iter().flat_map(|listed| listed.live().map(move |webhook| (&listed.app, webhook)))
}

/// Returns every webhook that receives events of another gateway account.
pub(crate) fn mixed_up(all: &[AppWithWebhooks]) -> Vec<(&App, &Webhook)> {
    with_app(all).filter(|(_, webhook)| webhook.activity.other_account.is_some()).collect()
}

/// Returns what is disabled: whole apps, or single webhooks of enabled apps.
pub(crate) fn disabled(all: &[AppWithWebhooks]) -> Vec<(&App, Option<&Webhook>)> {
    let mut off = Vec::new();
    for AppWithWebhooks { app, webhooks } in all {
        if app.is_enabled {
            off.extend(webhooks.iter().filter(|webhook| !webhook.connection.is_enabled).map(|webhook| (app, Some(webhook))));
        } else {
            off.push((app, None));
        }
    }
    off
}

/// Returns when an event was last verified at any webhook.
pub(crate) fn last_verified(all: &[AppWithWebhooks]) -> Option<Timestamp> {
    all.iter().flat_map(|listed| &listed.webhooks).filter_map(|webhook| webhook.activity.last_verified_at).max()
}

/// True if a search text is short enough and has no control characters.
pub(crate) fn is_searchable(search: &str) -> bool {
    search.chars().count() <= MAX_SEARCH_CHARS && !search.chars().any(char::is_control)
}

/// True if name, email or App ID contains the search text, ignoring case. An empty search matches every app.
pub(crate) fn matches(app: &App, search: &str) -> bool {
    let needle = text_input::normalized(search.trim()).to_lowercase();
    [app.name.as_str(), &app.email, &email::to_unicode(&app.email), &app.id.to_string()]
        .into_iter()
        .any(|text| text_input::normalized(text).to_lowercase().contains(&needle))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{connections::baseline::tests::Shop, gateways::Gateway};

    const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);

    pub(crate) fn app(name: &str) -> App {
        App {
            id: AppId::unique(),
            company_id: CompanyId::unique(),
            name: name.to_owned(),
            email: "Shop@neemtree.example".to_owned(),
            country: "IN".to_owned(),
            address: None,
            phone: None,
            state: None,
            city: None,
            postal_code: None,
            domain: None,
            zone: crate::primitives::zone::Zone::default(),
            next_zone: None,
            is_enabled: true,
        }
    }

    pub(crate) fn webhook(app: &App, mode: Mode, state: ConnectionState) -> Webhook {
        let id = ConnectionId::unique();
        let at = |is_so: bool| is_so.then_some(NOW);
        let connection = Connection {
            id,
            company_id: app.company_id,
            app_id: app.id,
            gateway: Gateway::RAZORPAY,
            mode,
            currency: "INR".to_owned(),
            endpoint: "wh_".to_owned(),
            is_enabled: true,
            keys_state: None,
            keys_at: None,
            webhook_done_by: None,
            webhook_done_at: at(state == ConnectionState::Pending),
            integration_done_by: None,
            integration_done_at: None,
            created_at: NOW,
        };
        let mut webhook = Webhook { connection, activity: Activity::default(), state };
        webhook.activity.connection_id = id;
        webhook.activity.first_verified_at = at(matches!(state, ConnectionState::Verified | ConnectionState::Failing));
        webhook.activity.last_verified_at = at(state == ConnectionState::Verified);
        webhook.activity.failing_count = i64::from(state == ConnectionState::Failing);
        webhook.activity.failing_since = at(state == ConnectionState::Failing);
        webhook
    }

    fn names(all: &[AppWithWebhooks]) -> Vec<&str> {
        all.iter().map(|listed| listed.app.name.as_str()).collect()
    }

    fn listed(apps: Vec<(App, Vec<Webhook>)>) -> Vec<AppWithWebhooks> {
        let (mut all, mut connections, mut activity) = (Vec::new(), Vec::new(), Vec::new());
        for (app, webhooks) in apps {
            all.push(app);
            for webhook in webhooks {
                connections.push(webhook.connection);
                activity.push(webhook.activity);
            }
        }
        join(all, connections, activity, NOW)
    }

    #[test]
    fn apps_that_need_attention_are_listed_first_then_the_newest() {
        let [old, broken, waiting, mut off, new] = ["old", "broken", "waiting", "off", "new"].map(app);
        off.is_enabled = false;
        let hooks = |app: &App, mode, state| vec![webhook(app, mode, state)];
        let all = listed(vec![
            (old.clone(), hooks(&old, Mode::Live, ConnectionState::Verified)),
            (
                broken.clone(),
                vec![
                    webhook(&broken, Mode::Test, ConnectionState::Verified),
                    webhook(&broken, Mode::Live, ConnectionState::Failing),
                ],
            ),
            (waiting.clone(), hooks(&waiting, Mode::Test, ConnectionState::Pending)),
            (off.clone(), hooks(&off, Mode::Live, ConnectionState::Failing)),
            (new, Vec::new()),
        ]);
        assert_eq!(names(&all), ["broken", "waiting", "new", "off", "old"]);
        assert_eq!(all[0].webhooks[0].connection.mode, Mode::Live);
        assert_eq!(list_needing_attention(&all, NOW).len(), 1);
        assert_eq!(last_verified(&all), Some(NOW));
        let off: Vec<_> = disabled(&all).into_iter().map(|(app, webhook)| (app.name.as_str(), webhook.is_some())).collect();
        assert_eq!(off, [("off", false)]);
    }

    /// A webhook with one payment an hour, the last of them this many days ago.
    fn silent(app: &App, mode: Mode, days: u64) -> Webhook {
        let mut shop = Shop::new();
        (1..=300).rev().for_each(|hours| shop.pay(NOW.minus(Duration::from_hours(24 * days + hours))));
        let mut webhook = webhook(app, mode, ConnectionState::Silent);
        webhook.activity = shop.activity;
        webhook.activity.connection_id = webhook.connection.id;
        webhook
    }

    #[test]
    fn what_fails_stands_before_what_is_silent_and_real_money_before_play_money() {
        let apps = ["play", "real", "broken", "tested once"].map(app);
        let [play, real, broken, tested] = &apps;
        let all = listed(vec![
            (play.clone(), vec![silent(play, Mode::Test, 3)]),
            (real.clone(), vec![silent(real, Mode::Live, 30)]),
            (broken.clone(), vec![silent(broken, Mode::Live, 60), webhook(broken, Mode::Test, ConnectionState::Failing)]),
            (tested.clone(), vec![silent(tested, Mode::Test, 30)]),
        ]);
        assert_eq!(names(&all), ["broken", "real", "play", "tested once"]);
        let named = |(app, webhook): (&App, &Webhook)| format!("{} {} {}", app.name, webhook.connection.mode, webhook.state);
        let needs: Vec<String> = list_needing_attention(&all, NOW).into_iter().map(named).collect();
        assert_eq!(needs, ["broken test Failing", "broken live Silent", "real live Silent", "play test Silent"]);
        assert!(all[3].webhooks[0].state == ConnectionState::Silent, "a silent state needs no attention");
    }

    #[test]
    fn a_search_knows_no_capitals_in_any_script() {
        let mut app = app("ÉTOILE नीम Store");
        for hit in ["", "étoile", " नीम ", "STORE", "shop@NEEM", &app.id.to_string()] {
            assert!(matches(&app, hit), "{hit}");
        }
        app.name = "पे\u{921}\u{93c}".to_owned();
        assert!(matches(&app, "पे\u{95c}"), "one code point or two");
        assert!(is_searchable("") && is_searchable(&"नी".repeat(100)));
        assert!(!is_searchable("a\0") && !is_searchable(&"a".repeat(201)));
        app.name = "Kolam".to_owned();
        assert!(!matches(&app, "étoile"));
    }
}
