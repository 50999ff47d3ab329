//! `…/webhook/evidence/stream`: server-sent events that report when a connection's activity changes, or a secret verifies its
//! first request.
//!
//! Polls the activity's version in the database instead of memory, since another server may have stored the event. A stream
//! has a limited lifetime and the browser reconnects, so that an ended session stops receiving.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{Bytes, Data},
};
use futures_util::stream;
use tokio::{sync::Notify, time::Instant};

use super::{
    activity, secret_usage,
    wizard::{ConnectionPath, Wizard},
};
use crate::{
    primitives::id::{ConnectionId, UserId},
    state::State,
    web::{error::AppError, page::RequestContext},
};

/// Polling interval of the version.
const INTERVAL: Duration = Duration::from_millis(700);
/// Maximum lifetime of a stream.
const STREAM_TTL: Duration = Duration::from_mins(1);
/// Idle time after which a comment is sent, so that proxies keep the stream open and a disconnected client is detected.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Maximum number of streams per server; a page without a stream refreshes by timer.
const MAX_OPEN: usize = 512;
/// Maximum number of streams per user.
const MAX_OF_ONE_USER: usize = 16;

/// `GET …/webhook/evidence/stream`
pub(crate) async fn show(request: HttpRequest, page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(page, &names).await?;
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/event-stream")
        .insert_header(("x-accel-buffering", "no"))
        .insert_header(("content-encoding", "identity"));
    if request.method() == Method::HEAD {
        return Ok(response.streaming(stream::empty::<Result<Bytes, AppError>>()));
    }
    let place = wizard.page.state.streams.open(wizard.page.signed_in.user.id);
    let uses = secret_usage::count(&mut wizard.page.state.db.reader().await?, wizard.connection.id).await?;
    let watcher = Watcher {
        state: wizard.page.state.clone(),
        connection: wizard.connection.id,
        version: (wizard.evidence.version, uses),
        until: Instant::now() + STREAM_TTL,
        said_at: Instant::now(),
        is_new: true,
        place,
    };
    let events = stream::unfold(watcher, |watcher| async { watcher.next().await });
    Ok(response.streaming(events))
}

/// The open streams of one server, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Streams(Arc<Mutex<Vec<Open>>>);

/// The user of a stream, and the signal that ends it.
type Open = (UserId, Arc<Notify>);

/// An open stream; removed from the list on drop.
struct StreamPermit {
    streams: Streams,
    /// Ends the stream.
    end: Arc<Notify>,
}

impl Streams {
    fn all(&self) -> MutexGuard<'_, Vec<Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a stream. Above the user's limit the user's oldest stream ends; above the server's limit, the oldest stream of
    /// the user who has most. The newest page is the one most likely in use.
    fn open(&self, user: UserId) -> StreamPermit {
        let mut all = self.all();
        let count = |of: UserId| all.iter().filter(|(owner, _)| *owner == of).count();
        let loser = if count(user) >= MAX_OF_ONE_USER {
            Some(user)
        } else if all.len() >= MAX_OPEN {
            all.iter().map(|(owner, _)| *owner).max_by_key(|owner| count(*owner))
        } else {
            None
        };
        if let Some(index) = loser.and_then(|loser| all.iter().position(|(owner, _)| *owner == loser)) {
            all.remove(index).1.notify_one();
        }
        let end = Arc::new(Notify::new());
        all.push((user, Arc::clone(&end)));
        drop(all);
        StreamPermit { streams: self.clone(), end }
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        self.streams.all().retain(|(_, end)| !Arc::ptr_eq(end, &self.end));
    }
}

struct Watcher {
    state: Data<State>,
    connection: ConnectionId,
    /// The last reported version of the activity, and number of used secrets.
    version: (i64, i64),
    until: Instant,
    said_at: Instant,
    is_new: bool,
    place: StreamPermit,
}

type Next = Option<(Result<Bytes, AppError>, Watcher)>;

impl Watcher {
    /// Returns the next event; `None` ends the stream.
    async fn next(mut self) -> Next {
        if self.is_new {
            self.is_new = false;
            return Some(self.say("retry: 2000\n\n"));
        }
        let mut stopped = self.state.stopped();
        loop {
            if Instant::now() >= self.until || *stopped.borrow() {
                return None;
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                _ = stopped.changed() => return None,
                () = self.place.end.notified() => return None,
            }
            match self.version().await {
                Some(version) if version != self.version => {
                    self.version = version;
                    return Some(self.say("event: changed\ndata: evidence\n\n"));
                }
                _ if self.said_at.elapsed() >= KEEP_ALIVE => return Some(self.say(":\n\n")),
                _ => {}
            }
        }
    }

    async fn version(&self) -> Option<(i64, i64)> {
        let mut reader = self.state.db.reader().await.ok()?;
        let version = activity::version(&mut reader, self.connection).await.ok()?;
        Some((version, secret_usage::count(&mut reader, self.connection).await.ok()?))
    }

    fn say(mut self, text: &'static str) -> (Result<Bytes, AppError>, Self) {
        self.said_at = Instant::now();
        (Ok(Bytes::from_static(text.as_bytes())), self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::time::Timestamp;
    use futures_util::FutureExt as _;

    fn user(millis: i64) -> UserId {
        UserId::new(Timestamp::from_millis(millis))
    }

    #[test]
    fn one_user_has_so_many_streams_and_the_oldest_gives_way() {
        let (streams, one) = (Streams::default(), user(1));
        let mut open: Vec<StreamPermit> = (0..MAX_OF_ONE_USER).map(|_| streams.open(one)).collect();
        let newest = streams.open(one);
        assert!(open[0].end.notified().now_or_never().is_some(), "the oldest ends");
        assert!(open[1..].iter().all(|place| place.end.notified().now_or_never().is_none()));
        open.remove(0);
        assert_eq!(streams.all().len(), MAX_OF_ONE_USER);
        drop((open, newest));
        assert!(streams.all().is_empty());
    }

    #[test]
    fn when_there_are_no_more_the_user_who_has_most_gives_way() {
        let (streams, one) = (Streams::default(), user(1));
        let greedy: Vec<_> = (0..MAX_OF_ONE_USER).map(|_| streams.open(one)).collect();
        let modest: Vec<_> = (MAX_OF_ONE_USER..MAX_OPEN).map(|n| streams.open(user(i64::try_from(n).unwrap()))).collect();
        let late = streams.open(user(0));
        assert!(greedy[0].end.notified().now_or_never().is_some());
        assert!(modest.iter().all(|place| place.end.notified().now_or_never().is_none()));
        assert!(late.end.notified().now_or_never().is_none());
    }
}
