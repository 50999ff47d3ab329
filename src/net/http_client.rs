//! HTTP clients for addresses that the operator sets: no redirects, no proxy from the environment, and a timeout. Requests whose
//! address a user chooses are those of `net::outbound`.

use std::{net::SocketAddr, time::Duration};

use tokio::sync::OnceCell;

/// The default timeout of a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The client shared by all checks of API keys.
static SHARED: OnceCell<reqwest::Client> = OnceCell::const_new();

/// Returns the shared client, built on first use because that reads the system's certificates. It keeps no idle connections.
///
/// # Errors
/// See [`client`]. The next call tries again.
pub(crate) async fn shared() -> Result<&'static reqwest::Client, String> {
    SHARED.get_or_try_init(|| build(builder().timeout(REQUEST_TIMEOUT).pool_max_idle_per_host(0))).await
}

/// Returns a separate client, which keeps its connections open.
///
/// # Errors
/// Returns a sentence if TLS is unavailable, as on a system without certificates.
pub(crate) async fn client() -> Result<reqwest::Client, String> {
    build(builder().timeout(REQUEST_TIMEOUT)).await
}

/// Returns a client that resolves `host` to `address`, with `within` as its timeout.
///
/// # Errors
/// See [`client`].
pub(crate) async fn client_of(host: &str, address: SocketAddr, within: Duration) -> Result<reqwest::Client, String> {
    build(builder().timeout(within).resolve(host, address).pool_max_idle_per_host(0)).await
}

/// Returns a client that resolves `host` to these addresses, or as the system does if there are none, with `within` as its timeout.
///
/// # Errors
/// See [`client`].
pub(crate) async fn client_at(host: &str, addresses: &[SocketAddr], within: Duration) -> Result<reqwest::Client, String> {
    let builder = builder().timeout(within).pool_max_idle_per_host(0);
    build(if addresses.is_empty() { builder } else { builder.resolve_to_addrs(host, addresses) }).await
}

/// Installs ring as the provider of cryptography for TLS.
pub(crate) fn install_provider() {
    // The error means that one is already installed, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[expect(clippy::disallowed_methods, reason = "every client is built here")]
fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
}

/// Reads the system's certificates on a blocking thread, because that is slow.
async fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, String> {
    install_provider();
    let builder =
        builder.redirect(reqwest::redirect::Policy::none()).no_proxy().user_agent(concat!("ks-pay/", env!("CARGO_PKG_VERSION")));
    let built = tokio::task::spawn_blocking(move || builder.build()).await;
    built
        .ok()
        .and_then(Result::ok)
        .ok_or_else(|| "No certificates are installed on this machine: install the package ca-certificates.".to_owned())
}
