//! A destination: its state, its settings, its secrets, and its deliveries.
//!
//! Invariant: the page has no secret before Reveal.

use std::collections::HashMap;

use actix_web::{HttpResponse, web::Query};
use askama::Template;
use serde::Deserialize;

use super::{
    forms::has_gateway_secret,
    scope::{DestinationPath, Found},
    search::DeliverySearch,
    test_event::TestResponse,
    views::{Rate, ShownUrl, named},
};
use crate::{
    automations,
    console::http::{
        error::AppError,
        filters::Pill,
        layout::{Flash, Layout},
        list_query::{ListContext, ListParams, ListQuery, only_page},
        page::{RequestContext, see_other},
        pagination::Pager,
    },
    db::{Reader, list},
    deliveries::{
        Delivery, DeliveryState, Message,
        destination::{Destination, DestinationState, Format},
        expiry,
        health::Health,
        manage::CurrentSecrets,
        normalized::change,
        signature,
        store::{
            attempts, bodies,
            deliveries::{self, Backlog, Filter},
            destinations, headers,
            secrets::{self, Purpose, StoredSecret},
        },
    },
    events,
    gateways::Gateway,
    i18n::{Text, code, isolate},
    messages::{
        self, Badge, DisplayTime, EmptyState, Notice,
        deliveries::Hold,
        text::{deliveries as list_text, destinations as t, lists, shared},
    },
    primitives::{
        id::{AutomationId, DeliveryId, EventId, RunId},
        keyset::ListPage,
        time::Timestamp,
    },
    replays::{self, Replay},
    urls,
};

/// `/ks-pay/apps/{app}/destinations/{destination}`
#[derive(Template)]
#[template(path = "destinations/show.html")]
pub(super) struct Show {
    layout: Layout,
    zones_note: Option<Text>,
    url: String,
    destination: Destination,
    shown_url: ShownUrl,
    gateway: Option<Gateway>,
    health: Health,
    backlog: Backlog,
    rate: Option<Rate>,
    /// The latest replay of many events.
    replay: Option<Replay>,
    /// The automations that send to it: their URLs and sentences.
    automations: Vec<(String, Text)>,
    /// Deliveries that will soon be canceled.
    expiring: Option<Notice>,
    /// The names of its fixed headers.
    headers: Vec<String>,
    secrets: SecretsView,
    query: DeliveryQuery,
    /// False until the first delivery.
    has_deliveries: bool,
    /// What the destination responded to a test event.
    test: Option<TestResponse>,
    rows: Vec<Row>,
    pager: Pager,
    empty: Option<EmptyState>,
    now: Timestamp,
}

/// What an action has to show on the page, and nowhere else.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) revealed: Option<CurrentSecrets>,
    /// What is said of a test event, and its response.
    pub(super) test: Option<(Flash, TestResponse)>,
}

/// The secrets of a destination, as far as the page shows them.
struct SecretsView {
    revealed: Option<CurrentSecrets>,
    /// The current secret of its own signature.
    current: Option<StoredSecret>,
    /// False if its sealed value does not open.
    is_readable: bool,
    /// Until when the newest of those that it replaced signs, too.
    previous_until: Option<DisplayTime>,
    /// Label of the gateway whose signature is made with a secret of its own, and what that is for.
    gateway: Option<(&'static str, Text)>,
}

/// A row of the list of deliveries.
struct Row {
    url: String,
    /// `None` if it could not be read.
    event_type: Option<String>,
    /// The id of the event or the run, and its page while it is stored.
    message: String,
    message_url: Option<String>,
    badge: Badge,
    attempts: i64,
    result: Option<Text>,
    when: Text,
}

/// The query of the list as received.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct DeliveryParams {
    #[serde(flatten)]
    list: ListParams,
    state: String,
}

/// The validated query.
struct DeliveryQuery {
    list: ListQuery,
    state: Option<DeliveryState>,
    search: Option<DeliverySearch>,
}

impl DeliveryParams {
    fn read(self, path: String, context: ListContext) -> DeliveryQuery {
        let (mut list, search) = ListQuery::read(self.list, path, context, None, (DeliverySearch::parse, list_text::whole_id()));
        let state = list.filter("state", &self.state, self.state.parse().ok(), lists::no_status());
        DeliveryQuery { list, state, search }
    }
}

/// `GET` of the destination's form actions: redirects to its page, with the secret hidden.
pub(crate) async fn form_page(page: RequestContext, path: DestinationPath) -> Result<HttpResponse, AppError> {
    Ok(see_other(&Found::open(page, (&path.0, &path.1)).await?.url()))
}

/// `GET /ks-pay/apps/{app}/destinations/{destination}`
pub(crate) async fn show(
    page: RequestContext,
    path: DestinationPath,
    asked: Query<DeliveryParams>,
) -> Result<HttpResponse, AppError> {
    let found = Found::open(page, (&path.0, &path.1)).await?;
    let view = view(&found, asked.into_inner(), Outcome::default()).await?;
    view.query.list.answer(&found.page, &view)
}

/// Returns the page, with what an action has to show.
pub(super) async fn view(found: &Found, asked: DeliveryParams, outcome: Outcome) -> Result<Show, AppError> {
    let (page, destination) = (&found.page, &found.destination);
    let context = ListContext::new(&found.app, destination.mode, page.now);
    let query = asked.read(found.url(), context);
    let mut reader = page.state.db.page_reader().await?;
    let health = destinations::health(&mut reader, destination.id).await?;
    let backlog = deliveries::backlog(&mut reader, destination.id).await?;
    let replay = replays::store::find_latest(&mut reader, destination.id).await?;
    let states = deliveries::list_recent_states(&mut reader, destination.id).await?;
    let gateway = found.gateway(&mut reader).await?;
    let valid = secrets::list_valid(&mut reader, destination.id, page.now).await?;
    let retention = page.state.settings.body_retention;
    let expiring = expiry::expiring(&mut reader, destination.id, backlog.oldest, (retention, page.now)).await?;
    let headers = headers::list(&mut reader, destination.id).await?;
    let using = automations::manage::list_of_destination(&mut reader, destination, &page.actor()).await?;
    let listed = list(&mut reader, found, &query).await?;
    let first = backlog.oldest.filter(|_| destination.settings.is_fifo).map(|oldest| oldest.id);
    let types =
        events::store::list_types(&mut reader, found.app.id, listed.rows.iter().filter_map(|row| row.message().event())).await?;
    let runs = listed.rows.iter().filter_map(|row| row.message().run());
    let run_automations = bodies::list_automations(&mut reader, found.app.id, runs).await?;
    let counts = attempts::list_counts(&mut reader, destination.id, listed.rows.iter().map(|row| row.message_id)).await?;
    drop(reader);
    let hold = Hold::of(destination, &health, page.now);
    let counts: HashMap<DeliveryId, i64> = counts.into_iter().collect();
    let known = Known { types: types.into_iter().collect(), automations: run_automations.into_iter().collect() };
    let row = |delivery: &Delivery| Row {
        attempts: counts.get(&delivery.id).copied().unwrap_or_default(),
        ..row(found, delivery, &known, hold.of_delivery(delivery.id, first))
    };
    let rows: Vec<Row> = listed.rows.iter().map(row).collect();
    let mut pager = query.list.pager(&listed);
    let empty = match query.list.invalid().or_else(|| pager.take_empty()) {
        None => rows.is_empty().then(|| nothing(&query)),
        of_query => of_query,
    };
    let mut layout = found.layout(Text::verbatim(isolate(found.name())));
    let (said, test) = outcome.test.unzip();
    layout.flash = said.or(layout.flash);
    Ok(Show {
        layout,
        zones_note: page.zones_note(&found.app),
        url: found.url(),
        destination: destination.clone(),
        shown_url: ShownUrl::new(&destination.settings.url),
        secrets: secrets_view(found, valid, gateway, outcome.revealed),
        gateway,
        health,
        backlog,
        rate: Rate::of(&states),
        replay,
        automations: using.iter().map(named).collect(),
        expiring: expiring.map(|found| messages::destinations::expiring(found, (None, page.now))),
        headers: headers.iter().map(|header| header.name.as_str().to_owned()).collect(),
        has_deliveries: !states.is_empty(),
        test,
        query,
        rows,
        pager,
        empty,
        now: page.now,
    })
}

/// Returns the deliveries of the page, none while a filter is invalid.
async fn list(reader: &mut Reader, found: &Found, query: &DeliveryQuery) -> Result<ListPage<Delivery>, AppError> {
    if !query.list.is_valid() {
        return Ok(ListPage::default());
    }
    let id = found.destination.id;
    let Some(search) = &query.search else {
        let filter = Filter { destination: id, state: query.state };
        return Ok(list::page(reader, &filter, query.list.page_request()).await?);
    };
    let messages = search.messages(reader, found).await?;
    Ok(only_page(deliveries::list_of_messages(reader, id, messages.into_iter()).await?))
}

fn nothing(query: &DeliveryQuery) -> EmptyState {
    let is_any = query.list.filters.is_any() || query.search.is_some();
    let (hook, title, text) = if is_any {
        ("no-delivery-found", list_text::none_found(), list_text::none_found_text())
    } else {
        ("no-delivery", list_text::none_yet(), list_text::none_yet_text())
    };
    let way = is_any.then(|| (query.list.filters.cleared(), list_text::show_all()));
    EmptyState { hook, cause: None, icon: "send", title, text, way }
}

/// What rows say of their messages.
struct Known {
    types: HashMap<EventId, Option<String>>,
    automations: HashMap<RunId, AutomationId>,
}

fn row(found: &Found, delivery: &Delivery, known: &Known, hold: Hold) -> Row {
    let (now, app) = (found.page.now, found.app.id);
    let (event_type, message_url) = match delivery.message() {
        Message::Event(id) => (known.types.get(&id).cloned().flatten(), Some(urls::event(app, id))),
        Message::Run(id) => {
            let of = |automation: &AutomationId| urls::automation_run(&urls::automation(app, *automation), id);
            (Some(change::EVENT_TYPE.to_owned()), known.automations.get(&id).map(of))
        }
    };
    Row {
        url: urls::delivery(&found.url(), delivery.id),
        event_type,
        message: delivery.message().to_string(),
        message_url,
        badge: messages::deliveries::badge_of(delivery),
        attempts: delivery.attempts,
        result: messages::deliveries::last_result(delivery),
        when: messages::deliveries::when(delivery, hold, now),
    }
}

fn secrets_view(
    found: &Found,
    valid: Vec<StoredSecret>,
    gateway: Option<Gateway>,
    revealed: Option<CurrentSecrets>,
) -> SecretsView {
    let (vault, now) = (&found.page.state.vault, found.page.now);
    let previous = valid.iter().filter(|one| one.purpose == Purpose::Webhook).filter_map(|one| one.valid_until).max();
    let is_readable = valid.iter().filter(|one| one.valid_until.is_none()).all(|one| one.open(vault).is_ok());
    let current = valid.into_iter().find(|one| one.purpose == Purpose::Webhook && one.valid_until.is_none());
    SecretsView {
        is_readable: is_readable && current.is_some(),
        current,
        revealed,
        previous_until: previous.map(|until| DisplayTime::of_expiry(until, now)),
        gateway: gateway
            .filter(|gateway| has_gateway_secret(&found.destination.settings, *gateway))
            .map(|gateway| (gateway.label(), gateway_secret_note(gateway))),
    }
}

fn gateway_secret_note(gateway: Gateway) -> Text {
    t::gateway_secret_note(code(gateway.profile().signature.display_header), gateway.label())
}

impl Show {
    fn mark(&self) -> Option<Badge> {
        messages::destinations::state(&self.destination, &self.health, self.now)
    }

    fn trouble(&self) -> Option<Notice> {
        messages::destinations::trouble(&self.destination, &self.health, self.backlog, (None, self.now))
    }

    fn is_paused(&self) -> bool {
        self.destination.state == DestinationState::Paused
    }

    fn replay_progress(&self) -> Option<Text> {
        let running = self.replay.as_ref().filter(|replay| replay.ended_at.is_none());
        running.map(messages::destinations::replay_progress)
    }

    fn last_replay(&self) -> Option<Text> {
        self.replay.as_ref().and_then(|replay| messages::destinations::last_replay(replay, self.now))
    }

    fn waiting(&self) -> Text {
        messages::destinations::waiting(self.backlog.count)
    }

    fn oldest(&self) -> Option<DisplayTime> {
        self.backlog.oldest.map(|oldest| messages::when(oldest.received_at, self.now))
    }

    fn last_success(&self) -> Option<DisplayTime> {
        self.health.last_success_at.map(|at| messages::when(at, self.now))
    }

    fn format(&self) -> Text {
        messages::destinations::format(&self.destination.settings, self.gateway)
    }

    fn events(&self) -> Vec<&str> {
        self.destination.settings.events.as_str().split_whitespace().collect()
    }

    fn speed(&self) -> Text {
        messages::destinations::speed(&self.destination.settings)
    }

    fn retries() -> Text {
        messages::destinations::retries()
    }

    fn timeout(&self) -> Text {
        messages::span(self.destination.settings.timeout())
    }

    fn added(&self) -> Text {
        t::added_by(DisplayTime::of_day(self.destination.created_at, self.now), isolate(&self.destination.created_by))
    }

    fn secret_note() -> Text {
        t::secret_note(code(signature::HEADER))
    }

    fn test_note(&self) -> Text {
        match self.destination.settings.format {
            Format::Original => t::send_test_note_original(),
            Format::Normalized => t::send_test_note(),
        }
    }

    /// Says which secret verifies the gateway's own signature, if that is passed through.
    fn passed_note(&self) -> Option<Text> {
        let gateway = self.gateway.filter(|_| !self.destination.settings.is_resigned)?;
        Some(t::passed_note(code(gateway.profile().signature.display_header), gateway.label()))
    }

    fn secret_created(&self) -> Option<Text> {
        let current = self.secrets.current.as_ref()?;
        Some(t::secret_created(DisplayTime::of_day(current.created_at, self.now)))
    }

    fn pills(&self) -> Vec<Pill> {
        let states = DeliveryState::ALL.iter().map(|state| (state.as_str(), messages::deliveries::state(*state).label));
        vec![self.query.list.choice_pill(("state", list_text::column_state()), states)]
    }
}
