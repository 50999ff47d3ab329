//! The one HTTP client: no redirects, no proxy from the environment, a limit on time.

use std::time::Duration;

/// The longest an answer may take.
const WITHIN: Duration = Duration::from_secs(10);

/// A client.
///
/// # Errors
/// A sentence when no TLS can be had, as on a system without certificates.
pub(crate) fn client() -> Result<reqwest::Client, String> {
    // The error means that a provider was installed before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("ks-pay/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|_| "No certificates are installed on this machine: install the package ca-certificates.".to_owned())
}
