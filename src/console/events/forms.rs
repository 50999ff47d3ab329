//! The query of the event list, and its validation.

use serde::Deserialize;

use crate::{
    console::http::form::FieldErrors,
    events::{State, store::Filter},
    gateways::adapter::is_safe_identifier,
    messages::text::lists as t,
    primitives::id::ConnectionId,
};

/// The query as received.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct ListForm {
    pub(crate) mode: String,
    pub(crate) state: String,
    pub(crate) r#type: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// The validated query.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) state: Option<State>,
    /// Prefix of the type: the whole name, or `refund` for all refund events.
    pub(crate) event_type: Option<String>,
    pub(crate) errors: FieldErrors,
}

impl ListForm {
    pub(crate) fn read(&self) -> Wanted {
        let mut errors = FieldErrors::default();
        let typed = self.r#type.trim();
        if !typed.is_empty() && !is_safe_identifier(typed) {
            errors.add("type", "unknown", t::whole_type());
        }
        let event_type = is_safe_identifier(typed).then(|| typed.to_owned());
        let state = self.state.parse().ok();
        if state.is_none() && !self.state.is_empty() {
            errors.add("state", "unknown", t::no_state());
        }
        Wanted { state, event_type, errors }
    }
}

impl Wanted {
    pub(crate) fn filter(&self, connections: Vec<ConnectionId>) -> Filter {
        Filter { connections, state: self.state, event_type: self.event_type.clone() }
    }

    pub(crate) fn is_any(&self) -> bool {
        self.state.is_none() && self.event_type.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_of_an_event_is_said_and_not_looked_for() {
        let read = |typed: &str| ListForm { r#type: typed.to_owned(), ..ListForm::default() }.read();
        let wrong_state = ListForm { state: "rubbish".to_owned(), ..ListForm::default() }.read();
        assert!(wrong_state.errors.of("state").is_some() && wrong_state.errors.of("type").is_none());
        assert_eq!(read(" payment.captured ").event_type.as_deref(), Some("payment.captured"));
        assert!(read("").is_any() && read("").errors.is_empty());
        for wrong in ["a b", "a\0", "नीम"] {
            assert!(read(wrong).is_any() && !read(wrong).errors.is_empty(), "{wrong:?}");
        }
    }
}
