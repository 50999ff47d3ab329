//! `…/webhook/evidence/stream`: says "changed" when a connection's evidence has, or a SECRET verified its first request, as
//! server-sent events.
//!
//! The evidence's version in the database is asked for, not memory: an event that another server stored counts too. A
//! stream ends after a while and the browser opens another, so that a session that ended does not go on watching.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::{
    HttpResponse,
    web::{Bytes, Data},
};
use futures_util::stream;
use tokio::time::Instant;

use super::{
    evidence, uses,
    wizard::{Names, Wizard},
};
use crate::{
    kernel::id::ConnectionId,
    state::State,
    web::{error::AppError, page::Page},
};

/// How often the version is asked for.
const INTERVAL: Duration = Duration::from_millis(700);
/// The longest life of a stream.
const LIFE: Duration = Duration::from_mins(1);
/// Silence after which a comment goes out, so that a proxy keeps the stream and a client that left is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The most streams of one server; a page without one is refreshed by its own timer.
const MOST: usize = 512;

static OPEN: AtomicUsize = AtomicUsize::new(0);

/// `GET …/webhook/evidence/stream`
pub(crate) async fn show(page: Page, names: Names) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(page, &names).await?;
    let Some(place) = Place::take() else {
        return Ok(HttpResponse::ServiceUnavailable().body("too many streams\n"));
    };
    let uses = uses::count(&mut wizard.page.state.db.reader().await?, wizard.connection.id).await?;
    let watcher = Watcher {
        state: wizard.page.state.clone(),
        connection: wizard.connection.id,
        version: (wizard.evidence.version, uses),
        until: Instant::now() + LIFE,
        said_at: Instant::now(),
        is_new: true,
        _place: place,
    };
    let events = stream::unfold(watcher, |watcher| async { watcher.next().await });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("x-accel-buffering", "no"))
        .insert_header(("content-encoding", "identity"))
        .streaming(events))
}

/// One of the streams that may be open.
struct Place;

impl Place {
    fn take() -> Option<Arc<Self>> {
        let open = OPEN.fetch_add(1, Ordering::Relaxed);
        let place = Arc::new(Self);
        (open < MOST).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Watcher {
    state: Data<State>,
    connection: ConnectionId,
    /// What was said last: the evidence's version, and how many SECRETs had been used.
    version: (i64, i64),
    until: Instant,
    said_at: Instant,
    is_new: bool,
    _place: Arc<Place>,
}

type Next = Option<(Result<Bytes, AppError>, Watcher)>;

impl Watcher {
    /// The next thing to say; nothing ends the stream.
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
        let version = evidence::version(&mut reader, self.connection).await.ok()?;
        Some((version, uses::count(&mut reader, self.connection).await.ok()?))
    }

    fn say(mut self, text: &'static str) -> (Result<Bytes, AppError>, Self) {
        self.said_at = Instant::now();
        (Ok(Bytes::from_static(text.as_bytes())), self)
    }
}
