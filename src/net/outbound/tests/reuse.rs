//! When a connection is used again, and when a request is repeated.

use tokio::io::AsyncWriteExt as _;

use super::{
    super::{Failure, Refusal},
    LONG, OK, Sink, client, post, read, respond,
};

#[tokio::test]
async fn a_connection_is_used_for_the_next_request_to_the_same_host() {
    let sink = Sink::responding(OK).await;
    let (client, names) = client();
    for _ in 0..3 {
        let outcome = post(&client.clone(), &sink.url(), LONG).await;
        assert_eq!((outcome.result.unwrap().body, outcome.address), ("ok".into(), Some(sink.address)));
    }
    assert_eq!(sink.accepted(), 1);
    names.set("shop.example", &["127.0.0.1"]);
    post(&client, &format!("http://shop.example:{}/", sink.address.port()), LONG).await.result.unwrap();
    assert_eq!(sink.accepted(), 2, "another name has another connection");
}

#[tokio::test]
async fn a_name_that_resolves_differently_does_not_move_an_open_connection() {
    let sink = Sink::responding(OK).await;
    let (client, names) = client();
    let url = format!("http://shop.example:{}/", sink.address.port());
    names.set("shop.example", &["127.0.0.1"]);
    post(&client, &url, LONG).await.result.unwrap();
    names.set("shop.example", &["10.0.0.1"]);
    let outcome = post(&client, &url, LONG).await;
    assert_eq!((outcome.result.unwrap().status, outcome.address), (200, Some(sink.address)));
    let (other, names) = super::client();
    names.set("shop.example", &["10.0.0.1"]);
    assert_eq!(post(&other, &url, LONG).await.result, Err(Failure::Refused(Refusal::Forbidden)));
}

#[tokio::test]
async fn a_connection_that_was_closed_in_the_meantime_is_replaced() {
    // The first connection is closed after the second request on it was read, and before any response.
    let sink = Sink::start(|mut stream, number| async move {
        respond(&mut stream, OK).await;
        read(&mut stream).await;
        if number > 0 {
            stream.write_all(OK.as_bytes()).await.unwrap();
            read(&mut stream).await;
        }
    })
    .await;
    let client = client().0;
    for accepted in [1, 2, 2] {
        assert_eq!(post(&client, &sink.url(), LONG).await.result.unwrap().status, 200);
        assert_eq!(sink.accepted(), accepted);
    }
}

#[tokio::test]
async fn a_request_is_not_repeated_on_a_new_connection_nor_after_a_response() {
    let sink = Sink::start(|mut stream, _| async move { drop(read(&mut stream).await) }).await;
    assert_eq!(post(&client().0, &sink.url(), LONG).await.result, Err(Failure::ConnectionClosed));
    assert_eq!(sink.accepted(), 1);
    let sink = Sink::start(|mut stream, _| async move {
        respond(&mut stream, OK).await;
        respond(&mut stream, "no response\r\n\r\n").await;
    })
    .await;
    let client = client().0;
    assert_eq!(post(&client, &sink.url(), LONG).await.result.unwrap().status, 200);
    assert_eq!(post(&client, &sink.url(), LONG).await.result, Err(Failure::NotHttp));
    assert_eq!(sink.accepted(), 1);
}

#[tokio::test]
async fn a_connection_is_used_again_only_after_a_whole_response() {
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 30000\r\n\r\n{}", "x".repeat(30_000));
    for response in ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok", long.as_str()] {
        let sink = Sink::responding(response).await;
        let client = client().0;
        for accepted in [1, 2] {
            assert_eq!(post(&client, &sink.url(), LONG).await.result.unwrap().status, 200);
            assert_eq!(sink.accepted(), accepted);
        }
    }
}

#[tokio::test]
async fn bytes_after_a_response_are_not_read_as_the_next_one() {
    let sink = Sink::start(|mut stream, number| async move {
        if number == 0 {
            respond(&mut stream, "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 299 Forged\r\ncontent-length: 0\r\n\r\n").await;
            read(&mut stream).await;
        } else {
            respond(&mut stream, OK).await;
        }
    })
    .await;
    let client = client().0;
    assert_eq!(post(&client, &sink.url(), LONG).await.result.unwrap().status, 204);
    assert_eq!(post(&client, &sink.url(), LONG).await.result.unwrap().status, 200);
}
