//! Advice on rejected requests: the cause, who can fix it, and whether the gateway's retries will verify.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::Connection,
    eventually,
    fake_razorpay::{StandIn, set_api},
    signing,
    webhook_request::Post,
};

const COUNT: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections";
const CAUSE: &str = "SELECT cause FROM rejections ORDER BY last_at DESC, id DESC LIMIT 1";
const KEY_SECRET: &str = "TheApisOwnKeySecret00001";
/// User agent of the gateway, which any sender can copy.
const AGENT: &str = "Razorpay-Webhook/v1";

struct Shop {
    app: TestApp,
    owner: Browser,
    test: Connection,
    live: Connection,
    other: Connection,
    generic: Connection,
    seen: i64,
}

impl Shop {
    async fn start() -> Self {
        let api = StandIn::start().await;
        let app = TestApp::start_with(|config| set_api(config, &api.url)).await;
        let company = app.company("Neem Tree Retail").await;
        let (store, stall) = (company.app("Neem Tree Store").await, company.app("Neem Tree Stall").await);
        let (test, live) = (store.razorpay("test").await, store.razorpay("live").await);
        let (other, generic) = (stall.razorpay("test").await, store.connect("standard-webhooks", "test").await);
        let owner = app.owner("Neem Tree Retail").await;
        let step = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/credentials", store.id);
        owner.post(&step, &[("key_id", "rzp_test_Advice0000001"), ("key_secret", KEY_SECRET)]).await.location();
        test.post(captured("pay_0")).stored().await;
        Self { app, owner, test, live, other, generic, seen: 0 }
    }

    /// Sends the request an hour later; returns the page of its rejection.
    async fn page(&mut self, post: Post) -> Page {
        self.app.clock.advance(Duration::from_mins(61));
        let status = post.send().await;
        assert!((400..500).contains(&status), "{status}");
        self.seen += 1;
        let seen = self.seen;
        eventually(async || self.app.count(COUNT).await == seen).await;
        // All requests of these tests go to webhooks of this app in Test mode.
        let list = self.owner.get(&format!("/ks-pay/apps/{}/rejections?mode=test", self.test.app_id)).await;
        let path = list.body.split('"').find(|text| text.contains("/rejections/rj_")).unwrap();
        self.owner.get(path).await
    }

    fn with(&self, secret: &str) -> Post {
        self.test.post(captured("pay_1")).secret(secret)
    }
}

fn captured(id: &str) -> Vec<u8> {
    bodies::payment("payment.captured", id, 0)
}

/// Returns a captured payment with a body of at least this size.
fn large(size: usize) -> Vec<u8> {
    bodies::payment_with_notes(
        "payment.captured",
        "pay_Large",
        format!(r#"{{"text":"{}"}}"#, "a line ".repeat(size / 7)).as_bytes(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn further_attempts_are_said_to_fail_where_the_key_can_never_be_right() {
    let mut shop = Shop::start().await;
    let url = shop.test.url.clone();
    let endpoint = shop.test.endpoint.clone();
    for secret in [KEY_SECRET, url.as_str(), endpoint.as_str(), "rzp_test_Advice0000001", "••••••••••••••••", ""]
    {
        let page = shop.page(shop.with(secret)).await;
        assert!(page.shows("attempts-never") || page.shows("attempts-never-if-genuine"), "{secret}: {}", page.body);
    }
    let page = shop.page(shop.test.post(captured("pay_2")).unsigned()).await;
    assert!(page.shows("cause-no-signature"), "{}", page.body);
    assert!(page.shows("attempts-never-if-genuine"), "an unsigned attempt is repeated unsigned: {}", page.body);

    // Key that can be adopted.
    let page = shop.page(shop.with(&format!("{} ", shop.test.secret))).await;
    assert!(page.shows("attempts-once-adopted") && page.shows("can-adopt-secret") && page.has("/acceptance\""), "{}", page.body);

    // Signed with the right secret.
    let sent = [captured("pay_3"), b"\n".to_vec()].concat();
    let page = shop.page(shop.test.post(captured("pay_3")).body_after_signing(&sent)).await;
    assert!(page.shows("attempts-once-unchanged") && page.has("Cloudflare, nginx"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_another_webhook_leads_to_both_fixes() {
    let mut shop = Shop::start().await;
    let webhook = |connection: &Connection, mode: &str| {
        format!("href=\"/ks-pay/apps/{}/settings/payment-gateways/razorpay/{mode}/webhook\"", connection.app_id)
    };
    let (live, other) = (shop.live.secret.clone(), shop.other.secret.clone());
    for (secret, [cause, named], leads) in [
        (live, ["cause-other-mode", "Live mode"], webhook(&shop.live, "live")),
        (other, ["cause-other-app", "(Neem Tree Stall: Razorpay, Test mode)"], webhook(&shop.other, "test")),
    ] {
        let page = shop.page(shop.with(&secret)).await;
        assert!(page.shows(cause) && page.text_of("fix-options").contains(named), "{}", page.body);
        assert!(page.has(&leads) && page.has(&webhook(&shop.test, "test")), "{}", page.body);
        assert!(page.shows("attempts-elsewhere"), "{}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_outsider_copies_is_told_as_a_condition() {
    let mut shop = Shop::start().await;
    let elsewhere = String::from_utf8(captured("pay_4")).unwrap().replace("acc_", "acc_X");
    let genuine = |post: Post| post.header("user-agent", AGENT).event_id("Evt00000000001");
    let nonsense = "00".repeat(32);
    let half = captured("pay_5").len() / 2;
    for (how, post) in [
        ("a nonsense signature", genuine(shop.test.post(captured("pay_4")).signature(&nonsense))),
        ("no signature", genuine(shop.test.post(captured("pay_4")).unsigned())),
        ("half a body", genuine(shop.test.post(&captured("pay_5")[..half]).signature(&nonsense))),
        ("no body", genuine(shop.test.post("").signature(&nonsense))),
        ("the length of SHA-512", genuine(shop.test.post(captured("pay_4")).signature(&"00".repeat(64)))),
        ("a plain hash", genuine(shop.test.post(captured("pay_4")).signature(&signing::sha256(&captured("pay_4"))))),
        ("the URL as the key", genuine(shop.with(&shop.test.url))),
        ("an encoding", genuine(shop.test.post(captured("pay_4")).header("content-encoding", "gzip"))),
        ("an old time", shop.generic.post(bodies::standard("invoice.paid", "in_1")).seconds_later(-7200).signature("v1,AAAA")),
        ("another account", genuine(shop.test.post(elsewhere.clone()).signature(&nonsense))),
    ] {
        let page = shop.page(post).await;
        let fix = &page.body;
        assert!(
            fix.contains("If Razorpay sent th")
                || fix.contains("If your sender sent")
                || fix.contains("If these requests are yours")
                || fix.contains("If the account is yours"),
            "{how}: {fix}"
        );
        for fact in [
            "In Razorpay the field Secret is empty",
            "is not one of Razorpay’s",
            "Something between Razorpay and here",
            "Something between the gateway",
            "The signature was made with",
        ] {
            assert!(!page.has(fact), "{how}: {fact}");
        }
    }
    assert_eq!(shop.app.texts(CAUSE).await, ["other_account"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_is_said_after_that_no_secret_matches_and_a_secret_can_be_entered() {
    let mut shop = Shop::start().await;
    let body = String::from_utf8(captured("pay_6")).unwrap();
    let account = body.split("\"account_id\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let elsewhere = body.replace(&account, "acc_Elsewhere00001");
    let page = shop.page(shop.test.post(elsewhere).secret("a secret of another account")).await;
    assert!(page.shows("cause-other-account") && page.shows("attempts-unknown") && page.has("/secrets/new"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_found_with_large_bodies_and_together_over_http() {
    let mut shop = Shop::start().await;
    let secret = shop.test.secret.clone();
    // Near the end of the secret: earlier positions are tried first.
    let letter = if &secret[40..41] == "x" { "y" } else { "x" };
    let typed = format!("{}{letter}{}", &secret[..40], &secret[41..]);
    for (size, cause, key) in [
        (4 * 1024, "secret_mistyped", typed.clone()),
        (64 * 1024, "secret_mistyped", typed.clone()),
        (4 * 1024, "secret_quoted", format!("\"{secret}\" ")),
        (4 * 1024, "secret_encoded_line_end", STANDARD.encode(format!("{secret}\n"))),
    ] {
        shop.page(shop.test.post(large(size)).secret(&key)).await;
        assert_eq!(shop.app.texts(CAUSE).await, [cause], "{size}");
    }
    // Truncated secret and re-serialized body.
    let body = String::from_utf8(captured("pay_7")).unwrap();
    let signature = signing::razorpay(&secret[..30], body.as_bytes());
    let sent = body.replace("\":", "\": ");
    let page = shop.page(shop.test.post(sent).signature(&signature)).await;
    assert!(page.shows("cause-secret-cut"), "{}", page.body);

    // Right secret under Svix's header names.
    let post = shop.generic.post(bodies::standard("invoice.paid", "in_2")).event_id("msg_1").seconds_later(61 * 60);
    let signature = post.right_signature();
    let time = (shop.app.now().seconds() + 61 * 60).to_string();
    let svix = post.unsigned().without_event_id().without_time();
    let svix = svix.header("svix-id", "msg_1").header("svix-timestamp", &time).header("svix-signature", &signature);
    let page = shop.page(svix).await;
    assert_eq!(shop.app.texts(CAUSE).await, ["renamed_header"]);
    assert!(page.shows("cause-renamed-header") && page.has("svix-signature"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_button_leads_to_a_page_without_anything_to_do() {
    let mut shop = Shop::start().await;
    let scan = shop.test.post("<?php system('id');").unsigned().without_event_id();
    let page = shop.page(scan).await;
    let (settings, check) = ("/razorpay/test/webhook\"", "/webhook#check\"");
    assert!(page.shows("cause-scanner") && !page.has(settings) && !page.has(check), "{}", page.body);
    let sent = [captured("pay_8"), b"\n".to_vec()].concat();
    let page = shop.page(shop.test.post(captured("pay_8")).body_after_signing(&sent)).await;
    assert!(page.has(check) && !page.has(settings));
    let page = shop.page(shop.with(&format!("{}\n", shop.test.secret))).await;
    assert!(page.has(settings) && !page.has(check));
    let now = shop.app.now().seconds();
    let ahead = shop.generic.post(bodies::standard("invoice.paid", "in_3")).seconds_later(now);
    let page = shop.page(ahead).await;
    assert!(!page.has("/webhook\"") && !page.has(check), "{}", page.body);
}
