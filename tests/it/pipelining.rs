//! Pipelining: requests sent before the responses to earlier ones are read.

use std::time::Duration;

use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::support::{Installation, TestApp, bodies, raw, webhook_request::Post};

fn get(path: &str, connection: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_answered_in_its_turn() {
    let app = TestApp::start().await;
    let paths: Vec<&str> = (0..200).map(|number| if number % 3 == 0 { "/nowhere" } else { "/healthz" }).collect();
    let ahead: String = paths.iter().map(|path| get(path, "keep-alive")).collect();
    let all = raw::exchange(app.address, (ahead + &get("/healthz", "close")).as_bytes()).await;
    let text = String::from_utf8_lossy(&all.0);
    let output: Vec<&str> = text.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    let expected: Vec<&str> =
        paths.iter().chain(&["/healthz"]).map(|path| if *path == "/healthz" { "200" } else { "404" }).collect();
    assert_eq!(output, expected);
}

/// The request with a chunked body.
fn chunked(post: &Post) -> Vec<u8> {
    let head = String::from_utf8(post.head(&[])).unwrap();
    let length = format!("content-length: {}\r\n", post.bytes().len());
    assert!(head.contains(&length));
    let chunks =
        post.bytes().chunks(100).flat_map(|chunk| [format!("{:x};a=b\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    let head = head.replace(&length, "transfer-encoding: chunked\r\n").into_bytes();
    head.into_iter().chain(chunks).chain(*b"0\r\nA: b\r\n\r\n").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_sent_ahead_in_any_pieces_are_each_stored() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let mut ahead = Vec::new();
    for number in 0..12 {
        let post = connection.post(bodies::payment("payment.captured", &format!("pay_{number}"), 0));
        ahead.extend(match number % 4 {
            0 => [post.head(&[]), post.bytes().to_vec()].concat(),
            1 => chunked(&post),
            2 => [post.head(&[("expect", "100-continue")]), post.bytes().to_vec()].concat(),
            _ => {
                let head = String::from_utf8(post.head(&[])).unwrap().replace("\r\n", "\n");
                [head.as_bytes(), post.bytes()].concat()
            }
        });
        ahead.extend(get("/healthz", "keep-alive").into_bytes());
    }
    ahead.extend(get("/healthz", "close").into_bytes());
    for piece in [1, 7, 997, 4096, ahead.len()] {
        let mut stream = raw::connect(app.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        for part in ahead.chunks(piece) {
            stream.write_all(part).await.unwrap();
        }
        let answer = raw::read_to_end(&mut stream).await;
        let text = String::from_utf8_lossy(&answer.0).replace("HTTP/1.1 100 Continue\r\n\r\n", "");
        assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 25, "{piece}: {text}");
    }
    assert_eq!(app.events().await.len(), 12);
}

/// What a process has ever had in memory, in MB.
fn most_memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

/// Writes as many of those bytes as the socket buffers accept.
async fn pour(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = tokio::time::timeout(Duration::from_millis(500), stream.write_all(bytes)).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_no_responses_fills_no_memory() {
    let at = Installation::new().await;
    let (process, address) = at.serve_in_process(&[]);
    let ahead = get("/login", "keep-alive").repeat(3000);
    let mut streams = Vec::new();
    for _ in 0..30 {
        let mut stream = raw::connect(address).await.unwrap();
        pour(&mut stream, ahead.as_bytes()).await;
        streams.push(stream);
    }
    // Another client still receives responses, and meanwhile all of these have had their turn.
    for _ in 0..20 {
        assert_eq!(raw::exchange(address, &raw::request("GET", "/login", &[], b"")).await.status(), 200);
    }
    let memory = most_memory(process.id());
    assert!(memory < 150, "{memory} MB");
    drop(streams);
}
