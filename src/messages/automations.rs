//! What pages say about automations and their runs.

use super::{Badge, badge, method, text::automations as t};
use crate::{
    automations::{
        Rule, Texts, Wording,
        conditions::{Comparison, NoteComparison},
        json_template::{JsonFault, MAX_BODY_BYTES, MAX_TEMPLATE_BYTES},
        runs::{RunState, SkipReason},
        template::{Fault, Variable},
    },
    i18n::{Locale, Text, code, isolate},
    ledger::payments::changes::ChangeKind,
    primitives::text_enum::text_enum,
};

/// Names a change in the sentence of an automation.
pub(crate) const fn change(kind: ChangeKind) -> Text {
    match kind {
        ChangeKind::Captured => t::captured(),
        ChangeKind::Failed => t::fails(),
        ChangeKind::Refunded => t::refunded(),
        ChangeKind::DisputeOpened => t::disputed(),
        ChangeKind::DisputeDeadline => t::dispute_due(),
        ChangeKind::OrderPaidTwice => t::paid_twice_change(),
    }
}

/// Returns the sentence of a rule without its recipients.
pub(crate) fn sentence(rule: &Rule) -> Text {
    let Rule { on: kind, conditions, .. } = rule;
    let amount = conditions.amount.map(|condition| match condition.comparison {
        Comparison::Over => t::is_over(condition.amount),
        Comparison::AtMost => t::is_at_most(condition.amount),
    });
    let method = conditions.method.as_deref().map(|code| t::is_by(method(Some(code))));
    let gateway = conditions.gateway.map(|gateway| t::is_at(gateway.label()));
    let note = conditions.note.as_ref().map(|note| {
        let (name, value) = (isolate(&note.name), isolate(&note.value));
        match note.comparison {
            NoteComparison::Is => t::note_is(name, value),
            NoteComparison::Contains => t::note_contains(name, value),
        }
    });
    let when = [amount, method, gateway, note].into_iter().flatten().fold(t::when(change(*kind)), t::and);
    if rule.starts_refund { t::then(when, refund(*kind)) } else { when }
}

/// Names what a rule refunds.
pub(crate) const fn refund(kind: ChangeKind) -> Text {
    match kind {
        ChangeKind::OrderPaidTwice => t::refunds_excess(),
        _ => t::refunds_payment(),
    }
}

/// Names the refund among the steps of a run.
pub(crate) const fn refund_step(kind: ChangeKind) -> Text {
    match kind {
        ChangeKind::OrderPaidTwice => t::refund_excess_choice(),
        _ => t::refund_choice(),
    }
}

/// Says in a preview what would be refunded. The amount is not known before the gateway is asked.
pub(crate) const fn would_refund(kind: ChangeKind) -> Text {
    match kind {
        ChangeKind::OrderPaidTwice => t::would_refund_excess(),
        _ => t::would_refund_payment(),
    }
}

/// Returns the state of a run.
pub(crate) const fn run_state(state: RunState) -> Badge {
    match state {
        RunState::Waiting => badge("waiting", ("status-pending", "pending"), t::run_waiting()),
        RunState::Sending => badge("sending", ("status-pending", "pending"), t::run_sending()),
        RunState::Done => badge("done", ("status-off", "good"), t::run_done()),
        RunState::Failed => badge("failed", ("status-bad", "bad"), t::run_failed()),
        RunState::Skipped => badge("skipped", ("status-off", "block"), t::run_skipped()),
    }
}

/// Says why nothing was sent.
pub(crate) fn skipped(reason: SkipReason) -> Text {
    match reason {
        SkipReason::Recovered => t::skipped_recovered(),
        SkipReason::TooOld => t::skipped_too_old(),
        SkipReason::BeforeOn => t::skipped_before_on(),
        SkipReason::TurnedOff => t::skipped_turned_off(),
        SkipReason::NoAddress => t::skipped_no_address(),
        SkipReason::DailyLimit => t::skipped_daily_limit(),
        SkipReason::HourlyLimit => t::skipped_hourly_limit(),
        SkipReason::NoEmail => t::skipped_no_email(),
        SkipReason::RecipientGone => t::skipped_recipient_gone(),
        SkipReason::BodyTooLarge => t::skipped_body_too_large(MAX_BODY_BYTES / 1024),
        SkipReason::NoteNotMet => t::skipped_note_not_met(),
        SkipReason::DeliveryCanceled => t::skipped_delivery_canceled(),
        SkipReason::AlreadyRefunded => t::skipped_already_refunded(),
        SkipReason::NotRefunded => t::skipped_not_refunded(),
    }
}

/// Returns how a text writes a variable.
pub(crate) fn placeholder(variable: Variable) -> String {
    format!("{{{{{variable}}}}}")
}

/// Says what is wrong with a text, and its reason for tests.
pub(crate) fn fault(fault: &Fault) -> (&'static str, Text) {
    match fault {
        Fault::Empty => ("empty", t::enter_text()),
        Fault::TooLong(max) => ("too-long", t::text_too_long(*max)),
        Fault::UnknownVariable(name) => ("unknown-variable", t::unknown_variable(isolate(&format!("{{{{{name}}}}}")))),
        Fault::Unclosed => ("unclosed", t::unclosed_variable()),
        Fault::Link(url) => ("not-a-link", t::link_invalid(code(url.as_str()))),
    }
}

/// Says what is wrong with a JSON template, and its reason for tests.
pub(crate) fn json_fault(fault: &JsonFault) -> (&'static str, Text) {
    match fault {
        JsonFault::TooLarge => ("too-large", t::json_too_large(MAX_TEMPLATE_BYTES / 1024)),
        JsonFault::NotJson { line, column } => ("not-json", t::json_invalid(*line, *column)),
        JsonFault::UnknownVariable(name) => self::fault(&Fault::UnknownVariable(name.clone())),
        JsonFault::Unclosed(text) => ("unclosed", t::json_unclosed(code(text.as_str()))),
        JsonFault::VariableInName(name) => ("variable-in-name", t::json_variable_in_name(code(name.as_str()))),
    }
}

text_enum! {
    /// A ready-made automation.
    pub(crate) enum Template, "a template" {
        OrderStatus = "order_status",
        Confirmation = "confirmation",
        Refund = "refund",
        Failed = "failed",
        Dispute = "dispute",
        Deadline = "deadline",
        PaidTwice = "paid_twice",
        RefundPaidTwice = "refund_paid_twice",
    }
}

impl Template {
    pub(crate) const fn kind(self) -> ChangeKind {
        match self {
            Self::OrderStatus | Self::Confirmation => ChangeKind::Captured,
            Self::Refund => ChangeKind::Refunded,
            Self::Failed => ChangeKind::Failed,
            Self::Dispute => ChangeKind::DisputeOpened,
            Self::Deadline => ChangeKind::DisputeDeadline,
            Self::PaidTwice | Self::RefundPaidTwice => ChangeKind::OrderPaidTwice,
        }
    }

    /// True if customers receive it; else the user who adds it.
    pub(crate) const fn is_for_customers(self) -> bool {
        matches!(self, Self::Confirmation | Self::Refund)
    }

    /// True if a destination receives it instead of people.
    pub(crate) const fn is_for_destinations(self) -> bool {
        matches!(self, Self::OrderStatus)
    }

    /// True if it refunds, and sends nothing.
    pub(crate) const fn starts_refund(self) -> bool {
        matches!(self, Self::RefundPaidTwice)
    }

    /// Returns the JSON template of what destinations receive; `None` for the normalized change.
    pub(crate) fn body(self) -> Option<String> {
        let member = |(name, variable)| format!("  \"{name}\": \"{}\"", placeholder(variable));
        self.is_for_destinations().then(|| {
            let members = [
                ("order_id", Variable::OrderId),
                ("payment_id", Variable::PaymentId),
                ("amount", Variable::Amount),
                ("currency", Variable::Currency),
                ("paid_at", Variable::Date),
            ];
            format!("{{\n  \"status\": \"paid\",\n{}\n}}", members.map(member).join(",\n"))
        })
    }

    /// Returns its name, and what it does.
    pub(crate) const fn label(self) -> (Text, Text) {
        match self {
            Self::OrderStatus => (t::order_status(), t::order_status_note()),
            Self::Confirmation => (t::confirmation(), t::confirmation_note()),
            Self::Refund => (t::refund(), t::refund_note()),
            Self::Failed => (t::failed(), t::failed_note()),
            Self::Dispute => (t::dispute(), t::dispute_note()),
            Self::Deadline => (t::deadline(), t::deadline_note()),
            Self::PaidTwice => (t::paid_twice(), t::paid_twice_note()),
            Self::RefundPaidTwice => (t::refund_paid_twice(), t::refund_paid_twice_note()),
        }
    }

    /// Returns its message in every language; none if only destinations receive it.
    pub(crate) fn texts(self) -> Texts {
        if self.is_for_destinations() || self.starts_refund() {
            return Texts::default();
        }
        Texts { en: Some(self.wording(Locale::English)), hi: Some(self.wording(Locale::Hindi)) }
    }

    fn wording(self, language: Locale) -> Wording {
        let plain = |text: Text| text.to_plain(language);
        let variable = placeholder;
        let (amount, payment, order) = (variable(Variable::Amount), variable(Variable::PaymentId), variable(Variable::OrderId));
        let (date, by) = (variable(Variable::Date), variable(Variable::Method));
        let bold = format!("**{amount}**");
        let ids = format!("{}\n{}", plain(t::payment_line(&payment)), plain(t::order_line(&order)));
        let name = variable(Variable::AppName);
        let (subject, paragraphs) = match self {
            Self::OrderStatus | Self::RefundPaidTwice => return Wording::default(),
            Self::Confirmation => (
                t::confirmation_subject(&amount),
                vec![plain(t::hello()), plain(t::confirmation_text(&bold, &by, &date)), ids, name],
            ),
            Self::Refund => (t::refund_subject(&amount), vec![plain(t::hello()), plain(t::refund_text(&bold, &date)), ids, name]),
            Self::Failed => {
                let reason = plain(t::reason_line(variable(Variable::Reason)));
                (t::failed_subject(&amount), vec![plain(t::failed_text(&bold, &by, &date)), reason, ids])
            }
            Self::Dispute => {
                let deadline = plain(t::deadline_line(variable(Variable::RespondBy)));
                (t::dispute_subject(&amount), vec![plain(t::dispute_text(&bold, &date)), deadline, ids])
            }
            Self::Deadline => {
                let until = variable(Variable::RespondBy);
                (t::deadline_subject(&amount, &until), vec![plain(t::deadline_text(&bold, &until)), ids])
            }
            Self::PaidTwice => {
                let paid = variable(Variable::OrderPaid);
                let (asked, count) = (variable(Variable::OrderAmount), variable(Variable::OrderPayments));
                let receipt = plain(t::receipt_line(variable(Variable::OrderReceipt)));
                let text = plain(t::paid_twice_text(&asked, format!("**{paid}**"), &count));
                (t::paid_twice_subject(&paid), vec![text, plain(t::paid_twice_advice()), format!("{receipt}\n{ids}")])
            }
        };
        Wording { subject: plain(subject), message: paragraphs.join("\n\n") }
    }
}
