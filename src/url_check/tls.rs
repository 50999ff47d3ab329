//! The TLS step of a probe.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Finding;
use crate::net::tls::{self, TlsFault};

/// Performs a TLS handshake as a gateway would, and closes the connection.
pub(super) async fn shake_hands(stream: TcpStream, host: &str) -> Finding {
    let broken = |fault| Finding::TlsBroken { fault };
    let Some(config) = tls::config().await else { return broken(TlsFault::NoRoots) };
    let Ok(name) = ServerName::try_from(host.to_owned()) else { return broken(TlsFault::OtherName) };
    match TlsConnector::from(Arc::new(config)).connect(name, stream).await {
        Ok(stream) => Finding::Tls { version: version(&stream) },
        Err(error) => broken(tls::fault(&error)),
    }
}

fn version<S>(stream: &tokio_rustls::client::TlsStream<S>) -> String {
    match stream.get_ref().1.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "1.3".to_owned(),
        _ => "1.2".to_owned(),
    }
}
