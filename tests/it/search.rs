//! The search: what is found by name and by id, in the user's company alone, and how much may be asked.

use reqwest::StatusCode;

use crate::support::{TestApp, bodies, browser::Page, builders::connected};

/// Returns the text and the target of each result of a kind.
fn hits(page: &Page, kind: &str) -> Vec<(String, String)> {
    let Some((_, rest)) = page.body.split_once(&format!("data-testid=\"{kind}\"")) else { return Vec::new() };
    let list = rest.split("</ul>").next().unwrap();
    list.split("<a href=\"")
        .skip(1)
        .map(|link| {
            let (url, rest) = link.split_once('"').unwrap();
            let text = rest.split_once("<span>").unwrap().1.split("</span>").next().unwrap();
            (url.to_owned(), text.to_owned())
        })
        .collect()
}

fn urls(page: &Page, kind: &str) -> Vec<String> {
    hits(page, kind).into_iter().map(|(url, _)| url).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_are_found_exactly_and_by_their_beginning() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.captured", "pay_Search00000001", 0)).event_id("evt_Search000000001").stored().await;
    connection.post(bodies::payment("payment.captured", "pay_Search00000002", 1)).event_id("evt_Search000000002").stored().await;
    assert_eq!(connection.post(bodies::payment("payment.captured", "pay_3", 0)).secret("another").send().await, 401);
    let at = |rest: &str| format!("/ks-pay/apps/{}{rest}", connection.app_id);
    let rejections = owner.sees(&at("/rejections"), "rows-shown").await;
    let rejection =
        rejections.body.split(&format!("{}/", at("/rejections"))).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let transactions = app.transactions().await;
    let events = app.events().await;
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let own = |list: &[serde_json::Value], key: &str| list.iter().map(|one| text(&one[key])).collect::<Vec<_>>();
    let (payments, stored) = (own(&transactions, "transaction"), own(&events, "event"));

    let search = async |text: &str| owner.get(&format!("/search?q={text}")).await;
    for (text, kind, found) in [
        ("pay_Search00000001", "found-transactions", 1),
        ("pay_Search", "found-transactions", 2),
        ("pay_search00000001", "found-transactions", 0),
        ("%20pay_Search00000001%20", "found-transactions", 1),
        ("pay_S", "found-transactions", 0),
        ("evt_Search000000001", "found-events", 1),
        ("evt_Search", "found-events", 2),
        (&payments[0], "found-transactions", 1),
        (&stored[0], "found-events", 1),
        (&rejection, "found-rejections", 1),
        ("pay_Search0000000%25", "found-transactions", 0),
    ] {
        let page = search(text).await;
        assert_eq!((page.status, hits(&page, kind).len()), (StatusCode::OK, found), "{text}: {}", page.body);
    }
    assert_eq!(urls(&search(&payments[0]).await, "found-transactions"), [at(&format!("/transactions/{}", payments[0]))]);
    assert_eq!(urls(&search(&stored[0]).await, "found-events"), [at(&format!("/events/{}", stored[0]))]);
    assert_eq!(urls(&search(&rejection).await, "found-rejections"), [at(&format!("/rejections/{rejection}"))]);
    let named = search("pay_Search00000001").await;
    assert!(hits(&named, "found-transactions")[0].1.contains("<code>pay_Search00000001</code>"), "{}", named.body);
    for payment in 3..20 {
        connection.post(bodies::payment("payment.captured", &format!("pay_Search000000{payment:02}"), 0)).stored().await;
    }
    assert_eq!(hits(&search("pay_Search").await, "found-transactions").len(), 5, "few of a kind");
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_and_pages_are_found_by_name() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let shop = company.app("Neem Tree Store").await;
    company.app("Diwali Pop-up").await;
    let owner = app.owner("Neem Tree Retail").await;
    let found = owner.get("/search?q=neem").await;
    assert_eq!(urls(&found, "found-apps"), [format!("/ks-pay/apps/{}", shop.id)]);
    assert_eq!(urls(&owner.get("/search?q=company").await, "found-pages"), ["/settings"]);
    let within = format!("/search?app={}&mode=live", shop.id);
    let gateways = format!("/ks-pay/apps/{}/settings/payment-gateways?mode=live", shop.id);
    assert_eq!(urls(&owner.get(&format!("{within}&q=gateway")).await, "found-pages"), [gateways]);
    let all = owner.get(&within).await;
    assert!(all.has("<nav class=\"sidebar\" aria-label=\"Neem Tree Store\">") && all.has("data-mode=\"live\""));
    assert!(urls(&all, "found-pages").len() > 8 && all.has("name=\"app\"") && all.has("name=\"mode\""), "the context is kept");
    let none = owner.get("/search?q=zanzibar").await;
    assert!(none.shows("nothing-found") && none.lacks("found-count"), "{}", none.body);
    assert!(none.text_of("nothing-found").contains("zanzibar") && found.text_of("found-count").starts_with('1'));
    owner.get("/language").await;
    let page = owner
        .send(reqwest::Method::GET, "/search?q=%E0%A4%95%E0%A4%82%E0%A4%AA%E0%A4%A8%E0%A5%80", None, &[("accept-language", "hi")])
        .await;
    assert_eq!(urls(&page, "found-pages"), ["/settings"], "by its name in the language of the page");
    let page = owner.send(reqwest::Method::GET, "/search?q=company", None, &[("accept-language", "hi")]).await;
    assert_eq!(urls(&page, "found-pages"), ["/settings"], "and by its English name");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_another_company_is_found() {
    let (app, connection, owner) = connected().await;
    connection.post(bodies::payment("payment.captured", "pay_Search00000001", 0)).event_id("evt_Search000000001").stored().await;
    assert_eq!(connection.post(bodies::payment("payment.captured", "pay_3", 0)).secret("another").send().await, 401);
    let at = format!("/ks-pay/apps/{}/rejections", connection.app_id);
    let rejections = owner.sees(&at, "rows-shown").await;
    let rejection = rejections.body.split(&format!("{at}/")).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (payment, event) = (app.transactions().await[0]["transaction"].clone(), app.events().await[0]["event"].clone());
    let banyan = app.company("Banyan Books").await;
    banyan.app("Banyan Books Online").await.razorpay("test").await;
    let stranger = app.owner("Banyan Books").await;
    let kinds = ["found-apps", "found-transactions", "found-events", "found-rejections"];
    for text in [
        "pay_Search00000001",
        "pay_Search",
        "evt_Search000000001",
        "evt_Search",
        payment.as_str().unwrap(),
        event.as_str().unwrap(),
        &rejection,
        &connection.app_id,
        "Neem",
    ] {
        let (own, theirs) = (owner.get(&format!("/search?q={text}")).await, stranger.get(&format!("/search?q={text}")).await);
        assert!(kinds.iter().any(|kind| !hits(&own, kind).is_empty()), "{text} is there to be found");
        assert!(kinds.iter().all(|kind| hits(&theirs, kind).is_empty()), "{text}: {}", theirs.body);
    }
    assert_eq!(stranger.get(&format!("/search?app={}", connection.app_id)).await.status, StatusCode::NOT_FOUND);
    let signed_out = app.visitor().get("/search?q=pay_Search").await;
    assert_eq!(signed_out.location(), "/login?redirect_url=%2Fsearch%3Fq%3Dpay_Search");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_limited_in_size_and_in_number() {
    let (app, _connection, owner) = connected().await;
    for (text, status) in [
        ("a".repeat(200), StatusCode::OK),
        ("a".repeat(201), StatusCode::UNPROCESSABLE_ENTITY),
        ("a%00b".to_owned(), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert_eq!(owner.get(&format!("/search?q={text}")).await.status, status, "{}", text.len());
    }
    let mut last = StatusCode::OK;
    for _ in 0..100 {
        let page = owner.get("/search?q=pay_Search").await;
        last = page.status;
        if last != StatusCode::OK {
            assert_eq!(page.reason_of("q-error"), "too-many-searches");
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(owner.get("/search").await.status, StatusCode::OK, "the page itself can be opened");
    app.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(owner.get("/search?q=pay_Search").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_refunds_and_disputes_are_found_although_many_payments_of_another_company_have_them() {
    let (app, connection, owner) = connected().await;
    let banyan = app.company("Banyan Books").await;
    let theirs = banyan.app("Banyan Books Online").await.razorpay("test").await;
    let stranger = app.owner("Banyan Books").await;
    for (place, count) in [(&theirs, 25), (&connection, 1)] {
        for number in 0..count {
            let payment = format!("pay_{number}");
            let refund = bodies::refund("refund.processed", "rfnd_Shared00000001", &payment, 1_000, 1_000, 60);
            place.post(refund).stored().await;
            place.post(bodies::dispute("payment.dispute.created", "disp_Shared00000001", &payment, "open", 90)).stored().await;
        }
    }
    let list = format!("/ks-pay/apps/{}/transactions?mode=test", connection.app_id);
    for text in ["rfnd_Shared00000001", "disp_Shared00000001"] {
        let (own, others) = (owner.get(&format!("/search?q={text}")).await, stranger.get(&format!("/search?q={text}")).await);
        assert_eq!(hits(&own, "found-transactions").len(), 1, "{text}: {}", own.body);
        assert_eq!(hits(&others, "found-transactions").len(), 5, "{text}: {}", others.body);
        let listed = owner.get(&format!("{list}&q={text}")).await;
        assert_eq!(listed.body.matches("<th scope=\"row\"").count(), 1, "{text}: {}", listed.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_many_payments_of_an_id_the_newest_are_found() {
    let (app, connection, owner) = connected().await;
    for number in 0..25 {
        connection.post(bodies::payment("payment.captured", &format!("pay_Many{number:02}"), number)).stored().await;
    }
    app.sql("UPDATE transactions SET order_id = 'order_Many01'").await;
    app.share_refund_and_dispute().await;
    app.sql(
        "INSERT INTO payment_references (app_id, search_key, transaction_id) SELECT app_id, 'receipt-many', id FROM transactions",
    )
    .await;
    let newest: Vec<_> = (20..25).rev().map(|number| format!("pay_Many{number}")).collect();
    for text in ["order_Many01", "order_Many", "rfnd_Shared", "disp_Shared", "receipt-many", "receipt-m", "pay_Many"] {
        let found = owner.get(&format!("/search?q={text}")).await;
        let texts: Vec<_> = hits(&found, "found-transactions").into_iter().map(|(_, text)| text).collect();
        assert!(texts.len() == 5 && newest.iter().zip(&texts).all(|(id, text)| text.contains(id)), "{text}: {texts:?}");
    }
}
