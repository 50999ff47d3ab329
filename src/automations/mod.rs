//! Automations: a message to customers, users, channels or destinations when a payment changes.
//!
//! Invariants: an automation reacts to a change in the ledger, never to an event, and has one run for each change of a payment. The run
//! is stored in the unit of work that stores the change. A run changes no payment, so automations cannot trigger each other.

pub(crate) mod conditions;
pub(crate) mod deadlines;
pub(crate) mod json_template;
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
    accounts::authz::Permission,
    gateways::Mode,
    i18n::Locale,
    ledger::payments::changes::ChangeKind,
    primitives::{
        id::{AppId, AutomationId, ChannelId, CompanyId, DestinationId, UserId},
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
    /// A destination of the app in the automation's mode, which receives the change as a delivery.
    Destination(DestinationId),
}

/// The text form of [`Recipient::Customer`].
const CUSTOMER: &str = "customer";

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer => f.write_str(CUSTOMER),
            Self::User(id) => id.fmt(f),
            Self::Channel(id) => id.fmt(f),
            Self::Destination(id) => id.fmt(f),
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
            .or_else(|_| text.parse().map(Self::Destination))
            .map_err(|_| "a recipient is the customer or the id of a user, a channel or a destination")
    }
}

impl Recipient {
    /// True if it receives subject and message, not a delivery.
    pub(crate) const fn reads_message(self) -> bool {
        !matches!(self, Self::Destination(_))
    }
}

/// Subject and message in one language, as they were typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wording {
    pub(crate) subject: String,
    pub(crate) message: String,
}

/// The wordings of a message. At least one of them is given, unless there are no recipients, or only destinations.
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

    /// Returns the wording in a language, or in the other one if it is missing, with the language it is in.
    pub(crate) fn closest(&self, language: Locale) -> Option<(Locale, &Wording)> {
        let other = if language == Locale::English { Locale::Hindi } else { Locale::English };
        [language, other].into_iter().find_map(|language| Some((language, self.get(language)?)))
    }
}

/// What a user configures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) on: ChangeKind,
    pub(crate) conditions: Conditions,
    /// In the order in which they were chosen, without duplicates.
    pub(crate) recipients: Vec<Recipient>,
    pub(crate) texts: Texts,
    /// The language of the message to customers.
    pub(crate) language: Locale,
    /// The JSON template of what destinations receive; `None` for the change in the normalized form.
    pub(crate) body: Option<String>,
    /// True if it refunds the payment, or what was paid twice.
    pub(crate) starts_refund: bool,
}

impl Rule {
    /// The permission that adding, changing or running it needs besides [`Permission::ManageAutomations`].
    pub(crate) fn extra_permission(&self) -> Option<Permission> {
        self.starts_refund.then_some(Permission::RefundPayments)
    }
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
    /// The user who last changed it; `None` if a command did.
    pub(crate) changed_by: Option<UserId>,
    pub(crate) created_at: Timestamp,
    pub(crate) changed_at: Timestamp,
}
