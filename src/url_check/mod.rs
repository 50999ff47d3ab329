//! The URL check: whether requests to a webhook's URL would reach this server, tested from the server itself.
//!
//! Invariant: the target is the configured public URL with the connection's endpoint; no part of it is taken from a request.
//! A check never stores an event, or counts as one.

pub(crate) mod challenge;
pub(crate) mod probe;
pub(crate) mod store;
mod tls;

use std::{net::IpAddr, time::Duration};

use crate::{
    gateways::Gateway,
    i18n::Text,
    net::{public_address::is_public, tls::TlsFault},
    primitives::time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The timeout after which gateways abandon a request.
pub(crate) const GATEWAY_TIMEOUT: Duration = Duration::from_secs(5);

/// The result of a step. Results are listed in the order of the steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "finding")]
pub(crate) enum Finding {
    /// The host name resolves to these addresses.
    Name {
        addresses: Vec<IpAddr>,
    },
    NameUnknown,
    NameSlow,
    /// The port accepts connections.
    Port {
        port: u16,
    },
    PortClosed {
        port: u16,
    },
    PortSlow {
        port: u16,
    },
    /// The URL uses no TLS.
    Plain,
    Tls {
        version: String,
    },
    TlsBroken {
        fault: TlsFault,
    },
    TlsSlow,
    /// The response is a redirect.
    Redirect {
        status: u16,
        to: String,
    },
    /// This installation responded.
    ReachedUs {
        millis: u64,
    },
    /// The response is not from this installation.
    UnexpectedResponder {
        status: u16,
    },
    AnswerSlow,
    AnswerBroken,
    Body,
    BodyChanged {
        sent: usize,
        arrived: usize,
    },
    Headers,
    HeadersChanged {
        names: Vec<String>,
    },
    /// The check as a whole timed out.
    TooLong,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Good,
    /// Works, with a warning.
    Doubtful,
    Bad,
}

impl Finding {
    /// Returns the severity of the finding.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Name { addresses } if addresses.iter().any(|ip| !is_public(*ip)) => Verdict::Doubtful,
            Self::ReachedUs { millis } if u128::from(*millis) * 2 > GATEWAY_TIMEOUT.as_millis() => Verdict::Doubtful,
            Self::Plain => Verdict::Doubtful,
            Self::Name { .. } | Self::Port { .. } | Self::Tls { .. } | Self::ReachedUs { .. } | Self::Body | Self::Headers => {
                Verdict::Good
            }
            Self::NameUnknown
            | Self::NameSlow
            | Self::PortClosed { .. }
            | Self::PortSlow { .. }
            | Self::TlsBroken { .. }
            | Self::TlsSlow
            | Self::Redirect { .. }
            | Self::UnexpectedResponder { .. }
            | Self::AnswerSlow
            | Self::AnswerBroken
            | Self::BodyChanged { .. }
            | Self::HeadersChanged { .. }
            | Self::TooLong => Verdict::Bad,
        }
    }
}

/// The last check of a URL.
pub(crate) struct Check {
    pub(crate) url: String,
    pub(crate) findings: Vec<Finding>,
    pub(crate) checked_at: Timestamp,
}

/// Returns the reasons, a sentence each, why the gateway rejects this URL or cannot reach it; empty if there are none.
pub(crate) fn objections(gateway: Gateway, url: &str) -> Vec<Text> {
    gateway.adapter().url_objections(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_address_is_told_for_every_gateway() {
        for gateway in Gateway::all() {
            for url in ["http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]/x", "https://shop.internal/x"] {
                assert!(!objections(gateway, url).is_empty(), "{gateway} {url}");
            }
            assert_eq!(objections(gateway, "https://pay.neemtree.example/x"), Vec::<Text>::new());
        }
        assert_eq!(objections(Gateway::STANDARD_WEBHOOKS, "https://pay.neemtree.example:8443/x"), Vec::<Text>::new());
    }

    #[test]
    fn a_finding_is_read_back() {
        let all = vec![
            Finding::Name { addresses: vec![IpAddr::from([8, 8, 8, 8])] },
            Finding::TlsBroken { fault: TlsFault::Expired },
            Finding::Redirect { status: 301, to: "https://x.example/".to_owned() },
            Finding::Body,
        ];
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Finding>>(&text).unwrap(), all);
    }

    #[test]
    fn slow_is_doubtful_before_it_is_too_slow() {
        let took = |millis| Finding::ReachedUs { millis }.verdict();
        assert_eq!([took(90), took(2500), took(2501)], [Verdict::Good, Verdict::Good, Verdict::Doubtful]);
        let at = |ip: [u8; 4]| Finding::Name { addresses: vec![ip.into()] }.verdict();
        assert_eq!([at([8, 8, 8, 8]), at([10, 0, 0, 5])], [Verdict::Good, Verdict::Doubtful]);
    }
}
