//! TLS as a client: its configuration, and faults classified by what the operator can fix.

use std::io;

use rustls::{CertificateError, ClientConfig};
use rustls_platform_verifier::ConfigVerifierExt as _;
use serde::{Deserialize, Serialize};

use super::http_client;

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

/// Returns a configuration that verifies certificates with those of the system; `None` if there are none. Reads them on a blocking
/// thread, because that is slow.
pub(crate) async fn config() -> Option<ClientConfig> {
    http_client::install_provider();
    tokio::task::spawn_blocking(ClientConfig::with_platform_verifier).await.ok()?.ok()
}

/// Classifies the error of a handshake.
pub(crate) fn fault(error: &io::Error) -> TlsFault {
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
    fn each_fault_that_can_be_fixed_has_its_name() {
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
