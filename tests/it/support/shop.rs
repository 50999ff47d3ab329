//! A shop with destinations: added and looked at as its owner does.

use serde_json::Value;

use super::{TestApp, bodies, browser::Browser, builders::Connection, cli::lines, eventually};

const LOOPBACK: &str = "127.0.0.0/8";

/// App with a connection, whose destinations may be on this machine, and its owner.
pub(crate) struct Shop {
    pub(crate) app: TestApp,
    pub(crate) connection: Connection,
    pub(crate) owner: Browser,
}

impl Shop {
    pub(crate) async fn start() -> Self {
        let app = TestApp::start_with(|config| config.allow_destinations = vec![LOOPBACK.parse().unwrap()]).await;
        let connection = app.razorpay().await;
        let owner = app.owner("Neem Tree Retail").await;
        Self { app, connection, owner }
    }

    pub(crate) fn list(&self) -> String {
        format!("/ks-pay/apps/{}/destinations", self.connection.app_id)
    }

    /// Adds a destination; returns the path of its page.
    pub(crate) async fn add(&self, changed: &[(&str, &str)]) -> String {
        let added = self.owner.post(&self.list(), &fields(changed)).await;
        added.location().to_owned()
    }

    pub(crate) async fn send(&self, payment: &str) {
        self.connection.post(bodies::payment("payment.captured", payment, 0)).stored().await;
    }

    pub(crate) async fn deliveries(&self) -> Vec<Value> {
        let output = self.app.cli(["deliveries", "export", "--jsonl"], "").await;
        output.assert_done();
        lines(&output.out)
    }

    /// Waits until the only delivery is as described, and returns it.
    pub(crate) async fn delivery(&self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(async || self.deliveries().await.first().is_some_and(&is_wanted)).await;
        self.deliveries().await.remove(0)
    }
}

/// The fields of the form, with some of them changed.
pub(crate) fn fields<'a>(changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let valid = [
        ("mode", "test"),
        ("name", "Shop backend"),
        ("url", "http://127.0.0.1:9/hook"),
        ("format", "passed-razorpay"),
        ("events", ""),
        ("order", "any"),
        ("concurrency", "4"),
        ("per_second", ""),
        ("timeout_seconds", "15"),
    ];
    valid
        .into_iter()
        .map(|(name, value)| changed.iter().find(|(known, _)| *known == name).copied().unwrap_or((name, value)))
        .collect()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
