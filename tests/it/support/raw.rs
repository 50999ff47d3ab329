//! Raw bytes on a socket: requests that no client library would send.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, ToSocketAddrs},
    time::timeout,
};

/// Timeout, only to keep a failing test from hanging.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Everything received until the server closed the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawResponse(pub(crate) Vec<u8>);

/// Opens a connection to a server of the test.
#[expect(clippy::disallowed_methods, reason = "the address is that of a server of the test")]
pub(crate) async fn connect(to: impl ToSocketAddrs) -> io::Result<TcpStream> {
    TcpStream::connect(to).await
}

/// Sends all of it and reads until the server closes.
pub(crate) async fn exchange(to: SocketAddr, request: &[u8]) -> RawResponse {
    let mut stream = connect(to).await.unwrap();
    // A server may respond and close before it has read everything.
    let _ = stream.write_all(request).await;
    read_to_end(&mut stream).await
}

/// Reads until the server closes the connection, or resets it because of unread data.
pub(crate) async fn read_to_end(stream: &mut TcpStream) -> RawResponse {
    let mut bytes = Vec::new();
    let reading = async { while stream.read_buf(&mut bytes).await.is_ok_and(|count| count > 0) {} };
    timeout(READ_TIMEOUT, reading).await.expect("the server closes the connection");
    RawResponse(bytes)
}

/// Reads one head; returns its first line.
pub(crate) async fn status_line(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(stream.read_u8().await.unwrap());
        }
    };
    timeout(READ_TIMEOUT, reading).await.expect("an answer");
    String::from_utf8(bytes).unwrap().lines().next().unwrap().to_owned()
}

/// True if a server on this machine has read everything that was sent: nothing is left in the buffers of either socket.
#[cfg(target_os = "linux")]
pub(crate) fn is_read(stream: &TcpStream) -> bool {
    let [own, other] = [stream.local_addr(), stream.peer_addr()].map(|address| format!(":{:04X}", address.unwrap().port()));
    // In the order in which bytes pass: what has left the one buffer is then found in the other.
    [(&own, &other, 0), (&other, &own, 1)].into_iter().all(|(local, remote, queue)| {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let mut sockets = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let socket = sockets.find(|fields| fields[1].ends_with(local) && fields[2].ends_with(remote));
        socket.unwrap()[4].split(':').nth(queue) == Some("00000000")
    })
}

/// Returns a request with exactly these headers, `Host`, and `Connection: close`.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, String)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in headers {
        head = head + name + ": " + value + "\r\n";
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// Returns the same request with the correct `Content-Length`.
pub(crate) fn with_length(method: &str, path: &str, headers: &[(&str, String)], body: &[u8]) -> Vec<u8> {
    let mut headers = headers.to_vec();
    headers.push(("content-length", body.len().to_string()));
    request(method, path, &headers, body)
}

impl RawResponse {
    pub(crate) fn status(&self) -> u16 {
        let head = self.head();
        head.split(' ').nth(1).unwrap_or_else(|| panic!("an answer: {head:?}")).parse().unwrap()
    }

    fn head(&self) -> String {
        String::from_utf8_lossy(&self.0[..self.split()]).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.head().lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    pub(crate) fn body(&self) -> &[u8] {
        self.0.get(self.split() + 4..).unwrap_or_default()
    }

    /// Returns every byte except the value of `Date`.
    pub(crate) fn but_date(&self) -> String {
        let text = String::from_utf8_lossy(&self.0);
        text.split("\r\n")
            .map(|line| if line.to_lowercase().starts_with("date:") { "date:" } else { line })
            .collect::<Vec<_>>()
            .join("\r\n")
    }

    fn split(&self) -> usize {
        self.0.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(self.0.len())
    }
}
