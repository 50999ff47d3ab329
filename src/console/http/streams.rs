//! Limits the open event streams of a server, in total and per user.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::primitives::id::UserId;

/// Maximum number of streams per server; a page without a stream refreshes by timer.
const MAX_OPEN: usize = 512;
/// Maximum number of streams per user.
const MAX_OF_ONE_USER: usize = 16;

/// The open streams of one server, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Streams(Arc<Mutex<Vec<Open>>>);

/// The user of a stream, and the signal that ends it.
type Open = (UserId, Arc<Notify>);

/// An open stream; removed from the list on drop.
pub(crate) struct StreamPermit {
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
    pub(crate) fn open(&self, user: UserId) -> StreamPermit {
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

impl StreamPermit {
    /// Waits until the stream has to end.
    pub(crate) async fn ended(&self) {
        self.end.notified().await;
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        self.streams.all().retain(|(_, end)| !Arc::ptr_eq(end, &self.end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::id::Id as _;
    use futures_util::FutureExt as _;

    fn user(number: i64) -> UserId {
        UserId::from_number(number)
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
