//! The pages of automatic refunds: what is confirmed is what was shown, and the settings need an owner and the password.

use std::time::Duration;

use ks_pay::primitives::time::{Clock, Timestamp};
use reqwest::StatusCode;

use crate::support::{
    TestApp, bodies,
    bodies::{AMOUNT, AT},
    browser::{Browser, Page},
    builders::{Connection, PASSWORD},
    eventually,
    fake_razorpay::set_api,
    refund_api::RefundApi,
};

const PAYMENT: &str = "pay_Test0000000001";
const SETTINGS: &str = "SELECT 'stopped ' || is_stopped || ' ' || COALESCE(CAST(max_unconfirmed AS TEXT), '-') || ' ' || daily_count || ' ' \
                        || daily_amount || ' ' || currency FROM refund_settings";
const STATES: &str =
    "SELECT state || COALESCE(' ' || reason, '') || COALESCE(' ' || decided_by, '') FROM automatic_refunds ORDER BY id";

/// A shop with a captured payment of ₹1,000.00.
struct Shop {
    app: TestApp,
    api: RefundApi,
    owner: Browser,
    connection: Connection,
}

impl Shop {
    async fn start() -> Self {
        let shop = Self::without_keys().await;
        let fields = [("key_id", "rzp_test_Demo0000000001"), ("key_secret", "demo-key-secret-0001")];
        shop.owner.post(&shop.connection.step("/credentials"), &fields).await.location();
        shop
    }

    async fn without_keys() -> Self {
        let api = RefundApi::start().await;
        api.add(PAYMENT, AMOUNT);
        let mut app = TestApp::start().await;
        let url = api.url.clone();
        app.restart_at_with(Clock::fixed(Timestamp::from_seconds(AT + 3600)), |config| set_api(config, &url)).await;
        let connection = app.razorpay().await;
        let owner = app.owner("Neem Tree Retail").await;
        connection.post(bodies::payment("payment.captured", PAYMENT, 0)).stored().await;
        Self { app, api, owner, connection }
    }

    fn at(&self, rest: &str) -> String {
        format!("/ks-pay/apps/{}{rest}", self.connection.app_id)
    }

    /// Returns the list of Test mode.
    async fn list(&self) -> Page {
        self.owner.get(&self.at("/automations/refunds?mode=test")).await
    }

    /// Stores a refund of the payment that waits for a user; returns the path of its page.
    async fn propose(&self, (amount, reason): (Option<i64>, &str)) -> String {
        propose(&self.app, (amount, reason), AT + 3600 + 7 * 86_400).await;
        let list = self.list().await;
        list.body
            .split('"')
            .find(|text| text.contains("/automations/refunds/ar_"))
            .unwrap_or_else(|| panic!("{}", list.body))
            .to_owned()
    }

    async fn confirm(&self, path: &str, amount: &str, password: &str) -> Page {
        let fields = [("intent", "confirm"), ("amount", amount), ("currency", "INR"), ("current_password", password)];
        self.owner.post(path, &fields).await
    }

    async fn states(&self) -> Vec<String> {
        self.app.texts(STATES).await
    }

    async fn save(&self, changed: &[(&str, &str)]) -> Page {
        let all = [
            ("mode", "test"),
            ("confirmation", "each"),
            ("max_unconfirmed", ""),
            ("daily_count", "20"),
            ("daily_amount", "25000"),
            ("currency", "INR"),
        ];
        let kept = all.iter().filter(|(name, _)| !changed.iter().any(|(other, _)| other == name));
        let fields: Vec<_> = kept.chain(changed).copied().collect();
        self.owner.post(&self.at("/automations/refunds/limits"), &fields).await
    }

    async fn turn(&self, stopped: &str, password: &str) -> Page {
        let fields = [("mode", "test"), ("stopped", stopped), ("current_password", password)];
        self.owner.post(&self.at("/automations/refunds/switch"), &fields).await
    }
}

/// Stores a refund of the only payment that waits for a user until `due_at`, in seconds.
async fn propose(app: &TestApp, (amount, reason): (Option<i64>, &str), due_at: i64) {
    let refunded = if amount.is_some() { "t.id" } else { "NULL" };
    let amount = amount.map_or_else(|| "NULL".to_owned(), |amount| amount.to_string());
    let insert = format!(
        "INSERT INTO automatic_refunds (id, company_id, app_id, mode, automation_id, run_id, change_kind, transaction_id, refunded_id, \
         amount_subunits, currency, state, reason, due_at, created_at) SELECT 4001, a.company_id, t.app_id, t.mode, 4001, 4001, 'captured', \
         t.id, {refunded}, {amount}, 'INR', 'to_confirm', '{reason}', {}, {} FROM transactions t JOIN apps a ON a.id = t.app_id",
        due_at * 1_000,
        AT * 1_000,
    );
    assert_eq!(app.sql(insert.leak()).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_made_once_the_shown_amount_is_confirmed_with_the_password() {
    let shop = Shop::start().await;
    assert!(shop.list().await.shows("nothing-to-confirm"));
    let automations = shop.owner.get(&shop.at("/automations?mode=test")).await;
    assert!(automations.shows("automatic-refunds") && automations.lacks("refunds-waiting"));
    let path = shop.propose((Some(AMOUNT), "confirmation")).await;
    assert!(shop.owner.get(&shop.at("/automations?mode=test")).await.shows("refunds-waiting"));
    let list = shop.list().await;
    assert!(list.text_of("refund-to-confirm").contains("₹1,000.00") && list.text_of("refund-to-confirm").contains(PAYMENT));
    let payment = format!("/transactions/{}", shop.app.transactions().await[0]["transaction"].as_str().unwrap());
    assert!(shop.owner.get(&shop.at(&payment)).await.has(&path), "the page of the payment leads to it");

    let page = shop.owner.get(&path).await;
    assert_eq!((page.text_of("payment-amount").as_str(), page.text_of("proposed").as_str()), ("₹1,000.00", "₹1,000.00"));
    assert!(page.shows("expires") && page.shows("state-to-confirm"));
    for password in ["", "not the password"] {
        let again = shop.confirm(&path, "1000.00", password).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(again.has("id=\"current_password-error\"") && again.shows("proposed"), "{}", again.body);
    }
    assert_eq!(shop.states().await, ["to_confirm confirmation"]);
    assert!(shop.api.refund_requests().is_empty());
    assert_eq!(shop.confirm(&path, "1000.00", PASSWORD).await.location(), path);
    assert_eq!(shop.api.refunds(PAYMENT), [AMOUNT]);
    eventually(async || {
        shop.app.clock.advance(Duration::from_secs(30));
        shop.owner.get(&path).await.shows("state-done")
    })
    .await;
    let done = shop.owner.get(&path).await;
    assert!(done.lacks("proposed") && done.field("current_password").is_none() && done.lacks("expires"), "{}", done.body);
    assert!(shop.states().await[0].ends_with(" The Owner") && shop.list().await.shows("recent-refund"));
    assert_eq!(shop.confirm(&path, "1000.00", PASSWORD).await.location(), path);
    assert_eq!(shop.api.refunds(PAYMENT), [AMOUNT]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_has_changed_is_shown_and_confirmed_again() {
    let shop = Shop::start().await;
    let path = shop.propose((Some(AMOUNT), "confirmation")).await;
    shop.api.refund_by_hand(PAYMENT, 30_000);
    let changed = shop.confirm(&path, "1000.00", PASSWORD).await;
    assert_eq!(changed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(changed.shows("amount-changed") && changed.text_of("proposed") == "₹700.00", "{}", changed.body);
    assert_eq!((changed.text_of("already-refunded").as_str(), changed.field("amount").as_deref()), ("₹300.00", Some("700.00")));
    assert!(shop.api.refund_requests().is_empty());
    assert_eq!(shop.confirm(&path, "700.00", PASSWORD).await.location(), path);
    assert_eq!(shop.api.refunds(PAYMENT), [30_000, 70_000]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_refund_is_not_made_and_one_without_an_amount_leads_to_the_payment() {
    let shop = Shop::start().await;
    let path = shop.propose((None, "order_amount_unknown")).await;
    let page = shop.owner.get(&path).await;
    assert!(page.shows("by-hand") && page.shows("decide-yourself") && page.field("current_password").is_none(), "{}", page.body);
    assert!(page.has("/refund\"") && page.lacks("proposed"));
    let list = shop.at("/automations/refunds?mode=test");
    assert_eq!(shop.owner.post(&path, &[("intent", "decline")]).await.location(), list);
    assert_eq!(shop.states().await, ["skipped declined The Owner"]);
    let page = shop.owner.get(&path).await;
    assert!(page.text_of("reason").contains("The Owner") && page.lacks("by-hand"));
    assert_eq!(shop.owner.post(&path, &[("intent", "decline")]).await.location(), path);
    assert_eq!(shop.owner.post(&path, &[("intent", "other")]).await.status, StatusCode::BAD_REQUEST);
    assert!(shop.api.refund_requests().is_empty());
    assert_eq!(
        shop.app.texts("SELECT action FROM security_log WHERE action LIKE 'automatic%'").await,
        ["automatic_refund_declined"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_allows_more_needs_the_password_and_stopping_needs_none() {
    let shop = Shop::start().await;
    for looser in
        [&[("confirmation", "up_to"), ("max_unconfirmed", "500")][..], &[("daily_count", "21")], &[("daily_amount", "25000.01")]]
    {
        for password in ["", "not the password"] {
            let fields = [looser, &[("current_password", password)]].concat();
            let page = shop.save(&fields).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{looser:?}");
            assert!(page.has("id=\"current_password-error\""), "{looser:?}: {}", page.body);
        }
    }
    assert!(shop.app.texts(SETTINGS).await.is_empty());
    let list = shop.at("/automations/refunds?mode=test");
    assert_eq!(shop.save(&[("daily_count", "5"), ("daily_amount", "₹10,000")]).await.location(), list);
    let unconfirmed = [("confirmation", "up_to"), ("max_unconfirmed", "500"), ("daily_count", "5"), ("daily_amount", "10000")];
    assert_eq!(shop.save(&[&unconfirmed[..], &[("current_password", PASSWORD)]].concat()).await.location(), list);
    assert_eq!(shop.save(&unconfirmed).await.location(), list, "nothing changes");
    let settings = shop.app.texts(SETTINGS).await.remove(0);
    assert!(settings.ends_with(" 50000 5 1000000 INR"), "{settings}");

    let path = shop.propose((Some(AMOUNT), "above_limit")).await;
    assert_eq!(shop.turn("true", "").await.location(), list);
    assert!(shop.list().await.shows("refunds-stopped") && shop.owner.get(&path).await.shows("refunds-stopped"));
    assert_eq!(shop.confirm(&path, "1000.00", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for password in ["", "not the password"] {
        let page = shop.turn("false", password).await;
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.has("id=\"start_password-error\""), "{}", page.body);
    }
    assert!(
        shop.save(&[("daily_count", "4"), ("daily_amount", "9000")]).await.location() == list
            && shop.list().await.shows("refunds-stopped")
    );
    assert!(shop.api.refund_requests().is_empty());
    assert_eq!(shop.turn("false", PASSWORD).await.location(), list);
    assert!(shop.list().await.lacks("refunds-stopped"));
    let log = shop.app.texts("SELECT object FROM security_log WHERE action = 'refund_settings_changed' ORDER BY id").await;
    assert_eq!(log.len(), 5, "{log:?}");
    assert!(log[1].contains("500.00") && log[2].contains("stopped") && !log[4].contains("stopped"), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_limit_is_named_at_its_field() {
    let shop = Shop::start().await;
    for (changed, field, reason) in [
        (&[("daily_count", "0")][..], "daily_count", "not-a-count"),
        (&[("daily_amount", "much")], "daily_amount", "not-an-amount"),
        (&[("currency", "USD")], "currency", "unknown"),
        (&[("confirmation", "never")], "confirmation", "unknown"),
        (&[("confirmation", "up_to"), ("max_unconfirmed", "")], "max_unconfirmed", "not-an-amount"),
        (&[("confirmation", "up_to"), ("max_unconfirmed", "25000.01")], "max_unconfirmed", "above-daily"),
    ] {
        let page = shop.save(&[changed, &[("current_password", PASSWORD)]].concat()).await;
        let is_at_field = page.has(&format!("id=\"{field}-error\" data-reason=\"{reason}\"")) || field == "currency";
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && is_at_field, "{changed:?}: {}", page.body);
    }
    assert_eq!(
        shop.owner.post(&shop.at("/automations/refunds/limits"), &[("mode", "none")]).await.status,
        StatusCode::BAD_REQUEST
    );
    assert!(shop.app.texts(SETTINGS).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_refunds_only_where_keys_are_stored_and_needs_no_message() {
    let shop = Shop::without_keys().await;
    let new = shop.at("/automations/new?mode=test");
    let form = shop.owner.get(&new).await;
    assert!(form.lacks("refund") && form.shows("refund-note") && form.has("/credentials\""), "{}", form.body);
    let fields = [("intent", "on"), ("on", "order_paid_twice"), ("refund", "true"), ("language", "en")];
    let page = shop.owner.post(&new, &fields).await;
    assert!(page.has("id=\"refund-error\" data-reason=\"no-keys\""), "{}", page.body);
    let ready = shop.at("/automations/new?mode=test&template=refund_paid_twice");
    assert_eq!(shop.owner.get(&ready).await.location(), shop.at("/automations?mode=test"));

    let keys = [("key_id", "rzp_test_Demo0000000001"), ("key_secret", "demo-key-secret-0001")];
    shop.owner.post(&shop.connection.step("/credentials"), &keys).await.location();
    let form = shop.owner.get(&ready).await;
    assert!(form.field_tag("refund").contains("checked") && form.shows("refund-note") && form.shows("refund"), "{}", form.body);
    let failed = shop.owner.post(&new, &[("intent", "on"), ("on", "failed"), ("refund", "true"), ("language", "en")]).await;
    assert!(failed.has("id=\"refund-error\" data-reason=\"nothing-to-refund\""), "{}", failed.body);
    let preview = [("intent", "preview"), ("on", "order_paid_twice"), ("refund", "true"), ("language", "en")];
    let preview = shop.owner.post(&new, &preview).await;
    assert!(preview.shows("preview-refund") && !preview.text_of("preview").contains('₹'), "{}", preview.text_of("preview"));
    let own = shop.owner.post(&new, &fields).await.location().to_owned();
    assert_eq!(shop.app.texts("SELECT recipients || ' ' || starts_refund FROM automations").await.len(), 1);
    let shown = shop.owner.get(&own).await;
    assert!(shown.shows("automatic-refunds") && shown.lacks("recipients"), "{}", shown.body);
    let edit = shop.owner.get(&format!("{own}/edit")).await;
    assert!(edit.field_tag("refund").contains("checked"));
    let both = [("intent", "save"), ("on", "captured"), ("refund", "true"), ("recipient", "customer"), ("language", "en")];
    let both = [&both[..], &[("subject_en", "Refunded"), ("message_en", "Your money is on its way")]].concat();
    let both = shop.owner.post(&new, &both).await.location().to_owned();
    assert!(shop.owner.get(&both).await.shows("recipients"));
    let without = shop.owner.post(&format!("{own}/edit"), &[("intent", "save"), ("on", "captured"), ("language", "en")]).await;
    assert!(without.has("id=\"recipient-error\"") && without.has("id=\"subject_en-error\""), "{}", without.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_waits_has_an_alert_until_it_is_decided() {
    let shop = crate::alerts::Shop::start().await;
    shop.live.post(bodies::payment("payment.captured", PAYMENT, 1)).stored().await;
    let days = shop.app.clock.now().millis() / 1_000 + 7 * 86_400;
    propose(&shop.app, (Some(AMOUNT), "confirmation"), days).await;
    let alerts = async |wanted: &str| {
        eventually(async || {
            shop.app.clock.advance(Duration::from_secs(30));
            shop.alerts().await == [wanted]
        })
        .await;
    };
    alerts("refund_to_confirm 1 open").await;
    let mail = shop.mail.mail(1).await;
    let text = mail.part("text/plain");
    assert!(text.contains("₹1,000.00") && text.contains("/automations/refunds/ar_") && text.contains("tx_"), "{text}");
    shop.app.sql("UPDATE automatic_refunds SET state = 'skipped', reason = 'declined', due_at = NULL").await;
    alerts("refund_to_confirm 1 over").await;
    assert_eq!(shop.mail.mails().len(), 1, "it ends without a message");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_another_company_or_app_is_not_found() {
    let shop = Shop::start().await;
    let path = shop.propose((Some(AMOUNT), "confirmation")).await;
    let id = path.rsplit('/').next().unwrap();
    shop.app.company("Banyan Books").await;
    let stranger = shop.app.owner("Banyan Books").await;
    let form = [("name", "Second shop"), ("email", "a@b.example"), ("country", "IN")];
    let theirs = stranger.post("/ks-pay/apps", &form).await.location().to_owned();
    let second = shop.owner.post("/ks-pay/apps", &form).await.location().to_owned();
    let fields = [("intent", "confirm"), ("amount", "1000.00"), ("currency", "INR"), ("current_password", PASSWORD)];
    for (browser, app) in [(&stranger, shop.at("")), (&stranger, theirs), (&shop.owner, second)] {
        let other = format!("{}/automations/refunds/{id}", app.trim_end_matches("?mode=test"));
        assert_eq!(browser.get(&other).await.status, StatusCode::NOT_FOUND, "{other}");
        for form in [&fields[..], &[("intent", "decline")]] {
            assert_eq!(browser.post(&other, form).await.status, StatusCode::NOT_FOUND, "{other}");
        }
    }
    let (limits, switch) = (shop.at("/automations/refunds/limits"), shop.at("/automations/refunds/switch"));
    assert_eq!(stranger.post(&switch, &[("mode", "test"), ("stopped", "true")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.post(&limits, &[("mode", "test")]).await.status, StatusCode::NOT_FOUND);
    assert!(shop.app.texts(SETTINGS).await.is_empty() && shop.states().await == ["to_confirm confirmation"]);
}
