//! Pages that list many webhooks show the cause for one with rejected requests, and raise no alarm for requests that any sender
//! can forge.

use crate::support::{
    bodies,
    builders::{Connection, connected},
};

fn captured(id: &str) -> Vec<u8> {
    bodies::payment("payment.captured", id, 0)
}

/// Pages that show the state of a webhook, the webhook's own first.
fn pages(connection: &Connection) -> [String; 6] {
    let of_app = format!("/ks-pay/apps/{}", connection.app_id);
    [
        format!("{of_app}/settings/payment-gateways/razorpay/test/webhook"),
        format!("{of_app}/settings/payment-gateways/razorpay/test/security"),
        format!("{of_app}/settings/payment-gateways"),
        format!("{of_app}?mode=test"),
        "/ks-pay".to_owned(),
        "/".to_owned(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_anybody_can_send_are_no_alarm() {
    let (app, connection, owner) = connected().await;
    connection.post(captured("pay_1")).stored().await;
    app.clock.advance(std::time::Duration::from_secs(1));
    for number in 1..=2 {
        assert_eq!(connection.post(captured("pay_2")).secret("somebody else's secret").send().await, 401);
        owner.sees_in(&pages(&connection)[0], "rejected-meanwhile", &format!("{number} ")).await;
        for path in pages(&connection) {
            let page = owner.get(&path).await;
            assert!(
                page.lacks("state-failing") && page.lacks("trouble-failing") && page.lacks("countdown"),
                "{path}: {}",
                page.body
            );
        }
        assert!(owner.get("/").await.shows("all-clear"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_that_only_the_company_can_sign_is_an_alarm() {
    let (app, connection, owner) = connected().await;
    connection.post(captured("pay_1")).stored().await;
    app.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(connection.post(captured("pay_2")).secret(&format!("{} ", connection.secret)).send().await, 401);
    for path in pages(&connection).iter().take(5) {
        owner.sees(path, "state-failing").await;
    }
    owner.sees_in("/", "trouble-failing", "1 Test ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cause_is_told_wherever_a_refusal_is() {
    let (_app, connection, owner) = connected().await;
    assert_eq!(connection.post(captured("pay_1")).secret(&format!("{} ", connection.secret)).send().await, 401);
    let of_app = format!("/ks-pay/apps/{}", connection.app_id);
    for path in
        ["/".to_owned(), "/ks-pay".to_owned(), of_app.clone(), format!("{of_app}/events"), format!("{of_app}/transactions")]
    {
        let page = owner.sees(&path, "cause-secret-with-space").await;
        assert!(page.lacks("cause-signature-mismatch"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mode_without_a_gateway_leads_to_where_one_is_added() {
    let (_app, connection, owner) = connected().await;
    let of_app = format!("/ks-pay/apps/{}", connection.app_id);
    let add = format!("href=\"{of_app}/settings/payment-gateways?mode=live#add\"");
    for rest in ["", "/events", "/transactions"] {
        assert!(owner.get(&format!("{of_app}{rest}?mode=live")).await.has(&add), "{rest}");
        // The checklist on the overview leads on to Live.
        assert_eq!(owner.get(&format!("{of_app}{rest}?mode=test")).await.has(&add), rest.is_empty(), "{rest}");
    }
    let step = owner.get(&pages(&connection)[0]).await;
    assert!(step.has(&add), "the switch of a step leads there, too");
    let chosen = |mode: &str| format!("name=\"mode\" value=\"{mode}\" checked");
    let form = owner.get(&format!("{of_app}/settings/payment-gateways?mode=live")).await;
    assert!(form.has(&chosen("live")) && !form.has(&chosen("test")));
    assert!(owner.get(&pages(&connection)[2]).await.has(&chosen("live")), "Test is taken");
}
