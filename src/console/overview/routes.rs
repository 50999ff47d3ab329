//! `GET /ks-pay/apps/{app}`

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use jiff::ToSpan as _;
use serde::Deserialize;

use super::{
    comparison,
    forms::{DEFAULT_PERIOD, period},
    health, views,
    yesterday::Yesterday,
};
use crate::{
    apps::App,
    connections::{
        SetupProgress,
        app_health::{self, AppWithWebhooks, Webhook},
    },
    console::{
        http::{error::AppError, layout::AppEntry, page::RequestContext},
        read_models::{
            alerts,
            checklist::ChecklistView,
            mode_selection::{ModeSelection, shown},
            payment_row::{ListStyle, by_day},
            rejection_summary,
        },
    },
    db::list,
    ledger::{
        orders,
        payments::{
            self,
            figures::{self, Figures},
            store::{
                self,
                daily_totals::{self, Ledger},
                open_disputes,
            },
        },
    },
    messages::text::overview as t,
    primitives::{
        date_range::{DateRange, number},
        time::Timestamp,
    },
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
    let mut reader = page.state.db.page_reader().await?;
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
    let refused = rejections::store::count(&mut reader, of_app, page.now.minus(views::REJECTIONS_SPAN)).await?;
    let (mut sums, mut before, mut recent, mut newest) = (Vec::new(), Vec::new(), Vec::new(), None);
    let (mut disputes, mut paid_twice) = (Vec::new(), Vec::new());
    if is_period_valid {
        let ledger = Ledger { app: app.id, mode, zone: app.zone };
        sums = daily_totals::days(&mut reader, ledger, days).await?;
        before = daily_totals::days_compared(&mut reader, ledger, days.previous()).await?;
        recent = list::newest(&mut reader, &filter, RECENT).await?;
        disputes = open_disputes::of_app(&mut reader, app.id, mode, page.now).await?;
        paid_twice = orders::store::list_overpaid(&mut reader, (app.id, mode), alerts::MAX_PAID_TWICE).await?;
    }
    if is_period_valid && recent.is_empty() {
        newest = payments::newest(&mut reader, app.id, mode).await?;
    }
    let is_nothing_yet = is_period_valid && recent.is_empty() && newest.is_none();
    let listed = [listed(&app, &shown, page.now)];
    let failing = app_health::list_needing_attention(&listed, page.now).into_iter().map(|(_, webhook)| webhook.connection.id);
    let failing: Vec<_> = failing.collect();
    let explained = |id| is_nothing_yet || failing.contains(&id);
    let activities = shown.connections.iter().filter(|(connection, _)| explained(connection.id));
    let causes = rejection_summary::causes(&mut reader, activities.map(|(_, activity)| (&app, activity))).await?;
    let destinations = alerts::of_destinations(&mut reader, (&app, mode), (page.state.settings.body_retention, page.now)).await?;
    drop(reader);
    // The empty state says what is wrong with the webhook.
    let webhooks = if is_nothing_yet || !is_period_valid { Vec::new() } else { alerts::trouble(&listed, &causes, page.now) };
    let paid_twice = alerts::paid_twice(&paid_twice, |_| None);
    let systems = alerts::by_severity(paid_twice.into_iter().chain(webhooks).chain(destinations).collect());
    let mut attention = alerts::with_disputes(systems, &disputes, |_| None, page.now);
    let list = urls::destinations(app.id);
    let cut = attention.split_off(attention.len().min(views::MAX_ATTENTION));
    let unlisted = cut.iter().filter(|alert| alert.url.starts_with(&list)).count();
    let health = |(connection, activity): &(_, _)| {
        let state = SetupProgress { connection, activity, domain: None, is_app_enabled: app.is_enabled }.state(page.now);
        let url = urls::activity(app.id, connection.gateway, mode);
        health::Health::new(connection, activity, state, url, page.now)
    };
    let (test, live) = views::mode_urls(app.id, count);
    let layout = page
        .layout(t::title())
        .app(&app, AppEntry::Overview, Some(mode))
        .with_mode_urls(mode, test, live)
        .notices(shown.other, shown.off);
    let url = |payment: &payments::Transaction| urls::transaction(payment.app, payment.id);
    let style = ListStyle { days: app.zone, times: page.reader().zone, url };
    let view = views::Show {
        checklist: ChecklistView::of(&app, &shown.checklist),
        layout: layout.below_ks_pay(),
        app: app.id,
        mode,
        count,
        days,
        is_period_valid,
        refused,
        health: shown.connections.iter().map(health).collect(),
        payments_of_two_days: [days.last, days.last.saturating_sub(1.day())]
            .map(|day| figures::of_day(&sums, number(day)).0.max(figures::of_day(&before, number(day)).0))
            .iter()
            .sum(),
        figures: Figures::of(&sums, days),
        before: comparison::Before::of(&before, &sums, days),
        yesterday: Yesterday::of(days.last, &sums, &before),
        attention,
        more_destinations: (unlisted > 0).then(|| (urls::in_mode(&list, mode), unlisted)),
        connections: shown.connections,
        is_nothing_yet,
        causes,
        newest,
        recent: by_day(&recent, |day| views::day_sum(&sums, day), style, page.now),
        zone: app.zone,
        zones_note: page.zones_note(&app),
        now: page.now,
    };
    if is_period_valid { page.ok(&view) } else { page.unprocessable(&view) }
}

/// Returns the app with the webhooks of the shown mode.
fn listed(app: &App, shown: &ModeSelection, now: Timestamp) -> AppWithWebhooks {
    let webhook = |(connection, activity): &(_, _)| Webhook {
        state: SetupProgress { connection, activity, domain: None, is_app_enabled: app.is_enabled }.state(now),
        connection: connection.clone(),
        activity: activity.clone(),
    };
    AppWithWebhooks { app: app.clone(), webhooks: shown.connections.iter().map(webhook).collect() }
}
