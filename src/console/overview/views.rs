//! View model of the App Overview.

use std::time::Duration;

use askama::Template;

use super::{
    chart::{Bar, Chart, Tick, percent, tenths},
    comparison::{self, Before, Change, Compared},
    forms::{DEFAULT_PERIOD, PERIODS},
    health::Health,
    yesterday::Yesterday,
};
use crate::{
    connections::{Connection, activity::Activity},
    console::{
        http::layout::Layout,
        read_models::{alerts::Alert, checklist::ChecklistView, payment_row::DayOfRows},
    },
    gateways::Mode,
    i18n::Text,
    ledger::payments::{
        Transaction,
        failure::FailureReason,
        figures::{self, Figures, PaymentOutcomes},
        state::DisplayState,
        store::daily_totals::DailyTotals,
    },
    messages::{
        self, EmptyState,
        rejections::Causes,
        text::{lists, overview as t},
    },
    primitives::{
        date_range::DateRange,
        id::AppId,
        money::{Currency, Money},
        time::Timestamp,
        zone::Zone,
    },
    rejections::store::RequestCount,
    urls,
};

/// The maximum number of items that need attention.
pub(super) const MAX_ATTENTION: usize = 5;
/// Of which time the number of rejected requests is.
pub(super) const REJECTIONS_SPAN: Duration = Duration::from_hours(24);
/// Rejected requests are mentioned if there is one for this many payments, or more.
const PAYMENTS_PER_REJECTION: i64 = 20;
/// The longest period whose bars are links: those of a longer one are too narrow and too many, and the table has the values.
const MAX_LINKED_DAYS: usize = 15;

/// `/ks-pay/apps/{app}`
#[derive(Template)]
#[template(path = "overview/show.html")]
pub(crate) struct Show {
    pub(crate) layout: Layout,
    /// What is left until an event is verified in Live mode.
    pub(crate) checklist: Option<ChecklistView>,
    pub(crate) app: AppId,
    pub(crate) mode: Mode,
    pub(crate) count: i32,
    pub(crate) days: DateRange,
    /// True if the requested period is selectable; otherwise the page shows no figures.
    pub(crate) is_period_valid: bool,
    pub(crate) connections: Vec<(Connection, Activity)>,
    /// Why requests were rejected, if nothing else was received.
    pub(crate) causes: Causes,
    pub(crate) health: Vec<Health>,
    /// How many requests were rejected in [`REJECTIONS_SPAN`].
    pub(crate) refused: RequestCount,
    /// How many payments were received today and yesterday.
    pub(crate) payments_of_two_days: i64,
    pub(crate) figures: Figures,
    pub(crate) before: Before,
    pub(crate) yesterday: Yesterday,
    /// Most urgent first.
    pub(crate) attention: Vec<Alert>,
    /// How many destinations need attention besides these, with the list of destinations.
    pub(crate) more_destinations: Option<(String, usize)>,
    pub(crate) recent: Vec<DayOfRows>,
    pub(crate) is_nothing_yet: bool,
    /// The newest transaction, if the period has none.
    pub(crate) newest: Option<Transaction>,
    /// The zone of the app, whose days these are.
    pub(crate) zone: Zone,
    pub(crate) zones_note: Option<Text>,
    pub(crate) now: Timestamp,
}

/// Shown where a percentage means nothing.
const NO_PERCENT: &str = "–";

/// A table row with a meter.
pub(crate) struct Share {
    /// Identifies it in tests.
    pub(crate) hook: &'static str,
    pub(crate) label: Text,
    pub(crate) class: &'static str,
    pub(crate) count: String,
    pub(crate) part: i64,
    pub(crate) percent: String,
}

/// Returns the URLs of the page in both modes.
pub(crate) fn mode_urls(app: AppId, count: i32) -> (String, String) {
    let of = |mode| address(app, mode, count);
    (of(Mode::Test), of(Mode::Live))
}

fn address(app: AppId, mode: Mode, count: i32) -> String {
    let days = if count == DEFAULT_PERIOD { String::new() } else { count.to_string() };
    urls::query(&urls::app(app), &[("mode", mode.slug()), ("days", &days)])
}

impl Show {
    /// Returns the selectable periods: URL, label, and whether it is selected.
    pub(crate) fn periods(&self) -> impl Iterator<Item = (String, Text, bool)> + '_ {
        let of = |days| {
            let is_selected = self.is_period_valid && days == self.count;
            (address(self.app, self.mode, days), messages::period(days), is_selected)
        };
        PERIODS.into_iter().map(of)
    }

    /// True if the period is today alone: the amount received is then shown only once.
    pub(crate) fn is_today(&self) -> bool {
        self.count == 1
    }

    /// Returns the amount in the currency of the page.
    #[expect(clippy::unused_self, reason = "templates call methods of their page")]
    pub(crate) fn first(&self, money: &[Money]) -> Money {
        money.first().copied().unwrap_or(Money::new(0, Currency::INR))
    }

    /// Returns the amounts in other currencies, which are never added up.
    #[expect(clippy::unused_self, reason = "templates call methods of their page")]
    pub(crate) fn others<'a>(&self, money: &'a [Money]) -> impl Iterator<Item = &'a Money> {
        money.iter().skip(1).filter(|money| money.subunits != 0)
    }

    pub(crate) fn payments(&self) -> Text {
        t::payments(self.figures.ways.went_through())
    }

    /// Returns today's amounts and payments.
    pub(crate) fn today(&self) -> Text {
        let money = messages::joined(&self.figures.today).unwrap_or_else(|| self.first(&self.figures.today).to_string());
        t::today_so_far(self.figures.payments_today, money)
    }

    /// Returns yesterday's amounts and payments, with the list of that day if there were any.
    pub(crate) fn yesterday(&self) -> (Text, Option<String>) {
        let Yesterday { day, payments, amounts } = &self.yesterday;
        match messages::joined(amounts) {
            Some(money) => (t::yesterday(*payments, self.day(*day), money), Some(self.list_of_day(*day))),
            None => (t::nothing_yesterday(self.day(*day)), None),
        }
    }

    /// Compares the amount received until yesterday with the period before; of today alone, yesterday's amount is named instead.
    pub(crate) fn received_change(&self) -> Change {
        match &self.before.compared {
            Some(Compared { days_before, now, before }) => {
                comparison::of_amount(now.received, before.received, self.range(*days_before))
            }
            None if self.before.received.subunits <= 0 => Change { icon: None, text: t::none_before(self.earlier()) },
            None => Change { icon: None, text: t::day_before(self.day(self.before.days.first), self.before.received) },
        }
    }

    pub(crate) fn rate_change(&self) -> Option<Change> {
        let Compared { days_before, now, before } = self.before.compared.as_ref()?;
        comparison::of_rate(rate(now.outcomes), rate(before.outcomes), self.range(*days_before))
    }

    /// Returns what was refunded and what disputes took, in the currency of the page. What is being refunded has not gone back yet.
    pub(crate) fn refunds_and_disputes(&self) -> Money {
        let figures = &self.figures;
        let [refunded, lost, held] = [&figures.refunded, &figures.lost, &figures.held].map(|amounts| self.first(amounts));
        Money { subunits: refunded.subunits.saturating_add(lost.subunits).saturating_add(held.subunits), ..refunded }
    }

    pub(crate) fn costs(&self) -> messages::Items {
        let figures = &self.figures;
        messages::costs(&figures.refunded, &figures.refund_pending, &figures.lost, &figures.held)
    }

    pub(crate) fn went_through(&self) -> String {
        rate(self.figures.ways).map_or_else(|| NO_PERCENT.to_owned(), percent)
    }

    /// Returns the days of the period, and those of the one before.
    pub(crate) fn span(&self) -> Text {
        self.range(self.days)
    }

    pub(crate) fn earlier(&self) -> Text {
        self.range(self.before.days)
    }

    fn range(&self, days: DateRange) -> Text {
        messages::range(days, self.zone.date(self.now))
    }

    pub(crate) fn failed(&self) -> Text {
        let ways = self.figures.ways;
        messages::failed_of(ways.failed, ways.returned, ways.settled())
    }

    pub(crate) fn chart(&self) -> Chart {
        Chart::of(&self.figures.daily, if self.has_before() { &self.before.daily } else { &[] })
    }

    /// True if anything was received in the period before; else there is nothing to compare with.
    pub(crate) fn has_before(&self) -> bool {
        self.before.received.subunits > 0
    }

    /// Returns what the axis says of the day, if anything.
    pub(crate) fn tick(&self, bar: &Bar) -> Text {
        match bar.tick {
            Tick::Nothing => Text::default(),
            Tick::Day => Text::verbatim(i32::from(bar.day.day())),
            Tick::Month => self.day(bar.day),
        }
    }

    #[expect(clippy::unused_self, reason = "templates call methods of their page")]
    pub(crate) fn is_month(&self, bar: &Bar) -> bool {
        bar.tick == Tick::Month
    }

    /// Returns the amount of a day and that of the day it is compared with, as one text.
    pub(crate) fn bar_label(&self, bar: &Bar) -> Text {
        let Some((earlier, before)) = bar.before else { return self.bar_value(bar) };
        let text = if bar.is_today { t::bar_today } else { t::bar };
        text(self.day(bar.day), bar.money, self.day(earlier), before)
    }

    pub(crate) fn bar_value(&self, bar: &Bar) -> Text {
        let text = if bar.is_today { t::bar_value_today } else { t::bar_value };
        text(self.day(bar.day), bar.money)
    }

    /// Returns the same of the day before, if there is one.
    pub(crate) fn bar_before(&self, bar: &Bar) -> Option<Text> {
        bar.before.map(|(day, money)| t::bar_value(self.day(day), money))
    }

    /// True if the bars are links to the transactions of their days.
    pub(crate) fn is_linked(&self) -> bool {
        self.figures.daily.len() <= MAX_LINKED_DAYS
    }

    /// Returns the URL of the transactions of some days, those with the value of a filter if there is one.
    fn list(&self, days: DateRange, filter: Option<(&str, &str)>) -> String {
        let (from, to) = (days.first.to_string(), days.last.to_string());
        let of_days = [("mode", self.mode.slug()), ("from", &from), ("to", &to)];
        let query: Vec<_> = of_days.into_iter().chain(filter).collect();
        urls::query(&urls::transactions(self.app), &query)
    }

    pub(crate) fn list_of_day(&self, day: jiff::civil::Date) -> String {
        self.list(DateRange { first: day, last: day }, None)
    }

    /// Returns the URL of the failed payments of the period.
    pub(crate) fn all_failed(&self) -> String {
        self.list(self.days, Some(("status", DisplayState::Failed.as_str())))
    }

    /// Returns why payments failed, each reason with the URL of its payments.
    pub(crate) fn failures(&self) -> Vec<(String, Share)> {
        let rows = self.figures.failures.iter().map(|(category, count)| {
            let url = self.list(self.days, Some(("failure", FailureReason(*category).as_str())));
            let hook = category.map_or("failure-not-given", |_| "failure");
            (url, share((hook, messages::failure(*category)), "bar-4", *count, String::new()))
        });
        rows.collect()
    }

    /// Returns the number of failed payments with the most frequent reason.
    pub(crate) fn most_failures(&self) -> i64 {
        self.figures.failures.first().map_or(1, |(_, count)| *count)
    }

    /// Returns the labels of the grid lines, top to bottom.
    pub(crate) fn scale(&self) -> Vec<String> {
        self.chart().labels.into_iter().map(messages::number_text).collect()
    }

    /// Returns the text alternative of the chart, for screen readers.
    pub(crate) fn chart_label(&self) -> Text {
        let daily = &self.figures.daily;
        let (Some((day, most)), Some((_, last))) = (daily.iter().max_by_key(|(_, money)| money.subunits), daily.last()) else {
            return Text::default();
        };
        t::chart(self.count, most, self.day(*day), last)
    }

    pub(crate) fn day(&self, day: jiff::civil::Date) -> Text {
        messages::date(day, self.zone.date(self.now))
    }

    pub(crate) fn unit(&self) -> String {
        let currency = self.chart().currency;
        if currency == Currency::INR { "₹".to_owned() } else { currency.to_string() }
    }

    pub(crate) fn ways(&self) -> Vec<Share> {
        let ways = self.figures.ways;
        let labels = [
            ("way-paid", t::way_paid()),
            ("way-refunded", t::way_refunded()),
            ("way-failed", t::way_failed()),
            ("way-returned", t::way_returned()),
        ];
        let decided = labels.into_iter().zip(["bar-1", "bar-2", "bar-4", "bar-5"]).zip(ways.decided());
        let decided = decided
            .zip(tenths(&ways.decided()))
            .map(|(((label, class), part), tenths)| share(label, class, part, percent(tenths)));
        let open = share(("way-open", t::way_open()), "bar-3", ways.open, NO_PERCENT.to_owned());
        decided.chain([open]).filter(|row| row.part > 0).collect()
    }

    /// True if the percentages leave payments out.
    pub(crate) fn has_undecided(&self) -> bool {
        self.figures.ways.open > 0
    }

    /// Returns the outcomes as segments of a single bar: class, offset, length.
    pub(crate) fn parts(&self) -> Vec<(&'static str, i64, i64)> {
        let mut from = 0;
        let part = |share: Share| {
            let at = from;
            from += share.part;
            (share.class, at, share.part)
        };
        self.ways().into_iter().map(part).collect()
    }

    pub(crate) fn methods(&self) -> Vec<Share> {
        let counts: Vec<i64> = self.figures.methods.iter().map(|(_, count)| *count).collect();
        let label = |code: &'_ str| messages::method(Some(code).filter(|code| !code.is_empty()));
        let rows = self.figures.methods.iter().zip(tenths(&counts));
        rows.map(|((code, count), tenths)| share(("method", label(code)), "bar-1", *count, percent(tenths))).collect()
    }

    /// Returns a summary of the rejected requests, and their URL; `None` if they are few, or all in the lines of failing webhooks.
    pub(crate) fn rejections(&self) -> Option<(Text, String)> {
        let url = urls::in_mode(&urls::rejections(self.app), self.mode);
        let of_failing: i64 = self.health.iter().map(|line| line.rejected).sum();
        let is_notable = self.refused.requests.saturating_mul(PAYMENTS_PER_REJECTION) >= self.payments_of_two_days;
        (self.refused.is_partial || (self.refused.requests > of_failing && is_notable))
            .then(|| (messages::rejections::rejected_in_all(self.refused), url))
    }

    /// True if there is anything above the empty state, which itself leads to the first gateway.
    pub(crate) fn has_numbers(&self) -> bool {
        !self.is_nothing_yet || !self.health.is_empty() || self.rejections().is_some()
    }

    /// Returns the empty state shown instead of the figures, if any.
    pub(crate) fn empty(&self) -> Option<EmptyState> {
        if !self.is_period_valid {
            return Some(messages::invalid_period(address(self.app, self.mode, DEFAULT_PERIOD)));
        }
        if self.is_nothing_yet {
            let (app, gateway) = (self.app, self.connections.first().map(|(connection, _)| connection.gateway));
            let yet = messages::EmptyTransactions::Yet { mode: self.mode, app, gateway }.at("");
            return Some(messages::nothing_but_refused(yet, &self.connections, &self.causes));
        }
        let newest = self.newest.as_ref()?;
        let day = messages::past_day(newest.created_at, self.now).map(|_| self.day(self.zone.date(newest.created_at)));
        Some(messages::nothing_in_period(messages::period(self.count), day, &self.all()))
    }

    pub(crate) fn all(&self) -> String {
        urls::in_mode(&urls::transactions(self.app), self.mode)
    }
}

/// Returns the success rate in tenths of a percent; `None` without a payment that has an outcome.
fn rate(ways: PaymentOutcomes) -> Option<i64> {
    // The sum of the rows of the list, so that both are rounded alike.
    let tenths = tenths(&ways.decided());
    (ways.settled() > 0).then(|| tenths[0] + tenths[1])
}

fn share((hook, label): (&'static str, Text), class: &'static str, part: i64, percent: String) -> Share {
    Share { hook, label, class, count: messages::number_text(part), part, percent }
}

/// How many payments of a day were received, and how much; `None` if none was.
pub(crate) fn day_sum(sums: &[DailyTotals], day: i64) -> Option<Text> {
    let (payments, amounts) = figures::of_day(sums, day);
    Some(lists::day_sum(payments, messages::joined(&amounts)?))
}
