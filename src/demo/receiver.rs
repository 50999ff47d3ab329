//! The sample shop's own systems: one that receives every event, one that is down for the first minutes, and one whose orders automations
//! update.

use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, dev::ServerHandle, web};

/// The path of the system that works.
const ORDERS: &str = "/orders/payment-events";
/// The path of the one that is down at first.
const ACCOUNTS: &str = "/accounts/webhooks";
/// The path of the one whose orders automations update.
const SHOP: &str = "/shop/orders";
/// How long it is down.
const DOWN: Duration = Duration::from_mins(3);

/// Running receivers; they stop on drop.
pub(super) struct Receivers {
    address: std::net::SocketAddr,
    handle: ServerHandle,
}

impl Receivers {
    pub(super) async fn start() -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("The sample shop's receivers could not start: {error}.");
        let listener =
            tokio::net::TcpListener::bind("127.0.0.1:0").await.and_then(tokio::net::TcpListener::into_std).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let started = Instant::now();
        let accounts = move || {
            let is_down = started.elapsed() < DOWN;
            async move {
                if is_down {
                    HttpResponse::ServiceUnavailable().body("Down for maintenance. Back in a few minutes.")
                } else {
                    HttpResponse::Ok().body("booked")
                }
            }
        };
        let server = HttpServer::new(move || {
            App::new()
                .route(ORDERS, web::post().to(|| async { HttpResponse::Ok().body("received") }))
                .route(ACCOUNTS, web::post().to(accounts))
                .route(SHOP, web::post().to(|| async { HttpResponse::Ok().body("order updated") }))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .map_err(failed)?
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { address, handle })
    }

    pub(super) const fn address(&self) -> std::net::SocketAddr {
        self.address
    }

    pub(super) fn orders_url(&self) -> String {
        format!("http://{}{ORDERS}", self.address)
    }

    pub(super) fn shop_url(&self) -> String {
        format!("http://{}{SHOP}", self.address)
    }

    pub(super) fn accounts_url(&self) -> String {
        format!("http://{}{ACCOUNTS}", self.address)
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        tokio::spawn(self.handle.stop(false));
    }
}
