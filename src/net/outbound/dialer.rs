//! Opens connections to checked addresses.

use std::{io, net::SocketAddr, sync::Arc};

use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    net::TcpStream,
    sync::OnceCell,
    time::{Instant, timeout_at},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::Url;

use super::{Failure, limited::Limited};
use crate::net::tls::{self, TlsFault};

/// The maximum number of addresses of a name that are tried.
const MAX_ADDRESSES: usize = 3;

/// The TLS configuration, built on first use because this reads the system's certificates.
pub(super) struct Tls(OnceCell<Arc<ClientConfig>>);

impl Tls {
    pub(super) fn system() -> Self {
        Self(OnceCell::new())
    }

    #[cfg(test)]
    pub(super) fn fixed(config: ClientConfig) -> Self {
        Self(OnceCell::new_with(Some(Arc::new(config))))
    }

    /// Performs the handshake with the name of the URL.
    pub(super) async fn shake_hands(
        &self,
        stream: Limited<TcpStream>,
        url: &Url,
    ) -> Result<TlsStream<Limited<TcpStream>>, Failure> {
        let build = async || tls::config().await.map(Arc::new).ok_or(Failure::NoCertificates);
        let config = self.0.get_or_try_init(build).await?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Failure::Tls(TlsFault::OtherName))?;
        let shaken = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
        shaken.map_err(|error| Failure::Tls(tls::fault(&error)))
    }
}

/// Connects to the first address that accepts. The remaining time is divided equally among the addresses that are tried.
/// `tried` becomes the last address.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    deadline: Instant,
    tried: &mut Option<SocketAddr>,
) -> Result<TcpStream, Failure> {
    let mut failure = Failure::Unreachable;
    let count = addresses.len().min(MAX_ADDRESSES);
    for (address, left) in addresses.iter().zip((1..=count).rev()) {
        *tried = Some(*address);
        let now = Instant::now();
        let part = deadline.saturating_duration_since(now) / u32::try_from(left).unwrap_or(1);
        failure = match timeout_at(now + part, open(*address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => more_telling(failure, of(&error)),
            Err(_) => Failure::ConnectSlow,
        };
    }
    Err(failure)
}

#[expect(clippy::disallowed_methods, reason = "the guard has checked the address")]
async fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn of(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::ConnectionRefused,
        io::ErrorKind::TimedOut => Failure::ConnectSlow,
        _ => Failure::Unreachable,
    }
}

/// Prefers other failures to that of an address without a route, because most machines have no IPv6.
fn more_telling(before: Failure, now: Failure) -> Failure {
    if now == Failure::Unreachable { before } else { now }
}
