//! Destinations: which events of an app are sent to which URL, and how.
//!
//! Invariant: a destination of one mode receives no event of the other. In the original format it receives the events of one gateway with
//! unchanged bytes. The gateway's own headers are passed through only if they sign no time, and signed again only with a secret of the
//! destination.

use std::time::Duration;

use url::{Position, Url};

use super::{health::Limits, normalized, signature};
use crate::{
    connections::ConnectionScope,
    events::{Event, State},
    gateways::{Gateway, Mode, adapter::TEST_EVENT_TYPE, event_kind::EventKind, profile::SignedMessage},
    primitives::{
        id::{AppId, CompanyId, ConnectionId, DestinationId},
        text_enum::{text_column, text_enum},
        time::Timestamp,
    },
};

/// The maximum number of destinations of an app and mode.
pub(crate) const MAX_DESTINATIONS: i64 = 20;
/// The maximum length of a name, in characters.
pub(crate) const MAX_NAME_CHARS: usize = 80;
/// The maximum number of event types and groups that a destination selects.
pub(crate) const MAX_EVENT_PATTERNS: usize = 50;
/// The maximum number of concurrent deliveries.
pub(crate) const MAX_CONCURRENCY: i64 = 10;
/// The default number of concurrent deliveries.
pub(crate) const DEFAULT_CONCURRENCY: i64 = 4;
/// The maximum rate, in deliveries per second.
pub(crate) const MAX_PER_SECOND: i64 = 1000;
/// The maximum timeout of an attempt, in seconds.
pub(crate) const MAX_TIMEOUT_SECONDS: i64 = 30;
/// The default timeout of an attempt, in seconds.
pub(crate) const DEFAULT_TIMEOUT_SECONDS: i64 = 15;

text_enum! {
    /// The form in which events are sent.
    pub(crate) enum Format, "the format of a destination" {
        /// The gateway's exact bytes.
        Original = "original",
        /// One JSON for all gateways.
        Normalized = "normalized",
    }
}
text_column!(Format, Format::as_str);

text_enum! {
    /// The stored state of a destination.
    pub(crate) enum DestinationState, "the state of a destination" {
        Active = "active",
        /// Deliveries wait until a user resumes it.
        Paused = "paused",
        Deleted = "deleted",
    }
}
text_column!(DestinationState, DestinationState::as_str);

text_enum! {
    /// Why a destination is paused.
    pub(crate) enum PauseReason, "the reason of a pause" {
        User = "user",
        /// It responded with 410 Gone.
        Gone = "gone",
        /// Deliveries failed, and none succeeded for five days.
        NoSuccess = "no_success",
    }
}
text_column!(PauseReason, PauseReason::as_str);

/// A destination of an app.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Destination {
    pub(crate) id: DestinationId,
    pub(crate) company_id: CompanyId,
    pub(crate) app_id: AppId,
    pub(crate) mode: Mode,
    #[sqlx(flatten)]
    pub(crate) settings: Settings,
    pub(crate) state: DestinationState,
    pub(crate) pause_reason: Option<PauseReason>,
    pub(crate) paused_at: Option<Timestamp>,
    pub(crate) created_by: String,
    pub(crate) created_at: Timestamp,
}

impl Destination {
    /// True if the event can be sent in the destination's format, whether or not its type is selected: the format may have been changed
    /// after a delivery was stored.
    pub(crate) fn has_form_of(&self, event: &Event) -> bool {
        !matches!(self.receives(event), Err(NotSent::Elsewhere | NotSent::NoNormalizedForm))
    }

    /// True if the destination's test may send the event: the destination receives it, and it is no test event of the Webhook page.
    pub(crate) fn may_test_with(&self, event: &Event) -> bool {
        event.event_type.as_deref() != Some(TEST_EVENT_TYPE) && self.receives(event).is_ok()
    }

    /// Decides whether the destination receives the event with its current settings.
    pub(crate) fn receives(&self, event: &Event) -> Result<(), NotSent> {
        let Settings { format, connection_id, ref events, .. } = self.settings;
        let recipient =
            Recipient { id: self.id, app_id: self.app_id, mode: self.mode, format, connection_id, events: events.clone() };
        let scope = ConnectionScope {
            company: self.company_id,
            app: event.app_id,
            connection: event.connection_id,
            gateway: event.gateway,
            mode: event.mode,
        };
        receives(&recipient, &Candidate { scope, event_type: event.event_type.as_deref(), state: event.state })
    }
}

/// The settings of a destination that a user chooses.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) format: Format,
    /// The connection whose events it receives, for the original format.
    pub(crate) connection_id: Option<ConnectionId>,
    /// True if the gateway's own headers are signed again with a secret of the destination.
    pub(crate) is_resigned: bool,
    pub(crate) events: EventSelection,
    /// True if a delivery waits until the one before it has ended.
    pub(crate) is_fifo: bool,
    pub(crate) concurrency: i64,
    pub(crate) per_second: Option<i64>,
    pub(crate) timeout_seconds: i64,
}

impl Settings {
    /// Returns the timeout of an attempt.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.timeout_seconds).unwrap_or_default())
    }

    /// Returns the host and the port of its URL; path and query may be secret.
    pub(crate) fn host(&self) -> String {
        Url::parse(&self.url).map(|url| url[Position::BeforeHost..Position::AfterPort].to_owned()).unwrap_or_default()
    }

    /// Returns its limits of concurrency and rate.
    pub(crate) fn limits(&self) -> Limits {
        let concurrency = if self.is_fifo { 1 } else { self.concurrency };
        Limits { concurrency: usize::try_from(concurrency).unwrap_or(1), per_second: self.per_second }
    }
}

/// The text that selects all events.
const ALL_EVENTS: &str = "*";

/// The types of events that a destination receives: types and groups such as `refund.*`, separated by spaces; empty for all.
#[derive(Debug, Clone, PartialEq, Eq, Default, sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct EventSelection(String);

impl EventSelection {
    /// Parses types and groups, separated by spaces or commas.
    ///
    /// # Errors
    /// Returns the first text that is neither, or [`InvalidSelection::TooMany`].
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidSelection> {
        let mut patterns: Vec<&str> =
            text.split(|next: char| next == ',' || next.is_whitespace()).filter(|one| !one.is_empty()).collect();
        if patterns == [ALL_EVENTS] {
            return Ok(Self::default());
        }
        if let Some(wrong) = patterns.iter().find(|pattern| !is_pattern(pattern)) {
            return Err(InvalidSelection::NotAType((*wrong).chars().take(MAX_NAME_CHARS).collect()));
        }
        patterns.sort_unstable();
        patterns.dedup();
        if patterns.len() > MAX_EVENT_PATTERNS {
            return Err(InvalidSelection::TooMany);
        }
        Ok(Self(patterns.join(" ")))
    }

    /// Returns types and groups, separated by spaces; empty for all.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first type or group that selects none of the known types.
    pub(crate) fn first_unknown(&self, known: &[&str]) -> Option<&str> {
        self.0.split_whitespace().find(|pattern| !known.iter().any(|name| matches(pattern, name)))
    }

    /// True if it selects events of that type. An event without a readable type is selected with all others only.
    pub(crate) fn includes(&self, event_type: Option<&str>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        event_type.is_some_and(|event_type| self.0.split(' ').any(|pattern| matches(pattern, event_type)))
    }
}

/// Why a selection of events is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InvalidSelection {
    /// This is neither an event type nor a group.
    NotAType(String),
    TooMany,
}

/// True for a type such as `payment.captured` or a group such as `payment.*`.
fn is_pattern(text: &str) -> bool {
    let name = text.strip_suffix(".*").unwrap_or(text);
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    text.len() <= 128 && name.split('.').all(is_part)
}

fn matches(pattern: &str, event_type: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(group) => event_type.starts_with(group),
        None => event_type == pattern,
    }
}

/// The properties of an event that decide which destinations receive it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub(crate) scope: ConnectionScope,
    pub(crate) event_type: Option<&'a str>,
    pub(crate) state: State,
}

impl Candidate<'_> {
    fn kind(&self) -> Option<EventKind> {
        self.scope.gateway.adapter().event_kind(self.event_type?)
    }
}

/// Why a destination does not receive an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotSent {
    /// The event is of another app, mode or gateway.
    Elsewhere,
    /// The destination does not select its type.
    NotSelected,
    /// It has no normalized form.
    NoNormalizedForm,
}

/// Decides whether a destination receives an event.
pub(crate) fn receives(destination: &Recipient, event: &Candidate<'_>) -> Result<(), NotSent> {
    if (destination.app_id, destination.mode) != (event.scope.app, event.scope.mode) {
        return Err(NotSent::Elsewhere);
    }
    let event_type = match destination.format {
        Format::Original if destination.connection_id != Some(event.scope.connection) => return Err(NotSent::Elsewhere),
        Format::Original => event.event_type,
        Format::Normalized if event.state != State::Processed => return Err(NotSent::NoNormalizedForm),
        Format::Normalized => Some(event.kind().and_then(normalized::event_type).ok_or(NotSent::NoNormalizedForm)?),
    };
    if destination.events.includes(event_type) { Ok(()) } else { Err(NotSent::NotSelected) }
}

/// The properties of a destination that [`receives`] needs.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Recipient {
    pub(crate) id: DestinationId,
    pub(crate) app_id: AppId,
    pub(crate) mode: Mode,
    pub(crate) format: Format,
    pub(crate) connection_id: Option<ConnectionId>,
    pub(crate) events: EventSelection,
}

/// How the gateway's own headers can be sent in the original format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OriginalForms {
    /// Unchanged, so that a handler written for the gateway works unchanged.
    pub(crate) is_passed_through: bool,
    /// Signed again with a secret of the destination.
    pub(crate) is_resigned: bool,
}

/// Returns how the headers of a gateway can be sent. A scheme that signs the time cannot be passed through, because retries would be
/// too old; nor can a scheme with the same headers as KS Pay's own signature.
pub(crate) fn original_forms(gateway: Gateway) -> OriginalForms {
    let signature = &gateway.profile().signature;
    let is_in_headers = signature.headers.contains(&signature.header);
    let signs_time = signature.time_tolerance_seconds.is_some() || matches!(signature.message, SignedMessage::IdTimeBody);
    OriginalForms {
        is_passed_through: is_in_headers && !signs_time && !signs_as_ks_pay(gateway),
        is_resigned: is_in_headers && gateway.adapter().test_event("").is_some(),
    }
}

/// True if the gateway signs with the same headers as KS Pay, so that signing again adds no others.
pub(crate) fn signs_as_ks_pay(gateway: Gateway) -> bool {
    gateway.profile().signature.header == signature::HEADER
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipient(events: &str) -> Recipient {
        Recipient {
            id: DestinationId::unique(),
            app_id: AppId::unique(),
            mode: Mode::Live,
            format: Format::Normalized,
            connection_id: None,
            events: EventSelection::parse(events).unwrap(),
        }
    }

    fn candidate<'a>(recipient: &Recipient, event_type: &'a str) -> Candidate<'a> {
        let (company, connection) = (CompanyId::unique(), ConnectionId::unique());
        let scope =
            ConnectionScope { company, app: recipient.app_id, connection, gateway: Gateway::RAZORPAY, mode: recipient.mode };
        Candidate { scope, event_type: Some(event_type), state: State::Processed }
    }

    #[test]
    fn a_selection_is_of_types_and_groups() {
        let selection = EventSelection::parse("refund.*, payment.captured\n refund.*").unwrap();
        assert_eq!(selection.as_str(), "payment.captured refund.*");
        for (event_type, is_included) in
            [("refund.processed", true), ("payment.captured", true), ("payment.failed", false), ("refund", false)]
        {
            assert_eq!(selection.includes(Some(event_type)), is_included, "{event_type}");
        }
        assert!(!selection.includes(None));
        for all in [" ,", " * "] {
            let all = EventSelection::parse(all).unwrap();
            assert!(all.includes(None) && all.includes(Some("anything")));
        }
    }

    #[test]
    fn what_selects_no_known_type_is_named() {
        let known = ["payment.captured", "refund.created"];
        let unknown = |text| EventSelection::parse(text).unwrap().first_unknown(&known).map(str::to_owned);
        assert_eq!(unknown("payment.* refund.created"), None);
        assert_eq!(unknown("payment.captred refund.*").as_deref(), Some("payment.captred"));
        assert_eq!(unknown("payment.dispute.*").as_deref(), Some("payment.dispute.*"));
    }

    #[test]
    fn what_is_no_type_is_refused_by_name() {
        for wrong in ["payment.*, *", "payment.", ".captured", "payment.*.x*", "zahlung…", "a b;drop", "payment.**"] {
            let named = wrong.split(' ').next_back().unwrap_or(wrong);
            assert_eq!(EventSelection::parse(wrong), Err(InvalidSelection::NotAType(named.to_owned())), "{wrong}");
        }
        let many: Vec<String> = (0..=MAX_EVENT_PATTERNS).map(|index| format!("type.{index}")).collect();
        assert_eq!(EventSelection::parse(&many.join(" ")), Err(InvalidSelection::TooMany));
    }

    #[test]
    fn a_normalized_destination_receives_what_has_a_normalized_form_and_is_selected() {
        let all = recipient("");
        let captured = candidate(&all, "payment.captured");
        assert_eq!(receives(&all, &captured), Ok(()));
        assert_eq!(receives(&all, &Candidate { event_type: Some("unknown.type"), ..captured }), Err(NotSent::NoNormalizedForm));
        assert_eq!(receives(&all, &Candidate { state: State::Conflict, ..captured }), Err(NotSent::NoNormalizedForm));
        let refunds = Recipient { events: EventSelection::parse("refund.*").unwrap(), ..all };
        assert_eq!(receives(&refunds, &captured), Err(NotSent::NotSelected));
    }

    #[test]
    fn events_of_the_other_mode_app_or_gateway_go_elsewhere() {
        let all = recipient("");
        let captured = candidate(&all, "payment.captured");
        let other_mode = ConnectionScope { mode: Mode::Test, ..captured.scope };
        let other_app = ConnectionScope { app: AppId::unique(), ..captured.scope };
        for scope in [other_mode, other_app] {
            assert_eq!(receives(&all, &Candidate { scope, ..captured }), Err(NotSent::Elsewhere));
        }
        let original = |connection| Recipient { format: Format::Original, connection_id: Some(connection), ..all.clone() };
        assert_eq!(receives(&original(ConnectionId::unique()), &captured), Err(NotSent::Elsewhere));
        let own = original(captured.scope.connection);
        for state in State::ALL {
            assert_eq!(receives(&own, &Candidate { event_type: None, state: *state, ..captured }), Ok(()), "{state}");
        }
    }

    #[test]
    fn headers_are_passed_through_only_if_they_sign_no_time() {
        let forms = |gateway| original_forms(gateway);
        assert_eq!(forms(Gateway::RAZORPAY), OriginalForms { is_passed_through: true, is_resigned: true });
        assert_eq!(forms(Gateway::STANDARD_WEBHOOKS), OriginalForms { is_passed_through: false, is_resigned: true });
        assert!(signs_as_ks_pay(Gateway::STANDARD_WEBHOOKS) && !signs_as_ks_pay(Gateway::RAZORPAY));
    }
}
