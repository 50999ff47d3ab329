//! What the merchant does at the gateway and in the shop, as data: the set-up pages render it.

use super::Mode;
use crate::i18n::{Part, Text};

/// What a step of the guide can name.
pub(crate) struct GuideContext {
    /// The mode of the connection.
    pub(crate) mode: Mode,
    /// A link to the next step of the set-up.
    pub(crate) next: Part,
}

/// A value to copy, shown after the text of a step.
pub(crate) enum CopyValue {
    /// Its id on the page, the value, and its name.
    Fixed(&'static str, &'static str, &'static str),
    /// The app's email address: its id on the page, and its name.
    Email(&'static str, &'static str),
}

/// A step at the gateway.
pub(crate) struct GuideStep {
    pub(crate) text: fn(&GuideContext) -> Text,
    pub(crate) value: Option<CopyValue>,
    /// A remark below it.
    pub(crate) aside: Option<fn(&GuideContext) -> Text>,
    /// The only mode in which the step is needed.
    pub(crate) mode: Option<Mode>,
    /// True if the recommended events are listed below it.
    pub(crate) lists_events: bool,
}

impl GuideStep {
    /// Returns a step of both modes.
    pub(crate) const fn new(text: fn(&GuideContext) -> Text) -> Self {
        Self { text, value: None, aside: None, mode: None, lists_events: false }
    }

    /// Shows a value to copy after the text.
    pub(crate) const fn with_value(mut self, value: CopyValue) -> Self {
        self.value = Some(value);
        self
    }

    /// Adds a remark below the step.
    pub(crate) const fn with_aside(mut self, aside: fn(&GuideContext) -> Text) -> Self {
        self.aside = Some(aside);
        self
    }

    /// Restricts the step to a mode.
    pub(crate) const fn only_in(mut self, mode: Mode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Lists the recommended events below the step.
    pub(crate) const fn with_events(mut self) -> Self {
        self.lists_events = true;
        self
    }
}

/// How to enter URL and secret at the gateway.
pub(crate) struct Guide {
    pub(crate) heading: Text,
    /// How long it takes, if known.
    pub(crate) duration: Option<Text>,
    pub(crate) steps: &'static [GuideStep],
}

/// A part of a code snippet.
pub(crate) enum CodePiece {
    Text(&'static str),
    /// The value of a credential that is shown, by the name of its field.
    Credential(&'static str),
    Currency,
    AppName,
    /// The webhook's URL.
    Url,
}

/// Code for the merchant's developer.
pub(crate) struct Snippet {
    pub(crate) heading: Text,
    /// Its id on the page, for the Copy button.
    pub(crate) id: &'static str,
    /// What the Copy button copies.
    pub(crate) name: Text,
    pub(crate) intro: fn() -> Text,
    /// The accessible name of the code.
    pub(crate) label: Text,
    pub(crate) code: &'static [CodePiece],
}
