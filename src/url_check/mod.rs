//! Pre-flight: whether what a gateway sends to a webhook's URL would arrive here, tried from this server itself.
//!
//! The rule: the target is the configured public URL with the connection's endpoint, and nothing that came with a request.
//! A check stores no event and counts as none, whatever becomes of it.

pub(crate) mod challenge;
pub(crate) mod limiter;
mod probe;
pub(crate) mod routes;
pub(crate) mod store;
mod tls;

use std::{net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::{
    gateways::{Gateway, razorpay_url},
    primitives::time::Timestamp,
};
pub(crate) use tls::TlsFault;

/// Gateways give up an answer after so long; Razorpay says so of itself.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// One thing that was found on the way, in the order of the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "finding")]
pub(crate) enum Finding {
    /// The host has these addresses.
    Name {
        addresses: Vec<IpAddr>,
    },
    NameUnknown,
    NameSlow,
    /// Something listens there.
    Port {
        port: u16,
    },
    PortClosed {
        port: u16,
    },
    PortSlow {
        port: u16,
    },
    /// No TLS was asked for.
    Plain,
    Tls {
        version: String,
    },
    TlsBroken {
        fault: TlsFault,
    },
    TlsSlow,
    /// It leads elsewhere.
    Redirect {
        status: u16,
        to: String,
    },
    /// This installation answered, after so many milliseconds.
    ReachedUs {
        millis: u64,
    },
    /// Somebody answered who does not know what this installation knows.
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
    /// The check as a whole took too long and was given up.
    TooLong,
}

/// How a finding is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Good,
    /// It works, but is worth a look.
    Doubtful,
    Bad,
}

impl Finding {
    /// Good, or what a gateway would stumble over.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Name { addresses } if addresses.iter().any(|ip| !razorpay_url::is_public(*ip)) => Verdict::Doubtful,
            Self::ReachedUs { millis } if u128::from(*millis) * 2 > PATIENCE.as_millis() => Verdict::Doubtful,
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

/// What the last check of a URL found.
pub(crate) struct Check {
    pub(crate) url: String,
    pub(crate) findings: Vec<Finding>,
    pub(crate) checked_at: Timestamp,
}

/// Why the gateway would not send to this URL, whatever answers there: a sentence each. Empty when it would.
pub(crate) fn objections(gateway: Gateway, url: &str) -> Vec<String> {
    match gateway {
        Gateway::Razorpay => razorpay_url::objections(url),
        Gateway::StandardWebhooks => local_host(url).map(|host| {
            format!("A sender elsewhere cannot reach {host}: it is no public host. Set KS_PAY_PUBLIC_URL to one, unless the sender is in your own network.")
        }).into_iter().collect(),
    }
}

/// The host, where it means something else to everybody else.
fn local_host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let is_local = match url.host()? {
        Host::Domain(name) => razorpay_url::is_private_name(name),
        Host::Ipv4(ip) => !razorpay_url::is_public(ip.into()),
        Host::Ipv6(ip) => !razorpay_url::is_public(ip.into()),
    };
    is_local.then(|| url.host_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_address_is_told_for_every_gateway() {
        for gateway in Gateway::ALL {
            for url in ["http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]/x", "https://shop.internal/x"] {
                assert!(!objections(gateway, url).is_empty(), "{gateway} {url}");
            }
            assert_eq!(objections(gateway, "https://pay.neemtree.example/x"), Vec::<String>::new());
        }
        assert_eq!(objections(Gateway::StandardWebhooks, "https://pay.neemtree.example:8443/x"), Vec::<String>::new());
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
