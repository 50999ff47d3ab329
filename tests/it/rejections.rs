//! Stored data of rejected requests: reason and count, encrypted, bounded, and visible to their own company only.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::task::JoinSet;

use crate::support::{
    Installation, TestApp, bodies,
    browser::Browser,
    builders::Connection,
    database::is_postgres,
    eventually, files,
    webhook_request::{Post, client},
};

const COUNT: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections";
const GROUPS: &str = "SELECT COUNT(*) FROM rejections";
const KEPT: &str = "SELECT COUNT(*) FROM rejected_requests";
const CAUSES: &str = "SELECT cause FROM rejections ORDER BY last_at, id";

struct Shop {
    app: TestApp,
    connection: Connection,
    owner: Browser,
}

impl Shop {
    async fn open() -> Self {
        let app = TestApp::start().await;
        let connection = app.razorpay().await;
        let owner = app.owner("Neem Tree Retail").await;
        Self { app, connection, owner }
    }

    fn wrong(&self, id: &str) -> Post {
        self.connection.post(bodies::payment("payment.captured", id, 0)).secret("somebody else's secret")
    }

    /// Waits until this many rejected requests are recorded.
    async fn counted(&self, count: i64) {
        eventually(async || self.app.count(COUNT).await == count).await;
    }

    fn list(&self) -> String {
        format!("/ks-pay/apps/{}/rejections", self.connection.app_id)
    }

    /// Returns the path of the newest rejection.
    async fn newest(&self) -> String {
        let page = self.owner.get(&self.list()).await;
        page.body.split('"').find(|text| text.contains("/rejections/rj_")).unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_thing_again_is_one_row_until_there_is_a_pause() {
    let shop = Shop::open().await;
    assert!(shop.owner.get(&shop.list()).await.shows("no-rejection"));
    for number in 0..14 {
        assert_eq!(shop.wrong(&format!("pay_{number}")).send().await, 401);
    }
    shop.app.clock.advance(Duration::from_mins(59));
    assert_eq!(shop.wrong("pay_0").send().await, 401);
    shop.counted(15).await;
    assert_eq!((shop.app.count(GROUPS).await, shop.app.count(KEPT).await), (1, 14), "a repeated request is kept once");
    let repeated = "SELECT last_at - received_at FROM rejected_requests WHERE count = 2";
    assert_eq!(shop.app.count(repeated).await, 59 * 60_000, "with its count and its latest time");
    assert_eq!(shop.connection.post("{}").unsigned().send().await, 401);
    shop.counted(16).await;
    shop.app.clock.advance(Duration::from_mins(61));
    assert_eq!(shop.wrong("pay_0").send().await, 401);
    shop.counted(17).await;
    assert_eq!(shop.app.texts(CAUSES).await, ["unknown", "no_signature", "unknown"]);
    for (header, times) in [("stripe-signature", 2), ("x-shopify-hmac-sha256", 1)] {
        for _ in 0..times {
            assert_eq!(shop.connection.post("{}").unsigned().header(header, "t=1,v1=00").send().await, 401);
        }
    }
    shop.counted(20).await;
    assert_eq!(shop.app.count(GROUPS).await, 5, "who signed is told of each");
    let page = shop.owner.get(&shop.list()).await;
    let of_others = page.texts_of("cause-other-gateway").concat();
    assert!(of_others.contains("Stripe") && of_others.contains("Shopify"), "{of_others}");
    assert!(page.has("15 times") && page.shows("cause-no-signature") && page.shows("cause-signature-mismatch"), "{}", page.body);
    assert_eq!(page.body.matches("class=\"row-mark\">…").count(), 2, "rows with one reason are told apart: {}", page.body);
    let overview = shop.owner.get(&format!("/ks-pay/apps/{}", shop.connection.app_id)).await;
    assert!(overview.text_of("rejected-in-all").contains("20 "), "{}", overview.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_count_different_requests_name_the_difference() {
    let shop = Shop::open().await;
    assert_eq!(shop.wrong("pay_1").send().await, 401);
    assert_eq!(shop.connection.post("{}").unsigned().send().await, 401);
    assert_eq!(shop.wrong("pay_2").header("content-encoding", "gzip").send().await, 415);
    shop.counted(3).await;
    let overview = shop.owner.get(&format!("/ks-pay/apps/{}", shop.connection.app_id)).await;
    assert!(overview.text_of("rejected-in-all").contains("3 "), "{}", overview.body);
    let webhook = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/webhook", shop.connection.app_id);
    let webhook = shop.owner.get(&webhook).await;
    assert!(webhook.text_of("rejected-count").starts_with("2,"), "{}", webhook.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_line_of_a_failing_webhook_is_about_has_no_second_line() {
    let shop = Shop::open().await;
    shop.connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    shop.app.clock.advance(Duration::from_secs(1));
    let space = format!("{} ", shop.connection.secret);
    let slip = shop.connection.post(bodies::payment("payment.captured", "pay_2", 0)).secret(&space);
    assert_eq!(slip.send().await, 401);
    let path = format!("/ks-pay/apps/{}", shop.connection.app_id);
    let overview = shop.owner.sees(&path, "state-failing").await;
    assert!(overview.lacks("rejected-in-all"), "{}", overview.body);
    // A failure that began before that time may count requests that are no longer there.
    shop.app.sql("UPDATE activity SET failing_since = failing_since - 1296000000, failing_count = 9").await;
    assert!(shop.owner.get(&path).await.text_of("rejected-in-all").contains("1 "), "{}", overview.body);
    shop.app.sql("UPDATE activity SET failing_since = failing_since + 1296000000, failing_count = 1").await;
    let webhook = shop.owner.get(&shop.connection.webhook_step("")).await;
    let button = webhook.body.split_once("/webhook/completion\"").unwrap().1.split_once("Mark as done").unwrap().0;
    assert!(!button.contains("button-primary"), "to mark it as done is not what comes next: {button}");
    assert_eq!(shop.connection.post("{}").unsigned().send().await, 401);
    shop.counted(2).await;
    let overview = shop.owner.get(&path).await;
    assert!(overview.text_of("rejected-in-all").contains("2 "), "{}", overview.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_cannot_be_read_is_no_matter_of_the_secret() {
    let shop = Shop::open().await;
    assert_eq!(shop.wrong("pay_1").signature("none").send().await, 401);
    shop.counted(1).await;
    let page = shop.owner.get(&shop.newest().await).await;
    assert!(page.shows("cause-signature-malformed") && page.shows("attempts-once-unchanged-if-genuine"), "{}", page.body);
    assert!(page.has("/test/webhook#check\"") && !page.has("/test/webhook\""), "{}", page.body);
    assert!(!page.has("/secrets/new") && page.lacks("attempts-unknown"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_cannot_happen_is_not_announced() {
    let shop = Shop::open().await;
    let body = format!(r#"{{"filler":"{}"}}"#, "a".repeat(300_000));
    assert_eq!(shop.connection.post(body).secret("another secret").send().await, 401);
    shop.counted(1).await;
    // How much is diagnosed on arrival depends on what else arrives.
    shop.app.sql("UPDATE rejections SET cause = 'not_diagnosed'").await;
    for path in [shop.newest().await, shop.list(), shop.connection.webhook_step("")] {
        let page = shop.owner.get(&path).await;
        assert!(page.shows("cause-never-diagnosed") && page.lacks("cause-not-diagnosed"), "{}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_shows_what_came_and_what_to_do() {
    let shop = Shop::open().await;
    let post = shop.wrong("pay_Demo0000000001").header("cookie", "hush=hush").header("x-note", "<b>bold</b>");
    assert_eq!(post.send().await, 401);
    shop.counted(1).await;
    let path = shop.newest().await;
    let page = shop.owner.get(&path).await;
    assert!(page.shows("cause-signature-mismatch") && page.shows("what-to-check"), "{}", page.body);
    assert!(page.has("pay_Demo0000000001") && page.has("127.0.0.1"), "{}", page.body);
    assert!(page.has("&#60;b&#62;bold") || page.has("&lt;b&gt;bold"), "headers are text");
    assert!(!page.has("hush"), "credentials are not kept");
    let body = page.body.split('"').find(|text| text.ends_with("/body")).unwrap();
    let download = shop.owner.get(body).await;
    assert_eq!(download.body.as_bytes(), post.bytes());
    assert_eq!(download.headers["content-type"], "application/octet-stream");
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_requests_say_what_they_are_before_they_are_opened() {
    let shop = Shop::open().await;
    for (id, event) in [("pay_1", "payment.captured"), ("pay_2", "payment.failed")] {
        let post = shop.connection.post(bodies::payment(event, id, 0)).secret("somebody else's secret");
        assert_eq!(post.send().await, 401);
    }
    let strange = shop.connection.post("{\"event\":\"a b\u{202e}\"}").secret("somebody else's secret");
    assert_eq!(strange.send().await, 401);
    shop.counted(3).await;
    let page = shop.owner.get(&shop.newest().await).await;
    assert!(page.has("payment.captured</bdi>, ") && page.has("payment.failed</bdi>, "), "{}", page.body);
    let size = format!(">{} bytes<", strange.bytes().len());
    assert!(page.has(&size), "of a name that is none only the size is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_seen_is_shown_by_its_name() {
    let shop = Shop::open().await;
    let body = "{\"event\":\"payment.captured\",\"note\":\"\u{202e}00.1₹ र्\u{200d}य\u{200b}\"}";
    let post = shop.connection.post(body);
    assert_eq!(post.clone().secret("somebody else's secret").send().await, 401);
    shop.counted(1).await;
    post.stored().await;
    let events = format!("/ks-pay/apps/{}/events", shop.connection.app_id);
    let list = shop.owner.get(&events).await;
    let event = list.body.split('"').find(|text| text.contains("/events/ev_")).unwrap().to_owned();
    for path in [shop.newest().await, event] {
        let page = shop.owner.get(&path).await;
        assert!(page.has("<span class=\"unseen\">⟨U+202E⟩</span>") && page.has("⟨U+200B⟩"), "{}", page.body);
        assert!(!page.has("\u{202e}") && !page.has("\u{200b}") && page.shows("invisible-characters"));
        assert!(page.has("र्\u{200d}य"), "a joiner of Hindi stays");
        let download = page.body.split('"').find(|text| text.ends_with("/body")).unwrap();
        assert_eq!(shop.owner.get(download).await.body, body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_before_it_is_verified_is_noted_and_makes_nothing_failing() {
    let shop = Shop::open().await;
    let (url, right) = (&shop.connection.url, shop.connection.post(bodies::bare("foo.bar")));
    assert_eq!(right.clone().header("content-encoding", "gzip").send().await, 415);
    assert_eq!(client().post(url).body(vec![b'a'; 1024 * 1024 + 1]).send().await.unwrap().status(), 413);
    let step = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test", shop.connection.app_id);
    shop.owner.post(&format!("{step}/enabled"), &[("is_enabled", "false"), ("confirm", "yes")]).await.location();
    assert_eq!(right.send().await, 401);
    shop.counted(3).await;
    let mut causes = shop.app.texts(CAUSES).await;
    causes.sort();
    assert_eq!(causes, ["disabled", "encoded", "too_large"]);
    assert_eq!(shop.app.count("SELECT rejected_count FROM activity").await, 0);
    let page = shop.owner.get(&shop.list()).await;
    for cause in ["cause-disabled", "cause-too-large", "cause-encoded"] {
        assert!(page.shows(cause), "{cause}");
    }
    let paths: Vec<_> = page.body.split('"').filter(|text| text.contains("/rejections/rj_")).collect();
    let mut unread = 0;
    for path in paths {
        let page = shop.owner.get(path).await;
        assert!(page.has("Rejected once") && page.lacks("nothing-left-to-recover"), "{}", page.body);
        unread += usize::from(page.shows("body-not-read") && page.shows("requests-not-read"));
    }
    assert_eq!(unread, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_at_no_endpoint_are_counted_and_nothing_else() {
    let mut shop = Shop::open().await;
    let nowhere = shop.connection.url.replace("wh_", "wh_0");
    for _ in 0..7 {
        assert_eq!(shop.wrong("pay_1").url(&nowhere).send().await, 401);
    }
    shop.app.stop().await;
    assert_eq!((shop.app.count(COUNT).await, shop.app.count("SELECT count FROM unknown_endpoint_requests").await), (0, 7));
    let output = shop.app.cli(["doctor"], "").await;
    assert!(output.out.contains("note  unknown endpoints: 7 requests received"), "{}", output.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_counted_to_the_last_and_kept_in_bounds() {
    const FLOOD: usize = 10_000;
    let mut shop = Shop::open().await;
    let twin = shop.app.company("Banyan Books").await.app("Banyan Books Online").await.razorpay("test").await;
    let mut sending = JoinSet::new();
    #[expect(clippy::disallowed_methods, reason = "it sends to a server of the test")]
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for sender in 0..8 {
        let (client, url) = (client.clone(), shop.connection.url.clone());
        sending.spawn(async move {
            for number in 0..FLOOD / 8 {
                let body = format!(r#"{{"event":"payment.captured","sender":{sender},"number":{number}}}"#);
                let answer = client.post(&url).header("x-razorpay-signature", "00".repeat(32)).body(body).send().await.unwrap();
                assert_eq!(answer.status(), 401);
            }
        });
    }
    let other = twin.post("{}").unsigned();
    assert_eq!(other.send().await, 401);
    sending.join_all().await;
    shop.app.stop().await;
    assert_eq!(shop.app.count(COUNT).await, i64::try_from(FLOOD).unwrap() + 1, "each is counted");
    let kept = shop
        .app
        .count("SELECT COUNT(*) FROM rejected_requests WHERE rejection_id IN (SELECT id FROM rejections WHERE cause = 'unknown')")
        .await;
    assert!((100..=500).contains(&kept), "{kept} are kept");
    assert_eq!(
        shop.app.texts("SELECT cause FROM rejections WHERE count = 1").await,
        ["no_signature"],
        "the other webhook's is kept"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_kept_the_oldest_goes_first() {
    let shop = Shop::open().await;
    // Each takes up 256 KiB of the 4 MiB of a rejection.
    for number in 0..40 {
        let body = format!(r#"{{"number":{number},"filler":"{}"}}"#, "a".repeat(300_000));
        // A malformed signature is diagnosed without hashing, so all requests have one cause.
        assert_eq!(shop.connection.post(body).signature("none").send().await, 401);
        if number % 8 == 7 {
            shop.counted(number + 1).await;
        }
    }
    shop.counted(40).await;
    let bytes = shop.app.count("SELECT CAST(SUM(bytes) AS BIGINT) FROM rejected_requests").await;
    assert!((3_000_000..=4 * 1024 * 1024).contains(&bytes), "{bytes}");
    let page = shop.owner.get(&shop.newest().await).await;
    assert!(page.has("number") && page.has(":39,"), "the newest is there");
    for hook in ["body-truncated", "size"] {
        let said = page.text_of(hook);
        assert!(said.contains("3,00,025 bytes") && said.contains("256 KiB"), "{said}");
    }
    assert!(page.shows("requests-truncated"), "what is cut cannot be recovered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_which_only_the_beginning_is_stored_is_diagnosed_whole() {
    let shop = Shop::open().await;
    let body = format!(r#"{{"entity":"event","event":"payment.captured","payload":{{}},"filler":"{}"}}"#, "a".repeat(600_000));
    let secret = format!("{} ", shop.connection.secret);
    assert_eq!(shop.connection.post(body).secret(&secret).send().await, 401);
    shop.counted(1).await;
    assert_eq!(shop.app.texts("SELECT cause FROM rejections").await, ["secret_with_space"]);
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM rejected_requests WHERE is_truncated").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_it_stands_in_the_files() {
    let at = Installation::new().await;
    let connection = at.razorpay().await;
    let (process, address) = at.serve_in_process(&[("RUST_LOG", "trace")]);
    let post = connection.at(address).post(bodies::payment("payment.captured", "pay_Hush0000000001", 0));
    assert_eq!(post.header("x-hush", "hush-hush").secret("somebody else's secret").send().await, 401);
    eventually(async || at.count(KEPT).await == 1).await;
    let ended = process.terminate();
    let mut places = files(&at.data_dir());
    places.push(("the log".into(), ended.err.into_bytes()));
    for (path, content) in &places {
        for value in [&b"pay_Hush0000000001"[..], b"hush-hush"] {
            assert!(!content.windows(value.len()).any(|window| window == value), "{}", path.display());
        }
    }
    if !is_postgres() {
        let is_seen = places.iter().any(|(_, content)| {
            content.windows(12).any(|window| window == b"127.0.0.1\x00\x00\x00" || window.starts_with(b"unknown"))
        });
        assert!(is_seen, "what is not hidden is found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_for_15_days_goes() {
    let mut shop = Shop::open().await;
    let days = |count: u64| Duration::from_hours(24 * count);
    // On days 0, 2 and 4.
    for count in 1..=3 {
        assert_eq!(shop.wrong(&format!("pay_{count}")).send().await, 401);
        shop.counted(count).await;
        shop.app.clock.advance(days(2));
    }
    shop.app.clock.advance(days(8));
    // On days 16, 18 and 20: one is 16 days old and is deleted, which proves that the cleanup ran; the next is 14 days old and
    // stays.
    for left in [2, 1, 0] {
        shop.app.clock.advance(days(2));
        shop.app.restart().await;
        eventually(async || (shop.app.count(GROUPS).await, shop.app.count(KEPT).await) == (left, left)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_company_sees_nothing_of_it_and_changes_nothing() {
    let shop = Shop::open().await;
    assert_eq!(shop.wrong("pay_1").send().await, 401);
    shop.counted(1).await;
    let path = shop.newest().await;
    let page = shop.owner.get(&path).await;
    let body = page.body.split('"').find(|text| text.ends_with("/body")).unwrap().to_owned();
    shop.app.company("Banyan Books").await;
    let stranger = shop.app.owner("Banyan Books").await;
    let own = stranger.post("/ks-pay/apps", &[("name", "Banyan Shop"), ("email", "a@b.example"), ("country", "IN")]).await;
    let own = own.location().to_owned();
    // With its own webhook, so that access is not denied merely for the lack of one.
    stranger.post(&format!("{own}/settings/payment-gateways"), &[("gateway", "razorpay"), ("mode", "test")]).await.location();
    let below_own = |path: &str| format!("{own}{}", &path[path.find("/rejections").unwrap()..]);
    for path in [shop.list(), path.clone(), body.clone(), below_own(&path), below_own(&body)] {
        assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let posts = ["recovery", "acceptance"].map(|rest| [format!("{path}/{rest}"), format!("{}/{rest}", below_own(&path))]);
    for path in posts.concat() {
        assert_eq!(stranger.post(&path, &[("current_password", "x")]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for id in ["x", "rj_", "%00", "rj_'%20or%201=1--"] {
        assert_eq!(shop.owner.get(&format!("{}/{id}", shop.list())).await.status, StatusCode::NOT_FOUND, "{id}");
    }
    assert!(stranger.get(&format!("{own}/rejections")).await.shows("no-rejection"));
    assert_eq!(shop.owner.get(&format!("{}?mode=live", shop.list())).await.status, StatusCode::OK);
    assert!(shop.owner.get(&format!("{}?mode=live", shop.list())).await.shows("no-rejection"), "of the other mode");
}
