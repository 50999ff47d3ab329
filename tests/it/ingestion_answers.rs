//! Responses by outcome: verified, rejected, and the content of each response.

use std::time::Duration;

use crate::support::{
    TestApp, bodies,
    raw::{self, RawResponse},
    signing,
    webhook_request::Post,
};

const HOUR: Duration = Duration::from_hours(1);

/// Sends the request over a raw socket, so that every byte of the response can be compared.
async fn raw_post(app: &TestApp, post: &Post, endpoint: &str) -> RawResponse {
    let request = raw::with_length("POST", &format!("/webhooks/{endpoint}"), &post.headers(), post.bytes());
    raw::exchange(app.address, &request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_event_is_stored_to_the_octet() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let body = bodies::payment("payment.captured", "pay_1", 0);
    connection.post(body.clone()).event_id("evt_1").stored().await;

    let events = app.events().await;
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(event["body_sha256"], signing::sha256(&body));
    assert_eq!(event["app"], connection.app_id);
    assert_eq!(event["connection"], connection.id);
    assert_eq!((&event["gateway"], &event["mode"]), (&"razorpay".into(), &"test".into()));
    assert_eq!((&event["gateway_event_id"], &event["type"]), (&"evt_1".into(), &"payment.captured".into()));
    assert_eq!((&event["state"], &event["received_count"]), (&"processed".into(), &1.into()));
    assert_eq!(event["conflict_with"], serde_json::Value::Null);
    assert_eq!(event["received_at"], app.now().rfc3339());
    assert_eq!(event["transaction"], app.transactions().await[0]["transaction"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_again_unknown_and_quarantined_are_all_answered_200_with_nothing() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let new = connection.post(bodies::payment("payment.captured", "pay_1", 0)).event_id("evt_1");
    let conflict = connection.post(bodies::payment("payment.captured", "pay_2", 0)).event_id("evt_1");
    let unknown = connection.post(bodies::bare("foo.bar"));
    let rubbish = connection.post("not json");
    let empty = connection.post("");
    for post in [&new, &new, &conflict, &unknown, &rubbish, &empty] {
        let answer = raw_post(&app, post, &connection.endpoint).await;
        assert_eq!((answer.status(), answer.body()), (200, &b""[..]), "{answer:?}");
        assert_eq!(answer.header("content-length").as_deref(), Some("0"));
    }
    let states: Vec<_> = app.events().await.iter().map(|event| event["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, ["processed", "conflict", "unhandled", "quarantined", "quarantined"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_the_same_octets() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let good = connection.post(bodies::payment("payment.captured", "pay_1", 0));
    let right = good.right_signature();
    let flipped = format!("{}{}", if right.starts_with('0') { '1' } else { '0' }, &right[1..]);
    let changed = [good.bytes(), b" "].concat();
    let refused = [
        ("a wrong digit", good.clone().signature(&flipped)),
        ("none", good.clone().unsigned()),
        ("an empty one", good.clone().signature("")),
        ("a short one", good.clone().signature(&right[..62])),
        ("a long one", good.clone().signature(&format!("{right}00"))),
        ("no hex", good.clone().signature(&"g".repeat(64))),
        ("GitHub's form", good.clone().signature(&format!("sha256={right}"))),
        ("a changed body", good.clone().body_after_signing(&changed)),
        ("another secret", good.clone().secret("a secret of somebody else")),
        ("two signatures", good.clone().header("X-Razorpay-Signature", &right)),
        ("another scheme", good.clone().unsigned().header("webhook-signature", &right)),
    ];
    let unknown = raw_post(&app, &good, "wh_AAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!((unknown.status(), unknown.body()), (401, &b""[..]));
    for (what, post) in &refused {
        let answer = raw_post(&app, post, &connection.endpoint).await;
        assert_eq!(answer.but_date(), unknown.but_date(), "{what}");
    }
    assert!(app.events().await.is_empty() && app.transactions().await.is_empty());
    assert_eq!(raw_post(&app, &good, &connection.endpoint).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_a_generic_sender_are_the_same_octets() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    let good = connection.post(bodies::standard("invoice.paid", "1")).event_id("msg_1");
    let right = good.right_signature();
    let refused = [
        ("none", good.clone().unsigned()),
        ("an empty one", good.clone().signature("")),
        ("another version", good.clone().signature(&right.replace("v1,", "v2,"))),
        ("no base64", good.clone().signature("v1,%%%")),
        ("nothing after the version", good.clone().signature("v1,")),
        ("a changed body", good.clone().body_after_signing(b"{}")),
        ("another id", good.clone().signature(&right).event_id("msg_2")),
        ("no id", good.clone().signature(&right).without_event_id()),
        ("too old", good.clone().seconds_later(-301)),
        ("too new", good.clone().seconds_later(301)),
        ("another time", good.clone().signature(&right).seconds_later(1)),
        ("no time", good.clone().signature(&right).header("webhook-timestamp", "soon")),
    ];
    let unknown = raw_post(&app, &good, "wh_AAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!((unknown.status(), unknown.body()), (401, &b""[..]));
    for (what, post) in &refused {
        let answer = raw_post(&app, post, &connection.endpoint).await;
        assert_eq!(answer.but_date(), unknown.but_date(), "{what}");
    }
    assert!(app.events().await.is_empty());
    assert_eq!(raw_post(&app, &good, &connection.endpoint).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_good_signature_in_a_list_is_enough() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    let post = connection.post(bodies::standard("invoice.paid", "1")).event_id("msg_1");
    let other = post.clone().secret("whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldA==").right_signature();
    let list = format!("v1a,AAAA {other} {}", post.right_signature());
    post.signature(&list).stored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_time_is_good_for_five_minutes_by_the_servers_clock() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    for (mark, away) in [("1", -300), ("2", 300)] {
        connection.post(bodies::standard("invoice.paid", mark)).seconds_later(away).stored().await;
    }
    let late = connection.post(bodies::standard("invoice.paid", "3"));
    app.clock.advance(Duration::from_secs(301));
    assert_eq!(late.send().await, 401);
    assert_eq!(app.events().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_gateway_that_signs_no_time_never_ages() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let post = connection.post(bodies::payment("payment.captured", "pay_1", 0)).event_id("evt_1");
    post.stored().await;
    app.clock.advance(23 * HOUR);
    post.stored().await;
    app.clock.advance(15 * 24 * HOUR);
    connection.post(bodies::payment("payment.captured", "pay_2", 0)).stored().await;
    let events = app.events().await;
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["received_count"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_signed_with_another_companys_secret_is_rejected() {
    let app = TestApp::start().await;
    let ours = app.company("Neem Tree Retail").await.app("Neem Tree Store").await.razorpay("test").await;
    let theirs = app.company("Banyan Books").await.app("Banyan Books Online").await.razorpay("test").await;
    let post = ours.post(bodies::payment("payment.captured", "pay_1", 0));
    assert_eq!(post.clone().secret(&theirs.secret).send().await, 401);
    assert_eq!(post.url(&theirs.url).send().await, 401);
    assert!(app.events().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_compared_as_it_was_sent() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let post = connection.post(bodies::payment("payment.captured", "pay_1", 0));
    let id = &connection.endpoint;
    let encoded: String = id.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
    for segment in
        [id.to_uppercase(), id.to_lowercase(), encoded, format!("%77{}", &id[1..]), format!("{id}%2F"), format!("{id}%00")]
    {
        assert_eq!(raw_post(&app, &post, &segment).await.status(), 401, "{segment}");
    }
    for deeper in [format!("{id}/"), format!("{id}/x"), format!("/{id}"), format!("x/../{id}")] {
        assert_eq!(raw_post(&app, &post, &deeper).await.status(), 404, "{deeper}");
    }
    assert!(app.events().await.is_empty());
    assert_eq!(raw_post(&app, &post, &format!("{id}?from=gateway")).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_type_is_neither_trusted_nor_needed() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let body = |id| connection.post(bodies::payment("payment.captured", id, 0));
    body("pay_1").header("content-type", "text/plain").stored().await;
    body("pay_2").header("content-type", "application/x-www-form-urlencoded; charset=utf-16").stored().await;
    body("pay_3").without("content-type").stored().await;
    assert_eq!(app.events().await.len(), 3);
}
