//! Messages of lists: filters, totals, and empty lists.

use jiff::civil::Date;

use super::text::lists as t;
use crate::{
    connections::Step,
    events::Event,
    gateways::{Gateway, Mode},
    i18n::{Text, isolate},
    ledger::payments::store::{Kinds, daily_totals::Sum},
    messages::{EmptyState, date, days},
    primitives::{
        date_range::DateRange,
        id::AppId,
        money::{Currency, Money, grouped},
        time::Timestamp,
    },
    urls,
};

/// Shown instead of rows while a filter is invalid: what is wrong, and a link that corrects it or clears all filters.
pub(crate) fn invalid_filters(wrong: Text, correction: Option<(String, Text)>, all: String) -> EmptyState {
    EmptyState {
        hook: "invalid-filter",
        cause: None,
        icon: "warn",
        title: t::invalid_filter(),
        text: wrong,
        way: Some(correction.unwrap_or_else(|| (all, t::clear_all_filters()))),
    }
}

/// A part of a list in which nothing matches. `way` leads to the next part.
pub(crate) fn search_on(way: (String, Text), searched: i64) -> EmptyState {
    EmptyState {
        hook: "no-match-yet",
        cause: None,
        icon: "search",
        title: t::no_match_yet(),
        text: t::no_match_yet_advice(searched),
        way: Some(way),
    }
}

/// The part of a list after the last match. `newest` is the URL of its first page.
pub(crate) fn end_of_search(newest: String) -> EmptyState {
    EmptyState {
        hook: "end-of-search",
        cause: None,
        icon: "search",
        title: t::end_of_search(),
        text: t::end_of_search_advice(),
        way: Some((newest, t::back_to_start())),
    }
}

/// Formats a number, grouped like money.
pub(crate) fn number_text(number: i64) -> String {
    grouped(number.unsigned_abs(), 2)
}

/// Items of a list, each with what identifies it in tests.
pub(crate) type Items = Vec<(&'static str, Text)>;

/// How many payments a list has and how many of them were paid; what came in, went back and was lost.
pub(crate) fn sum(sums: &[Sum]) -> Items {
    let (all, paid) = payments(sums);
    let mut items = vec![("sum-payments", t::payments(all))];
    if (1..all).contains(&paid) {
        items.push(("sum-paid", t::paid(paid)));
    }
    let amount = |of: fn(&Sum) -> i64| total(sums.iter().map(|sum| (sum, of(sum))));
    let amounts = [
        ("sum-received", amount(|sum| sum.received).map(t::received)),
        ("sum-refunded", amount(|sum| sum.refunded).map(t::refunded)),
        ("sum-refund-pending", amount(|sum| sum.refund_pending).map(t::refund_pending)),
        ("sum-lost", amount(|sum| sum.lost).map(t::lost)),
        ("sum-held", amount(|sum| sum.held).map(t::deducted)),
    ];
    items.extend(amounts.into_iter().filter_map(|(hook, text)| Some((hook, text?))));
    items
}

/// How many payments of a day were paid, and what was received: sums of several currencies are next to each other. If nothing
/// was received, how many there were.
pub(crate) fn day_sum(sums: &[Sum]) -> Text {
    let (all, paid) = payments(sums);
    match joined_by(" · ", &amounts(sums.iter().map(|sum| (sum, sum.received)))) {
        Some(received) => t::day_sum(paid, received),
        None => t::payments(all),
    }
}

/// Returns the number of payments, and how many of them were paid.
fn payments(sums: &[Sum]) -> (i64, i64) {
    sums.iter().fold((0, 0), |(all, paid), sum| (all + sum.payments, paid + sum.paid))
}

/// What was refunded, what is being refunded, and what disputes took.
pub(crate) fn costs(refunded: &[Money], pending: &[Money], lost: &[Money], held: &[Money]) -> Items {
    let costs = [
        ("cost-refunded", joined(refunded).map(t::refunded)),
        ("cost-refund-pending", joined(pending).map(t::refund_pending)),
        ("cost-lost", joined(lost).map(t::lost)),
        ("cost-held", joined(held).map(t::deducted)),
    ];
    costs.into_iter().filter_map(|(hook, text)| Some((hook, text?))).collect()
}

/// How many of the payments that ended did not succeed, and how.
pub(crate) fn failed_of(failed: i64, returned: i64, ended: i64) -> Text {
    match returned {
        0 => t::failed_of(failed, ended),
        _ => t::failed_and_returned_of(failed, returned, ended),
    }
}

/// Formats totals by currency: `₹10.00 + AED 1.00`; `None` if there are none.
fn total<'a>(parts: impl Iterator<Item = (&'a Sum, i64)>) -> Option<String> {
    joined(&amounts(parts))
}

/// Adds up amounts by currency.
fn amounts<'a>(parts: impl Iterator<Item = (&'a Sum, i64)>) -> Vec<Money> {
    let mut total: Vec<Money> = Vec::new();
    for (sum, amount) in parts.filter(|(_, amount)| *amount != 0) {
        let Ok(currency) = sum.currency.parse::<Currency>() else { continue };
        match total.iter_mut().find(|known| known.currency == currency) {
            Some(known) => known.subunits = known.subunits.saturating_add(amount),
            None => total.push(Money::new(amount, currency)),
        }
    }
    total
}

/// Formats amounts of different currencies, without those that are 0: `₹10.00 + AED 1.00`; `None` if none is left.
pub(crate) fn joined(amounts: &[Money]) -> Option<String> {
    joined_by(" + ", amounts)
}

fn joined_by(sign: &str, amounts: &[Money]) -> Option<String> {
    let amounts: Vec<String> = amounts.iter().filter(|money| money.subunits != 0).map(ToString::to_string).collect();
    (!amounts.is_empty()).then(|| amounts.join(sign))
}

/// Returns the link to connect payments of this mode: the Webhook step of its gateway, or the form for adding one.
pub(super) fn to_webhook(app: AppId, mode: Mode, gateway: Option<Gateway>) -> (String, Text) {
    match gateway {
        Some(gateway) => (urls::step(app, gateway, mode, Step::Webhook), t::webhook_step()),
        None => (urls::add_gateway(app, mode), t::add_gateway(mode.label())),
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
        kinds: Kinds,
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
                title: t::no_transaction_yet(),
                text: match mode {
                    Mode::Test => t::no_transaction_yet_test(),
                    Mode::Live => t::no_transaction_yet_live(),
                },
                way: Some(to_webhook(app, mode, gateway)),
            },
            Self::Named { name, mode, other: Some(other) } => {
                let url = urls::query(path, &[("mode", other.slug()), ("q", name)]);
                let text = t::not_in_mode(mode.label(), isolate(name), other.label());
                matchless("no-such-id", text, (url, t::show_in_mode(other.label())))
            }
            Self::Named { name, mode, other: None } => {
                let way = (urls::in_mode(path, mode), t::clear_search());
                matchless("no-such-id", t::nowhere(mode.label(), isolate(name)), way)
            }
            Self::Between { days: span, kinds, mode, wider, today } => {
                let (from, to) = (wider.first.to_string(), wider.last.to_string());
                let url = urls::query(path, &[("mode", mode.slug()), ("from", &from), ("to", &to)]);
                let span = days(span, today);
                if let Kinds { state: Some(state), method: None, gateway: None, failure: None } = kinds {
                    let text = t::none_with_status(span, super::payment_filter(state));
                    matchless("no-such-status", text, (url, t::show_every_status()))
                } else if !kinds.is_any() {
                    matchless("no-such-kind", t::none_of_kinds(span), (url, t::show_all_of_days()))
                } else {
                    let text = t::none_in_days(span, date(wider.last, today));
                    matchless("no-transaction-in-span", text, (url, t::show_days(days(wider, today))))
                }
            }
        }
    }
}

/// A search that matches the reference of a settlement. `url` is that of its event.
pub(crate) fn settlement_found(event: &Event, url: String, now: Timestamp) -> EmptyState {
    let sentence = super::event_sentence(event);
    EmptyState {
        hook: "settlement-found",
        cause: None,
        icon: "search",
        title: t::settlement_found(),
        text: match super::past_day(event.occurred_at.unwrap_or(event.received_at), now) {
            Some(day) => t::settlement_found_on(day, sentence),
            None => t::settlement_found_in_future(sentence),
        },
        way: Some((url, t::show_settlement())),
    }
}

fn matchless(hook: &'static str, text: Text, way: (String, Text)) -> EmptyState {
    EmptyState { hook, cause: None, icon: "search", title: t::nothing_matches(), text, way: Some(way) }
}

/// Returns the label of an overview's period.
pub(crate) fn period(days: i32) -> Text {
    if days == 1 { t::today() } else { t::days(days) }
}

/// An overview without transactions in its period. `newest` is the day of the newest transaction, unless it is in the future.
pub(crate) fn nothing_in_period(period: Text, newest: Option<Text>, all: &str) -> EmptyState {
    let (hook, text) = match newest {
        Some(day) => ("no-transaction-in-period", t::none_in_period_newest(period, day)),
        None => ("only-later-transactions", t::none_in_period_but_later(period)),
    };
    let way = Some((all.to_owned(), t::all_transactions()));
    EmptyState { hook, cause: None, icon: "search", title: t::none_in_period(), text, way }
}

/// An empty list while the newest transaction is in the future, so that no range of days includes it. `url` is that of the
/// transaction.
pub(crate) fn nothing_but_later(span: DateRange, today: Date, url: String) -> EmptyState {
    matchless("only-later-transactions", t::none_in_days_but_later(days(span, today)), (url, t::show_newest()))
}

/// Shown instead of the figures if the period is invalid.
pub(crate) fn invalid_period(usual: String) -> EmptyState {
    EmptyState {
        hook: "invalid-period",
        cause: None,
        icon: "warn",
        title: t::invalid_period(),
        text: t::invalid_period_advice(),
        way: Some((usual, t::show_default_period())),
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
        let said = |sums: &[Sum]| {
            let items = sum(sums).into_iter().map(|(_, text)| text.in_english().replace('\u{a0}', " "));
            items.collect::<Vec<_>>().join(", ")
        };
        let all = Sum { refunded: 962_050, lost: 39_000, ..row("INR", 739, 707, 41_062_050) };
        assert_eq!(said(&[all]), "739 payments, 707 paid, ₹4,10,620.50 received, ₹9,620.50 refunded, ₹390.00 lost in disputes");
        assert_eq!(said(&[row("INR", 31, 0, 0)]), "31 payments");
        assert_eq!((said(&[]), said(&[row("", 1, 0, 0)])), ("0 payments".to_owned(), "1 payment".to_owned()));
        let lost = Sum { lost: 39_000, ..row("INR", 1, 1, 100_000) };
        assert_eq!(said(&[lost]), "1 payment, ₹1,000.00 received, ₹390.00 lost in disputes");
        assert_eq!(said(&[row("AED", 1, 1, 125_000)]), "1 payment, AED 1,250.00 received");
        let elsewhere = Sum { lost: 834_500, ..row("INR", 0, 0, 0) };
        let own = Sum { lost: 39_000, ..row("USD", 1, 1, 10_000) };
        assert_eq!(said(&[own, elsewhere]), "1 payment, USD 100.00 received, USD 390.00 + ₹8,345.00 lost in disputes");
    }
}
