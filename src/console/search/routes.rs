//! `GET /search`

use actix_web::{HttpResponse, web::Query};
use serde::Deserialize;

use super::{find, views};
use crate::{
    connections::app_health,
    console::http::{error::AppError, form::FieldError, page::RequestContext},
    messages::{
        self,
        text::{lists, search as t, shared},
    },
};

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    q: String,
    /// The app and the mode that the reader comes from.
    app: String,
    mode: String,
}

/// Renders the search.
pub(crate) async fn show(page: RequestContext, asked: Query<Asked>) -> Result<HttpResponse, AppError> {
    let app = if asked.app.is_empty() { None } else { Some(page.app(&asked.app).await?) };
    let mode = if app.is_some() { page.asked_mode(&asked.mode)? } else { None };
    let text = asked.q.trim();
    let layout = page.layout(shared::search());
    let layout = match &app {
        Some(app) => layout.app(app, None, mode).below_app(app),
        None => layout.console(None),
    };
    let mut view = views::Search::new(layout, &asked.q);
    if !app_health::is_searchable(&asked.q) {
        view.error = Some(FieldError::new("unsearchable", lists::no_search()));
        return page.unprocessable(&view);
    }
    if !text.is_empty()
        && let Err(wait) = page.state.searches.check(&page.signed_in.user.id)
    {
        view.error = Some(FieldError::new("too-many-searches", t::too_many(messages::access::seconds(wait))));
        return page.too_many(&view);
    }
    let mut reader = page.state.db.page_reader().await?;
    let found = find::find(&mut reader, &page.actor(), text).await?;
    drop(reader);
    view.fill(&found, app.as_ref(), (text, page.locale));
    page.ok(&view)
}
