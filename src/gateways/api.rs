//! The result of checking API keys at a gateway, and why a call of its API has none.

/// The result of checking API keys.
pub(crate) enum KeyCheck {
    Accepted,
    Rejected,
    /// The check gave no result.
    Unknown(Unavailable),
}

/// Why the check, or another call, gave no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unavailable {
    /// This machine has no TLS support; the message says what to do.
    NoClient(String),
    Unreachable,
    Timeout,
    /// The gateway rate limited the request (429), or is still working on the same one (409).
    Busy,
    /// The gateway responded with 500 or above.
    ServerError(u16),
    /// The gateway responded with any other status.
    UnexpectedStatus(u16),
}

impl Unavailable {
    /// Returns the reason of a message, in kebab case.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::NoClient(_) => "no-client",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Busy => "busy",
            Self::ServerError(_) => "server-error",
            Self::UnexpectedStatus(_) => "unexpected-status",
        }
    }
}
