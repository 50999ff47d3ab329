//! View model of the App Overview.

use askama::Template;

use super::{
    chart::{Chart, percent, tenths},
    forms::{DEFAULT_PERIOD, PERIODS},
};
use crate::{
    connections::{self, Connection, activity::Activity},
    console::{
        http::layout::Layout,
        read_models::{checklist::ChecklistView, payment_row::Row},
    },
    gateways::Mode,
    i18n::Text,
    ledger::payments::{Transaction, figures::Figures},
    messages::{self, EmptyState, StatusLine, rejections::Causes, text::overview as t},
    primitives::{
        id::AppId,
        money::{Currency, Money},
        time::Timestamp,
        zone::Zone,
    },
    rejections::{self, store::RequestCount},
    urls,
};

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
    /// True if the requested period is selectable; otherwise the page shows no figures.
    pub(crate) is_period_valid: bool,
    pub(crate) connections: Vec<(Connection, Activity)>,
    /// Why requests were rejected, if nothing else was received.
    pub(crate) causes: Causes,
    pub(crate) health: Vec<Health>,
    /// How many requests were rejected while rejections are kept.
    pub(crate) refused: RequestCount,
    pub(crate) figures: Figures,
    pub(crate) recent: Vec<Row>,
    pub(crate) is_nothing_yet: bool,
    /// The newest transaction, if the period has none.
    pub(crate) newest: Option<Transaction>,
    /// The zone of the app, whose days these are.
    pub(crate) zone: Zone,
    pub(crate) zones_note: Option<Text>,
    pub(crate) now: Timestamp,
}

/// State of a connection's webhook, in one line.
pub(crate) struct Health {
    pub(crate) gateway: &'static str,
    pub(crate) line: StatusLine,
    pub(crate) url: String,
    pub(crate) way: Text,
    /// The same for screen readers, with the name of the gateway.
    pub(crate) way_named: Text,
    /// The number of rejected requests that the line is about.
    rejected: i64,
}

impl Health {
    pub(crate) fn new(
        connection: &Connection,
        activity: &Activity,
        state: connections::ConnectionState,
        url: String,
        now: Timestamp,
    ) -> Self {
        let is_failing = state == connections::ConnectionState::Failing;
        let gateway = connection.gateway.label();
        let (way, way_named) = if is_failing {
            (t::see_cause(), t::see_cause_of(gateway))
        } else {
            (t::view_webhook(), t::view_webhook_of(gateway))
        };
        let (since, count) = match activity.failing_since {
            Some(since) => (Some(since), activity.failing_count),
            None => (activity.rejected_since, activity.rejected_streak),
        };
        // Of a longer time, the number says nothing about the requests that are kept.
        let is_kept = since.is_some_and(|since| since > now.minus(rejections::RETENTION));
        let rejected = if is_failing && is_kept { count } else { 0 };
        let line = messages::line(connection.gateway, state, activity, now);
        Self { gateway, line, url, way, way_named, rejected }
    }
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

    pub(crate) fn costs(&self) -> messages::Items {
        messages::costs(&self.figures.refund_pending, &self.figures.lost, &self.figures.held)
    }

    pub(crate) fn went_through(&self) -> String {
        let ways = self.figures.ways;
        // The sum of the rows of the list, so that both are rounded alike.
        let tenths = tenths(&ways.decided());
        if ways.settled() == 0 { NO_PERCENT.to_owned() } else { percent(tenths[0] + tenths[1]) }
    }

    pub(crate) fn failed(&self) -> Text {
        let ways = self.figures.ways;
        messages::failed_of(ways.failed, ways.returned, ways.settled())
    }

    pub(crate) fn chart(&self) -> Chart {
        Chart::of(&self.figures.daily)
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

    /// Returns a summary of the rejected requests and their URL; `None` if there are none, or only those that the line of a
    /// failing webhook is about.
    pub(crate) fn rejections(&self) -> Option<(Text, String)> {
        let url = urls::in_mode(&urls::rejections(self.app), self.mode);
        let of_failing: i64 = self.health.iter().map(|line| line.rejected).sum();
        (self.refused.is_partial || self.refused.requests > of_failing)
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
        let all = urls::in_mode(&urls::transactions(self.app), self.mode);
        Some(messages::nothing_in_period(messages::period(self.count), day, &all))
    }

    pub(crate) fn all(&self) -> String {
        urls::in_mode(&urls::transactions(self.app), self.mode)
    }
}

fn share((hook, label): (&'static str, Text), class: &'static str, part: i64, percent: String) -> Share {
    Share { hook, label, class, count: messages::number_text(part), part, percent }
}
