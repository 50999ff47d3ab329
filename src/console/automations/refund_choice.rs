//! Whether a rule can refund: only where a gateway refunds by its API, and the keys for it are stored.

use crate::{
    apps::App,
    connections::{Connection, Step, credentials},
    console::{
        http::{error::AppError, page::RequestContext},
        read_models::mode_selection::shown,
    },
    db::Reader,
    gateways::Mode,
    i18n::{Text, link},
    messages::{automatic_refunds, text::automations as t},
    refunds::automatic::{manage, settings::RefundSettings},
    urls,
};

/// Whether the rules of an app in a mode can refund.
pub(super) enum RefundChoice {
    /// No gateway of the app refunds by its API, or the user may not refund.
    Unavailable,
    /// The keys of this connection are missing.
    WithoutKeys(Box<Connection>),
    Offered(RefundSettings),
}

impl RefundChoice {
    pub(super) async fn read(reader: &mut Reader, page: &RequestContext, (app, mode): (&App, Mode)) -> Result<Self, AppError> {
        let Ok(settings) = manage::settings(&mut *reader, (app, mode), &page.actor()).await else { return Ok(Self::Unavailable) };
        let connections = shown(page, app, Some(mode)).connections.into_iter().map(|(connection, _)| connection);
        let mut without_keys = None;
        for connection in connections {
            let profile = connection.gateway.profile();
            let (Some(_), Some(keys)) = (&profile.refunds, &profile.api_keys) else { continue };
            let stored = credentials::store::list_of_connection(&mut *reader, connection.id).await?;
            if credentials::is_complete(&stored, keys) {
                return Ok(Self::Offered(settings));
            }
            without_keys.get_or_insert(connection);
        }
        Ok(without_keys.map_or(Self::Unavailable, |connection| Self::WithoutKeys(Box::new(connection))))
    }

    pub(super) const fn is_offered(&self) -> bool {
        matches!(self, Self::Offered(_))
    }

    /// Says what happens, or what is missing; `None` if a rule cannot refund at all.
    pub(super) fn note(&self, app: &App) -> Option<Text> {
        match self {
            Self::Unavailable => None,
            Self::WithoutKeys(connection) => {
                let keys = urls::step(app.id, connection.gateway, connection.mode, Step::Credentials);
                Some(t::refund_needs_keys(link(keys), connection.gateway.label()))
            }
            Self::Offered(settings) => Some(automatic_refunds::confirmed_by(settings)),
        }
    }
}
