//! The frame of an app's pages: the app switcher, the App ID select of the settings, and the health of the connections.

use super::layout::ModeSwitch;
use crate::{
    apps::App,
    connections::near_apps::NearApps,
    gateways::Mode,
    i18n::Text,
    messages::{
        self, Badge,
        text::{layout as t, time_zones},
    },
    primitives::id::AppId,
    urls,
};

/// The maximum number of connections whose health is shown.
const MAX_HEALTH: usize = 3;

/// An app in the switcher, with its worst state.
pub(crate) struct SwitchLink {
    pub(crate) url: String,
    pub(crate) name: String,
    /// The mode of the webhook whose state it is, and the state if it has no mark.
    pub(crate) note: Text,
    /// The state, if it needs attention.
    pub(crate) mark: Option<Badge>,
    pub(crate) is_current: bool,
}

/// The state of a connection of the page's mode.
pub(crate) struct HealthLink {
    pub(crate) url: String,
    pub(crate) label: Text,
    pub(crate) state: Badge,
}

/// An app in the App ID select.
pub(crate) struct AppOption {
    pub(crate) id: AppId,
    pub(crate) name: String,
    pub(crate) is_current: bool,
}

/// The App ID select on top of an app's settings.
pub(crate) struct SettingsChoice {
    /// The tab that stays.
    pub(crate) tab: &'static str,
    pub(crate) mode: Mode,
    pub(crate) apps: Vec<AppOption>,
    pub(crate) has_more: bool,
}

/// The app that a page belongs to.
pub(crate) struct ShellApp {
    pub(crate) id: AppId,
    pub(crate) name: String,
    /// URL that enables the app, if it is disabled.
    pub(crate) enable_url: Option<String>,
    pub(crate) switcher: Vec<SwitchLink>,
    pub(crate) health: Vec<HealthLink>,
    pub(crate) choice: Option<SettingsChoice>,
    /// Headline and reason of a change of the time zone that is not complete.
    pub(crate) zone_change: Option<(Text, Text)>,
}

impl ShellApp {
    /// Builds the frame of a page of the app at `path`, in a mode.
    pub(super) fn new(app: &App, mode: Mode, (path, near): (&str, &NearApps)) -> Self {
        Self {
            id: app.id,
            name: app.name.clone(),
            enable_url: (!app.is_enabled).then(|| urls::app_enabled(app.id)),
            switcher: switcher(app.id, mode, (path, near)),
            health: health(app, mode, near),
            choice: choice(app.id, mode, (path, near)),
            zone_change: None,
        }
    }

    /// Shows that the app's days are still those of its previous time zone.
    pub(super) fn with_zone_change(self, app: &App) -> Self {
        let texts = |next: crate::primitives::zone::Zone| {
            (time_zones::pending_headline(next.name()), time_zones::pending_reason(app.zone.name()))
        };
        Self { zone_change: app.next_zone.map(texts), ..self }
    }
}

fn switcher(current: AppId, mode: Mode, (path, near): (&str, &NearApps)) -> Vec<SwitchLink> {
    let link = |listed: &crate::connections::app_health::AppWithWebhooks| {
        let (state, of) = messages::app_state(listed);
        let is_marked = ["status-bad", "status-warn"].contains(&state.class);
        SwitchLink {
            url: urls::in_mode(&urls::same_page(path, listed.app.id), mode),
            name: listed.app.name.clone(),
            note: match of {
                Some(mode) if is_marked => messages::mode(mode).label,
                Some(mode) => t::state_in_mode(mode.label(), &state.label),
                None => state.label.clone(),
            },
            mark: is_marked.then_some(state),
            is_current: listed.app.id == current,
        }
    };
    near.listed.iter().map(link).collect()
}

fn health(app: &App, mode: Mode, near: &NearApps) -> Vec<HealthLink> {
    let link = |webhook: &crate::connections::app_health::Webhook| HealthLink {
        url: urls::activity(app.id, webhook.connection.gateway, mode),
        label: t::gateway_in_mode(webhook.connection.gateway.label(), mode.label()),
        state: messages::webhook_state(webhook.state, &webhook.activity),
    };
    let links: Vec<HealthLink> = near.webhooks_in(app.id, mode).take(MAX_HEALTH).map(link).collect();
    if !links.is_empty() {
        return links;
    }
    let url = urls::in_mode(&urls::connections(app.id), mode);
    vec![HealthLink { url, label: t::no_gateway_in_mode(mode.label()), state: messages::NOT_CONNECTED }]
}

fn choice(current: AppId, mode: Mode, (path, near): (&str, &NearApps)) -> Option<SettingsChoice> {
    let tab = urls::settings_tab(path)?;
    let option = |app: &App| AppOption { id: app.id, name: app.name.clone(), is_current: app.id == current };
    let apps = near.named.iter().map(option).collect();
    Some(SettingsChoice { tab, mode, apps, has_more: near.has_more })
}

/// Returns the switch of a page that shows no single mode: it stays on a tab of the settings, and leads from any other page to the
/// app's overview.
pub(super) fn switch_of_settings(app: AppId, current: Mode, path: &str) -> ModeSwitch {
    let page = urls::settings_tab(path).map_or_else(|| urls::app(app), |tab| urls::in_settings(app, tab));
    let url = |mode| urls::in_mode(&page, mode);
    ModeSwitch { current, test_url: url(Mode::Test), live_url: url(Mode::Live), needs_attention: None, is_of_page: false }
}
