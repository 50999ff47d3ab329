//! Requests without an explanation are reported as such.

use rand::RngExt as _;

use crate::support::{TestApp, bodies, eventually, signing};

const TOLD: &str = "SELECT cause FROM rejections";
const COUNT: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections";

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_forgeries_have_no_known_cause() {
    let app = TestApp::start().await;
    let company = app.company("Neem Tree Retail").await;
    let shop = company.app("Neem Tree Store").await;
    let razorpay = shop.razorpay("test").await;
    let generic = shop.connect("standard-webhooks", "test").await;
    shop.razorpay("live").await;
    let mut random = rand::rng();
    for number in 0..100 {
        let body = bodies::payment("payment.captured", &format!("pay_Forged{number:08}"), number);
        // A random signature, then a random key.
        let signature = signing::hex(&random.random::<[u8; 32]>());
        assert_eq!(razorpay.post(body.clone()).signature(&signature).send().await, 401);
        let key = signing::hex(&random.random::<[u8; 22]>());
        assert_eq!(razorpay.post(body).secret(&key).send().await, 401);
        if number % 20 == 19 {
            // Not concurrently, since they would share the time budget of one diagnosis.
            eventually_all(&app, 2 * (number + 1)).await;
        }
    }
    for number in 0..20 {
        let post = generic.post(bodies::standard("invoice.paid", &number.to_string()));
        let key = signing::hex(&random.random::<[u8; 22]>());
        assert_eq!(post.secret(&key).send().await, 401);
    }
    eventually_all(&app, 220).await;
    let output = app.texts(TOLD).await;
    assert!(!output.is_empty() && output.iter().all(|cause| cause == "unknown"), "{output:?}");
    let owner = app.owner("Neem Tree Retail").await;
    let page = owner.get(&format!("/ks-pay/apps/{}/rejections", shop.id)).await;
    assert!(page.shows("cause-signature-mismatch") && page.has("200 times"), "{}", page.body);
}

async fn eventually_all(app: &TestApp, count: i64) {
    eventually(async || app.count(COUNT).await == count).await;
}
