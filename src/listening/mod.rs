//! Listening: a client with a token asks for the events of an app, and the response waits until there are some.
//!
//! Invariants: no event is skipped, in whatever order units of work commit (`batch.rs`). A request that waits holds no connection to
//! the database, and its response is complete before it is sent, so proxies may buffer it; it comes before they cut idle connections.

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

/// The requests that wait at the same time: a client has one, and those that it has given up may still be open.
const OPEN_LIMITS: OpenLimits = OpenLimits { total: 128, of_one: 4 };
/// The burst of a token's requests, and the interval after which another is allowed.
const BURST: NonZeroU32 = NonZeroU32::new(60).unwrap();
const REQUEST_INTERVAL: Duration = Duration::from_millis(100);

/// What the route needs. One per server.
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
