//! Tests of the client with fixed answers to lookups, and sinks on loopback.

mod guard;
mod pool;
mod proxies;
mod requests;
mod resolver;
mod responses;
mod reuse;
mod tls;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use super::{Allowed, Client, Guard, Outcome, Own, Request, resolver::Resolver};
use crate::primitives::id::CompanyId;

/// The company that sends.
const COMPANY: CompanyId = CompanyId::least();

/// A timeout that no test waits for.
const LONG: Duration = Duration::from_mins(1);
/// A timeout that a test waits for.
const SHORT: Duration = Duration::from_millis(200);

/// The answers to lookups. A name without an answer is not found; one with `None` is never resolved.
#[derive(Clone, Default)]
pub(super) struct Names(Arc<Mutex<BTreeMap<String, Option<Vec<IpAddr>>>>>);

impl Names {
    pub(super) async fn lookup(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        let answer = self.0.lock().unwrap().get(host).cloned()?;
        let Some(addresses) = answer else { std::future::pending().await };
        Some(addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }

    fn set(&self, host: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
        self.0.lock().unwrap().insert(host.to_owned(), Some(addresses));
    }

    fn never(&self, host: &str) {
        self.0.lock().unwrap().insert(host.to_owned(), None);
    }
}

/// Returns a guard of a server that listens on a port of loopback, and its names.
fn guard_of(allowed: &[&str]) -> (Guard, Names) {
    let names = Names::default();
    let own = Own { listening: vec![([127, 0, 0, 1], 8080).into()], public_url: Url::parse("https://pay.example").unwrap() };
    let networks = allowed.iter().map(|network| network.parse().unwrap()).collect();
    let allowed = Allowed { networks, receivers: Vec::new() };
    (Guard::with_resolver(allowed, own, Resolver::Fixed(names.clone())), names)
}

/// Returns a client that may connect to loopback.
fn client() -> (Client, Names) {
    let (guard, names) = guard_of(&["127.0.0.0/8"]);
    (Client::new(guard), names)
}

async fn post(client: &Client, url: &str, timeout: Duration) -> Outcome {
    client.post(Request { url, company: COMPANY, headers: Vec::new(), body: Bytes::from_static(b"{}"), timeout }).await
}

/// A server that a test writes.
struct Sink {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    _task: AbortOnDropHandle<()>,
}

impl Sink {
    /// Serves each connection, numbered from 0.
    async fn start<F>(serve: impl Fn(TcpStream, usize) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, count.fetch_add(1, Ordering::SeqCst)));
            }
        });
        Self { address, accepted, _task: AbortOnDropHandle::new(task) }
    }

    /// Gives the same response to every request.
    async fn responding(response: impl Into<Vec<u8>>) -> Self {
        let response: Arc<[u8]> = response.into().into();
        Self::start(move |mut stream, _| {
            let response = Arc::clone(&response);
            async move {
                while read(&mut stream).await.is_some() {
                    stream.write_all(&response).await.unwrap();
                }
            }
        })
        .await
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// Reads a request that ends with the body `{}`; `None` at the end of the connection.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n{}") {
        match stream.read_u8().await {
            Ok(byte) => read.push(byte),
            Err(_) => return None,
        }
    }
    Some(String::from_utf8(read).unwrap())
}

/// Reads a request and writes a response, whose end is the end of the connection if it has no length.
async fn respond(stream: &mut TcpStream, response: &str) {
    read(stream).await.unwrap();
    stream.write_all(response.as_bytes()).await.unwrap();
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
