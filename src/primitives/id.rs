//! Identifiers: one type per kind, so that two kinds cannot be confused.
//!
//! An id is a positive integer, taken from the database's counter (`db/ids.rs`); as text it is a prefix, `_` and 11 base62
//! characters. Both sort in the order of creation. An id is an identifier, never a secret: it can be guessed.

use std::{fmt, str::FromStr};

use rand::RngExt as _;

use super::base62;

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id here is {0}_ and 11 letters or digits")]
pub struct NotAnId(&'static str);

fn parse(prefix: &'static str, text: &str) -> Result<i64, NotAnId> {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .and_then(base62::decode)
        .and_then(|number| i64::try_from(number).ok())
        .ok_or(NotAnId(prefix))
}

/// What all kinds of ids have in common.
pub(crate) trait Id: Copy + Ord + fmt::Display + FromStr {
    /// The maximum, which no row has: where a list of the newest begins.
    const GREATEST: Self;

    /// Makes a number of the database's counter an id.
    fn from_number(number: i64) -> Self;

    /// Returns that number.
    fn number(self) -> i64;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Returns the minimum, which no row has: where an export begins.
            #[must_use]
            pub const fn least() -> Self {
                Self(0)
            }

            /// Returns the 8 bytes that bind a sealed value to its row.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; 8] {
                self.0.to_be_bytes()
            }

            /// Returns an id that no other call in this test process returns.
            #[cfg(test)]
            #[must_use]
            pub fn unique() -> Self {
                Self(unique())
            }
        }

        impl Id for $name {
            const GREATEST: Self = Self(i64::MAX);

            fn from_number(number: i64) -> Self {
                Self(number)
            }

            fn number(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), base62::encode(self.0.unsigned_abs()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse($prefix, text).map(Self)
            }
        }
    )+};
}

ids! {
    /// A company, the tenant.
    CompanyId = "co";
    /// A user who signs in.
    UserId = "us";
    /// An application registered in KS Pay.
    AppId = "ap";
    /// A connection: one app at one gateway in one mode.
    ConnectionId = "gc";
    /// A webhook secret's row; not its value.
    SecretId = "ws";
    /// A stored event.
    EventId = "ev";
    /// A payment, as reported by events.
    TransactionId = "tx";
    /// A rejection: a group of requests rejected for the same reason.
    RejectionId = "rj";
    /// A stored rejected request.
    RequestId = "rq";
    /// An entry of the security log.
    SecurityLogId = "sl";
    /// A destination: a receiver of an app's events.
    DestinationId = "ds";
    /// A secret of a destination; not its value.
    DestinationSecretId = "dk";
    /// A fixed header of a destination; not its value.
    DestinationHeaderId = "dh";
    /// A message for a destination.
    DeliveryId = "dl";
    /// What a delivery sends: the number of an event or of a run, so that a destination's deliveries have one order.
    MessageId = "ms";
    /// An attempt to send a delivery.
    AttemptId = "at";
    /// A token, with which `ks-pay listen` reads an app's events; not its value.
    TokenId = "tk";
    /// A replay of many events to a destination.
    ReplayId = "rp";
    /// A message to one recipient.
    NotificationId = "nt";
    /// A channel of a company, such as one of Slack.
    ChannelId = "ch";
    /// An alert.
    AlertId = "al";
    /// An automation.
    AutomationId = "au";
    /// A run of an automation.
    RunId = "ru";
    /// A refund that was requested here.
    RefundRequestId = "rr";
    /// A refund that an automation starts.
    AutomaticRefundId = "ar";
    /// A server that holds the lease of a job. Random, since it has no row.
    LeaseHolderId = "lh";
}

impl NotificationId {
    /// Returns a random id, for a message that is sent while nothing can be stored.
    #[must_use]
    pub(crate) fn random() -> Self {
        Self(rand::rng().random_range(1..i64::MAX))
    }
}

impl LeaseHolderId {
    /// Returns a random id.
    #[must_use]
    pub fn random() -> Self {
        Self(rand::rng().random_range(1..i64::MAX))
    }
}

#[cfg(test)]
fn unique() -> i64 {
    static LAST: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(1 << 46);
    LAST.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_and_its_text_sorts_like_the_number() {
        let ids = [1, 61, 62, 115_000_000_000_000, i64::MAX - 1, i64::MAX].map(EventId::from_number);
        let texts = ids.map(|id| id.to_string());
        assert!(ids.is_sorted() && texts.is_sorted());
        for (id, text) in ids.iter().zip(&texts) {
            assert_eq!((text.parse(), text.len()), (Ok(*id), 14));
        }
    }

    #[test]
    fn an_id_of_another_kind_or_out_of_range_is_refused() {
        let text = AppId::GREATEST.to_string();
        assert_eq!(text, "ap_AzL8n0Y58m7");
        for wrong in ["ap_", "ap_AzL8n0Y58m8", "ap_zzzzzzzzzzz", "ap_0AzL8n0Y58m7", "AP_AZL8N0Y58M7", "ap_AzL8n0Y58m7 "] {
            assert_eq!(wrong.parse::<AppId>(), Err(NotAnId("ap")), "{wrong:?}");
        }
        assert!(text.parse::<EventId>().is_err());
    }
}
