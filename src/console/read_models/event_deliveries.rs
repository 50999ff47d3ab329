//! The deliveries of an event, and the destinations that did not get it, each with the reason.

use crate::{
    apps::App,
    connections::ConnectionScope,
    db::{DbError, Reader},
    deliveries::{
        Delivery,
        destination::{Candidate, Destination, Recipient, receives},
        store::{deliveries, destinations},
    },
    events::Event,
    i18n::{Text, isolate},
    messages::{self, Badge, text::deliveries as t},
    primitives::id::DestinationId,
    urls,
};

/// What an event's page says of its deliveries.
#[derive(Default)]
pub(crate) struct EventDeliveries {
    pub(crate) rows: Vec<DeliveryRow>,
    pub(crate) not_sent: Vec<NotSentRow>,
}

/// A delivery of the event.
pub(crate) struct DeliveryRow {
    /// The page of the delivery; `None` if the destination was deleted.
    pub(crate) url: Option<String>,
    pub(crate) name: Text,
    pub(crate) badge: Badge,
    /// The status or failure of the last attempt.
    pub(crate) result: Option<Text>,
}

/// A destination that did not get the event.
pub(crate) struct NotSentRow {
    pub(crate) url: String,
    pub(crate) name: Text,
    /// Identifies the reason in tests.
    pub(crate) hook: &'static str,
    pub(crate) why: Text,
}

impl EventDeliveries {
    /// Reads those of an event, which is a test event of the Webhook page or not: none of these is sent. The caller has checked access
    /// to destinations.
    pub(crate) async fn read(reader: &mut Reader, app: &App, event: &Event, is_test: bool) -> Result<Self, DbError> {
        let found = deliveries::list_of_event(&mut *reader, app.id, event.id).await?;
        let current = destinations::list(&mut *reader, app.id, event.mode).await?;
        let names = if found.is_empty() { Vec::new() } else { destinations::list_names(reader, app.id).await? };
        let without = |one: &&Destination| !is_test && found.iter().all(|delivery| delivery.destination_id != one.id);
        Ok(Self {
            rows: found.iter().map(|delivery| row(delivery, (app, &names), &current)).collect(),
            not_sent: current.iter().filter(without).map(|destination| not_sent(destination, app, event)).collect(),
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.not_sent.is_empty()
    }
}

fn row(delivery: &Delivery, (app, names): (&App, &[(DestinationId, String)]), current: &[Destination]) -> DeliveryRow {
    let id = delivery.destination_id;
    let name = names.iter().find(|(known, _)| *known == id).map_or_else(|| id.to_string(), |(_, name)| name.clone());
    let is_current = current.iter().any(|destination| destination.id == id);
    DeliveryRow {
        url: is_current.then(|| urls::delivery(&urls::destination(app.id, id), delivery.id)),
        name: if is_current { Text::verbatim(isolate(&name)) } else { t::deleted_destination(isolate(&name)) },
        badge: messages::deliveries::badge_of(delivery),
        result: messages::deliveries::last_result(delivery),
    }
}

fn not_sent(destination: &Destination, app: &App, event: &Event) -> NotSentRow {
    let recipient = Recipient {
        id: destination.id,
        app_id: destination.app_id,
        mode: destination.mode,
        format: destination.settings.format,
        connection_id: destination.settings.connection_id,
        events: destination.settings.events.clone(),
    };
    let scope = ConnectionScope {
        company: app.company_id,
        app: app.id,
        connection: event.connection_id,
        gateway: event.gateway,
        mode: event.mode,
    };
    let candidate = Candidate { scope, event_type: event.event_type.as_deref(), state: event.state };
    let (hook, why) = match receives(&recipient, &candidate) {
        Err(why) => messages::deliveries::not_sent(why),
        Ok(()) if destination.created_at > event.received_at => ("not-sent-added-later", t::added_later()),
        Ok(()) => ("not-sent-settings-differed", t::settings_differed()),
    };
    let url = urls::destination(app.id, destination.id);
    NotSentRow { url, name: Text::verbatim(isolate(&destination.settings.name)), hook, why }
}
