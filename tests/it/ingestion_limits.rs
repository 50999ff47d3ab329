//! Responses by request format: methods, invalid HTTP, encodings, sizes and slow requests.

use tokio::io::AsyncWriteExt as _;

use crate::support::{Installation, TestApp, bodies, raw, signing, webhook_request::Post};

const MIB: usize = 1024 * 1024;
/// Maximum number of bodies in flight per address.
const UNDER_WAY: usize = 256;

#[tokio::test(flavor = "multi_thread")]
async fn only_post_is_allowed_whether_the_endpoint_is_known_or_not() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let post = connection.post(bodies::payment("payment.captured", "pay_1", 0));
    for endpoint in [connection.endpoint.as_str(), "wh_AAAAAAAAAAAAAAAAAAAAAA"] {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"] {
            let request = raw::with_length(method, &format!("/webhooks/{endpoint}"), &post.headers(), post.bytes());
            let answer = raw::exchange(app.address, &request).await;
            assert_eq!(answer.status(), 405, "{method}");
            assert_eq!(answer.header("allow").as_deref(), Some("POST"), "{method}");
        }
    }
    assert!(app.events().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_answered_400_and_closed() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let path = format!("/webhooks/{}", connection.endpoint);
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n");
    for rubbish in [
        "\u{1}\u{2}\u{3}\r\n\r\n".to_owned(),
        "hello\r\n\r\n".to_owned(),
        format!("POST {path} HTTP/9.9\r\n\r\n"),
        format!("{head}Content-Length: ten\r\n\r\n"),
        format!("{head}Content-Length: -1\r\n\r\n"),
        format!("{head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        format!("{head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"),
        format!("{head}Bad Name: 1\r\n\r\n"),
        format!("{head}X: 1\r\n folded\r\n\r\n"),
    ] {
        let answer = raw::exchange(app.address, rubbish.as_bytes()).await;
        assert_eq!(answer.status(), 400, "{rubbish:?}");
    }
    assert!(app.events().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_large_is_answered_431() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let path = format!("/webhooks/{}", connection.endpoint);
    let long = raw::request("POST", &path, &[("x-long", "a".repeat(200_000))], b"");
    assert_eq!(raw::exchange(app.address, &long).await.status(), 431);
    let many: Vec<_> = (0..200).map(|_| ("x-many", "a".to_owned())).collect();
    assert_eq!(raw::exchange(app.address, &raw::request("POST", &path, &many, b"")).await.status(), 431);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoded_body_is_refused_before_anything_else_is_looked_at() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let post = connection.post(bodies::payment("payment.captured", "pay_1", 0));
    for encoding in ["gzip", "GZIP", "br", "deflate", "zstd", "identity, gzip", "x"] {
        assert_eq!(post.clone().header("content-encoding", encoding).send().await, 415, "{encoding}");
    }
    let unknown = post.clone().url(&format!("{}x", connection.url)).header("content-encoding", "gzip");
    assert_eq!(unknown.send().await, 415);
    assert!(app.events().await.is_empty());
    for encoding in ["", "identity", "Identity"] {
        post.clone().header("content-encoding", encoding).stored().await;
    }
    assert_eq!(app.events().await[0]["received_count"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mebibyte_is_taken_and_an_octet_more_is_not() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let path = format!("/webhooks/{}", connection.endpoint);
    let body = vec![b' '; MIB];
    connection.post(body.clone()).stored().await;
    assert_eq!(app.events().await[0]["body_sha256"], signing::sha256(&body));

    // Rejected by the announced length, before any of the body is sent.
    let announced = raw::request("POST", &path, &[("content-length", (MIB + 1).to_string())], b"");
    let announced = String::from_utf8(announced).unwrap().replace("Connection: close\r\n", "");
    let answer = raw::exchange(app.address, announced.as_bytes()).await;
    assert_eq!(answer.status(), 413);

    // Rejected while it is read.
    let chunk = [format!("{:x}\r\n", MIB + 1).as_bytes(), &vec![b' '; MIB + 1], b"\r\n"].concat();
    let chunked = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    let answer = raw::exchange(app.address, &[chunked.as_bytes(), &chunk].concat()).await;
    assert_eq!(answer.status(), 413);
    assert_eq!(app.events().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_or_a_chunked_body_that_never_ends_does_not_keep_the_connection() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    // Times out together with the bodies.
    let address = app.address;
    let head = tokio::spawn(async move { raw::exchange(address, b"POST /webhooks/wh_").await.status() });
    let known = format!("/webhooks/{}", connection.endpoint);
    for (method, path, encoding, status) in [
        ("POST", known.as_str(), "identity", 408),
        ("POST", known.as_str(), "gzip", 415),
        ("PUT", known.as_str(), "identity", 405),
        ("POST", "/nowhere", "identity", 404),
    ] {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Encoding: {encoding}\r\n\r\n5\r\nab"
        );
        assert_eq!(raw::exchange(app.address, request.as_bytes()).await.status(), status);
    }
    assert_eq!(head.await.unwrap(), 408);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_body_is_not_read_gets_one_response() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let body = vec![b'a'; 100 * 1024];
    for (method, path) in [("PUT", format!("/webhooks/{}", connection.endpoint)), ("POST", "/nowhere".to_owned())] {
        let unread = raw::with_length(method, &path, &[], &body);
        let unread = String::from_utf8(unread).unwrap().replace("Connection: close\r\n", "");
        let next = raw::request("GET", "/healthz", &[], b"");
        let all = raw::exchange(app.address, &[unread.as_bytes(), &next].concat()).await;
        let text = String::from_utf8_lossy(&all.0).into_owned();
        let statuses: Vec<&str> = text.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
        assert!(statuses.len() <= 2 && statuses[1..].iter().all(|status| *status == "200"), "{statuses:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_is_the_same_body() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let post = connection.post(bodies::payment("payment.captured", "pay_1", 0));
    let mut headers = post.headers();
    headers.push(("transfer-encoding", "chunked".to_owned()));
    let mut body = Vec::new();
    for piece in post.bytes().chunks(7) {
        body.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        body.extend_from_slice(piece);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"0\r\n\r\n");
    let request = raw::request("POST", &format!("/webhooks/{}", connection.endpoint), &headers, &body);
    assert_eq!(raw::exchange(app.address, &request).await.status(), 200);
    post.stored().await;
    let events = app.events().await;
    assert_eq!((events.len(), &events[0]["received_count"]), (1, &2.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_offers_websocket_with_every_request_gets_200() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    for (number, offer) in ["websocket", "WebSocket", "h2c"].into_iter().enumerate() {
        let post = connection.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0));
        let mut stream = post.begin(&[("connection", "upgrade"), ("upgrade", offer)]).await;
        stream.write_all(post.bytes()).await.unwrap();
        let answer = raw::read_to_end(&mut stream).await;
        assert_eq!(answer.status(), 200, "{offer}");
        assert_eq!(app.events().await.len(), number + 1);
    }
    let post = connection.post(Vec::new());
    let head = String::from_utf8(post.head(&[("connection", "upgrade"), ("upgrade", "websocket")])).unwrap();
    let answer = raw::exchange(app.address, head.replace("content-length: 0\r\n", "").as_bytes()).await;
    assert_eq!(answer.status(), 200, "without a length there is no body");
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_and_chunk_extensions_over_32_kib_are_answered_431() {
    let app = TestApp::start().await;
    let path = "/webhooks/wh_AAAAAAAAAAAAAAAAAAAAAA";
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (before, after) in [("2;", "\r\n{}\r\n0\r\n\r\n"), ("2\r\n{}\r\n0\r\nA: ", "\r\n\r\n")] {
        let answer = async |extra: usize| {
            let request = format!("{head}{before}{}{after}", "a".repeat(extra));
            let mut stream = raw::connect(app.address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            raw::status_line(&mut stream).await
        };
        assert_eq!(answer(31 * 1024).await, "HTTP/1.1 401 Unauthorized");
        for extra in [33 * 1024, 300 * 1024] {
            assert_eq!(answer(extra).await, "HTTP/1.1 431 Request Header Fields Too Large");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_the_last_request_of_a_connection_gets_no_response() {
    let app = TestApp::start().await;
    let last = "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    for next in [format!("GET / HTTP/1.1\r\nA: {}", "a".repeat(40 * 1024)), "GET /healthz HTTP/1.1\r\n\r\n".to_owned()] {
        let answer = raw::exchange(app.address, format!("{last}{next}").as_bytes()).await;
        let text = String::from_utf8_lossy(&answer.0);
        assert_eq!((answer.status(), text.matches("HTTP/1.1 ").count()), (404, 1), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_given_up_and_the_others_are_served() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let post = connection.post(bodies::payment("payment.captured", "pay_1", 0));
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = post.begin(&[]).await;
        stream.write_all(&post.bytes()[..10]).await.unwrap();
        slow.push(stream);
    }
    connection.post(bodies::payment("payment.captured", "pay_2", 0)).stored().await;
    for mut stream in slow {
        assert_eq!(raw::read_to_end(&mut stream).await.status(), 408);
    }
    assert_eq!(app.events().await.len(), 1);
}

/// Exceeds the limit on bodies in flight by one: the oldest must give way, and the newest must be stored. Returns false if one
/// of them reached its 3 s first, as happens on a busy machine.
async fn one_gave_way(post: &Post) -> bool {
    let mut oldest = post.begun().await;
    let mut others = Vec::new();
    for _ in 0..UNDER_WAY {
        others.push(post.begin(&[("connection", "close")]).await);
    }
    let answer = raw::read_to_end(&mut oldest).await;
    if answer.status() == 408 {
        return false;
    }
    assert_eq!((answer.status(), answer.header("retry-after").as_deref()), (503, Some("30")));
    let newest = others.last_mut().unwrap();
    // The server may have responded already.
    let _ = newest.write_all(post.bytes()).await;
    let status = raw::read_to_end(newest).await.status();
    assert!(matches!(status, 200 | 408), "{status}");
    status == 200
}

/// The server has its own process, so that both have enough descriptors.
#[tokio::test(flavor = "multi_thread")]
async fn of_too_many_bodies_of_one_address_the_oldest_gives_way() {
    let at = Installation::new().await;
    let connection = at.razorpay().await;
    let (process, address) = at.serve_in_process(&[]);
    let post = connection.at(address).post(bodies::payment("payment.captured", "pay_1", 0));
    let mut tries = 0;
    while !one_gave_way(&post).await {
        tries += 1;
        assert!(tries < 10, "no body gives way");
    }
    assert_eq!(at.events().await.len(), 1);
    assert_eq!(process.terminate().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_shorter_than_announced_is_not_stored() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let post = connection.post(bodies::payment("payment.captured", "pay_1", 0));
    let mut headers = post.headers();
    headers.push(("content-length", (post.bytes().len() + 1).to_string()));
    let request = raw::request("POST", &format!("/webhooks/{}", connection.endpoint), &headers, post.bytes());
    let mut stream = raw::connect(app.address).await.unwrap();
    stream.write_all(&request).await.unwrap();
    stream.shutdown().await.unwrap();
    raw::read_to_end(&mut stream).await;
    assert!(app.events().await.is_empty());
}
