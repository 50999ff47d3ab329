//! What the daily digest says.
//!
//! Invariant: of events only amounts and dates; of the company the names of its apps and destinations. It is short, however much there is.

use super::{
    DisplayTime, alerts, date, joined, number_text,
    text::{alerts as shared, digests as t},
    webhook_state,
};
use crate::{
    alerts::{
        Alert, Event,
        digest::{Digest, OpenDisputes},
    },
    connections::app_health::Webhook,
    gateways::Mode,
    i18n::{Reader, Text, isolate},
    ledger::payments::figures::ReceivedInCurrency,
    notifications::{Action, Content},
    primitives::{money::Money, time::Timestamp, zone::Zone},
};

/// The maximum number of currencies and of alerts that are listed; of further ones the number is.
const MAX_LISTED: usize = 5;

/// What a digest is about.
pub(crate) struct Subject<'a> {
    pub(crate) app_name: &'a str,
    pub(crate) mode: Mode,
    /// The zone of the app, of whose days the digest is one.
    pub(crate) zone: Zone,
    /// The address of App Overview.
    pub(crate) url: String,
}

/// Renders a digest for its reader.
pub(crate) fn content(digest: &Digest<'_>, subject: &Subject<'_>, reader: Reader, now: Timestamp) -> Content {
    let plain = |text: &Text| text.to_plain(reader);
    let day = date(digest.day, subject.zone.date(now));
    let title = shared::subject(isolate(subject.app_name), subject.mode.label(), t::headline(day.clone()));
    let intro = match digest.payments {
        0 if digest.is_empty() => t::nothing(day),
        0 => t::no_payments(day),
        _ => t::day(day, subject.zone.name()),
    };
    Content {
        subject: plain(&title),
        paragraphs: vec![plain(&intro)],
        body: Vec::new(),
        facts: facts(digest, now).iter().map(|(label, value)| (plain(label), plain(value))).collect(),
        action: Some(Action { label: plain(&t::action()), url: subject.url.clone() }),
        footer: Some(plain(&t::footer(isolate(subject.app_name), subject.mode.label()))),
        language: reader.locale,
        sender: None,
    }
}

/// A label with a value.
type Fact = (Text, Text);

fn facts(digest: &Digest<'_>, now: Timestamp) -> Vec<Fact> {
    let mut facts = Vec::new();
    if digest.payments > 0 {
        facts.extend(received(&digest.received));
        facts.push((t::failed(), number(digest.failed)));
    }
    facts.extend(disputes(&digest.disputes, now));
    facts.extend(open_alerts(&digest.alerts, now));
    facts.extend(digest.webhooks.iter().map(|webhook| (t::webhook(), state(webhook))));
    facts
}

fn number(number: i64) -> Text {
    Text::verbatim(number_text(number))
}

/// Returns the number of those that are not listed, if there are any.
fn more(label: fn() -> Text, count: usize) -> Option<Fact> {
    let rest = count.checked_sub(MAX_LISTED).filter(|rest| *rest > 0)?;
    Some((label(), Text::verbatim(rest)))
}

fn received(received: &[ReceivedInCurrency]) -> Vec<Fact> {
    if received.is_empty() {
        return vec![(t::received(), t::received_nothing())];
    }
    let listed = &received[..received.len().min(MAX_LISTED)];
    let mut facts: Vec<Fact> = listed.iter().map(|one| (t::received(), t::received_amount(one.payments, one.amount))).collect();
    facts.extend(more(t::more_currencies, received.len()));
    let refunded: Vec<Money> = listed.iter().map(|one| one.refunded).filter(|money| money.subunits > 0).collect();
    facts.extend(joined(&refunded).map(|amounts| (t::refunded(), Text::verbatim(amounts))));
    facts
}

fn disputes(disputes: &OpenDisputes, now: Timestamp) -> Option<Fact> {
    let count = Text::verbatim(disputes.count);
    let count = if disputes.is_at_least { t::at_least(count) } else { count };
    let said = match disputes.next {
        Some((at, money)) => t::disputes_next(count, DisplayTime::of_expiry(at, now), money),
        None => count,
    };
    (disputes.count > 0).then(|| (t::disputes(), said))
}

fn open_alerts(open: &[Alert], now: Timestamp) -> Vec<Fact> {
    let headline = |alert: &Alert| (t::alert(), alerts::headline(alert.kind, &alert.detail, Event::Problem, now));
    let mut facts: Vec<Fact> = open.iter().take(MAX_LISTED).map(headline).collect();
    facts.extend(more(t::more_alerts, open.len()));
    facts
}

fn state(webhook: &Webhook) -> Text {
    let badge = webhook_state(webhook.alert_state(), &webhook.activity);
    t::webhook_state(webhook.connection.gateway.label(), badge.label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        alerts::{Condition, Detail, Kind},
        i18n::Locale,
        ledger::payments::figures::ReceivedInCurrency,
        primitives::{
            id::{AlertId, AppId, CompanyId},
            money::Currency,
        },
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);

    fn none() -> Digest<'static> {
        let day = "2026-11-21".parse().unwrap();
        let (received, alerts, webhooks) = (Vec::new(), Vec::new(), Vec::new());
        Digest { day, payments: 0, received, failed: 0, disputes: OpenDisputes::default(), alerts, webhooks }
    }

    fn said(digest: &Digest<'_>, locale: Locale) -> (String, String, Vec<String>) {
        let zone = Zone::default();
        let subject = Subject { app_name: "Neem <Tree>", mode: Mode::Live, zone, url: "https://pay.example.com/a".to_owned() };
        let content = content(digest, &subject, Reader { locale, zone }, NOW);
        let clean = |text: &str| text.replace('\u{a0}', " ").replace(['\u{2068}', '\u{2069}'], "");
        let facts = content.facts.iter().map(|(label, value)| clean(&format!("{label}: {value}"))).collect();
        (clean(&content.subject), clean(&content.paragraphs.join("|")), facts)
    }

    fn received(payments: i64, amount: i64, refunded: i64, currency: &str) -> ReceivedInCurrency {
        let currency: Currency = currency.parse().unwrap();
        ReceivedInCurrency { payments, amount: Money::new(amount, currency), refunded: Money::new(refunded, currency) }
    }

    fn alert(name: &str) -> Alert {
        let detail = Detail { name: Some(name.to_owned()), ..Detail::default() };
        let seen = Condition { kind: Kind::Backlog, object: name.to_owned(), since: NOW, count: 1, stage: 0, detail };
        Alert::open((AlertId::unique(), CompanyId::unique(), AppId::unique()), Mode::Live, &seen, NOW)
    }

    #[test]
    fn a_day_without_anything_is_one_sentence() {
        let sentence = "There were no payments on 21 Nov, and nothing needs your attention.";
        let subject = "Neem <Tree>, Live: Daily digest of 21 Nov";
        assert_eq!(said(&none(), Locale::English), (subject.to_owned(), sentence.to_owned(), Vec::new()));
        assert!(said(&none(), Locale::Hindi).1.contains("कोई भुगतान नहीं"));
    }

    #[test]
    fn amounts_are_listed_by_currency_and_what_is_open_follows() {
        let next = Some((NOW.plus(std::time::Duration::from_hours(48)), Money::new(249_900, Currency::INR)));
        let digest = Digest {
            payments: 16,
            received: vec![received(12, 1_234_500, 50_000, "INR"), received(1, 1_000, 0, "AED")],
            failed: 3,
            disputes: OpenDisputes { count: 2, is_at_least: false, next },
            alerts: vec![alert("orders.example")],
            ..none()
        };
        let (_, text, facts) = said(&digest, Locale::English);
        assert_eq!(text, "What happened on 21 Nov, in the time zone Asia/Kolkata:");
        assert_eq!(
            facts,
            [
                "Received: ₹12,345.00 from 12 payments",
                "Received: AED 10.00 from 1 payment",
                "Refunded of these payments: ₹500.00",
                "Failed payments: 3",
                "Disputes to answer: 2, the next by 24 Nov, 7:41 pm (₹2,499.00)",
                "Open alert: Deliveries to orders.example are overdue",
            ]
        );
        let hindi = said(&digest, Locale::Hindi).2;
        assert_eq!(hindi[0], "प्राप्त राशि: 12 भुगतानों से ₹12,345.00");
    }

    #[test]
    fn payments_that_all_failed_and_an_open_dispute_are_not_nothing() {
        let failed = Digest { payments: 2, failed: 2, ..none() };
        assert_eq!(said(&failed, Locale::English).2, ["Received: Nothing", "Failed payments: 2"]);
        let disputes = OpenDisputes { count: 200, is_at_least: true, next: None };
        let (_, text, facts) = said(&Digest { disputes, ..none() }, Locale::English);
        assert_eq!(
            (text.as_str(), facts),
            ("There were no payments on 21 Nov.", vec!["Disputes to answer: at least 200".to_owned()])
        );
    }

    #[test]
    fn it_is_short_however_much_there_is() {
        let received = ["INR", "AED", "USD", "EUR", "GBP", "JPY", "KWD"].map(|code| received(1, 100, 1, code)).to_vec();
        let alerts = (0..300).map(|number| alert(&number.to_string())).collect();
        let (_, _, facts) = said(&Digest { payments: 7, received, alerts, ..none() }, Locale::English);
        assert_eq!(facts.len(), 5 + 1 + 1 + 1 + 5 + 1, "{facts:?}");
        assert!(facts.contains(&"More currencies: 2".to_owned()) && facts.contains(&"More open alerts: 295".to_owned()));
    }
}
