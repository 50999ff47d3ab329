//! Password hashing, and the password policy (`policy.rs`).
//!
//! Argon2id runs on blocking threads: one per core for unknown browsers, and one more for trusted browsers and signed-in
//! users, so that a flood of sign-in attempts exhausts neither the async workers nor the memory. Both queues are bounded, and
//! in the trusted queue the entries of each account are limited too.

mod policy;

use std::{future::pending, sync::Arc};

pub(crate) use self::policy::{PasswordFault, PasswordOwner};
use super::shares::{Share, Shares};
use crate::primitives::{id::UserId, text_input};
use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use icu_properties::props::{EnumeratedProperty as _, GeneralCategory};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

/// Maximum length of a password, in bytes: enough for any passphrase, too short to make Argon2 slow.
const MAX_PASSWORD_BYTES: usize = 1024;

/// The password as it is hashed and compared, in the form of RFC 8265's `OpaqueString`: keyboards differ in how many code points
/// they write for one letter, and in which space.
fn prepare(password: &str) -> Zeroizing<String> {
    let space = |character: char| if is_space(character) { ' ' } else { character };
    let spaced: Zeroizing<String> = Zeroizing::new(password.chars().map(space).collect());
    Zeroizing::new(text_input::normalized(&spaced).into_owned())
}

/// A space other than that of ASCII.
fn is_space(character: char) -> bool {
    character != ' ' && GeneralCategory::for_char(character) == GeneralCategory::SpaceSeparator
}

/// Hashes and verifies passwords with limited concurrency. Cheap to clone.
#[derive(Clone)]
pub(crate) struct PasswordHasher {
    unknown: Queue,
    trusted: Queue,
    shares: Shares,
}

/// Whose password is checked; selects the queue, so that unknown browsers cannot delay trusted ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requester {
    /// An unknown browser at the sign-in form.
    Unknown,
    /// A browser from which the account has signed in before, or a signed-in user. Both have the same id, so that an account
    /// has a single share of the queue.
    Trusted(UserId),
    /// The first user, or a user added by an operator; neither has an id yet.
    New,
}

/// A work queue with limited concurrency and length.
#[derive(Clone)]
struct Queue {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Queue {
    fn new(turns: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(turns)), places: Arc::new(Semaphore::new(turns + MAX_WAITING)) }
    }
}

/// A permit to hash or verify one password.
pub(crate) struct HashPermit {
    _turn: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
    _share: Option<Share>,
}

impl HashPermit {
    /// See [`PasswordHasher::verify`].
    pub(crate) async fn verify(self, password: &str, stored: Option<String>) -> Result<bool, HasherUnavailable> {
        // What is hashed is measured: preparing a text can shorten it to less than a third, so that an accepted password may be longer
        // as it is typed.
        if password.len() > 4 * MAX_PASSWORD_BYTES {
            return Ok(false);
        }
        let password = prepare(password);
        if password.len() > MAX_PASSWORD_BYTES {
            return Ok(false);
        }
        self.work(move || {
            let has_password = stored.is_some();
            let text = stored.as_deref().unwrap_or(DUMMY_HASH);
            Argon2::default().verify_password(password.as_bytes(), text).is_ok() && has_password
        })
        .await
    }

    /// Runs the work on a blocking thread, and releases the permit when it is done.
    async fn work<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HasherUnavailable> {
        tokio::task::spawn_blocking(move || {
            let _turn = self;
            work()
        })
        .await
        .map_err(|_| HasherUnavailable::ShuttingDown)
    }
}

/// Maximum number of waiting passwords per queue; further requests get 503 instead of delaying the others.
const MAX_WAITING: usize = 32;

/// Why a password could not be hashed or verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HasherUnavailable {
    #[error("the password queue is full")]
    Busy,
    #[error("the client disconnected while its password was queued")]
    ClientGone,
    #[error("the server is shutting down")]
    ShuttingDown,
}

/// Dummy hash for unknown users, which equalises timing: a stored text with random salt and hash that matches no known
/// password.
const DUMMY_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$vhcVNuYn7ke461lwn3ctAA$FNzSWvug68t+41QMH9iiwX7AKUD90iv9n4EtebFBqi0";

impl PasswordHasher {
    /// Creates a hasher with one concurrent job per core for unknown browsers, and one more for trusted ones.
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { unknown: Queue::new(cores), trusted: Queue::new(1), shares: Shares::default() }
    }

    /// Returns the hash to store for a password: Argon2id with 19 MiB and two passes (OWASP Password Storage Cheat Sheet).
    pub(crate) async fn hash(&self, who: Requester, password: &str) -> Result<String, HasherUnavailable> {
        let password = prepare(password);
        self.work(who, move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).ok())
            .await?
            .ok_or(HasherUnavailable::ShuttingDown)
    }

    /// Returns why a new password is invalid. An estimate costs about as much as a
    /// hash and therefore runs where passwords are hashed.
    pub(crate) async fn password_fault(
        &self,
        who: Requester,
        password: &str,
        owner: &PasswordOwner<'_>,
    ) -> Result<Option<PasswordFault>, HasherUnavailable> {
        let password = Zeroizing::new(password.to_owned());
        let [email, name, company] = [owner.email, owner.name, owner.company].map(str::to_owned);
        let check = move || policy::password_fault(&password, &PasswordOwner { email: &email, name: &name, company: &company });
        self.work(who, check).await
    }

    /// True if the password matches the stored hash. Without a stored hash it takes as long and returns false.
    pub(crate) async fn verify(&self, who: Requester, password: &str, stored: Option<String>) -> Result<bool, HasherUnavailable> {
        self.enter(who, pending()).await?.verify(password, stored).await
    }

    /// Waits for a permit and runs the work. If dropped while waiting, it does neither.
    async fn work<T: Send + 'static>(
        &self,
        who: Requester,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HasherUnavailable> {
        let turn = self.enter(who, pending()).await?;
        turn.work(work).await
    }

    /// Waits for a permit; gives up when `left` resolves.
    pub(crate) async fn enter(&self, who: Requester, left: impl Future<Output = ()>) -> Result<HashPermit, HasherUnavailable> {
        let (queue, share) = match who {
            Requester::Unknown => (&self.unknown, None),
            Requester::Trusted(account) => (&self.trusted, Some(self.shares.take(account).ok_or(HasherUnavailable::Busy)?)),
            Requester::New => (&self.trusted, None),
        };
        let place = Arc::clone(&queue.places).try_acquire_owned().map_err(|_| HasherUnavailable::Busy)?;
        // Biased: a client that has only closed its sending side still gets a response if a permit is free.
        let turn = tokio::select! {
            biased;
            turn = Arc::clone(&queue.turns).acquire_owned() => turn.map_err(|_| HasherUnavailable::ShuttingDown)?,
            () = left => return Err(HasherUnavailable::ClientGone),
        };
        Ok(HashPermit { _turn: turn, _place: place, _share: share })
    }

    /// Returns a permit if one is free.
    #[cfg(test)]
    pub(crate) async fn enter_now(&self, who: Requester) -> Option<HashPermit> {
        self.enter(who, async {}).await.ok()
    }

    /// Number of free places in the queue of unknown browsers.
    #[cfg(test)]
    pub(crate) fn free_places_of_unknown(&self) -> usize {
        self.unknown.places.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::id::Id as _;
    use std::{
        future::poll_fn,
        sync::mpsc::{Receiver, Sender, channel},
        task::Poll,
    };

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_recognised() {
        let passwords = PasswordHasher::new();
        let stored = passwords.hash(Requester::Unknown, "four unrelated words here").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(passwords.verify(Requester::Unknown, "four unrelated words here", Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify(Requester::Unknown, "four unrelated words her", Some(stored.clone())).await.unwrap());
        // The dummy hash is parsed like any other, and takes the same work.
        let work = |text: &str| text.rsplitn(3, '$').last().map(str::to_owned);
        assert_eq!((work(DUMMY_HASH), DUMMY_HASH.len()), (work(&stored), stored.len()));
        let refused = Argon2::default().verify_password(b"any", DUMMY_HASH).unwrap_err();
        assert_eq!(refused.to_string(), Argon2::default().verify_password(b"any", stored.as_str()).unwrap_err().to_string());
        assert!(!passwords.verify(Requester::Unknown, "four unrelated words here", None).await.unwrap());
    }

    #[tokio::test]
    async fn a_password_is_the_same_however_its_letters_and_spaces_are_typed() {
        let passwords = PasswordHasher::new();
        let (one, two) = ("पे\u{95c} की ठंडी छाया में", "पे\u{921}\u{93c} की\u{a0}ठंडी छाया में");
        for (typed, again) in [(one, two), (two, one)] {
            let stored = passwords.hash(Requester::Unknown, typed).await.unwrap();
            assert!(passwords.verify(Requester::Unknown, again, Some(stored)).await.unwrap());
        }
    }

    #[tokio::test]
    async fn a_password_that_is_shorter_once_it_is_prepared_works() {
        let passwords = PasswordHasher::new();
        for typed in [
            format!("tanpura lamp 8 river {}", "e\u{301}o\u{302}".repeat(250)),
            format!("tanpura lamp 8 river{}tea", "\u{3000}violet".repeat(120)),
        ] {
            assert!(
                typed.len() > MAX_PASSWORD_BYTES && policy::password_fault(&typed, &PasswordOwner::default()).is_none(),
                "{typed}"
            );
            let stored = passwords.hash(Requester::Unknown, &typed).await.unwrap();
            assert!(passwords.verify(Requester::Unknown, &typed, Some(stored)).await.unwrap());
        }
    }

    #[tokio::test]
    async fn what_differs_after_72_bytes_differs() {
        let passwords = PasswordHasher::new();
        let start = "x9 ".repeat(30);
        let stored = passwords.hash(Requester::Unknown, &format!("{start}one")).await.unwrap();
        assert!(!passwords.verify(Requester::Unknown, &format!("{start}two"), Some(stored)).await.unwrap());
    }

    fn user(number: i64) -> UserId {
        UserId::from_number(number)
    }

    /// Work that signals its start, and runs until it is released.
    fn held(passwords: &PasswordHasher) -> (impl Future<Output = Result<(), HasherUnavailable>>, Receiver<()>, Sender<()>) {
        let ((began, has_begun), (let_go, is_let_go)) = (channel(), channel::<()>());
        let work = passwords.work(Requester::Unknown, move || {
            began.send(()).unwrap();
            let _ = is_let_go.recv();
        });
        (work, has_begun, let_go)
    }

    async fn is_pending(future: &mut (impl Future + Unpin)) -> bool {
        poll_fn(|cx| Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx).is_pending())).await
    }

    #[tokio::test]
    async fn each_core_verifies_one_at_a_time_and_the_next_waits_its_turn() {
        let passwords = PasswordHasher::new();
        let cores = std::thread::available_parallelism().unwrap().get();
        let mut under_way = Vec::new();
        for _ in 0..cores {
            let (work, has_begun, let_go) = held(&passwords);
            let mut work = Box::pin(work);
            assert!(is_pending(&mut work).await);
            has_begun.recv().unwrap();
            under_way.push((work, let_go));
        }
        // A client that disconnects does not end work in progress, so its permit is not free yet.
        let (gone, let_go) = under_way.pop().unwrap();
        drop(gone);
        assert_eq!(passwords.unknown.turns.available_permits(), 0);

        let mut next = Box::pin(passwords.verify(Requester::Unknown, "four unrelated words here", None));
        assert!(is_pending(&mut next).await);
        drop(let_go);
        assert!(!next.await.unwrap());
    }

    #[tokio::test]
    async fn a_full_queue_is_reported_and_does_not_delay_known_browsers() {
        let passwords = PasswordHasher::new();
        let cores = std::thread::available_parallelism().unwrap().get();
        let (mut waiting, mut held_back) = (Vec::new(), Vec::new());
        for _ in 0..cores + MAX_WAITING {
            let (work, _, let_go) = held(&passwords);
            let mut work = Box::pin(work);
            assert!(is_pending(&mut work).await);
            waiting.push(work);
            held_back.push(let_go);
        }
        let verify = async |who| passwords.verify(who, "four unrelated words here", None).await;
        assert_eq!(verify(Requester::Unknown).await, Err(HasherUnavailable::Busy));
        assert_eq!(verify(Requester::Trusted(user(1))).await, Ok(false));
        // A waiting client that disconnects frees its place.
        drop(waiting.pop());
        let (leave, left) = tokio::sync::oneshot::channel::<()>();
        let mut leaving = Box::pin(passwords.enter(Requester::Unknown, async { left.await.unwrap_or_default() }));
        assert!(is_pending(&mut leaving).await);
        drop(leave);
        assert_eq!(leaving.await.err(), Some(HasherUnavailable::ClientGone));
        assert!(
            passwords.enter(Requester::Trusted(user(1)), async {}).await.is_ok(),
            "who need not wait gets a turn in any case"
        );
        let mut next = Box::pin(passwords.verify(Requester::Unknown, "four unrelated words here", None));
        assert!(is_pending(&mut next).await);
        drop((held_back, waiting));
        assert_eq!(next.await, Ok(false));
    }

    #[tokio::test]
    async fn one_account_does_not_fill_the_queue_of_known_browsers() {
        let passwords = PasswordHasher::new();
        let (meera, ravi) = (user(1), user(2));
        let mut waiting: Vec<_> =
            (0..MAX_WAITING).map(|_| Box::pin(passwords.enter(Requester::Trusted(meera), pending()))).collect();
        let mut turns = Vec::new();
        for entering in &mut waiting {
            turns.push(poll_fn(|cx| Poll::Ready(entering.as_mut().poll(cx))).await);
        }
        let busy = turns.iter().filter(|turn| matches!(turn, Poll::Ready(Err(HasherUnavailable::Busy)))).count();
        assert_eq!(busy, MAX_WAITING - super::super::shares::MAX_PER_ACCOUNT);
        let mut other = Box::pin(passwords.enter(Requester::Trusted(ravi), pending()));
        assert!(is_pending(&mut other).await);
        // Clients that disconnect free their places.
        drop((turns, waiting));
        assert!(other.await.is_ok());
        assert!(passwords.enter(Requester::Trusted(meera), pending()).await.is_ok());
    }
}
