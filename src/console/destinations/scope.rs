//! The part that all pages of a destination share: the user, the app and the destination.
//!
//! Invariant: every page of a destination opens it through [`Found::open`], so that none can omit the access check.

use crate::{
    apps::App,
    connections::{self, Connection},
    console::http::{
        confirmation::{self, Action, SensitiveAction},
        error::AppError,
        layout::{AppEntry, Layout},
        page::RequestContext,
    },
    db::Reader,
    deliveries::{destination::Destination, manage},
    gateways::{Gateway, Mode},
    i18n::{Text, isolate},
    messages::text::destinations as t,
    urls,
};

/// `{app}/{destination}` of a path.
pub(crate) type DestinationPath = actix_web::web::Path<(String, String)>;

/// A destination of the user's company.
pub(super) struct Found {
    pub(super) page: RequestContext,
    pub(super) app: App,
    pub(super) destination: Destination,
}

impl Found {
    /// Opens a destination of the user's company; any other is not found.
    pub(super) async fn open(page: RequestContext, (app, destination): (&str, &str)) -> Result<Self, AppError> {
        let app = page.app(app).await?;
        let id = destination.parse().map_err(|_| AppError::NotFound)?;
        let mut reader = page.state.db.page_reader().await?;
        let destination = manage::find(&mut reader, &app, id, &page.actor()).await?;
        drop(reader);
        Ok(Self { page, app, destination })
    }

    pub(super) fn url(&self) -> String {
        urls::destination(self.app.id, self.destination.id)
    }

    pub(super) fn name(&self) -> &str {
        &self.destination.settings.name
    }

    /// Allows a sensitive action, or asks for the password first.
    pub(super) async fn confirm(&self, action: &Action, what: Text) -> Result<(), AppError> {
        let layout = || self.layout_below(confirmation::TITLE);
        confirmation::require(&self.page, action, SensitiveAction { what, back: self.url(), layout }).await
    }

    /// Returns the layout of the destination's page.
    pub(super) fn layout(&self, title: impl Into<Text>) -> Layout {
        layout(&self.page, &self.app, (self.destination.mode, Some(self.url())), title)
    }

    /// Returns the layout of a page below it.
    pub(super) fn layout_below(&self, title: impl Into<Text>) -> Layout {
        self.layout(title).crumb(Text::verbatim(isolate(self.name())), self.url())
    }

    /// Returns the gateway of its connection, if it has one.
    pub(super) async fn gateway(&self, reader: &mut Reader) -> Result<Option<Gateway>, AppError> {
        let Some(id) = self.destination.settings.connection_id else { return Ok(None) };
        let all = connections::store::list_of_app(reader, self.app.company_id, self.app.id).await?;
        Ok(all.into_iter().find(|connection| connection.id == id).map(|connection| connection.gateway))
    }
}

/// Returns the layout of a page below the list of destinations of a mode, which in the other mode is that list; `own` is the URL of
/// the page, if it has one in this mode only.
pub(super) fn layout(page: &RequestContext, app: &App, (mode, own): (Mode, Option<String>), title: impl Into<Text>) -> Layout {
    page.remember_mode(app.id, mode);
    let list = |mode| urls::in_mode(&urls::destinations(app.id), mode);
    let own = own.unwrap_or_else(|| list(mode));
    let (test, live) = match mode {
        Mode::Test => (own, list(Mode::Live)),
        Mode::Live => (list(Mode::Test), own),
    };
    let layout = page.layout(title).app(app, AppEntry::Destinations, Some(mode)).with_mode_urls(mode, test, live);
    layout.below_app(app).crumb(t::title(), list(mode))
}

/// Returns the app's connections of a mode.
pub(super) async fn connections_in(reader: &mut Reader, app: &App, mode: Mode) -> Result<Vec<Connection>, AppError> {
    let mut all = connections::store::list_of_app(reader, app.company_id, app.id).await?;
    all.retain(|connection| connection.mode == mode);
    Ok(all)
}
