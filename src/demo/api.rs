//! A fake of Razorpay's API. It accepts every key pair, except those whose Key Secret contains `wrong`.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, http::header, web};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A running fake API; stops on drop.
pub(super) struct FakeApi {
    address: std::net::SocketAddr,
    handle: ServerHandle,
}

impl FakeApi {
    pub(super) async fn start() -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("The stand-in for Razorpay could not start: {error}.");
        let listener =
            tokio::net::TcpListener::bind("127.0.0.1:0").await.and_then(tokio::net::TcpListener::into_std).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let server = HttpServer::new(|| App::new().route("/v1/payments", web::get().to(payments)))
            .workers(1)
            .disable_signals()
            .listen(listener)
            .map_err(failed)?
            .run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { address, handle })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for FakeApi {
    fn drop(&mut self) {
        tokio::spawn(self.handle.stop(false));
    }
}

async fn payments(request: HttpRequest) -> HttpResponse {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let pair = header.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    let pair = String::from_utf8_lossy(&pair).into_owned();
    match pair.split_once(':') {
        Some((key_id, secret)) if key_id.starts_with("rzp_") && !secret.contains("wrong") => {
            HttpResponse::Ok().json(serde_json::json!({ "entity": "collection", "count": 0, "items": [] }))
        }
        _ => HttpResponse::Unauthorized()
            .json(serde_json::json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": "Authentication failed" } })),
    }
}
