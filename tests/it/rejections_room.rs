//! Eviction of rejected requests when the storage quota is exhausted: a forger evicts only his own.

use crate::support::{TestApp, bodies, builders::Connection, eventually, webhook_request::Post};

const COUNT: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections";
const BYTES: &str = "SELECT CAST(SUM(bytes) AS BIGINT) FROM rejected_requests";
const OF_A_SLIP: &str = "SELECT COUNT(*) FROM rejected_requests WHERE rejection_id IN \
                         (SELECT id FROM rejections WHERE cause = 'secret_with_space')";
const OF_A_PROXY: &str = "SELECT COUNT(*) FROM rejected_requests WHERE rejection_id IN \
                          (SELECT id FROM rejections WHERE cause = 'body_respaced')";
const SHORT_AND_UNKNOWN: &str = "SELECT COUNT(*) FROM rejected_requests WHERE size < 10000 AND rejection_id IN \
                                 (SELECT id FROM rejections WHERE cause = 'unknown')";
const SIGNED: &str = "SELECT CAST(SUM(bytes) AS BIGINT) FROM rejected_requests WHERE rejection_id IN \
                      (SELECT id FROM rejections WHERE cause <> 'no_signature')";
const UNSIGNED: &str = "SELECT COUNT(*) FROM rejected_requests WHERE rejection_id IN \
                        (SELECT id FROM rejections WHERE cause = 'no_signature')";
/// Secret that no connection has.
const FOREIGN_SECRET: &str = "somebody else's secret";

struct Flood {
    app: TestApp,
    connection: Connection,
    sent: i64,
}

impl Flood {
    async fn open() -> Self {
        let app = TestApp::start_with(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await;
        let connection = app.razorpay().await;
        Self { app, connection, sent: 0 }
    }

    /// Sends requests and waits until they are recorded: few enough that each is stored at first.
    async fn send(&mut self, from: &str, posts: impl IntoIterator<Item = Post>) {
        for post in posts {
            assert_eq!(post.header("x-forwarded-for", from).send().await, 401);
            self.sent += 1;
        }
        let sent = self.sent;
        eventually(async || self.app.count(COUNT).await == sent).await;
    }

    fn payment(&self, mark: &str, number: usize) -> Post {
        self.connection.post(bodies::payment("payment.captured", &format!("pay_{mark}{number:04}"), 0))
    }

    /// Returns a request nearly as large as the limit, and complete.
    fn long(&self, mark: usize, number: usize) -> Post {
        let body = format!("{mark}.{number} {}", "a".repeat(250_000));
        self.connection.post(body).secret(FOREIGN_SECRET)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_explained_stays_whatever_others_send() {
    let mut flood = Flood::open().await;
    let space = format!("{} ", flood.connection.secret);
    let slips: Vec<Post> = (0..4).map(|number| flood.payment("Slip", number).secret(&space)).collect();
    flood.send("192.0.2.1", slips).await;
    let respaced = |number| {
        let body = bodies::payment("payment.captured", &format!("pay_Proxy{number}"), 0);
        let spaced = String::from_utf8(body.clone()).unwrap().replace(':', ": ").replace("https: ", "https:");
        flood.connection.post(body).body_after_signing(spaced.as_bytes())
    };
    let respaced: Vec<Post> = (0..2).map(respaced).collect();
    flood.send("192.0.2.1", respaced).await;
    let unknown: Vec<Post> = (0..6).map(|number| flood.payment("Own", number).secret(FOREIGN_SECRET)).collect();
    flood.send("192.0.2.2", unknown).await;
    for wave in 0..3 {
        let forged: Vec<Post> = (0..6).map(|number| flood.long(wave, number)).collect();
        flood.send("198.51.100.7", forged).await;
        let unsigned: Vec<Post> = (0..6).map(|number| flood.long(wave, number).unsigned()).collect();
        flood.send("198.51.100.7", unsigned).await;
        // A third kind: two use half of the quota each.
        let malformed: Vec<Post> = (0..6).map(|number| flood.long(wave, number).signature("x")).collect();
        flood.send("198.51.100.7", malformed).await;
    }
    let kept = [OF_A_SLIP, OF_A_PROXY, SHORT_AND_UNKNOWN];
    let mut left = Vec::new();
    for statement in kept {
        left.push(flood.app.count(statement).await);
    }
    assert_eq!(left, [4, 2, 6], "what can be explained, and short ones of others, are all there");
    let bytes = flood.app.count(BYTES).await;
    assert!((6_000_000..=8 * 1024 * 1024).contains(&bytes), "the room is used, and no more than that: {bytes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_be_recovered_goes_before_what_perhaps_can() {
    let mut flood = Flood::open().await;
    for wave in 0..3 {
        let forged: Vec<Post> = (0..6).map(|number| flood.long(wave, number)).collect();
        flood.send("198.51.100.7", forged).await;
    }
    let malformed: Vec<Post> = (0..6).map(|number| flood.long(7, number).signature("x")).collect();
    flood.send("198.51.100.7", malformed).await;
    let before = flood.app.count(BYTES).await;
    for wave in 0..3 {
        let unsigned: Vec<Post> = (0..6).map(|number| flood.long(wave, number).unsigned()).collect();
        flood.send("198.51.100.7", unsigned).await;
    }
    let after = flood.app.count(SIGNED).await;
    assert_eq!(after, before, "nothing of it went for requests without a signature");
    assert!(flood.app.count(UNSIGNED).await > 0, "those have what is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_with_the_most_stored_requests_is_evicted_first() {
    let mut flood = Flood::open().await;
    let quiet: Vec<Post> = (0..3).map(|number| flood.long(100, number)).collect();
    flood.send("192.0.2.2", quiet).await;
    for wave in 0..5 {
        let forged: Vec<Post> = (0..6).map(|number| flood.long(wave, number)).collect();
        flood.send("198.51.100.7", forged).await;
    }
    let quiet = "SELECT COUNT(*) FROM rejected_requests WHERE address = '192.0.2.2'";
    let loud = "SELECT COUNT(*) FROM rejected_requests WHERE address = '198.51.100.7'";
    assert_eq!(flood.app.count(quiet).await, 3);
    assert!((8..=16).contains(&flood.app.count(loud).await), "of the other the newest are kept");
}
