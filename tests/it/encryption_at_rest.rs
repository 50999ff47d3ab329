//! No secret and no password is written outside its designated place.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::support::{Installation, bodies, browser::Browser, builders::PASSWORD, files};

/// Runs typical actions of users and gateways on the real binary with verbose logging; returns the confidential values and the
/// log.
async fn a_day(at: &Installation) -> (Vec<Vec<u8>>, String) {
    let app = at.company("Neem Tree Retail").await.app("Neem Tree Store").await;
    let (mut process, address) = at.serve_in_process(&[("RUST_LOG", "trace")]);
    let connections = [app.razorpay("test").await, app.razorpay("live").await, app.connect("standard-webhooks", "test").await];
    for connection in &connections {
        let connection = connection.at(address);
        let post = connection.post(bodies::payment("payment.captured", "pay_1", 0)).header("cookie", "ks_pay_session=hush-hush");
        let post = post.header("authorization", "Bearer hush-hush");
        post.stored().await;
        post.stored().await;
        assert_eq!(post.clone().unsigned().send().await, 401);
        assert_eq!(post.secret("c29tZWJvZHkgZWxzZSdzIHNlY3JldA==").send().await, 401);
    }
    let (own, webhook) = ("kq8Zt2mVx0Lw9Rb4-of-their-shop", "settings/payment-gateways/razorpay/test/webhook");
    let (owner, webhook) = (Browser::at(address), format!("/ks-pay/apps/{}/{webhook}", app.id));
    owner.sign_in("owner@neem-tree-retail.example", PASSWORD, "/").await.location();
    for (path, fields) in [("rotation", vec![]), ("secrets", vec![("secret", own), ("current_password", PASSWORD)])] {
        owner.post(&format!("{webhook}/{path}"), &fields).await.location();
    }
    connections[0].at(address).post(bodies::payment("payment.captured", "pay_2", 0)).secret(own).stored().await;
    at.cli(["user", "password", "--email", "owner@neem-tree-retail.example"], "eleven quiet lanterns at noon")
        .await
        .assert_done();

    let key = std::fs::read_to_string(at.data_dir().join("master.key")).unwrap();
    let mut hidden = vec![PASSWORD.into(), b"eleven quiet lanterns at noon".to_vec(), b"hush-hush".to_vec(), own.into()];
    hidden.extend([key.trim().as_bytes().to_vec(), STANDARD.decode(key.trim()).unwrap()]);
    for connection in &connections {
        let bare = connection.secret.trim_start_matches("whsec_");
        hidden.extend([bare.as_bytes().to_vec(), STANDARD.decode(bare).unwrap()]);
    }
    for (path, content) in files(&at.data_dir()) {
        assert_hidden(&hidden, &path.display().to_string(), &content);
    }
    process.signal("TERM");
    process.line("data directory");
    (hidden, process.end().err)
}

fn assert_hidden(hidden: &[Vec<u8>], place: &str, content: &[u8]) {
    if place.ends_with("master.key") {
        return;
    }
    for value in hidden {
        let is_there = content.windows(value.len()).any(|window| window == value.as_slice());
        assert!(!is_there, "{} is in {place}", String::from_utf8_lossy(value));
    }
}

/// On PostgreSQL the directory contains the key only; the log is checked as well.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_a_file_or_in_the_log() {
    let at = Installation::new().await;
    let (hidden, log) = a_day(&at).await;
    assert!(log.lines().count() > 20, "a log was kept: {log}");
    assert_hidden(&hidden, "the log", log.as_bytes());
    let after = files(&at.data_dir());
    for (path, content) in &after {
        assert_hidden(&hidden, &path.display().to_string(), content);
    }
    let is_seen = after.iter().any(|(_, content)| content.windows(5).any(|window| window == b"pay_1"));
    assert!(is_seen != crate::support::database::is_postgres(), "what is not hidden is found");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_two_connections_share_an_endpoint_or_a_secret() {
    let at = Installation::new().await;
    let company = at.company("Neem Tree Retail").await;
    let mut seen = std::collections::HashSet::new();
    for number in 0..20 {
        let app = company.app(&format!("Store {number}")).await;
        for mode in ["test", "live"] {
            let connection = app.razorpay(mode).await;
            assert!(seen.insert(connection.endpoint.clone()) && seen.insert(connection.secret.clone()));
            let of_url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            assert!(connection.endpoint.bytes().all(of_url) && connection.secret.bytes().all(of_url));
        }
    }
}
