//! The list of the kinds of alerts with their recipients, muting, quiet hours, the daily digest, channels and recent alerts.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{
    digest::{self, Panel, TypedDigest},
    recipient,
};
use crate::{
    alerts::{
        Alert, Event, RecipientId, Rule,
        manage::{self, Settings},
        schedule::{Mute, format_minutes, parse_minutes},
    },
    apps::App,
    console::{
        http::{
            error::AppError,
            form::{FieldError, FieldErrors},
            layout::{AppEntry, Layout},
            page::{RequestContext, see_other},
            signed_form::SignedForm,
        },
        read_models::mode_selection::shown,
    },
    gateways::Mode,
    i18n::{Text, isolate},
    messages::{
        self, Badge, DisplayTime,
        text::{alerts as t, digests as d},
    },
    notifications::channels::Channel,
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `/ks-pay/apps/{app}/alerts`
#[derive(Template)]
#[template(path = "alerts/index.html")]
pub(super) struct Index {
    layout: Layout,
    mode: Mode,
    url: String,
    rows: Vec<Row>,
    has_email: bool,
    muted_until: Option<DisplayTime>,
    failing: Vec<Text>,
    has_channels: bool,
    quiet: QuietForm,
    digest: Panel,
    zone: &'static str,
    errors: FieldErrors,
    recent: Vec<Recent>,
}

struct Row {
    kind: &'static str,
    title: Text,
    when: Text,
    recipients: Vec<Text>,
    is_on: bool,
    url: String,
}

struct Recent {
    url: String,
    headline: Text,
    state: Badge,
    at: DisplayTime,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(super) mode: String,
}

/// The quiet hours as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct QuietForm {
    mode: String,
    from: String,
    to: String,
}

/// What a user has entered in the forms of the page and cannot be saved.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) quiet: Option<QuietForm>,
    pub(super) digest: Option<TypedDigest>,
    pub(super) errors: FieldErrors,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct MuteForm {
    mode: String,
    /// How long; empty to end muting.
    mute: String,
}

impl Index {
    fn mutes() -> [(&'static str, Text); 3] {
        [
            (Mute::Hour.as_str(), t::mute_hour()),
            (Mute::Tomorrow.as_str(), t::mute_tomorrow()),
            (Mute::Monday.as_str(), t::mute_monday()),
        ]
    }
}

/// `GET /ks-pay/apps/{app}/alerts`
pub(crate) async fn index(page: RequestContext, app: Path<String>, asked: Query<Asked>) -> Answer {
    let app = page.app(&app).await?;
    let view = view(&page, &app, &asked.mode, Typed::default()).await?;
    page.ok(&view)
}

pub(super) async fn view(page: &RequestContext, app: &App, asked: &str, typed: Typed) -> Result<Index, AppError> {
    let shown = shown(page, app, page.chosen_mode(app.id, asked)?);
    let mode = shown.mode;
    let mut reader = page.state.db.page_reader().await?;
    let settings = manage::settings(&mut reader, (app, mode), &page.actor()).await?;
    let recent = manage::list_recent(&mut reader, (app, mode), &page.actor()).await?;
    let digest = digest::panel(page, &mut reader, (app, mode), (&settings, typed.digest)).await?;
    drop(reader);
    let url = urls::alerts(app.id);
    let layout = page.layout(t::title()).app(app, AppEntry::Alerts, Some(mode)).in_mode(&url, mode);
    let layout = layout.notices(shown.other, shown.off).below_app(app);
    Ok(Index {
        layout,
        mode,
        rows: settings.rules.iter().map(|rule| row(page, app, mode, (&settings, rule))).collect(),
        has_email: page.state.mail.settings.is_some(),
        muted_until: settings
            .schedule
            .muted_until
            .filter(|_| settings.schedule.is_muted(page.now))
            .map(|at| DisplayTime::of_expiry(at, page.now)),
        failing: failing(page, &settings),
        has_channels: !settings.channels.is_empty(),
        quiet: typed.quiet.unwrap_or_else(|| quiet_form(&settings)),
        digest,
        zone: app.zone.name(),
        errors: typed.errors,
        recent: recent.iter().map(|alert| recent_row(page, alert)).collect(),
        url,
    })
}

fn quiet_form(settings: &Settings) -> QuietForm {
    let (from, to) = settings.schedule.quiet.map(|(from, to)| (format_minutes(from), format_minutes(to))).unwrap_or_default();
    QuietForm { mode: String::new(), from, to }
}

fn row(page: &RequestContext, app: &App, mode: Mode, (settings, rule): (&Settings, &Rule)) -> Row {
    let named = |ids: &Vec<_>| ids.iter().map(|id| recipient(page, settings, *id)).collect();
    Row {
        kind: rule.kind.as_str(),
        title: messages::alerts::title(rule.kind),
        when: messages::alerts::when_sent(rule.kind),
        recipients: rule.recipients.as_ref().map_or_else(|| vec![t::everyone()], named),
        is_on: rule.is_on,
        url: urls::in_mode(&urls::alert_rule(app.id, rule.kind.as_str()), mode),
    }
}

/// Names the channels of these settings that fail, with who is notified instead.
fn failing(page: &RequestContext, settings: &Settings) -> Vec<Text> {
    let sentence = |channel: &Channel| {
        let since = channel.failing_since?;
        let id = RecipientId::Channel(channel.id);
        let rule = settings.rules.iter().find(|rule| rule.recipients.as_ref().is_some_and(|ids| ids.contains(&id)))?;
        let fallback = rule.fallback.map_or_else(t::fallback_everyone, |id| recipient(page, settings, id));
        Some(t::channel_failing(isolate(&channel.name), channel.service.name(), messages::when(since, page.now), fallback))
    };
    settings.channels.iter().filter_map(sentence).collect()
}

fn recent_row(page: &RequestContext, alert: &Alert) -> Recent {
    Recent {
        url: urls::alert(alert.app_id, alert.id),
        headline: messages::alerts::headline(alert.kind, &alert.detail, event_of(alert), page.now),
        state: messages::alerts::state(alert),
        at: messages::when(alert.resolved_at.unwrap_or(alert.opened_at), page.now),
    }
}

/// Returns what the headline of an alert reports.
pub(super) fn event_of(alert: &Alert) -> Event {
    if alert.is_open() || !alert.kind.reports_end() { Event::Problem } else { Event::Resolved }
}

/// `GET …/alerts/mute`, `…/alerts/quiet-hours` and `…/alerts/digest`: leads to the page with the forms.
pub(crate) async fn form_page(page: RequestContext, app: Path<String>) -> Answer {
    let app = page.app(&app).await?;
    Ok(see_other(&urls::alerts(app.id)))
}

/// `POST …/alerts/mute`
pub(crate) async fn mute(posted: SignedForm<MuteForm>, app: Path<String>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let app = page.app(&app).await?;
    let mode = mode_of(&form.mode)?;
    let chosen = if form.mute.is_empty() { None } else { Some(form.mute.parse::<Mute>().map_err(|_| AppError::BadRequest)?) };
    let mut tx = page.state.db.begin().await?;
    manage::mute(&mut tx, (&app, mode), chosen, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    let text = if chosen.is_some() { t::now_muted() } else { t::now_unmuted() };
    Ok(page.redirect(&urls::in_mode(&urls::alerts(app.id), mode), text))
}

/// `POST …/alerts/quiet-hours`
pub(crate) async fn set_quiet(posted: SignedForm<QuietForm>, app: Path<String>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let app = page.app(&app).await?;
    let mode = mode_of(&form.mode)?;
    let quiet = match read_quiet(&form) {
        Ok(quiet) => quiet,
        Err(errors) => {
            let typed = Typed { quiet: Some(form), errors, ..Typed::default() };
            return page.unprocessable(&view(&page, &app, mode.slug(), typed).await?);
        }
    };
    let mut tx = page.state.db.begin().await?;
    manage::set_quiet(&mut tx, (&app, mode), quiet, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    let time = messages::time_of_minutes;
    let saved = quiet.map_or_else(t::quiet_off, |(from, to)| t::quiet_saved(time(from), time(to)));
    Ok(page.redirect(&urls::in_mode(&urls::alerts(app.id), mode), saved))
}

/// Reads the quiet hours of the form, in minutes of the day; `None` for none.
fn read_quiet(form: &QuietForm) -> Result<Option<(i64, i64)>, FieldErrors> {
    let (from, to) = (form.from.trim(), form.to.trim());
    match (from, to) {
        ("", "") => return Ok(None),
        ("", _) => return Err(FieldError::new("empty", t::quiet_start_missing()).at("from")),
        (_, "") => return Err(FieldError::new("empty", t::quiet_end_missing()).at("to")),
        _ => {}
    }
    let invalid = |field| FieldError::new("not-a-time", t::quiet_invalid()).at(field);
    let from = parse_minutes(from).ok_or_else(|| invalid("from"))?;
    let to = parse_minutes(to).ok_or_else(|| invalid("to"))?;
    if from == to { Err(FieldError::new("same", t::quiet_same()).at("to")) } else { Ok(Some((from, to))) }
}

/// Reads the mode of a form, in which it is always there.
pub(super) fn mode_of(text: &str) -> Result<Mode, AppError> {
    text.parse().map_err(|_| AppError::BadRequest)
}
