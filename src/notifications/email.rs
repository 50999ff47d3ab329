//! Messages as emails: a text and a simple HTML part, sent over SMTP.
//!
//! Invariants: one message per recipient. The Message-ID is that of the row, the same on every attempt. Neither part loads anything.

use std::sync::Arc;

use askama::Template;
use futures_util::future::BoxFuture;

use super::{
    Action, Content, Failure, Kind, Outcome,
    markup::{Block, Span},
    worker::{Address, Outgoing, Transport},
};
use crate::{
    net::smtp::{Mail, Mailer, SmtpError},
    primitives::time::Clock,
};

/// The parts of an email.
pub(crate) struct Rendered {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

#[derive(Template)]
#[template(path = "mail/message.html")]
struct Html<'a> {
    language: &'static str,
    subject: &'a str,
    paragraphs: &'a [String],
    body: &'a [Block],
    facts: &'a [(String, String)],
    action: Option<&'a Action>,
    footer: Option<&'a str>,
}

/// Renders both parts.
///
/// # Errors
/// If the template fails, which it does not.
pub(crate) fn render(content: &Content) -> Result<Rendered, askama::Error> {
    let content = without_control_characters(content);
    let html = Html {
        language: content.language.tag(),
        subject: &content.subject,
        paragraphs: &content.paragraphs,
        body: &content.body,
        facts: &content.facts,
        action: content.action.as_ref(),
        footer: content.footer.as_deref(),
    };
    let html = html.render()?;
    Ok(Rendered { text: text(&content), html, subject: content.subject })
}

fn text(content: &Content) -> String {
    let facts = content.facts.iter().map(|(label, value)| format!("{label}: {value}")).collect::<Vec<_>>().join("\n");
    let action = content.action.as_ref().map(|action| format!("{}:\n{}", action.label, action.url));
    let footer = content.footer.as_ref().map(|footer| format!("-- \n{footer}"));
    let body = content.body.iter().map(Block::plain);
    let parts = content.paragraphs.iter().cloned().chain(body).chain(Some(facts)).chain(action).chain(footer);
    let mut text = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

fn without_control_characters(content: &Content) -> Content {
    let clean =
        |text: &String| text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect::<String>();
    Content {
        subject: clean(&content.subject),
        paragraphs: content.paragraphs.iter().map(clean).collect(),
        body: content.body.iter().map(|block| block.map(|text| clean(&text.to_owned()))).collect(),
        facts: content.facts.iter().map(|(label, value)| (clean(label), clean(value))).collect(),
        action: content.action.as_ref().map(|action| Action { label: clean(&action.label), url: clean(&action.url) }),
        footer: content.footer.as_ref().map(clean),
        language: content.language,
        sender: content.sender.clone(),
    }
}

/// Sends emails over SMTP.
pub(crate) struct SmtpTransport {
    pub(crate) mailer: Arc<Mailer>,
    pub(crate) clock: Clock,
}

impl Transport for SmtpTransport {
    fn kind(&self) -> Kind {
        Kind::Email
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome> {
        Box::pin(async {
            let (Address::Email(to), Ok(Rendered { subject, text, html })) = (&message.address, render(&message.content)) else {
                return Outcome::unreadable();
            };
            let sender = message.content.sender.as_ref().map(|sender| (sender.name.as_str(), sender.reply_to.as_str()));
            let mail = Mail { id: message.id.to_string(), to, sender, subject, text, html, date: self.clock.now() };
            self.mailer.send(mail).await.map_or_else(outcome, |()| Outcome::Sent)
        })
    }
}

fn outcome(error: SmtpError) -> Outcome {
    let retry = |failure, answer| Outcome::Retry { failure, answer, after: None };
    match error {
        SmtpError::Unreachable(answer) => retry(Failure::Unreachable, answer),
        SmtpError::TimedOut => retry(Failure::TimedOut, String::new()),
        SmtpError::Deferred(answer) => retry(Failure::Deferred, answer),
        SmtpError::Settings(answer) => retry(Failure::Settings, answer),
        SmtpError::Rejected(answer) => Outcome::Failed { failure: Failure::Rejected, answer },
        SmtpError::Unsendable => Outcome::unreadable(),
    }
}
