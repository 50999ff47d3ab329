//! The site map: every route of the server, and what stands around them.

use actix_web::{
    HttpResponse,
    web::{self, Data, ServiceConfig},
};

use crate::{ingestion, state::State, urls};

/// All routes.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource(urls::WEBHOOK).to(ingestion::routes::receive))
        .service(web::resource("/healthz").to(healthz))
        .service(web::resource("/readyz").to(readyz));
}

/// The process is alive.
async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// The server could store an event now.
async fn readyz(state: Data<State>) -> HttpResponse {
    match tokio::time::timeout(std::time::Duration::from_secs(4), state.db.probe()).await {
        Ok(Ok(())) => HttpResponse::Ok().content_type("text/plain").body("ready\n"),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            HttpResponse::ServiceUnavailable().content_type("text/plain").body("not ready: the database cannot store\n")
        }
        Err(_) => HttpResponse::ServiceUnavailable().content_type("text/plain").body("not ready: the database does not answer\n"),
    }
}
