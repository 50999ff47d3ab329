//! The pages of deliveries: their list, their attempts, what their actions do, and the section of an event's page.

use reqwest::StatusCode;

use crate::support::{
    bodies, eventually,
    shop::{Shop, fields, text},
    sink::{Response, Sink},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_lists_its_attempts_with_what_was_responded() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    sink.next([Response::Complete(503, "", "<script>alert(1)</script>")]);
    let destination = shop.add(&[("url", &sink.url)]).await;
    shop.send("pay_1").await;
    let delivery = shop.delivery(|delivery| delivery["attempts"] == 1).await;
    let path = format!("{destination}/deliveries/{}", text(&delivery["delivery"]));
    let page = shop.owner.get(&path).await;
    assert!(page.has("<code>&#60;script&#62;alert(1)&#60;/script&#62;</code>") && !page.has("<script>alert"), "{}", page.body);
    assert_eq!(page.text_of("response"), "<script>alert(1)</script>");
    assert!(page.shows("state-waiting") && page.text_of("attempt").contains("503"), "{}", page.body);
    for named in ["webhook-id", "webhook-timestamp", "webhook-signature", "x-razorpay-signature", text(&delivery["event"])] {
        assert!(page.has(named), "{named}: {}", page.body);
    }
    let address = sink.url.split('/').nth(2).unwrap();
    assert!(page.has(address) && page.has(&format!("/events/{}\"", text(&delivery["event"]))), "{}", page.body);

    assert_eq!(shop.owner.post(&format!("{path}/replay"), &[]).await.location(), path);
    let page = shop.owner.sees(&path, "state-delivered").await;
    assert_eq!((page.texts_of("attempt").len(), sink.received().len()), (2, 2));
    assert!(page.texts_of("attempt")[0].contains("200"), "the newest is first: {}", page.body);
    assert_eq!(page.text_of("attempts-made"), "2", "those before the replay are among them");
    assert_eq!(shop.owner.get(&destination).await.text_of("attempts"), "2");
    // One that was delivered is sent again, too.
    assert_eq!(shop.owner.post(&format!("{path}/replay"), &[]).await.location(), path);
    eventually(async || sink.received().len() == 3).await;
    let ids: Vec<_> = sink.received().iter().map(|one| one.header("webhook-id").unwrap().to_owned()).collect();
    assert!(ids.iter().all(|id| *id == text(&delivery["event"])), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_without_a_response_says_why() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    shop.send("pay_1").await;
    let delivery = shop.delivery(|delivery| delivery["attempts"] == 1).await;
    assert_eq!(delivery["last_failure"], "connection_refused");
    let page = shop.owner.get(&format!("{destination}/deliveries/{}", text(&delivery["delivery"]))).await;
    assert!(page.texts_of("attempt").len() == 1 && page.has("127.0.0.1:9") && page.lacks("response"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skipped_delivery_is_canceled_and_the_next_one_goes_on() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    sink.next([Response::Complete(500, "", "")]);
    let destination = shop.add(&[("url", &sink.url), ("order", "fifo")]).await;
    shop.send("pay_1").await;
    let first = shop.delivery(|delivery| delivery["attempts"] == 1).await;
    shop.send("pay_2").await;
    let path = format!("{destination}/deliveries/{}", text(&first["delivery"]));
    assert_eq!(shop.owner.get(&format!("{path}/skip")).await.location(), path);
    assert_eq!(shop.owner.post(&format!("{path}/skip"), &[]).await.location(), path);
    eventually(async || sink.received().len() == 2).await;
    let page = shop.owner.get(&path).await;
    assert!(page.text_of("state-canceled").contains("Skipped") && page.text_of("delivery-sentence").starts_with("Skipped"));
    assert!(page.shows("state-canceled") && !page.has(&format!("action=\"{path}/skip\"")), "{}", page.body);
    let again = shop.owner.post(&format!("{path}/skip"), &[]).await;
    assert_eq!(again.location(), path);
    assert_eq!(shop.owner.get(&path).await.reason_of("flash"), "has-ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_deliveries_has_a_filter_and_a_search() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url)]).await;
    shop.send("pay_1").await;
    shop.delivery(|delivery| delivery["state"] == "delivered").await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    shop.send("pay_2").await;
    let rows = async |query: &str| shop.owner.get(&format!("{destination}?{query}")).await.texts_of("delivery").len();
    assert_eq!((rows("").await, rows("state=waiting").await, rows("state=delivered").await), (2, 1, 1));
    let none = shop.owner.get(&format!("{destination}?state=exhausted")).await;
    assert!(none.status == StatusCode::OK && none.shows("no-delivery-found"), "{}", none.body);
    let wrong = shop.owner.get(&format!("{destination}?state=rubbish")).await;
    assert_eq!((wrong.status, wrong.texts_of("delivery").len()), (StatusCode::UNPROCESSABLE_ENTITY, 0));
    let event = text(&shop.deliveries().await[0]["event"]).to_owned();
    assert_eq!(rows(&format!("q={event}")).await, 1);
    assert_eq!(shop.owner.get(&format!("{destination}?q=ev_1")).await.reason_of("q-error"), "unsearchable");
    // Did my system get that payment?
    let transaction = shop.app.transactions().await.remove(0)["transaction"].as_str().unwrap().to_owned();
    assert_eq!((rows("q=pay_1").await, rows("q=pay_9").await, rows(&format!("q={transaction}")).await), (1, 0, 1));
    let refunds = shop.add(&[("url", &sink.url), ("name", "Refunds"), ("events", "refund.*")]).await;
    let none = shop.owner.get(&format!("{refunds}?q=pay_1")).await;
    assert!(none.texts_of("delivery").is_empty() && none.shows("no-delivery-found"), "{}", none.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_waits_behind_another_leads_to_it() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    sink.usually(Response::Complete(500, "", ""));
    let destination = shop.add(&[("url", &sink.url), ("order", "fifo")]).await;
    shop.send("pay_1").await;
    let first = shop.delivery(|delivery| delivery["attempts"] == 1).await;
    shop.send("pay_2").await;
    let path = |delivery: &serde_json::Value| format!("{destination}/deliveries/{}", text(&delivery["delivery"]));
    let (first, second) = (path(&first), path(&shop.deliveries().await[1]));
    let page = shop.owner.get(&second).await;
    assert!(page.shows("earlier-delivery") && page.has(&first) && !page.has(&format!("{second}/replay")), "{}", page.body);
    let front = shop.owner.get(&first).await;
    assert!(front.lacks("earlier-delivery") && front.has(&format!("{first}/replay")), "{}", front.body);
    let rows = shop.owner.get(&destination).await.texts_of("delivery");
    assert!(rows[0].contains("previous") && !rows[1].contains("previous"), "{rows:?}");
    // Of any order, none waits for another.
    shop.app.sql("UPDATE destinations SET is_fifo = FALSE").await;
    assert!(shop.owner.get(&second).await.lacks("earlier-delivery"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_that_would_not_be_sent_is_not_offered() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    shop.send("pay_1").await;
    let path = format!("{destination}/deliveries/{}", text(&shop.deliveries().await[0]["delivery"]));
    let page = shop.owner.get(&path).await;
    assert!(!page.has(&format!("{path}/replay")) && page.has("Open destination"), "{}", page.body);
    assert_eq!(shop.owner.post(&format!("{path}/replay"), &[]).await.location(), path);
    assert_eq!(shop.owner.get(&path).await.reason_of("flash"), "destination-paused");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_of_a_normalized_delivery_is_shown() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url), ("format", "normalized")]).await;
    shop.send("pay_1").await;
    let delivery = shop.delivery(|delivery| delivery["state"] == "delivered").await;
    let page = shop.owner.get(&format!("{destination}/deliveries/{}", text(&delivery["delivery"]))).await;
    let sent = String::from_utf8(sink.received()[0].body.clone()).unwrap();
    assert_eq!(page.inside("raw-body").map(|shown| shown.replace("&#34;", "\"")), Some(sent), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_deliveries_are_replayed_together() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url)]).await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    for payment in ["pay_1", "pay_2", "pay_3"] {
        shop.send(payment).await;
    }
    shop.app.sql("UPDATE deliveries SET state = 'exhausted', due_at = NULL, ended_at = created_at WHERE id <> (SELECT MIN(id) FROM deliveries)").await;
    let replay = format!("{destination}/failed-deliveries/replay");
    let effects = shop.owner.get(&replay).await.texts_of("effect");
    assert!(effects.len() == 4 && effects[0].starts_with('2'), "their number, and that the destination is paused: {effects:?}");
    shop.owner.post(&format!("{destination}/resume"), &[]).await;
    eventually(async || sink.received().len() == 1).await;
    assert_eq!(shop.owner.post(&replay, &[]).await.location(), destination);
    shop.app.clock.advance(std::time::Duration::from_secs(10));
    eventually(async || sink.received().len() == 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_an_event_lists_its_deliveries_and_who_did_not_get_it() {
    let shop = Shop::start().await;
    let event_page = async || {
        let event = text(&shop.app.events().await[0]["event"]).to_owned();
        shop.owner.get(&format!("/ks-pay/apps/{}/events/{event}", shop.connection.app_id)).await
    };
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url)]).await;
    let other = shop.add(&[("name", "Refunds"), ("events", "refund.*")]).await;
    shop.add(&[("name", "Of Live mode"), ("mode", "live"), ("format", "normalized")]).await;
    shop.send("pay_1").await;
    let delivery = shop.delivery(|delivery| delivery["state"] == "delivered").await;
    shop.add(&[("name", "Later")]).await;
    shop.app.sql("UPDATE destinations SET created_at = created_at + 1000 WHERE name = 'Later'").await;
    let page = event_page().await;
    let section = page.text_of("event-deliveries");
    assert!(page.has(&format!("{destination}/deliveries/{}", text(&delivery["delivery"]))) && page.shows("state-delivered"));
    assert!(page.shows("not-sent-not-selected") && page.has(&other) && page.shows("not-sent-added-later"), "{section}");
    assert!(!section.contains("Of Live mode"), "{section}");

    shop.owner.post(&format!("{destination}/deletion"), &[]).await;
    let page = event_page().await;
    assert!(page.texts_of("delivery").len() == 1 && !page.has(&destination), "{}", page.body);
    assert!(page.text_of("delivery").contains("Shop backend"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_a_normalized_form_names_the_destinations_that_did_not_get_it() {
    let shop = Shop::start().await;
    shop.add(&[("format", "normalized")]).await;
    shop.connection.post(b"{}".to_vec()).stored().await;
    let event = text(&shop.app.events().await[0]["event"]).to_owned();
    let page = shop.owner.get(&format!("/ks-pay/apps/{}/events/{event}", shop.connection.app_id)).await;
    assert!(page.shows("not-sent-no-form"), "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_waits_is_not_sent_in_a_format_that_it_does_not_have() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let destination = shop.add(&[("url", &sink.url)]).await;
    shop.owner.post(&format!("{destination}/pause"), &[]).await;
    shop.connection.post(bodies::bare("foo.bar")).stored().await;
    shop.send("pay_1").await;
    shop.owner.post(&destination, &fields(&[("url", &sink.url), ("format", "normalized")])).await;
    shop.owner.post(&format!("{destination}/resume"), &[]).await;
    let states = async || shop.deliveries().await.iter().map(|one| text(&one["state"]).to_owned()).collect::<Vec<_>>();
    eventually(async || states().await == ["canceled", "delivered"]).await;
    assert_eq!(sink.received().len(), 1);
}
