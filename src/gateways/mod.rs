//! The supported payment gateways, each with its [`Adapter`].

pub(crate) mod adapter;
pub(crate) mod payment;
pub(crate) mod razorpay;
pub(crate) mod razorpay_api;
pub(crate) mod razorpay_url;
pub(crate) mod standard_webhooks;
mod strict_object;

use std::{fmt, str::FromStr};

use adapter::Adapter;

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

/// A payment gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Gateway {
    Razorpay,
    StandardWebhooks,
}

impl Gateway {
    pub(crate) const ALL: [Self; 2] = [Self::Razorpay, Self::StandardWebhooks];

    /// The name in URLs, in the database and on the command line.
    pub(crate) const fn slug(self) -> &'static str {
        match self {
            Self::Razorpay => "razorpay",
            Self::StandardWebhooks => "standard-webhooks",
        }
    }

    /// The display name.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Razorpay => "Razorpay",
            Self::StandardWebhooks => "Standard Webhooks",
        }
    }

    /// Returns the adapter that verifies and parses its requests.
    pub(crate) fn adapter(self) -> &'static dyn Adapter {
        match self {
            Self::Razorpay => &razorpay::Razorpay,
            Self::StandardWebhooks => &standard_webhooks::StandardWebhooks,
        }
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

impl FromStr for Gateway {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|gateway| gateway.slug() == text).ok_or("a gateway is razorpay or standard-webhooks")
    }
}

impl TryFrom<String> for Gateway {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Whether payments are real. Test and live data are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mode {
    Test,
    Live,
}

impl Mode {
    pub(crate) const ALL: [Self; 2] = [Self::Test, Self::Live];

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

impl TryFrom<String> for Mode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}
