//! The security log: an entry for each sensitive action, in its unit of work; and permissions, which a role must have.

use std::time::Duration;

use reqwest::{Method, StatusCode};

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::{Connection, PASSWORD},
    eventually,
    fake_razorpay::{StandIn, set_api},
    routes,
    shop::{Shop, fields},
};

const EMAIL: &str = "owner@neem-tree-retail.example";
const OWN: &str = "kq8Zt2mVx0Lw9Rb4-of-their-shop";

/// The entries, oldest first: action, actor, kind of object, address, count.
const ENTRIES: &str = "SELECT action || ' by ' || actor || ' on ' || SUBSTR(object, 1, 2) || ' from ' \
                       || COALESCE(address, '-') || ' x' || CAST(count AS TEXT) FROM security_log ORDER BY id";

/// Returns the entries after the first `skipped`, without the parts that are the same in all of them.
async fn entries(app: &TestApp, skipped: usize) -> Vec<String> {
    let all = app.texts(ENTRIES).await.into_iter().skip(skipped);
    all.map(|entry| entry.replace(" by The Owner", "").replace(" from 127.0.0.1 x1", "")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_and_sign_ins_are_recorded_with_their_actor() {
    let app = TestApp::start().await;
    app.razorpay().await;
    let made: Vec<String> = [("user_added", "us"), ("app_added", "ap"), ("connection_added", "gc")]
        .map(|(action, object)| format!("{action} by the command line on {object} from - x1"))
        .into();
    assert_eq!(entries(&app, 0).await, made);
    app.owner("Neem Tree Retail").await;
    assert_eq!(entries(&app, 3).await, ["signed_in on us"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_sign_ins_of_an_account_share_one_entry_an_hour() {
    let app = TestApp::start().await;
    app.razorpay().await;
    let fails = async |email: &str| {
        let page = app.visitor().sign_in(email, "not the password", "/").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    };
    for _ in 0..3 {
        fails(EMAIL).await;
    }
    fails("stranger@neem-tree-retail.example").await;
    let counted = "SELECT COALESCE(CAST(SUM(count) AS BIGINT), 0) FROM security_log WHERE action = 'sign_in_failed'";
    eventually(async || app.count(counted).await == 3).await;
    app.clock.advance(Duration::from_hours(1));
    fails(EMAIL).await;
    eventually(async || app.count(counted).await == 4).await;
    let failed = |count| format!("sign_in_failed on us from 127.0.0.1 x{count}").replace(" from 127.0.0.1 x1", "");
    assert_eq!(entries(&app, 3).await, [failed(3), failed(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sensitive_action_is_recorded_once_it_is_done_and_not_before() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    let secret = [("secret", OWN), ("current_password", PASSWORD)];
    let of_app = |rest: &str| format!("/ks-pay/apps/{}{rest}", connection.app_id);
    let off = [("is_enabled", "false"), ("confirm", "yes")];
    let on = [("is_enabled", "true")];
    let mut expected = Vec::new();
    for (path, fields, entry) in [
        (connection.step("/webhook/reveal"), &[][..], "secret_revealed on gc"),
        (connection.step("/webhook/rotation"), &[("overlap_hours", "24")], "secret_rotated on gc"),
        (connection.step("/webhook/secrets"), &secret, "secret_imported on ws"),
        (connection.step("/webhook/completion"), &[], "step_completed on gc"),
        (connection.step("/webhook/completion/removal"), &[], "step_reopened on gc"),
        (connection.step("/security"), &[("domain", "shop.neemtree.example")], "app_changed on ap"),
        (connection.step("/enabled"), &off, "connection_disabled on gc"),
        (connection.step("/enabled"), &on, "connection_enabled on gc"),
        (of_app("/enabled"), &off, "app_disabled on ap"),
        (of_app("/enabled"), &on, "app_enabled on ap"),
        ("/settings".to_owned(), &[("name", "Neem Tree Retail Ltd")], "company_changed on co"),
        ("/personal-info".to_owned(), &[("name", "The Owner"), ("email", EMAIL)], "personal_info_changed on us"),
        ("/personal-info/other-sessions/removal".to_owned(), &[], "other_sessions_ended on us"),
    ] {
        let page = owner.post(&path, fields).await;
        assert!(page.status == StatusCode::SEE_OTHER || page.status == StatusCode::OK, "{path}: {}", page.body);
        expected.push(entry);
        assert_eq!(entries(&app, 4).await, expected, "{path}");
    }
    let retire = owner.get(&connection.step("/webhook/secrets")).await;
    let retire = retire.body.split('"').find(|text| text.ends_with("/retirement")).unwrap().to_owned();
    owner.post(&retire, &[]).await.location();
    expected.push("secret_retired on ws");
    assert_eq!(owner.get(&of_app("/transactions.csv?mode=test")).await.status, StatusCode::OK);
    expected.push("payments_exported on ap");
    // None of these changes anything.
    owner.post(&connection.step("/webhook/rotation"), &[("overlap_hours", "no number")]).await;
    owner.post(&connection.step("/webhook/secrets"), &[("secret", "short")]).await;
    owner.post(&connection.step("/enabled"), &[("is_enabled", "false")]).await;
    assert_eq!(entries(&app, 4).await, expected);
    assert_eq!(app.count("SELECT COUNT(*) FROM security_log WHERE object LIKE '%kq8Zt%'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_is_recorded_with_the_host_that_it_may_send_to_and_no_more_of_its_url() {
    let shop = Shop::start().await;
    let destination = shop.add(&[("url", "http://127.0.0.1:9/hook-8Zt2?token=kq8Zt2mV")]).await;
    shop.owner.post(&destination, &fields(&[("url", "https://127.0.0.2/other?token=kq8Zt2mV")])).await;
    let recorded = "SELECT action || ' ' || object FROM security_log WHERE action LIKE 'destination%' ORDER BY id";
    let id = destination.rsplit('/').next().unwrap();
    let expected = [format!("destination_added {id} 127.0.0.1:9"), format!("destination_changed {id} 127.0.0.2")];
    assert_eq!(shop.app.texts(recorded).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_passwords_are_recorded_when_they_change_and_a_check_of_keys_is_not() {
    let stand_in = StandIn::start().await;
    let app = TestApp::start_with(|config| set_api(config, &stand_in.url)).await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    let keys = [("key_id", "rzp_test_Demo0000000001"), ("key_secret", "demo-key-secret-0001"), ("upi", "true")];
    let new = "orange kettle under the stairs";
    let password = [("old_password", PASSWORD), ("new_password", new), ("confirm_password", new)];
    let (changed, both) = (&["api_keys_changed on gc"][..], &["api_keys_changed on gc", "password_changed on us"][..]);
    for (path, fields, expected) in [
        (connection.step("/credentials"), &keys[..], changed),
        (connection.step("/credentials/check"), &[], changed),
        ("/personal-info/password".to_owned(), &password, both),
    ] {
        owner.post(&path, fields).await.location();
        assert_eq!(entries(&app, 4).await, expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_and_adoption_are_recorded_with_what_they_change() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    let forged = connection.post(bodies::payment("payment.captured", "pay_1", 0)).secret(&format!("{}\n", connection.secret));
    assert_eq!(forged.send().await, 401);
    eventually(async || app.count("SELECT COUNT(*) FROM rejected_requests").await > 0).await;
    let list = owner.get(&format!("/ks-pay/apps/{}/rejections", connection.app_id)).await;
    let rejection = list.body.split('"').find(|text| text.contains("/rejections/rj_")).unwrap().to_owned();
    owner.post(&format!("{rejection}/acceptance"), &[]).await.location();
    owner.post(&format!("{rejection}/recovery"), &[]).await.location();
    assert_eq!(entries(&app, 4).await, ["secret_adopted on ws", "requests_recovered on rj"]);
}

/// Sends an event and a request that is rejected. Returns the paths of their bodies.
async fn bodies_of(app: &TestApp, connection: &Connection, owner: &Browser) -> [String; 2] {
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let forged = connection.post(bodies::payment("payment.captured", "pay_2", 0)).secret(&format!("{}\n", connection.secret));
    assert_eq!(forged.send().await, 401);
    eventually(async || app.count("SELECT COUNT(*) FROM rejected_requests").await > 0).await;
    let below = |rest: &str| format!("/ks-pay/apps/{}{rest}", connection.app_id);
    let event = app.events().await[0]["event"].as_str().unwrap().to_owned();
    let link = |page: &Page, part: &str| page.body.split('"').find(|text| text.contains(part)).unwrap().to_owned();
    let rejection = link(&owner.get(&below("/rejections")).await, "/rejections/rj_");
    [below(&format!("/events/{event}/body")), link(&owner.get(&rejection).await, "/requests/")]
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_of_bodies_are_recorded() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    let paths = bodies_of(&app, &connection, &owner).await;
    for path in &paths {
        // A HEAD gets no body.
        assert_eq!(owner.send(Method::HEAD, path, None, &[]).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(entries(&app, 4).await, [] as [&str; 0]);
    for path in &paths {
        assert!(owner.get(path).await.has("payment.captured"), "{path}");
    }
    assert_eq!(entries(&app, 4).await, ["event_body_downloaded on ev", "request_body_downloaded on rq"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_entry_nothing_is_done() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    let before = app.count("SELECT COUNT(*) FROM secrets").await;
    let downloads = bodies_of(&app, &connection, &owner).await;
    app.announce_error("a request failed");
    app.sql("ALTER TABLE security_log RENAME TO lost").await;
    for (path, fields) in [("/webhook/rotation", &[("overlap_hours", "24")][..]), ("/webhook/reveal", &[])] {
        let page = owner.post(&connection.step(path), fields).await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(!page.has(&connection.secret));
    }
    for path in downloads {
        let page = owner.get(&path).await;
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(!page.has("payment.captured"), "{path}");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM secrets").await, before);
}

/// The pages and forms that need no sign-in, by the name of their path in `urls.rs`.
const SIGNED_OUT: &[&str] = &[
    "DEMO_MAILBOX",
    "FORGOTTEN",
    "FORGOTTEN_SENT",
    "HEALTHZ",
    "LANGUAGE",
    "LOGIN",
    "READYZ",
    "RESET",
    "RESET_DONE",
    "SETUP",
    "STATIC",
];

/// A route without a permission compiles only as one that needs no sign-in.
#[test]
fn every_other_route_names_its_permission() {
    let routes = routes::all().into_iter();
    let mut signed_out: Vec<&str> = routes
        .filter(|route| route.permission("get").or_else(|| route.permission("post")).is_none())
        .map(|route| route.name)
        .collect();
    signed_out.sort_unstable();
    assert_eq!(signed_out, SIGNED_OUT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whose_role_has_no_permission_sees_only_the_own_account() {
    let app = TestApp::start().await;
    app.razorpay().await;
    let user = app.owner("Neem Tree Retail").await;
    let pages = routes::all().into_iter().filter(|route| !route.pattern.contains('{'));
    let pages: Vec<_> = pages.filter_map(|route| Some((route.pattern, route.permission("get")?))).collect();
    assert!(pages.len() > 8, "{pages:?}");
    for role in ["owner", "viewer"] {
        if role == "viewer" {
            app.sql("UPDATE users SET role = 'viewer'").await;
        }
        for (path, permission) in &pages {
            let is_forbidden = user.get(path).await.status == StatusCode::FORBIDDEN;
            assert_eq!(is_forbidden, role == "viewer" && *permission != "ManageOwnAccount", "{role}: {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whose_role_has_no_permission_sees_no_payment_and_changes_nothing() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let user = app.owner("Neem Tree Retail").await;
    assert_eq!(app.sql("UPDATE users SET role = 'viewer'").await, 1);
    for path in ["", "/transactions", "/transactions.csv", "/events", "/rejections"] {
        let page = user.get(&format!("/ks-pay/apps/{}{path}", connection.app_id)).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.shows("forbidden"), "{}", page.body);
    }
    let elsewhere = app.company("Hill Street Books").await.app("Hill Street Store").await.id;
    for id in [elsewhere.as_str(), "ap_00000000000", "x"] {
        let page = user.get(&format!("/ks-pay/apps/{id}/transactions")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{id}");
    }
    let token = user.token().await;
    let fields = [("csrf_token", token.as_str()), ("overlap_hours", "24")];
    let rotated = user.post_exactly(&connection.step("/webhook/rotation"), &fields).await;
    assert_eq!(rotated.status, StatusCode::FORBIDDEN);
    assert_eq!(app.count("SELECT COUNT(*) FROM secrets").await, 1);
    assert_eq!(user.post_exactly("/logout", &[("csrf_token", &token)]).await.location(), "/login");
}
