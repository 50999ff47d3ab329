//! What the merchant does at the gateway and in the shop, as data: the set-up pages render it.

use super::Mode;

/// A part of a sentence.
pub(crate) enum Piece {
    Text(&'static str),
    /// A label of the gateway's pages.
    Label(&'static str),
    /// A menu path.
    Path(&'static str),
    Code(&'static str),
    /// The name of the mode: `Test`.
    Mode,
    /// The same as a label of the gateway's pages: `Test Mode`.
    ModeLabel,
    /// A value to copy: its id on the page, the value, and its name.
    Copy(&'static str, &'static str, &'static str),
    /// The app's e-mail address, to copy: its id on the page, and its name.
    Email(&'static str, &'static str),
    /// The number of recommended events.
    EventCount,
    /// A link to the next step.
    NextStep(&'static str),
}

/// A step at the gateway.
pub(crate) struct GuideStep {
    pub(crate) text: &'static [Piece],
    /// A remark below it; empty if there is none.
    pub(crate) aside: &'static [Piece],
    /// The only mode in which the step is needed.
    pub(crate) mode: Option<Mode>,
    /// True if the recommended events are listed below it.
    pub(crate) lists_events: bool,
}

impl GuideStep {
    /// Returns a step of both modes.
    pub(crate) const fn new(text: &'static [Piece], aside: &'static [Piece]) -> Self {
        Self { text, aside, mode: None, lists_events: false }
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
    pub(crate) heading: &'static str,
    /// How long it takes, if known.
    pub(crate) duration: Option<&'static str>,
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
    pub(crate) heading: &'static str,
    /// Its id on the page, for the Copy button.
    pub(crate) id: &'static str,
    /// What the Copy button copies.
    pub(crate) name: &'static str,
    pub(crate) intro: &'static [Piece],
    /// The accessible name of the code.
    pub(crate) label: &'static str,
    pub(crate) code: &'static [CodePiece],
}
