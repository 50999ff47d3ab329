//! Signed request to an endpoint, as the gateway sends it, with every way to get it wrong.

use std::sync::LazyLock;

use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{builders::Connection, raw, signing};

/// Keeps no connection open, so that a server can stop without waiting.
#[expect(clippy::disallowed_methods, reason = "it sends to servers of the test")]
static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
    // An error means that a provider was already installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).redirect(reqwest::redirect::Policy::none()).build().unwrap()
});

/// Returns the client for everything except raw sockets.
pub(crate) fn client() -> &'static reqwest::Client {
    &CLIENT
}

/// Returns a client that uses another of this machine's own addresses.
#[expect(clippy::disallowed_methods, reason = "it sends to servers of the test")]
pub(crate) fn client_from(address: std::net::IpAddr) -> reqwest::Client {
    // Its cryptography provider is installed once for all.
    let _ = client();
    reqwest::Client::builder().no_proxy().local_address(address).pool_max_idle_per_host(0).build().unwrap()
}

/// Value of the signature header.
#[derive(Clone)]
enum Signature {
    Right,
    Absent,
    Is(String),
}

/// Request that has not been sent yet.
#[derive(Clone)]
pub(crate) struct Post {
    url: String,
    gateway: &'static str,
    secret: String,
    body: Vec<u8>,
    event_id: Option<String>,
    seconds: i64,
    is_timed: bool,
    signature: Signature,
    more: Vec<(&'static str, String)>,
}

impl Connection {
    /// Returns a signed request with its own id.
    pub(crate) fn post(&self, body: impl Into<Vec<u8>>) -> Post {
        let body = body.into();
        Post {
            url: self.url.clone(),
            gateway: self.gateway,
            secret: self.secret.clone(),
            event_id: Some(format!("evt_{}", &signing::sha256(&body)[..14])),
            body,
            seconds: self.clock.now().seconds(),
            is_timed: true,
            signature: Signature::Right,
            more: vec![("content-type", "application/json".to_owned())],
        }
    }
}

impl Post {
    pub(crate) fn event_id(mut self, id: &str) -> Self {
        self.event_id = Some(id.to_owned());
        self
    }

    pub(crate) fn without_event_id(mut self) -> Self {
        self.event_id = None;
        self
    }

    /// Signs with another secret.
    pub(crate) fn secret(mut self, secret: &str) -> Self {
        secret.clone_into(&mut self.secret);
        self
    }

    /// Sends to another URL.
    pub(crate) fn url(mut self, url: &str) -> Self {
        url.clone_into(&mut self.url);
        self
    }

    /// Signs this many seconds after now, where the time is signed.
    pub(crate) fn seconds_later(mut self, seconds: i64) -> Self {
        self.seconds += seconds;
        self
    }

    /// Omits the timestamp header, if there is one.
    pub(crate) fn without_time(mut self) -> Self {
        self.is_timed = false;
        self
    }

    pub(crate) fn unsigned(mut self) -> Self {
        self.signature = Signature::Absent;
        self
    }

    pub(crate) fn signature(mut self, signature: &str) -> Self {
        self.signature = Signature::Is(signature.to_owned());
        self
    }

    /// Sends another body than was signed.
    pub(crate) fn body_after_signing(mut self, body: &[u8]) -> Self {
        self.signature = Signature::Is(self.right_signature());
        body.clone_into(&mut self.body);
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.more.retain(|(known, _)| *known != name);
        self.more.push((name, value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.more.retain(|(known, _)| *known != name);
        self
    }

    pub(crate) fn right_signature(&self) -> String {
        if self.gateway == "razorpay" {
            return signing::razorpay(&self.secret, &self.body);
        }
        let id = self.event_id.as_deref().unwrap_or_default();
        signing::standard_webhooks(&self.secret, id, &self.seconds.to_string(), &self.body)
    }

    /// Returns every header except those of HTTP itself.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let signature = match &self.signature {
            Signature::Right => Some(self.right_signature()),
            Signature::Absent => None,
            Signature::Is(text) => Some(text.clone()),
        };
        let (id_name, signature_name) = match self.gateway {
            "razorpay" => ("x-razorpay-event-id", "x-razorpay-signature"),
            _ => ("webhook-id", "webhook-signature"),
        };
        let mut headers = self.more.clone();
        headers.extend(self.event_id.clone().map(|id| (id_name, id)));
        headers.extend(signature.map(|signature| (signature_name, signature)));
        if self.gateway != "razorpay" && self.is_timed {
            headers.push(("webhook-timestamp", self.seconds.to_string()));
        }
        headers
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// Returns the head of a keep-alive request, with additional headers.
    pub(crate) fn head(&self, more: &[(&'static str, &str)]) -> Vec<u8> {
        let mut headers = self.headers();
        headers.push(("content-length", self.body.len().to_string()));
        headers.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let request = raw::request("POST", self.parsed().path(), &headers, b"");
        String::from_utf8(request).unwrap().replace("Connection: close\r\n", "").into_bytes()
    }

    /// Opens a separate connection.
    pub(crate) async fn connect(&self) -> TcpStream {
        let url = self.parsed();
        raw::connect((url.host_str().unwrap(), url.port().unwrap())).await.unwrap()
    }

    /// Opens a connection and sends the head.
    pub(crate) async fn begin(&self, more: &[(&'static str, &str)]) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(&self.head(more)).await.unwrap();
        stream
    }

    /// Opens a connection whose head the server has read, so that it waits for the body.
    pub(crate) async fn begun(&self) -> TcpStream {
        let mut stream = self.begin(&[("expect", "100-continue")]).await;
        assert_eq!(raw::status_line(&mut stream).await, "HTTP/1.1 100 Continue");
        stream
    }

    fn parsed(&self) -> url::Url {
        self.url.parse().unwrap()
    }

    /// The same as [`Self::send`], for a task of its own.
    pub(crate) async fn sent(self) -> u16 {
        self.send().await
    }

    /// Sends the request; returns the status.
    pub(crate) async fn send(&self) -> u16 {
        self.answer().await.status().as_u16()
    }

    pub(crate) async fn answer(&self) -> reqwest::Response {
        self.attempt().await.unwrap()
    }

    /// Sends the request to a server that may be gone before it responds.
    pub(crate) async fn attempt(&self) -> reqwest::Result<reqwest::Response> {
        let mut request = CLIENT.post(&self.url).body(self.body.clone());
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        request.send().await
    }

    /// Sends the request and asserts that it was stored.
    pub(crate) async fn stored(&self) {
        let answer = self.answer().await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.bytes().await.unwrap(), "", "an answer of 200 has no body");
    }
}
