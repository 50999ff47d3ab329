//! The automatic refunds of an app in a mode: those that wait for a user, the recent ones, and the settings.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use serde::Deserialize;

use super::{Context, Source, layout, list_url, settings::Panel};
use crate::{
    apps::App,
    console::{
        http::{error::AppError, layout::Layout, page::RequestContext},
        read_models::mode_selection::shown,
    },
    gateways::{Gateway, Mode},
    i18n::{Text, code},
    messages::{self, Badge, DisplayTime, Notice, automatic_refunds, automations::Template, text::automatic_refunds as t},
    refunds::automatic::{AutomaticRefund, State, decide, manage},
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `/ks-pay/apps/{app}/automations/refunds`
#[derive(askama::Template)]
#[template(path = "automations/refunds/index.html")]
pub(super) struct Index {
    layout: Layout,
    mode: Mode,
    notice: Option<Notice>,
    to_confirm: Vec<Row>,
    recent: Vec<Row>,
    /// The form of an automation that refunds, while there is no refund.
    add: String,
    panel: Panel,
    /// Tells password managers which account the password belongs to.
    email: String,
}

/// A refund.
struct Row {
    url: String,
    amount: Text,
    badge: Badge,
    at: DisplayTime,
    sentence: Text,
    source: Source,
    payment: Option<Text>,
    order: Option<Text>,
    expires: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(super) mode: String,
}

/// `GET …/automations/refunds`
pub(crate) async fn index(page: RequestContext, app: Path<String>, asked: Query<Asked>) -> Answer {
    let app = page.app(&app).await?;
    let mode = shown(&page, &app, page.chosen_mode(app.id, &asked.mode)?).mode;
    let settings = manage::settings(&mut page.state.db.page_reader().await?, (&app, mode), &page.actor()).await?;
    page.ok(&view(&page, (&app, mode), Panel::of(&page, (&app, mode), &settings)).await?)
}

/// Reads the page, with the panel of the settings as it was typed.
pub(super) async fn view(page: &RequestContext, (app, mode): (&App, Mode), panel: Panel) -> Result<Index, AppError> {
    let mut reader = page.state.db.page_reader().await?;
    let (to_confirm, mut recent) = decide::list(&mut reader, (app, mode), &page.actor()).await?;
    recent.retain(|refund| refund.state != State::ToConfirm);
    let all: Vec<_> = to_confirm.iter().chain(&recent).collect();
    let context = Context::read(&mut reader, page, (app, mode), &all).await?;
    drop(reader);
    let row = |refund: &AutomaticRefund| row((app, page), &context, refund);
    let layout = layout(page, (app, mode), t::title());
    Ok(Index {
        layout,
        mode,
        notice: panel.is_stopped.then(automatic_refunds::stopped),
        to_confirm: to_confirm.iter().map(row).collect(),
        recent: recent.iter().map(row).collect(),
        add: urls::new_automation(app.id, mode, Template::RefundPaidTwice.as_str()),
        panel,
        email: page.signed_in.user.email.clone(),
    })
}

fn row((app, page): (&App, &RequestContext), context: &Context, refund: &AutomaticRefund) -> Row {
    let payment = context.payment(refund);
    Row {
        url: urls::automatic_refund(app.id, refund.id),
        amount: automatic_refunds::amount(refund),
        badge: automatic_refunds::state(refund.state),
        at: messages::when(refund.created_at, page.now),
        sentence: automatic_refunds::sentence(refund, context.gateway(refund).map(Gateway::label)),
        source: context.source(app, refund),
        payment: payment.map(|payment| t::payment(code(&payment.payment_id))),
        order: refund.order_id.as_deref().map(|id| t::order(code(id))),
        expires: automatic_refunds::expires(refund, page.now),
    }
}

impl Index {
    fn is_empty(&self) -> bool {
        self.to_confirm.is_empty() && self.recent.is_empty()
    }

    /// The page's own address without its mode.
    fn url(&self) -> &str {
        &self.panel.url
    }
}

/// Leads from the path of a form to the page with it.
pub(super) fn see(app: &App, mode: Mode) -> HttpResponse {
    crate::console::http::page::see_other(&list_url(app, mode))
}
