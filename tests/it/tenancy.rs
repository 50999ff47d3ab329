//! Another company's ids get exactly the responses of ids that do not exist.

use reqwest::{Method, StatusCode};

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::PASSWORD,
    routes::{self, Route},
};

struct Two {
    app: TestApp,
    mine: String,
    event: String,
    transaction: String,
    stranger: Browser,
}

async fn two_companies() -> Two {
    let app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_Demo0000000001", 0)).event_id("evt_1").stored().await;
    app.company("Banyan Books").await;
    let stranger = app.owner("Banyan Books").await;
    let event = app.events().await[0]["event"].as_str().unwrap().to_owned();
    let transaction = app.transactions().await[0]["transaction"].as_str().unwrap().to_owned();
    Two { mine: connection.app_id, event, transaction, stranger, app }
}

/// Returns the page without its token, which is masked anew on every page.
fn without_token(page: &Page) -> String {
    page.body.replace(&page.field("csrf_token").unwrap(), "")
}

/// Returns the id with its last characters changed, which does not exist.
fn unknown_id(id: &str) -> String {
    format!("{}{}", &id[..id.len() - 4], if id.ends_with("0000") { "1111" } else { "0000" })
}

/// Returns the routes below an app.
fn routes_of_apps() -> impl Iterator<Item = Route> {
    routes::all().into_iter().filter(|route| route.pattern.contains("{app}"))
}

/// Returns the pages below an app and the paths of its forms. Those of a rejection or a secret have tests of their own.
fn pages(app: &str, event: &str, transaction: &str) -> Vec<String> {
    let ids = [("{app}", app), ("{event}", event), ("{transaction}", transaction)];
    let parts = [&ids[..], &[("{gateway}", "razorpay"), ("{mode}", "test")]].concat();
    let patterns = routes_of_apps().filter(|route| route.has("get")).map(|route| route.pattern);
    let paths = patterns.map(|path| parts.iter().fold(path.to_owned(), |path, (part, value)| path.replace(part, value)));
    paths.filter(|path| !path.contains('{')).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_of_another_company_can_be_read() {
    let two = two_companies().await;
    let owner = two.app.owner("Neem Tree Retail").await;
    let theirs = pages(&two.mine, &two.event, &two.transaction);
    let none = pages(&unknown_id(&two.mine), &unknown_id(&two.event), &unknown_id(&two.transaction));
    for (path, unknown_path) in theirs.iter().zip(&none) {
        if !path.ends_with("stream") {
            assert!(owner.get(path).await.status.is_success() || owner.get(path).await.status == StatusCode::SEE_OTHER, "{path}");
        }
        let (found, unknown) = (two.stranger.get(path).await, two.stranger.get(unknown_path).await);
        assert_eq!(found.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!((found.status, without_token(&found)), (unknown.status, without_token(&unknown)), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_another_app_is_not_found_below_ones_own() {
    let two = two_companies().await;
    let own = two.stranger.post("/ks-pay/apps", &[("name", "Banyan Shop"), ("email", "a@b.example"), ("country", "IN")]).await;
    let own = own.location().to_owned();
    for rest in
        [format!("/events/{}", two.event), format!("/events/{}/body", two.event), format!("/transactions/{}", two.transaction)]
    {
        assert_eq!(two.stranger.get(&format!("{own}{rest}")).await.status, StatusCode::NOT_FOUND, "{rest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_and_no_sum_has_anything_of_another_app() {
    let two = two_companies().await;
    let own = two.stranger.post("/ks-pay/apps", &[("name", "Banyan Shop"), ("email", "a@b.example"), ("country", "IN")]).await;
    let own = own.location().to_owned();
    let owner = two.app.owner("Neem Tree Retail").await;
    let traces = [
        "Neem Tree Store",
        "pay_Demo0000000001",
        &two.mine,
        &two.event,
        &two.transaction,
        "₹1,000.00",
        "payment.captured</code>",
    ];
    let below = |app: &str| {
        [
            "",
            "/transactions",
            "/transactions?q=pay_Demo0000000001",
            "/transactions.csv",
            "/transactions.csv?q=pay_Demo0000000001",
            "/events",
        ]
        .map(|rest| format!("{app}{rest}"))
    };
    let theirs = below(&format!("/ks-pay/apps/{}", two.mine));
    let all = ("/ks-pay".to_owned(), "/ks-pay".to_owned());
    for (path, theirs) in below(&own).into_iter().zip(theirs).chain([all]) {
        let page = two.stranger.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for trace in traces {
            // The search text is repeated on the page.
            assert!(!page.has(trace) || path.contains(trace), "{path}: {trace}");
        }
        let full = owner.get(&theirs).await;
        assert!(traces.iter().any(|trace| full.has(trace) && !theirs.contains(trace)), "{theirs} has something to leak");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sums_are_of_one_app_and_one_mode() {
    let app = TestApp::start_on_the_day().await;
    let company = app.company("Neem Tree Retail").await;
    let (shop, stall) = (company.app("Neem Tree Store").await, company.app("Neem Tree Stall").await);
    for (number, one) in
        [shop.razorpay("test").await, shop.razorpay("live").await, stall.razorpay("test").await].iter().enumerate()
    {
        one.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0)).stored().await;
    }
    let owner = app.owner("Neem Tree Retail").await;
    for rest in ["?mode=test", "?mode=live", "/transactions?mode=test", "/transactions?mode=live"] {
        let page = owner.get(&format!("/ks-pay/apps/{}{rest}", shop.id)).await;
        assert!(page.has("₹1,000.00") && !page.has("₹2,000.00") && !page.has("₹3,000.00"), "{rest}");
        assert!(page.texts_of("sum-payments").iter().all(|sum| sum.starts_with("1 ")), "{rest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_another_company_can_be_changed() {
    let two = two_companies().await;
    let step = |rest: &str| format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test{rest}", two.mine);
    let app = |rest: &str| format!("/ks-pay/apps/{}{rest}", two.mine);
    for (path, fields) in [
        (app("/settings"), vec![("name", "Stolen"), ("email", "a@b.example"), ("country", "IN")]),
        (app("/settings/domain"), vec![("domain", "stolen.example")]),
        (app("/enabled"), vec![("is_enabled", "false"), ("confirm", "yes")]),
        (app("/settings/payment-gateways"), vec![("gateway", "razorpay"), ("mode", "live")]),
        (step("/enabled"), vec![("is_enabled", "false"), ("confirm", "yes")]),
        (step("/credentials"), vec![("key_id", "rzp_test_Stolen0000000001"), ("key_secret", "stolen-secret")]),
        (step("/credentials/check"), vec![]),
        (step("/webhook/reveal"), vec![]),
        (step("/webhook/rotation"), vec![("overlap_hours", "24")]),
        (step("/webhook/secrets"), vec![("secret", "kq8Zt2mVx0Lw9Rb4"), ("current_password", PASSWORD)]),
        (step("/webhook/check"), vec![]),
        (step("/webhook/test"), vec![]),
        (step("/webhook/accounts"), vec![("account", "acc_Other")]),
        (step("/webhook/completion"), vec![]),
        (step("/webhook/completion/removal"), vec![]),
        (step("/integration/completion"), vec![]),
        (step("/integration/completion/removal"), vec![]),
        (step("/security"), vec![("domain", "stolen.example")]),
        (app("/settings/tokens"), vec![("name", "Stolen")]),
        (app("/destinations"), vec![("mode", "test"), ("name", "Stolen"), ("url", "https://8.8.8.8/")]),
    ] {
        assert_eq!(two.stranger.post(&path, &fields).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let owner = two.app.owner("Neem Tree Retail").await;
    let page = owner.get(&step("/webhook")).await;
    assert!(page.has("Neem Tree Store") && !page.has("Stolen") && page.lacks("connection-off") && page.lacks("marked-as-done"));
    assert!(!page.has("/retirement\""), "no new SECRET was made");
}

/// A method of a route below an app.
struct Request {
    path: String,
    method: Method,
}

/// Returns a request of each method of each route below an app, with ids that do not exist below it.
fn requests_below(app: &str) -> Vec<Request> {
    let mut found = Vec::new();
    for route in routes_of_apps() {
        let parts = [("{app}", app), ("{gateway}", "razorpay"), ("{mode}", "test")];
        let parts = parts.iter().chain(&[("{event}", "ev_00000000000"), ("{transaction}", "tx_00000000000")]);
        let parts =
            parts.chain(&[("{rejection}", "rj_00000000000"), ("{request}", "rq_00000000000"), ("{secret}", "ws_00000000000")]);
        let parts =
            parts.chain(&[("{destination}", "ds_00000000000"), ("{delivery}", "dl_00000000000"), ("{token}", "tk_00000000000")]);
        let parts = parts.chain(&[("{alert}", "al_00000000000"), ("{kind}", "backlog")]);
        let parts =
            parts.chain(&[("{automation}", "au_00000000000"), ("{run}", "ru_00000000000"), ("{refund}", "ar_00000000000")]);
        let path = parts.fold(route.pattern.to_owned(), |path, (part, value)| path.replace(part, value));
        assert!(!path.contains('{'), "{path}");
        let methods = [("get", Method::GET), ("get", Method::HEAD), ("post", Method::POST)];
        let methods = methods.into_iter().filter(|(word, _)| route.permission(word).is_some());
        found.extend(methods.map(|(_, method)| Request { path: path.clone(), method }));
    }
    assert!(found.len() > 80, "{}", found.len());
    found
}

impl Request {
    /// Sends it with a token and with fields that no form has.
    async fn status(&self, browser: &Browser) -> StatusCode {
        if self.method == Method::POST {
            let token = browser.token().await;
            let fields = [("csrf_token", token.as_str()), ("is_enabled", "neither"), ("is_exact", "neither")];
            return browser.post_exactly(&self.path, &fields).await.status;
        }
        browser.send(self.method.clone(), &self.path, None, &[]).await.status
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_companys_app_is_not_found_before_any_permission_is_checked() {
    let two = two_companies().await;
    for role in ["owner", "viewer"] {
        if role == "viewer" {
            two.app.sql("UPDATE users SET role = 'viewer'").await;
        }
        for request in requests_below(&two.mine) {
            assert_eq!(request.status(&two.stranger).await, StatusCode::NOT_FOUND, "{role}: {} {}", request.method, request.path);
        }
    }
    let viewer = two.app.owner("Neem Tree Retail").await;
    for request in requests_below(&two.mine) {
        assert_eq!(request.status(&viewer).await, StatusCode::FORBIDDEN, "{} {}", request.method, request.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_id_is_not_found() {
    let two = two_companies().await;
    for id in ["x", "%00", "ap_", "..%2f..", "%252e%252e", "'%20or%201=1--", &two.event] {
        for page in pages(id, "ev_x", "tx_x") {
            let found = two.stranger.send(Method::GET, &page, None, &[]).await;
            assert_eq!(found.status, StatusCode::NOT_FOUND, "{page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_learns_of_no_other_by_choosing_its_name() {
    let two = two_companies().await;
    for name in ["Neem Tree Retail", "An unused name"] {
        assert_eq!(two.stranger.post("/settings", &[("name", name)]).await.location(), "/settings", "{name}");
        assert!(two.stranger.get("/settings").await.has(&format!("value=\"{name}\"")));
    }
    two.stranger.post("/settings", &[("name", "Neem Tree Retail")]).await.location();
    let owner = two.app.owner("Neem Tree Retail").await;
    assert!(owner.get("/ks-pay").await.has(&two.mine) && !two.stranger.get("/ks-pay").await.has(&two.mine));

    // A command that names the company fails on ambiguity instead of guessing.
    let args = ["app", "add", "--company", "Neem Tree Retail", "--name", "New", "--email", "a@b.example", "--country", "IN"];
    let sentence = two.app.cli(args, "").await.failure().to_owned();
    assert!(sentence.contains("Several companies have this name"), "{sentence}");
    let args = ["user", "add", "--company", "Neem Tree Retail", "--email", "a@b.example", "--name", "A", "--role", "owner"];
    two.app.cli(args, PASSWORD).await.failure();
    two.stranger.post("/settings", &[("name", "Banyan Books")]).await.location();
    two.app.cli(args, PASSWORD).await.assert_done();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_commands_that_name_a_new_company_one_makes_it() {
    let app = TestApp::start().await;
    let add = async |email: &'static str| {
        let args = ["user", "add", "--company", "Neem Tree Retail", "--email", email, "--name", "A", "--role", "owner"];
        app.cli(args, PASSWORD).await.assert_done();
    };
    tokio::join!(add("a@neemtree.example"), add("b@neemtree.example"), add("c@neemtree.example"));
    assert_eq!(app.count("SELECT COUNT(*) FROM companies").await, 1);
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 3);
}
