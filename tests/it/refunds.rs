//! Refunds from the page of a payment: exactly one at the gateway, whatever happens in between.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ks_pay::primitives::time::{Clock, Timestamp};
use reqwest::StatusCode;

use crate::{
    orders::{entity, event},
    support::{
        TestApp, bodies,
        bodies::{AMOUNT, AT},
        browser::{Browser, Page},
        builders::{App, Connection, PASSWORD},
        database, eventually,
        fake_razorpay::set_api,
        files,
        refund_api::{Fault, RefundApi},
    },
};

pub(crate) const PAYMENT: &str = "pay_Test0000000001";
pub(crate) const KEY_ID: &str = "rzp_test_Demo0000000001";
const KEY_SECRET: &str = "demo-key-secret-0001";
const STATES: &str = "SELECT state || COALESCE(' ' || reason, '') FROM refund_requests ORDER BY id";

/// A shop with API keys and a captured payment of ₹1,000.00.
pub(crate) struct Shop {
    pub(crate) app: TestApp,
    pub(crate) api: RefundApi,
    pub(crate) owner: Browser,
    pub(crate) connection: Connection,
    /// The page of the payment.
    pub(crate) payment: String,
}

impl Shop {
    pub(crate) async fn start() -> Self {
        let shop = Self::without_keys().await;
        shop.add_keys(&shop.connection, KEY_ID).await;
        shop
    }

    pub(crate) async fn without_keys() -> Self {
        let api = RefundApi::start().await;
        api.add(PAYMENT, AMOUNT);
        let mut app = TestApp::start().await;
        let url = api.url.clone();
        app.restart_at_with(Clock::fixed(Timestamp::from_seconds(AT + 3600)), |config| set_api(config, &url)).await;
        let connection = app.razorpay().await;
        let owner = app.owner("Neem Tree Retail").await;
        let payment = pay(&app, &connection, PAYMENT).await;
        Self { app, api, owner, connection, payment }
    }

    pub(crate) async fn add_keys(&self, connection: &Connection, key_id: &str) {
        let fields = [("key_id", key_id), ("key_secret", KEY_SECRET)];
        self.owner.post(&connection.step("/credentials"), &fields).await.location();
    }

    pub(crate) fn form(&self) -> String {
        format!("{}/refund", self.payment)
    }

    /// Opens the form; returns what identifies it.
    pub(crate) async fn open(&self) -> String {
        let page = self.owner.get(&self.form()).await;
        page.field("origin").unwrap_or_else(|| panic!("no form: {}", page.body))
    }

    pub(crate) async fn submit(&self, origin: &str, amount: &str) -> Page {
        submit(&self.owner, &self.form(), origin, amount).await
    }

    /// Opens the form and submits it.
    pub(crate) async fn refund(&self, amount: &str) -> Page {
        self.submit(&self.open().await, amount).await
    }

    pub(crate) async fn states(&self) -> Vec<String> {
        self.app.texts(STATES).await
    }

    /// Lets time pass until no request is open any more.
    pub(crate) async fn settle(&self) {
        eventually(async || {
            self.app.clock.advance(Duration::from_mins(5));
            self.app.count("SELECT COUNT(*) FROM refund_requests WHERE due_at IS NOT NULL").await == 0
        })
        .await;
    }

    #[track_caller]
    pub(crate) fn refunded(&self, amounts: &[i64]) {
        assert_eq!(self.api.refunds(PAYMENT), amounts, "{:#?}", self.api.refund_requests());
    }
}

async fn submit(browser: &Browser, path: &str, origin: &str, amount: &str) -> Page {
    submit_with(browser, path, (origin, amount, PASSWORD)).await
}

async fn submit_with(browser: &Browser, path: &str, (origin, amount, password): (&str, &str, &str)) -> Page {
    browser.post(path, &[("origin", origin), ("amount", amount), ("note", ""), ("current_password", password)]).await
}

/// Reports a captured payment; returns the path of its page.
async fn pay(app: &TestApp, connection: &Connection, id: &str) -> String {
    report(app, connection, id, bodies::payment("payment.captured", id, 0)).await
}

/// Sends an event of a payment; returns the path of its page.
async fn report(app: &TestApp, connection: &Connection, id: &str, body: Vec<u8>) -> String {
    connection.post(body).stored().await;
    let all = app.transactions().await;
    let own = all.iter().find(|payment| payment["payment_id"] == id).unwrap_or_else(|| panic!("{all:?}"));
    format!("/ks-pay/apps/{}/transactions/{}", connection.app_id, own["transaction"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_is_made_with_what_the_gateway_says_and_the_payment_changes_by_its_event_alone() {
    let shop = Shop::start().await;
    shop.api.refund_by_hand(PAYMENT, 30_000);
    let page = shop.owner.get(&shop.payment).await;
    assert!(page.shows("refund-button") && page.has(&format!("href=\"{}\"", shop.form())));
    let form = shop.owner.get(&shop.form()).await;
    assert_eq!((form.text_of("left-to-refund").as_str(), form.field("amount").unwrap().as_str()), ("₹700.00", "700.00"));
    assert_eq!((form.text_of("payment-amount").as_str(), form.text_of("already-refunded").as_str()), ("₹1,000.00", "₹300.00"));
    let origin = form.field("origin").unwrap();
    let fields = [("origin", origin.as_str()), ("amount", "₹500"), ("note", "Wrong size"), ("current_password", PASSWORD)];
    assert_eq!(shop.owner.post(&shop.form(), &fields).await.location(), shop.payment);
    shop.refunded(&[30_000, 50_000]);
    let request = shop.api.refund_requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let id = shop.app.texts("SELECT idempotency_key FROM refund_requests").await.remove(0);
    assert!(head.contains(&id) && id.len() > 30, "{head}");
    let expected = format!(r#"{{"amount":50000,"speed":"normal","receipt":"{id}","notes":{{"comment":"Wrong size"}}}}"#);
    assert_eq!(body, expected);

    let page = shop.owner.get(&shop.payment).await;
    assert!(page.shows("state-confirmed") && page.has("rfnd_Test0000000002") && page.has("Wrong size") && page.has("The Owner"));
    assert!(page.shows("state-captured") && page.lacks("refunded"), "only an event changes the payment: {}", page.body);
    assert!(page.has("data-evidence-stream=") && page.shows("look-again"), "it updates itself: {}", page.body);
    let waiting = page.text_of("refund-request");
    let event = bodies::refund("refund.processed", "rfnd_Test0000000002", PAYMENT, 50_000, 80_000, 3_700);
    shop.connection.post(event).event_id("evt_2").stored().await;
    let page = shop.owner.get(&shop.payment).await;
    assert!(page.text_of("refunded").contains("₹800.00"), "{}", page.text_of("refunded"));
    assert_ne!(page.text_of("refund-request"), waiting, "it does not wait for its event any more");
    assert!(!page.has("data-evidence-stream=") && page.lacks("look-again"), "{}", page.body);
    let entry = format!("{} INR 500.00", &id[..14]);
    assert_eq!(shop.app.texts("SELECT object FROM security_log WHERE action = 'refund_requested'").await, [entry]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_refunds_once_however_often_and_at_the_same_time_it_is_submitted() {
    let shop = Shop::start().await;
    let origin = shop.open().await;
    let held = shop.api.hold().await;
    let clicks = [1, 2, 3].map(|_| shop.submit(&origin, "400"));
    let release = async {
        eventually(async || shop.api.requests().len() > 2).await;
        drop(held);
    };
    let ([first, second, third], ()) = tokio::join!(futures(clicks), release);
    for page in [first, second, third] {
        assert_eq!(page.location(), shop.payment);
    }
    shop.refunded(&[40_000]);
    // The same form again, after Back: as it was, and with another amount.
    assert_eq!(shop.submit(&origin, "400").await.location(), shop.payment);
    assert_eq!(shop.submit(&origin, "300").await.location(), shop.payment);
    assert_eq!(shop.owner.get(&shop.payment).await.reason_of("flash"), "form-used");
    shop.refunded(&[40_000]);
    assert_eq!(shop.states().await, ["confirmed"]);
    assert_eq!(shop.refund("100").await.location(), shop.payment, "a new form is another refund");
    shop.refunded(&[40_000, 10_000]);
}

async fn futures(pages: [impl Future<Output = Page>; 3]) -> [Page; 3] {
    let [first, second, third] = pages;
    let (first, second, third) = tokio::join!(first, second, third);
    [first, second, third]
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_users_one_refunds_and_the_other_is_told_of_it() {
    let shop = Shop::start().await;
    let colleague = shop.app.owner("Neem Tree Retail").await;
    let (mine, theirs) = (shop.open().await, colleague.get(&shop.form()).await.field("origin").unwrap());
    shop.api.fail_refund(Fault::LostAfter);
    assert_eq!(shop.submit(&mine, "1000").await.location(), shop.payment);
    let refused = submit(&colleague, &shop.form(), &theirs, "1000").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.shows("refund-in-progress") && refused.shows("back-to-payment"), "{}", refused.body);
    assert!(colleague.get(&shop.form()).await.shows("refund-in-progress"));
    assert!(colleague.get(&shop.payment).await.lacks("refund-button"));
    shop.settle().await;
    shop.refunded(&[AMOUNT]);
    let again = submit(&colleague, &shop.form(), &theirs, "1000").await;
    assert!(again.shows("fully-refunded"), "{}", again.body);
    shop.refunded(&[AMOUNT]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_refund_once() {
    if !database::is_postgres() {
        return;
    }
    let shop = Shop::start().await;
    let mut config = shop.app.config();
    set_api(&mut config, &shop.api.url);
    let other = shop.app.another_server_with(config).await;
    let there = shop.owner.elsewhere(other.address());
    let form = shop.form();
    for (number, amount) in ["100", "200", "300", "50"].into_iter().enumerate() {
        let (here, elsewhere) = (shop.open().await, there.get(&form).await.field("origin").unwrap());
        let origins = if number % 2 == 0 { (here.clone(), here) } else { (here, elsewhere) };
        // A lost response leaves the request to the jobs of both servers.
        shop.api.fail_refund(Fault::LostAfter);
        tokio::join!(shop.submit(&origins.0, amount), submit(&there, &form, &origins.1, amount));
        shop.settle().await;
    }
    shop.refunded(&[10_000, 20_000, 30_000, 5_000]);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_is_shown_in_the_gateways_words_and_another_refund_is_possible() {
    let shop = Shop::start().await;
    shop.api.fail_refund(Fault::Error(400, "Refund is not supported <b>here</b>"));
    assert_eq!(shop.refund("600").await.location(), shop.payment);
    let page = shop.owner.get(&shop.payment).await;
    assert_eq!(page.reason_of("flash"), "refund-rejected");
    assert!(page.shows("state-rejected") && page.text_of("refund-request").contains("<b>here</b>"), "{}", page.body);
    assert!(!page.has("<b>here</b>"), "escaped");
    shop.refunded(&[]);
    shop.refund("600").await.location();
    shop.refunded(&[60_000]);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_refunded_up_to_exactly_the_amount_and_what_is_left_is_read_again() {
    let shop = Shop::start().await;
    for (amount, reason) in [
        ("", "empty"),
        ("abc", "not-an-amount"),
        ("-5", "not-an-amount"),
        ("0", "not-an-amount"),
        ("1.999", "not-an-amount"),
        ("12,50", "not-an-amount"),
        ("0.99", "below-min"),
        ("1000.01", "more-than-left"),
        ("99999999999999999999", "not-an-amount"),
    ] {
        let page = shop.refund(amount).await;
        assert_eq!((page.status, page.reason_of("amount-error")), (StatusCode::UNPROCESSABLE_ENTITY, reason), "{amount}");
        assert_eq!(page.field("amount").unwrap(), amount, "what was typed is kept");
        assert!(!page.has(PASSWORD));
    }
    assert_eq!((shop.states().await, shop.api.refund_requests().len()), (vec![], 0));
    shop.refund("600").await.location();
    // By hand, while the form was open.
    let origin = shop.open().await;
    shop.api.refund_by_hand(PAYMENT, 15_000);
    let page = shop.submit(&origin, "400").await;
    assert_eq!(page.reason_of("amount-error"), "more-than-left");
    assert_eq!(page.text_of("left-to-refund"), "₹250.00");
    shop.submit(&origin, "249").await.location();
    shop.refund("1.00").await.location();
    shop.refunded(&[60_000, 15_000, 24_900, 100]);
    assert!(shop.owner.get(&shop.form()).await.shows("fully-refunded"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_events_claim_does_not_decide_what_is_refunded() {
    let shop = Shop::start().await;
    // As under a leaked webhook secret: the gateway has never captured it, has it in another currency, and does not know it.
    for (id, (status, currency), hook) in [
        ("pay_Test0000000002", ("authorized", "INR"), "not-captured"),
        ("pay_Test0000000003", ("failed", "INR"), "not-captured"),
        ("pay_Test0000000004", ("captured", "USD"), "other-currency"),
        ("pay_Test0000000005", ("", ""), "request-rejected"),
    ] {
        if !status.is_empty() {
            shop.api.add_as(id, (status, AMOUNT, currency));
        }
        let payment = pay(&shop.app, &shop.connection, id).await;
        let form = format!("{payment}/refund");
        let page = shop.owner.get(&form).await;
        assert!(page.shows(hook) && page.field("origin").is_none(), "{id}: {}", page.body);
        let page = submit(&shop.owner, &form, "Abcdefghij0123456789Xy", "100").await;
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.shows(hook), "{id}: {}", page.body);
    }
    // Forged events of a refund and of a higher amount.
    let forged = bodies::refund("refund.processed", "rfnd_Forged", PAYMENT, 1, 1, 10);
    shop.connection.post(forged).event_id("evt_forged").stored().await;
    assert_eq!(shop.owner.get(&shop.form()).await.text_of("left-to-refund"), "₹1,000.00");
    assert_eq!(shop.api.refund_requests(), Vec::<String>::new());
    assert_eq!(shop.states().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_of_the_gateway_nothing_is_requested_and_the_page_says_what_to_do() {
    let shop = Shop::start().await;
    for (fault, hook) in [
        (Fault::Status(500), "server-error"),
        (Fault::Status(429), "busy"),
        (Fault::LostBefore, "unreachable"),
        (Fault::Garbled, "unexpected-status"),
        (Fault::Status(401), "keys-rejected"),
        (Fault::Error(400, "Authentication failed"), "keys-rejected"),
        (Fault::Error(400, "The id provided does not exist"), "request-rejected"),
        (Fault::Error(403, "Access Denied"), "request-rejected"),
    ] {
        shop.api.fail_read(fault);
        let page = shop.owner.get(&shop.form()).await;
        assert!(page.shows(hook) && page.shows("back-to-payment") && page.shows("at-gateway"), "{fault:?}: {}", page.body);
        let origin = shop.open().await;
        shop.api.fail_read(fault);
        let page = shop.submit(&origin, "100").await;
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.shows(hook), "{fault:?}: {}", page.body);
    }
    assert_eq!((shop.states().await, shop.api.refund_requests().len()), (vec![], 0));
    let origin = shop.open().await;
    shop.api.fail_refund(Fault::Status(401));
    shop.submit(&origin, "100").await.location();
    assert_eq!(shop.states().await, ["rejected keys_rejected"]);
    shop.refunded(&[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_those_of_the_payments_mode_and_without_them_a_link_says_where() {
    let shop = Shop::without_keys().await;
    let live = App::at(&shop.app, &shop.connection.app_id).razorpay("live").await;
    shop.add_keys(&live, "rzp_live_Demo0000000001").await;
    let page = shop.owner.get(&shop.payment).await;
    let keys = shop.connection.step("/credentials");
    assert!(page.shows("refund-without-keys") && page.has(&format!("href=\"{keys}\"")) && page.lacks("refund-button"));
    let form = shop.owner.get(&shop.form()).await;
    assert!(form.shows("no-keys") && form.has(&format!("href=\"{keys}\"")) && form.shows("at-gateway"), "{}", form.body);
    let asked = shop.api.requests().len();
    let page = submit(&shop.owner, &shop.form(), "Abcdefghij0123456789Xy", "100").await;
    assert!(page.shows("no-keys"), "{}", page.body);
    assert_eq!((shop.api.requests().len(), shop.states().await.len()), (asked, 0));
    shop.add_keys(&shop.connection, KEY_ID).await;
    assert!(shop.owner.get(&shop.payment).await.lacks("refund-without-keys"));
    shop.refund("100").await.location();
    let used = shop.api.refund_requests().remove(0);
    assert!(used.contains(&STANDARD.encode(format!("{KEY_ID}:{KEY_SECRET}"))), "{used}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_asked_each_time_and_guesses_are_limited() {
    let shop = Shop::start().await;
    let origin = shop.open().await;
    let with = async |password: &str| {
        let fields = [("origin", origin.as_str()), ("amount", "100"), ("note", "Kept"), ("current_password", password)];
        shop.owner.post(&shop.form(), &fields).await
    };
    let missing = with("").await;
    assert_eq!((missing.status, missing.reason_of("current_password-error")), (StatusCode::UNPROCESSABLE_ENTITY, "no-password"));
    let wrong = with("not the password").await;
    assert_eq!(wrong.reason_of("current_password-error"), "wrong-password");
    assert_eq!((wrong.field("amount").unwrap(), wrong.field("note").unwrap()), ("100".to_owned(), "Kept".to_owned()));
    assert!(!wrong.has("not the password"));
    for (amount, password, reasons) in [
        ("1,000.01", "not the password", ("more-than-left", "wrong-password")),
        ("0.50", "", ("below-min", "no-password")),
        ("much", "", ("not-an-amount", "no-password")),
    ] {
        let both = submit_with(&shop.owner, &shop.form(), (&origin, amount, password)).await;
        let said = (both.reason_of("amount-error"), both.reason_of("current_password-error"));
        assert_eq!((both.status, said.0, said.1), (StatusCode::UNPROCESSABLE_ENTITY, reasons.0, reasons.1));
    }
    let mut last = wrong;
    for _ in 0..10 {
        last = with("not the password").await;
    }
    assert_eq!((last.status, last.reason_of("current_password-error")), (StatusCode::TOO_MANY_REQUESTS, "too-many-attempts"));
    assert!(last.headers.contains_key("retry-after"));
    shop.refunded(&[]);
    shop.app.clock.advance(Duration::from_secs(10));
    assert_eq!(with(PASSWORD).await.location(), shop.payment);
    shop.refunded(&[10_000]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_company_of_the_payment_refunds_it_and_only_with_a_form_that_was_shown() {
    let shop = Shop::start().await;
    shop.app.company("Banyan Books").await;
    let stranger = shop.app.owner("Banyan Books").await;
    let origin = shop.open().await;
    assert_eq!(stranger.get(&shop.form()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(submit(&stranger, &shop.form(), &origin, "100").await.status, StatusCode::NOT_FOUND);
    for wrong in ["", "short", "Abcdefghij0123456789X-", "Abcdefghij0123456789XyZ"] {
        assert_eq!(shop.submit(wrong, "100").await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let unsigned = [("origin", origin.as_str()), ("amount", "100"), ("current_password", PASSWORD)];
    assert_eq!(shop.owner.post_exactly(&shop.form(), &unsigned).await.status, StatusCode::FORBIDDEN);
    assert_eq!(shop.app.visitor().get(&shop.form()).await.location().split('?').next(), Some("/login"));
    shop.app.sql("UPDATE users SET role = 'viewer'").await;
    assert_eq!(shop.owner.get(&shop.form()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(shop.submit(&origin, "100").await.status, StatusCode::FORBIDDEN);
    shop.app.sql("UPDATE users SET role = 'owner'").await;
    assert_eq!((shop.api.refund_requests().len(), shop.states().await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_a_gateway_without_such_an_api_and_one_that_was_not_captured_have_no_button() {
    let shop = Shop::start().await;
    shop.api.add_as("pay_Test0000000009", ("authorized", AMOUNT, "INR"));
    shop.connection.post(bodies::payment("payment.authorized", "pay_Test0000000009", 0)).event_id("evt_9").stored().await;
    let all = shop.app.transactions().await;
    let own = all.iter().find(|payment| payment["payment_id"] == "pay_Test0000000009").unwrap()["transaction"].as_str().unwrap();
    let page = shop.owner.get(&format!("/ks-pay/apps/{}/transactions/{own}", shop.connection.app_id)).await;
    assert!(page.lacks("refund-button") && page.lacks("refund-without-keys") && page.shows("at-gateway"));
    assert!(shop.owner.get(&shop.payment).await.shows("refund-button"));
    let dispute = bodies::dispute("payment.dispute.created", "disp_1", PAYMENT, "open", 100);
    shop.connection.post(dispute).event_id("evt_dispute").stored().await;
    let form = shop.owner.get(&shop.form()).await;
    assert!(form.shows("dispute-open") && form.field("origin").is_some(), "a warning: {}", form.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_keys_are_named_and_no_key_is_in_a_page_or_a_file() {
    let mut shop = Shop::start().await;
    shop.api.fail_refund(Fault::Status(500));
    shop.refund("100").await.location();
    let page = shop.owner.get(&shop.payment).await;
    let form = shop.owner.get(&shop.form()).await;
    assert!(!page.has(KEY_SECRET) && !form.has(KEY_SECRET) && !page.has("rr_"), "{}", page.body);
    shop.settle().await;
    shop.app.announce_error("a stored credential cannot be decrypted");
    shop.app.sql("UPDATE credentials SET sealed = (SELECT sealed FROM secrets LIMIT 1) WHERE field = 'key_secret'").await;
    let form = shop.owner.get(&shop.form()).await;
    assert!(form.shows("keys-unreadable"), "{}", form.body);
    shop.app.stop().await;
    for (path, content) in files(&shop.app.data_dir()) {
        let is_there = content.windows(KEY_SECRET.len()).any(|window| window == KEY_SECRET.as_bytes());
        assert!(!is_there, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_warns_if_the_gateway_reports_another_payment_than_events_did_or_the_order_was_paid_twice() {
    let shop = Shop::start().await;
    assert!(shop.owner.get(&shop.form()).await.shows("reported-otherwise"), "the gateway has another order");
    let [right, other] = ["pay_Test0000000002", "pay_Test0000000003"];
    shop.api.add(right, AMOUNT);
    shop.api.add(other, AMOUNT - 100);
    let paid = event("order.paid", right, 1, Some(entity("paid", AMOUNT)));
    let right = report(&shop.app, &shop.connection, right, paid).await;
    let form = shop.owner.get(&format!("{right}/refund")).await;
    assert!(form.lacks("reported-otherwise") && form.lacks("order-paid-twice"), "{}", form.body);
    let twice = event("payment.captured", other, 2, None);
    let other = report(&shop.app, &shop.connection, other, twice).await;
    let form = shop.owner.get(&format!("{right}/refund")).await;
    assert!(form.lacks("reported-otherwise") && form.shows("order-paid-twice"), "{}", form.body);
    let form = shop.owner.get(&format!("{other}/refund")).await;
    assert!(form.shows("reported-otherwise") && form.shows("order-paid-twice"), "the gateway has another amount: {}", form.body);
    for (page, link) in [(&right, &other), (&other, &right)] {
        let page = shop.owner.get(page).await;
        let (_, said) = page.body.split_once("data-testid=\"paid-more-than-once\"").unwrap();
        assert!(said.split_once("</div>").unwrap().0.contains(&format!("href=\"{link}\"")), "{}", page.body);
    }
}
