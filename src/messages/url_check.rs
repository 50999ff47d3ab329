//! Messages of a URL check: one line per finding, with what to do if it is a problem.

use super::{Badge, span};
use crate::{
    companies::check_limiter::CheckDenied,
    gateways::Gateway,
    url_check::{self, Check, Finding, TlsFault, Verdict},
};

/// Shown if the check was rate limited.
pub(crate) const fn busy(busy: CheckDenied) -> &'static str {
    match busy {
        CheckDenied::Running => "A check of your company is still under way. Its report will stand below in a few seconds.",
        CheckDenied::TooMany => "Many checks in a short time. Wait ten seconds, then check again.",
    }
}

/// A line of the report.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) class: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) text: String,
    /// The finding's stored value.
    pub(crate) hook: String,
}

/// The report.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) badge: Badge,
    pub(crate) lines: Vec<Line>,
}

/// Returns the report of a check, including the gateway's own rules for URLs.
pub(crate) fn report(gateway: Gateway, check: &Check) -> Report {
    let objections = url_check::objections(gateway, &check.url);
    let worst = check.findings.iter().map(Finding::verdict).max().unwrap_or(Verdict::Good);
    let badge = match (objections.is_empty(), worst) {
        (false, _) => super::badge("unreachable", ("status-bad", "bad"), "A gateway cannot send here".into()),
        (true, Verdict::Bad) => super::badge("bad", ("status-bad", "bad"), "An event would not arrive".into()),
        (true, Verdict::Doubtful) => {
            super::badge("doubtful", ("status-warn", "warn"), "Arrives; look at the marked lines".into())
        }
        (true, Verdict::Good) => super::badge("good", ("status-good", "good"), "An event would arrive".into()),
    };
    let mut lines: Vec<Line> =
        objections.into_iter().map(|text| line("objection".to_owned(), Verdict::Bad, text.in_english())).collect();
    if let Some(allowed) = gateway.profile().texts.setup.url_allowed.as_ref().filter(|_| lines.is_empty()) {
        lines.push(line("url-allowed".to_owned(), Verdict::Good, allowed.in_english()));
    }
    lines.extend(check.findings.iter().map(|finding| line(hook(finding), finding.verdict(), sentence(gateway, finding))));
    Report { badge, lines }
}

/// Returns the stored value of a finding, with that of its fault.
fn hook(finding: &Finding) -> String {
    let stored = serde_json::to_value(finding).unwrap_or_default();
    let names = [&stored["finding"], &stored["fault"]].into_iter().filter_map(serde_json::Value::as_str);
    names.collect::<Vec<_>>().join("-")
}

fn line(hook: String, verdict: Verdict, text: String) -> Line {
    let (class, icon) = match verdict {
        Verdict::Good => ("check-good", "good"),
        Verdict::Doubtful => ("check-warn", "warn"),
        Verdict::Bad => ("check-bad", "bad"),
    };
    Line { class, icon, text, hook }
}

fn sentence(gateway: Gateway, finding: &Finding) -> String {
    let who = &gateway.profile().sender.in_english();
    match finding {
        Finding::Name { addresses } => {
            let list = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            if finding.verdict() == Verdict::Good {
                format!("The host name leads to {list}.")
            } else {
                format!(
                    "From this server the host name leads to {list}, a private address. From the internet it must lead to a public one: ask whoever runs the DNS."
                )
            }
        }
        Finding::NameUnknown => "The host name is unknown. Add a DNS record for it, or mend KS_PAY_PUBLIC_URL.".to_owned(),
        Finding::NameSlow => "The DNS did not answer in 2 s. Look at the DNS servers of this machine.".to_owned(),
        Finding::Port { port } => format!("Port {port} is open."),
        Finding::PortClosed { port } => {
            format!("Nothing listens at port {port}. Start the proxy in front of KS Pay there, or mend KS_PAY_PUBLIC_URL.")
        }
        Finding::PortSlow { port } => format!(
            "Port {port} gives no sign of life. Open it in the firewall; if others reach it, your router may not let this server reach its own public address."
        ),
        Finding::Plain => {
            "There is no TLS: the URL begins with http. Put a proxy with a certificate in front, as the README shows.".to_owned()
        }
        Finding::Tls { version } => format!("TLS {version}, and the certificate is good for this host."),
        Finding::TlsBroken { fault } => tls(*fault).to_owned(),
        Finding::TlsSlow => "The TLS handshake was not over after 2 s. Look at the proxy in front of KS Pay.".to_owned(),
        Finding::Redirect { status, to } => redirect(who, *status, to),
        Finding::ReachedUs { millis } => time(who, *millis),
        Finding::UnexpectedResponder { status } => stranger(*status),
        Finding::AnswerSlow => {
            format!("No answer within 5 s. By then {who} has given up: look at the proxy, and at the load of this server.")
        }
        Finding::AnswerBroken => {
            "The connection broke off before an answer came. Look at the proxy in front of KS Pay.".to_owned()
        }
        Finding::Body => "The body arrived unchanged, to the byte.".to_owned(),
        Finding::BodyChanged { sent, arrived } => format!(
            "The body was changed on the way: {sent} bytes were sent, {} arrived. No signature will fit. Let the proxy pass the body on as it is, without reading JSON or re-encoding text.",
            if sent == arrived { "as many but others".to_owned() } else { arrived.to_string() }
        ),
        Finding::Headers => "The headers of the signature arrived.".to_owned(),
        Finding::HeadersChanged { names } => {
            format!("The proxy drops or changes {}. Let it pass every header on as it is.", names.join(", "))
        }
        Finding::TooLong => "The check was given up after 8 s. What stands above was found until then.".to_owned(),
    }
}

const fn tls(fault: TlsFault) -> &'static str {
    match fault {
        TlsFault::Expired => "The certificate has expired. Renew it, and let it be renewed by itself from then on.",
        TlsFault::NotYetValid => "The certificate is not valid yet. Look at the clock of this machine.",
        TlsFault::OtherName => "The certificate is for another host name. Get one for the host of this URL.",
        TlsFault::UnknownIssuer => {
            "The certificate is signed by nobody known: it signed itself, or the proxy does not send the certificates between. Use one of a public authority, with its chain."
        }
        TlsFault::Revoked => "The certificate was revoked. Get a new one.",
        TlsFault::OtherCertificate => "The certificate cannot be relied on. Get a new one of a public authority.",
        TlsFault::OldVersion => "No TLS version in common: gateways ask for 1.2 or newer. Switch it on in the proxy.",
        TlsFault::NoTls => {
            "What answers at this port does not speak TLS. Give the proxy a certificate, or let the URL begin with http."
        }
        TlsFault::NoRoots => "No certificates are installed on this machine: install the package ca-certificates.",
    }
}

fn redirect(who: &str, status: u16, to: &str) -> String {
    let to = if to.is_empty() { "elsewhere".to_owned() } else { format!("to {to}") };
    format!("It answers {status} and leads {to}. {who} follows no redirect: set KS_PAY_PUBLIC_URL to where it leads, or let the proxy pass the request on.")
        .replacen(". the sender", ". The sender", 1)
}

fn time(who: &str, millis: u64) -> String {
    let took =
        if millis < 1000 { format!("{millis}\u{a0}ms") } else { span(std::time::Duration::from_millis(millis)).in_english() };
    let end = if millis > 2500 { ": little is left when the server is busy" } else { "" };
    format!("This installation answered, after {took}; {who} waits 5\u{a0}s{end}.")
}

fn stranger(status: u16) -> String {
    let why = match status {
        404 => "Another site answers there. Let the proxy pass /webhooks/ on to KS Pay.",
        401 => "Another installation answers there, or the proxy drops headers it does not know. Let the URL lead here.",
        403 | 407 | 429 => "A firewall or a login stands before it. Let requests to /webhooks/ pass without.",
        405 => "Something there takes no POST. Let the proxy pass POST to /webhooks/ on to KS Pay.",
        408 | 413 | 415 => {
            "The proxy refuses such a body, or changes how it is sent. Let it pass bodies up to 1 MiB on as they are."
        }
        502 | 504 => "The proxy does not reach KS Pay. Look whether it passes on to the right host and port.",
        500..=599 => "It cannot take events now. Look at ks-pay doctor, and at the proxy.",
        200..=299 => {
            "Something else says yes to everything there, so events would be lost. Let the proxy pass /webhooks/ on to KS Pay."
        }
        _ => "Let the proxy pass /webhooks/ on to KS Pay.",
    };
    format!("It answers {status}, but not from this installation. {why}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::time::Timestamp;

    fn said(gateway: Gateway, url: &str, findings: Vec<Finding>) -> Report {
        report(gateway, &Check { url: url.to_owned(), findings, checked_at: Timestamp::from_millis(0) })
    }

    const PUBLIC: &str = "https://pay.neemtree.example/webhooks/wh_x";

    #[test]
    fn the_worst_line_decides_and_the_gateways_rules_come_first() {
        let good = vec![Finding::Port { port: 443 }, Finding::ReachedUs { millis: 84 }, Finding::Body, Finding::Headers];
        assert_eq!(said(Gateway::RAZORPAY, PUBLIC, good.clone()).badge.label, "An event would arrive");
        let local = said(Gateway::RAZORPAY, "http://127.0.0.1/webhooks/wh_x", good.clone());
        assert!(
            local.badge.label.in_english().starts_with("A gateway cannot") && local.lines[0].text.contains("private address")
        );
        let changed = [good, vec![Finding::BodyChanged { sent: 10, arrived: 10 }]].concat();
        let report = said(Gateway::STANDARD_WEBHOOKS, PUBLIC, changed);
        assert_eq!(report.badge.label, "An event would not arrive");
        assert!(report.lines.last().unwrap().text.contains("as many but others arrived"));
    }

    #[test]
    fn a_redirect_names_whom_it_loses() {
        let finding = vec![Finding::Redirect { status: 301, to: "https://www.x.example/".to_owned() }];
        let lines = |gateway| said(gateway, PUBLIC, finding.clone()).lines.pop().unwrap().text;
        assert!(lines(Gateway::RAZORPAY).contains("leads to https://www.x.example/. Razorpay follows no redirect"));
        assert!(lines(Gateway::STANDARD_WEBHOOKS).contains("/. The sender follows no redirect"));
    }
}
