//! What `ks-pay listen` and a server send each other, as JSON.
//!
//! The client handles the events of a batch in their order. Once it has handled all of them, it asks for what is after
//! [`Batch::cursor`]; if it is interrupted, it adds those that it has handled to [`Batch::from`].

use serde::{Deserialize, Serialize};

/// Asks for events.
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

/// Where to begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Start {
    /// With events that arrive from now on.
    Now,
    /// With the first event that was received at this time or later, in milliseconds since 1970, and all after it.
    Since(i64),
    /// After a cursor.
    After(Cursor),
}

/// Events that have been handled: those up to an id, and some after it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// Up to this id.
    pub(crate) after: String,
    /// These after it: events with smaller ids may be stored later.
    pub(crate) seen: Vec<String>,
}

/// Events, in the order of their ids.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Batch {
    /// Where they begin.
    pub(crate) from: Cursor,
    pub(crate) events: Vec<ForwardedEvent>,
    /// What has been handled once these have been.
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
    /// The exact bytes in base64; none if they were deleted or damaged.
    pub(crate) body: Option<String>,
}
