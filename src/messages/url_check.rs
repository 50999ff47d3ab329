//! Messages of a URL check: one line per finding, with what to do if it is a problem.

use super::{Badge, span, text::url_check as t};
use crate::{
    companies::check_limiter::CheckDenied,
    gateways::Gateway,
    i18n::{Arg, Text, ToArg as _, code},
    net::tls::TlsFault,
    url_check::{self, Check, Finding, Verdict},
    urls,
};

/// Shown if the check was rate limited.
pub(crate) const fn busy(busy: CheckDenied) -> Text {
    match busy {
        CheckDenied::Running => t::check_running(),
        CheckDenied::TooMany => t::too_many_checks(),
    }
}

/// A line of the report.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) class: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) text: Text,
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
        (false, _) => super::badge("unreachable", ("status-bad", "bad"), t::not_reachable()),
        (true, Verdict::Bad) => super::badge("bad", ("status-bad", "bad"), t::would_not_arrive()),
        (true, Verdict::Doubtful) => super::badge("doubtful", ("status-warn", "warn"), t::with_warnings()),
        (true, Verdict::Good) => super::badge("good", ("status-good", "good"), t::would_arrive()),
    };
    let mut lines: Vec<Line> =
        objections.into_iter().map(|text| line("objection".to_owned(), Verdict::Bad, Text::verbatim(text))).collect();
    if let Some(allowed) = gateway.profile().texts.setup.url_allowed.as_ref().filter(|_| lines.is_empty()) {
        lines.push(line("url-allowed".to_owned(), Verdict::Good, Text::verbatim(allowed)));
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

fn line(hook: String, verdict: Verdict, text: Text) -> Line {
    let (class, icon) = match verdict {
        Verdict::Good => ("check-good", "good"),
        Verdict::Doubtful => ("check-warn", "warn"),
        Verdict::Bad => ("check-bad", "bad"),
    };
    Line { class, icon, text, hook }
}

/// The variable with the server's public URL.
fn public_url() -> Arg {
    code("KS_PAY_PUBLIC_URL")
}

fn sentence(gateway: Gateway, finding: &Finding) -> Text {
    let sender = gateway.profile().sender.to_arg();
    match finding {
        Finding::Name { addresses } => {
            let list = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            if finding.verdict() == Verdict::Good { t::name(list) } else { t::name_private(list) }
        }
        Finding::NameUnknown => t::name_unknown(public_url()),
        Finding::NameSlow => t::name_slow(),
        Finding::Port { port } => t::port(port.to_string()),
        Finding::PortClosed { port } => t::port_closed(port.to_string(), public_url()),
        Finding::PortSlow { port } => t::port_slow(port.to_string()),
        Finding::Plain => t::plain(),
        Finding::Tls { version } => t::tls(version),
        Finding::TlsBroken { fault } => tls(*fault),
        Finding::TlsSlow => t::tls_slow(),
        Finding::Redirect { status, to } if to.is_empty() => t::redirect(*status, sender, public_url()),
        Finding::Redirect { status, to } => t::redirect_to(*status, to, sender, public_url()),
        Finding::ReachedUs { millis } if finding.verdict() == Verdict::Good => t::responded(duration(*millis), sender),
        Finding::ReachedUs { millis } => t::responded_slowly(duration(*millis), sender),
        Finding::UnexpectedResponder { status } => other(*status),
        Finding::AnswerSlow => t::no_response(sender),
        Finding::AnswerBroken => t::connection_lost(),
        Finding::Body => t::body(),
        Finding::BodyChanged { sent, arrived } if sent == arrived => t::body_changed_same_size(*sent),
        Finding::BodyChanged { sent, arrived } => t::body_changed(*sent, *arrived),
        Finding::Headers => t::headers(),
        Finding::HeadersChanged { names } => t::headers_changed(code(names.join(", "))),
        Finding::TooLong => t::timed_out(),
    }
}

fn tls(fault: TlsFault) -> Text {
    match fault {
        TlsFault::Expired => t::tls_expired(),
        TlsFault::NotYetValid => t::tls_not_yet_valid(),
        TlsFault::OtherName => t::tls_other_name(),
        TlsFault::UnknownIssuer => t::tls_unknown_issuer(),
        TlsFault::Revoked => t::tls_revoked(),
        TlsFault::OtherCertificate => t::tls_other_certificate(),
        TlsFault::OldVersion => t::tls_old_version(),
        TlsFault::NoTls => t::tls_none(),
        TlsFault::NoRoots => t::tls_no_roots(code("ca-certificates")),
    }
}

fn duration(millis: u64) -> Text {
    if millis < 1000 { t::millis(millis) } else { span(std::time::Duration::from_millis(millis)) }
}

/// A response from another server.
fn other(status: u16) -> Text {
    let path = code(urls::WEBHOOKS);
    match status {
        404 => t::other_404(path),
        401 => t::other_401(),
        403 | 407 | 429 => t::other_blocked(status, path),
        405 => t::other_405(path),
        408 | 413 | 415 => t::other_body(status),
        502 | 504 => t::other_gateway(status),
        500..=599 => t::other_unavailable(status, code("ks-pay doctor")),
        200..=299 => t::other_accepts_all(status, path),
        _ => t::other(status, path),
    }
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
        assert_eq!((local.badge.state, &*local.lines[0].hook), ("unreachable", "objection"));
        let changed = [good, vec![Finding::BodyChanged { sent: 10, arrived: 10 }]].concat();
        let report = said(Gateway::STANDARD_WEBHOOKS, PUBLIC, changed);
        assert_eq!(report.badge.label, "An event wouldn’t arrive");
        assert!(report.lines.last().unwrap().text.in_english().contains("as many arrived, but not the same ones"));
    }

    #[test]
    fn a_redirect_names_who_does_not_follow_it() {
        let finding = vec![Finding::Redirect { status: 301, to: "https://www.x.example/".to_owned() }];
        let text = |gateway| said(gateway, PUBLIC, finding.clone()).lines.pop().unwrap().text.in_english();
        assert!(text(Gateway::RAZORPAY).contains("redirects to https://www.x.example/, but Razorpay doesn’t follow redirects"));
        assert!(text(Gateway::STANDARD_WEBHOOKS).contains("but the sender doesn’t follow redirects"));
    }

    #[test]
    fn a_response_that_took_half_of_the_time_is_a_warning() {
        let line = |millis| said(Gateway::RAZORPAY, PUBLIC, vec![Finding::ReachedUs { millis }]).lines.pop().unwrap();
        assert_eq!(line(2500).text.key(), "url-check.responded");
        assert_eq!((line(2501).text.key(), line(2501).class), ("url-check.responded-slowly", "check-warn"));
    }
}
