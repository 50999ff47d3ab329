//! The mailbox of the demo: emails stay in memory, and none leaves the machine.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::BoxFuture;

use super::{
    Kind, Outcome, email,
    worker::{Address, Outgoing, Transport},
};
use crate::primitives::{
    id::NotificationId,
    time::{Clock, Timestamp},
};

/// The most emails it has; earlier ones are dropped.
const MAX_MAILS: usize = 100;

/// An email in the mailbox.
#[derive(Clone)]
pub(crate) struct StoredMail {
    pub(crate) id: NotificationId,
    pub(crate) at: Timestamp,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// A part of a text: a link, or what is between two.
pub(crate) struct TextPart<'a> {
    pub(crate) text: &'a str,
    pub(crate) is_link: bool,
}

impl StoredMail {
    /// Returns the text, with the line of each link as a part of its own.
    pub(crate) fn parts(&self) -> impl Iterator<Item = TextPart<'_>> {
        let is_link = |line: &str| line.starts_with("http://") || line.starts_with("https://");
        self.text.split_inclusive('\n').flat_map(move |line| {
            let (text, end) = line.split_at(line.trim_end_matches('\n').len());
            [TextPart { text, is_link: is_link(text) }, TextPart { text: end, is_link: false }]
        })
    }
}

/// The emails that were sent, newest first. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Mailbox {
    mails: Arc<Mutex<VecDeque<StoredMail>>>,
    clock: Clock,
}

impl Mailbox {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self { mails: Arc::default(), clock: clock.clone() }
    }

    /// Lists the emails, newest first.
    pub(crate) fn list(&self) -> Vec<StoredMail> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn add(&self, message: &Outgoing) -> Outcome {
        let (Address::Email(to), Ok(rendered)) = (&message.address, email::render(&message.content)) else {
            return Outcome::unreadable();
        };
        let email::Rendered { subject, text, html } = rendered;
        let mail = StoredMail { id: message.id, at: self.clock.now(), to: to.clone(), subject, text, html };
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        mails.push_front(mail);
        mails.truncate(MAX_MAILS);
        Outcome::Sent
    }
}

impl Transport for Mailbox {
    fn kind(&self) -> Kind {
        Kind::Email
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome> {
        Box::pin(async { self.add(message) })
    }
}
