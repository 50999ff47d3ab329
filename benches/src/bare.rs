//! The bare route: what actix-web does when there is nothing to do. It is what ingestion is measured against.

use std::net::{Ipv4Addr, TcpListener};

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::{Failure, say};

/// Serves until it is told to end. As many workers as it may use cores, which is what the product has.
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
