//! Tests of the client against sinks on loopback.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

/// The answers to lookups. A name without an answer is not found; one with `None` is never resolved.
#[derive(Clone, Default)]
pub(super) struct Names(Arc<Mutex<BTreeMap<String, Option<Vec<IpAddr>>>>>);

impl Names {
    pub(super) async fn lookup(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        let answer = self.0.lock().unwrap().get(host).cloned()?;
        let Some(addresses) = answer else { std::future::pending().await };
        Some(addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }
}
