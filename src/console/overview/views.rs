//! View model of the App Overview.

use askama::Template;

use super::{
    chart::{Chart, percent, tenths},
    forms::{DEFAULT_PERIOD, PERIODS},
};
use crate::{
    connections::{self, Connection, activity::Activity},
    console::{http::layout::Layout, read_models::payment_row::Row},
    gateways::Mode,
    ledger::payments::{Transaction, figures::Figures},
    messages::{self, EmptyState, StatusLine, rejections::Causes},
    primitives::{
        id::AppId,
        money::{Currency, Money},
        time::Timestamp,
    },
    rejections::{self, store::RequestCount},
    urls,
};

/// `/ks-pay/apps/{app}`
#[derive(Template)]
#[template(path = "overview/show.html")]
pub(crate) struct Show {
    pub(crate) layout: Layout,
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
    /// Today in the zone of the app.
    pub(crate) today: jiff::civil::Date,
    pub(crate) zones_note: Option<crate::i18n::Text>,
    pub(crate) now: Timestamp,
}

/// State of a connection's webhook, in one line.
pub(crate) struct Health {
    pub(crate) gateway: &'static str,
    pub(crate) line: StatusLine,
    pub(crate) url: String,
    pub(crate) way: &'static str,
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
        let way = if is_failing { "See the cause" } else { "View webhook" };
        let (since, count) = match activity.failing_since {
            Some(since) => (Some(since), activity.failing_count),
            None => (activity.rejected_since, activity.rejected_streak),
        };
        // Of a longer time, the number says nothing about the requests that are kept.
        let is_kept = since.is_some_and(|since| since > now.minus(rejections::RETENTION));
        let rejected = if is_failing && is_kept { count } else { 0 };
        let line = messages::line(connection.gateway, state, activity, now);
        Self { gateway: connection.gateway.label(), line, url, way, rejected }
    }
}

/// Shown where a percentage means nothing.
const NO_PERCENT: &str = "–";

/// A table row with a meter.
pub(crate) struct Share {
    /// Identifies it in tests.
    pub(crate) hook: &'static str,
    pub(crate) label: String,
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
    pub(crate) fn periods(&self) -> impl Iterator<Item = (String, String, bool)> + '_ {
        let of = |days| (address(self.app, self.mode, days), messages::period(days), self.is_period_valid && days == self.count);
        PERIODS.into_iter().map(of)
    }

    pub(crate) fn period(&self) -> String {
        messages::period(self.count).to_lowercase()
    }

    /// True if the period is today alone: the amount received is then shown only once.
    pub(crate) fn is_today(&self) -> bool {
        self.count == 1
    }

    pub(crate) fn received_today(&self) -> String {
        first(&self.figures.today)
    }

    pub(crate) fn payments_today(&self) -> String {
        with_others(&messages::count(self.figures.payments_today, "payment so far", "payments so far"), &self.figures.today)
    }

    pub(crate) fn received(&self) -> String {
        first(&self.figures.received)
    }

    pub(crate) fn payments(&self) -> String {
        with_others(&messages::count(self.figures.ways.went_through(), "payment", "payments"), &self.figures.received)
    }

    pub(crate) fn refunded(&self) -> String {
        first(&self.figures.refunded)
    }

    pub(crate) fn refunds(&self) -> String {
        with_others(&format!("of what was received, {}", self.period()), &self.figures.refunded)
    }

    pub(crate) fn costs(&self) -> Vec<(&'static str, String)> {
        messages::costs(&self.figures.refund_pending, &self.figures.lost, &self.figures.held)
    }

    pub(crate) fn went_through(&self) -> String {
        let ways = self.figures.ways;
        // The sum of the rows of the list, so that both are rounded alike.
        let tenths = tenths(&ways.decided());
        if ways.settled() == 0 { NO_PERCENT.to_owned() } else { percent(tenths[0] + tenths[1]) }
    }

    pub(crate) fn failed(&self) -> String {
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
    pub(crate) fn chart_label(&self) -> String {
        let said = |(day, money): &(_, Money)| format!("{}, {money}", messages::date(*day, self.today));
        let most = self.figures.daily.iter().max_by_key(|(_, money)| money.subunits).map(said).unwrap_or_default();
        let last = self.figures.daily.last().map(|(_, money)| money.to_string()).unwrap_or_default();
        format!("Bars for {}. Most on {most}; today so far {last}.", self.period())
    }

    pub(crate) fn day(&self, day: jiff::civil::Date) -> crate::i18n::Text {
        messages::date(day, self.today)
    }

    pub(crate) fn unit(&self) -> String {
        let currency = self.chart().currency;
        if currency == Currency::INR { "₹".to_owned() } else { currency.to_string() }
    }

    pub(crate) fn ways(&self) -> Vec<Share> {
        let ways = self.figures.ways;
        let labels = [
            ("way-paid", "Paid"),
            ("way-refunded", "Refunded"),
            ("way-failed", "Failed"),
            ("way-returned", "Returned, never captured"),
        ];
        let decided = labels.into_iter().zip(["bar-1", "bar-2", "bar-4", "bar-5"]).zip(ways.decided());
        let decided = decided
            .zip(tenths(&ways.decided()))
            .map(|(((label, class), part), tenths)| share(label, class, part, percent(tenths)));
        let open = share(("way-open", "Not decided yet"), "bar-3", ways.open, NO_PERCENT.to_owned());
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
        let label = |code: &'_ str| messages::method(Some(code).filter(|code| !code.is_empty())).to_owned();
        let rows = self.figures.methods.iter().zip(tenths(&counts));
        rows.map(|((code, count), tenths)| share(("method", &label(code)), "bar-1", *count, percent(tenths))).collect()
    }

    /// Returns a summary of the rejected requests and their URL; `None` if there are none, or only those that the line of a
    /// failing webhook is about.
    pub(crate) fn rejections(&self) -> Option<(String, String)> {
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
        let all = urls::in_mode(&urls::transactions(self.app), self.mode);
        Some(messages::nothing_in_period(&self.period(), messages::past_day(newest.created_at, self.now), &all))
    }

    pub(crate) fn all(&self) -> String {
        urls::in_mode(&urls::transactions(self.app), self.mode)
    }
}

fn share((hook, label): (&'static str, &str), class: &'static str, part: i64, percent: String) -> Share {
    Share { hook, label: label.to_owned(), class, count: messages::number_text(part), part, percent }
}

fn first(money: &[Money]) -> String {
    money.first().copied().unwrap_or(Money::new(0, Currency::INR)).to_string()
}

/// Appends the amounts in other currencies, which are never added up.
fn with_others(text: &str, money: &[Money]) -> String {
    let others = money.iter().skip(1).filter(|money| money.subunits != 0);
    others.fold(text.to_owned(), |text, money| format!("{text}; {money}"))
}
