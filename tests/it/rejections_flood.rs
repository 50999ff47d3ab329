//! A flood of forged requests is borne by whoever sends it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{task::JoinSet, time::timeout};

use crate::support::{TestApp, bodies, eventually, post::client};

/// From the request's head to our answer at the latest.
const ANSWER_WITHIN: Duration = Duration::from_millis(4500);
/// A flood, in which refused requests wait for their answers.
const MANY: usize = 300;
/// How often an event comes at each connection meanwhile.
const ROUNDS: usize = 10;

/// Forges requests until it is told to stop, and counts them.
async fn forge(url: String, count: Arc<AtomicUsize>, is_over: Arc<AtomicBool>) {
    while !is_over.load(Ordering::Relaxed) {
        let body = format!(r#"{{"event":"payment.captured","number":{}}}"#, count.fetch_add(1, Ordering::Relaxed));
        let answer = client().post(&url).header("x-razorpay-signature", "00".repeat(32)).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_flood_at_one_app_genuine_events_of_it_and_of_others_are_answered_in_time() {
    let app = TestApp::start().await;
    let shop = app.company("Neem Tree Retail").await.app("Neem Tree Store").await;
    let twin = app.company("Banyan Books").await.app("Banyan Books Online").await;
    let genuine = [shop.razorpay("test").await, shop.razorpay("live").await, twin.razorpay("test").await];
    let (count, is_over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let mut flood = JoinSet::new();
    for _ in 0..8 {
        flood.spawn(forge(genuine[0].url.clone(), Arc::clone(&count), Arc::clone(&is_over)));
    }
    eventually(async || count.load(Ordering::Relaxed) > MANY).await;
    for round in 0..ROUNDS {
        let posts = genuine.iter().map(|connection| {
            let post = connection.post(bodies::payment("payment.captured", &format!("pay_{round}"), 0));
            async move { timeout(ANSWER_WITHIN, post.send()).await }
        });
        let answers = futures_util::future::join_all(posts).await;
        assert!(answers.iter().all(|answer| *answer == Ok(200)), "round {round}: {answers:?}");
    }
    is_over.store(true, Ordering::Relaxed);
    flood.join_all().await;
    assert_eq!(app.events().await.len(), ROUNDS * genuine.len());
}
