//! In a flood of forged requests, genuine ones are still stored, at the flooded endpoint and at every other.
//!
//! Unit tests next to `throttle_rejections` in `src/ingestion/routes.rs` show that a forger waits for his responses; `torture`
//! measures the latency of genuine requests.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::{task::JoinSet, time::timeout};

use crate::support::{
    ONE_FLOOD_AT_A_TIME, SOON, TestApp, bodies, eventually,
    webhook_request::{Post, client},
};

/// Size of a flood in which rejected requests wait for their responses.
const FLOOD_SIZE: usize = 300;
/// Number of events at each connection during the flood.
const ROUNDS: usize = 10;

/// Forges requests until stopped, and counts them.
async fn forge(url: String, count: Arc<AtomicUsize>, is_over: Arc<AtomicBool>) {
    while !is_over.load(Ordering::Relaxed) {
        let body = format!(r#"{{"event":"payment.captured","number":{}}}"#, count.fetch_add(1, Ordering::Relaxed));
        let answer = client().post(&url).header("x-razorpay-signature", "00".repeat(32)).body(body).send().await.unwrap();
        // 503: on a busy machine, to be retried.
        assert!(matches!(answer.status().as_u16(), 401 | 503), "{answer:?}");
    }
}

/// Retries until the request is stored, as gateways do.
async fn is_stored(post: Post) {
    loop {
        match timeout(SOON, post.send()).await.expect("an answer") {
            200 => return,
            status => assert_eq!(status, 503, "it is never taken for a forgery, nor sent away as one too many"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_flood_at_one_app_genuine_events_of_it_and_of_others_are_stored() {
    let _turn = ONE_FLOOD_AT_A_TIME.lock().await;
    let app = TestApp::start().await;
    let shop = app.company("Neem Tree Retail").await.app("Neem Tree Store").await;
    let twin = app.company("Banyan Books").await.app("Banyan Books Online").await;
    let genuine = [shop.razorpay("test").await, shop.razorpay("live").await, twin.razorpay("test").await];
    let (count, is_over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let mut flood = JoinSet::new();
    for _ in 0..8 {
        flood.spawn(forge(genuine[0].url.clone(), Arc::clone(&count), Arc::clone(&is_over)));
    }
    eventually(async || count.load(Ordering::Relaxed) > FLOOD_SIZE).await;
    for round in 0..ROUNDS {
        let posts =
            genuine.iter().map(|connection| connection.post(bodies::payment("payment.captured", &format!("pay_{round}"), 0)));
        let all = futures_util::future::join_all(posts.map(is_stored));
        timeout(SOON, all).await.expect("they are stored");
    }
    is_over.store(true, Ordering::Relaxed);
    flood.join_all().await;
    assert_eq!(app.events().await.len(), ROUNDS * genuine.len());
}
