//! Fake Razorpay API with configurable responses, which records its requests.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use ks_pay::server::config::Config;

/// Makes the server call Razorpay's API at that address.
pub(crate) fn set_api(config: &mut Config, url: &str) {
    config.api_addresses.insert("razorpay", url.to_owned());
}

/// Fake API; it ends with the test.
pub(crate) struct StandIn {
    pub(crate) url: String,
    answer: Arc<Mutex<(u16, &'static str)>>,
    asked: Arc<Mutex<Vec<String>>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl StandIn {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (answer, asked) = (Arc::new(Mutex::new((200, "{}"))), Arc::new(Mutex::new(Vec::new())));
        let (says, heard) = (Arc::clone(&answer), Arc::clone(&asked));
        let turn = Arc::<tokio::sync::Mutex<()>>::default();
        let waits = Arc::clone(&turn);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let length = stream.read(&mut request).await.unwrap_or_default();
                heard.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).into_owned());
                drop(waits.lock().await);
                let (status, body) = *says.lock().unwrap();
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, answer, asked, turn }
    }

    pub(crate) fn answers(&self, status: u16) {
        self.answers_with(status, "{}");
    }

    pub(crate) fn answers_with(&self, status: u16, body: &'static str) {
        *self.answer.lock().unwrap() = (status, body);
    }

    /// Holds back the responses until the guard is dropped.
    pub(crate) async fn hold(&self) -> tokio::sync::OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// Returns the heads of the requests, oldest first.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}
