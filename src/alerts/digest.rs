//! The daily digest of an app in a mode: its settings, and what it reports.
//!
//! Invariant: it reports the last day of the app's zone that is over, and what is open when it is made. Like an alert, it has amounts,
//! dates and names of the company's own, and nothing that an outsider can cause.

use jiff::civil::Date;

use super::{Alert, RecipientId, schedule, store::alerts};
use crate::{
    apps::App,
    connections::app_health::Webhook,
    db::{DbError, Reader},
    gateways::Mode,
    ledger::payments::{
        figures::{self, ReceivedInCurrency},
        store::{
            daily_totals::{self, Ledger},
            open_disputes::{self, MAX_OPEN_DISPUTES},
        },
    },
    primitives::{date_range::DateRange, money::Money, time::Timestamp},
};

/// The time of day of a digest that none was chosen for: 9 in the morning.
const DEFAULT_MINUTE: i64 = 9 * 60;

/// The settings of the digest of an app in a mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DigestSettings {
    pub(crate) is_on: bool,
    /// When it is sent: the minute of the day in the app's zone.
    pub(crate) minute: i64,
    /// `None`: every user, by email.
    pub(crate) recipients: Option<Vec<RecipientId>>,
    /// The last day that needs none any more, in days since 1970.
    pub(crate) last_day: Option<i64>,
}

impl DigestSettings {
    /// Returns the settings where nothing was chosen.
    pub(crate) fn default_of(mode: Mode) -> Self {
        Self { is_on: mode == Mode::Live, minute: DEFAULT_MINUTE, recipients: None, last_day: None }
    }
}

/// The disputes that wait for a response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OpenDisputes {
    pub(crate) count: usize,
    /// True if there may be more.
    pub(crate) is_at_least: bool,
    /// The next deadline, with the amount in dispute.
    pub(crate) next: Option<(Timestamp, Money)>,
}

/// What a digest reports.
pub(crate) struct Digest<'a> {
    /// The day that it is about.
    pub(crate) day: Date,
    /// The number of payments that were begun, however they ended.
    pub(crate) payments: i64,
    pub(crate) received: Vec<ReceivedInCurrency>,
    pub(crate) failed: i64,
    pub(crate) disputes: OpenDisputes,
    /// The alerts that are open.
    pub(crate) alerts: Vec<Alert>,
    /// The webhooks that need attention.
    pub(crate) webhooks: Vec<&'a Webhook>,
}

impl Digest<'_> {
    /// True if nothing happened, and nothing needs attention.
    pub(crate) const fn is_empty(&self) -> bool {
        self.payments == 0 && self.disputes.count == 0 && self.alerts.is_empty() && self.webhooks.is_empty()
    }
}

/// Reads the digest of an app in a mode, of which `webhooks` are the enabled ones.
pub(crate) async fn read<'a>(
    reader: &mut Reader,
    (app, mode): (&App, Mode),
    webhooks: &[&'a Webhook],
    now: Timestamp,
) -> Result<Digest<'a>, DbError> {
    let day = schedule::last_full_day(app.zone, now);
    let ledger = Ledger { app: app.id, mode, zone: app.zone };
    let totals = daily_totals::days(&mut *reader, ledger, DateRange { first: day, last: day }).await?;
    let disputes = open_disputes::all_of_app(reader, app.id, mode, now).await?;
    let mut alerts = alerts::list_active(reader, app.id, mode).await?;
    alerts.retain(Alert::is_open);
    let outcomes = figures::ways(&totals);
    let next = disputes.first().and_then(|open| Some((open.dispute.respond_by?, open.dispute.money)));
    Ok(Digest {
        day,
        payments: outcomes.all(),
        received: figures::received_by_currency(&totals),
        failed: outcomes.failed,
        disputes: OpenDisputes { count: disputes.len(), is_at_least: disputes.len() >= MAX_OPEN_DISPUTES, next },
        alerts,
        webhooks: webhooks.iter().filter(|webhook| webhook.needs_attention(now)).copied().collect(),
    })
}
