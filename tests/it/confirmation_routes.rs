//! A stolen session can do no harm: every form is listed here, and each harmful one asks for the password.

use std::time::Duration;

use reqwest::StatusCode;

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::{Connection, PASSWORD},
    eventually,
    fake_razorpay::{StandIn, set_api},
    routes::{self, Route},
};

/// Longer than a password entry remains valid.
const LONGER: Duration = Duration::from_secs(15 * 60 + 1);
const OWN: &str = "kq8Zt2mVx0Lw9Rb4-of-their-shop";
const OTHER_ACCOUNT: &str = "acc_Test0000000002";

/// What a form asks of an old session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// The page "Confirm your password".
    Password,
    /// Its own password field is required.
    OwnField,
    /// Nothing: it destroys nothing.
    Nothing,
    /// It is for visitors who are not signed in.
    SignedOut,
}

/// Every form of the site, by the name of its path in `urls.rs`. Where a path does two things, the more harmful one determines
/// the entry.
const FORMS: &[(&str, Asks)] = &[
    ("ALERTS_DIGEST", Asks::Nothing),
    ("ALERTS_MUTE", Asks::Nothing),
    ("ALERTS_QUIET", Asks::Nothing),
    ("ALERT_ACKNOWLEDGEMENT", Asks::Nothing),
    ("ALERT_RULE", Asks::Nothing),
    ("ALERT_RULE_TEST", Asks::Nothing),
    ("APPS_CREATE", Asks::Nothing),
    ("APP_DOMAIN", Asks::Nothing),
    ("APP_ENABLED", Asks::Password),
    ("APP_SETTINGS", Asks::Nothing),
    ("AUTOMATIC_REFUND", Asks::OwnField),
    ("AUTOMATIC_REFUND_LIMITS", Asks::OwnField),
    ("AUTOMATIC_REFUND_SWITCH", Asks::OwnField),
    ("AUTOMATION_EDIT", Asks::Nothing),
    ("AUTOMATION_NEW", Asks::Nothing),
    ("AUTOMATION_REMOVAL", Asks::Nothing),
    ("AUTOMATION_RUN_REQUEST", Asks::Nothing),
    ("AUTOMATION_STATE", Asks::Nothing),
    ("CHANNELS", Asks::Nothing),
    ("CHANNEL_REMOVAL", Asks::Nothing),
    ("CHANNEL_TEST", Asks::Nothing),
    ("CONFIRMATION", Asks::Password),
    ("CONNECTIONS", Asks::Nothing),
    ("CONNECTION_ENABLED", Asks::Password),
    ("CREDENTIALS", Asks::Password),
    ("CREDENTIALS_CHECK", Asks::Nothing),
    ("DELIVERY_REPLAY", Asks::Nothing),
    ("DELIVERY_SKIP", Asks::Nothing),
    ("DESTINATION", Asks::Password),
    ("DESTINATIONS", Asks::Password),
    ("DESTINATION_DELETION", Asks::Password),
    ("DESTINATION_HEADERS", Asks::Nothing),
    ("DESTINATION_HEADER_REMOVAL", Asks::Nothing),
    ("DESTINATION_PAUSE", Asks::Nothing),
    ("DESTINATION_REPLAY", Asks::Nothing),
    ("DESTINATION_REPLAYS", Asks::Nothing),
    ("DESTINATION_REPLAY_CANCELLATION", Asks::Nothing),
    ("DESTINATION_RESUME", Asks::Nothing),
    ("DESTINATION_REVEAL", Asks::Password),
    ("DESTINATION_ROTATION", Asks::Password),
    ("DESTINATION_SEND_WAITING", Asks::Nothing),
    ("DESTINATION_TEST", Asks::Nothing),
    ("FORGOTTEN", Asks::SignedOut),
    ("INTEGRATION_DONE", Asks::Nothing),
    ("INTEGRATION_UNDONE", Asks::Nothing),
    ("LANGUAGE", Asks::Nothing),
    ("LOGIN", Asks::SignedOut),
    ("LOGOUT", Asks::Nothing),
    ("OTHER_SESSIONS_REMOVAL", Asks::Nothing),
    ("PASSWORD", Asks::OwnField),
    ("PERSONAL_INFO", Asks::OwnField),
    ("REJECTION_ACCEPTANCE", Asks::Password),
    ("REJECTION_RECOVERY", Asks::Password),
    ("RESET", Asks::SignedOut),
    ("SECURITY", Asks::Nothing),
    ("SETTINGS", Asks::Nothing),
    ("SETUP", Asks::SignedOut),
    ("TEST_EMAIL", Asks::Nothing),
    ("TOKENS", Asks::Password),
    ("TOKEN_REMOVAL", Asks::Nothing),
    ("TRANSACTION_REFUND", Asks::OwnField),
    ("WEBHOOK_ACCOUNTS", Asks::Password),
    ("WEBHOOK_CHECK", Asks::Nothing),
    ("WEBHOOK_DONE", Asks::Nothing),
    ("WEBHOOK_RETIREMENT", Asks::Password),
    ("WEBHOOK_REVEAL", Asks::Password),
    ("WEBHOOK_ROTATION", Asks::Password),
    ("WEBHOOK_SECRETS", Asks::Password),
    ("WEBHOOK_TEST", Asks::Nothing),
    ("WEBHOOK_UNDONE", Asks::Nothing),
];

/// Returns the routes that accept a form.
fn routes_with_forms() -> impl Iterator<Item = Route> {
    routes::all().into_iter().filter(|route| route.has("post") || route.has("post_signed_out"))
}

#[test]
fn every_form_is_listed() {
    let listed: Vec<_> = FORMS.iter().map(|(name, _)| *name).collect();
    let mut routes: Vec<_> = routes_with_forms().map(|route| route.name).collect();
    routes.sort_unstable();
    assert_eq!(listed, routes, "say in FORMS whether a stolen session could do harm with it, and test that");
}

/// A browser makes a `GET` of a form's path after Back, or when the address of an answer is opened again.
#[test]
fn every_path_of_a_form_but_sign_out_leads_a_get_to_a_page() {
    let without = routes_with_forms().filter(|route| !route.has("get") && !route.has("get_signed_out"));
    assert_eq!(without.map(|route| route.name).collect::<Vec<_>>(), ["LOGOUT"]);
}

/// The fields of the form of a destination.
fn fields<'a>(name: &'a str, url: &'a str) -> Vec<(&'a str, &'a str)> {
    let more = [("format", "normalized"), ("order", "any"), ("concurrency", "4"), ("timeout_seconds", "15")];
    [("mode", "test"), ("name", name), ("url", url)].into_iter().chain(more).collect()
}

/// Shop with an object for every form to act on.
struct Shop {
    app: TestApp,
    connection: Connection,
    owner: Browser,
    rejection: String,
    /// The paths of a destination, and of a delivery that waits for it.
    destination: String,
    delivery: String,
    token: String,
    _razorpay: StandIn,
}

impl Shop {
    async fn start() -> Self {
        let razorpay = StandIn::start().await;
        let app = TestApp::start_with(|config| {
            set_api(config, &razorpay.url);
            config.allow_destinations = vec!["127.0.0.0/8".parse().unwrap()];
        })
        .await;
        let connection = app.razorpay().await;
        let owner = app.owner("Neem Tree Retail").await;
        let list = format!("/ks-pay/apps/{}/destinations", connection.app_id);
        let destination = owner.post(&list, &fields("Shop backend", "http://127.0.0.1:9/")).await.location().to_owned();
        owner.post(&format!("{destination}/pause"), &[]).await;
        for (account, payment) in [("acc_Test0000000001", "pay_1"), (OTHER_ACCOUNT, "pay_2")] {
            let body = String::from_utf8(bodies::payment("payment.captured", payment, 0)).unwrap();
            connection.post(body.replace("acc_Test0000000001", account).into_bytes()).stored().await;
        }
        let refused = connection.post(bodies::payment("payment.captured", "pay_3", 0)).event_id("evt_Refused0001");
        assert_eq!(refused.secret(&format!("{}\n", connection.secret)).send().await, 401);
        eventually(async || app.count("SELECT COUNT(*) FROM rejected_requests").await > 0).await;
        let list = owner.get(&format!("/ks-pay/apps/{}/rejections", connection.app_id)).await;
        let rejection = list.body.split('"').find(|text| text.contains("/rejections/rj_")).unwrap().to_owned();
        let page = owner.get(&destination).await;
        let delivery = page.body.split('"').find(|text| text.contains("/deliveries/dl_")).unwrap().to_owned();
        let args = ["token", "add", "--email", "owner@neem-tree-retail.example", "--app", &connection.app_id];
        let token = app.cli(args, "").await.line()[..14].to_owned();
        Self { app, connection, owner, rejection, destination, delivery, token, _razorpay: razorpay }
    }

    fn at(&self, rest: &str) -> String {
        format!("/ks-pay/apps/{}{rest}", self.connection.app_id)
    }

    fn step(&self, rest: &str) -> String {
        self.at(&format!("/settings/payment-gateways/razorpay/test{rest}"))
    }

    /// Returns the retirement path of the latest imported secret.
    async fn retirement(&self) -> String {
        let page = self.owner.get(&self.step("/webhook/secrets")).await;
        page.body.split('"').find(|text| text.ends_with("/retirement")).expect("a secret to retire").to_owned()
    }

    /// Returns the stored state that harmful forms change.
    async fn stored(&self) -> Vec<String> {
        self.app
            .texts(
                "SELECT 'app ' || is_enabled FROM apps \
                 UNION ALL SELECT 'gateway ' || is_enabled FROM connections \
                 UNION ALL SELECT 'credential ' || field || COALESCE(value, '') FROM credentials \
                 UNION ALL SELECT 'secret ' || state || COALESCE(CAST(valid_until AS TEXT), '') FROM secrets \
                 UNION ALL SELECT 'account ' || COALESCE(other_account, '') FROM activity \
                 UNION ALL SELECT 'destination ' || name || url || state FROM destinations \
                 UNION ALL SELECT 'token ' || name FROM tokens \
                 UNION ALL SELECT 'its secret ' || purpose || COALESCE(CAST(valid_until AS TEXT), '') FROM destination_secrets \
                 UNION ALL SELECT 'events ' || CAST(COUNT(*) AS TEXT) FROM events ORDER BY 1",
            )
            .await
    }

    #[track_caller]
    fn asks(&self, page: &Page, path: &str) {
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", page.body);
        assert!(page.shows("confirm-password") && page.has("name=\"current_password\""), "{path}: {}", page.body);
        assert!(!page.has(&self.connection.secret) && !page.has(OWN), "{path}: {}", page.body);
    }

    /// Posts a harmful form with an old session: it has no effect before the password, and continues after it.
    async fn asks_first(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.app.clock.advance(LONGER);
        let before = self.stored().await;
        let asked = self.owner.post(path, fields).await;
        self.asks(&asked, path);
        let again = self.owner.confirm(path, &asked, "not the password").await;
        self.asks(&again, path);
        assert_eq!(self.stored().await, before, "{path} did something before it knew the password");
        let done = self.owner.confirm(path, &again, PASSWORD).await;
        assert!(done.status == StatusCode::SEE_OTHER || done.status == StatusCode::OK, "{path}: {}", done.body);
        let is_shown_only = path.ends_with("/reveal") || path.ends_with("/confirmation");
        assert!(is_shown_only || self.stored().await != before, "{path} did nothing after the password");
        done
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_that_could_do_harm_asks_for_the_password_and_then_goes_on() {
    let mut shop = Shop::start().await;
    let mut asked = vec!["CONFIRMATION"];
    shop.asks_first("/personal-info/confirmation", &[("return_to", "/"), ("back", "/")]).await;
    let (added, moved) = (fields("Another", "http://127.0.0.1:9/"), fields("Shop backend", "http://127.0.0.1:10/"));
    for (name, path, fields) in [
        ("DESTINATIONS", shop.at("/destinations"), &added[..]),
        ("DESTINATION", shop.destination.clone(), &moved),
        ("DESTINATION_ROTATION", format!("{}/rotation", shop.destination), &[("overlap_hours", "24")]),
        ("TOKENS", shop.at("/settings/tokens"), &[("name", "Laptop")]),
        ("WEBHOOK_ACCOUNTS", shop.step("/webhook/accounts"), &[("account", OTHER_ACCOUNT)]),
        (
            "CREDENTIALS",
            shop.step("/credentials"),
            &[("key_id", "rzp_test_Demo0000000001"), ("key_secret", "demo-key-secret-0001")],
        ),
        ("REJECTION_ACCEPTANCE", format!("{}/acceptance", shop.rejection), &[]),
        ("REJECTION_RECOVERY", format!("{}/recovery", shop.rejection), &[]),
        ("WEBHOOK_SECRETS", shop.step("/webhook/secrets"), &[("secret", OWN)]),
        ("WEBHOOK_RETIREMENT", String::new(), &[]),
        ("WEBHOOK_ROTATION", shop.step("/webhook/rotation"), &[("overlap_hours", "24")]),
        ("CONNECTION_ENABLED", shop.step("/enabled"), &[("is_enabled", "false"), ("confirm", "yes")]),
        ("APP_ENABLED", shop.at("/enabled"), &[("is_enabled", "false"), ("confirm", "yes")]),
    ] {
        if asked.len() % 4 == 0 {
            // A new session, since each has a burst of ten attempts.
            shop.owner = shop.app.owner("Neem Tree Retail").await;
        }
        // The secret to retire exists only once it is imported.
        let path = if path.is_empty() { shop.retirement().await } else { path };
        shop.asks_first(&path, fields).await;
        asked.push(name);
    }
    let shown = shop.asks_first(&shop.step("/webhook/reveal"), &[]).await;
    assert!(shown.inside("secret").is_some(), "{}", shown.body);
    asked.push("WEBHOOK_REVEAL");
    let shown = shop.asks_first(&format!("{}/reveal", shop.destination), &[]).await;
    assert!(shown.inside("secret").is_some(), "{}", shown.body);
    asked.push("DESTINATION_REVEAL");
    shop.owner = shop.app.owner("Neem Tree Retail").await;
    shop.asks_first(&format!("{}/deletion", shop.destination), &[]).await;
    asked.push("DESTINATION_DELETION");
    asked.sort_unstable();
    let wanted: Vec<_> = FORMS.iter().filter(|(_, asks)| *asks == Asks::Password).map(|(name, _)| *name).collect();
    assert_eq!(asked, wanted, "each of FORMS is tested here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_email_and_a_new_password_need_the_present_one_however_fresh_the_session() {
    let shop = Shop::start().await;
    let mine = "owner@neem-tree-retail.example";
    for wrong in ["", "not the password"] {
        let theirs = [("name", "The Owner"), ("email", "thief@evil.example"), ("current_password", wrong)];
        assert_eq!(shop.owner.post("/personal-info", &theirs).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let new = "orange kettle under the stairs";
        let theirs = [("old_password", wrong), ("new_password", new), ("confirm_password", new)];
        assert_eq!(shop.owner.post("/personal-info/password", &theirs).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(shop.app.texts("SELECT email FROM users").await, [mine]);
    assert_eq!(shop.app.visitor().sign_in(mine, PASSWORD, "/").await.location(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_nothing_away_asks_for_nothing() {
    let shop = Shop::start().await;
    shop.app.sql("UPDATE apps SET is_enabled = FALSE").await;
    let app_form = [("name", "Renamed"), ("email", "a@b.example"), ("country", "IN")];
    let renamed = fields("Renamed", "http://127.0.0.1:9/");
    for (path, fields) in [
        (shop.destination.clone(), &renamed[..]),
        (format!("{}/resume", shop.destination), &[]),
        (format!("{}/pause", shop.destination), &[]),
        (format!("{}/failed-deliveries/replay", shop.destination), &[]),
        (format!("{}/headers", shop.destination), &[("name", "x-own"), ("value", "own")]),
        (format!("{}/headers/removal", shop.destination), &[("name", "x-own")]),
        (format!("{}/replays", shop.destination), &[("since", "2002-01-01T00:00"), ("scope", "every")]),
        (format!("{}/replays/cancellation", shop.destination), &[]),
        (format!("{}/waiting-deliveries", shop.destination), &[]),
        (format!("{}/replay", shop.delivery), &[]),
        (format!("{}/skip", shop.delivery), &[]),
        (shop.at("/alerts/mute"), &[("mode", "test"), ("mute", "hour")]),
        (shop.at("/alerts/quiet-hours"), &[("mode", "test"), ("from", "22:00"), ("to", "07:00")]),
        (shop.at("/alerts/digest"), &[("mode", "test"), ("on", "true"), ("time", "09:00"), ("who", "all")]),
        (shop.at("/alerts/kinds/dispute_opened"), &[("mode", "test"), ("who", "all"), ("on", "true")]),
        (
            shop.at("/automations/new?mode=test"),
            &[
                ("intent", "on"),
                ("on", "captured"),
                ("recipient", "customer"),
                ("language", "en"),
                ("subject_en", "Paid"),
                ("message_en", "Thank you"),
            ],
        ),
        (
            "/settings/channels".to_owned(),
            &[("service", "discord"), ("name", "Sales"), ("url", "https://discord.com/api/webhooks/1/own-token")],
        ),
        ("/personal-info".to_owned(), &[("name", "Renamed"), ("email", "owner@neem-tree-retail.example")]),
        ("/personal-info/other-sessions/removal".to_owned(), &[]),
        ("/settings".to_owned(), &[("name", "Renamed Retail")]),
        ("/ks-pay/apps".to_owned(), &[("name", "Another"), ("email", "a@b.example"), ("country", "IN")]),
        (shop.at("/settings"), &app_form),
        (shop.at(&format!("/settings/tokens/{}/removal", shop.token)), &[]),
        (shop.at("/settings/domain"), &[("domain", "renamed.example")]),
        (shop.at("/enabled"), &[("is_enabled", "true")]),
        (shop.at("/settings/payment-gateways"), &[("gateway", "razorpay"), ("mode", "live")]),
        (shop.step("/enabled"), &[("is_enabled", "true")]),
        (shop.step("/credentials/check"), &[]),
        (shop.step("/webhook/check"), &[]),
        (shop.step("/webhook/test"), &[]),
        (shop.step("/webhook/completion"), &[]),
        (shop.step("/webhook/completion/removal"), &[]),
        (shop.step("/integration/completion"), &[]),
        (shop.step("/integration/completion/removal"), &[]),
        (shop.step("/security"), &[("domain", "renamed.example")]),
        ("/logout".to_owned(), &[]),
    ] {
        shop.app.clock.advance(LONGER);
        let page = shop.owner.post(&path, fields).await;
        let has_no_keys = path.ends_with("/credentials/check") && page.has("name=\"key_secret\"");
        assert!((page.status == StatusCode::SEE_OTHER || has_no_keys) && page.lacks("confirm-password"), "{path}: {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_get_of_a_forms_path_leads_to_the_page_with_the_form_and_changes_nothing() {
    let shop = Shop::start().await;
    shop.app.clock.advance(LONGER);
    let before = shop.stored().await;
    let (webhook, integration, rejection) = (shop.step("/webhook"), shop.step("/integration"), shop.rejection.clone());
    let led = [
        ("/personal-info/password".to_owned(), "/personal-info".to_owned()),
        ("/personal-info/other-sessions/removal".to_owned(), "/personal-info".to_owned()),
        ("/ks-pay/apps".to_owned(), "/ks-pay/apps/new".to_owned()),
        (shop.at("/enabled"), shop.at("/settings")),
        (shop.at("/automations/refunds/limits"), shop.at("/automations/refunds?mode=test")),
        (shop.at("/automations/refunds/switch"), shop.at("/automations/refunds?mode=test")),
        (shop.step("/enabled"), shop.at("/settings/payment-gateways")),
        (shop.step("/credentials/check"), shop.step("/credentials")),
        (shop.step("/webhook/reveal"), webhook.clone()),
        (shop.step("/webhook/accounts"), webhook.clone()),
        (shop.step("/webhook/check"), webhook.clone()),
        (shop.step("/webhook/test"), webhook.clone()),
        (shop.step("/webhook/completion"), webhook.clone()),
        (shop.step("/webhook/completion/removal"), webhook),
        (shop.step("/integration/completion"), integration.clone()),
        (shop.step("/integration/completion/removal"), integration),
        (format!("{rejection}/acceptance"), rejection.clone()),
        (format!("{rejection}/recovery"), rejection),
        (format!("{}/pause", shop.destination), shop.destination.clone()),
        (format!("{}/resume", shop.destination), shop.destination.clone()),
        (format!("{}/replays/cancellation", shop.destination), shop.destination.clone()),
        (format!("{}/headers/removal", shop.destination), format!("{}/headers", shop.destination)),
        (format!("{}/reveal", shop.destination), shop.destination.clone()),
        (format!("{}/waiting-deliveries", shop.destination), shop.destination.clone()),
        (format!("{}/replay", shop.delivery), shop.delivery.clone()),
        (format!("{}/skip", shop.delivery), shop.delivery.clone()),
    ];
    shop.app.company("Banyan Books").await;
    let stranger = shop.app.owner("Banyan Books").await;
    for (path, page) in &led {
        assert_eq!(shop.owner.get(path).await.location(), page, "{path}");
        assert_eq!(shop.owner.get(page).await.status, StatusCode::OK, "{page}");
        assert_eq!(shop.app.visitor().get(path).await.location().split('?').next(), Some("/login"), "{path}");
        if path.contains("/apps/ap_") && !path.contains("/rejections/") {
            assert_eq!(stranger.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    assert_eq!(shop.stored().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_interrupted_leads_back_to_where_it_was_started() {
    let shop = Shop::start().await;
    shop.app.clock.advance(LONGER);
    let list = shop.at("/settings/payment-gateways");
    let disable = [("is_enabled", "false"), ("confirm", "yes"), ("back", "/ks-pay?q=Neem")];
    for (path, fields, back) in [
        (shop.step("/enabled"), &disable[..2], list.as_str()),
        (shop.step("/enabled"), &disable, "/ks-pay?q=Neem"),
        (shop.at("/enabled"), &disable[..2], "/ks-pay"),
        (shop.at("/enabled"), &disable, "/ks-pay?q=Neem"),
    ] {
        let asked = shop.owner.post(&path, fields).await;
        shop.asks(&asked, &path);
        assert!(asked.has(&format!("href=\"{back}\">Cancel")), "{path}: {}", asked.body);
    }
    let asked = shop.owner.post(&shop.step("/enabled"), &disable).await;
    assert_eq!(shop.owner.confirm(&shop.step("/enabled"), &asked, PASSWORD).await.location(), "/ks-pay?q=Neem");
    let page = shop.owner.get("/ks-pay?q=Neem").await;
    assert!(page.has("is disabled"), "{}", page.body);
}
