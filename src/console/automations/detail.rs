//! An automation: its rule, and its runs.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use serde::Deserialize;

use super::{find, layout, recipients};
use crate::{
    automations::{
        manage,
        runs::{Run, RunState},
        store::runs::{self, Selection},
    },
    console::http::{error::AppError, layout::Layout, page::RequestContext, pagination::Pager},
    db::list,
    gateways::Mode,
    i18n::Text,
    messages::{self, Badge, DisplayTime, automations, text::automations as t},
    primitives::{keyset::PageRequest, time::Timestamp},
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `/ks-pay/apps/{app}/automations/{automation}`
#[derive(askama::Template)]
#[template(path = "automations/show.html")]
struct Show {
    layout: Layout,
    url: String,
    mode: Mode,
    sentence: Text,
    recipients: Text,
    /// The page of automatic refunds, if it starts them.
    refunds: Option<String>,
    is_on: bool,
    has_email: bool,
    tabs: Vec<Tab>,
    is_filtered: bool,
    rows: Vec<Row>,
    pager: Pager,
}

/// A tab: the runs of a state with their count, or all runs without a count.
struct Tab {
    url: String,
    label: Text,
    count: Option<Text>,
    is_current: bool,
}

/// A run in the list.
struct Row {
    url: String,
    title: Text,
    badge: Badge,
    reason: Option<Text>,
    at: DisplayTime,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    state: String,
    before: String,
    after: String,
}

/// `GET …/{automation}`
pub(crate) async fn show(page: RequestContext, path: Path<(String, String)>, asked: Query<Asked>) -> Answer {
    let (app, automation) = find(&page, (&path.0, &path.1)).await?;
    let state = asked.state.parse::<RunState>().ok();
    let url = urls::automation(app.id, automation.id);
    let mut reader = page.state.db.page_reader().await?;
    let known = manage::known(&mut reader, (&app, automation.mode), &page.actor()).await?;
    let counts = manage::counts(&mut reader, &automation).await?;
    let selection = Selection { automation: automation.id, state };
    let found = list::page(&mut reader, &selection, PageRequest::read(&asked.before, &asked.after)).await?;
    drop(reader);
    let query: Vec<_> = state.iter().map(|state| ("state", state.as_str())).collect();
    let sentence = automations::sentence(&automation.rule);
    page.ok(&Show {
        layout: layout(&page, (&app, automation.mode), t::show_title()),
        mode: automation.mode,
        recipients: recipients(&known, &automation.rule.recipients),
        refunds: automation.rule.starts_refund.then(|| urls::in_mode(&urls::automatic_refunds(app.id), automation.mode)),
        is_on: automation.is_on,
        has_email: page.state.mail.settings.is_some(),
        tabs: tabs(&url, state, &counts),
        is_filtered: state.is_some(),
        pager: Pager::new(&url, &query, &found),
        rows: found.rows.iter().map(|run| row(&url, run, page.now)).collect(),
        sentence,
        url,
    })
}

fn tabs(url: &str, current: Option<RunState>, counts: &[(RunState, i64)]) -> Vec<Tab> {
    let all = Tab { url: url.to_owned(), label: t::all(), count: None, is_current: current.is_none() };
    let of = |(state, count): &(RunState, i64)| Tab {
        url: urls::query(url, &[("state", state.as_str())]),
        label: automations::run_state(*state).label,
        count: Some(if *count < runs::MAX_COUNTED { Text::verbatim(*count) } else { t::more_than(*count) }),
        is_current: current == Some(*state),
    };
    let shown = counts.iter().filter(|(state, count)| *count > 0 || current == Some(*state));
    [all].into_iter().chain(shown.map(of)).collect()
}

fn row(url: &str, run: &Run, now: Timestamp) -> Row {
    Row {
        url: urls::automation_run(url, run.id),
        title: title(run),
        badge: automations::run_state(run.state),
        reason: run.reason.map(automations::skipped),
        at: messages::when(run.created_at, now),
    }
}

/// Names a run by its amount.
pub(super) fn title(run: &Run) -> Text {
    run.money.map_or_else(t::run_of_unknown, t::run_of)
}
