//! The form of a destination, and its validation.

use serde::Deserialize;
use url::Url;

use super::replay_form::time_of;
use crate::{
    apps::App,
    connections::Connection,
    console::http::{
        form::{FieldError, FieldErrors},
        state::State,
    },
    deliveries::destination::{
        DEFAULT_CONCURRENCY, DEFAULT_TIMEOUT_SECONDS, EventSelection, Format, InvalidSelection, MAX_CONCURRENCY,
        MAX_EVENT_PATTERNS, MAX_NAME_CHARS, MAX_PER_SECOND, MAX_TIMEOUT_SECONDS, OriginalForms, Settings, original_forms,
        signs_as_ks_pay,
    },
    deliveries::normalized::{self, change},
    gateways::{Gateway, Mode},
    i18n::{Text, code, isolate},
    messages::{
        destinations::{EXAMPLE_GROUP, EXAMPLE_TYPE, busy, url_error},
        text::destinations as t,
    },
    primitives::{
        id::{CompanyId, ConnectionId},
        text_input,
        time::Timestamp,
        zone::Zone,
    },
};

const NORMALIZED: &str = "normalized";
const PASSED: &str = "passed-";
const RESIGNED: &str = "resigned-";
const FIFO: &str = "fifo";
const ANY: &str = "any";
const FROM_NOW: &str = "now";
const SINCE: &str = "since";
/// The reason of the error that a second submission confirms.
pub(crate) const UNKNOWN_TYPE: &str = "unknown-type";

/// The form as submitted.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DestinationForm {
    /// The mode of a new destination.
    pub(crate) mode: String,
    pub(crate) name: String,
    pub(crate) url: String,
    /// One of [`FormatChoice::value`].
    pub(crate) format: String,
    pub(crate) events: String,
    pub(crate) order: String,
    pub(crate) concurrency: String,
    pub(crate) per_second: String,
    pub(crate) timeout_seconds: String,
    /// Whether a new destination receives events from before; empty for those from now on.
    pub(crate) start: String,
    pub(crate) since: String,
    /// The format and events that were confirmed although an event type is unknown, as [`Self::confirmation`] returns them.
    pub(crate) confirmed: String,
}

/// A format that a destination of the app and mode can have.
pub(crate) struct FormatChoice {
    pub(crate) value: String,
    pub(crate) label: Text,
    pub(crate) note: Text,
    format: Format,
    is_resigned: bool,
    /// The connection whose events it receives, with its gateway.
    connection: Option<(ConnectionId, Gateway)>,
}

impl FormatChoice {
    /// Returns the formats for the connections of a mode, those of the gateways first.
    pub(crate) fn all(connections: &[Connection]) -> Vec<Self> {
        let forms = |connection: &Connection| original_forms(connection.gateway);
        let passed = connections.iter().filter(|one| forms(one).is_passed_through).map(|one| Self::original(one, false));
        let resigned = connections.iter().filter(|one| forms(one).is_resigned).map(|one| Self::original(one, true));
        passed.chain(resigned).chain([Self::normalized()]).collect()
    }

    /// True if the gateway's own signature is passed through, so that code written for the gateway works unchanged.
    fn is_passed_through(&self) -> bool {
        self.connection.is_some() && !self.is_resigned
    }

    /// Returns the event types that KS Pay knows in the format; none if it knows none of the gateway's.
    fn known_types(&self) -> Vec<&'static str> {
        let Some((_, gateway)) = self.connection else { return normalized::event_types().chain([change::EVENT_TYPE]).collect() };
        let mapped = normalized::event_types().filter(|name| gateway.adapter().event_kind(name).is_some());
        gateway.profile().recommended_events.iter().copied().chain(mapped).chain([change::EVENT_TYPE]).collect()
    }

    fn normalized() -> Self {
        Self {
            value: NORMALIZED.to_owned(),
            label: t::format_normalized(),
            note: t::format_normalized_note(),
            format: Format::Normalized,
            is_resigned: false,
            connection: None,
        }
    }

    fn original(connection: &Connection, is_resigned: bool) -> Self {
        let gateway = connection.gateway;
        let (label, note) = if is_resigned {
            (t::format_resigned(gateway.label()), t::format_resigned_note(gateway.label()))
        } else {
            (t::format_passed(gateway.label()), t::format_passed_note(gateway.label()))
        };
        Self {
            value: value(gateway, is_resigned),
            label,
            note,
            format: Format::Original,
            is_resigned,
            connection: Some((connection.id, gateway)),
        }
    }
}

fn value(gateway: Gateway, is_resigned: bool) -> String {
    format!("{}{gateway}", if is_resigned { RESIGNED } else { PASSED })
}

/// Says which formats are missing from the choices, and why.
pub(crate) fn missing_formats(connections: &[Connection], mode: Mode) -> Vec<Text> {
    if connections.is_empty() {
        return vec![t::no_gateway(mode.label())];
    }
    let missing = |connection: &Connection| {
        let gateway = connection.gateway;
        match original_forms(gateway) {
            OriginalForms { is_passed_through: true, .. } => None,
            OriginalForms { is_resigned: true, .. } => Some(t::not_passed(gateway.label())),
            OriginalForms { .. } => Some(t::not_original(gateway.label())),
        }
    };
    connections.iter().filter_map(missing).collect()
}

/// A form that is valid.
pub(crate) struct Parsed {
    /// Settings whose URL has been checked.
    pub(crate) settings: Settings,
    /// The gateway of the connection.
    pub(crate) gateway: Option<Gateway>,
    /// When the first events were received that a new destination receives; `None` for those from now on.
    pub(crate) since: Option<Timestamp>,
}

impl DestinationForm {
    /// Returns the initial values of a new destination.
    pub(crate) fn fresh(mode: Mode, choices: &[FormatChoice]) -> Self {
        let recommended = choices.iter().find(|choice| choice.is_passed_through()).or(choices.last());
        Self {
            mode: mode.slug().to_owned(),
            format: recommended.map(|choice| choice.value.clone()).unwrap_or_default(),
            order: ANY.to_owned(),
            concurrency: DEFAULT_CONCURRENCY.to_string(),
            timeout_seconds: DEFAULT_TIMEOUT_SECONDS.to_string(),
            start: FROM_NOW.to_owned(),
            ..Self::default()
        }
    }

    /// Returns the initial values for changing a destination; `gateway` is that of its connection.
    pub(crate) fn of(settings: &Settings, mode: Mode, gateway: Option<Gateway>) -> Self {
        let form = Self {
            mode: mode.slug().to_owned(),
            name: settings.name.clone(),
            url: settings.url.clone(),
            format: gateway.map_or_else(|| NORMALIZED.to_owned(), |gateway| value(gateway, settings.is_resigned)),
            events: settings.events.as_str().to_owned(),
            order: (if settings.is_fifo { FIFO } else { ANY }).to_owned(),
            concurrency: settings.concurrency.to_string(),
            per_second: settings.per_second.map(|rate| rate.to_string()).unwrap_or_default(),
            timeout_seconds: settings.timeout_seconds.to_string(),
            ..Self::default()
        };
        Self { confirmed: form.confirmation(), ..form }
    }

    /// Returns what [`Self::confirmed`] is once an unknown event type was pointed out.
    pub(crate) fn confirmation(&self) -> String {
        format!("{} {}", self.format, self.events.trim())
    }

    /// Validates the form. A URL other than `current` is checked, which looks its name up.
    pub(crate) async fn parse(
        &self,
        choices: &[FormatChoice],
        (state, app, now): (&State, &App, Timestamp),
        current: Option<&str>,
    ) -> Result<Parsed, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", t::enter_name(), text_input::line(&self.name, 1, MAX_NAME_CHARS));
        let url = self.url(&mut errors, (state, app.company_id), current).await;
        let choice = choices.iter().find(|choice| choice.value == self.format);
        if choice.is_none() {
            errors.add("format", "unknown", t::choose_format());
        }
        let events = self.events(&mut errors);
        if let Some(choice) = choice {
            self.check_types(&mut errors, choice, &events);
        }
        if ![FIFO, ANY].contains(&self.order.as_str()) {
            errors.add("order", "unknown", t::choose_order());
        }
        let concurrency = number(&mut errors, "concurrency", &self.concurrency, MAX_CONCURRENCY);
        let per_second = self.per_second.trim();
        let per_second = (!per_second.is_empty()).then(|| number(&mut errors, "per_second", per_second, MAX_PER_SECOND));
        let timeout_seconds = number(&mut errors, "timeout_seconds", &self.timeout_seconds, MAX_TIMEOUT_SECONDS);
        let since = self.since(&mut errors, (app.zone, now));
        let Some(choice) = choice.filter(|_| errors.is_empty()) else { return Err(errors) };
        let settings = Settings {
            name,
            url,
            format: choice.format,
            connection_id: choice.connection.map(|(id, _)| id),
            is_resigned: choice.is_resigned,
            events,
            is_fifo: self.order == FIFO,
            concurrency,
            per_second,
            timeout_seconds,
        };
        Ok(Parsed { settings, gateway: choice.connection.map(|(_, gateway)| gateway), since })
    }

    async fn url(&self, errors: &mut FieldErrors, (state, company): (&State, CompanyId), current: Option<&str>) -> String {
        let typed = self.url.trim();
        if typed.is_empty() {
            errors.add("url", "empty", t::enter_url());
        } else if current != Some(typed) {
            match check_url(typed, (state, company)).await {
                Ok(url) => return url.into(),
                Err((reason, sentence)) => errors.add("url", reason, sentence),
            }
        }
        typed.to_owned()
    }

    fn events(&self, errors: &mut FieldErrors) -> EventSelection {
        EventSelection::parse(&self.events).unwrap_or_else(|invalid| {
            match invalid {
                InvalidSelection::NotAType(text) => {
                    let sentence = t::not_a_type(isolate(&text), code(EXAMPLE_TYPE), code(EXAMPLE_GROUP));
                    errors.add("events", "not-a-type", sentence);
                }
                InvalidSelection::TooMany => errors.add("events", "too-many", t::too_many_types(MAX_EVENT_PATTERNS)),
            }
            EventSelection::default()
        })
    }

    fn since(&self, errors: &mut FieldErrors, clock: (Zone, Timestamp)) -> Option<Timestamp> {
        match self.start.as_str() {
            "" | FROM_NOW => None,
            SINCE if self.since.trim().is_empty() => {
                errors.add("since", "empty", t::enter_since());
                None
            }
            SINCE => time_of(errors, "since", &self.since, clock),
            _ => {
                errors.add("start", "unknown", t::choose_start());
                None
            }
        }
    }

    pub(crate) fn starts_earlier(&self) -> bool {
        self.start == SINCE
    }

    /// Points out the first event type that KS Pay does not know in the format, unless the form was submitted with it before.
    fn check_types(&self, errors: &mut FieldErrors, choice: &FormatChoice, events: &EventSelection) {
        let known = choice.known_types();
        let unknown = events.first_unknown(&known).filter(|_| !known.is_empty() && self.confirmed != self.confirmation());
        if let Some(unknown) = unknown {
            errors.add("events", UNKNOWN_TYPE, t::not_known_type(isolate(unknown)));
        }
    }

    pub(crate) fn is_fifo(&self) -> bool {
        self.order == FIFO
    }

    pub(crate) fn is_any_order(&self) -> bool {
        self.order == ANY
    }
}

/// Checks a URL. A lookup has the limit of the other checks that make this server send requests.
async fn check_url(typed: &str, (state, company): (&State, CompanyId)) -> Result<Url, (&'static str, Text)> {
    let guard = state.client.guard();
    let url = guard.parse(typed).map_err(url_error)?;
    let _permit = match url.domain() {
        Some(_) => Some(state.checks.acquire(company).map_err(|denied| (denied.reason(), busy(denied)))?),
        None => None,
    };
    guard.look_up(&url, company).await.map_err(url_error)?;
    Ok(url)
}

/// Returns the number from 1 to `max`; otherwise adds the error.
fn number(errors: &mut FieldErrors, field: &'static str, typed: &str, max: i64) -> i64 {
    let typed = typed.trim();
    let is_digits = !typed.is_empty() && typed.bytes().all(|byte| byte.is_ascii_digit());
    let number = typed.parse::<i64>().ok().filter(|number| is_digits && (1..=max).contains(number));
    number.unwrap_or_else(|| {
        errors.add(field, "not-in-range", t::not_in_range(max));
        1
    })
}

/// Returns the error of a name that another destination of the app and mode has.
pub(crate) fn name_taken(mode: Mode) -> FieldErrors {
    FieldError::new("known", t::name_taken(mode.label())).at("name")
}

/// True if the gateway's signature is made with a secret of its own.
pub(crate) fn has_gateway_secret(settings: &Settings, gateway: Gateway) -> bool {
    settings.is_resigned && !signs_as_ks_pay(gateway)
}
