//! The chat services: what a user pastes to add a channel, the request that posts a message, and what its response means.
//!
//! Invariants: pure. A request goes only to a host of its service. What was pasted is a credential: it is wiped, never displayed and
//! never logged. A text is plain: each service escapes it, and no text mentions people. What a service responds with is cut and cleaned.

mod address;
mod discord;
mod fit;
mod slack;
mod teams;
mod telegram;
#[cfg(test)]
mod tests;

use std::{fmt, time::Duration};

use bytes::Bytes;
use serde_json::Value;
use zeroize::Zeroizing;

pub(crate) use telegram::moved;

use super::{Content, clean_answer};
use crate::primitives::text_enum::{text_column, text_enum};

/// The longest pause that a service may ask for.
const MAX_PAUSE: Duration = Duration::from_hours(24);
/// The number of characters of a credential that pages show.
const SHOWN_CHARS: usize = 4;

text_enum! {
    /// A chat service.
    pub(crate) enum Service, "a chat service" {
        Slack = "slack",
        Teams = "teams",
        Discord = "discord",
        Telegram = "telegram",
    }
}
text_column!(Service, Service::as_str);

impl Service {
    /// The service's name, the same in every language.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Slack => "Slack",
            Self::Teams => "Microsoft Teams",
            Self::Discord => "Discord",
            Self::Telegram => "Telegram",
        }
    }

    /// Parses what a user pastes.
    ///
    /// # Errors
    /// What is wrong with it, for the field that it is in.
    pub(crate) fn parse(self, pasted: &Pasted<'_>) -> Result<Credential, Invalid> {
        match self {
            Self::Slack => slack::parse(pasted.url),
            Self::Teams => teams::parse(pasted.url),
            Self::Discord => discord::parse(pasted.url),
            Self::Telegram => telegram::parse(pasted.token, pasted.chat),
        }
    }

    /// Returns the request that posts a message; `None` if the credential is damaged.
    pub(crate) fn post(self, credential: &Credential, content: &Content) -> Option<Post> {
        match self {
            Self::Slack => Some(Post::new(credential.expose(), &slack::body(content))),
            Self::Teams => Some(Post::new(credential.expose(), &teams::body(content))),
            Self::Discord => discord::post(credential, content),
            Self::Telegram => telegram::post(credential, content),
        }
    }

    /// Reads the response to such a request.
    pub(crate) fn read(self, response: &Response<'_>) -> Answer {
        match self {
            Self::Slack => slack::read(response),
            Self::Teams => teams::read(response),
            Self::Discord => discord::read(response),
            Self::Telegram => telegram::read(response),
        }
    }

    /// True if `host` is one of the service's own.
    fn has_host(self, host: &str) -> bool {
        match self {
            Self::Slack => host == slack::HOST,
            Self::Teams => teams::is_workflow_host(host) || teams::is_connector_host(host),
            Self::Discord => discord::HOSTS.contains(&host),
            Self::Telegram => host == telegram::HOST,
        }
    }
}

/// The fields in which a user pastes what identifies a channel.
#[derive(Default)]
pub(crate) struct Pasted<'a> {
    /// The webhook's URL, for every service but Telegram.
    pub(crate) url: &'a str,
    /// The token of a Telegram bot.
    pub(crate) token: &'a str,
    /// The chat to which that bot posts.
    pub(crate) chat: &'a str,
}

/// What is wrong with what was pasted, and thus what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invalid {
    Empty,
    TooLong,
    NotAUrl,
    NotHttps,
    /// It is the address of another service that can be chosen.
    OtherService(Service),
    OtherHost,
    /// A URL of Slack that takes no messages, such as one of a workflow.
    SlackNotIncoming,
    /// A connector of Office 365, which Microsoft has turned off.
    TeamsConnector,
    /// A URL of a workflow without its signature or path: it was copied in part.
    TeamsIncomplete,
    /// A URL of Discord that is not a webhook's, such as a channel's or one of its Slack form.
    DiscordNotWebhook,
    TelegramToken,
    TelegramChat,
}

impl Invalid {
    /// True if the field is the chat's.
    pub(crate) const fn is_of_chat(self) -> bool {
        matches!(self, Self::TelegramChat)
    }
}

/// What was pasted, as it is sealed: a URL, or a bot's token with its chat. Wiped on drop.
#[derive(Clone)]
pub(crate) struct Credential(Zeroizing<String>);

impl Credential {
    pub(super) fn from_stored(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// Returns the text, to be sealed or sent.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the last characters of the secret part, by which a user tells channels apart.
    pub(crate) fn last_chars(&self) -> String {
        let secret = self.0.lines().next().unwrap_or_default();
        let skipped = secret.chars().count().saturating_sub(SHOWN_CHARS);
        secret.chars().skip(skipped).collect()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}

/// A request that posts a message: JSON to a URL, which is a secret.
pub(crate) struct Post {
    pub(crate) url: Zeroizing<String>,
    pub(crate) body: Bytes,
}

impl Post {
    fn new(url: &str, body: &Value) -> Self {
        Self { url: Zeroizing::new(url.to_owned()), body: Bytes::from(body.to_string()) }
    }
}

/// A response of a service.
pub(crate) struct Response<'a> {
    pub(crate) status: u16,
    /// The header `Retry-After`.
    pub(crate) retry_after: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

text_enum! {
    /// Why a service did not accept a message.
    pub(crate) enum Problem, "the problem of a chat service" {
        /// Too many messages for now.
        RateLimited = "rate_limited",
        /// The service itself has a fault.
        ServiceFault = "service_fault",
        /// The webhook, its channel or the bot's token no longer exists.
        Removed = "removed",
        /// Posting to the channel is not allowed: a bot was blocked or removed, or a channel is archived.
        NotAllowed = "not_allowed",
        /// The chat is unknown: its id is wrong, or the bot was never started.
        ChatNotFound = "chat_not_found",
        /// The message was not accepted.
        MessageRejected = "message_rejected",
        /// The service could not be reached, or did not respond in time.
        Unreachable = "unreachable",
        /// What is sealed does not open.
        Unreadable = "unreadable",
    }
}
text_column!(Problem, Problem::as_str);

/// What a response means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Accepted,
    /// To be sent again, after the pause that the service asks for, if it does.
    Later {
        pause: Option<Duration>,
        problem: Problem,
        words: String,
    },
    /// Never to be sent again.
    Never {
        problem: Problem,
        words: String,
    },
    /// The chat has another id, under which the message is to be sent again.
    Moved {
        chat: i64,
    },
}

/// Reads a status for which no service has a rule of its own.
fn read_status(response: &Response<'_>, words: &str) -> Answer {
    let later = |problem| Answer::Later { pause: pause(response.retry_after), problem, words: words.to_owned() };
    let never = |problem| Answer::Never { problem, words: words.to_owned() };
    match response.status {
        200..=299 => Answer::Accepted,
        429 => later(Problem::RateLimited),
        408 | 500..=599 => later(Problem::ServiceFault),
        404 | 410 => never(Problem::Removed),
        401 | 403 => never(Problem::NotAllowed),
        _ => never(Problem::MessageRejected),
    }
}

/// Reads a number of seconds, at most a day.
fn pause(seconds: Option<&str>) -> Option<Duration> {
    let seconds: f64 = seconds?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds.ceil()).ok().map(|pause| pause.min(MAX_PAUSE))
}

/// Returns a service's own words, see [`clean_answer`].
fn own_words(bytes: &[u8]) -> String {
    clean_answer(&String::from_utf8_lossy(bytes))
}
