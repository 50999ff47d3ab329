//! `GET /ks-pay/apps/{app}`

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use serde::Deserialize;

use super::{
    forms::{DEFAULT_PERIOD, period},
    views,
};
use crate::{
    connections::SetupProgress,
    console::{
        http::{error::AppError, layout::AppEntry, page::RequestContext},
        read_models::{checklist::ChecklistView, mode_selection::shown, payment_row::Row, rejection_summary},
    },
    db::list,
    ledger::payments::{
        self,
        figures::Figures,
        store::{
            self,
            daily_totals::{self, Ledger},
        },
    },
    messages::text::overview as t,
    primitives::date_range::DateRange,
    rejections, urls,
};

/// Number of recent transactions shown.
const RECENT: i64 = 6;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    mode: String,
    days: String,
}

/// Renders the overview.
pub(crate) async fn show(page: RequestContext, app: Path<String>, asked: Query<Asked>) -> Result<HttpResponse, AppError> {
    let app = page.app(&app).await?;
    let period = period(&asked.days);
    let (count, is_period_valid) = (period.unwrap_or(DEFAULT_PERIOD), period.is_some());
    let days = DateRange::until_now(app.zone, page.now, count);
    let mut reader = page.state.db.reader().await?;
    let shown = shown(&page, &app, page.chosen_mode(app.id, &asked.mode)?);
    let mode = shown.mode;
    let filter = store::Filter {
        app: app.id,
        mode,
        from: days.start(app.zone),
        until: days.end(app.zone),
        kinds: store::Kinds::default(),
    };
    let of_app = rejections::store::Filter { app: app.id, mode };
    let refused = rejections::store::count(&mut reader, of_app, page.now.minus(rejections::RETENTION)).await?;
    let (mut sums, mut recent, mut newest) = (Vec::new(), Vec::new(), None);
    if is_period_valid {
        sums = daily_totals::days(&mut reader, Ledger { app: app.id, mode, zone: app.zone }, days).await?;
        recent = list::newest(&mut reader, &filter, RECENT).await?;
    }
    if is_period_valid && recent.is_empty() {
        newest = payments::newest(&mut reader, app.id, mode).await?;
    }
    let is_nothing_yet = is_period_valid && recent.is_empty() && newest.is_none();
    let failing = shown.connections.iter().filter(|_| is_nothing_yet).map(|(_, activity)| (&app, activity));
    let causes = rejection_summary::causes(&mut reader, failing).await?;
    drop(reader);
    let health = |(connection, activity): &(_, _)| {
        let state = SetupProgress { connection, activity, domain: None, is_app_enabled: app.is_enabled }.state(page.now);
        let url = urls::activity(app.id, connection.gateway, mode);
        views::Health::new(connection, activity, state, url, page.now)
    };
    let (test, live) = views::mode_urls(app.id, count);
    let layout = page
        .layout(t::title())
        .app(&app, AppEntry::Overview, Some(mode))
        .with_mode_urls(mode, test, live)
        .notices(shown.other, shown.off);
    let view = views::Show {
        checklist: ChecklistView::of(&app, &shown.checklist),
        layout: layout.below_ks_pay(),
        app: app.id,
        mode,
        count,
        is_period_valid,
        refused,
        health: shown.connections.iter().map(health).collect(),
        figures: Figures::of(&sums, days),
        connections: shown.connections,
        is_nothing_yet,
        causes,
        newest,
        recent: recent.iter().map(|row| Row::new(row, page.now)).collect(),
        zone: app.zone,
        zones_note: page.zones_note(&app),
        now: page.now,
    };
    if is_period_valid { page.ok(&view) } else { page.unprocessable(&view) }
}
