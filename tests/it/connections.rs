//! Payment Gateway Settings and the Webhook step, without scripts.

use reqwest::{Method, StatusCode};

use crate::support::{SOON, TestApp, bodies, builders::connected, raw};

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_is_nowhere_in_a_page_before_reveal() {
    let (_app, connection, owner) = connected().await;
    let hidden = owner.get(&connection.step("/webhook")).await;
    assert_eq!(hidden.inside("webhook-url").as_deref(), Some(connection.url.as_str()));
    assert!(!hidden.has(&connection.secret) && hidden.inside("secret").is_none());
    assert_eq!(hidden.headers["cache-control"], "no-store");
    for then in ["", "copy"] {
        let shown = owner.post(&connection.step("/webhook/reveal"), &[("then", then)]).await;
        assert_eq!((shown.status, shown.inside("secret")), (StatusCode::OK, Some(connection.secret.clone())));
        assert_eq!(shown.headers["cache-control"], "no-store");
    }
    assert!(!owner.get(&connection.step("/webhook")).await.has(&connection.secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_generic_gateways_secret_is_shown_as_its_senders_take_it() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    let owner = app.owner("Banyan Books").await;
    let shown = owner.post(&connection.step("/webhook/reveal"), &[]).await;
    let secret = shown.inside("secret").unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50);
    assert_eq!(owner.get(&connection.step("/credentials")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(owner.get(&connection.step("")).await.location(), connection.step("/webhook"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_states_follow_what_happens() {
    let (app, connection, owner) = connected().await;
    let page = connection.step("/webhook");
    assert!(owner.get(&page).await.shows("evidence-waiting"));

    owner.post(&connection.step("/webhook/completion"), &[]).await;
    assert!(owner.get(&page).await.shows("evidence-pending"));

    assert_eq!(connection.post(bodies::bare("foo.bar")).unsigned().send().await, 401);
    let unverified = owner.sees(&page, "cause-no-signature").await;
    assert!(unverified.text_of("evidence-only-rejected").contains(" 1 ") && unverified.shows("state-pending"));
    assert_eq!(connection.post(bodies::bare("foo.bar")).secret("another-secret-altogether").send().await, 401);
    owner.sees(&page, "cause-signature-mismatch").await;
    assert_eq!(connection.post(bodies::bare("foo.bar")).signature("zz").send().await, 401);
    owner.sees(&page, "cause-signature-malformed").await;

    app.clock.advance(std::time::Duration::from_secs(1));
    connection.post(bodies::payment("payment.captured", "pay_Demo0000000001", 0)).event_id("evt_1").stored().await;
    let verified = owner.get(&page).await;
    assert!(verified.text_of("evidence-verified").contains("payment.captured"));
    assert!(verified.text_of("marked-as-done").contains("The Owner"));

    app.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(connection.post(bodies::bare("foo.bar")).unsigned().send().await, 401);
    let verified = owner.sees_in(&page, "rejected-meanwhile", "1 ").await;
    assert!(verified.text_of("evidence-verified").contains("payment.captured") && verified.lacks("state-failing"));
    let slip = connection.post(bodies::bare("foo.bar")).secret(&format!("{} ", connection.secret));
    assert_eq!(slip.send().await, 401);
    owner.sees(&page, "state-failing").await;
}

/// The page is loaded again whenever something arrives, also over a slow mobile network.
#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_step_is_small_in_every_state() {
    const KIB: usize = 1024;
    // Without a public URL the page also says why the gateway cannot reach it.
    let app = TestApp::start_with(|config| config.public_url = Some("https://pay.neemtree.example".to_owned())).await;
    let connection = app.razorpay().await.at(app.address);
    let owner = app.owner("Neem Tree Retail").await;
    let page = connection.step("/webhook");
    let assert_below = |max: usize, page: crate::support::browser::Page| {
        // The suite accepts data loss on PostgreSQL, which every page then says.
        let warning = page.body.split_once("<p class=\"risk").and_then(|(_, rest)| rest.split_once("</p>"));
        let size = page.body.len() - warning.map_or(0, |(warning, _)| warning.len());
        assert!(size < max, "{size} bytes: {}", page.body);
    };
    assert_below(20 * KIB, owner.get(&page).await);
    for number in 1..=4 {
        let body = bodies::payment("payment.captured", &format!("pay_Small00000000{number}"), 0);
        connection.post(body).event_id(&format!("evt_{number}")).stored().await;
    }
    assert_below(20 * KIB, owner.get(&page).await);
    let slip = connection.post(bodies::bare("foo.bar")).secret(&format!("{} ", connection.secret));
    assert_eq!(slip.send().await, 401);
    // A failing webhook has a cause, what to do, and what worked before.
    assert_below(20 * KIB, owner.sees(&page, "worked-until").await);
    owner.post(&connection.step("/webhook/completion"), &[]).await.location();
    assert_below(20 * KIB, owner.get(&page).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn marking_twice_keeps_the_first_name_and_time_and_a_restart_keeps_both() {
    let (mut app, connection, owner) = connected().await;
    let done = connection.step("/webhook/completion");
    assert_eq!(owner.post(&done, &[]).await.location(), connection.step("/webhook"));
    let first = app.count("SELECT webhook_done_at FROM connections").await;
    let marked = owner.get(&connection.step("/webhook")).await;
    assert!(marked.shows("step-marked-unproven"), "{}", marked.body);
    app.clock.advance(std::time::Duration::from_hours(1));
    owner.post("/personal-info", &[("name", "Somebody Else"), ("email", "owner@neem-tree-retail.example")]).await;
    assert_eq!(owner.post(&done, &[]).await.location(), connection.step("/webhook"));
    assert_eq!(app.count("SELECT webhook_done_at FROM connections").await, first);

    app.restart().await;
    let again = app.owner("Neem Tree Retail").await;
    assert!(again.get(&connection.step("/webhook")).await.text_of("marked-as-done").contains("The Owner"));
    again.post(&connection.step("/webhook/completion/removal"), &[]).await;
    assert!(again.get(&connection.step("/webhook")).await.lacks("marked-as-done"));
}

#[tokio::test(flavor = "multi_thread")]
async fn integration_is_marked_and_unmarked_as_the_webhook_is() {
    let (app, connection, owner) = connected().await;
    let (page, done) = (connection.step("/integration"), connection.step("/integration/completion"));
    let shown = owner.get(&page).await;
    assert!(shown.has("$(date +%s)") && shown.has("$(openssl rand -hex 7)"), "each test event is a new one: {}", shown.body);
    let names = ["The Owner", "Somebody Else"];
    assert_eq!(owner.post(&done, &[]).await.location(), page);
    owner.post("/personal-info", &[("name", names[1]), ("email", "owner@neem-tree-retail.example")]).await.location();
    assert_eq!(owner.post(&done, &[]).await.location(), page);
    assert_eq!(app.count("SELECT COUNT(*) FROM connections WHERE integration_done_by = 'The Owner'").await, 1);
    assert!(owner.get(&page).await.text_of("marked-as-done").contains("The Owner"));
    owner.post(&connection.step("/integration/completion/removal"), &[]).await.location();
    assert!(owner.get(&page).await.lacks("marked-as-done"));
    assert_eq!(app.count("SELECT COUNT(*) FROM connections WHERE integration_done_at IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_is_added_once_a_mode() {
    let app = TestApp::start().await;
    let id = app.company("Neem Tree Retail").await.app("Neem Tree Store").await.id;
    let owner = app.owner("Neem Tree Retail").await;
    let list = format!("/ks-pay/apps/{id}/settings/payment-gateways");
    let add = async |gateway: &str, mode: &str| owner.post(&list, &[("gateway", gateway), ("mode", mode)]).await;
    let webhook = format!("{list}/razorpay/test/webhook");
    assert_eq!(add("razorpay", "test").await.location(), webhook);
    let page = owner.get(&webhook).await;
    assert!(page.text_of("flash").contains("Razorpay") && page.text_of("flash").contains("Test") && page.shows("webhook-url"));
    assert_eq!(owner.get(&format!("{list}/razorpay/test")).await.location(), webhook);
    assert_eq!(add("razorpay", "live").await.location(), format!("{list}/razorpay/live/webhook"));
    let twice = add("razorpay", "test").await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.text_of("gateway-error").contains("Razorpay") && twice.text_of("gateway-error").contains("Test"));
    for (gateway, mode) in [("paypal", "test"), ("razorpay", "real"), ("", "")] {
        assert_eq!(add(gateway, mode).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(app.count("SELECT count(*) FROM connections").await, 2);
    assert_eq!(app.count("SELECT count(*) FROM secrets").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_or_app_that_is_switched_off_is_an_unknown_endpoint() {
    let (app, connection, owner) = connected().await;
    let event = |id: &str| connection.post(bodies::payment("payment.captured", id, 0));
    for path in [connection.step("/enabled"), format!("/ks-pay/apps/{}/enabled", connection.app_id)] {
        let asked = owner.post(&path, &[("is_enabled", "false")]).await;
        assert_eq!(
            (asked.status, event("pay_Demo0000000001").send().await),
            (StatusCode::UNPROCESSABLE_ENTITY, 200),
            "{path} asks first"
        );
        assert_eq!(owner.post(&path, &[("is_enabled", "false"), ("confirm", "yes")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(event("pay_Demo0000000001").send().await, 401, "{path}");
        let answer = async |endpoint: &str| {
            let request = raw::with_length("POST", &format!("/webhooks/{endpoint}"), &[], b"{}");
            raw::exchange(app.address, &request).await.but_date()
        };
        assert_eq!(answer(&connection.endpoint).await, answer("wh_0000000000000000000000").await, "{path}");
        assert_eq!(owner.post(&path, &[("is_enabled", "true")]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(event("pay_Demo0000000001").send().await, 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_razorpay_would_refuse_is_told_before_it_is_copied() {
    let (app, connection, owner) = connected().await;
    let said = owner.get(&connection.step("/webhook")).await.text_of("url-objections");
    assert!(said.contains("127.0.0.1") && said.contains(&app.address.port().to_string()), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_the_url_is_not_judged_once_an_event_was_verified() {
    for public_url in [None, Some("https://pay.neemtree.example")] {
        let app = TestApp::start_with(|config| config.public_url = public_url.map(str::to_owned)).await;
        let connection = app.razorpay().await;
        let owner = app.owner("Neem Tree Retail").await;
        let page = async || owner.get(&connection.step("/webhook")).await;
        let before = page().await;
        assert!(
            if public_url.is_none() { before.shows("url-objections") } else { before.shows("url-allowed") },
            "{}",
            before.body
        );
        connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
        let after = page().await;
        assert!(after.lacks("url-objections") && after.lacks("url-allowed"), "{}", after.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_domain_is_the_apps_and_finishes_security_in_every_mode() {
    let (_app, connection, owner) = connected().await;
    let path = connection.step("/security");
    assert_eq!(owner.post(&path, &[("domain", "not a domain")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(owner.post(&path, &[("domain", "Shop.Neemtree.Example")]).await.location(), path);
    assert!(owner.get(&path).await.has("shop.neemtree.example"));
    assert!(owner.get(&format!("/ks-pay/apps/{}/settings/domain", connection.app_id)).await.has("shop.neemtree.example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_streams_of_one_user_do_not_keep_another_from_theirs() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let other = app.standard_webhooks().await;
    let (greedy, owner) = (app.owner("Neem Tree Retail").await, app.owner("Banyan Books").await);
    let path = connection.step("/webhook/evidence/stream");
    let mut streams = Vec::new();
    for _ in 0..40 {
        let mut stream = greedy.listen(&path).await;
        assert_eq!(stream.0.status(), StatusCode::OK);
        stream.says("retry: 2000").await;
        streams.push(stream);
    }
    streams.remove(0).ends().await;
    let mut others = owner.listen(&other.step("/webhook/evidence/stream")).await;
    others.says("retry: 2000").await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    streams.pop().unwrap().says("event: changed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_asks_for_a_streams_head_is_answered_with_it() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    let path = connection.step("/webhook/evidence/stream");
    let asking = owner.send(Method::HEAD, &path, None, &[]);
    let head = tokio::time::timeout(SOON, asking).await.expect("it is answered long before the stream would end");
    assert_eq!((head.status, head.headers["content-type"].to_str().unwrap()), (StatusCode::OK, "text/event-stream"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_evidence_stream_says_changed_when_an_event_comes() {
    let (_app, connection, owner) = connected().await;
    let mut stream = owner.listen(&connection.step("/webhook/evidence/stream")).await;
    assert_eq!(stream.0.headers()["content-type"], "text/event-stream");
    connection.post(bodies::bare("foo.bar")).stored().await;
    stream.says("event: changed").await;
}
