//! What is read of a response.

use tokio::{io::AsyncWriteExt as _, sync::mpsc};

use super::{
    super::{Failure, MAX_RESPONSE_BYTES, Response},
    LONG, OK, SHORT, Sink, client, post, read, respond,
};

/// Returns the response of a server that writes these bytes and stays silent.
async fn after(response: &'static str) -> Result<Response, Failure> {
    let sink = Sink::responding(response).await;
    post(&client().0, &sink.url(), SHORT).await.result
}

/// Returns the response of a server that writes these bytes and closes the connection.
async fn before_the_end(response: &'static str) -> Result<Response, Failure> {
    let sink = Sink::start(move |mut stream, _| async move { respond(&mut stream, response).await }).await;
    post(&client().0, &sink.url(), LONG).await.result
}

fn response(status: u16, body: &'static str, is_body_cut: bool) -> Response {
    Response { status, retry_after: None, body: body.into(), is_body_cut }
}

#[tokio::test]
async fn a_whole_response_is_returned_whatever_its_status_and_framing() {
    assert_eq!(after(OK).await, Ok(response(200, "ok", false)));
    assert_eq!(after("HTTP/1.1 204 No Content\r\n\r\n").await, Ok(response(204, "", false)));
    assert_eq!(after("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n").await, Ok(response(500, "", false)));
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n";
    assert_eq!(after(chunked).await, Ok(response(200, "ok", false)));
    assert_eq!(before_the_end("HTTP/1.0 200 OK\r\n\r\nok").await, Ok(response(200, "ok", false)));
    assert_eq!(before_the_end("HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n").await, Ok(response(101, "", false)));
}

#[tokio::test]
async fn informational_responses_are_skipped() {
    let early =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    assert_eq!(after(early).await, Ok(response(200, "ok", false)));
    assert_eq!(after("HTTP/1.1 100 Continue\r\n\r\n").await, Err(Failure::ResponseSlow));
}

#[tokio::test]
async fn endless_informational_responses_end_the_request() {
    let sink = Sink::start(|mut stream, _| async move {
        read(&mut stream).await.unwrap();
        while stream.write_all(b"HTTP/1.1 103 Early\r\n\r\n").await.is_ok() {}
    })
    .await;
    assert_eq!(post(&client().0, &sink.url(), LONG).await.result, Err(Failure::HeadTooLarge));
}

#[tokio::test]
async fn a_server_that_never_responds_ends_with_the_timeout() {
    assert_eq!(after("").await, Err(Failure::ResponseSlow));
    assert_eq!(after("H").await, Err(Failure::ResponseSlow));
    assert_eq!(after("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n").await, Err(Failure::ResponseSlow));
}

#[tokio::test]
async fn a_slow_or_broken_body_leaves_the_status_and_what_was_read() {
    assert_eq!(after("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\no").await, Ok(response(200, "o", true)));
    assert_eq!(after("HTTP/1.1 503 Oh\r\ncontent-length: 9\r\n\r\n").await, Ok(response(503, "", true)));
    assert_eq!(before_the_end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\no").await, Ok(response(200, "o", true)));
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\nno length\r\n";
    assert_eq!(after(chunked).await, Ok(response(200, "ok", true)));
}

#[tokio::test]
async fn a_body_is_read_to_its_maximum_and_the_connection_is_closed() {
    let (closed, mut is_closed) = mpsc::unbounded_channel();
    let sink = Sink::start(move |mut stream, _| {
        let closed = closed.clone();
        async move {
            read(&mut stream).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n").await.unwrap();
            let mut written = 0;
            while written < 100_000_000 && stream.write_all(&[b'x'; 1000]).await.is_ok() {
                written += 1000;
            }
            closed.send(written).unwrap();
        }
    })
    .await;
    let response = post(&client().0, &sink.url(), LONG).await.result.unwrap();
    assert_eq!((response.status, response.body.len(), response.is_body_cut), (200, MAX_RESPONSE_BYTES, true));
    assert!(is_closed.recv().await.unwrap() < 100_000_000);
}

#[tokio::test]
async fn a_body_of_exactly_the_maximum_is_whole() {
    let body = "x".repeat(MAX_RESPONSE_BYTES);
    let sink = Sink::responding(format!("HTTP/1.1 200 OK\r\ncontent-length: {MAX_RESPONSE_BYTES}\r\n\r\n{body}")).await;
    let response = post(&client().0, &sink.url(), LONG).await.result.unwrap();
    assert_eq!((response.body.len(), response.is_body_cut), (MAX_RESPONSE_BYTES, false));
    let sink = Sink::responding(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}y", MAX_RESPONSE_BYTES + 1)).await;
    let response = post(&client().0, &sink.url(), LONG).await.result.unwrap();
    assert_eq!((response.body.len(), response.is_body_cut), (MAX_RESPONSE_BYTES, true));
}

#[tokio::test]
async fn a_compressed_body_is_returned_as_it_is() {
    let zipped = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\u{1f}abc";
    assert_eq!(after(zipped).await, Ok(response(200, "\u{1f}abc", false)));
}

#[tokio::test]
async fn the_head_of_a_response_is_limited() {
    let endless = Sink::start(|mut stream, _| async move {
        read(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
        while stream.write_all(b"x: y\r\n").await.is_ok() {}
    })
    .await;
    assert_eq!(post(&client().0, &endless.url(), LONG).await.result, Err(Failure::HeadTooLarge));
    let line = Sink::start(|mut stream, _| async move {
        read(&mut stream).await.unwrap();
        while stream.write_all(&[b'H'; 1000]).await.is_ok() {}
    })
    .await;
    let failure = post(&client().0, &line.url(), LONG).await.result.unwrap_err();
    assert!(matches!(failure, Failure::HeadTooLarge | Failure::NotHttp), "{failure:?}");
    for (count, length, expected) in [
        (100, 1, Ok(204)),
        (101, 1, Err(Failure::HeadTooLarge)),
        (1, 32_000, Ok(204)),
        (1, 33_000, Err(Failure::HeadTooLarge)),
        (50, 2_000, Err(Failure::HeadTooLarge)),
    ] {
        let headers = format!("x: {}\r\n", "y".repeat(length)).repeat(count);
        let sink = Sink::responding(format!("HTTP/1.1 204 No Content\r\n{headers}\r\n")).await;
        let result = post(&client().0, &sink.url(), LONG).await.result;
        assert_eq!(result.map(|response| response.status), expected, "{count} {length}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_told_apart_from_a_closed_connection() {
    assert_eq!(after("SSH-2.0-x\r\n").await, Err(Failure::NotHttp));
    assert_eq!(after("HTTP/1.1 2xx OK\r\n\r\n").await, Err(Failure::NotHttp));
    assert_eq!(after("HTTP/1.1 200 OK\r\nno header\r\n\r\n").await, Err(Failure::NotHttp));
    assert_eq!(before_the_end("").await, Err(Failure::ConnectionClosed));
    assert_eq!(before_the_end("HTTP/1.1 200 OK\r\n").await, Err(Failure::ConnectionClosed));
}

#[tokio::test]
async fn retry_after_is_returned_if_it_may_be_one() {
    let of = async |value: &str| {
        let sink = Sink::responding(format!("HTTP/1.1 429 Slow\r\nretry-after: {value}\r\ncontent-length: 0\r\n\r\n")).await;
        post(&client().0, &sink.url(), LONG).await.result.unwrap().retry_after
    };
    for value in ["120", "Wed, 21 Oct 2026 07:28:00 GMT"] {
        assert_eq!(of(value).await.as_deref(), Some(value));
    }
    assert_eq!(of(&"1".repeat(65)).await, None);
    assert_eq!(of("\u{e9}").await, None);
}
