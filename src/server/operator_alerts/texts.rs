//! What the messages to operators say, in English like the log and the command line.
//!
//! Invariant: they contain no company data: no names, ids or amounts.

use crate::{
    alerts::{
        Event,
        operators::{OperatorAlert, Problem},
    },
    i18n::Locale,
    notifications::{Content, Failure},
};

/// Returns what is wrong, and what is right once it is over.
const fn headlines(problem: Problem) -> (&'static str, &'static str) {
    match problem {
        Problem::Storage => ("events cannot be stored", "events can be stored again"),
        Problem::Disk => ("the disk is filling", "the disk has enough free space again"),
        Problem::Deliveries => ("all deliveries are overdue", "deliveries are on time again"),
        Problem::Email => ("email cannot be sent", "email can be sent again"),
        Problem::MasterKey => ("the master key does not match the database", "the master key matches the database again"),
        Problem::SealedValues => ("sealed values cannot be decrypted", "all sealed values can be decrypted again"),
        Problem::Clock => ("the clock is wrong", "the clock is right again"),
    }
}

/// Says what it means and what to do.
const fn advice(problem: Problem) -> &'static str {
    match problem {
        Problem::Storage => {
            "Gateways receive the status 503 and retry. Check the database and its disk; the log of the server says what failed."
        }
        Problem::Disk => "Once it is full, no event can be stored. Free some space, or move the data directory to a larger disk.",
        Problem::Deliveries => {
            "Every destination with a due delivery has been waiting for more than an hour. Check the load of the server, its log, and its \
             connection to the internet."
        }
        Problem::Email => {
            "Messages wait, and most of them expire after a day. Run `ks-pay doctor`, which connects to the mail server. This message \
             arrives once email can be sent again."
        }
        Problem::MasterKey => {
            "Nothing that is sealed can be read, so no event is verified. Start every server with the master key of this database; \
             `ks-pay doctor` checks it."
        }
        Problem::SealedValues => {
            "They were damaged or replaced in the database. Run `ks-pay doctor`, which names each of them and the remedy."
        }
        Problem::Clock => "Times of events, expiries and overlaps of secrets depend on it.",
    }
}

/// Says why email fails. Not in the words of the mail server, which may repeat an address.
pub(super) const fn email_failure(failure: Failure) -> &'static str {
    match failure {
        Failure::Settings => "the mail server refuses the user, the password or the connection",
        Failure::TimedOut => "the mail server does not respond in time",
        _ => "the mail server cannot be reached",
    }
}

/// Renders a message. `base` is that of the console's URLs.
pub(super) fn content(alert: &OperatorAlert, event: Event, base: &str) -> Content {
    let (problem, end) = headlines(alert.problem);
    let is_over = event == Event::Resolved;
    let subject = match event {
        Event::Resolved => format!("KS Pay: {end}"),
        Event::Reminder => format!("KS Pay reminder: {problem}"),
        _ => format!("KS Pay: {problem}"),
    };
    let mut facts = Vec::new();
    let mut add = |label: &str, value: String| facts.push((label.to_owned(), value));
    if !is_over {
        add("Found", alert.detail.clone());
    }
    if !alert.server.is_empty() {
        add("Server", alert.server.clone());
    }
    add("Since", alert.opened_at.rfc3339_seconds());
    if let Some(at) = alert.resolved_at {
        add("Until", at.rfc3339_seconds());
    }
    Content {
        subject,
        paragraphs: if is_over { Vec::new() } else { vec![advice(alert.problem).to_owned()] },
        body: Vec::new(),
        facts,
        action: None,
        footer: Some(format!("Sent to the addresses in KS_PAY_OPERATOR_EMAIL of the KS Pay Console at {base}.")),
        language: Locale::English,
        sender: None,
    }
}
