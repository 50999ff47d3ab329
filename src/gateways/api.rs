//! The result of checking API keys at a gateway.

/// The result of checking API keys.
pub(crate) enum KeyCheck {
    Accepted,
    Rejected,
    /// The check gave no result.
    Unknown(Unavailable),
}

/// Why the check gave no result.
pub(crate) enum Unavailable {
    /// This machine has no TLS support; the message says what to do.
    NoClient(String),
    Unreachable,
    Timeout,
    /// The gateway rate limited the request (429).
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
