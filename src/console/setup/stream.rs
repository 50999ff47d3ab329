//! `…/webhook/evidence/stream`: server-sent events that report when a connection's activity changes, a secret verifies its first
//! request, or a test event arrives, which changes no activity.
//!
//! Polls the activity's version in the database instead of memory, since another server may have stored the event. A stream
//! has a limited lifetime and the browser reconnects, so that an ended session stops receiving.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{Bytes, Data},
};
use futures_util::stream;
use tokio::time::Instant;

use super::wizard::{ConnectionPath, Wizard};
use crate::{
    connections::{activity, secret_usage},
    console::http::{error::AppError, page::RequestContext, state::State},
    db::{DbError, Reader},
    net::open_requests::OpenPermit,
    primitives::id::{ConnectionId, UserId},
    test_events::{self, TestEvent},
};

/// Polling interval of the version.
const INTERVAL: Duration = Duration::from_millis(700);
/// Maximum lifetime of a stream.
const STREAM_TTL: Duration = Duration::from_mins(1);
/// Idle time after which a comment is sent, so that proxies keep the stream open and a disconnected client is detected.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

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
    let (uses, last_test) = uses_and_last_test(&mut wizard.page.state.db.page_reader().await?, wizard.connection.id).await?;
    let watcher = Watcher {
        state: wizard.page.state.clone(),
        connection: wizard.connection.id,
        version: (wizard.activity.version, uses, last_test),
        until: Instant::now() + STREAM_TTL,
        said_at: Instant::now(),
        is_new: true,
        place,
    };
    let events = stream::unfold(watcher, |watcher| async { watcher.next().await });
    Ok(response.streaming(events))
}

/// What a stream compares: the version of the activity, the number of used secrets, and the last test event.
type Version = (i64, i64, Option<TestEvent>);

async fn uses_and_last_test(reader: &mut Reader, connection: ConnectionId) -> Result<(i64, Option<TestEvent>), DbError> {
    let uses = secret_usage::count(&mut *reader, connection).await?;
    Ok((uses, test_events::store::find_last(reader, connection).await?))
}

struct Watcher {
    state: Data<State>,
    connection: ConnectionId,
    /// What was last reported.
    version: Version,
    until: Instant,
    said_at: Instant,
    is_new: bool,
    place: OpenPermit<UserId>,
}

type Next = Option<(Result<Bytes, AppError>, Watcher)>;

impl Watcher {
    /// Returns the next event; `None` ends the stream.
    async fn next(mut self) -> Next {
        if self.is_new {
            self.is_new = false;
            return Some(self.say("retry: 2000\n\n"));
        }
        let mut stopped = self.state.shutdown.subscribe();
        loop {
            if Instant::now() >= self.until || *stopped.borrow() {
                return None;
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                _ = stopped.changed() => return None,
                () = self.place.ended() => return None,
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

    async fn version(&self) -> Option<Version> {
        let mut reader = self.state.db.page_reader().await.ok()?;
        let version = activity::version(&mut reader, self.connection).await.ok()?;
        let (uses, last_test) = uses_and_last_test(&mut reader, self.connection).await.ok()?;
        Some((version, uses, last_test))
    }

    fn say(mut self, text: &'static str) -> (Result<Bytes, AppError>, Self) {
        self.said_at = Instant::now();
        (Ok(Bytes::from_static(text.as_bytes())), self)
    }
}
