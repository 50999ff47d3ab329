//! Bare route: the cost of actix-web alone, the baseline for ingestion.

use std::net::{Ipv4Addr, TcpListener};

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::{Failure, say};

/// Serves until terminated, with as many workers as available cores, like the product.
pub(crate) fn serve() -> Result<(), Failure> {
    actix_web::rt::System::new().block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let server = HttpServer::new(|| App::new().default_service(web::post().to(answer))).listen(listener)?.run();
        say(&format!("listening on http://{address}"))?;
        Ok(server.await?)
    })
}

async fn answer(body: web::Bytes) -> HttpResponse {
    if body.is_empty() { HttpResponse::BadRequest().finish() } else { HttpResponse::Ok().finish() }
}
