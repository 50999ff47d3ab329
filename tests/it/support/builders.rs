//! Companies, apps and connections, created in the way an operator creates them.

use std::net::SocketAddr;

use ks_pay::primitives::time::Clock;
use serde_json::Value;

use super::{Installation, TestApp, browser::Browser};

pub(crate) const PASSWORD: &str = "violet tram over nine bridges";

/// Company with its owner.
pub(crate) struct Company<'a> {
    at: &'a Installation,
    name: &'static str,
}

/// App of a company.
pub(crate) struct App<'a> {
    at: &'a Installation,
    pub(crate) id: String,
}

/// Connection of an app to one gateway in one mode.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) app_id: String,
    pub(crate) id: String,
    pub(crate) gateway: &'static str,
    pub(crate) mode: &'static str,
    pub(crate) endpoint: String,
    pub(crate) url: String,
    /// Secret in the format that the merchant pastes into the gateway.
    pub(crate) secret: String,
    pub(crate) clock: Clock,
}

impl Installation {
    pub(crate) async fn company(&self, name: &'static str) -> Company<'_> {
        let email = format!("owner@{}.example", name.to_lowercase().replace(' ', "-"));
        let args = ["user", "add", "--company", name, "--email", &email, "--name", "The Owner"];
        self.cli(args, PASSWORD).await.assert_done();
        Company { at: self, name }
    }

    /// Creates a typical connection.
    pub(crate) async fn razorpay(&self) -> Connection {
        self.company("Neem Tree Retail").await.app("Neem Tree Store").await.razorpay("test").await
    }

    /// Creates a connection to the generic gateway.
    pub(crate) async fn standard_webhooks(&self) -> Connection {
        self.company("Banyan Books").await.app("Banyan Books Online").await.connect("standard-webhooks", "test").await
    }
}

impl<'a> Company<'a> {
    pub(crate) async fn app(&self, name: &str) -> App<'a> {
        let args = ["app", "add", "--company", self.name, "--name", name, "--email", "shop@example.com", "--country", "IN"];
        App { at: self.at, id: self.at.cli(args, "").await.line().to_owned() }
    }
}

impl<'a> App<'a> {
    /// Returns an app that exists.
    pub(crate) fn at(at: &'a Installation, id: &str) -> Self {
        Self { at, id: id.to_owned() }
    }

    pub(crate) async fn razorpay(&self, mode: &'static str) -> Connection {
        self.connect("razorpay", mode).await
    }

    pub(crate) async fn connect(&self, gateway: &'static str, mode: &'static str) -> Connection {
        let which = ["--app", &self.id, "--gateway", gateway, "--mode", mode, "--json"];
        let args = |verb: [&'static str; 2]| [&verb, &which[..]].concat();
        let added = self.at.cli_with(&args(["gateway", "add"]), "", &[]).await.json();
        let shown = self.at.cli_with(&args(["webhook", "show"]), "", &[]).await.json();
        assert_eq!(added["url"], shown["url"]);
        Connection {
            app_id: self.id.clone(),
            id: text(&added["connection"]),
            gateway,
            mode,
            endpoint: text(&added["endpoint"]),
            url: text(&shown["url"]),
            secret: text(&shown["secrets"][0]["secret"]),
            clock: self.at.clock.clone(),
        }
    }
}

impl Connection {
    /// Returns the same connection at another server of the installation.
    pub(crate) fn at(&self, address: SocketAddr) -> Self {
        Self { url: format!("http://{address}/webhooks/{}", self.endpoint), ..self.clone() }
    }

    /// Returns the path of a step of the set-up wizard, or of one of its actions.
    pub(crate) fn step(&self, rest: &str) -> String {
        format!("/ks-pay/apps/{}/settings/payment-gateways/{}/{}{rest}", self.app_id, self.gateway, self.mode)
    }

    /// Returns the path of the Webhook step, or of one of its actions.
    pub(crate) fn webhook_step(&self, rest: &str) -> String {
        self.step(&format!("/webhook{rest}"))
    }
}

/// Starts a server with a typical connection, and signs in its owner.
pub(crate) async fn connected() -> (TestApp, Connection, Browser) {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    (app, connection, owner)
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
