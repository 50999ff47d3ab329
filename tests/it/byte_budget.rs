//! What requests without a response may take: a head 32 KiB, and all heads and bodies together one budget.

use futures_util::{StreamExt as _, stream};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpSocket, TcpStream},
};

use crate::support::{Installation, TestApp, bodies, database::is_postgres, raw, webhook_request::Post};

const KIB: usize = 1024;
/// What a form may have and stays below its own limit.
const FORM: usize = 60 * KIB;
/// Forms that stay within the budget of 64 MiB, and more of them that do not.
const WITHIN: usize = 1000;
const BEYOND: usize = 150;
/// What the server may have in memory with the budget used up, in MB: it holds more than the bytes alone.
const MEMORY: usize = 300;

#[tokio::test(flavor = "multi_thread")]
async fn a_head_over_32_kib_is_answered_431_and_a_shorter_one_is_taken() {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let post = connection.post(bodies::payment("payment.captured", "pay_1", 0));
    let size = |post: &Post| post.head(&[]).len();
    let longest = post.clone().header("x-long", &"a".repeat(32 * KIB - size(&post.clone().header("x-long", ""))));
    assert_eq!(size(&longest), 32 * KIB);
    let answer = async |request: &Post| {
        let mut stream = request.connect().await;
        stream.write_all(&[&request.head(&[("connection", "close")])[..], request.bytes()].concat()).await.unwrap();
        raw::read_to_end(&mut stream).await
    };
    let closing = "connection: close\r\n".len();
    let fits = post.clone().header("x-long", &"a".repeat(32 * KIB - size(&post.clone().header("x-long", "")) - closing));
    assert_eq!(answer(&fits).await.status(), 200);
    for more in [1, KIB, 300 * KIB] {
        let long = post.clone().header("x-long", &"a".repeat(32 * KIB + more));
        let answer = answer(&long).await;
        assert_eq!((answer.status(), answer.header("connection").as_deref()), (431, Some("close")), "{more} more");
    }
    assert_eq!(app.events().await.len(), 1);
}

/// A form to be signed in with, all but its end, from another address than the tests have.
async fn unfinished_form(app: std::net::SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut stream = socket.connect(app).await.unwrap();
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: {app}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        FORM + 1
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may have given it up already.
    let _ = stream.write_all(&vec![b'a'; FORM]).await;
    stream
}

/// The status of what has been answered so far.
fn status(stream: &TcpStream) -> Option<u16> {
    let mut head = [0; 12];
    let read = stream.try_read(&mut head).ok()?;
    std::str::from_utf8(&head[..read]).ok()?.get(9..12)?.parse().ok()
}

/// What a process has ever had in memory, in MB.
fn most_memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

/// Uses the budget up from one address while a genuine body is on its way from another. Nothing when a deadline passed before
/// that, as happens on a machine that is busy with something else.
async fn use_up(address: std::net::SocketAddr, post: &Post) -> Option<Vec<u16>> {
    let mut forms = Vec::new();
    for _ in 0..WITHIN {
        forms.push(unfinished_form(address).await);
    }
    let mut genuine = post.begin(&[("connection", "close")]).await;
    let (first, second) = post.bytes().split_at(post.bytes().len() / 2);
    genuine.write_all(first).await.unwrap();
    for _ in 0..BEYOND {
        forms.push(unfinished_form(address).await);
    }
    let _ = genuine.write_all(second).await;
    let genuine = raw::read_to_end(&mut genuine).await.status();
    assert!(matches!(genuine, 200 | 408), "{genuine}");
    let statuses: Vec<u16> = forms.iter().filter_map(status).collect();
    (genuine == 200 && statuses.contains(&503)).then_some(statuses)
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn when_the_budget_is_used_up_the_address_that_holds_most_gives_way_and_no_other() {
    // Its start takes as many descriptors as there may be, for this process as well.
    let _descriptors = TestApp::start().await;
    let at = Installation::new().await;
    let connection = at.razorpay().await;
    let (process, address) = at.serve_in_process(&[]);
    let mut body = bodies::payment("payment.captured", "pay_1", 0);
    body.resize(200 * KIB, b' ');
    let post = connection.at(address).post(body);
    let mut tries = 0;
    let statuses = loop {
        if let Some(statuses) = use_up(address, &post).await {
            break statuses;
        }
        tries += 1;
        assert!(tries < 10, "no form gives way");
    };
    assert!(statuses.iter().all(|status| matches!(status, 503 | 400)), "{statuses:?}");
    assert!(statuses.len() < WITHIN, "the others go on");
    let memory = most_memory(process.id());
    assert!(memory < MEMORY, "{memory} MB");
    assert_eq!(at.events().await.len(), 1);
}

/// Bodies of 1 MiB that wait: three times the budget.
const WAITING: usize = 200;
/// So few are sent concurrently: those that are not complete yet stay within the budget.
const SENT_AT_ONCE: usize = 4;
/// What the server may have in memory while they wait, in MB.
const MEMORY_WAITING: usize = 220;

/// Complete requests of 1 MiB at an unknown endpoint, from another address than the tests have.
async fn wait_unverified(address: std::net::SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    // So that it is nearly read once it is written.
    socket.set_send_buffer_size(16 * 1024).unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let signature = ("x-razorpay-signature", "00".repeat(32));
    let request = raw::with_length("POST", "/webhooks/wh_AAAAAAAAAAAAAAAAAAAAAA", &[signature], &vec![b' '; KIB * KIB]);
    // The server may have rejected it already.
    let _ = stream.write_all(&request).await;
    stream
}

/// On SQLite a reading never waits for anyone; `pipelining.rs` shows the same of a single request.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn complete_requests_that_wait_for_a_reading_of_the_endpoints_are_within_the_budget() {
    if !is_postgres() {
        return;
    }
    let _descriptors = TestApp::start().await;
    let at = Installation::new().await;
    let connection = at.razorpay().await;
    let (process, address) = at.serve_in_process(&[]);
    let genuine = connection.at(address).post(bodies::payment("payment.captured", "pay_1", 0));
    genuine.stored().await;
    let lock = at.lock_secrets().await;
    at.sql("UPDATE apps SET is_enabled = FALSE").await;
    at.sql("UPDATE apps SET is_enabled = TRUE").await;
    let waiting = stream::iter(0..WAITING).map(|_| wait_unverified(address)).buffer_unordered(SENT_AT_ONCE);
    let streams: Vec<TcpStream> = waiting.collect().await;
    let memory = most_memory(process.id());
    lock.release().await;
    let mut statuses = Vec::new();
    for mut stream in streams {
        let answer = raw::read_to_end(&mut stream).await;
        // A connection that is rejected while it sends may be reset before its answer is read.
        statuses.extend((!answer.0.is_empty()).then(|| answer.status()));
    }
    assert!(memory < MEMORY_WAITING, "{memory} MB");
    assert!(statuses.contains(&503) && statuses.iter().all(|status| matches!(status, 401 | 408 | 503)), "{statuses:?}");
    genuine.stored().await;
}
