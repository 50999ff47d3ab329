//! Messages to people: an outbox of emails and posts to channels, and the worker that sends them.
//!
//! Invariants: a message is stored in the unit of work of what it reports, and sent afterwards. Its text and the address are sealed,
//! and deleted once it has ended. It is rendered before it is stored, in the language of its reader, so nothing here knows the
//! catalogue. Each kind of channel escapes the text itself ([`Content`]).

mod attempt;
pub(crate) mod channels;
pub(crate) mod chat;
pub(crate) mod email;
pub(crate) mod mailbox;
pub(crate) mod markup;
pub(crate) mod retention;
mod schedule;
pub(crate) mod store;
mod turns;
pub(crate) mod worker;

use std::time::Duration;

use markup::Block;
use serde::{Deserialize, Serialize};

use crate::{
    db::{DbError, Tx, ids},
    i18n::Locale,
    primitives::{
        id::{AlertId, ChannelId, CompanyId, NotificationId, RunId},
        invisible_chars,
        text_enum::{text_column, text_enum},
        time::Timestamp,
        vault::Vault,
    },
};

/// What the text of a message is sealed for.
const CONTENT_SEAL_CONTEXT: &str = "notifications.content";
/// What the address of an email is sealed for.
const RECIPIENT_SEAL_CONTEXT: &str = "notifications.recipient";
/// The most characters of a server's answer that are stored.
const MAX_ANSWER_CHARS: usize = 300;

text_enum! {
    /// How a message is sent.
    pub(crate) enum Kind, "a kind of channel" {
        Email = "email",
        Slack = "slack",
        Teams = "teams",
        Discord = "discord",
        Telegram = "telegram",
    }
}
text_column!(Kind, Kind::as_str);

text_enum! {
    /// What a message is for.
    pub(crate) enum Purpose, "a purpose of a message" {
        /// The link with which a user chooses a new password.
        PasswordReset = "password_reset",
        /// Notifies a user that their password was changed.
        PasswordChanged = "password_changed",
        Alert = "alert",
        /// The daily digest.
        Digest = "digest",
        Automation = "automation",
        /// A test, sent at a user's request.
        Test = "test",
    }
}
text_column!(Purpose, Purpose::as_str);

impl Purpose {
    /// How much earlier a message is due than it is queued, so that it goes before others that wait: first what a user waits for now.
    const fn head_start(self) -> Duration {
        match self {
            Self::PasswordReset | Self::Test => Duration::from_hours(24),
            // Automations may queue thousands, behind which no alert waits.
            Self::PasswordChanged | Self::Alert | Self::Digest => Duration::from_hours(12),
            Self::Automation => Duration::ZERO,
        }
    }
}

text_enum! {
    /// The state of a message.
    pub(crate) enum State, "the state of a message" {
        Waiting = "waiting",
        Sending = "sending",
        /// Accepted by the mail server or the service: more is not known.
        Sent = "sent",
        Failed = "failed",
        /// Not to be sent.
        Canceled = "canceled",
    }
}
text_column!(State, State::as_str);

text_enum! {
    /// Why the last attempt to send a message failed.
    pub(crate) enum Failure, "why a message was not sent" {
        /// The server could not be reached, or the connection broke.
        Unreachable = "unreachable",
        /// The server did not answer in time.
        TimedOut = "timed_out",
        /// The server asks to try again later.
        Deferred = "deferred",
        /// The server refuses this message or its recipient for good.
        Rejected = "rejected",
        /// The server does not accept the installation: a wrong password, a sender that it refuses, or no encryption.
        Settings = "settings",
        /// The message could not be read or built.
        Unreadable = "unreadable",
        /// Its time was over before it could be sent.
        Expired = "expired",
    }
}
text_column!(Failure, Failure::as_str);

/// The text of a message. Each kind of channel renders and escapes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) subject: String,
    pub(crate) paragraphs: Vec<String>,
    /// The body of an email in place of the paragraphs, where it has lists, emphasis or links.
    #[serde(default)]
    pub(crate) body: Vec<Block>,
    /// Labels with values, such as an amount.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) action: Option<Action>,
    pub(crate) footer: Option<String>,
    #[serde(with = "language")]
    pub(crate) language: Locale,
    /// Whose name an email has as its sender, if it is not the installation's.
    #[serde(default)]
    pub(crate) sender: Option<Sender>,
}

/// The name of the sender of an email, and who receives replies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sender {
    pub(crate) name: String,
    pub(crate) reply_to: String,
}

/// Where the reader can act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Action {
    pub(crate) label: String,
    pub(crate) url: String,
}

/// The language of a message, in JSON.
mod language {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::i18n::Locale;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn serialize<S: Serializer>(language: &Locale, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(language.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Locale, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Where a message is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recipient<'a> {
    /// An email address.
    Email(&'a str),
    /// A channel of a company, of a kind other than email.
    Channel(Kind, ChannelId),
}

impl Recipient<'_> {
    const fn kind(self) -> Kind {
        match self {
            Self::Email(_) => Kind::Email,
            Self::Channel(kind, _) => kind,
        }
    }
}

/// A message to be sent.
pub(crate) struct NewNotification<'a> {
    /// `None` for one to the operator.
    pub(crate) company: Option<CompanyId>,
    pub(crate) recipient: Recipient<'a>,
    pub(crate) purpose: Purpose,
    pub(crate) content: &'a Content,
    /// How long it is worth sending.
    pub(crate) valid_for: Duration,
    pub(crate) alert: Option<AlertId>,
    pub(crate) run: Option<RunId>,
}

/// Stores a message, which the worker of any server sends once the unit of work is committed.
///
/// # Panics
/// Never: a message has texts only, which are JSON.
pub(crate) async fn queue(
    tx: &mut Tx,
    new: &NewNotification<'_>,
    (vault, now): (&Vault, Timestamp),
) -> Result<NotificationId, DbError> {
    let id: NotificationId = ids::next(tx).await?;
    let seal = |context, plain: &[u8]| vault.seal(context, &id.to_bytes(), plain);
    let (recipient, channel) = match new.recipient {
        Recipient::Email(address) => (Some(seal(RECIPIENT_SEAL_CONTEXT, address.as_bytes())), None),
        Recipient::Channel(_, channel) => (None, Some(channel)),
    };
    let content = serde_json::to_vec(new.content).expect("texts are JSON");
    let row = store::NewRow {
        id,
        company: new.company,
        kind: new.recipient.kind(),
        channel,
        recipient,
        content: seal(CONTENT_SEAL_CONTEXT, &content),
        purpose: new.purpose,
        alert: new.alert,
        run: new.run,
        due_at: now.minus(new.purpose.head_start()),
        now,
        expires_at: now.plus(new.valid_for),
    };
    store::insert(tx, &row).await?;
    Ok(id)
}

/// What is known of a message, but for its text and its recipient.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Notification {
    pub(crate) id: NotificationId,
    pub(crate) company_id: Option<CompanyId>,
    pub(crate) kind: Kind,
    pub(crate) channel_id: Option<ChannelId>,
    pub(crate) purpose: Purpose,
    pub(crate) alert_id: Option<AlertId>,
    pub(crate) state: State,
    pub(crate) attempts: i64,
    /// When the next attempt may begin, while it is waiting.
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) last_failure: Option<Failure>,
    /// What the server said at the last failure.
    pub(crate) last_answer: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

/// How an attempt to send a message ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server has accepted it.
    Sent,
    /// It is attempted again, not before the time that the server asks for.
    Retry { failure: Failure, answer: String, after: Option<Duration> },
    /// Its channel accepts nothing for that long, which is no attempt.
    Paused { answer: String, pause: Duration },
    /// It is never attempted again.
    Failed { failure: Failure, answer: String },
}

impl Outcome {
    /// The message could not be read or built.
    pub(crate) const fn unreadable() -> Self {
        Self::Failed { failure: Failure::Unreadable, answer: String::new() }
    }
}

/// Returns the text of a server as it is stored: one line, without characters that cannot be seen, cut.
pub(crate) fn clean_answer(text: &str) -> String {
    let seen = invisible_chars::pieces(text).into_iter().map(|piece| match piece {
        invisible_chars::Piece::Seen(text) => text,
        invisible_chars::Piece::Unseen(_) => " ",
    });
    let line = seen.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_ANSWER_CHARS).collect()
}

#[cfg(test)]
mod tests;
