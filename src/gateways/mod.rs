//! The supported payment gateways, each with its [`Adapter`].

pub(crate) mod adapter;
pub(crate) mod api;
pub(crate) mod credentials;
pub(crate) mod event_kind;
#[cfg(feature = "fictitious-gateway")]
pub(crate) mod fictitious;
pub(crate) mod foreign_headers;
pub(crate) mod guide;
pub(crate) mod json_conventions;
pub(crate) mod parts;
pub(crate) mod payment;
pub(crate) mod payment_details;
pub(crate) mod profile;
pub(crate) mod razorpay;
pub(crate) mod refunds;
mod registry;
pub(crate) mod replay_command;
pub mod samples;
pub(crate) mod standard_webhooks;
mod strict_object;
pub(crate) mod text;
pub(crate) mod texts;
pub(crate) mod url_rules;

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    ptr,
    str::FromStr,
    time::Duration,
};

use adapter::Adapter;
use profile::{Profile, SecretGenerator};

use crate::primitives::text_enum::text_column;

/// Counts the HMACs over bodies on this thread, so that a test can compare the cost of rejected requests.
#[cfg(test)]
pub(crate) mod hmac_count {
    use std::cell::Cell;

    thread_local! {
        static COUNT: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn add() {
        COUNT.set(COUNT.get() + 1);
    }

    /// Returns the count and resets it.
    pub(crate) fn take() -> usize {
        COUNT.take()
    }
}

/// A payment gateway. Its [`Profile`] and its [`Adapter`] answer every question about it, so that no code depends on which
/// gateway it is.
#[derive(Clone, Copy)]
pub(crate) struct Gateway(&'static Profile);

#[cfg(test)]
impl Gateway {
    pub(crate) const RAZORPAY: Self = razorpay::GATEWAY;
    pub(crate) const STANDARD_WEBHOOKS: Self = standard_webhooks::GATEWAY;
}

impl Gateway {
    /// Returns the gateways in the order in which pages list them.
    pub(crate) fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        registry::all().map(Self)
    }

    /// Returns the gateway that forms and commands propose.
    pub(crate) fn proposed() -> Self {
        Self(registry::default())
    }

    /// The name in URLs, in the database and on the command line.
    pub(crate) const fn slug(self) -> &'static str {
        self.0.slug
    }

    /// The display name.
    pub(crate) const fn label(self) -> &'static str {
        self.0.label
    }

    /// Returns its static properties.
    pub(crate) const fn profile(self) -> &'static Profile {
        self.0
    }

    /// Returns the label of a credential; its name if the gateway does not declare it any more.
    pub(crate) fn credential_label(self, field: &str) -> &str {
        let declared = self.0.api_keys.as_ref().and_then(|keys| keys.field(field));
        declared.map_or(field, |declared| declared.label)
    }

    /// True if it creates the webhook secret, which the merchant pastes here.
    pub(crate) fn generates_secret(self) -> bool {
        self.0.secret_generator == SecretGenerator::Gateway
    }

    /// Returns how long it may retry a request: a day if it does not document that.
    pub(crate) fn retry_window(self) -> Duration {
        const USUAL_RETRY_WINDOW: Duration = Duration::from_hours(24);
        self.0.retry_window.unwrap_or(USUAL_RETRY_WINDOW)
    }

    /// Returns the adapter that verifies and parses its requests.
    pub(crate) const fn adapter(self) -> &'static dyn Adapter {
        self.0.adapter
    }
}

impl PartialEq for Gateway {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self.0, other.0)
    }
}

impl Eq for Gateway {}

impl PartialOrd for Gateway {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The order of the slugs, which does not change when a gateway is added.
impl Ord for Gateway {
    fn cmp(&self, other: &Self) -> Ordering {
        self.slug().cmp(other.slug())
    }
}

impl Hash for Gateway {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.slug.hash(state);
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

/// No gateway has that slug.
#[derive(Debug, thiserror::Error)]
#[error("a gateway is {}", Gateway::all().map(Gateway::slug).collect::<Vec<_>>().join(" or "))]
pub(crate) struct UnknownGateway;

impl FromStr for Gateway {
    type Err = UnknownGateway;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        registry::find(text).map(Self).ok_or(UnknownGateway)
    }
}

text_column!(Gateway, Gateway::slug);

/// Whether payments are real. Test and live data are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mode {
    Test,
    Live,
}

impl Mode {
    pub(crate) const ALL: [Self; 2] = [Self::Test, Self::Live];

    /// Returns the other of the two modes.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Test => Self::Live,
            Self::Live => Self::Test,
        }
    }

    pub(crate) const fn slug(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Test => "Test",
            Self::Live => "Live",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

impl FromStr for Mode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|mode| mode.slug() == text).ok_or("a mode is test or live")
    }
}

text_column!(Mode, Mode::slug);
