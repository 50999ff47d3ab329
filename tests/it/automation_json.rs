//! Automations that send JSON of the shop's own: values stay within their strings, errors stand at the field, and the preview shows it.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    automation_destinations::Shop,
    support::{bodies, bodies::AT, shop::text, signing, sink::Sink},
};

const ORDER: &str = r#"{ "status": "paid", "order": "{{order_id}}", "amount": "{{amount}}", "currency": "{{currency}}",
  "says": "{{amount}} by {{method}}: {{note.name}}", "name": "{{note.name}}", "none": "{{note.other}}", "refund": null }"#;

const LONG_NAME: &str = "UPDATE apps SET name = 'A store whose name is about a hundred characters long, as it sells very many kinds of \
                         things' WHERE name = 'Neem Tree Store'";

/// A template that is small enough, but whose body is too large with a long name.
fn wide_body() -> String {
    format!("\"{}\"", "{{app_name}}".repeat(1_300))
}

fn paid(id: &str, notes: &Value) -> Vec<u8> {
    bodies::payment_with_notes("payment.captured", id, notes.to_string().as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_receives_its_own_json_whatever_a_customer_calls_themselves() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let (destination, secret) = shop.destination(&shop.live, &sink.url).await;
    let automation = shop.automate(&[&destination], &[("body", &ORDER.replace('\n', "\r\n"))]).await;
    let name = "K\"},{\"status\":\"free\"} {{amount}} \\ \n नीम";
    assert_eq!(shop.live.post(paid("pay_Json0000000001", &json!({ "name": name }))).send().await, 200);
    assert_eq!(shop.ended().await, ["done"]);
    let [received] = sink.received().try_into().unwrap();
    let body: Value = serde_json::from_slice(&received.body).unwrap();
    let order = body["order"].clone();
    assert!(text(&order).starts_with("order_"), "{body}");
    let says = format!("₹1,000.00 by upi: {name}");
    let expected = json!({ "status": "paid", "order": order, "amount": 100_000, "currency": "INR", "says": says, "name": name,
        "none": null, "refund": null });
    assert_eq!(body, expected);
    let (id, at) = (received.header("webhook-id").unwrap(), received.header("webhook-timestamp").unwrap());
    let signed = signing::standard_webhooks(&secret, id, at, &received.body);
    assert_eq!(
        (received.header("webhook-signature"), received.header("content-type")),
        (Some(signed.as_str()), Some("application/json"))
    );

    // A corrected template: the run is sent again, under its id.
    let fields = [("on", "captured"), ("language", "en"), ("intent", "save"), ("recipient", &destination)];
    let changed = [&fields[..], &[("body", r#"["{{payment_id}}"]"#)]].concat();
    assert_eq!(shop.owner.post(&format!("{automation}/edit"), &changed).await.location(), automation);
    let run = shop.run(&automation).await;
    shop.owner.post(&format!("{run}/request"), &[]).await.location();
    assert_eq!(shop.ended().await, ["done"]);
    let again = sink.received().pop().unwrap();
    assert_eq!((again.body.as_slice(), again.header("webhook-id")), (&br#"["pay_Json0000000001"]"#[..], Some(id)));
    // Without a template, it is the change again.
    let without = shop.owner.post(&format!("{automation}/edit"), &[&fields[..], &[("body", " \n ")]].concat()).await;
    assert_eq!(without.location(), automation);
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM automations WHERE body IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_template_is_an_error_at_its_field_with_the_place() {
    let shop = Shop::start().await;
    let (destination, _) = shop.destination(&shop.live, "http://127.0.0.1:9/hook").await;
    let (long, wide) = (format!("\"{}\"", "x".repeat(16 * 1024)), format!("[{}1]", "\"{{date}}\",".repeat(1_500)));
    for (body, reason, said) in [
        ("{\n  \"a\": {{amount}}\n}", "not-json", &["2", "9"][..]),
        ("{\"a\": \"{{refund_id}}\"}", "unknown-variable", &["{{refund_id}}"]),
        ("{\"a\": \"{{price}}\"}", "unknown-variable", &["{{price}}"]),
        ("{\"a\": \"{{amount\"}", "unclosed", &["{{amount"]),
        ("{\"{{order_id}}\": 1}", "variable-in-name", &["{{order_id}}"]),
        (&long, "too-large", &["16"]),
        (&wide, "too-large", &["16"]),
    ] {
        for intent in ["save", "preview"] {
            let page = shop.submit("live", &[&destination], &[("body", body), ("intent", intent)]).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert_eq!(page.reason_of("body-error"), reason, "{body}");
            let error = page.text_of("body-error");
            assert!(said.iter().all(|part| error.contains(part)), "{body}: {error}");
        }
    }
    // A valid template whose body is too large.
    shop.app.sql(LONG_NAME).await;
    let page = shop.submit("live", &[&destination], &[("body", &wide_body())]).await;
    assert_eq!(page.reason_of("body-error"), "body-too-large");
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM automations").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preview_has_example_values_until_a_payment_matches() {
    let shop = Shop::start().await;
    let (destination, _) = shop.destination(&shop.live, "http://127.0.0.1:9/hook").await;
    let preview = async || shop.submit("live", &[&destination], &[("body", ORDER), ("intent", "preview")]).await;
    let example = preview().await;
    assert_eq!(example.status, StatusCode::OK);
    let shown = example.text_of("preview-body");
    assert!(shown.contains("64900") && shown.contains("₹649.00 by upi"), "{shown}");
    assert_eq!(shop.live.post(paid("pay_Json0000000002", &json!({ "name": "Kavya" }))).send().await, 200);
    let shown = preview().await.text_of("preview-body");
    assert!(shown.contains("100000") && shown.contains("Kavya"), "{shown}");
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM deliveries").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_a_skipped_step() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let (destination, _) = shop.destination(&shop.live, &sink.url).await;
    shop.automate(&[&destination], &[("body", &wide_body())]).await;
    shop.send("payment.captured", "pay_Json0000000003").await;
    assert_eq!(shop.ended().await, ["done"]);
    shop.app.sql(LONG_NAME).await;
    shop.send("payment.captured", "pay_Json0000000004").await;
    assert_eq!(shop.ended().await, ["done", "skipped body_too_large"]);
    assert_eq!(sink.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ready_made_rule_needs_a_destination_and_updates_an_order() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let list = format!("/ks-pay/apps/{}/automations?mode=live", shop.live.app_id);
    let ready = format!("/ks-pay/apps/{}/automations/new?mode=live&template=order_status", shop.live.app_id);
    let add = format!("/ks-pay/apps/{}/destinations/new?mode=live", shop.live.app_id);
    assert!(shop.owner.get(&list).await.has(&add));
    assert_eq!(shop.owner.get(&ready).await.location(), add);
    let (destination, _) = shop.destination(&shop.live, &sink.url).await;
    assert!(!shop.owner.get(&list).await.has(&add));
    let form = shop.owner.get(&ready).await;
    assert!(form.has(&format!("value=\"{destination}\" checked")) && !form.has("value=\"customer\" checked"), "{}", form.body);
    let template = form.inside("body").unwrap().replace("&quot;", "\"").replace("&#34;", "\"");
    shop.automate(&[&destination], &[("body", &template)]).await;
    shop.send("order.paid", "pay_Json0000000005").await;
    assert_eq!(shop.ended().await, ["done"]);
    let body: Value = serde_json::from_slice(&sink.received()[0].body).unwrap();
    let paid_at = ks_pay::primitives::time::Timestamp::from_seconds(AT).rfc3339();
    let shown = (&body["status"], &body["payment_id"], &body["amount"], &body["currency"], &body["paid_at"]);
    assert_eq!(shown, (&json!("paid"), &json!("pay_Json0000000005"), &json!(100_000), &json!("INR"), &json!(paid_at)));
}
