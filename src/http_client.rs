//! HTTP clients: no redirects, no proxy from the environment, a limit on time.

use std::{net::SocketAddr, time::Duration};

use tokio::sync::OnceCell;

/// The longest an answer may take.
const WITHIN: Duration = Duration::from_secs(10);

/// The client that all checks of API keys share.
static SHARED: OnceCell<reqwest::Client> = OnceCell::const_new();

/// The shared client, built on first use: building one reads the system's certificates. It keeps no connection open.
///
/// # Errors
/// See [`client`]. The next call tries again.
pub(crate) async fn shared() -> Result<&'static reqwest::Client, String> {
    SHARED.get_or_try_init(|| build(reqwest::Client::builder().timeout(WITHIN).pool_max_idle_per_host(0))).await
}

/// A client of one's own, which keeps its connections open.
///
/// # Errors
/// A sentence when no TLS can be had, as on a system without certificates.
pub(crate) async fn client() -> Result<reqwest::Client, String> {
    build(reqwest::Client::builder().timeout(WITHIN)).await
}

/// A client that looks for that host at this address and nowhere else, and waits no longer.
///
/// # Errors
/// See [`client`].
pub(crate) async fn client_of(host: &str, address: SocketAddr, within: Duration) -> Result<reqwest::Client, String> {
    build(reqwest::Client::builder().timeout(within).resolve(host, address).pool_max_idle_per_host(0)).await
}

/// Makes ring the provider of TLS.
pub(crate) fn install_provider() {
    // The error means that one was installed before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Reads the system's certificates, which takes its time: not on a thread that answers requests.
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
