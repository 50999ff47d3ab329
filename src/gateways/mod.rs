//! The payment gateways the product knows: one file a gateway, and a `match` that lists what each must supply.

pub(crate) mod adapter;
pub(crate) mod razorpay;
pub(crate) mod razorpay_api;
pub(crate) mod razorpay_url;
pub(crate) mod standard_webhooks;
mod strict_object;

use std::{fmt, str::FromStr};

use adapter::Adapter;

/// Counts the HMACs over bodies on this thread: a test compares the cost of rejected requests by it.
#[cfg(test)]
pub(crate) mod hmac_count {
    use std::cell::Cell;

    thread_local! {
        static COUNT: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn add() {
        COUNT.set(COUNT.get() + 1);
    }

    /// How many there were since the last call.
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

    /// As it stands in URLs, in the database and on the command line.
    pub(crate) const fn slug(self) -> &'static str {
        match self {
            Self::Razorpay => "razorpay",
            Self::StandardWebhooks => "standard-webhooks",
        }
    }

    /// As people call it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Razorpay => "Razorpay",
            Self::StandardWebhooks => "Standard Webhooks",
        }
    }

    /// What it needs to be believed and understood.
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

/// Whether money is real. Never mixed.
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
