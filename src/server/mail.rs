//! Starts the worker of messages with what it sends them over.

use std::sync::Arc;

use crate::{
    console::http::state::{MailSettings, MailState},
    net::smtp::Mailer,
    notifications::{
        channels::sender::Sender,
        chat::Service,
        email::SmtpTransport,
        mailbox::Mailbox,
        worker::{Health, Transport, Worker, WorkerContext},
    },
    primitives::time::Clock,
    server::{bootstrap::Opened, config::MailConfig},
};

/// What sends email, if it is set up.
pub(super) type EmailTransport = Option<Arc<dyn Transport>>;

/// Starts the worker. With a mailbox, emails are put there and none leaves the machine.
///
/// # Errors
/// An explanation if the mail server's name is invalid.
pub(super) fn start(
    config: Option<&MailConfig>,
    opened: &Opened,
    (clock, mailbox, channels): (&Clock, Option<Mailbox>, &Sender),
) -> Result<(Worker, MailState, EmailTransport), String> {
    let (settings, transport): (_, EmailTransport) = match (&mailbox, config) {
        (Some(mailbox), _) => (Some(MailSettings { sender: None }), Some(Arc::new(mailbox.clone()))),
        (None, Some(MailConfig { server, sender, .. })) => {
            let invalid = |error| format!("The mail server {server} cannot be used: {error}.");
            let mailer = Arc::new(Mailer::new(server, sender).map_err(invalid)?);
            let settings = MailSettings { sender: Some((sender.address().to_owned(), server.to_string())) };
            (Some(settings), Some(Arc::new(SmtpTransport { mailer, clock: clock.clone() })))
        }
        (None, None) => (None, None),
    };
    let health = Health::default();
    let worker = Worker::start(WorkerContext {
        db: opened.db.clone(),
        vault: opened.vault.clone(),
        clock: clock.clone(),
        transports: transport
            .clone()
            .into_iter()
            .chain(Service::ALL.iter().map(|service| channels.transport(*service)))
            .collect(),
        health: health.clone(),
    });
    Ok((worker, MailState { settings, health, mailbox }, transport))
}
