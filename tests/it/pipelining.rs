//! Pipelining: requests sent before the responses to earlier ones are read.

use std::time::Duration;

use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::support::{Installation, TestApp, raw};

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
    let told: Vec<&str> = text.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    let expected: Vec<&str> =
        paths.iter().chain(&["/healthz"]).map(|path| if *path == "/healthz" { "200" } else { "404" }).collect();
    assert_eq!(told, expected);
}

/// Returns the peak memory of a process, in MB.
fn most_memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

/// Writes as many of those bytes as the socket buffers accept.
async fn pour(stream: &mut TcpStream, octets: &[u8]) {
    let _ = tokio::time::timeout(Duration::from_millis(500), stream.write_all(octets)).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_no_responses_fills_no_memory() {
    let at = Installation::new().await;
    let (process, address) = at.serve_in_process(&[]);
    let ahead = get("/login", "keep-alive").repeat(3000);
    let mut streams = Vec::new();
    for _ in 0..30 {
        let mut stream = TcpStream::connect(address).await.unwrap();
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
