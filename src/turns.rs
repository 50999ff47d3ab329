//! One answer after the other on a connection: a request that was sent ahead waits until the answer before it is on its way,
//! and no more is read meanwhile.
//!
//! The rule: what a connection holds in memory does not grow with how much is asked for on it. actix reads 128 KiB ahead, makes
//! requests of all that, which takes fifty times as much, and answers them at once, whether or not anybody takes the answers.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Waker},
};

use actix_web::{
    Error, HttpRequest,
    body::MessageBody,
    dev::{Extensions, ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap},
    middleware::Next,
};
use tokio::sync::Notify;

/// Where a connection stands. Shared by its socket and its requests, which are on one thread.
#[derive(Default)]
pub(crate) struct Line {
    /// An answer was made of which nothing was sent yet; whoever waits for that.
    is_owed: Cell<bool>,
    sent: Notify,
    /// How many bytes may be read, while that is bounded.
    allowed: Cell<Option<usize>>,
    /// Who found that none may be.
    reader: RefCell<Option<Waker>>,
    /// The peer has closed the connection, or its side of it.
    has_left: Cell<bool>,
    leaving: Notify,
}

impl Line {
    /// Something was sent.
    pub(crate) fn sent(&self) {
        if self.is_owed.replace(false) {
            self.sent.notify_one();
        }
    }

    /// How many bytes may be read now, `most` at most; if none, whoever asks is woken when some may be.
    pub(crate) fn room(&self, most: usize, context: &Context<'_>) -> usize {
        let room = self.allowed.get().map_or(most, |allowed| allowed.min(most));
        if room == 0 {
            self.reader.replace(Some(context.waker().clone()));
        }
        room
    }

    /// The peer has closed the connection, or its side of it: nobody waits for the answer any more.
    pub(crate) fn leave(&self) {
        self.has_left.set(true);
        self.leaving.notify_waiters();
    }

    pub(crate) fn has_left(&self) -> bool {
        self.has_left.get()
    }

    /// Resolves when the peer leaves.
    pub(crate) async fn left(&self) {
        while !self.has_left.get() {
            self.leaving.notified().await;
        }
    }

    /// So many bytes were read.
    pub(crate) fn read(&self, bytes: usize) {
        self.allowed.set(self.allowed.get().map(|allowed| allowed.saturating_sub(bytes)));
    }

    /// So many bytes may be read; any number where nobody is served.
    pub(crate) fn allow(&self, bytes: Option<usize>) {
        self.allowed.set(bytes);
        if bytes != Some(0)
            && let Some(reader) = self.reader.take()
        {
            reader.wake();
        }
    }

    /// A request's turn, with so many bytes that are still to come of it.
    async fn begin(&self, body: usize) {
        self.allow(Some(0));
        while self.is_owed.get() {
            self.sent.notified().await;
        }
        self.allow(Some(body));
    }

    fn end(&self) {
        self.is_owed.set(true);
        self.allow(None);
    }
}

/// Lets the requests of a connection know its line.
pub(crate) fn know(line: &Rc<Line>, data: &mut Extensions) {
    data.insert(Rc::clone(line));
}

/// The line of a request's connection; one of its own where it has none.
pub(crate) fn line(request: &HttpRequest) -> Rc<Line> {
    request.conn_data::<Rc<Line>>().cloned().unwrap_or_default()
}

/// Around every route.
pub(crate) async fn wait(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let line = line(request.request());
    line.begin(to_come(request.headers())).await;
    let response = next.call(request).await;
    line.end();
    response
}

/// How long the body is said to be; one without a length is read as it is asked for, see `unread.rs`.
fn to_come(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        task::Wake,
    };

    use futures_util::FutureExt as _;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn whoever_asks_ahead_waits_until_something_was_sent_and_no_more_is_read_than_is_to_come() {
        let (line, reader) = (Line::default(), Arc::new(Woken::default()));
        let waker = Waker::from(Arc::clone(&reader));
        let room = || line.room(100, &Context::from_waker(&waker));
        assert_eq!((line.begin(30).now_or_never(), room()), (Some(()), 30), "the first one");
        line.read(20);
        assert_eq!(room(), 10);
        line.read(10);
        assert_eq!(room(), 0);
        line.end();
        assert_eq!((reader.0.swap(false, Ordering::Relaxed), room()), (true, 100));

        let mut next = Box::pin(line.begin(0));
        assert_eq!(((&mut next).now_or_never(), room()), (None, 0));
        line.sent();
        assert_eq!((next.now_or_never(), room()), (Some(()), 0));
        line.sent();
        line.end();
        assert_eq!(line.begin(0).now_or_never(), None, "what was sent before counts no more");
    }
}
