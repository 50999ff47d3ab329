//! Automations: a message to customers, users or channels when a payment changes.
//!
//! Invariants: an automation reacts to a change in the ledger, never to an event, and has one run for each change of a payment. The run
//! is stored in the unit of work that stores the change. Nothing that a run does changes a payment, so no automation can cause another.

pub(crate) mod conditions;
pub(crate) mod manage;
pub(crate) mod outbox;
pub(crate) mod retention;
pub(crate) mod runs;
pub(crate) mod store;
pub(crate) mod template;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use self::conditions::Conditions;
use crate::{
    gateways::Mode,
    i18n::Locale,
    ledger::payments::changes::ChangeKind,
    primitives::{
        id::{AppId, AutomationId, ChannelId, CompanyId, UserId},
        time::Timestamp,
    },
};

/// The maximum number of automations of an app in a mode.
pub(crate) const MAX_AUTOMATIONS: usize = 50;
/// The maximum number of recipients of an automation.
pub(crate) const MAX_RECIPIENTS: usize = 20;

/// Who receives the message of an automation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Recipient {
    /// The customer who paid, by email.
    Customer,
    /// A user of the company, by email.
    User(UserId),
    Channel(ChannelId),
}

/// The text of [`Recipient::Customer`].
const CUSTOMER: &str = "customer";

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer => f.write_str(CUSTOMER),
            Self::User(id) => id.fmt(f),
            Self::Channel(id) => id.fmt(f),
        }
    }
}

impl FromStr for Recipient {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == CUSTOMER {
            return Ok(Self::Customer);
        }
        let user = text.parse().map(Self::User);
        user.or_else(|_| text.parse().map(Self::Channel))
            .map_err(|_| "a recipient is the customer or the id of a user or a channel")
    }
}

/// Subject and message in one language, as they were typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wording {
    pub(crate) subject: String,
    pub(crate) message: String,
}

/// The wordings of a message. At least one of them is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Texts {
    pub(crate) en: Option<Wording>,
    pub(crate) hi: Option<Wording>,
}

impl Texts {
    pub(crate) const fn get(&self, language: Locale) -> Option<&Wording> {
        match language {
            Locale::English => self.en.as_ref(),
            Locale::Hindi => self.hi.as_ref(),
        }
    }

    /// Returns the wording in a language, or else in the other, with its language.
    pub(crate) fn closest(&self, language: Locale) -> Option<(Locale, &Wording)> {
        let other = if language == Locale::English { Locale::Hindi } else { Locale::English };
        [language, other].into_iter().find_map(|language| Some((language, self.get(language)?)))
    }
}

/// What a user chooses of an automation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) on: ChangeKind,
    pub(crate) conditions: Conditions,
    /// In the order in which they were chosen, without duplicates.
    pub(crate) recipients: Vec<Recipient>,
    pub(crate) texts: Texts,
    /// The language of the message to customers.
    pub(crate) language: Locale,
}

/// An automation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Automation {
    pub(crate) id: AutomationId,
    pub(crate) company_id: CompanyId,
    pub(crate) app_id: AppId,
    pub(crate) mode: Mode,
    pub(crate) rule: Rule,
    pub(crate) is_on: bool,
    /// When it was last turned on.
    pub(crate) turned_on_at: Option<Timestamp>,
    /// Who changed it last; `None` for a command.
    pub(crate) changed_by: Option<UserId>,
    pub(crate) created_at: Timestamp,
    pub(crate) changed_at: Timestamp,
}
