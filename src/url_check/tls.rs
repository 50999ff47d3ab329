//! Classifies TLS faults by what the operator can fix.

use std::{io, sync::Arc};

use rustls::{CertificateError, ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::ConfigVerifierExt as _;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Finding;
use crate::net::http_client;

/// A TLS fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TlsFault {
    Expired,
    NotYetValid,
    OtherName,
    /// Self-signed, from an unknown authority, or sent without the intermediate certificates.
    UnknownIssuer,
    Revoked,
    OtherCertificate,
    /// No common version or cipher suite: most likely TLS 1.1 or older.
    OldVersion,
    /// The peer does not speak TLS.
    NoTls,
    /// This machine has no root certificates.
    NoRoots,
}

/// Performs a TLS handshake as a gateway would, and closes the connection.
pub(super) async fn shake_hands(stream: TcpStream, host: &str) -> Finding {
    let broken = |fault| Finding::TlsBroken { fault };
    let Some(config) = config().await else { return broken(TlsFault::NoRoots) };
    let Ok(name) = ServerName::try_from(host.to_owned()) else { return broken(TlsFault::OtherName) };
    match TlsConnector::from(Arc::new(config)).connect(name, stream).await {
        Ok(stream) => Finding::Tls { version: version(&stream) },
        Err(error) => broken(fault(&error)),
    }
}

/// Reads the system's certificates on a blocking thread, because that is slow.
async fn config() -> Option<ClientConfig> {
    http_client::install_provider();
    tokio::task::spawn_blocking(ClientConfig::with_platform_verifier).await.ok()?.ok()
}

fn version<S>(stream: &tokio_rustls::client::TlsStream<S>) -> String {
    match stream.get_ref().1.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_3) => "1.3".to_owned(),
        _ => "1.2".to_owned(),
    }
}

fn fault(error: &io::Error) -> TlsFault {
    use rustls::{AlertDescription as Alert, Error as Tls};
    match error.get_ref().and_then(|error| error.downcast_ref::<Tls>()) {
        Some(Tls::InvalidCertificate(error)) => certificate_fault(error),
        Some(Tls::AlertReceived(Alert::ProtocolVersion | Alert::HandshakeFailure) | Tls::PeerIncompatible(_)) => {
            TlsFault::OldVersion
        }
        _ => TlsFault::NoTls,
    }
}

fn certificate_fault(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsFault::NotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => TlsFault::OtherName,
        CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
        CertificateError::Revoked => TlsFault::Revoked,
        // A self-signed CA certificate has no error variant of its own, only this text.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => TlsFault::UnknownIssuer,
        _ => TlsFault::OtherCertificate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_that_can_be_mended_has_its_name() {
        let of = |error: rustls::Error| fault(&io::Error::other(error));
        let certificate = |error| of(rustls::Error::InvalidCertificate(error));
        assert_eq!(certificate(CertificateError::Expired), TlsFault::Expired);
        assert_eq!(certificate(CertificateError::NotValidYet), TlsFault::NotYetValid);
        assert_eq!(certificate(CertificateError::NotValidForName), TlsFault::OtherName);
        assert_eq!(certificate(CertificateError::UnknownIssuer), TlsFault::UnknownIssuer);
        assert_eq!(certificate(CertificateError::BadEncoding), TlsFault::OtherCertificate);
        assert_eq!(of(rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion)), TlsFault::OldVersion);
        assert_eq!(fault(&io::Error::from(io::ErrorKind::UnexpectedEof)), TlsFault::NoTls);
    }
}
