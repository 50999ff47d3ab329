//! Email addresses: one account for each mailbox, however its domain is written, and only addresses that a browser accepts.

use reqwest::StatusCode;

use crate::support::{TestApp, builders::PASSWORD};

const UNICODE: &str = "ram@दुकान.भारत";
/// What a browser's email field sends for it.
const ASCII: &str = "ram@xn--11b7ah1gn.xn--h2brj9c";
/// Browsers refuse it in an email field.
const HINDI_BEFORE_AT: &str = "मालिक@neemtree.example";

fn add(email: &str) -> [&str; 8] {
    ["user", "add", "--company", "Neem Tree Retail", "--email", email, "--name", "Ram"]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_in_hindi_is_one_address_at_the_command_line_and_in_the_browser() {
    let app = TestApp::start().await;
    app.cli(add(UNICODE), PASSWORD).await.assert_done();
    let again = [&add(ASCII)[..], &["--role", "owner"]].concat();
    let again = app.cli_with(&again, PASSWORD, &[]).await;
    assert!(again.failure().contains("email address already exists"), "{}", again.err);
    assert_eq!(app.texts("SELECT email FROM users").await, [ASCII]);
    for email in [ASCII, UNICODE, "Ram@दुकान.भारत"] {
        assert_eq!(app.visitor().sign_in(email, PASSWORD, "/").await.location(), "/", "{email}");
        app.cli(["user", "password", "--email", email], PASSWORD).await.assert_done();
    }

    let owner = app.visitor();
    owner.sign_in(ASCII, PASSWORD, "/").await.location();
    let shop = [("name", "Neem Tree Store"), ("email", UNICODE), ("country", "IN")];
    owner.post("/ks-pay/apps", &shop).await.location();
    assert_eq!(app.texts("SELECT email FROM apps").await, [ASCII]);
    for search in ["", "?q=%E0%A4%A6%E0%A5%81%E0%A4%95%E0%A4%BE%E0%A4%A8", "?q=xn--11b7ah1gn"] {
        let list = owner.get(&format!("/ks-pay{search}")).await;
        let shown = list.body.replace("<wbr>", "");
        assert!(shown.contains(UNICODE) && !shown.contains(ASCII), "{search}: {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_would_refuse_is_refused_everywhere_with_its_reason() {
    let app = TestApp::start().await;
    let refused = app.cli(add(HINDI_BEFORE_AT), PASSWORD).await;
    assert!(refused.failure().contains("--email may have only English letters"), "{}", refused.err);
    let visitor = app.visitor();
    let csrf = visitor.open_setup(&app.setup_link().unwrap()).await.field("csrf_token").unwrap();
    let fields = |email| {
        [
            ("csrf_token", csrf.as_str()),
            ("company", "Neem Tree Retail"),
            ("name", "Ram"),
            ("email", email),
            ("password", PASSWORD),
        ]
    };
    let page = visitor.post_exactly("/setup", &fields(HINDI_BEFORE_AT)).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text_of("email-error").contains('@'), "{}", page.body);
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 0);
    assert_eq!(visitor.post_exactly("/setup", &fields(UNICODE)).await.location(), "/");
    assert_eq!(app.visitor().sign_in(ASCII, PASSWORD, "/").await.location(), "/");
    app.cli(["user", "password", "--email", UNICODE], PASSWORD).await.assert_done();
}
