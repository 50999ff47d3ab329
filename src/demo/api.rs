//! A fake of Razorpay's API. It accepts every key pair, except those whose Key Secret contains `wrong`, and refunds the demo's payments.

use std::sync::Arc;

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::{StatusCode, header},
    web::{self, Bytes, Data, Path},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    refunds::{Refunds, Rejected},
    seed::SeededConnection,
};
use crate::{db::Db, primitives::time::Clock};

/// A running fake API; stops on drop.
pub(super) struct FakeApi {
    address: std::net::SocketAddr,
    handle: ServerHandle,
    refunds: Arc<Refunds>,
}

impl FakeApi {
    pub(super) async fn start() -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("The stand-in for Razorpay could not start: {error}.");
        let listener =
            tokio::net::TcpListener::bind("127.0.0.1:0").await.and_then(tokio::net::TcpListener::into_std).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let refunds = Arc::<Refunds>::default();
        let shared = Data::from(Arc::clone(&refunds));
        let app = move || {
            App::new()
                .app_data(shared.clone())
                .route("/v1/payments", web::get().to(payments))
                .route("/v1/payments/{id}", web::get().to(payment))
                .route("/v1/payments/{id}/refunds", web::get().to(list_refunds))
                .route("/v1/orders/{id}", web::get().to(order))
                .route("/v1/orders/{id}/payments", web::get().to(list_of_order))
                .route("/v1/payments/{id}/refund", web::post().to(create_refund))
        };
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).map_err(failed)?.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { address, handle, refunds })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes the payments of these connections known to the API.
    pub(super) async fn open(&self, db: &Db, base: &str, shops: &[SeededConnection]) -> Result<(), String> {
        self.refunds.open(db, base, shops).await
    }
}

impl Drop for FakeApi {
    fn drop(&mut self) {
        tokio::spawn(self.handle.stop(false));
    }
}

/// Returns an error as Razorpay does.
fn error(status: StatusCode, description: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": description } }))
}

/// Answers a request whose keys are accepted.
fn answer(result: Result<Value, Rejected>) -> HttpResponse {
    match result {
        Ok(value) => HttpResponse::Ok().json(value),
        Err(Rejected(description)) => error(StatusCode::BAD_REQUEST, description),
    }
}

fn has_keys(request: &HttpRequest) -> bool {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let pair = header.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    let pair = String::from_utf8_lossy(&pair).into_owned();
    pair.split_once(':').is_some_and(|(key_id, secret)| key_id.starts_with("rzp_") && !secret.contains("wrong"))
}

fn unauthorized() -> HttpResponse {
    error(StatusCode::UNAUTHORIZED, "Authentication failed")
}

fn collection(items: &[Value]) -> Value {
    json!({ "entity": "collection", "count": items.len(), "items": items })
}

async fn payments(request: HttpRequest) -> HttpResponse {
    if has_keys(&request) { answer(Ok(collection(&[]))) } else { unauthorized() }
}

async fn payment(request: HttpRequest, id: Path<String>, refunds: Data<Refunds>) -> HttpResponse {
    if has_keys(&request) { answer(refunds.payment(&id).await) } else { unauthorized() }
}

async fn list_refunds(request: HttpRequest, id: Path<String>, refunds: Data<Refunds>) -> HttpResponse {
    if has_keys(&request) { answer(refunds.list(&id).await.map(|items| collection(&items))) } else { unauthorized() }
}

async fn order(request: HttpRequest, id: Path<String>, refunds: Data<Refunds>) -> HttpResponse {
    if has_keys(&request) { answer(refunds.order(&id).await) } else { unauthorized() }
}

async fn list_of_order(request: HttpRequest, id: Path<String>, refunds: Data<Refunds>) -> HttpResponse {
    if has_keys(&request) { answer(refunds.list_of_order(&id).await.map(|items| collection(&items))) } else { unauthorized() }
}

async fn create_refund(request: HttpRequest, id: Path<String>, body: Bytes, refunds: Data<Refunds>) -> HttpResponse {
    if !has_keys(&request) {
        return unauthorized();
    }
    let key = request.headers().get("x-refund-idempotency").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let order: Value = serde_json::from_slice(&body).unwrap_or_default();
    answer(refunds.create(&id, key, &order, &Clock::system()).await)
}
