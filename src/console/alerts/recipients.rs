//! The choice of who is notified, in the forms of a kind of alert and of the digest.

use super::recipient;
use crate::{
    alerts::{MAX_RECIPIENTS, RecipientId, manage::Settings},
    console::http::{form::FieldError, page::RequestContext},
    i18n::Text,
    messages::text::alerts as t,
};

/// A user or a channel that can be notified.
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) name: Text,
    pub(super) is_chosen: bool,
    pub(super) is_fallback: bool,
}

/// Returns everyone who can be notified: users first.
pub(super) fn choices(
    page: &RequestContext,
    settings: &Settings,
    (chosen, fallback): (Option<&[RecipientId]>, Option<RecipientId>),
) -> Vec<Choice> {
    let choice = |id: RecipientId| Choice {
        id: id.to_string(),
        name: recipient(page, settings, id),
        is_chosen: chosen.is_some_and(|ids| ids.contains(&id)),
        is_fallback: fallback == Some(id),
    };
    let users = settings.users.iter().map(|user| RecipientId::User(user.id));
    let channels = settings.channels.iter().map(|channel| RecipientId::Channel(channel.id));
    users.chain(channels).map(choice).collect()
}

/// The choice as submitted: recipients are separate fields of one name.
#[derive(Debug, Default)]
pub(super) struct ChosenForm {
    who: String,
    recipients: Vec<String>,
}

impl ChosenForm {
    /// Takes a field of the form; returns false if it is another's.
    pub(super) fn take(&mut self, name: &str, value: &str) -> bool {
        match name {
            "who" => value.clone_into(&mut self.who),
            "recipient" => self.recipients.push(value.to_owned()),
            _ => return false,
        }
        true
    }

    /// Returns the recipients, `None` for every user, and the error if they cannot be saved.
    pub(super) fn parse(&self, settings: &Settings) -> (Option<Vec<RecipientId>>, Option<FieldError>) {
        let known = |text: &String| parse_known(text, settings);
        let ids: Vec<Option<RecipientId>> = self.recipients.iter().take(MAX_RECIPIENTS).map(known).collect();
        let is_unknown = ids.contains(&None);
        let recipients: Vec<RecipientId> = ids.into_iter().flatten().collect();
        let is_everyone = self.who != "some";
        let error = if is_unknown {
            Some(unknown())
        } else if !is_everyone && recipients.is_empty() {
            Some(FieldError::new("empty", t::choose_one()))
        } else {
            None
        };
        ((!is_everyone).then_some(recipients), error)
    }
}

/// Parses the id of a recipient that the company has.
pub(super) fn parse_known(text: &str, settings: &Settings) -> Option<RecipientId> {
    text.parse().ok().filter(|id| settings.has(*id))
}

pub(super) fn unknown() -> FieldError {
    FieldError::new("unknown", t::unknown_recipient())
}
