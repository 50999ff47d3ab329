//! URL check: obstacles between a gateway and the server are found, and a probe never becomes an event.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use reqwest::StatusCode;
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::support::{
    Installation, SOON, TestApp, bodies,
    browser::{Browser, Page},
    builders::Connection,
    eventually,
    proxy::{Manner, Middle},
    raw,
};

/// Header of a probe.
const HEADER: &str = "ks-pay-check";

fn webhook(connection: &Connection) -> String {
    format!("/ks-pay/apps/{}/settings/payment-gateways/{}/{}/webhook", connection.app_id, connection.gateway, connection.mode)
}

/// Runs the check, and returns the page with its report.
async fn check(owner: &Browser, connection: &Connection) -> Page {
    let page = webhook(connection);
    let answer = owner.post(&format!("{page}/check"), &[]).await;
    assert_eq!(answer.location(), format!("{page}#check"));
    owner.get(&page).await
}

/// Asserts that a line of the report has that finding, with that value.
#[track_caller]
fn finds(report: &Page, finding: &str, value: &str) {
    let lines = report.texts_of(finding);
    assert!(
        lines.iter().any(|line| line.replace('\u{a0}', " ").contains(value)),
        "{finding} {value}: {lines:?}: {}",
        report.body
    );
}

/// Starts a server whose public URL is that of a proxy that forwards everything.
async fn behind_a_proxy() -> (TestApp, Connection, Browser, Middle) {
    let middle = Middle::start().await;
    let url = format!("http://localhost:{}", middle.address.port());
    let app = TestApp::start_with(|config| config.public_url = Some(url)).await;
    middle.stands_before(app.address);
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    (app, connection, owner, middle)
}

/// Stops the server first: rejections are recorded with a delay, and on shutdown at the latest.
async fn nothing_was_ever_counted(mut app: TestApp) {
    app.stop().await;
    nothing_was_counted(&app).await;
}

async fn nothing_was_counted(app: &TestApp) {
    assert_eq!(app.count("SELECT COUNT(*) FROM events").await, 0);
    assert_eq!(app.count("SELECT CAST(SUM(version + rejected_count + verified_count) AS BIGINT) FROM activity").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_is_free_is_told_line_by_line_and_nothing_is_counted() {
    let (app, connection, owner, middle) = behind_a_proxy().await;
    assert!(owner.get(&webhook(&connection)).await.has("/webhook/check\""));
    let report = check(&owner, &connection).await;
    finds(&report, "finding-objection", "localhost");
    finds(&report, "finding-name", "127.0.0.1");
    finds(&report, "finding-port", &middle.address.port().to_string());
    finds(&report, "finding-plain", "");
    finds(&report, "finding-reached-us", "Razorpay waits 5 s");
    finds(&report, "finding-body", "");
    finds(&report, "finding-headers", "");
    nothing_was_ever_counted(app).await;
    assert_eq!(middle.passed().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standard_webhooks_url_is_checked_alike() {
    let app = TestApp::start().await;
    let connection = app.standard_webhooks().await;
    let owner = app.owner("Banyan Books").await;
    assert!(owner.get(&webhook(&connection)).await.text_of("url-objections").contains("127.0.0.1"), "before the check");
    let report = check(&owner, &connection).await;
    finds(&report, "finding-objection", "127.0.0.1");
    finds(&report, "finding-reached-us", "");
    finds(&report, "finding-headers", "");
    nothing_was_ever_counted(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_proxy_does_to_a_request_is_found() {
    let (app, connection, owner, middle) = behind_a_proxy().await;
    let rewritten: fn(_) -> _ = |(head, body): (String, Vec<u8>)| {
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        (head, value.to_string().into_bytes())
    };
    let shouted: fn(_) -> _ = |(head, mut body): (String, Vec<u8>)| {
        body[2] = b'\'';
        (head, body)
    };
    let without: fn(_) -> _ = |(head, body): (String, Vec<u8>)| {
        let kept: Vec<&str> = head.lines().filter(|line| !line.to_lowercase().starts_with("x-razorpay-signature")).collect();
        (kept.join("\r\n"), body)
    };
    for (manner, finding, value) in [
        (Manner::Pass(rewritten), "finding-body-changed", " bytes "),
        (Manner::Pass(shouted), "finding-body-changed", "as many arrived"),
        (Manner::Pass(without), "finding-headers-changed", "x-razorpay-signature"),
    ] {
        middle.does(manner);
        let report = check(&owner, &connection).await;
        finds(&report, "finding-reached-us", "");
        finds(&report, finding, value);
    }
    nothing_was_ever_counted(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_else_answers_is_never_taken_for_this_installation() {
    let (app, connection, owner, middle) = behind_a_proxy().await;
    let without: fn(_) -> _ = |(head, body): (String, Vec<u8>)| {
        let kept: Vec<&str> = head.lines().filter(|line| !line.to_lowercase().starts_with(HEADER)).collect();
        (kept.join("\r\n"), body)
    };
    for (manner, finding, value) in [
        (Manner::Answers("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), "finding-unexpected-responder", "200"),
        (Manner::Answers("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"), "finding-unexpected-responder", "404"),
        (
            Manner::Answers("HTTP/1.1 202 Accepted\r\nks-pay-check: a.1.b.c\r\ncontent-length: 0\r\n\r\n"),
            "finding-unexpected-responder",
            "202",
        ),
        (
            Manner::Answers("HTTP/1.1 301 X\r\nlocation: https://www.neemtree.example/\r\ncontent-length: 0\r\n\r\n"),
            "finding-redirect",
            "https://www.neemtree.example/",
        ),
    ] {
        middle.does(manner);
        let report = check(&owner, &connection).await;
        finds(&report, finding, value);
        assert!(report.lacks("finding-reached-us"), "{}", report.body);
    }
    // A probe that lost its header is an ordinary unsigned request: rejected and recorded.
    middle.does(Manner::Pass(without));
    finds(&check(&owner, &connection).await, "finding-unexpected-responder", "401");
    app.owner("Neem Tree Retail").await.sees_in(&webhook(&connection), "evidence-only-rejected", " 1 ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_or_a_port_that_leads_nowhere_is_told() {
    let mut app = TestApp::start_with(|config| config.public_url = Some("https://nobody.invalid".to_owned())).await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    finds(&check(&owner.elsewhere(app.address), &connection).await, "finding-name-unknown", "");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    app.restart_with(|config| config.public_url = Some(format!("http://{closed}"))).await;
    let owner = app.owner("Neem Tree Retail").await;
    let page = owner.get(&webhook(&connection)).await;
    assert!(page.lacks("finding-name-unknown"), "what was found of another URL is not shown");
    finds(&check(&owner, &connection).await, "finding-port-closed", &closed.port().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_is_given_up_and_one_checks_at_a_time_and_not_without_end() {
    let (_app, connection, owner, middle) = behind_a_proxy().await;
    middle.does(Manner::HangsUp);
    finds(&check(&owner, &connection).await, "finding-answer-broken", "");
    middle.does(Manner::Silent);
    let second = async {
        eventually(async || middle.passed().len() == 2).await;
        owner.twin().post(&format!("{}/check", webhook(&connection)), &[]).await.status
    };
    let twin = owner.twin();
    let both = async { tokio::join!(check(&twin, &connection), second) };
    let (report, second) = timeout(SOON, both).await.expect("the page comes");
    finds(&report, "finding-answer-slow", "5 s");
    assert_eq!(second, StatusCode::SEE_OTHER);
    assert_eq!(middle.passed().len(), 2, "the second one sent nothing");

    // The limit is defined in `check_limiter.rs`: here it is one every ten seconds in the long run.
    middle.does(Manner::HangsUp);
    eventually(async || {
        let before = middle.passed().len();
        owner.post(&format!("{}/check", webhook(&connection)), &[]).await.location();
        let page = owner.get(&webhook(&connection)).await;
        let is_over = page.has("flash is-warn");
        assert_eq!(is_over, middle.passed().len() == before, "nothing is sent where one has to wait, and only there");
        is_over
    })
    .await;
}

/// Returns the header's value that the console sends to its own URL.
async fn a_probe(owner: &Browser, connection: &Connection, middle: &Middle) -> (String, Vec<u8>) {
    check(owner, connection).await;
    let (head, body) = middle.passed().pop().unwrap();
    (head.lines().find_map(|line| line.strip_prefix(&format!("{HEADER}: "))).unwrap().to_owned(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_counts_for_one_endpoint_and_one_minute_and_changes_no_other_answer() {
    let (app, connection, owner, middle) = behind_a_proxy().await;
    let (probe, body) = a_probe(&owner, &connection, &middle).await;
    let post = async |to: SocketAddr, endpoint: &str, headers: &[(&str, String)]| {
        raw::exchange(to, &raw::with_length("POST", &format!("/webhooks/{endpoint}"), headers, &body)).await
    };
    let with = |value: &str| vec![(HEADER, value.to_owned())];
    let again = post(app.address, &connection.endpoint, &with(&probe)).await;
    assert_eq!((again.status(), again.body()), (202, &b""[..]));
    nothing_was_counted(&app).await;

    // Anything but a current probe of this endpoint gets the exact response of a request without the header.
    let refused = post(app.address, &connection.endpoint, &[]).await.but_date();
    let other = connection.endpoint.replace("wh_", "wx_");
    for (endpoint, value) in [(&connection.endpoint, "1.2.3"), (&connection.endpoint, &probe[1..]), (&other, &probe)] {
        assert_eq!(post(app.address, endpoint, &with(value)).await.but_date(), refused, "{value}");
    }
    app.clock.advance(Duration::from_secs(61));
    assert_eq!(post(app.address, &connection.endpoint, &with(&probe)).await.but_date(), refused, "a minute later");

    // A valid signature takes precedence: the header does not keep an event from being stored.
    let (probe, _) = a_probe(&app.owner("Neem Tree Retail").await, &connection, &middle).await;
    connection
        .at(app.address)
        .post(bodies::payment("payment.captured", "pay_Demo0000000001", 0))
        .header(HEADER, &probe)
        .stored()
        .await;
    assert_eq!(app.count("SELECT COUNT(*) FROM events").await, 1);
}

/// Certificate authority of this test, and the certificates it signs.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(certificate.der()));
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn server(&self, name: &str, until: i32) -> TlsAcceptor {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private);
        TlsAcceptor::from(Arc::new(config.unwrap()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_looked_at_as_a_gateway_does() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (known, unknown) = (Authority::new("Known"), Authority::new("Unknown"));
    let at = Installation::new().await;
    let roots = at.beside("roots.pem");
    std::fs::write(&roots, &known.pem).unwrap();
    let middle = Middle::start().await;
    let url = format!("https://localhost:{}", middle.address.port());
    let more = [("SSL_CERT_FILE", roots.to_str().unwrap()), ("KS_PAY_PUBLIC_URL", url.as_str())];
    let (process, address) = at.serve_in_process(&more);
    middle.stands_before(address);
    let connection = at.razorpay().await;
    let owner = Browser::at(address);
    owner.sign_in("owner@neem-tree-retail.example", crate::support::builders::PASSWORD, "/").await.location();
    for (acceptor, finding) in [
        (known.server("localhost", 2020), "finding-tls-broken-expired"),
        (known.server("elsewhere.example", 4000), "finding-tls-broken-other-name"),
        (unknown.server("localhost", 4000), "finding-tls-broken-unknown-issuer"),
    ] {
        middle.speaks(acceptor);
        finds(&check(&owner, &connection).await, finding, "");
    }
    middle.speaks(known.server("localhost", 4000));
    let whole = check(&owner, &connection).await;
    finds(&whole, "finding-tls", "TLS 1.3");
    finds(&whole, "finding-reached-us", "");
    finds(&whole, "finding-body", "");
    assert!(whole.lacks("finding-plain"), "{}", whole.body);
    process.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_without_tls_is_told_where_the_url_says_https() {
    let middle = Middle::start().await;
    middle.does(Manner::Blurts("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"));
    let url = format!("https://127.0.0.1:{}", middle.address.port());
    let app = TestApp::start_with(|config| config.public_url = Some(url)).await;
    let connection = app.razorpay().await;
    // The secure cookie is set even over plain http, and this visitor returns every cookie.
    let owner = app.owner("Neem Tree Retail").await;
    finds(&check(&owner, &connection).await, "finding-tls-broken-no-tls", "");
}
