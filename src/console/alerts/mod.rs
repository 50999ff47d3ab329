//! The pages of alerts: what an app's users are notified of, the daily digest, the settings of a kind, and an alert.

pub(crate) mod detail;
pub(crate) mod digest;
pub(crate) mod index;
mod recipients;
pub(crate) mod rule;

use crate::{
    alerts::{RecipientId, manage::Settings},
    console::http::page::RequestContext,
    i18n::{Text, isolate},
    messages::text::alerts as t,
};

/// Returns how a page names a recipient.
fn recipient(page: &RequestContext, settings: &Settings, id: RecipientId) -> Text {
    match id {
        RecipientId::User(id) => match settings.users.iter().find(|user| user.id == id) {
            Some(user) if page.state.mail.settings.is_some() => t::by_email(isolate(&user.name)),
            Some(user) => t::by_email_off(isolate(&user.name)),
            None => t::no_longer_there(),
        },
        RecipientId::Channel(id) => match settings.channels.iter().find(|channel| channel.id == id) {
            Some(channel) => Text::verbatim(isolate(&channel.name)),
            None => t::no_longer_there(),
        },
    }
}
