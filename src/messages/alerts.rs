//! What pages and messages say of alerts.
//!
//! Invariant: of events only amounts, dates and ids; of the company the names of its apps and destinations.

use std::time::Duration;

use super::{
    Badge, DisplayTime, NO_VALUE,
    activity::{Notice, WARN},
    badge,
    text::alerts as t,
    to_the_minute, when,
};
use crate::{
    alerts::{Alert, Condition, Detail, Event, Kind, Step, collect},
    gateways::{Gateway, Mode},
    i18n::{Reader, Text, isolate},
    notifications::{Action, Content, channels::Channel},
    primitives::{
        id::TransactionId,
        money::{Currency, Money},
        time::Timestamp,
    },
    urls,
};

/// Warns of a channel whose last post failed; `None` for one that works.
pub(crate) fn failing_channel(channel: &Channel, now: Timestamp) -> Option<Notice> {
    let since = when(channel.failing_since?, now);
    let headline = t::channel_fails(isolate(&channel.name), channel.service.name(), since);
    Some(Notice::new("channel-failing", WARN, headline, t::channel_fails_reason()))
}

/// Returns the name of a kind.
pub(crate) const fn title(kind: Kind) -> Text {
    match kind {
        Kind::WebhookFailing => t::webhook_failing(),
        Kind::WebhookDisabling => t::webhook_disabling(),
        Kind::WebhookSilent => t::webhook_silent(),
        Kind::DestinationFailing => t::destination_failing(),
        Kind::DestinationPaused => t::destination_paused(),
        Kind::Backlog => t::backlog(),
        Kind::DisputeOpened => t::dispute_opened(),
        Kind::DisputeDeadline => t::dispute_deadline(),
        Kind::OrderPaidTwice => t::order_paid_twice(),
        Kind::RefundToConfirm => t::refund_to_confirm(),
    }
}

/// States when alerts of a kind are sent.
pub(crate) const fn when_sent(kind: Kind) -> Text {
    match kind {
        Kind::WebhookFailing => t::webhook_failing_when(),
        Kind::WebhookDisabling => t::webhook_disabling_when(),
        Kind::WebhookSilent => t::webhook_silent_when(),
        Kind::DestinationFailing => t::destination_failing_when(),
        Kind::DestinationPaused => t::destination_paused_when(),
        Kind::Backlog => t::backlog_when(),
        Kind::DisputeOpened => t::dispute_opened_when(),
        Kind::DisputeDeadline => t::dispute_deadline_when(),
        Kind::OrderPaidTwice => t::order_paid_twice_when(),
        Kind::RefundToConfirm => t::refund_to_confirm_when(),
    }
}

/// Returns the state of an alert.
pub(crate) fn state(alert: &Alert) -> Badge {
    match (alert.is_open(), alert.acknowledged_at) {
        (false, _) => badge("resolved", ("status-off", "good"), t::resolved()),
        (true, Some(_)) => badge("acknowledged", ("status-warn", "check"), t::acknowledged()),
        (true, None) => badge("open", ("status-bad", "bad"), t::open()),
    }
}

/// Returns the name of a step.
pub(crate) const fn step(step: Step) -> Text {
    match step {
        Step::Opened => t::step_opened(),
        Step::Nearer => t::step_nearer(),
        Step::Reopened => t::step_reopened(),
        Step::Resolved => t::step_resolved(),
        Step::Closed => t::step_closed(),
    }
}

/// Returns what a message reports.
pub(crate) const fn event(event: Event) -> Text {
    match event {
        Event::Problem => t::event_problem(),
        Event::Nearer => t::event_nearer(),
        Event::Reminder => t::event_reminder(),
        Event::Resolved => t::event_resolved(),
        Event::Test => t::event_test(),
    }
}

/// Returns how many requests or deliveries a problem has, if it has a number.
pub(crate) fn count(kind: Kind, count: i64) -> Option<Text> {
    match kind {
        _ if count == 0 => None,
        Kind::WebhookFailing | Kind::WebhookDisabling => Some(t::count_requests(count)),
        Kind::DestinationFailing | Kind::Backlog => Some(t::count_deliveries(count)),
        Kind::WebhookSilent
        | Kind::DestinationPaused
        | Kind::DisputeOpened
        | Kind::DisputeDeadline
        | Kind::OrderPaidTwice
        | Kind::RefundToConfirm => None,
    }
}

fn gateway(detail: &Detail) -> &'static str {
    detail.gateway().map_or(NO_VALUE, Gateway::label)
}

fn name(detail: &Detail) -> String {
    detail.name.clone().unwrap_or_default()
}

fn left(detail: &Detail, now: Timestamp) -> Duration {
    detail.due_at().map(|at| at.since(now)).unwrap_or_default()
}

/// States in a few words what has happened.
pub(crate) fn headline(kind: Kind, detail: &Detail, event: Event, now: Timestamp) -> Text {
    let (gateway, name, is_over) = (gateway(detail), name(detail), event == Event::Resolved);
    let is_reminder = event == Event::Reminder;
    match kind {
        Kind::WebhookFailing if is_over => t::head_webhook_working(gateway),
        Kind::WebhookFailing if is_reminder => t::head_webhook_failing_still(gateway),
        Kind::WebhookFailing => t::head_webhook_failing(gateway),
        Kind::WebhookDisabling if left(detail, now).is_zero() => t::head_webhook_disabled(gateway),
        Kind::WebhookDisabling => t::head_webhook_disabling(gateway, to_the_minute(left(detail, now))),
        Kind::WebhookSilent if is_over => t::head_webhook_receiving(gateway),
        Kind::WebhookSilent => t::head_webhook_silent(gateway),
        Kind::DestinationFailing if is_over => t::head_destination_working(isolate(&name)),
        Kind::DestinationFailing if is_reminder => t::head_destination_failing_still(isolate(&name)),
        Kind::DestinationFailing => t::head_destination_failing(isolate(&name)),
        Kind::DestinationPaused => t::head_destination_paused(isolate(&name)),
        Kind::Backlog if is_over => t::head_backlog_over(isolate(&name)),
        Kind::Backlog => t::head_backlog(isolate(&name)),
        Kind::DisputeOpened => detail.money().map_or_else(t::head_dispute_opened_unknown, t::head_dispute_opened),
        Kind::DisputeDeadline => {
            let left = super::span(left(detail, now));
            match detail.money() {
                Some(money) => t::head_dispute_deadline(money, left),
                None => t::head_dispute_deadline_unknown(left),
            }
        }
        Kind::OrderPaidTwice => detail.money().map_or_else(t::head_order_paid_twice_unknown, t::head_order_paid_twice),
        Kind::RefundToConfirm => detail.money().map_or_else(t::head_refund_to_confirm_unknown, t::head_refund_to_confirm),
    }
}

/// Explains it, and says what to do.
pub(crate) fn text(kind: Kind, detail: &Detail, (event, since): (Event, Timestamp), now: Timestamp) -> Vec<Text> {
    let (gateway, is_over) = (gateway(detail), event == Event::Resolved);
    let moment = |at: Timestamp| DisplayTime::of_expiry(at, now);
    let due = detail.due_at().filter(|at| *at > now);
    let mut texts = vec![match kind {
        Kind::WebhookFailing if is_over => t::text_webhook_working(gateway),
        Kind::WebhookFailing => t::text_webhook_failing(gateway),
        Kind::WebhookDisabling => t::text_webhook_disabling(moment(since), gateway),
        Kind::WebhookSilent if is_over => t::text_webhook_receiving(gateway),
        Kind::WebhookSilent => detail
            .last_at()
            .map_or_else(|| t::text_webhook_silent_never(gateway), |at| t::text_webhook_silent(moment(at), gateway)),
        Kind::DestinationFailing if is_over => t::text_destination_working(),
        Kind::DestinationFailing => t::text_destination_failing(moment(since)),
        Kind::DestinationPaused => t::text_destination_paused(),
        Kind::Backlog if is_over => t::text_backlog_over(),
        Kind::Backlog => t::text_backlog(moment(since)),
        Kind::DisputeOpened => {
            due.map_or_else(|| t::text_dispute_undated(gateway), |at| t::text_dispute_opened(gateway, moment(at)))
        }
        Kind::DisputeDeadline => {
            due.map_or_else(|| t::text_dispute_undated(gateway), |at| t::text_dispute_deadline(gateway, moment(at)))
        }
        Kind::OrderPaidTwice => t::text_order_paid_twice(),
        Kind::RefundToConfirm => due.map_or_else(t::text_refund_to_confirm_undated, |at| t::text_refund_to_confirm(moment(at))),
    }];
    if let (Kind::WebhookFailing | Kind::WebhookDisabling, Some(at), false) = (kind, due, is_over) {
        texts.push(t::text_disables(gateway, moment(at)));
    }
    texts
}

/// What a message is about.
pub(crate) struct Subject<'a> {
    pub(crate) app_name: &'a str,
    pub(crate) mode: Mode,
    pub(crate) event: Event,
    /// The base of the console's URLs.
    pub(crate) base: &'a str,
    /// The page of the alert, below the base.
    pub(crate) path: String,
    /// True for a test.
    pub(crate) is_test: bool,
}

/// Renders a message for its reader.
pub(crate) fn content(seen: &Condition, subject: &Subject<'_>, reader: Reader, now: Timestamp) -> Content {
    let plain = |text: &Text| text.to_plain(reader);
    let Condition { kind, detail, since, count, .. } = seen;
    let head = headline(*kind, detail, subject.event, now);
    let title = t::subject(isolate(subject.app_name), subject.mode.label(), head);
    let is_over = subject.event == Event::Resolved;
    let mut facts = Vec::new();
    let mut add = |label: Text, value: Text| facts.push((plain(&label), plain(&value)));
    if let Some(money) = detail.money() {
        add(t::label_amount(), Text::verbatim(money));
    }
    if let Some(id) = detail.transaction.as_deref() {
        add(t::label_transaction(), Text::verbatim(id));
    }
    if !is_over && !kind.is_of_payment() {
        add(t::label_since(), Text::verbatim(DisplayTime::of_expiry(*since, now)));
    }
    match kind {
        Kind::WebhookFailing | Kind::WebhookDisabling if *count > 0 => add(t::label_requests(), Text::verbatim(*count)),
        Kind::DestinationFailing | Kind::Backlog if *count > 0 && !is_over => add(t::label_waiting(), Text::verbatim(*count)),
        _ => {}
    }
    let intro = subject.is_test.then(t::test_intro);
    let texts = intro.into_iter().chain(text(*kind, detail, (subject.event, *since), now));
    Content {
        subject: plain(&if subject.is_test { t::test_subject(title) } else { title }),
        paragraphs: texts.map(|text| plain(&text)).collect(),
        body: Vec::new(),
        facts,
        action: Some(Action { label: plain(&t::action()), url: format!("{}{}", subject.base, subject.path) }),
        footer: Some(plain(&t::footer(isolate(subject.app_name), subject.mode.label()))),
        language: reader.locale,
        sender: None,
    }
}

/// The most alerts that a message about several lists.
const MAX_LISTED: usize = 5;

/// Renders a message that reports several alerts of a kind: how many, the first of them, and where all are.
pub(crate) fn content_of_many(seen: &[Condition], subject: &Subject<'_>, reader: Reader, now: Timestamp) -> Content {
    let plain = |text: &Text| text.to_plain(reader);
    let mut listed: Vec<_> = seen.iter().collect();
    listed.sort_by_key(|one| one.detail.due_at.unwrap_or(i64::MAX));
    let hidden = i64::try_from(listed.len().saturating_sub(MAX_LISTED)).unwrap_or_default();
    let lines = listed.into_iter().take(MAX_LISTED).map(|one| line(one, subject.event, now));
    let rest = (hidden > 0).then(|| t::many_more(hidden));
    let app = || isolate(subject.app_name);
    Content {
        subject: plain(&t::subject(app(), subject.mode.label(), many(seen, subject.event))),
        paragraphs: lines.chain(rest).map(|text| plain(&text)).collect(),
        body: Vec::new(),
        facts: Vec::new(),
        action: Some(Action { label: plain(&t::action()), url: format!("{}{}", subject.base, subject.path) }),
        footer: Some(plain(&t::footer(app(), subject.mode.label()))),
        language: reader.locale,
        sender: None,
    }
}

/// States how many alerts of a kind there are.
fn many(seen: &[Condition], event: Event) -> Text {
    let count = i64::try_from(seen.len()).unwrap_or(i64::MAX);
    match seen.first().map(|one| one.kind) {
        Some(Kind::DisputeOpened) => t::many_disputes_opened(count),
        Some(Kind::DisputeDeadline) => t::many_dispute_deadlines(count),
        Some(kind) if event == Event::Resolved => t::many_over(title(kind), count),
        Some(kind) => t::many_alerts(title(kind), count),
        None => Text::default(),
    }
}

/// States one of several alerts in a line.
fn line(one: &Condition, event: Event, now: Timestamp) -> Text {
    if !matches!(one.kind, Kind::DisputeOpened | Kind::DisputeDeadline) {
        return headline(one.kind, &one.detail, event, now);
    }
    let amount = one.detail.money().map_or_else(|| NO_VALUE.to_owned(), |money| money.to_string());
    match one.detail.due_at().filter(|at| *at > now) {
        Some(at) => t::line_dispute(amount, gateway(&one.detail), DisplayTime::of_expiry(at, now)),
        None => t::line_dispute_undated(amount, gateway(&one.detail)),
    }
}

/// Returns what an alert is about, as a message says it.
pub(crate) fn condition_of(alert: &Alert) -> Condition {
    Condition {
        kind: alert.kind,
        object: alert.object.clone(),
        since: alert.since,
        count: alert.count,
        stage: alert.stage,
        detail: alert.detail.clone(),
    }
}

/// Returns an example of a kind, for the preview and for tests.
pub(crate) fn example(kind: Kind, now: Timestamp) -> Condition {
    let hours = |hours| Duration::from_hours(hours);
    let is_of_payment = kind.is_of_payment();
    let is_webhook = matches!(kind, Kind::WebhookFailing | Kind::WebhookDisabling);
    let amount = Money::new(249_900, Currency::INR);
    let due_at = match kind {
        Kind::WebhookFailing => Some(now.plus(hours(22))),
        Kind::WebhookDisabling => Some(now.plus(hours(12))),
        Kind::DisputeOpened | Kind::RefundToConfirm => Some(now.plus(hours(7 * 24))),
        Kind::DisputeDeadline => Some(now.plus(hours(3 * 24))),
        _ => None,
    };
    let detail = Detail {
        gateway: (is_of_payment || is_webhook || kind == Kind::WebhookSilent).then(|| Gateway::proposed().slug().to_owned()),
        name: (!is_of_payment && !is_webhook).then(|| "orders.example".to_owned()),
        transaction: is_of_payment.then(|| TransactionId::least().to_string()),
        refund: None,
        amount: is_of_payment.then(|| (amount.subunits, amount.currency.to_string())),
        due_at: due_at.map(Timestamp::millis),
        last_at: Some(now.minus(hours(9)).millis()),
    };
    let since = if kind == Kind::Backlog { now.minus(collect::BACKLOG_AFTER) } else { now.minus(hours(2)) };
    Condition { kind, object: String::new(), since, count: if is_of_payment { 1 } else { 14 }, stage: 0, detail }
}

/// Returns the page that helps with the problem of an alert.
pub(crate) fn way_out(alert: &Alert) -> Option<(String, Text)> {
    Some(match alert.kind {
        Kind::WebhookFailing | Kind::WebhookDisabling | Kind::WebhookSilent => {
            let label = if alert.kind == Kind::WebhookSilent { t::see_webhook() } else { t::fix_webhook() };
            (urls::activity(alert.app_id, alert.detail.gateway()?, alert.mode), label)
        }
        Kind::DestinationFailing | Kind::DestinationPaused | Kind::Backlog => {
            (urls::destination(alert.app_id, alert.object.parse().ok()?), t::see_destination())
        }
        Kind::DisputeOpened | Kind::DisputeDeadline | Kind::OrderPaidTwice => {
            let payment = alert.detail.transaction.as_deref()?.parse().ok()?;
            (urls::transaction(alert.app_id, payment), t::see_payment())
        }
        Kind::RefundToConfirm => (urls::automatic_refund(alert.app_id, alert.object.parse().ok()?), t::see_refund()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{i18n::Locale, primitives::zone::Zone};

    const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);

    fn render(seen: &[Condition], event: Event, locale: Locale) -> Content {
        let subject = Subject {
            app_name: "Neem Tree Store",
            mode: Mode::Live,
            event,
            base: "https://pay.example.com",
            path: "/alerts".to_owned(),
            is_test: false,
        };
        content_of_many(seen, &subject, Reader { locale, zone: Zone::default() }, NOW)
    }

    fn disputes(count: i64) -> Vec<Condition> {
        let dispute = |number: i64| {
            let mut seen = example(Kind::DisputeOpened, NOW);
            seen.detail.amount = Some((number * 100, "INR".to_owned()));
            seen.detail.due_at = (number != 3).then(|| NOW.plus(Duration::from_hours(number.unsigned_abs())).millis());
            seen
        };
        (1..=count).rev().map(dispute).collect()
    }

    #[test]
    fn many_disputes_are_one_message_with_the_first_five_by_deadline() {
        let content = render(&disputes(12), Event::Problem, Locale::English);
        assert!(content.subject.contains("12 disputes opened"), "{content:?}");
        assert_eq!(content.paragraphs.len(), 6);
        for (line, amount) in content.paragraphs.iter().zip(["1.00", "2.00", "4.00", "5.00", "6.00"]) {
            assert!(line.contains(amount) && line.contains("answer it in"), "{line}");
        }
        assert_eq!(content.paragraphs[5], "And 7 more");
        assert_eq!(content.action.unwrap().url, "https://pay.example.com/alerts");
        let few = render(&disputes(3), Event::Problem, Locale::Hindi);
        assert!(few.paragraphs.len() == 3 && few.paragraphs[2].contains("3.00"), "without a deadline last: {few:?}");
    }

    #[test]
    fn many_of_another_kind_name_each() {
        let seen = ["orders.example", "stock.example"].map(|name| {
            let mut seen = example(Kind::DestinationFailing, NOW);
            seen.detail.name = Some(name.to_owned());
            seen
        });
        let content = render(&seen, Event::Resolved, Locale::English);
        assert!(content.subject.contains("Works again") && content.subject.contains("(2)"), "{content:?}");
        assert!(content.paragraphs[0].contains("orders.example") && content.paragraphs[1].contains("stock.example"));
    }
}
