//! The one mode that App Overview, transactions, events and rejections show, with the app's connections in it; and what the
//! three lists begin with and their layout.

use crate::{
    apps::App,
    connections::{Connection, activity::Activity, app_health::Webhook, checklist::Checklist},
    console::http::{
        error::AppError,
        layout::{AppEntry, Layout},
        list_query::{ListContext, ListQuery},
        page::RequestContext,
    },
    gateways::{Gateway, Mode},
    i18n::Text,
    messages::{self, OffConnection, OtherMode},
    primitives::id::ConnectionId,
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
    /// How far the app is, with its connections in both modes.
    pub(crate) checklist: Checklist,
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

    pub(crate) fn list_layout(self, page: &RequestContext, app: &App, (title, list): (Text, &ListQuery)) -> Layout {
        let path = list.path();
        let layout = page.layout(title).app(app, AppEntry::of(path), Some(self.mode)).in_mode(path, self.mode);
        layout.notices(self.other, self.off).below_app(app)
    }
}

/// Returns the app of a list, the mode that was chosen in its address or else before, and the context of its query.
pub(crate) async fn open_list(
    page: &RequestContext,
    app: &str,
    mode: &str,
) -> Result<(App, ModeSelection, ListContext), AppError> {
    let app = page.app(app).await?;
    let shown = shown(page, &app, page.chosen_mode(app.id, mode)?);
    let context = ListContext::new(&app, shown.mode, page.now);
    Ok((app, shown, context))
}

/// Returns the chosen mode of the page's app, or the one to propose, from what was read for the frame of the page.
pub(crate) fn shown(page: &RequestContext, app: &App, chosen: Option<Mode>) -> ModeSelection {
    let near = page.near_apps();
    let mode = chosen.unwrap_or_else(|| near.proposed_mode(app.id));
    let mut in_need: Vec<&Webhook> =
        near.webhooks_in(app.id, mode.other()).filter(|webhook| webhook.needs_attention(page.now)).collect();
    in_need.sort_by_key(|webhook| webhook.urgency());
    let other = messages::other_mode(app, &in_need, page.now);
    let own = || near.webhooks_in(app.id, mode);
    let off = own().filter_map(|webhook| messages::off_connection(app, &webhook.connection)).collect();
    let connections = own().map(|webhook| (webhook.connection.clone(), webhook.activity.clone())).collect();
    ModeSelection { mode, connections, other, off, checklist: Checklist::of(near.webhooks(app.id)) }
}
