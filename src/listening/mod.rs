//! Long polling: a client with a token asks for the events of an app, and the response waits until there are some.
//!
//! Invariants: no event is skipped, in whatever order units of work commit (`batch.rs`). A request that waits holds no connection to the
//! database. Its response is sent complete, so proxies may buffer it, and before proxies cut idle connections.

pub(crate) mod batch;
mod guesses;
pub(crate) mod protocol;
pub(crate) mod routes;
mod start;

use std::{num::NonZeroU32, time::Duration};

use crate::{
    db::{Db, settled::SettledIds},
    net::{
        client_ip::TrustedProxies,
        open_requests::{OpenLimits, OpenRequests},
    },
    primitives::{id::TokenId, rate_limit::KeyedLimiter, shutdown::Shutdown, time::Clock},
};
use guesses::Guesses;

/// The maximum number of waiting requests. A client has one, but requests that it has abandoned may still be open.
const OPEN_LIMITS: OpenLimits = OpenLimits { total: 128, of_one: 4 };
/// The burst of a token's requests, and the interval after which another is allowed.
const BURST: NonZeroU32 = NonZeroU32::new(60).unwrap();
const REQUEST_INTERVAL: Duration = Duration::from_millis(100);

/// The state of the route. One per server.
pub(crate) struct Listening {
    db: Db,
    clock: Clock,
    trusted_proxies: TrustedProxies,
    shutdown: Shutdown,
    settled: SettledIds,
    open: OpenRequests<TokenId>,
    requests: KeyedLimiter<TokenId>,
    guesses: Guesses,
}

impl Listening {
    pub(crate) fn new((db, clock): (Db, Clock), trusted_proxies: TrustedProxies, shutdown: Shutdown) -> Self {
        Self {
            settled: SettledIds::default(),
            open: OpenRequests::new(OPEN_LIMITS),
            requests: KeyedLimiter::new(&clock, BURST, REQUEST_INTERVAL),
            guesses: Guesses::new(&clock),
            db,
            clock,
            trusted_proxies,
            shutdown,
        }
    }
}
