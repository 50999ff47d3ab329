//! The pages of automations: the list with templates, the editor, a rule with its runs, and a run.

pub(crate) mod actions;
pub(crate) mod detail;
pub(crate) mod edit;
mod editor;
mod form;
pub(crate) mod index;
mod refund_choice;
pub(crate) mod refunds;
pub(crate) mod run;

use crate::{
    apps::App,
    automations::{
        Automation, Recipient,
        manage::{self, Known},
    },
    console::http::{
        error::AppError,
        layout::{AppEntry, Layout},
        page::RequestContext,
    },
    gateways::Mode,
    i18n::{Text, isolate},
    messages::text::automations as t,
    urls,
};

/// Returns how a page names a recipient.
fn recipient(known: &Known, to: Recipient) -> Text {
    match to {
        Recipient::Customer => t::customer(),
        Recipient::User(id) => {
            let user = known.users.iter().find(|user| user.id == id);
            user.map_or_else(t::gone, |user| t::user(isolate(&user.name)))
        }
        Recipient::Channel(id) => {
            let channel = known.channels.iter().find(|channel| channel.id == id);
            channel.map_or_else(t::gone, |channel| t::channel(isolate(&channel.name), channel.service.name()))
        }
        Recipient::Destination(id) => {
            let destination = known.destinations.iter().find(|destination| destination.id == id);
            destination.map_or_else(t::gone, |destination| t::destination(isolate(&destination.settings.name)))
        }
    }
}

/// Returns the recipients as one text.
fn recipients(known: &Known, to: &[Recipient]) -> Text {
    to.iter().map(|to| recipient(known, *to)).reduce(t::list_and).unwrap_or_default()
}

/// Finds an automation of the user's company; any other is not found.
async fn find(page: &RequestContext, (app, automation): (&str, &str)) -> Result<(App, Automation), AppError> {
    let app = page.app(app).await?;
    let id = automation.parse().map_err(|_| AppError::NotFound)?;
    let automation = manage::find(&mut page.state.db.page_reader().await?, &app, id, &page.actor()).await?;
    page.remember_mode(app.id, automation.mode);
    Ok((app, automation))
}

/// Returns the layout of a page below the list; the mode switch leads to the list of the other mode.
fn layout(page: &RequestContext, (app, mode): (&App, Mode), title: Text) -> Layout {
    let list = |mode| urls::in_mode(&urls::automations(app.id), mode);
    let layout = page.layout(title).app(app, AppEntry::Automations, Some(mode));
    layout.with_mode_urls(mode, list(Mode::Test), list(Mode::Live)).below_app(app).crumb(t::title(), list(mode))
}
