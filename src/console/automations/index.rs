//! The automations of an app in a mode, and the templates.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use serde::Deserialize;

use super::{
    recipients,
    refund_choice::RefundChoice,
    refunds::{self, ListLink},
};
use crate::{
    apps::App,
    automations::{MAX_AUTOMATIONS, manage, store::runs},
    console::{
        http::{
            error::AppError,
            layout::{AppEntry, Layout},
            page::RequestContext,
        },
        read_models::mode_selection::shown,
    },
    gateways::Mode,
    i18n::{Text, link},
    messages::{
        self, Badge, DisplayTime,
        automations::{self, Template},
        text::automations as t,
    },
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `/ks-pay/apps/{app}/automations`
#[derive(askama::Template)]
#[template(path = "automations/index.html")]
struct Index {
    layout: Layout,
    app: App,
    mode: Mode,
    rows: Vec<Row>,
    has_email: bool,
    has_destinations: bool,
    refund: RefundChoice,
    /// The page of automatic refunds.
    refunds: Option<ListLink>,
}

/// A template.
struct Ready {
    url: String,
    label: Text,
    note: Text,
    /// What is missing for it.
    needs: Option<Text>,
}

/// An automation.
struct Row {
    url: String,
    sentence: Text,
    recipients: Text,
    is_on: bool,
    last: Option<(Badge, DisplayTime)>,
    /// Why the last run was skipped.
    problem: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(super) mode: String,
    pub(super) template: String,
}

impl Index {
    fn has_room(&self) -> bool {
        self.rows.len() < MAX_AUTOMATIONS
    }

    fn new_url(&self) -> String {
        urls::new_automation(self.app.id, self.mode, "")
    }

    fn templates(&self) -> Vec<Ready> {
        let of = |template: &Template| {
            let (label, note) = template.label();
            let needs_destination = template.is_for_destinations() && !self.has_destinations;
            let add = || urls::new_destination(self.app.id, self.mode);
            let needs = if template.starts_refund() && !self.refund.is_offered() {
                self.refund.note(&self.app)
            } else {
                needs_destination.then(|| t::needs_destination(link(add())))
            };
            Ready { url: urls::new_automation(self.app.id, self.mode, template.as_str()), label, note, needs }
        };
        let is_shown = |template: &&Template| !template.starts_refund() || !matches!(self.refund, RefundChoice::Unavailable);
        Template::ALL.iter().filter(is_shown).map(of).collect()
    }
}

/// `GET /ks-pay/apps/{app}/automations`
pub(crate) async fn index(page: RequestContext, app: Path<String>, asked: Query<Asked>) -> Answer {
    let app = page.app(&app).await?;
    let shown = shown(&page, &app, page.chosen_mode(app.id, &asked.mode)?);
    let mode = shown.mode;
    let mut reader = page.state.db.page_reader().await?;
    let listed = manage::list(&mut reader, (&app, mode), &page.actor()).await?;
    let known = manage::known(&mut reader, (&app, mode), &page.actor()).await?;
    let mut rows = Vec::new();
    for automation in listed {
        let last = runs::find_latest(&mut reader, automation.id).await?;
        rows.push(Row {
            url: urls::automation(app.id, automation.id),
            sentence: automations::sentence(&automation.rule),
            recipients: recipients(&known, &automation.rule.recipients),
            is_on: automation.is_on,
            problem: last.as_ref().and_then(|run| run.reason).map(automations::skipped),
            last: last.map(|run| (automations::run_state(run.state), messages::when(run.created_at, page.now))),
        });
    }
    let refund = RefundChoice::read(&mut reader, &page, (&app, mode)).await?;
    let refunds = refunds::list_link(&mut reader, &page, (&app, mode)).await?;
    drop(reader);
    let url = urls::automations(app.id);
    let layout = page.layout(t::title()).app(&app, AppEntry::Automations, Some(mode)).in_mode(&url, mode);
    let layout = layout.notices(shown.other, shown.off).below_app(&app);
    let has_destinations = !known.destinations.is_empty();
    page.ok(&Index { layout, mode, rows, has_email: page.state.mail.settings.is_some(), has_destinations, refund, refunds, app })
}
