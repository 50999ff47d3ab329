//! The pages of destinations: the form and its errors, what they show, and what their actions do.

use std::time::Duration;

use reqwest::StatusCode;

use crate::support::{
    browser::{Browser, Page},
    builders::PASSWORD,
    shop::{Shop, fields, text},
    sink::{Response, Sink},
};

async fn secret(owner: &Browser, destination: &str) -> String {
    owner.post(&format!("{destination}/reveal"), &[]).await.inside("secret").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_empty_until_a_destination_is_added_and_is_of_one_mode() {
    let shop = Shop::start().await;
    let empty = shop.owner.get(&shop.list()).await;
    assert!(empty.shows("no-destination") && empty.has(&format!("{}/new?mode=test", shop.list())), "{}", empty.body);
    let new = shop.owner.get(&format!("{}/new?mode=test", shop.list())).await;
    assert!(new.status == StatusCode::OK && new.has("value=\"passed-razorpay\" checked") && new.lacks("url-makes-secret"));

    let added = shop.owner.post(&shop.list(), &fields(&[("events", "refund.* payment.captured")])).await;
    let destination = added.location().to_owned();
    let page = shop.owner.get(&destination).await;
    assert_eq!(page.reason_of("flash"), "success");
    assert!(page.shows("secret-hidden") && page.lacks("state-paused") && page.shows("no-delivery"), "{}", page.body);
    assert!(page.text_of("format").contains("Razorpay") && page.text_of("events") == "payment.captured, refund.*");
    let list = shop.owner.get(&format!("{}?mode=test", shop.list())).await;
    assert_eq!((list.texts_of("destination").len(), list.lacks("no-destination")), (1, true));
    assert!(list.has("<b>127.<wbr>0.<wbr>0.<wbr>1:9<wbr></b>"), "the host is emphasized: {}", list.body);
    assert!(shop.owner.get(&format!("{}?mode=live", shop.list())).await.shows("no-destination"));
    assert_eq!(shop.owner.get(&format!("{}?mode=both", shop.list())).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_the_form_has_its_errors_and_keeps_what_was_typed() {
    let shop = Shop::start().await;
    shop.add(&[]).await;
    let long = format!("https://shop.example/{}", "x".repeat(2048));
    let many = (0..51).map(|number| format!("type{number}")).collect::<Vec<_>>().join(" ");
    for (name, typed, reason) in [
        ("name", "", "empty"),
        ("name", &"x".repeat(81), "too-long"),
        ("name", "Shop backend", "known"),
        ("url", "", "empty"),
        ("url", "shop.example", "malformed"),
        ("url", "ftp://shop.example/", "not-https"),
        ("url", "http://8.8.8.8/hook", "not-https"),
        ("url", "https://user:word@8.8.8.8/", "user-info"),
        ("url", "https://", "no-host"),
        ("url", &long, "too-long"),
        ("url", "https://10.0.0.1/hook", "forbidden"),
        ("url", "https://169.254.169.254/latest", "forbidden"),
        ("format", "", "unknown"),
        ("format", "passed-standard-webhooks", "unknown"),
        ("events", "refund.* *", "not-a-type"),
        ("events", &many, "too-many"),
        ("order", "", "unknown"),
        ("concurrency", "0", "not-in-range"),
        ("concurrency", "11", "not-in-range"),
        ("concurrency", "many", "not-in-range"),
        ("per_second", "1001", "not-in-range"),
        ("timeout_seconds", "", "not-in-range"),
        ("timeout_seconds", "31", "not-in-range"),
    ] {
        let other_name = if name == "name" { "" } else { "Another" };
        let changed = [(name, typed), ("name", other_name)];
        let page = shop.owner.post(&shop.list(), &fields(&changed)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {typed}");
        assert_eq!(page.reason_of(&format!("{name}-error")), reason, "{name}: {typed}");
        assert_eq!(page.body.matches("data-reason=").count(), 1, "{name} alone has an error: {typed}");
        let is_kept = page.has(&format!("value=\"{typed}\"")) || page.inside(name).is_some_and(|kept| kept == typed);
        assert!(is_kept || ["format", "order"].contains(&name), "{name}: {typed}: {}", page.body);
    }
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM destinations").await, 1);
    // All addresses that may not be used have the same sentence.
    let mut sentences = Vec::new();
    for url in ["https://10.0.0.1/", "https://[::1]:8443/x", "https://192.168.0.1/", "https://100.64.0.1/"] {
        let page = shop.owner.post(&shop.list(), &fields(&[("url", url), ("name", "Another")])).await;
        sentences.push(page.text_of("url-error"));
    }
    sentences.dedup();
    assert_eq!(sentences.len(), 1, "{sentences:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_has_no_more_than_twenty_destinations_in_a_mode() {
    let shop = Shop::start().await;
    for number in 0..20 {
        shop.add(&[("name", &format!("Shop {number}"))]).await;
    }
    let page = shop.owner.post(&shop.list(), &fields(&[])).await;
    assert_eq!((page.status, page.reason_of("destination-error")), (StatusCode::UNPROCESSABLE_ENTITY, "too-many"));
    assert!(page.has("data-flash id=\"destination-error\""), "the error has the focus: {}", page.body);
    assert!(!shop.owner.get(&format!("{}?mode=test", shop.list())).await.has("/destinations/new"));
    shop.add(&[("mode", "live"), ("format", "normalized")]).await;
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM destinations").await, 21);
    assert!(shop.owner.get(&format!("{}?mode=live", shop.list())).await.has("/destinations/new"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_format_that_is_not_possible_is_not_offered_and_the_form_says_why() {
    let shop = Shop::start().await;
    let live = shop.owner.get(&format!("{}/new?mode=live", shop.list())).await;
    assert!(live.has("value=\"normalized\" checked") && !live.has("value=\"passed-") && !live.has("value=\"resigned-"));
    assert!(live.shows("format-missing"), "no gateway is connected in Live mode: {}", live.body);
    let test = shop.owner.get(&format!("{}/new?mode=test", shop.list())).await;
    assert!(test.has("value=\"resigned-razorpay\"") && test.lacks("format-missing"));

    let banyan = shop.app.standard_webhooks().await;
    let owner = shop.app.owner("Banyan Books").await;
    let page = owner.get(&format!("/ks-pay/apps/{}/destinations/new?mode=test", banyan.app_id)).await;
    assert!(page.has("value=\"normalized\" checked"), "it is recommended where nothing can be passed through");
    assert!(page.has("value=\"resigned-standard-webhooks\"") && !page.has("value=\"passed-"), "it signs the time");
    assert!(page.shows("format-missing"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_url_makes_a_new_secret_and_other_changes_do_not() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    let first = secret(&shop.owner, &destination).await;
    assert!(first.starts_with("whsec_"), "{first}");
    let form = shop.owner.get(&format!("{destination}/edit")).await;
    assert!(form.shows("url-makes-secret") && form.has("value=\"http://127.0.0.1:9/hook\""), "{}", form.body);

    let changed = [("name", "Order system"), ("order", "fifo"), ("per_second", "5"), ("format", "normalized")];
    assert_eq!(shop.owner.post(&destination, &fields(&changed)).await.location(), destination);
    let page = shop.owner.get(&destination).await;
    assert!(page.has("Order system") && !page.text_of("format").is_empty(), "{}", page.body);
    assert_eq!(secret(&shop.owner, &destination).await, first);

    let moved = shop.owner.post(&destination, &fields(&[("url", "http://127.0.0.1:10/hook")])).await;
    assert_eq!(moved.location(), destination);
    let second = secret(&shop.owner, &destination).await;
    assert_ne!(second, first);
    assert!(shop.owner.get(&destination).await.lacks("previous-secret"), "the one before no longer signs");

    let wrong = shop.owner.post(&destination, &fields(&[("url", "https://10.0.0.1/")])).await;
    assert_eq!((wrong.status, wrong.reason_of("url-error")), (StatusCode::UNPROCESSABLE_ENTITY, "forbidden"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_is_shown_only_by_reveal_and_only_with_a_token_and_a_recent_password() {
    let shop = Shop::start().await;
    let destination = shop.add(&[("format", "resigned-razorpay")]).await;
    let reveal = format!("{destination}/reveal");
    assert_eq!(shop.owner.get(&reveal).await.location(), destination);
    assert_eq!(shop.owner.post_exactly(&reveal, &[]).await.status, StatusCode::FORBIDDEN);
    let shown = shop.owner.post(&reveal, &[]).await;
    let (own, gateway) = (shown.inside("secret").unwrap(), shown.inside("gateway-secret").unwrap());
    assert!(shown.status == StatusCode::OK && own != gateway, "{}", shown.body);
    assert!(!shop.owner.get(&destination).await.has(&own));

    shop.app.clock.advance(Duration::from_secs(15 * 60 + 1));
    let asked = shop.owner.post(&reveal, &[]).await;
    assert!(asked.status == StatusCode::UNPROCESSABLE_ENTITY && asked.shows("confirm-password") && !asked.has(&own));
    let confirmed = shop.owner.confirm(&reveal, &asked, PASSWORD).await;
    assert_eq!((confirmed.status, confirmed.inside("secret")), (StatusCode::OK, Some(own)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_asks_for_the_overlap_and_both_secrets_sign_until_then() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    let (rotation, before) = (format!("{destination}/rotation"), secret(&shop.owner, &destination).await);
    assert!(shop.owner.get(&rotation).await.has("value=\"24\" checked"));
    let wrong = shop.owner.post(&rotation, &[("overlap_hours", "25")]).await;
    assert_eq!((wrong.status, wrong.reason_of("overlap_hours-error")), (StatusCode::UNPROCESSABLE_ENTITY, "unknown"));
    assert_eq!(shop.owner.post(&rotation, &[("overlap_hours", "72")]).await.location(), destination);
    assert!(shop.owner.get(&destination).await.shows("previous-secret"));
    assert_ne!(secret(&shop.owner, &destination).await, before);
    for _ in 0..8 {
        assert_eq!(shop.owner.post(&rotation, &[]).await.location(), destination);
    }
    let full = shop.owner.post(&rotation, &[]).await;
    assert_eq!((full.status, full.reason_of("overlap_hours-error")), (StatusCode::UNPROCESSABLE_ENTITY, "too-many-valid"));
    // One that has leaked, and those before it, sign no more.
    assert_eq!(shop.owner.post(&rotation, &[("overlap_hours", "0")]).await.location(), destination);
    assert!(shop.owner.get(&destination).await.lacks("previous-secret"));
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM destination_secrets WHERE valid_until IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_type_that_is_not_known_is_pointed_out_once() {
    let shop = Shop::start().await;
    for (format, events) in [("passed-razorpay", "payment.captred"), ("normalized", "payment.dispute.*")] {
        let changed = [("name", events), ("format", format), ("events", events)];
        let asked = shop.owner.post(&shop.list(), &fields(&changed)).await;
        assert_eq!((asked.status, asked.reason_of("events-error")), (StatusCode::UNPROCESSABLE_ENTITY, "unknown-type"));
        let confirmed = format!("{format} {events}");
        assert!(asked.has(&format!("name=\"confirmed\" value=\"{confirmed}\"")), "{}", asked.body);
        let again = [&fields(&changed)[..], &[("confirmed", &confirmed)]].concat();
        let added = shop.owner.post(&shop.list(), &again).await;
        let edit = shop.owner.get(&format!("{}/edit", added.location())).await;
        assert!(
            edit.has(&format!("name=\"confirmed\" value=\"{confirmed}\"")),
            "what is saved is not asked again: {}",
            edit.body
        );
        // In another format it may be another mistake.
        let other = [
            &fields(&[("name", events), ("format", "resigned-razorpay"), ("events", "refund.prossesed")])[..],
            &[("confirmed", &confirmed)],
        ];
        let asked = shop.owner.post(added.location(), &other.concat()).await;
        assert_eq!(asked.reason_of("events-error"), "unknown-type");
    }
    let all = shop.add(&[("events", "*")]).await;
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM destinations WHERE events = ''").await, 1, "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_for_the_gateway_keeps_its_secret_and_the_page_says_so() {
    let shop = Shop::start().await;
    let list = shop.add(&[]).await;
    let passed = shop.owner.get(&list).await;
    let own = shop.owner.get(&shop.add(&[("name", "Own"), ("format", "normalized")]).await).await;
    assert!(passed.text_of("flash").contains("Razorpay") && !own.text_of("flash").contains("Razorpay"));
    assert!(passed.shows("passed-note") && passed.has("(optional)") && !own.has("(optional)"), "{}", passed.body);
    // There is nothing to search yet.
    assert!(passed.lacks("filter-state") && passed.shows("no-delivery"), "{}", passed.body);
    shop.send("pay_1").await;
    assert!(shop.owner.get(&list).await.shows("filter-state"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_states_what_is_lost_and_the_page_is_gone_afterwards() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    shop.send("pay_1").await;
    let deletion = format!("{destination}/deletion");
    let asked = shop.owner.get(&deletion).await;
    let effects = asked.texts_of("effect");
    assert!(asked.status == StatusCode::OK && effects.len() == 2 && effects[1].contains('1'), "{effects:?}");
    let deleted = shop.owner.post(&deletion, &[]).await;
    assert_eq!(deleted.location(), format!("{}?mode=test", shop.list()));
    for path in [destination.clone(), format!("{destination}/edit"), format!("{destination}/reveal")] {
        assert_eq!(shop.owner.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(shop.owner.get(&shop.list()).await.shows("no-destination"));
}

/// Asserts that every page and form of a destination is not found.
async fn assert_not_found(browser: &Browser, destination: &str, delivery: &str) {
    let below = ["", "/edit", "/pause", "/resume", "/deletion", "/rotation", "/reveal", "/failed-deliveries/replay", "/replays"];
    let below = below.into_iter().chain(["/replays/cancellation", "/headers", "/headers/removal"]);
    let of_delivery = ["", "/replay", "/skip"].map(|rest| format!("/deliveries/{delivery}{rest}"));
    for rest in below.map(str::to_owned).chain(of_delivery) {
        let path = format!("{destination}{rest}");
        let read: Page = browser.get(&path).await;
        assert_eq!(read.status, StatusCode::NOT_FOUND, "GET {path}");
        let has_form = !rest.ends_with(delivery) && rest != "/edit";
        if has_form {
            assert_eq!(browser.post(&path, &fields(&[])).await.status, StatusCode::NOT_FOUND, "POST {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_of_another_company_or_app_is_not_found() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    shop.send("pay_1").await;
    let delivery = text(&shop.deliveries().await[0]["delivery"]).to_owned();
    let id = destination.rsplit('/').next().unwrap();

    let banyan = shop.app.standard_webhooks().await;
    let stranger = shop.app.owner("Banyan Books").await;
    let theirs = format!("/ks-pay/apps/{}/destinations", banyan.app_id);
    for path in [destination.clone(), format!("{theirs}/{id}")] {
        assert_not_found(&stranger, &path, &delivery).await;
    }
    assert_eq!(stranger.post(&shop.list(), &fields(&[("name", "Stolen")])).await.status, StatusCode::NOT_FOUND);
    // Below another app of the same company, and a delivery below another destination.
    let stall = shop.owner.post("/ks-pay/apps", &[("name", "Stall"), ("email", "a@b.example"), ("country", "IN")]).await;
    assert_not_found(&shop.owner, &format!("{}/destinations/{id}", stall.location()), &delivery).await;
    let second = shop.add(&[("name", "Second")]).await;
    for rest in ["", "/replay", "/skip"] {
        let path = format!("{second}/deliveries/{delivery}{rest}");
        assert_eq!(shop.owner.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let unchanged = shop.app.texts("SELECT name || ' ' || state FROM destinations ORDER BY id").await;
    assert_eq!(unchanged, ["Shop backend paused", "Second active"]);
    assert_eq!(shop.deliveries().await[0]["state"], "waiting");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_event_shows_how_the_destination_responds_and_is_no_delivery() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let normalized = shop.add(&[("url", &sink.url), ("format", "normalized")]).await;
    let send = async || {
        shop.app.clock.advance(Duration::from_secs(30));
        shop.owner.post(&format!("{normalized}/test-event"), &[]).await
    };
    let answer = send().await;
    assert_eq!((answer.status, answer.reason_of("flash")), (StatusCode::OK, "success"));
    let [received] = sink.received().try_into().unwrap();
    let body: serde_json::Value = serde_json::from_slice(&received.body).unwrap();
    assert_eq!((text(&body["type"]), received.header("webhook-id")), ("ks_pay.test", body["id"].as_str()));
    let long = format!("<b>no route</b>{}", "x".repeat(3000));
    sink.next([Response::Complete(404, "", Box::leak(long.into_boxed_str())), Response::Complete(302, "", "")]);
    let declined = send().await;
    assert_eq!(declined.reason_of("flash"), "test-declined");
    let shown = declined.text_of("test-response");
    assert!(shown.starts_with("<b>no route</b>xxx") && shown.len() == 2000 && !declined.has("<b>no route"), "{}", declined.body);
    assert!(shop.owner.get(&normalized).await.lacks("test-response"), "it is stored nowhere");
    assert!(send().await.text_of("flash").contains("302"));

    // In the original format it is the newest event once more.
    let original = shop.add(&[("url", &sink.url), ("name", "Another")]).await;
    shop.app.clock.advance(Duration::from_secs(30));
    let refused = shop.owner.post(&format!("{original}/test-event"), &[]).await;
    assert_eq!(shop.owner.get(refused.location()).await.reason_of("flash"), "test-no-event");
    assert_eq!(
        shop.app.count("SELECT COUNT(*) FROM deliveries").await + shop.app.count("SELECT COUNT(*) FROM attempts").await,
        0
    );
    let refunds = shop.add(&[("url", &sink.url), ("name", "Refunds"), ("events", "refund.*")]).await;
    shop.send("pay_1").await;
    shop.app.clock.advance(Duration::from_secs(30));
    let refused = shop.owner.post(&format!("{refunds}/test-event"), &[]).await;
    assert_eq!(shop.owner.get(refused.location()).await.reason_of("flash"), "test-no-match");
}
