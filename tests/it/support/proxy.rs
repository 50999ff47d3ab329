//! Proxy between a gateway and the console, which forwards requests, changes them, or responds itself.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::raw;

/// Forwarded request: its head and its body.
pub(crate) type Passing = (String, Vec<u8>);

/// Behaviour of the proxy.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// Forwards the request with this change.
    Pass(fn(Passing) -> Passing),
    /// Responds with these bytes.
    Answers(&'static str),
    /// Responds with these bytes before it has read a request.
    Blurts(&'static str),
    /// Sends nothing and keeps the connection open.
    Silent,
    HangsUp,
}

/// Proxy; it ends with the test.
pub(crate) struct Middle {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    manner: Mutex<Manner>,
    behind: Mutex<Option<SocketAddr>>,
    passed: Mutex<Vec<Passing>>,
    tls: Mutex<Option<TlsAcceptor>>,
}

impl Middle {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            manner: Mutex::new(Manner::Pass(|passing| passing)),
            behind: Mutex::default(),
            passed: Mutex::default(),
            tls: Mutex::default(),
        });
        let serving = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&serving);
                let tls = inner.tls.lock().unwrap().clone();
                tokio::spawn(async move {
                    match tls {
                        None => inner.serve(stream).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                inner.serve(stream).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, inner }
    }

    /// Forwards to this server.
    pub(crate) fn stands_before(&self, address: SocketAddr) {
        *self.inner.behind.lock().unwrap() = Some(address);
    }

    pub(crate) fn does(&self, manner: Manner) {
        *self.inner.manner.lock().unwrap() = manner;
    }

    /// Uses TLS from now on.
    pub(crate) fn speaks(&self, tls: TlsAcceptor) {
        *self.inner.tls.lock().unwrap() = Some(tls);
    }

    /// Returns the received requests, oldest first.
    pub(crate) fn passed(&self) -> Vec<Passing> {
        self.inner.passed.lock().unwrap().clone()
    }
}

impl Inner {
    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let manner = *self.manner.lock().unwrap();
        if let Manner::Blurts(bytes) = manner {
            let _ = stream.write_all(bytes.as_bytes()).await;
            return;
        }
        let Some(request) = read(&mut stream).await else { return };
        self.passed.lock().unwrap().push(request.clone());
        match manner {
            Manner::Answers(bytes) => drop(stream.write_all(bytes.as_bytes()).await),
            Manner::Silent => std::future::pending().await,
            Manner::HangsUp | Manner::Blurts(_) => {}
            Manner::Pass(change) => {
                let (head, body) = change(request);
                let lines = head.lines().filter(|line| !line.to_lowercase().starts_with("content-length"));
                let head = lines.collect::<Vec<_>>().join("\r\n");
                let request = format!("{head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
                let behind = self.behind.lock().unwrap().unwrap();
                let answer = raw::exchange(behind, &[request.as_bytes(), &body].concat()).await;
                let _ = stream.write_all(&answer.0).await;
            }
        }
        let _ = stream.shutdown().await;
    }
}

/// Reads one request with a `Content-Length`; `None` if there is none.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Passing> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let whole = end + 4 + length.unwrap_or(0_usize);
            if bytes.len() >= whole {
                return Some((head, bytes[end + 4..whole].to_vec()));
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
