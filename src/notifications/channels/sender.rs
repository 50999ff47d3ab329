//! Posts messages to channels, through the client that is guarded.
//!
//! Invariant: a request goes to the service's own host; redirects are not followed. Only tests have another address, to which then
//! every request goes. The health of a channel is stored after each post; the URL is never logged.

use std::{sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, FutureExt as _};
use hyper::header::{CONTENT_TYPE, HeaderValue};

use super::{Channel, SEAL_CONTEXT, store};
use crate::{
    db::{Db, DbError},
    net::outbound::{Client, Request},
    notifications::{
        Content, Failure, Kind, Outcome,
        chat::{Answer, Credential, Post, Problem, Response, Service, moved},
        schedule::MAX_DELAY,
        worker::{Address, Outgoing, Transport},
    },
    primitives::{time::Clock, vault::Vault},
};

/// The timeout of a post.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The pause of a channel whose service limits it without saying for how long, and the shortest one.
const DEFAULT_PAUSE: Duration = Duration::from_mins(1);
const MIN_PAUSE: Duration = Duration::from_secs(1);

/// Posts messages to channels. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sender {
    db: Db,
    vault: Vault,
    clock: Clock,
    client: Client,
    /// Where every request goes instead of the services; `None` but for tests.
    stand_in: Option<Arc<str>>,
}

/// What became of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Posted {
    Accepted,
    /// It may succeed later, after the pause that the service asks for.
    Later {
        problem: Problem,
        answer: String,
        pause: Option<Duration>,
    },
    Never {
        problem: Problem,
        answer: String,
    },
}

impl Sender {
    pub(crate) fn new((db, vault, clock): (Db, Vault, Clock), client: Client, stand_in: Option<&str>) -> Self {
        Self { db, vault, clock, client, stand_in: stand_in.map(Arc::from) }
    }

    /// Returns what sends the queued messages of a service.
    pub(crate) fn transport(&self, service: Service) -> Arc<dyn Transport> {
        Arc::new(ChatTransport { sender: self.clone(), service })
    }

    /// Posts a message and stores the health of the channel.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) async fn post(&self, channel: &Channel, content: &Content) -> Result<Posted, DbError> {
        let posted = match channel.open(&self.vault) {
            Ok(credential) => self.post_with(channel, credential, content).await?,
            Err(_) => Posted::Never { problem: Problem::Unreadable, answer: String::new() },
        };
        let now = self.clock.now();
        let stored = self
            .db
            .write_with_timeout(async |tx| match &posted {
                Posted::Accepted => store::set_sent(tx, channel.id, now).await,
                Posted::Later { problem, answer, pause } => {
                    if let Some(pause) = pause_after(*problem, *pause) {
                        store::set_paused_until(tx, channel.id, now.plus(pause)).await?;
                    }
                    store::set_failed(tx, channel.id, (*problem, answer), now).await
                }
                Posted::Never { problem, answer } => store::set_failed(tx, channel.id, (*problem, answer), now).await,
            })
            .await;
        // What was posted must not be posted again because its outcome is not shown.
        if let Err(error) = stored {
            tracing::warn!(channel = %channel.id, %error, "the health of a channel could not be stored");
        }
        Ok(posted)
    }

    /// Posts under the credential. A chat that has moved is stored under its new id, and posted to once more.
    async fn post_with(&self, channel: &Channel, mut credential: Credential, content: &Content) -> Result<Posted, DbError> {
        for _ in 0..2 {
            let answer = self.request(channel, &credential, content).await;
            match answer {
                Answer::Accepted => return Ok(Posted::Accepted),
                Answer::Later { pause, problem, words } => return Ok(Posted::Later { problem, answer: words, pause }),
                Answer::Never { problem, words } => return Ok(Posted::Never { problem, answer: words }),
                Answer::Moved { chat } => {
                    let Some(new) = moved(&credential, chat) else { break };
                    let sealed = self.vault.seal(SEAL_CONTEXT, &channel.id.to_bytes(), new.expose().as_bytes());
                    self.db.write_with_timeout(async |tx| store::set_sealed(tx, channel.id, &sealed).await).await?;
                    credential = new;
                }
            }
        }
        Ok(Posted::Never { problem: Problem::ChatNotFound, answer: String::new() })
    }

    async fn request(&self, channel: &Channel, credential: &Credential, content: &Content) -> Answer {
        let Some(Post { url, body }) = channel.service.post(credential, content) else {
            return Answer::Never { problem: Problem::Unreadable, words: String::new() };
        };
        let url = match &self.stand_in {
            Some(base) => format!("{base}/{}{}", channel.service, path_of(&url)).into(),
            None => url,
        };
        let headers = vec![(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))];
        let request = Request { url: &url, company: channel.company_id, headers, body, timeout: TIMEOUT };
        match self.client.post(request).await.result {
            Ok(response) => channel.service.read(&Response {
                status: response.status,
                retry_after: response.retry_after.as_deref(),
                body: &response.body,
            }),
            // A timeout too: the message may have been posted, and is posted twice rather than never.
            Err(_) => Answer::Later { pause: None, problem: Problem::Unreachable, words: String::new() },
        }
    }
}

/// Returns path and query of a URL.
fn path_of(url: &str) -> &str {
    url.splitn(4, '/').nth(3).map_or("", |rest| &url[url.len() - rest.len() - 1..])
}

/// Sends the queued messages of one service.
struct ChatTransport {
    sender: Sender,
    service: Service,
}

impl Transport for ChatTransport {
    fn kind(&self) -> Kind {
        kind(self.service)
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome> {
        async move {
            let Address::Channel(id) = &message.address else { return Outcome::unreadable() };
            let later = || Outcome::Retry { failure: Failure::Unreadable, answer: String::new(), after: None };
            let found = async { store::find(&mut self.sender.db.reader().await?, *id).await };
            let channel = match found.await {
                Ok(Some(channel)) => channel,
                Ok(None) => return Outcome::unreadable(),
                Err(_) => return later(),
            };
            match self.sender.post(&channel, &message.content).await {
                Ok(posted) => outcome(posted),
                Err(_) => later(),
            }
        }
        .boxed()
    }
}

/// Returns how long a channel is paused: if its service limits how often it is posted to, or asks for a pause.
fn pause_after(problem: Problem, asked: Option<Duration>) -> Option<Duration> {
    let pause = asked.or_else(|| (problem == Problem::RateLimited).then_some(DEFAULT_PAUSE))?;
    Some(pause.clamp(MIN_PAUSE, MAX_DELAY))
}

fn outcome(posted: Posted) -> Outcome {
    match posted {
        Posted::Accepted => Outcome::Sent,
        Posted::Later { problem, answer, pause } => {
            if let Some(pause) = pause_after(problem, pause) {
                return Outcome::Paused { answer, pause };
            }
            let failure = if problem == Problem::Unreachable { Failure::Unreachable } else { Failure::Deferred };
            Outcome::Retry { failure, answer, after: None }
        }
        Posted::Never { problem: Problem::Unreadable, answer } => Outcome::Failed { failure: Failure::Unreadable, answer },
        Posted::Never { answer, .. } => Outcome::Failed { failure: Failure::Rejected, answer },
    }
}

/// Returns the kind of messages to channels of a service.
pub(crate) const fn kind(service: Service) -> Kind {
    match service {
        Service::Slack => Kind::Slack,
        Service::Teams => Kind::Teams,
        Service::Discord => Kind::Discord,
        Service::Telegram => Kind::Telegram,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_gets_path_and_query() {
        assert_eq!(path_of("https://hooks.slack.com/services/T/B/x?a=1"), "/services/T/B/x?a=1");
        assert_eq!(path_of("https://hooks.slack.com"), "");
    }
}
