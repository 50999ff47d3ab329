//! Every unsafe route except ingestion checks the request's origin and the session's token.

use reqwest::{Method, StatusCode};

use crate::support::{TestApp, browser::Browser, builders::PASSWORD};

/// Well-formed id of a secret that does not exist.
const SECRET: &str = "ws_00000000000";

/// Well-formed id of a rejection that does not exist.
const REJECTION: &str = "rj_00000000000";

/// Well-formed ids of a destination and a delivery that do not exist.
const DESTINATION: &str = "/destinations/ds_00000000000";
const DELIVERY: &str = "/destinations/ds_00000000000/deliveries/dl_00000000000";

/// Returns every form of the site, with fields that would change something.
fn forms(app: &str) -> Vec<(String, Vec<(&'static str, &'static str)>)> {
    let at = |rest: &str| format!("/ks-pay/apps/{app}{rest}");
    let step = |rest: &str| at(&format!("/settings/payment-gateways/razorpay/test{rest}"));
    vec![
        ("/logout".to_owned(), vec![]),
        ("/personal-info".to_owned(), vec![("name", "Changed"), ("email", "owner@neem-tree-retail.example")]),
        ("/personal-info/password".to_owned(), vec![("old_password", "a"), ("new_password", "b"), ("confirm_password", "b")]),
        ("/personal-info/confirmation".to_owned(), vec![("current_password", PASSWORD), ("return_to", "/")]),
        ("/personal-info/other-sessions/removal".to_owned(), vec![]),
        ("/settings".to_owned(), vec![("name", "Changed")]),
        ("/ks-pay/apps".to_owned(), vec![("name", "Changed"), ("email", "a@b.example"), ("country", "IN")]),
        (at("/settings"), vec![("name", "Changed"), ("email", "a@b.example"), ("country", "IN")]),
        (at("/settings/domain"), vec![("domain", "changed.example")]),
        (at("/enabled"), vec![("is_enabled", "false"), ("confirm", "yes")]),
        (at("/settings/payment-gateways"), vec![("gateway", "razorpay"), ("mode", "live")]),
        (step("/enabled"), vec![("is_enabled", "false"), ("confirm", "yes")]),
        (step("/credentials"), vec![("key_id", "rzp_test_Changed00000001"), ("key_secret", "changed-secret")]),
        (step("/credentials/check"), vec![]),
        (step("/webhook/reveal"), vec![]),
        (step("/webhook/rotation"), vec![("overlap_hours", "24")]),
        (step(&format!("/webhook/secrets/{SECRET}/retirement")), vec![]),
        (step("/webhook/secrets"), vec![("secret", "kq8Zt2mVx0Lw9Rb4"), ("current_password", PASSWORD)]),
        (at(&format!("/rejections/{REJECTION}/recovery")), vec![("current_password", PASSWORD)]),
        (at(&format!("/rejections/{REJECTION}/acceptance")), vec![("current_password", PASSWORD)]),
        (step("/webhook/check"), vec![]),
        (step("/webhook/test"), vec![]),
        (step("/webhook/accounts"), vec![("account", "acc_Other")]),
        (step("/webhook/completion"), vec![]),
        (step("/webhook/completion/removal"), vec![]),
        (step("/integration/completion"), vec![]),
        (step("/integration/completion/removal"), vec![]),
        (step("/security"), vec![("domain", "changed.example")]),
        (at("/destinations"), vec![("mode", "test"), ("name", "Changed"), ("url", "https://8.8.8.8/")]),
        (at(DESTINATION), vec![("name", "Changed")]),
        (at(&format!("{DESTINATION}/pause")), vec![]),
        (at(&format!("{DESTINATION}/resume")), vec![]),
        (at(&format!("{DESTINATION}/deletion")), vec![]),
        (at(&format!("{DESTINATION}/rotation")), vec![("overlap_hours", "24")]),
        (at(&format!("{DESTINATION}/reveal")), vec![]),
        (at(&format!("{DESTINATION}/failed-deliveries/replay")), vec![]),
        (at(&format!("{DESTINATION}/waiting-deliveries")), vec![]),
        (at(&format!("{DESTINATION}/test-event")), vec![]),
        (at(&format!("{DELIVERY}/replay")), vec![]),
        (at(&format!("{DELIVERY}/skip")), vec![]),
    ]
}

async fn site() -> (TestApp, String) {
    let app = TestApp::start().await;
    let id = app.razorpay().await.app_id;
    (app, id)
}

fn assert_rejected(page: &crate::support::browser::Page, path: &str, how: &str) {
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{path} {how}");
    assert!(!page.has("SECRET</label>"), "{path} {how}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_this_sessions_token_changes_nothing() {
    let (app, id) = site().await;
    let owner = app.owner("Neem Tree Retail").await;
    let stranger = app.owner("Neem Tree Retail").await;
    let other = stranger.token().await;
    for (path, fields) in forms(&id) {
        assert_rejected(&owner.post_exactly(&path, &fields).await, &path, "without a token");
        let with = |token: &str| {
            [&[("csrf_token", token.to_owned())][..], &fields.iter().map(|(n, v)| (*n, (*v).to_owned())).collect::<Vec<_>>()]
                .concat()
        };
        for (token, how) in [(other.as_str(), "with another session's token"), ("AAAA", "with rubbish")] {
            let fields = with(token);
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_rejected(&owner.post_exactly(&path, &fields).await, &path, how);
        }
    }
    unchanged(&owner, &id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_elsewhere_changes_nothing_even_with_the_token() {
    let (app, id) = site().await;
    let owner = app.owner("Neem Tree Retail").await;
    let token = owner.token().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (path, _) in forms(&id) {
        let body = || Some(format!("csrf_token={token}"));
        for headers in [
            vec![form, ("sec-fetch-site", "cross-site")],
            vec![form, ("sec-fetch-site", "same-site")],
            vec![form, ("origin", "https://evil.example")],
            vec![("content-type", "text/plain")],
            vec![("content-type", "multipart/form-data; boundary=x")],
        ] {
            assert_rejected(&owner.send(Method::POST, &path, body(), &headers).await, &path, &format!("{headers:?}"));
        }
    }
    unchanged(&owner, &id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_setting_up_ask_for_their_own_token() {
    let (app, _) = site().await;
    let visitor = app.visitor();
    visitor.get("/login").await;
    for path in ["/login", "/setup"] {
        assert_rejected(
            &visitor.post_exactly(path, &[("email", "a@b.example"), ("password", "x")]).await,
            path,
            "without a token",
        );
        assert_rejected(
            &visitor.post_exactly(path, &[("csrf_token", "AAAA"), ("email", "a@b.example")]).await,
            path,
            "with rubbish",
        );
    }
    let token = visitor.get("/login").await.field("csrf_token").unwrap();
    for elsewhere in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let headers = [("content-type", "application/x-www-form-urlencoded"), elsewhere];
        let page = visitor.send(Method::POST, "/login", Some(format!("csrf_token={token}")), &headers).await;
        assert_rejected(&page, "/login", &format!("{elsewhere:?}"));
    }
    assert_rejected(&app.visitor().post_exactly("/login", &[("csrf_token", &token)]).await, "/login", "from another browser");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_every_form_redirects_to_sign_in_without_a_return_path() {
    let (app, id) = site().await;
    for (path, _) in forms(&id) {
        let page = app.visitor().post_exactly(&path, &[("csrf_token", "AAAA")]).await;
        assert_eq!(page.location(), "/login", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_something_is_no_get() {
    let (app, id) = site().await;
    let owner = app.owner("Neem Tree Retail").await;
    for (path, _) in forms(&id) {
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
            let page = owner.send(method.clone(), &path, None, &[]).await;
            let has_unknown_id = path.contains(SECRET) || path.contains(DESTINATION);
            let is_unknown = has_unknown_id && page.status == StatusCode::NOT_FOUND;
            // Where there is no page, it leads to the one with the form.
            let leads_on = page.status == StatusCode::SEE_OTHER;
            let is_page =
                matches!(method, Method::GET | Method::HEAD) && (page.status == StatusCode::OK || is_unknown || leads_on);
            assert!(is_page || page.status == StatusCode::METHOD_NOT_ALLOWED, "{method} {path}: {}", page.status);
            assert!(is_page || page.headers.contains_key("allow"), "{method} {path}");
        }
    }
    unchanged(&owner, &id).await;
}

async fn unchanged(owner: &Browser, id: &str) {
    assert!(!owner.get("/personal-info").await.has("Changed"));
    assert!(!owner.get("/ks-pay").await.has("Changed"));
    let list = owner.get(&format!("/ks-pay/apps/{id}/settings/payment-gateways")).await;
    assert!(list.has("/razorpay/test/") && !list.has("/razorpay/live/"), "no gateway was added");
    assert!(!list.has(">Enable<"));
    let webhook = owner.get(&format!("/ks-pay/apps/{id}/settings/payment-gateways/razorpay/test/webhook")).await;
    assert!(webhook.shows("state-not-started") && webhook.lacks("marked-as-done") && !webhook.has("/retirement\""));
    let security = owner.get(&format!("/ks-pay/apps/{id}/settings/payment-gateways/razorpay/test/security")).await;
    assert!(!security.has("changed.example"));
}
