//! What is sent, and where to.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
};
use url::Url;

use super::{
    super::{Allowed, Client, Failure, Guard, Own, Refusal, Request, exchange},
    COMPANY, LONG, OK, SHORT, Sink, client, guard_of, post, read, respond,
};

#[tokio::test]
async fn a_request_arrives_as_it_was_given() {
    let (requests, mut arrived) = mpsc::unbounded_channel();
    let sink = Sink::start(move |mut stream, _| {
        let requests = requests.clone();
        async move {
            requests.send(read(&mut stream).await.unwrap()).unwrap();
            stream.write_all(OK.as_bytes()).await.unwrap();
        }
    })
    .await;
    let (client, names) = client();
    names.set("shop.example", &["127.0.0.1"]);
    let port = sink.address.port();
    let url = format!("http://shop.example:{port}/a b?c={{d}}#part");
    let header = |name, value| (name, HeaderValue::from_static(value));
    let headers = vec![
        header(HeaderName::from_static("webhook-id"), "ev_1"),
        header(header::HOST, "other.example"),
        header(header::CONTENT_LENGTH, "9"),
        header(header::TRANSFER_ENCODING, "chunked"),
        header(header::CONNECTION, "upgrade"),
    ];
    let outcome =
        client.post(Request { url: &url, company: COMPANY, headers, body: Bytes::from_static(b"{}"), timeout: LONG }).await;
    assert_eq!((outcome.result.unwrap().status, outcome.address), (200, Some(sink.address)));
    let arrived = arrived.recv().await.unwrap();
    let (line, headers) = arrived.split_once("\r\n").unwrap();
    assert_eq!(line, "POST /a%20b?c={d} HTTP/1.1");
    let mut headers: Vec<&str> = headers.trim_end_matches("\r\n\r\n{}").split("\r\n").collect();
    headers.sort_unstable();
    let (host, agent) = (format!("host: shop.example:{port}"), concat!("user-agent: ks-pay/", env!("CARGO_PKG_VERSION")));
    assert_eq!(headers, ["content-length: 2", &host, agent, "webhook-id: ev_1"]);
}

#[test]
fn the_host_of_an_ipv6_address_has_brackets_and_that_of_a_default_port_no_port() {
    let (guard, _) = guard_of(&["::1/128"]);
    for (url, host) in [
        ("http://[::1]:8081/", "[::1]:8081"),
        ("http://[::1]/", "[::1]"),
        ("https://shop.example:443/", "shop.example"),
        ("https://shop.example:444/", "shop.example:444"),
    ] {
        let request = Request { url, company: COMPANY, headers: Vec::new(), body: Bytes::new(), timeout: LONG };
        let message = exchange::message(&guard.parse(url).unwrap(), &request).unwrap();
        assert_eq!(message.headers()[header::HOST], host);
    }
}

#[tokio::test]
async fn a_redirect_is_a_response_and_is_not_followed() {
    let target = Sink::responding(OK).await;
    for status in [301, 302, 303, 307, 308] {
        let redirect = format!("HTTP/1.1 {status} x\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", target.url());
        let sink = Sink::responding(redirect).await;
        assert_eq!(post(&client().0, &sink.url(), LONG).await.result.unwrap().status, status);
    }
    assert_eq!(target.accepted(), 0);
}

#[tokio::test]
async fn a_refused_url_causes_no_connection() {
    let sink = Sink::responding(OK).await;
    let port = sink.address.port();
    let (client, names) = client();
    names.set("mixed.example", &["127.0.0.1", "10.0.0.1"]);
    for (url, refusal) in [
        (format!("http://mixed.example:{port}/"), Refusal::Forbidden),
        (format!("http://none.example:{port}/"), Refusal::NameNotFound),
        (format!("http://me@127.0.0.1:{port}/"), Refusal::UserInfo),
        (format!("http://[::127.0.0.1]:{port}/"), Refusal::Forbidden),
        ("http://127.0.0.1:8080/".to_owned(), Refusal::Forbidden),
    ] {
        let outcome = post(&client, &url, LONG).await;
        assert_eq!((outcome.result, outcome.address), (Err(Failure::Refused(refusal)), None), "{url}");
    }
    assert_eq!(sink.accepted(), 0);
}

#[tokio::test]
async fn a_name_that_resolves_differently_after_it_was_saved_is_refused() {
    let sink = Sink::responding(OK).await;
    let (client, names) = client();
    names.set("rebound.example", &["8.8.8.8"]);
    let url = format!("https://rebound.example:{}/", sink.address.port());
    assert!(client.guard().check(&url, COMPANY).await.is_ok());
    names.set("rebound.example", &["10.0.0.1"]);
    assert_eq!(post(&client, &url, LONG).await.result, Err(Failure::Refused(Refusal::Forbidden)));
}

#[tokio::test]
async fn the_next_address_is_tried_if_one_refuses() {
    let sink = Sink::responding(OK).await;
    let (client, names) = client();
    let url = format!("http://shop.example:{}/", sink.address.port());
    names.set("shop.example", &["127.0.0.2", "127.0.0.3", "127.0.0.1"]);
    let outcome = post(&client, &url, LONG).await;
    assert_eq!((outcome.result.unwrap().status, outcome.address), (200, Some(sink.address)));
}

#[tokio::test]
async fn at_most_three_addresses_are_tried() {
    let sink = Sink::responding(OK).await;
    let (client, names) = client();
    let url = format!("http://shop.example:{}/", sink.address.port());
    names.set("shop.example", &["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1"]);
    let outcome = post(&client, &url, LONG).await;
    assert_eq!(outcome.result, Err(Failure::ConnectionRefused));
    assert_eq!(outcome.address.unwrap().ip().to_string(), "127.0.0.4");
    assert_eq!(sink.accepted(), 0);
}

#[tokio::test]
async fn a_port_that_accepts_nothing_is_told_apart() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let outcome = post(&client().0, &format!("http://127.0.0.1:{port}/"), LONG).await;
    assert_eq!(outcome.result, Err(Failure::ConnectionRefused));
    assert_eq!(outcome.address, Some(([127, 0, 0, 1], port).into()));
}

#[tokio::test]
async fn a_name_that_is_never_resolved_ends_with_the_timeout() {
    let (client, names) = client();
    names.never("slow.example");
    let outcome = post(&client, "https://slow.example/", SHORT).await;
    assert_eq!((outcome.result, outcome.address), (Err(Failure::NameSlow), None));
    assert!(outcome.elapsed >= SHORT);
}

#[tokio::test]
async fn the_name_of_this_machine_resolves_to_an_address_that_is_refused() {
    let own = Own { listening: Vec::new(), public_url: Url::parse("https://pay.example").unwrap() };
    let client = Client::new(Guard::new(Allowed::default(), own));
    assert_eq!(client.guard().check("https://localhost/", COMPANY).await, Err(Refusal::Forbidden));
    let outcome = post(&client, "https://localhost/", LONG).await;
    assert_eq!((outcome.result, outcome.address), (Err(Failure::Refused(Refusal::Forbidden)), None));
}

#[tokio::test]
async fn no_timeout_is_too_short_or_too_long() {
    let silent = Sink::responding("").await;
    assert!(post(&client().0, &silent.url(), Duration::ZERO).await.result.is_err());
    let sink = Sink::responding(OK).await;
    assert_eq!(post(&client().0, &sink.url(), Duration::MAX).await.result.unwrap().status, 200);
}

#[tokio::test]
async fn a_request_that_is_abandoned_closes_its_connection() {
    let (closed, mut is_closed) = mpsc::unbounded_channel();
    let sink = Sink::start(move |mut stream, _| {
        let closed = closed.clone();
        async move {
            read(&mut stream).await.unwrap();
            closed.send(false).unwrap();
            closed.send(stream.read(&mut [0]).await.unwrap_or(0) == 0).unwrap();
        }
    })
    .await;
    let (client, url) = (client().0, sink.url());
    tokio::select! {
        _ = post(&client, &url, LONG) => unreachable!(),
        _ = is_closed.recv() => {}
    }
    assert_eq!(is_closed.recv().await, Some(true));
}

#[tokio::test]
async fn a_body_of_any_size_is_sent() {
    let sink = Sink::start(|mut stream, _| async move { respond(&mut stream, OK).await }).await;
    let body = [vec![b' '; 3_000_000], b"\r\n\r\n{}".to_vec()].concat();
    let request = Request { url: &sink.url(), company: COMPANY, headers: Vec::new(), body: body.into(), timeout: LONG };
    assert_eq!(client().0.post(request).await.result.unwrap().status, 200);
}

#[tokio::test]
async fn a_server_that_responds_before_it_has_read_the_request_is_not_waited_for() {
    let (closed, mut is_closed) = mpsc::unbounded_channel();
    let sink = Sink::start(move |mut stream, _| {
        let closed = closed.clone();
        async move {
            stream.read_u8().await.unwrap();
            stream.write_all(OK.as_bytes()).await.unwrap();
            // Without a reader, only the end of the connection stops this.
            while stream.write_all(b" ").await.is_ok() {
                tokio::task::yield_now().await;
            }
            closed.send(()).unwrap();
        }
    })
    .await;
    let request =
        Request { url: &sink.url(), company: COMPANY, headers: Vec::new(), body: vec![b' '; 50_000_000].into(), timeout: LONG };
    assert_eq!(client().0.post(request).await.result.unwrap().status, 200);
    assert_eq!(is_closed.recv().await, Some(()));
}
