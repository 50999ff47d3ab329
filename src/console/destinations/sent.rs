//! What a delivery sends, as its page shows it: an event, or a change that an automation reports.

use super::scope::Found;
use crate::{
    console::http::{error::AppError, payload::Payload},
    db::Reader,
    deliveries::{
        Delivery, Message,
        destination::{Format, Settings, signs_as_ks_pay},
        normalized::change,
        request, signature,
        store::{
            bodies::{self, RunBody},
            headers::StoredHeader,
        },
    },
    events::{self, Event, State, payload::StoredPayload},
    gateways::Gateway,
    i18n::{Text, code},
    messages::text::deliveries as t,
    primitives::id::{AppId, RunId},
    urls,
};

/// What a delivery sends.
pub(super) enum Sent {
    Event(Box<Event>),
    /// A run of an automation, with its body while that is stored.
    Run(RunId, Option<RunBody>),
}

impl Sent {
    /// Reads what a delivery of the app sends.
    pub(super) async fn find(reader: &mut Reader, app: AppId, delivery: &Delivery) -> Result<Self, AppError> {
        match delivery.message() {
            Message::Event(id) => {
                let event = events::store::find(reader, app, id).await?.ok_or(AppError::NotFound)?;
                Ok(Self::Event(Box::new(event)))
            }
            Message::Run(id) => Ok(Self::Run(id, bodies::find(reader, app, id).await?)),
        }
    }

    pub(super) fn event_type(&self) -> Option<&str> {
        match self {
            Self::Event(event) => event.event_type.as_deref(),
            Self::Run(..) => Some(change::EVENT_TYPE),
        }
    }

    /// Returns the id that every attempt has.
    pub(super) fn id(&self) -> String {
        match self {
            Self::Event(event) => event.id.to_string(),
            Self::Run(id, _) => id.to_string(),
        }
    }

    pub(super) const fn is_run(&self) -> bool {
        matches!(self, Self::Run(..))
    }

    /// Returns the page of the event or the run; `None` if the run is no longer stored.
    pub(super) fn url(&self) -> Option<String> {
        match self {
            Self::Event(event) => Some(urls::event(event.app_id, event.id)),
            Self::Run(id, body) => {
                let body = body.as_ref()?;
                Some(urls::automation_run(&urls::automation(body.app_id, body.automation_id), *id))
            }
        }
    }

    /// Returns the body; `None` for the original format, and if it is no longer stored.
    pub(super) async fn body(
        &self,
        reader: &mut Reader,
        found: &Found,
        delivery: &Delivery,
    ) -> Result<Option<Payload>, AppError> {
        let event = match self {
            Self::Run(_, body) => return Ok(body.as_ref().map(|stored| Payload::new(&stored.body))),
            Self::Event(_) if found.destination.settings.format == Format::Original => return Ok(None),
            Self::Event(event) => event,
        };
        let StoredPayload::Present(payload) = events::store::find_payload(reader, event).await? else { return Ok(None) };
        let body = request::normalized_body((event, delivery.origin), &payload, found.page.state.base());
        Ok(body.map(|body| Payload::new(&body)))
    }

    pub(super) fn body_note(&self, settings: &Settings) -> Text {
        match self {
            Self::Run(..) => t::body_automation(),
            Self::Event(_) if settings.format == Format::Normalized => t::body_normalized(),
            Self::Event(event) => t::body_original(event.gateway.label()),
        }
    }

    /// Returns the headers of the delivery's requests, each with what it is.
    pub(super) fn headers(&self, settings: &Settings, fixed: &[StoredHeader]) -> Vec<(String, Text)> {
        let id = code(self.id());
        let mut headers = vec![
            (request::ID.to_string(), if self.is_run() { t::header_id_run(id) } else { t::header_id(id) }),
            (request::TIMESTAMP.to_string(), t::header_timestamp()),
            (signature::HEADER.to_owned(), t::header_signature()),
        ];
        let original = match self {
            Self::Event(event) if settings.format == Format::Original => Some(event),
            _ => None,
        };
        if let Some(event) = original {
            headers.extend(original_headers(event, settings.is_resigned));
        }
        let json = code(request::JSON_TYPE);
        let content_type = if original.is_some() { t::header_content_type(json) } else { t::header_content_type_json(json) };
        headers.push(("content-type".to_owned(), content_type));
        headers.push(("user-agent".to_owned(), t::header_user_agent(code(request::SENDER_NAME))));
        headers.extend(fixed.iter().map(|header| (header.name.as_str().to_owned(), t::header_fixed())));
        headers
    }
}

fn original_headers(event: &Event, is_resigned: bool) -> Vec<(String, Text)> {
    let mut headers = Vec::new();
    if !(is_resigned && signs_as_ks_pay(event.gateway)) {
        headers.extend(gateway_headers(event.gateway, is_resigned));
    }
    if event.state != State::Processed {
        headers.push((request::EVENT_STATE.to_string(), t::header_state(code(event.state.as_str()))));
    }
    headers
}

fn gateway_headers(gateway: Gateway, is_resigned: bool) -> impl Iterator<Item = (String, Text)> {
    let what = if is_resigned { t::header_resigned(gateway.label()) } else { t::header_passed(gateway.label()) };
    gateway.profile().signature.headers.iter().map(move |name| ((*name).to_owned(), what.clone()))
}
