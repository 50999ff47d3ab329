//! Command line: exit codes, output streams, and invalid arguments.

use serde_json::json;

use crate::support::{
    Installation, TestApp, bodies,
    builders::{PASSWORD, text},
    cli::{lines, one_sentence},
};

const UNKNOWN_APP: &str = "ap_00000000000";

fn user<'a>(company: &'a str, email: &'a str) -> [&'a str; 8] {
    ["user", "add", "--company", company, "--email", email, "--name", "The Owner"]
}

fn app<'a>(company: &'a str, name: &'a str) -> [&'a str; 10] {
    ["app", "add", "--company", company, "--name", name, "--email", "shop@example.com", "--country", "IN"]
}

#[tokio::test(flavor = "multi_thread")]
async fn help_and_version_go_to_stdout_for_every_command() {
    let at = Installation::new().await;
    let commands: [&[&str]; 24] = [
        &[],
        &["serve"],
        &["user"],
        &["user", "add"],
        &["user", "password"],
        &["app"],
        &["app", "add"],
        &["gateway"],
        &["gateway", "add"],
        &["webhook"],
        &["webhook", "show"],
        &["webhook", "rotate"],
        &["simulate"],
        &["listen"],
        &["token"],
        &["token", "add"],
        &["token", "list"],
        &["token", "remove"],
        &["events", "export"],
        &["transactions", "export"],
        &["transactions", "recount"],
        &["doctor"],
        &["backup"],
        &["events"],
    ];
    for command in commands {
        let output = at.cli_with(&[command, &["--help"]].concat(), "", &[]).await;
        assert!(output.code == 0 && output.err.is_empty() && output.out.contains("Usage: ks-pay"), "{command:?}: {output:?}");
    }
    assert_eq!(at.cli(["--version"], "").await.line(), concat!("ks-pay ", env!("CARGO_PKG_VERSION")));
    assert!(!at.data_dir().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_is_exit_2_and_says_nothing_on_stdout() {
    let at = Installation::new().await;
    let wrong: [&[&str]; 9] = [
        &["nonsense"],
        &["user", "add"],
        &["events", "export"],
        &["transactions", "export"],
        &["gateway", "add", "--app", UNKNOWN_APP, "--gateway", "paypal", "--mode", "test"],
        &["gateway", "add", "--app", UNKNOWN_APP, "--gateway", "razorpay", "--mode", "both"],
        &["simulate", "--url", "http://127.0.0.1:1/", "--event", "payment.captured", "--life-cycle", "paid"],
        &["simulate", "--url", "http://127.0.0.1:1/", "--life-cycle", "happy"],
        &["simulate"],
    ];
    for args in wrong {
        let output = at.cli_with(args, "", &[]).await;
        assert!(output.code == 2 && output.out.is_empty() && !output.err.is_empty(), "{args:?}: {output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_never_an_argument() {
    let at = Installation::new().await;
    let with_password = [&user("Neem Tree Retail", "owner@neem.example")[..], &["--password", PASSWORD]].concat();
    assert_eq!(at.cli_with(&with_password, "", &[]).await.code, 2);
    let help = at.cli(["user", "add", "--help"], "").await;
    assert!(!help.out.contains("--password"));
    at.cli(user("Neem Tree Retail", "owner@neem.example"), "").await.failure();
    at.cli(user("Neem Tree Retail", "owner@neem.example"), "\n").await.failure();
    at.cli(user("Neem Tree Retail", "owner@neem.example"), "short\n").await.failure();
    assert_eq!(at.count("SELECT COUNT(*) FROM users").await, 0);
    assert_eq!(at.count("SELECT COUNT(*) FROM companies").await, 0, "nothing is made by halves");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_is_unique_in_the_installation_in_lower_case() {
    let at = Installation::new().await;
    assert!(at.cli(user("Neem Tree Retail", "Owner@Neem.Example"), PASSWORD).await.line().starts_with("us_"));
    let again = at.cli(user("Banyan Books", "owner@neem.EXAMPLE"), PASSWORD).await;
    assert!(again.failure().contains("email address already exists"));
    assert_eq!(at.count("SELECT COUNT(*) FROM companies").await, 1);
    assert_eq!(at.count("SELECT COUNT(*) FROM users WHERE email = 'owner@neem.example'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_is_made_with_its_owner_and_afterwards_a_role_is_needed() {
    let at = Installation::new().await;
    at.cli(user("Neem Tree Retail", "one@neem.example"), PASSWORD).await.assert_done();
    let without = at.cli(user("Neem Tree Retail", "two@neem.example"), PASSWORD).await;
    assert_eq!((without.code, without.out.as_str()), (2, ""));
    assert!(one_sentence(&without.err).contains("--role"));
    let with = [&user("Neem Tree Retail", "two@neem.example")[..], &["--role", "owner"]].concat();
    at.cli_with(&with, PASSWORD, &[]).await.assert_done();
    at.cli(user("neem tree retail", "three@neem.example"), PASSWORD).await.assert_done();
    assert_eq!(at.count("SELECT COUNT(*) FROM companies").await, 2, "another spelling is another company");
    assert_eq!(at.count("SELECT COUNT(*) FROM users WHERE role = 'owner'").await, 3);
    for role in ["admin", "developer", "viewer"] {
        let with = [&user("Neem Tree Retail", "five@neem.example")[..], &["--role", role]].concat();
        let refused = at.cli_with(&with, PASSWORD, &[]).await;
        assert!(refused.code == 2 && refused.err.contains("only the owner role is supported so far"), "{role}: {}", refused.err);
        let help = at.cli(["user", "add", "--help"], "").await.out;
        assert!(!help.contains(role), "the help offers what is refused");
    }
    let king = [&user("Neem Tree Retail", "four@neem.example")[..], &["--role", "king"]].concat();
    assert_eq!(at.cli_with(&king, PASSWORD, &[]).await.code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_requires_an_existing_user_and_ends_their_sessions() {
    let at = Installation::new().await;
    at.cli(user("Neem Tree Retail", "owner@neem.example"), PASSWORD).await.assert_done();
    let hashes = "SELECT COUNT(DISTINCT password_hash) FROM users WHERE password_hash LIKE '$argon2id$%'";
    assert_eq!(at.count(hashes).await, 1);
    let session = "INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, confirmed_at) SELECT value, id, 0, 0, 0 FROM users CROSS JOIN (SELECT value FROM installation LIMIT 1) AS stored";
    assert_eq!(at.sql(session).await, 1);
    let args = ["user", "password", "--email", "OWNER@neem.example"];
    let output = at.cli(args, "eleven quiet lanterns at noon\r\n").await;
    output.assert_done();
    assert_eq!(output.out, "");
    assert_eq!(at.count("SELECT COUNT(*) FROM sessions").await, 0);
    at.cli(["user", "password", "--email", "nobody@neem.example"], PASSWORD).await.failure();
    at.cli(args, "short").await.failure();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apps_name_is_unique_within_the_company_only() {
    let at = Installation::new().await;
    for (company, email) in [("Neem Tree Retail", "a@neem.example"), ("Banyan Books", "b@banyan.example")] {
        at.cli(user(company, email), PASSWORD).await.assert_done();
        assert!(at.cli(app(company, "Store"), "").await.line().starts_with("ap_"));
        at.cli(app(company, "Store"), "").await.failure();
    }
    at.cli(app("Nobody's Company", "Store"), "").await.failure();
    assert_eq!(at.count("SELECT COUNT(*) FROM apps").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_needs_an_email_and_a_country() {
    let at = Installation::new().await;
    at.cli(user("Neem Tree Retail", "a@neem.example"), PASSWORD).await.assert_done();
    for (name, email, country) in [
        ("Store", "no address", "IN"),
        ("Store", "shop@example.com", "India"),
        ("Store", "shop@example.com", "XX"),
        ("", "shop@example.com", "IN"),
    ] {
        let args = ["app", "add", "--company", "Neem Tree Retail", "--name", name, "--email", email, "--country", country];
        at.cli(args, "").await.failure();
    }
    assert_eq!(at.count("SELECT COUNT(*) FROM apps").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_has_the_shapes_that_scripts_rely_on() {
    let at = TestApp::start().await;
    let with_json = |args: &[&'static str]| [args, &["--json"]].concat();
    let added = at.cli_with(&with_json(&user("Neem Tree Retail", "a@neem.example")), PASSWORD, &[]).await.json();
    assert_eq!(added, json!({ "user": added["user"] }));
    let added = at.cli_with(&with_json(&app("Neem Tree Retail", "Store")), "", &[]).await.json();
    assert_eq!(added, json!({ "app": added["app"] }));
    let id = text(&added["app"]);
    let which = ["--app", &id, "--gateway", "razorpay", "--mode", "test", "--json"];
    let added = at.cli_with(&[&["gateway", "add"], &which[..]].concat(), "", &[]).await.json();
    let url = format!("http://{}/webhooks/{}", at.address, text(&added["endpoint"]));
    assert_eq!(added, json!({ "connection": added["connection"], "endpoint": added["endpoint"], "url": url }));
    let shown = at.cli_with(&[&["webhook", "show"], &which[..]].concat(), "", &[]).await.json();
    let secret = &shown["secrets"][0];
    assert_eq!(
        shown,
        json!({ "url": url, "secrets": [{ "id": secret["id"], "secret": secret["secret"], "state": "active", "origin": "generated", "valid_until": null }] })
    );
    assert!(text(&added["connection"]).starts_with("gc_") && text(&secret["id"]).starts_with("ws_"));
    let endpoint = text(&added["endpoint"]);
    assert!(endpoint.starts_with("wh_") && endpoint.len() >= 25);
    let secret = text(&secret["secret"]);
    assert!(secret.len() == 44 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_of_the_same_kind_is_refused_and_the_first_stays() {
    let at = TestApp::start().await;
    let connection = at.razorpay().await;
    let which = ["--app", &connection.app_id, "--gateway", "razorpay", "--mode", "test"];
    let show = [&["webhook", "show"], &which[..], &["--json"]].concat();
    let before = at.cli_with(&show, "", &[]).await.json();
    at.cli_with(&[&["gateway", "add"], &which[..]].concat(), "", &[]).await.failure();
    assert_eq!(at.cli_with(&show, "", &[]).await.json(), before);
    assert_eq!(at.count("SELECT COUNT(*) FROM secrets").await, 1);
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generic_secret_is_shown_the_way_senders_take_it() {
    let at = TestApp::start().await;
    let connection = at.standard_webhooks().await;
    let secret = connection.secret.strip_prefix("whsec_").unwrap();
    assert_eq!(secret.len(), 44);
    at.cli(["gateway", "add", "--app", UNKNOWN_APP, "--gateway", "razorpay", "--mode", "test"], "").await.failure();
    at.cli(["webhook", "show", "--app", &connection.app_id, "--gateway", "razorpay", "--mode", "test"], "").await.failure();
    at.cli(["webhook", "show", "--app", "nonsense", "--gateway", "razorpay", "--mode", "test"], "").await.failure();
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_are_empty_or_of_one_app_or_refuse_an_unknown_one() {
    let at = TestApp::start().await;
    let company = at.company("Neem Tree Retail").await;
    let one = company.app("One").await.razorpay("test").await;
    let other = company.app("Other").await.razorpay("test").await;
    for what in ["events", "transactions"] {
        let empty = at.cli([what, "export", "--jsonl"], "").await;
        assert_eq!((empty.code, empty.out.as_str(), empty.err.as_str()), (0, "", ""));
        for unknown in [UNKNOWN_APP, "nonsense", ""] {
            at.cli([what, "export", "--jsonl", "--app", unknown], "").await.failure();
        }
    }
    for (connection, payment) in [(&one, "pay_1"), (&other, "pay_2"), (&one, "pay_3")] {
        connection.post(bodies::payment("payment.captured", payment, 0)).stored().await;
    }
    for what in ["events", "transactions"] {
        let of_one = lines(&at.cli([what, "export", "--jsonl", "--app", &one.app_id], "").await.out);
        assert_eq!(of_one.len(), 2);
        assert!(of_one.iter().all(|row| row["app"] == *one.app_id));
    }
    assert_eq!(at.transactions().await.len(), 3);
}
