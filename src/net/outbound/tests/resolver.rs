//! Lookups: a name that does not resolve delays neither other names nor other companies.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use futures_util::{FutureExt as _, future::join_all};
use tokio::task::yield_now;

use super::super::resolver::System;
use crate::primitives::id::CompanyId;

/// The number of lookups of one company at a time.
const OF_COMPANY: usize = 16;

/// Lookups that wait until the test ends them; `fast…` is found without waiting.
struct Slow {
    system: System,
    began: Arc<AtomicUsize>,
    /// Dropped to end all lookups.
    ending: Option<mpsc::Sender<()>>,
}

impl Slow {
    fn new() -> Self {
        let (ending, ended) = mpsc::channel::<()>();
        let (ended, began) = (std::sync::Mutex::new(ended), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&began);
        let system = System::new(move |host| {
            count.fetch_add(1, Ordering::SeqCst);
            assert!(!host.starts_with("panic"), "a lookup that panics");
            if !host.starts_with("fast") {
                // Fails once the sender is dropped.
                let _ = ended.lock().unwrap().recv();
            }
            Some(vec![([198, 51, 100, 7], 0).into()])
        });
        Self { system, began, ending: Some(ending) }
    }

    async fn began(&self, count: usize) {
        while self.began.load(Ordering::SeqCst) < count {
            yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_name_is_looked_up_once_at_a_time_and_again_afterwards() {
    let mut slow = Slow::new();
    let mut waiting: Vec<_> =
        (1..=40).map(|port| slow.system.lookup("slow.example", port, CompanyId::unique()).boxed()).collect();
    let mut all = join_all(waiting.drain(..));
    assert!((&mut all).now_or_never().is_none());
    slow.began(1).await;
    slow.ending = None;
    let found = all.await;
    assert_eq!(slow.began.load(Ordering::SeqCst), 1);
    let ports = found.into_iter().map(|addresses| addresses.unwrap()[0].port());
    assert!(ports.eq(1..=40), "each has its own port");

    assert!(slow.system.lookup("slow.example", 1, CompanyId::unique()).await.is_some());
    assert_eq!(slow.began.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn names_that_do_not_resolve_delay_no_other_company() {
    let mut slow = Slow::new();
    let (theirs, ours) = (CompanyId::unique(), CompanyId::unique());
    let names: Vec<_> = (0..OF_COMPANY).map(|number| format!("slow{number}.example")).collect();
    let mut hanging = join_all(names.iter().map(|name| slow.system.lookup(name, 443, theirs)));
    assert!((&mut hanging).now_or_never().is_none());
    {
        let mut next = slow.system.lookup("fast.example", 443, theirs).boxed();
        assert!((&mut next).now_or_never().is_none(), "a company waits for its own lookups");
        assert!(slow.system.lookup("fast.example", 443, ours).await.is_some());
    }
    slow.ending = None;
    assert!(hanging.await.iter().all(Option::is_some));
    assert!(slow.system.lookup("fast.example", 443, theirs).await.is_some());
}

#[tokio::test]
async fn a_lookup_that_panics_finds_nothing_and_does_not_prevent_the_next() {
    let slow = Slow::new();
    for count in 1..=3 {
        let looking_up = slow.system.lookup("panic.example", 443, CompanyId::unique());
        assert_eq!(tokio::time::timeout(Duration::from_mins(1), looking_up).await, Ok(None));
        assert_eq!(slow.began.load(Ordering::SeqCst), count);
    }
}
