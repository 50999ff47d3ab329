//! An attacker gains nothing from rejected requests: guesses are not adopted, keys are not merged, cheap requests evict
//! nothing, and a flood hides nothing.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use reqwest::StatusCode;

use crate::support::{
    ONE_FLOOD_AT_A_TIME, TestApp, bodies,
    browser::Browser,
    builders::{Connection, PASSWORD},
    eventually,
    fake_razorpay::{StandIn, set_api},
    signing,
    webhook_request::Post,
};

const COUNT: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections";
const CAUSES: &str = "SELECT DISTINCT cause FROM rejections ORDER BY cause";
const KEPT: &str = "SELECT address FROM rejected_requests";
const KEPT_OF_A_PIECE: &str = "SELECT COUNT(*) FROM rejected_requests WHERE rejection_id IN \
                               (SELECT id FROM rejections WHERE cause = 'secret_cut')";
const KEPT_UNKNOWN: &str = "SELECT COUNT(*) FROM rejected_requests WHERE rejection_id IN \
                            (SELECT id FROM rejections WHERE cause = 'unknown')";
const FOUND: &str = "SELECT DISTINCT c.endpoint || ' ' || r.cause FROM rejections r JOIN connections c ON c.id = r.connection_id \
                     WHERE r.cause NOT IN ('unknown', 'not_diagnosed')";
const IMPORTED: &str = "NeemTreeStore-2026-8sK2pQ9xLm4T";
const KEY_ID: &str = "rzp_test_Attack00000001";
const KEY_SECRET: &str = "AttackedKeySecret8sK2pQ9";

struct Shop {
    app: TestApp,
    connection: Connection,
    owner: Browser,
}

impl Shop {
    async fn open() -> Self {
        let api = StandIn::start().await;
        let app = TestApp::start_with(|config| {
            set_api(config, &api.url);
            config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        })
        .await;
        let connection = app.razorpay().await;
        let owner = app.owner("Neem Tree Retail").await;
        Self { app, connection, owner }
    }

    fn payment(&self, id: &str) -> Post {
        self.connection.post(bodies::payment("payment.captured", id, 0))
    }

    fn step(&self, rest: &str) -> String {
        format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test{rest}", self.connection.app_id)
    }

    async fn rejected(&self, post: Post) {
        assert_eq!(post.send().await, 401);
    }

    async fn counted(&self, count: i64) {
        eventually(async || self.app.count(COUNT).await == count).await;
    }

    /// Returns the paths of all rejections, newest first.
    async fn rejections(&self) -> Vec<String> {
        let page = self.owner.get(&format!("/ks-pay/apps/{}/rejections", self.connection.app_id)).await;
        let mut found: Vec<String> = Vec::new();
        for path in page.body.split('"').filter(|text| text.contains("/rejections/rj_")) {
            if !found.iter().any(|known| known == path) {
                found.push(path.to_owned());
            }
        }
        found
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guessable_piece_of_an_imported_secret_is_never_offered() {
    let shop = Shop::open().await;
    let fields = [("secret", IMPORTED), ("current_password", PASSWORD)];
    shop.owner.post(&shop.step("/webhook/secrets"), &fields).await.location();
    for guess in ["NeemTreeStore-2026", "NeemTreeStore-2026-8sK2", "\"NeemTreeStore-2026\"", "neemtreestore-2026"] {
        shop.rejected(shop.payment(guess).secret(guess)).await;
    }
    shop.counted(4).await;
    let causes = shop.app.texts(CAUSES).await;
    assert!(causes.iter().all(|cause| matches!(cause.as_str(), "secret_guessable" | "unknown")), "{causes:?}");
    assert!(causes.iter().any(|cause| cause == "secret_guessable"));
    for path in shop.rejections().await {
        let page = shop.owner.get(&path).await;
        assert!(!page.has("/acceptance") && page.lacks("cause-secret-cut"), "{}", page.body);
        let forced = shop.owner.post(&format!("{path}/acceptance"), &[("current_password", PASSWORD)]).await;
        assert_eq!(forced.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let first = shop.rejections().await.pop().unwrap();
    shop.owner.sees(&first, "cause-secret-guessable").await;
    shop.rejected(shop.payment("pay_forged").secret("NeemTreeStore-2026")).await;
    assert_eq!(shop.app.events().await.len(), 0);

    // Its random part cannot be a guess.
    shop.rejected(shop.payment("pay_own").secret(&IMPORTED[2..])).await;
    shop.counted(6).await;
    let path = shop.rejections().await.remove(0);
    shop.owner.post(&format!("{path}/acceptance"), &[("current_password", PASSWORD)]).await.location();
    shop.payment("pay_own").secret(&IMPORTED[2..]).stored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessable_pieces_form_one_rejection_and_strong_ones_one_each() {
    let shop = Shop::open().await;
    let fields = [("secret", IMPORTED), ("current_password", PASSWORD)];
    shop.owner.post(&shop.step("/webhook/secrets"), &fields).await.location();
    let weak = ["NeemTreeStore-2026", "NeemTreeStore-2026-8", "NeemTreeStore-2026-8sK2", &IMPORTED[..26], &IMPORTED[..28]];
    for (number, piece) in weak.iter().enumerate() {
        shop.rejected(shop.payment(&format!("pay_weak{number}")).secret(piece)).await;
        // Written in separate units of work, with the maximum interval within one rejection.
        shop.counted(i64::try_from(number).unwrap() + 1).await;
        shop.app.clock.advance(Duration::from_mins(1));
    }
    let rows = "SELECT cause || ' ' || CAST(count AS TEXT) FROM rejections ORDER BY count DESC, id";
    assert_eq!(shop.app.texts(rows).await, ["secret_guessable 5"]);
    for (number, start) in [1, 2].into_iter().enumerate() {
        shop.rejected(shop.payment(&format!("pay_strong{number}")).secret(&IMPORTED[start..])).await;
    }
    shop.counted(7).await;
    assert_eq!(shop.app.texts(rows).await, ["secret_guessable 5", "secret_cut 1", "secret_cut 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guess_in_a_header_of_another_name_proves_nothing() {
    let shop = Shop::open().await;
    let fields = [("secret", IMPORTED), ("current_password", PASSWORD)];
    shop.owner.post(&shop.step("/webhook/secrets"), &fields).await.location();
    shop.payment("pay_first").secret(IMPORTED).stored().await;
    shop.app.clock.advance(Duration::from_secs(1));
    for (number, guess) in ["NeemTreeStore-2026", "NeemTreeStore-2026-8sK2", "neemtreestore-2026"].into_iter().enumerate() {
        let post = || shop.payment(&format!("pay_guess{number}")).secret(guess);
        let signature = post().right_signature();
        shop.rejected(post().signature("x").header("x-signature", &signature)).await;
        shop.rejected(post().signature(&"0".repeat(64)).header("x-signature", &signature)).await;
        let cut = post().body_after_signing(br#"{"entity":"event","event":"payment.captured","payload":{"#);
        shop.rejected(cut.header("x-signature", &signature)).await;
    }
    shop.counted(9).await;
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM rejections WHERE key_digest IS NOT NULL").await, 0);
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM rejected_requests WHERE eviction_rank = 0").await, 0);
    let failing = "SELECT COUNT(*) FROM activity WHERE failing_since IS NOT NULL OR failing_count > 0";
    assert_eq!(shop.app.count(failing).await, 0);
    for path in shop.rejections().await {
        assert!(!shop.owner.get(&path).await.has("/acceptance"), "{path}");
    }
}

/// Anyone who has seen one signed body can send it under any header.
#[tokio::test(flavor = "multi_thread")]
async fn one_signed_body_under_many_names_is_one_rejection() {
    let shop = Shop::open().await;
    for name in ["x-signature", "x-a-signature", "x-b-signature", "x-c-signature"] {
        let post = shop.payment("pay_seen");
        let signature = post.right_signature();
        shop.rejected(post.unsigned().header(name, &signature)).await;
    }
    shop.counted(4).await;
    let names = shop.app.texts("SELECT detail FROM rejections WHERE cause = 'renamed_header'").await;
    assert_eq!(names, ["x-c-signature"], "one, with the newest name");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_fault_and_two_are_two_rejections() {
    let shop = Shop::open().await;
    let slip = format!("{} ", shop.connection.secret);
    let post = || shop.payment("pay_slip").secret(&slip);
    let spaced = String::from_utf8(bodies::payment("payment.captured", "pay_slip", 0)).unwrap().replace(':', ": ");
    shop.rejected(post().body_after_signing(spaced.as_bytes())).await;
    shop.counted(1).await;
    shop.rejected(post()).await;
    shop.counted(2).await;
    let found = shop.app.texts("SELECT cause || ' ' || COALESCE(detail, '') FROM rejections ORDER BY detail").await;
    assert_eq!(found.len(), 2, "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_differ_are_rejections_of_their_own_and_each_is_adopted_by_itself() {
    let shop = Shop::open().await;
    let secret = shop.connection.secret.clone();
    let (one, other) = (&secret[..30], &secret[..40]);
    for number in 0..3 {
        shop.rejected(shop.payment(&format!("pay_one{number}")).secret(one)).await;
    }
    shop.counted(3).await;
    for number in 0..2 {
        shop.app.clock.advance(Duration::from_mins(1));
        shop.rejected(shop.payment(&format!("pay_other{number}")).secret(other)).await;
    }
    shop.counted(5).await;
    let paths = shop.rejections().await;
    assert_eq!(paths.len(), 2, "two keys");
    shop.owner.sees_in(&paths[0], "offer", " 2 ").await;
    shop.owner.sees_in(&paths[1], "offer", " 3 ").await;
    shop.owner.post(&format!("{}/acceptance", paths[0]), &[("current_password", PASSWORD)]).await.location();
    shop.owner.sees_in(&paths[0], "requests-verify", "2 of 2").await;
    let first = shop.owner.get(&paths[1]).await;
    assert!(first.lacks("requests-verify") && first.text_of("offer").contains(" 3 "), "{}", first.body);
    shop.payment("pay_other0").secret(other).stored().await;
    shop.rejected(shop.payment("pay_one0").secret(one)).await;
    // Neither the key nor its plain digest is stored.
    let digests = shop.app.count("SELECT COUNT(DISTINCT key_digest) FROM rejections").await;
    assert_eq!(digests, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_with_a_checkout_signature_evicts_nothing() {
    let shop = Shop::open().await;
    let keys = [("key_id", KEY_ID), ("key_secret", KEY_SECRET)];
    shop.owner.post(&shop.step("/credentials"), &keys).await.location();
    let older = shop.connection.secret[..40].to_owned();
    for number in 0..20 {
        let own = shop.payment(&format!("pay_own{number}")).secret(&older);
        shop.rejected(own.header("x-forwarded-for", "192.0.2.1")).await;
        let lost = shop.payment(&format!("pay_lost{number}")).secret("kept in another program");
        shop.rejected(lost.header("x-forwarded-for", "192.0.2.1")).await;
    }
    shop.counted(40).await;
    let checkout = "order_Attack00000001|pay_Attack00000001";
    let signature = signing::razorpay(KEY_SECRET, checkout.as_bytes());
    let long = "x".repeat(24_000);
    // Enough to exceed the storage quota if each were stored.
    for wave in 0..10_i64 {
        let posts = (0..90).map(|number| {
            let note = format!("{wave}.{number}.{long}");
            let post = shop.connection.post(checkout).signature(&signature).event_id(&format!("evt_{wave}_{number}"));
            post.header("x-note", &note).header("x-forwarded-for", &format!("198.51.{wave}.{number}"))
        });
        for post in posts {
            shop.rejected(post).await;
        }
        shop.counted(40 + (wave + 1) * 90).await;
    }
    let kept = shop.app.texts(KEPT).await;
    let count = async |statement| shop.app.count(statement).await;
    assert_eq!((count(KEPT_OF_A_PIECE).await, count(KEPT_UNKNOWN).await), (20, 20));
    assert_eq!(kept.len(), 41, "unsigned headers do not make another request");
}

/// Returns ten faults, each with its cause.
fn faults(connection: &Connection) -> Vec<(&'static str, Post)> {
    let body = String::from_utf8(bodies::payment("payment.captured", "pay_Fault00000001", 0)).unwrap();
    let post = || connection.post(body.clone());
    let (secret, own) = (&connection.secret, post().right_signature());
    vec![
        ("secret_with_space", post().secret(&format!("{secret} "))),
        ("secret_with_line_end", post().secret(&format!("{secret}\n"))),
        ("secret_quoted", post().secret(&format!("\"{secret}\""))),
        ("secret_cut", post().secret(&secret[..30])),
        ("secret_is_url", post().secret(&connection.url)),
        ("upper_case", post().signature(&own.to_uppercase())),
        ("prefixed", post().signature(&format!("sha256={own}"))),
        ("no_signature", post().unsigned()),
        ("renamed_header", post().unsigned().header("x-signature", &own)),
        ("body_line_end", post().body_after_signing(format!("{body}\n").as_bytes())),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_at_one_webhook_hides_no_fault_there_or_elsewhere() {
    let _turn = ONE_FLOOD_AT_A_TIME.lock().await;
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let one = company.app("Neem Tree Store").await.razorpay("test").await;
    let other = company.app("Neem Tree Stall").await.razorpay("test").await;
    let long = "a".repeat(30_000);
    let forged = |number: usize| {
        let body = format!(r#"{{"entity":"event","event":"payment.captured","payload":{{}},"note":"{long}"}}"#);
        one.post(body).signature(&format!("{number:064x}"))
    };
    let mut faults = faults(&one).into_iter().zip(faults(&other));
    let mut wanted: Vec<String> = Vec::new();
    for wave in 0..10 {
        let mut posts: Vec<Post> = (0..180).map(|number| forged(wave * 180 + number)).collect();
        if let Some(((cause, here), (_, there))) = faults.next() {
            posts.insert(60, here);
            posts.insert(120, there);
            wanted.push(cause.to_owned());
        }
        stream::iter(posts).for_each_concurrent(8, async |post| assert!(matches!(post.send().await, 401 | 503))).await;
    }
    wanted = [&one, &other].iter().flat_map(|to| wanted.iter().map(|cause| format!("{} {cause}", to.endpoint))).collect();
    wanted.sort_unstable();
    eventually(async || app.texts(FOUND).await.len() >= wanted.len()).await;
    let mut found = app.texts(FOUND).await;
    found.sort_unstable();
    assert_eq!(found, wanted);
}
