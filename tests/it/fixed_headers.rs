//! The fixed headers of a destination: their form, that each attempt has them, and that nothing else has their values.

use reqwest::StatusCode;

use crate::support::{
    files,
    shop::{Shop, fields, text},
    sink::{Response, Sink},
};

const VALUE: &str = "Bearer hush-9f2c71";

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_has_the_headers_and_no_page_export_or_file_has_their_values() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    sink.next([Response::Complete(500, "", "")]);
    let destination = shop.add(&[("url", &sink.url)]).await;
    let headers = format!("{destination}/headers");
    for (name, value) in [("Authorization", VALUE), ("X-Shop", "old"), ("x-shop", "42")] {
        assert_eq!(shop.owner.post(&headers, &[("name", name), ("value", value)]).await.location(), headers);
    }
    shop.send("pay_1").await;
    let delivery = shop.delivery(|delivery| delivery["attempts"] == 1).await;
    let path = format!("{destination}/deliveries/{}", text(&delivery["delivery"]));
    shop.owner.post(&format!("{path}/replay"), &[]).await;
    shop.delivery(|delivery| delivery["state"] == "delivered").await;
    assert_eq!(sink.received().len(), 2);
    for received in sink.received() {
        assert_eq!((received.header("authorization"), received.header("x-shop")), (Some(VALUE), Some("42")));
        assert!(received.head.matches("x-shop").count() == 1 && received.header("webhook-signature").is_some());
    }
    for page in [&headers, &destination, &path, &format!("{destination}/edit"), &shop.list()] {
        let page = shop.owner.get(page).await;
        assert!(page.status == StatusCode::OK && !page.has("hush-9f2c71"), "{}", page.body);
    }
    assert_eq!(shop.owner.get(&headers).await.texts_of("header").len(), 2);
    assert!(shop.owner.get(&path).await.has("authorization"), "an attempt names the header");
    let exported = shop.app.cli(["destination", "list", "--app", &shop.connection.app_id, "--json"], "").await;
    assert!(!exported.out.contains("hush-9f2c71"));
    for (path, content) in files(&shop.app.data_dir()) {
        assert!(!content.windows(11).any(|window| window == b"hush-9f2c71"), "{}", path.display());
    }
    let removal = format!("{headers}/removal");
    assert_eq!(shop.owner.post(&removal, &[("name", "X-Shop")]).await.location(), headers);
    assert_eq!(shop.owner.post(&removal, &[("name", "x-shop")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(shop.owner.get(&headers).await.texts_of("header").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_has_its_error_and_the_value_is_not_filled_in_again() {
    let shop = Shop::start().await;
    let headers = format!("{}/headers", shop.add(&[]).await);
    let long = "x".repeat(1001);
    for (name, typed, reason) in [
        ("name", "", "empty"),
        ("name", "x y", "not-a-token"),
        ("name", "X-Razorpay-Signature", "reserved"),
        ("name", "host", "reserved"),
        ("name", &long, "too-long"),
        ("value", " ", "empty"),
        ("value", "a\r\nx-other: b", "not-ascii"),
        ("value", &long, "too-long"),
    ] {
        let form =
            [("name", "x-own"), ("value", "hush-hush")].map(|(known, value)| (known, if known == name { typed } else { value }));
        let page = shop.owner.post(&headers, &form).await;
        assert_eq!((page.status, page.reason_of(&format!("{name}-error"))), (StatusCode::UNPROCESSABLE_ENTITY, reason));
        assert_eq!(page.body.matches("data-reason=").count(), 1, "{name}: {typed}");
        assert!(!page.has("hush-hush"), "{}", page.body);
    }
    for number in 0..10 {
        let name = format!("x-{number}");
        assert_eq!(shop.owner.post(&headers, &[("name", &name), ("value", "1")]).await.location(), headers);
    }
    let full = shop.owner.post(&headers, &[("name", "x-10"), ("value", "1")]).await;
    assert_eq!((full.status, full.reason_of("name-error")), (StatusCode::UNPROCESSABLE_ENTITY, "too-many"));
    assert_eq!(shop.owner.post(&headers, &[("name", "x-9"), ("value", "2")]).await.location(), headers, "it is replaced");
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM destination_headers").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_url_has_none_of_the_headers() {
    let shop = Shop::start().await;
    let destination = shop.add(&[]).await;
    shop.owner.post(&format!("{destination}/headers"), &[("name", "authorization"), ("value", VALUE)]).await;
    shop.owner.post(&destination, &fields(&[("name", "Renamed")])).await;
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM destination_headers").await, 1);
    shop.owner.post(&destination, &fields(&[("url", "http://127.0.0.1:10/hook")])).await;
    assert_eq!(shop.app.count("SELECT COUNT(*) FROM destination_headers").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_reads_values_from_stdin_and_doctor_names_one_that_does_not_open() {
    let shop = Shop::start().await;
    let sink = Sink::start().await;
    let args = ["destination", "add", "--app", &shop.connection.app_id, "--mode", "test", "--name", "Shop", "--url", &sink.url];
    let args: Vec<&str> = args.into_iter().chain(["--header", "Authorization", "--header", "x-shop", "--json"]).collect();
    let allow = [("KS_PAY_ALLOW_DESTINATIONS", "127.0.0.0/8")];
    assert!(shop.app.cli_with(&args, "only one\n", &allow).await.failure().contains("x-shop"));
    let added = shop.app.cli_with(&args, &format!("{VALUE}\n42\n"), &allow).await.json();
    shop.send("pay_1").await;
    shop.delivery(|delivery| delivery["state"] == "delivered").await;
    let received = sink.received().remove(0);
    assert_eq!((received.header("authorization"), received.header("x-shop")), (Some(VALUE), Some("42")));
    shop.app
        .sql("UPDATE destination_headers SET sealed = (SELECT sealed FROM destination_secrets LIMIT 1) WHERE name = 'x-shop'")
        .await;
    let doctor = shop.app.cli_with(&["doctor"], "", &allow).await;
    assert!(doctor.out.contains(&format!("the header x-shop of destination {}", text(&added["destination"]))), "{}", doctor.out);
    shop.send("pay_2").await;
    crate::support::eventually(async || shop.deliveries().await.iter().any(|one| one["last_failure"] == "unreadable")).await;
    assert_eq!(sink.received().len(), 1, "nothing is sent without a header that the system requires");
}
