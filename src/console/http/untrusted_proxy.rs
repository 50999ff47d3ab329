//! Detects a proxy that is not trusted although requests pass through it, since its visitors would share one sign-in limit.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::Duration,
};

use actix_web::{HttpRequest, web::Data};

use crate::{
    console::http::state::State,
    db::{Db, DbError, Exec},
    net::client_ip::{FORWARDED_FOR, TrustedProxies, peer},
    primitives::time::Timestamp,
    settings_store,
};

/// Settings key of the last untrusted proxy.
const UNTRUSTED_PROXY_SETTING: &str = "untrusted_proxy";
/// Minimum interval between updates of the stored untrusted proxy.
const STORE_EVERY: Duration = Duration::from_hours(24);
/// How long an untrusted proxy is reported after it was last seen.
const REPORTED_FOR: Duration = Duration::from_hours(30 * 24);

/// Detects an untrusted proxy: logs it once per process and stores it once a day.
#[derive(Default)]
pub(crate) struct UntrustedProxy {
    is_logged: AtomicBool,
    /// When it was stored, in Unix milliseconds; zero if never.
    stored_at: AtomicI64,
}

impl UntrustedProxy {
    /// Logs and stores an untrusted private or loopback peer that sends `X-Forwarded-For`: all its visitors share one
    /// address, so one of them can use up the sign-in limit of all.
    pub(crate) fn notice(&self, request: &HttpRequest, state: &Data<State>) {
        if !request.headers().contains_key(FORWARDED_FOR) {
            return;
        }
        let (now, stored) = (state.clock.now(), self.stored_at.load(Ordering::Relaxed));
        if stored != 0 && now < Timestamp::from_millis(stored).plus(STORE_EVERY) {
            return;
        }
        let peer = peer(request);
        let is_trusted = state.settings.trusted_proxies.contains(peer);
        let is_mine = || self.stored_at.compare_exchange(stored, now.millis(), Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_trusted || !is_private(peer) || !is_mine() {
            return;
        }
        if !self.is_logged.swap(true, Ordering::Relaxed) {
            tracing::warn!(%peer, "requests carry X-Forwarded-For from an address that is not in KS_PAY_TRUSTED_PROXIES: all visitors behind it share one sign-in limit. Add the proxy's address there");
        }
        let state = Data::clone(state);
        tokio::spawn(async move {
            if let Err(error) = store_untrusted(&state.db, peer, now).await {
                // The next such request retries.
                state.untrusted_proxy.stored_at.store(0, Ordering::Relaxed);
                tracing::warn!(target: crate::telemetry::OUTSIDE, %error, "the untrusted proxy could not be stored for ks-pay doctor");
            }
        });
    }
}

async fn store_untrusted(db: &Db, peer: IpAddr, now: Timestamp) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    settings_store::set(&mut tx, UNTRUSTED_PROXY_SETTING, format!("{peer} {}", now.millis()).as_bytes()).await?;
    tx.commit().await
}

/// Returns the untrusted proxy detected last, and when; `None` if it has been trusted since or the report has expired.
pub(crate) async fn find(
    on: impl Into<Exec<'_>>,
    trusted: &TrustedProxies,
    now: Timestamp,
) -> Result<Option<(IpAddr, Timestamp)>, DbError> {
    let stored = settings_store::find(on, UNTRUSTED_PROXY_SETTING).await?;
    let noticed = stored.as_deref().and_then(noticed);
    Ok(noticed.filter(|(peer, at)| now.since(*at) <= REPORTED_FOR && !trusted.contains(*peer)))
}

/// Parses a stored proxy. A value without a time, as stored by earlier versions, is ignored, since it may be outdated.
fn noticed(stored: &[u8]) -> Option<(IpAddr, Timestamp)> {
    let (peer, at) = std::str::from_utf8(stored).ok()?.split_once(' ')?;
    Some((peer.parse().ok()?, Timestamp::from_millis(at.parse().ok()?)))
}

/// True for the addresses of a local proxy: loopback, private, link-local, and shared address space (RFC 6598).
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_proxy_is_read_with_its_time_and_not_without() {
        let peer = IpAddr::from([10, 0, 0, 1]);
        assert_eq!(noticed(b"10.0.0.1 1700000000000"), Some((peer, Timestamp::from_millis(1_700_000_000_000))));
        assert!(noticed(b"10.0.0.1").is_none() && noticed(b"10.0.0.1 x").is_none() && noticed(b"").is_none());
    }

    #[test]
    fn a_proxy_of_ones_own_has_a_private_address() {
        for private in
            ["127.0.0.1", "10.1.2.3", "172.20.0.2", "192.168.1.1", "100.64.0.9", "169.254.1.1", "::1", "fd00::1", "fe80::1"]
        {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in ["203.0.113.5", "8.8.8.8", "100.128.0.1", "2001:db8::1"] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }
}
