//! The JSON messages of `ks-pay listen` and a server.
//!
//! The client handles the events of a batch in order. Once it has handled all of them, it asks for the events after [`Batch::cursor`];
//! if it is interrupted, it adds the handled events to [`Batch::from`].

use serde::{Deserialize, Serialize};

/// A request for events.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Poll {
    /// The id of the app.
    pub(crate) app: String,
    pub(crate) mode: String,
    /// Types and groups of types, separated by spaces; empty for all.
    #[serde(default)]
    pub(crate) events: String,
    pub(crate) start: Start,
}

/// Where to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Start {
    /// With events that arrive from now on.
    Now,
    /// With the first event that was received at this time, in milliseconds since 1970, or later.
    Since(i64),
    /// After a cursor.
    After(Cursor),
}

/// The events that were handled: all up to an id, and some after it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// All events up to this id.
    pub(crate) after: String,
    /// These later events. Events with smaller ids may still be stored.
    pub(crate) seen: Vec<String>,
}

/// Events, in the order of their ids.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Batch {
    /// The position before the events.
    pub(crate) from: Cursor,
    pub(crate) events: Vec<ForwardedEvent>,
    /// The position once all events are handled.
    pub(crate) cursor: Cursor,
}

/// An event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ForwardedEvent {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) event_type: Option<String>,
    pub(crate) gateway: String,
    pub(crate) mode: String,
    pub(crate) state: String,
    /// RFC 3339.
    pub(crate) received_at: String,
    pub(crate) gateway_event_id: Option<String>,
    /// The headers of the gateway's request that identify and sign it, its content type, and the state of the event.
    pub(crate) headers: Vec<(String, String)>,
    /// The exact bytes in base64; `None` if they were deleted or are damaged.
    pub(crate) body: Option<String>,
}
