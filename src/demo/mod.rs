//! `ks-pay demo`: the complete product with simulated data, without any set-up.
//!
//! Live payments are signed and posted to the same route that a gateway uses. The history takes the same path through
//! ingestion, with past times. Only company, apps and connections are inserted directly.

mod api;
mod receiver;
mod refunds;
mod schedule;
mod seed;
mod simulator;

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use ipnet::{IpNet, Ipv4Net};
use seed::TrafficProfile;

use crate::{
    db::Location,
    gateways::razorpay,
    notifications::mailbox::Mailbox,
    primitives::{base62, time::Clock},
    server::{
        Server, Signals,
        bootstrap::ServerLock,
        config::{Config, KeySource},
    },
};

/// Recreated at each start.
const DIRECTORY: &str = "./data-demo";
/// Marker file of a directory created by the demo, which may be removed.
const MARKER: &str = "made-by-ks-pay-demo";
/// Email of the demo user.
pub(crate) const EMAIL: &str = "owner@demo.example";

/// What destinations may use of a demo that only this machine reaches.
const LOOPBACK: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8));

/// A running demo.
pub(crate) struct Demo {
    pub(crate) server: Server,
    pub(crate) password: String,
    api: api::FakeApi,
    receivers: receiver::Receivers,
    gateway: simulator::Simulation,
}

impl Demo {
    /// Runs until a shutdown signal arrives.
    pub(crate) async fn run(self, signals: Signals) -> Result<(), String> {
        let result = self.server.run(signals).await;
        drop((self.api, self.receivers, self.gateway));
        result
    }
}

/// Starts the demo on the configured address.
///
/// # Errors
/// A sentence that states the problem and what to do.
pub(crate) async fn start(mut config: Config) -> Result<Demo, String> {
    let directory = Path::new(DIRECTORY);
    config.database = Location::Sqlite(directory.join("ks-pay.db"));
    config.master_key = KeySource::File(directory.join("master.key"));
    config.data_dir = directory.into();
    clear(directory, &config)?;
    let api = api::FakeApi::start().await?;
    config.api_addresses.insert(razorpay::GATEWAY.slug(), api.url());
    let receivers = receiver::Receivers::start().await?;
    let is_private = is_private(&config);
    (config.allow_destinations, config.allow_receivers) = opened(is_private, receivers.address());
    let clock = Clock::system();
    // The mailbox has links that set passwords, and needs no sign-in.
    let mailbox = is_private.then(|| Mailbox::new(&clock));
    let server = Server::start_with(config, clock, mailbox).await?;
    // A digest or an alert of a part of the history would contradict the pages.
    server.hold_jobs(true);
    let password = base62::random(16);
    let failed = |error| format!("The demo could not be set up: {error}.");
    let shops = seed::seed(server.state(), &password).await.map_err(failed)?;
    let busy = shops.iter().find(|shop| shop.profile == TrafficProfile::Busy).map(|shop| (shop.app.clone(), shop.connection));
    api.open(&server.state().db, &format!("http://{}", server.address()), &shops).await?;
    let gateway = simulator::run(server.state(), &format!("http://{}", server.address()), shops).await?;
    // After the history, which is not sent.
    if let Some((app, connection)) = busy {
        let urls = [receivers.orders_url(), receivers.accounts_url(), receivers.shop_url()];
        let shop = seed::add_destinations(server.state(), (&app, connection), urls).await.map_err(failed)?;
        seed::add_automations(server.state(), &app, (shop, is_private)).await.map_err(failed)?;
    }
    server.hold_jobs(false);
    Ok(Demo { server, password, api, receivers, gateway })
}

/// True if only programs of this machine reach the demo: it listens on loopback, and nothing says that a proxy passes requests on.
fn is_private(config: &Config) -> bool {
    config.listen.ip().to_canonical().is_loopback() && config.public_url.is_none() && config.trusted_proxies.is_empty()
}

/// Returns what destinations may use outside public space. A demo that others can reach sends to nothing but its own receivers.
fn opened(is_private: bool, receivers: SocketAddr) -> (Vec<IpNet>, Vec<SocketAddr>) {
    if is_private { (vec![LOOPBACK], Vec::new()) } else { (Vec::new(), vec![receivers]) }
}

/// Removes the previous demo directory; fails if the directory was not created by the demo.
fn clear(directory: &Path, config: &Config) -> Result<(), String> {
    let failed = |error: io::Error| format!("{DIRECTORY} cannot be made anew: {error}. Remove it, or run the demo elsewhere.");
    if directory.is_symlink() {
        return Err(format!("{DIRECTORY} is a link to elsewhere. Move it away, or run the demo elsewhere."));
    }
    if directory.exists() {
        let is_empty = fs::read_dir(directory).map_err(failed)?.next().is_none();
        if !is_empty && !directory.join(MARKER).exists() {
            return Err(format!("{DIRECTORY} is there and was not made by the demo. Move it away, or run the demo elsewhere."));
        }
        drop(ServerLock::take(config)?);
        fs::remove_dir_all(directory).map_err(failed)?;
    }
    drop(ServerLock::take(config)?);
    fs::write(directory.join(MARKER), "This directory is removed at the next start of the demo.\n").map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::config::Options;

    #[test]
    fn a_demo_that_others_reach_opens_its_receivers_alone() {
        let receivers = SocketAddr::from(([127, 0, 0, 1], 9000));
        let config = |variable: &'static str, value: &'static str| {
            let options = Options::default();
            Config::read(&options, &move |name| (name == variable).then(|| value.to_owned())).unwrap()
        };
        for local in ["127.0.0.1:8080", "[::1]:8080", "[::ffff:127.0.0.1]:8080"] {
            let is_private = is_private(&config("KS_PAY_LISTEN", local));
            assert_eq!(opened(is_private, receivers), (vec![LOOPBACK], Vec::new()), "{local}");
        }
        for (variable, value) in [
            ("KS_PAY_LISTEN", "0.0.0.0:8080"),
            ("KS_PAY_LISTEN", "[::]:8080"),
            ("KS_PAY_LISTEN", "192.168.1.7:80"),
            ("KS_PAY_LISTEN", "8.8.8.8:443"),
            ("KS_PAY_PUBLIC_URL", "https://demo.example.com"),
            ("KS_PAY_TRUSTED_PROXIES", "127.0.0.1/32"),
        ] {
            let is_private = is_private(&config(variable, value));
            assert_eq!(opened(is_private, receivers), (Vec::new(), vec![receivers]), "{variable}={value}");
        }
    }
}
