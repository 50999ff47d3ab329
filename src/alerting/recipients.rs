//! Who a message of an alert or a digest goes to.
//!
//! Invariant: pure. Users are reached by email, if it is set up; users and channels that no longer exist are left out.

use crate::{
    accounts::User,
    alerts::{RecipientId, Rule, digest::DigestSettings},
    notifications::channels::Channel,
};

/// A recipient that can be reached.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reachable<'a> {
    User(&'a User),
    Channel(&'a Channel),
}

impl Reachable<'_> {
    pub(crate) const fn id(&self) -> RecipientId {
        match self {
            Self::User(user) => RecipientId::User(user.id),
            Self::Channel(channel) => RecipientId::Channel(channel.id),
        }
    }
}

/// Everyone who could be notified.
pub(crate) struct Everyone {
    pub(crate) users: Vec<User>,
    pub(crate) channels: Vec<Channel>,
    /// True if email is set up.
    pub(crate) has_email: bool,
}

impl Everyone {
    fn find(&self, id: RecipientId) -> Option<Reachable<'_>> {
        match id {
            RecipientId::User(id) if self.has_email => self.users.iter().find(|user| user.id == id).map(Reachable::User),
            RecipientId::User(_) => None,
            RecipientId::Channel(id) => self.channels.iter().find(|channel| channel.id == id).map(Reachable::Channel),
        }
    }

    fn all_users(&self) -> Vec<Reachable<'_>> {
        if self.has_email { self.users.iter().map(Reachable::User).collect() } else { Vec::new() }
    }

    /// Returns the recipients of a rule, in its order; if none of them exists any more, those who are notified instead.
    pub(crate) fn of(&self, rule: &Rule) -> Vec<Reachable<'_>> {
        let chosen = self.chosen(rule.recipients.as_deref());
        if chosen.is_empty() { self.instead(rule, &[]) } else { chosen }
    }

    /// Returns these recipients, in their order, as far as they exist; `None` stands for every user.
    fn chosen(&self, ids: Option<&[RecipientId]>) -> Vec<Reachable<'_>> {
        ids.map_or_else(|| self.all_users(), |ids| ids.iter().filter_map(|id| self.find(*id)).collect())
    }

    /// Returns the recipients of a digest; if none of them exists any more, every user.
    pub(crate) fn of_digest(&self, settings: &DigestSettings) -> Vec<Reachable<'_>> {
        let chosen = self.chosen(settings.recipients.as_deref());
        if chosen.is_empty() { self.all_users() } else { chosen }
    }

    /// Returns who is notified instead of a channel that fails, without those in `known`.
    pub(crate) fn instead(&self, rule: &Rule, known: &[RecipientId]) -> Vec<Reachable<'_>> {
        let chosen = rule.fallback.and_then(|id| self.find(id)).filter(|one| !known.contains(&one.id()));
        let found = chosen.map_or_else(|| self.all_users(), |one| vec![one]);
        found.into_iter().filter(|one| !known.contains(&one.id())).collect()
    }
}
