//! An attempt to send a message.
//!
//! Invariant: an attempt that panics or takes too long ends like any other, so its message is settled and its place is free again.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::future::FutureExt as _;
use tokio::time::timeout;

use super::{
    CONTENT_SEAL_CONTEXT, Failure, Outcome, RECIPIENT_SEAL_CONTEXT,
    store::Claimed,
    worker::{Address, Outgoing, SEND_TIMEOUT, Transport},
};
use crate::primitives::{time::Clock, vault::Vault};

/// What an attempt needs.
#[derive(Clone)]
pub(super) struct Attempts {
    pub(super) vault: Vault,
    pub(super) clock: Clock,
    pub(super) transport: Arc<dyn Transport>,
}

/// An attempt that has ended.
pub(super) struct Ended {
    pub(super) message: Claimed,
    /// The number of its claim.
    pub(super) claim: i64,
    /// `None` if the message's time was over.
    pub(super) outcome: Option<Outcome>,
}

impl Attempts {
    /// Sends a message, unless its time is over.
    pub(super) async fn run(self, message: Claimed, claim: i64) -> Ended {
        let outcome = AssertUnwindSafe(self.send(&message)).catch_unwind().await;
        Ended { message, claim, outcome: outcome.unwrap_or_else(|_| Some(Outcome::unreadable())) }
    }

    async fn send(&self, message: &Claimed) -> Option<Outcome> {
        if message.expires_at <= self.clock.now() {
            return None;
        }
        let Some(outgoing) = open(&self.vault, message) else { return Some(Outcome::unreadable()) };
        let too_slow = || Outcome::Retry { failure: Failure::TimedOut, answer: String::new(), after: None };
        Some(timeout(SEND_TIMEOUT, self.transport.send(&outgoing)).await.unwrap_or_else(|_| too_slow()))
    }
}

/// Opens what is sealed; `None` if it was damaged.
fn open(vault: &Vault, message: &Claimed) -> Option<Outgoing> {
    let row = message.id.to_bytes();
    let content = vault.open(CONTENT_SEAL_CONTEXT, &row, message.content.as_deref()?).ok()?;
    let address = if let Some(channel) = message.channel_id {
        Address::Channel(channel)
    } else {
        let opened = vault.open(RECIPIENT_SEAL_CONTEXT, &row, message.recipient.as_deref()?).ok()?;
        Address::Email(String::from_utf8(opened.to_vec()).ok()?)
    };
    let content = serde_json::from_slice(&content).ok()?;
    Some(Outgoing { id: message.id, address, content })
}
