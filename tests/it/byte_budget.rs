//! Memory of pending requests: 32 KiB per head, and one budget for all heads and bodies.

use futures_util::{StreamExt as _, stream};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpSocket, TcpStream},
};

use crate::support::{Installation, TestApp, bodies, database::is_postgres, raw, webhook_request::Post};

const KIB: usize = 1024;
/// Size of a form below its own limit.
const FORM: usize = 60 * KIB;
/// Number of forms that fit in the budget of 64 MiB, and a number that exceeds it.
const FORMS_WITHIN_BUDGET: usize = 1000;
const FORMS_BEYOND_BUDGET: usize = 150;
/// Upper bound on the server's memory with the budget used up, in MB: overhead comes on top of the bytes.
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

/// Sends a sign-in form except for its end, from another address than that of the tests.
async fn unfinished_form(app: std::net::SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut stream = socket.connect(app).await.unwrap();
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: {app}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        FORM + 1
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may have dropped it already.
    let _ = stream.write_all(&vec![b'a'; FORM]).await;
    stream
}

/// Returns the status of the response received so far.
fn status(stream: &TcpStream) -> Option<u16> {
    let mut head = [0; 12];
    let read = stream.try_read(&mut head).ok()?;
    std::str::from_utf8(&head[..read]).ok()?.get(9..12)?.parse().ok()
}

/// Returns the peak memory of a process, in MB.
fn most_memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

/// Uses up the budget from one address while a genuine body is being sent from another. Returns `None` if a deadline passed
/// first, as happens on a busy machine.
async fn use_up(address: std::net::SocketAddr, post: &Post) -> Option<Vec<u16>> {
    let mut forms = Vec::new();
    for _ in 0..FORMS_WITHIN_BUDGET {
        forms.push(unfinished_form(address).await);
    }
    let mut genuine = post.begin(&[("connection", "close")]).await;
    let (first, second) = post.bytes().split_at(post.bytes().len() / 2);
    genuine.write_all(first).await.unwrap();
    for _ in 0..FORMS_BEYOND_BUDGET {
        forms.push(unfinished_form(address).await);
    }
    let _ = genuine.write_all(second).await;
    let genuine = raw::read_to_end(&mut genuine).await.status();
    // On a busy machine, storing it can take longer than its deadline: 503.
    assert!(matches!(genuine, 200 | 408 | 503), "{genuine}");
    let statuses: Vec<u16> = forms.iter().filter_map(status).collect();
    (genuine == 200 && statuses.contains(&503)).then_some(statuses)
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn when_the_budget_is_used_up_the_address_that_holds_most_gives_way_and_no_other() {
    // Starting it raises the descriptor limit of this process as well.
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
    assert!(statuses.len() < FORMS_WITHIN_BUDGET, "the others go on");
    let memory = most_memory(process.id());
    assert!(memory < MEMORY, "{memory} MB");
    assert_eq!(at.events().await.len(), 1);
}

/// Pending bodies of 1 MiB: three times the budget.
const WAITING: usize = 200;
/// Bodies sent concurrently: few enough that the incomplete ones stay within the budget.
const CONCURRENT_REQUESTS: usize = 4;
/// Upper bound on the server's memory while they wait, in MB.
const MEMORY_WAITING: usize = 220;

/// Sends a complete request of 1 MiB to an unknown endpoint, from another address than that of the tests.
async fn wait_unverified(address: std::net::SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    // With a small send buffer the request is nearly read once it is written.
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
    let waiting = stream::iter(0..WAITING).map(|_| wait_unverified(address)).buffer_unordered(CONCURRENT_REQUESTS);
    let streams: Vec<TcpStream> = waiting.collect().await;
    let memory = most_memory(process.id());
    lock.release().await;
    let mut statuses = Vec::new();
    for mut stream in streams {
        let answer = raw::read_to_end(&mut stream).await;
        // A connection that is rejected while sending may be reset before its response is read.
        statuses.extend((!answer.0.is_empty()).then(|| answer.status()));
    }
    assert!(memory < MEMORY_WAITING, "{memory} MB");
    assert!(statuses.contains(&503) && statuses.iter().all(|status| matches!(status, 401 | 408 | 503)), "{statuses:?}");
    genuine.stored().await;
}
