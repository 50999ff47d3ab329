//! The addresses of KS Pay and of the local server.
//!
//! Invariants: the token is sent over https, or to this machine. Events are sent to this machine, unless another one is allowed. The name
//! of this machine is resolved once, all of its addresses must be loopback, and connections are opened only to these.

use std::{net::SocketAddr, time::Duration};

use url::{Host, Url};

use crate::{cli::Failure, net::http_client};

/// The timeout of a request to KS Pay, which waits for events up to 20 s before it responds.
const CONSOLE_TIMEOUT: Duration = Duration::from_mins(1);
/// The timeout of a request to the local server.
pub(super) const LOCAL_TIMEOUT: Duration = Duration::from_secs(30);

/// A URL with the client that may send requests to it.
pub(super) struct Endpoint {
    pub(super) url: Url,
    pub(super) client: reqwest::Client,
}

/// Returns the endpoint that KS Pay serves events at.
pub(super) async fn console(text: &str) -> Result<Endpoint, Failure> {
    let url = parse("--url", text)?;
    let url = url.join(crate::urls::LISTEN).map_err(|_| malformed("--url"))?;
    if url.scheme() == "https" {
        return Ok(Endpoint { url, client: http_client::client_at("", &[], CONSOLE_TIMEOUT).await? });
    }
    let Some(addresses) = loopback(&url).await? else {
        return Err(Failure::Failed("--url must start with https, because over http others could read the token.".to_owned()));
    };
    let client = http_client::client_at(url.host_str().unwrap_or_default(), &addresses, CONSOLE_TIMEOUT).await?;
    Ok(Endpoint { url, client })
}

/// Returns the endpoint of the local server.
pub(super) async fn local(text: &str, allow_remote: bool) -> Result<Endpoint, Failure> {
    let url = parse("--forward-to", text)?;
    let addresses = if allow_remote { Vec::new() } else { loopback(&url).await?.ok_or_else(remote)? };
    let client = http_client::client_at(url.host_str().unwrap_or_default(), &addresses, LOCAL_TIMEOUT).await?;
    Ok(Endpoint { url, client })
}

fn remote() -> Failure {
    Failure::Failed(
        "--forward-to is not an address of this machine, such as http://localhost:3000/webhooks. Events contain personal data of \
         customers; --allow-remote sends them to another machine."
            .to_owned(),
    )
}

fn parse(option: &str, text: &str) -> Result<Url, Failure> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or_else(|| malformed(option))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::Usage(format!("{option} must not contain a user name or a password.")));
    }
    Ok(url)
}

fn malformed(option: &str) -> Failure {
    Failure::Usage(format!("{option} must be a complete http or https URL, such as https://pay.example.com."))
}

/// Returns the addresses of the host if all are loopback; `None` if one is not, or there are none.
async fn loopback(url: &Url) -> Result<Option<Vec<SocketAddr>>, Failure> {
    let port = url.port_or_known_default().unwrap_or(80);
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
        Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
        Some(Host::Domain(name)) => match tokio::net::lookup_host((name, port)).await {
            Ok(found) => found.collect(),
            Err(_) => return Err(Failure::Failed(format!("The host name {name} was not found. Check its spelling."))),
        },
        None => Vec::new(),
    };
    let is_local = !addresses.is_empty() && addresses.iter().all(|address| address.ip().to_canonical().is_loopback());
    Ok(is_local.then_some(addresses))
}
