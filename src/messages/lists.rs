//! Messages of lists: filters, totals, and empty lists.

use jiff::civil::Date;

use crate::{
    connections::Step,
    events::Event,
    gateways::{Gateway, Mode},
    i18n::Text,
    ledger::payments::{state::DisplayState, store::daily_totals::Sum},
    messages::{EmptyState, date, days},
    primitives::{
        date_range::DateRange,
        id::AppId,
        money::{Currency, Money, grouped},
        time::Timestamp,
    },
    urls,
};

pub(crate) const WHOLE_ID: &str = "Enter a complete ID, receipt or bank reference.";
pub(crate) const ONE_DAY_MISSING: &str = "Choose this day too, or clear both.";
pub(crate) const NO_DAY: &str = "This is no day. Write it as 2026-11-22.";
pub(crate) const WRONG_ORDER: &str = "This is after the last day. Swap the two.";
pub(crate) const WHOLE_TYPE: &str = "Type the name of an event or how it begins, for example payment.captured or refund.";

pub(crate) const NO_STATUS: &str = "Choose a status from the list.";
pub(crate) const NO_STATE: &str = "Choose a state from the list.";
pub(crate) const NO_SEARCH: &str = "Enter up to 200 characters, without invisible ones.";

/// Shown instead of rows while a filter is invalid.
pub(crate) fn invalid_filters(all: String) -> EmptyState {
    EmptyState {
        hook: "invalid-filter",
        cause: None,
        icon: "warn",
        title: "Invalid filter".into(),
        text: "Correct the filter above, or clear all filters.".into(),
        way: Some((all, "Clear all filters".into())),
    }
}

/// How many rows a page of a search shows that examined only a part of the list.
pub(crate) fn found_among(rows: usize, examined: i64) -> String {
    format!(
        "{} among the {} searched, newest first",
        count(i64::try_from(rows).unwrap_or(i64::MAX), "match", "matches"),
        number_text(examined)
    )
}

/// A part of a list in which nothing matches. `way` leads to the next part.
pub(crate) fn search_on(way: (String, Text), examined: i64) -> EmptyState {
    EmptyState {
        hook: "no-match-yet",
        cause: None,
        icon: "search",
        title: "No match yet".into(),
        text: format!("{} were searched and none matches. Go on to search the rest.", number_text(examined)).into(),
        way: Some(way),
    }
}

/// The part of a list after the last match. `newest` is the URL of its first page.
pub(crate) fn end_of_search(newest: String) -> EmptyState {
    EmptyState {
        hook: "end-of-search",
        cause: None,
        icon: "search",
        title: "Nothing older matches".into(),
        text: "The search has reached the end of the list.".into(),
        way: Some((newest, "Back to the start of the list".into())),
    }
}

/// A date after today.
pub(crate) fn after_today(today: Date) -> String {
    format!("This is after today. Choose {} or earlier.", date(today, today))
}

/// A date range that is too long.
pub(crate) fn too_many_days(first: Date, today: Date) -> String {
    format!("At most 90 days at a time: begin on {} or later.", date(first, today))
}

/// Formats a count with its noun, grouped like money.
pub(crate) fn count(number: i64, one: &str, many: &str) -> String {
    format!("{} {}", number_text(number), if number == 1 { one } else { many })
}

/// Formats a number, grouped like money.
pub(crate) fn number_text(number: i64) -> String {
    grouped(number.unsigned_abs(), 2)
}

/// How many payments a list has, where they are not added up.
pub(crate) fn more_payments_than(number: i64) -> String {
    format!("more than {}; the newest {} are shown", count(number, "payment", "payments"), number_text(number))
}

/// How many payments a list has and how many of them were paid; what came in, went back and was lost. Each part has what
/// identifies it in tests.
pub(crate) fn sum(sums: &[Sum]) -> Vec<(&'static str, String)> {
    let (all, paid) = sums.iter().fold((0, 0), |(all, paid), sum| (all + sum.payments, paid + sum.paid));
    let payments = count(all, "payment", "payments");
    let mut parts = vec![("sum-payments", payments)];
    if (1..all).contains(&paid) {
        parts.push(("sum-paid", format!(", {} paid", number_text(paid))));
    }
    let amounts = [
        (total(sums.iter().map(|sum| (sum, sum.received))), "sum-received", "received"),
        (total(sums.iter().map(|sum| (sum, sum.refunded))), "sum-refunded", "refunded"),
        (total(sums.iter().map(|sum| (sum, sum.refund_pending))), "sum-refund-pending", "refund pending"),
        (total(sums.iter().map(|sum| (sum, sum.lost))), "sum-lost", "lost in disputes"),
        (total(sums.iter().map(|sum| (sum, sum.held))), "sum-held", "deducted for disputes"),
    ];
    let mut separator = if paid < all { ": " } else { ", " };
    for (money, hook, what) in amounts.into_iter().filter(|(money, ..)| !money.is_empty()) {
        parts.push((hook, format!("{separator}{money} {what}")));
        separator = ", ";
    }
    parts
}

/// What is being refunded and what disputes took, each with what identifies it in tests.
pub(crate) fn costs(pending: &[Money], lost: &[Money], held: &[Money]) -> Vec<(&'static str, String)> {
    let costs = [
        (pending, "cost-refund-pending", "refund pending"),
        (lost, "cost-lost", "lost in disputes"),
        (held, "cost-held", "deducted for disputes"),
    ];
    let said = costs.into_iter().map(|(money, hook, what)| {
        let amounts: Vec<String> = money.iter().filter(|money| money.subunits != 0).map(ToString::to_string).collect();
        (hook, amounts, what)
    });
    said.filter(|(_, amounts, _)| !amounts.is_empty())
        .map(|(hook, amounts, what)| (hook, format!("{} {what}", amounts.join(" + "))))
        .collect()
}

/// How many of the payments that ended did not succeed, and how.
pub(crate) fn failed_of(failed: i64, returned: i64, ended: i64) -> String {
    let [failed, ended] = [failed, ended].map(number_text);
    match returned {
        0 => format!("{failed} of {ended} failed"),
        _ => format!("{failed} failed, {} returned, of {ended}", number_text(returned)),
    }
}

/// Formats totals by currency: `₹10.00 + AED 1.00`; empty if there are none.
fn total<'a>(amounts: impl Iterator<Item = (&'a Sum, i64)>) -> String {
    let mut total: Vec<Money> = Vec::new();
    for (sum, amount) in amounts.filter(|(_, amount)| *amount != 0) {
        let Ok(currency) = sum.currency.parse::<Currency>() else { continue };
        match total.iter_mut().find(|known| known.currency == currency) {
            Some(known) => known.subunits = known.subunits.saturating_add(amount),
            None => total.push(Money::new(amount, currency)),
        }
    }
    total.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + ")
}

/// Returns the link to connect payments of this mode: the Webhook step of its gateway, or the form for adding one.
pub(super) fn to_webhook(app: AppId, mode: Mode, gateway: Option<Gateway>) -> (String, Text) {
    match gateway {
        Some(gateway) => (urls::step(app, gateway, mode, Step::Webhook), "Open the Webhook step".into()),
        None => (urls::add_gateway(app, mode), format!("Add a gateway in {} mode", mode.label()).into()),
    }
}

/// Why Transaction History has no row.
pub(crate) enum EmptyTransactions<'a> {
    Yet {
        mode: Mode,
        /// The app whose gateways are linked.
        app: AppId,
        /// The gateway connected in this mode.
        gateway: Option<Gateway>,
    },
    /// `other` is the mode that has a match.
    Named {
        name: &'a str,
        mode: Mode,
        other: Option<Mode>,
    },
    Between {
        days: DateRange,
        status: Option<DisplayState>,
        mode: Mode,
        wider: DateRange,
        today: Date,
    },
}

impl EmptyTransactions<'_> {
    /// Returns the message, and a link based on the list's own path.
    pub(crate) fn at(&self, path: &str) -> EmptyState {
        match *self {
            Self::Yet { mode, app, gateway } => EmptyState {
                hook: "no-transaction-yet",
                cause: None,
                icon: "inbox",
                title: "No transaction yet".into(),
                text: (match mode {
                    Mode::Test => "Transactions appear here when the gateway reports the first payment. Connect the webhook, then make a test payment.",
                    Mode::Live => "Transactions appear here when the gateway reports the first real payment. Connect the webhook of Live mode first.",
                }
                .to_owned()).into(),
                way: Some(to_webhook(app, mode, gateway)),
            },
            Self::Named { name, mode, other } => {
                let away = other.map(|other| (urls::query(path, &[("mode", other.slug()), ("q", name)]), other));
                let text = format!("No payment in {} mode has the ID, receipt or bank reference {name}.", mode.label());
                let (more, way) = match away {
                    Some((url, other)) => (
                        format!(" There is one in {} mode.", other.label()),
                        (url, format!("Show it in {} mode", other.label()).into()),
                    ),
                    None => (
                        " Enter it in full; IDs are case-sensitive. It may belong to another app.".to_owned(),
                        (urls::in_mode(path, mode), "Clear the search".into()),
                    ),
                };
                matchless("no-such-id", text + &more, way)
            }
            Self::Between { days: span, status, mode, wider, today } => {
                let wide = days(wider, today);
                let (from, to) = (wider.first.to_string(), wider.last.to_string());
                let url = urls::query(path, &[("mode", mode.slug()), ("from", &from), ("to", &to)]);
                let span = days(span, today);
                match status {
                    Some(status) => {
                        let label = super::payment_state(status).label;
                        let text = format!("No transaction from {span} has the status {label}.");
                        matchless("no-such-status", text, (url, "Show every status".into()))
                    }
                    None => matchless(
                        "no-transaction-in-span",
                        format!("No transaction from {span}. The newest is of {}.", date(wider.last, today)),
                        (url, format!("Show {wide}").into()),
                    ),
                }
            }
        }
    }
}

/// A search that matches the reference of a settlement. `url` is that of its event.
pub(crate) fn settlement_found(event: &Event, url: String, now: Timestamp) -> EmptyState {
    let when = match super::past_day(event.occurred_at.unwrap_or(event.received_at), now) {
        Some(day) => format!(", on {day}"),
        None => "; its time is in the future".to_owned(),
    };
    EmptyState {
        hook: "settlement-found",
        cause: None,
        icon: "search",
        title: "This is the reference of a settlement".into(),
        text: format!("{}{when}.", super::event_sentence(event)).into(),
        way: Some((url, "Show the settlement".into())),
    }
}

fn matchless(hook: &'static str, text: String, way: (String, Text)) -> EmptyState {
    EmptyState { hook, cause: None, icon: "search", title: "Nothing matches".into(), text: text.into(), way: Some(way) }
}

/// Returns the label of an overview's period.
pub(crate) fn period(days: i32) -> String {
    if days == 1 { "Today".to_owned() } else { format!("{days} days") }
}

/// An overview without transactions in its period. `newest` is the day of the newest transaction, unless it is in the future.
pub(crate) fn nothing_in_period(period: &str, newest: Option<Text>, all: &str) -> EmptyState {
    let (hook, newest) = newest.map_or_else(
        || ("only-later-transactions", LATER_THAN_NOW.to_owned()),
        |day| ("no-transaction-in-period", format!("The newest transaction is from {day}.")),
    );
    EmptyState {
        hook,
        cause: None,
        icon: "search",
        title: "No transaction in this period".into(),
        text: format!("Period: {period}. {newest}").into(),
        way: Some((all.to_owned(), "All transactions".into())),
    }
}

/// The newest transaction is in the future, so no range of days includes it.
const LATER_THAN_NOW: &str =
    "The newest transaction is dated in the future: this server’s clock or the gateway’s is or was wrong.";

/// An empty list while the newest transaction is in the future. `url` is that of the transaction.
pub(crate) fn nothing_but_later(span: DateRange, today: Date, url: String) -> EmptyState {
    matchless(
        "only-later-transactions",
        format!("No transaction from {}. {LATER_THAN_NOW}", days(span, today)),
        (url, "Show it".into()),
    )
}

/// Shown instead of the figures if the period is invalid.
pub(crate) fn invalid_period(usual: String) -> EmptyState {
    EmptyState {
        hook: "invalid-period",
        cause: None,
        icon: "warn",
        title: "Invalid period".into(),
        text: "Choose a period above.".into(),
        way: Some((usual, "Show the default period".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as on;

    #[test]
    fn a_span_is_said_as_short_as_it_can_be() {
        let today = on(2026, 11, 22);
        let said = |first, last| days(DateRange { first, last }, today).in_english().replace('\u{a0}', " ");
        assert_eq!(said(on(2026, 11, 1), today), "1 to 22 Nov");
        assert_eq!(said(today, today), "22 Nov");
        assert_eq!(said(on(2026, 10, 24), today), "24 Oct to 22 Nov");
        assert_eq!(said(on(2025, 12, 1), on(2025, 12, 4)), "1 to 4 Dec 2025");
        assert_eq!(said(on(2025, 12, 1), on(2026, 1, 4)), "1 Dec 2025 to 4 Jan");
    }

    #[test]
    fn a_sum_counts_what_came_in_by_currency() {
        let row = |currency: &str, payments, paid, received| Sum {
            currency: currency.to_owned(),
            payments,
            paid,
            received,
            refunded: 0,
            refund_pending: 0,
            lost: 0,
            held: 0,
        };
        let said = |sums: &[Sum]| sum(sums).into_iter().map(|(_, part)| part).collect::<String>().replace('\u{a0}', " ");
        let all = Sum { refunded: 962_050, lost: 39_000, ..row("INR", 739, 707, 41_062_050) };
        assert_eq!(said(&[all]), "739 payments, 707 paid: ₹4,10,620.50 received, ₹9,620.50 refunded, ₹390.00 lost in disputes");
        assert_eq!(said(&[row("INR", 31, 0, 0)]), "31 payments");
        assert_eq!((said(&[]), said(&[row("", 1, 0, 0)])), ("0 payments".to_owned(), "1 payment".to_owned()));
        let lost = Sum { lost: 39_000, ..row("INR", 1, 1, 100_000) };
        assert_eq!(said(&[lost]), "1 payment, ₹1,000.00 received, ₹390.00 lost in disputes");
        assert_eq!(said(&[row("AED", 1, 1, 125_000)]), "1 payment, AED 1,250.00 received");
        let elsewhere = Sum { lost: 834_500, ..row("INR", 0, 0, 0) };
        let own = Sum { lost: 39_000, ..row("USD", 1, 1, 10_000) };
        assert_eq!(said(&[own, elsewhere]), "1 payment, USD 100.00 received, USD 390.00 + ₹8,345.00 lost in disputes");
        assert_eq!(more_payments_than(200), "more than 200 payments; the newest 200 are shown");
    }
}
