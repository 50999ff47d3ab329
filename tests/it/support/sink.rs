//! A merchant's own system: receives what is sent to it, records it, and responds as the test says.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

/// A request as received.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// Returns the value of a header, which occurs once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found =
            self.head.lines().filter_map(|line| line.split_once(": ")).filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value);
        assert!(found.next().is_none(), "{name} occurs once: {}", self.head);
        value
    }
}

/// How it responds.
#[derive(Debug, Clone)]
pub(crate) enum Response {
    /// Status, further headers with line ends, and body.
    Complete(u16, &'static str, &'static str),
    /// None: the connection stays open.
    Silence,
    /// 200 once there is a permit, which it takes.
    Held(Arc<Semaphore>),
}

#[derive(Default)]
struct Shared {
    received: Vec<Received>,
    next: VecDeque<Response>,
    usual: Option<Response>,
    connections: usize,
}

/// A receiver on this machine; it ends with the test.
#[derive(Clone)]
pub(crate) struct Sink {
    pub(crate) url: String,
    shared: Arc<Mutex<Shared>>,
}

impl Sink {
    /// Starts one that responds with 200.
    pub(crate) async fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into()).await
    }

    /// The same at this address.
    pub(crate) async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let sink = Self { url: format!("http://{}/hook", listener.local_addr().unwrap()), shared: Arc::default() };
        let serving = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.shared.lock().unwrap().connections += 1;
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        sink
    }

    async fn serve(self, mut stream: TcpStream) {
        while let Some(received) = read(&mut stream).await {
            let response = {
                let mut shared = self.shared.lock().unwrap();
                shared.received.push(received);
                shared.next.pop_front().or_else(|| shared.usual.clone()).unwrap_or(Response::Complete(200, "", "ok"))
            };
            let (status, headers, body) = match response {
                Response::Complete(status, headers, body) => (status, headers, body),
                Response::Silence => return std::future::pending().await,
                Response::Held(permits) => {
                    permits.acquire().await.unwrap().forget();
                    (200, "", "")
                }
            };
            let text = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len());
            if stream.write_all(text.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    /// Responds to the next requests in this way, one each.
    pub(crate) fn next(&self, responses: impl IntoIterator<Item = Response>) {
        self.shared.lock().unwrap().next.extend(responses);
    }

    /// Responds to every other request in this way.
    pub(crate) fn usually(&self, response: Response) {
        self.shared.lock().unwrap().usual = Some(response);
    }

    /// Returns the requests, oldest first.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.lock().unwrap().received.clone()
    }

    /// Returns how many connections were opened.
    pub(crate) fn connections(&self) -> usize {
        self.shared.lock().unwrap().connections
    }
}

/// Reads a request with `Content-Length`; `None` at the end of the connection.
async fn read(stream: &mut TcpStream) -> Option<Received> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let found = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            let length: usize = found.map_or(0, |text| text.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(Received { head, body: bytes[end + 4..end + 4 + length].to_vec() });
            }
        }
        match stream.read(&mut chunk).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}
