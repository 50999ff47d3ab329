//! Identifiers: one type per kind, so that two kinds cannot be confused.
//!
//! In the database an id is a UUIDv7 in 16 bytes; as text it is a prefix, `_` and 22 base62 characters, which sort by
//! creation time. An id is an identifier, never a secret.

use std::{
    fmt,
    str::FromStr,
    sync::{LazyLock, Mutex, PoisonError},
};

use uuid::{ContextV7, Uuid};

use super::{base62, time::Timestamp};

/// Keeps ids of the same millisecond in the order of their creation.
static ORDER: LazyLock<Mutex<ContextV7>> = LazyLock::new(|| Mutex::new(ContextV7::new()));

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id here is {0}_ and 22 letters or digits")]
pub struct NotAnId(&'static str);

fn next(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.millis()).unwrap_or_default();
    let order = ORDER.lock().unwrap_or_else(PoisonError::into_inner);
    let nanos = u32::try_from(millis % 1000).unwrap_or_default() * 1_000_000;
    Uuid::new_v7(uuid::Timestamp::from_unix(&*order, millis / 1000, nanos))
}

fn parse(prefix: &'static str, text: &str) -> Result<Uuid, NotAnId> {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .and_then(base62::decode)
        .map(Uuid::from_u128)
        .ok_or(NotAnId(prefix))
}

/// What all kinds of ids have in common.
pub(crate) trait Id: Copy + Ord + fmt::Display + FromStr {
    /// The maximum, which no row has.
    const GREATEST: Self;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Returns a new id with that creation time.
            #[must_use]
            pub fn new(at: Timestamp) -> Self {
                Self(next(at))
            }

            /// Returns a lower bound of the ids created at that time or later.
            #[must_use]
            pub fn first_at(at: Timestamp) -> Self {
                Self(Uuid::from_u128(u128::from(u64::try_from(at.millis()).unwrap_or_default()) << 80))
            }

            /// Returns the minimum, where an export begins.
            #[must_use]
            pub const fn least() -> Self {
                Self(Uuid::nil())
            }

            /// Returns the maximum, where a list of the newest begins.
            #[must_use]
            pub const fn greatest() -> Self {
                Self(Uuid::max())
            }

            /// Returns the 16 bytes that bind a sealed value to its row.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl Id for $name {
            const GREATEST: Self = Self::greatest();
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), base62::encode(self.0.as_u128()))
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
    /// A server that holds the lease of a job.
    LeaseHolderId = "lh";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_id_of_a_time_lies_between_before_and_after() {
        // Not with `new`, which never goes back in time, and other tests use later times.
        let made = |seconds, millis: u32| {
            EventId(Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, millis * 1_000_000)))
        };
        let first = EventId::first_at(Timestamp::from_seconds(1_795_000_000));
        assert!(made(1_794_999_999, 999) < first && first < made(1_795_000_000, 0));
        assert_eq!(EventId::first_at(Timestamp::from_millis(-1)), EventId::least());
    }

    #[test]
    fn an_id_is_read_back_and_sorts_by_time() {
        let ids: Vec<EventId> = (0..2000).map(|i| EventId::new(Timestamp::from_millis(1_795_000_000_000 + i / 500))).collect();
        let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
        assert!(ids.is_sorted() && texts.is_sorted());
        assert_eq!(texts[7].parse(), Ok(ids[7]));
        assert_eq!(texts[7].len(), 25);
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let text = AppId::new(Timestamp::from_millis(0)).to_string();
        assert!(text.parse::<EventId>().is_err());
        assert!("ap_".parse::<AppId>().is_err());
        assert!(text.to_uppercase().parse::<AppId>().is_err());
    }
}
