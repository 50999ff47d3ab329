//! The view model of the page of a transaction.

use std::collections::BTreeSet;

use askama::Template;
use jiff::civil::Date;

use super::{
    automation_runs::RunLine,
    refund_lines::PaymentRefunds,
    timeline::{self, PartDigests, TimelineEntry},
};
use crate::{
    console::http::{layout::Layout, payload::Payload},
    events::Event,
    gateways::{
        payment::{Reference, ReferenceKind},
        payment_details::PaymentDetails,
    },
    i18n::{Arg, Text, ToArg as _, code, isolate},
    ledger::{
        orders::OrderState,
        payments::{
            Transaction,
            disputes::{Dispute, OtherCosts},
            store::references::{MAX_DISPUTES, MAX_OTHERS},
        },
    },
    messages::{
        self, Badge, DisplayTime, Notice,
        text::{events, lists, payload as payload_text, transactions as t},
    },
    primitives::{id::EventId, money::Money, time::Timestamp, zone::Zone},
    urls,
};

/// The maximum number of references of one kind on a page.
const MAX_REFERENCES_SHOWN: usize = 20;

/// `/ks-pay/apps/{app}/transactions/{transaction}`
#[derive(Template)]
#[template(path = "payments/show.html")]
pub(crate) struct Show {
    pub(crate) layout: Layout,
    pub(crate) transaction: Transaction,
    pub(crate) events: Vec<Event>,
    pub(crate) digests: PartDigests,
    /// The gateway's reasons for failed payment attempts.
    pub(crate) reasons: Vec<(EventId, String)>,
    /// True if `events` does not contain all events.
    pub(crate) is_truncated: bool,
    pub(crate) details: PaymentDetails,
    /// The payload of the last event.
    pub(crate) payload: Option<Payload>,
    pub(crate) references: BTreeSet<Reference>,
    pub(crate) disputes: Vec<Dispute>,
    /// The other payments of the order that were captured.
    pub(crate) others: Vec<Transaction>,
    pub(crate) order: OrderState,
    pub(crate) runs: Vec<RunLine>,
    pub(crate) refunds: PaymentRefunds,
    /// The zone of the days of the timeline.
    pub(crate) zone: Zone,
    pub(crate) now: Timestamp,
}

/// An event in the timeline, ready for display.
pub(crate) struct TimelineRow<'a> {
    /// The day, if it differs from that of the previous event.
    pub(crate) day: Option<Text>,
    pub(crate) when: DisplayTime,
    pub(crate) class: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) sentence: Text,
    /// `None` if it could not be read.
    pub(crate) event_type: Option<&'a str>,
    pub(crate) url: String,
    pub(crate) arrival: Text,
    /// Identifies in tests how its times are known.
    pub(crate) arrival_hook: &'static str,
    pub(crate) fault: Option<Text>,
    pub(crate) reason: Option<Text>,
    pub(crate) decided: Option<Text>,
    /// True if it is not said to have been paid, because its payment was not received.
    pub(crate) is_only_report: bool,
    /// True if it reports a failure after the payment succeeded.
    pub(crate) is_overruled: bool,
}

impl Show {
    pub(crate) fn badge(&self) -> Badge {
        messages::payment_state(self.transaction.state)
    }

    /// Returns a summary of the payment, with the time of its creation.
    pub(crate) fn sentence(&self) -> Text {
        messages::payment_summary(&self.transaction, &self.disputes, self.now)
    }

    pub(crate) fn lines(&self) -> Vec<TimelineRow<'_>> {
        let mut day = None;
        let lines = timeline::lines(&self.transaction, (&self.events, &self.digests), &self.disputes);
        lines.into_iter().map(|line| self.row(line, &mut day)).collect()
    }

    /// Returns an event of the timeline; `day` is that of the previous event, and becomes its own. A time in the future is of the
    /// last day of all.
    fn row<'a>(&'a self, line: TimelineEntry<'a>, day: &mut Option<Date>) -> TimelineRow<'a> {
        let event = line.event;
        let at = timeline::moment(event);
        let past = messages::past_day(at, self.now);
        let date = past.as_ref().map_or(Date::MAX, |_| self.zone.zoned(at).date());
        let icon = messages::event_icon_of_payment(event, &self.transaction);
        let (class, icon) = if line.is_overruled { ("", "info") } else { icon };
        let is_new = day.replace(date) != Some(date);
        TimelineRow {
            day: is_new.then_some(past.unwrap_or(messages::UNKNOWN_DAY)),
            when: DisplayTime::of_clock(at, self.now),
            class,
            icon,
            sentence: messages::event_sentence_of_payment(event, &self.transaction, &self.disputes),
            event_type: event.event_type.as_deref(),
            url: urls::event(event.app_id, event.id),
            arrival_hook: messages::arrival_hook(event, self.now),
            arrival: messages::arrival_in_story(event, line.is_late, self.now),
            fault: messages::fault_sentence(event),
            reason: self.reasons.iter().find(|(id, _)| *id == event.id).map(|(_, said)| messages::reason(said)),
            decided: line.decided,
            is_only_report: messages::is_only_report(event, &self.transaction),
            is_overruled: line.is_overruled,
        }
    }

    pub(crate) fn amount(&self) -> Option<Money> {
        self.transaction.money()
    }

    /// Returns the total of processed refunds as a negative amount.
    pub(crate) fn refund(&self) -> Option<Money> {
        self.transaction.processed_refund().map(negative)
    }

    /// Returns the total of pending refunds as a negative amount.
    pub(crate) fn pending_refund(&self) -> Option<Money> {
        self.transaction.pending_refund().map(negative)
    }

    /// Returns the loss from disputes as a negative amount.
    pub(crate) fn lost(&self) -> Option<Money> {
        self.taken(self.transaction.lost)
    }

    /// Returns the amount deducted for other disputes as a negative amount.
    pub(crate) fn held(&self) -> Option<Money> {
        self.taken(self.transaction.held)
    }

    fn taken(&self, subunits: i64) -> Option<Money> {
        self.transaction.part(subunits).map(negative)
    }

    /// Returns the costs of disputes in other currencies, each with its label and what identifies it in tests.
    pub(crate) fn other_costs(&self) -> impl Iterator<Item = (&'static str, Text, Money)> {
        let costs = OtherCosts::of(self.transaction.currency, &self.disputes);
        let lost = costs.lost.into_iter().map(|money| ("dispute-lost", t::lost(), negative(money)));
        lost.chain(costs.held.into_iter().map(|money| ("dispute-deducted", t::deducted(), negative(money))))
    }

    /// Returns what the gateway charged for a received payment, without the tax, as a negative amount.
    pub(crate) fn fee(&self) -> Option<Money> {
        let tax = self.tax().map_or(0, |tax| tax.subunits);
        let fee = self.charged()?;
        (fee.subunits > -tax).then(|| Money { subunits: fee.subunits.saturating_add(tax).saturating_neg(), ..fee })
    }

    /// Returns the tax on the fee, as a negative amount.
    pub(crate) fn tax(&self) -> Option<Money> {
        let fee = self.charged()?;
        self.details.tax.filter(|tax| tax.currency == fee.currency && tax.subunits <= fee.subunits).map(negative)
    }

    /// Returns the fee with its tax, if it is in the currency of the payment.
    fn charged(&self) -> Option<Money> {
        self.details.fee.filter(|fee| self.transaction.is_captured && Some(fee.currency) == self.transaction.currency)
    }

    /// Returns the total below the amounts, with its label: what is left, also after fees where these are known. A payment of which
    /// nothing went off has none, since it would be the same amount again.
    pub(crate) fn total(&self) -> Option<(Text, Money)> {
        let left = self.left()?;
        let fee = self.charged().filter(|fee| fee.currency == left.currency);
        match fee {
            Some(fee) => Some((t::net_after_fees(), less(left, [fee.subunits]))),
            None => (Some(left) != self.amount()).then(|| (t::net(), left)),
        }
    }

    /// Returns the card as its network and last digits.
    pub(crate) fn card(&self) -> Option<Text> {
        let card = self.details.card.as_ref()?;
        let network = card.network.as_deref().map_or_else(t::card, |network| Text::verbatim(isolate(network)));
        Some(t::card_number(network, isolate(&card.last4)))
    }

    pub(crate) fn card_type(&self) -> Option<Text> {
        let kind = self.details.card.as_ref()?.kind.as_deref()?;
        Some(match kind {
            "debit" => t::debit(),
            "credit" => t::credit(),
            "prepaid" => t::prepaid(),
            other => Text::verbatim(isolate(other)),
        })
    }

    /// Returns the address of the payment on the gateway's dashboard.
    pub(crate) fn at_gateway(&self) -> Option<String> {
        (self.transaction.gateway.profile().payment_url)(&self.transaction.payment_id)
    }

    pub(crate) fn has_actions(&self) -> bool {
        self.refunds.button.is_some() || self.at_gateway().is_some()
    }

    /// Returns the net amount of a received payment, after refunds and disputes: in its own currency, or in the settlement
    /// currency if all costs of disputes are in that one. Otherwise there is no total.
    fn left(&self) -> Option<Money> {
        let money = self.amount().filter(|_| self.transaction.is_captured)?;
        let own = [self.transaction.refunded, self.transaction.lost, self.transaction.held];
        let costs = OtherCosts::of(self.transaction.currency, &self.disputes);
        if costs.is_empty() {
            return Some(less(money, own));
        }
        let settled = self.transaction.settled.filter(|_| own == [0; 3])?;
        let gone = || costs.lost.iter().chain(&costs.held);
        gone().all(|money| money.currency == settled.currency).then(|| less(settled, gone().map(|money| money.subunits)))
    }

    /// Returns the notices at the top of the page: disputes that need a response, a failed refund, and an order that was paid
    /// more than once.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        let answer = |dispute| messages::orders::dispute_to_answer(self.transaction.gateway, dispute, self.now);
        let (of_order, is_refundable) = ((self.others.as_slice(), &self.order), self.refunds.button.is_some());
        let twice = messages::orders::paid_more_than_once(&self.transaction, of_order, is_refundable, self.now);
        let failed = messages::orders::failed_refund(&self.transaction, &self.events);
        let back_twice = messages::orders::went_back_twice(&self.transaction, &self.disputes);
        self.disputes
            .iter()
            .take(usize::from(MAX_DISPUTES))
            .filter_map(answer)
            .chain(failed)
            .chain(back_twice)
            .chain(twice)
            .collect()
    }

    /// Says that there are more disputes than are listed.
    pub(crate) fn more_disputes(&self) -> Option<Text> {
        (self.disputes.len() > usize::from(MAX_DISPUTES)).then(|| t::only_some_disputes(MAX_DISPUTES))
    }

    /// Says that there are more payments of the order than are listed.
    pub(crate) fn more_others(&self) -> Option<Text> {
        (self.others.len() > usize::from(MAX_OTHERS)).then(|| t::only_some_payments(MAX_OTHERS))
    }

    /// Returns each dispute with its id, its amounts, its state, and the last day to respond.
    pub(crate) fn disputes(&self) -> impl Iterator<Item = (&str, Text, Badge, Option<Text>)> {
        self.disputes.iter().take(usize::from(MAX_DISPUTES)).map(|dispute| {
            let badge = messages::orders::dispute_state(dispute.status);
            let answer = messages::orders::last_day_to_answer(dispute, self.now);
            (dispute.id.as_str(), messages::dispute_amounts(dispute), badge, answer)
        })
    }

    /// Returns each other payment of the order.
    pub(crate) fn others(&self) -> impl Iterator<Item = (String, &str, String, Badge)> {
        self.others.iter().take(usize::from(MAX_OTHERS)).map(|other| {
            let amount = other.money().map_or_else(|| messages::NO_VALUE.to_owned(), |money| money.to_string());
            let url = urls::transaction(other.app, other.id);
            (url, other.payment_id.as_str(), amount, messages::payment_state(other.state))
        })
    }

    /// Returns the settlement amount, if the payment is settled in another currency, with its label.
    pub(crate) fn settled(&self) -> Option<(Text, Money)> {
        let settled = self.transaction.settled?;
        Some((messages::orders::settled_in(self.transaction.gateway, settled), settled))
    }

    pub(crate) fn receipts(&self) -> impl Iterator<Item = &str> {
        self.of_kind(ReferenceKind::Receipt)
    }

    pub(crate) fn bank_references(&self) -> impl Iterator<Item = &str> {
        self.of_kind(ReferenceKind::Bank)
    }

    pub(crate) fn refund_references(&self) -> impl Iterator<Item = &str> {
        self.of_kind(ReferenceKind::RefundBank)
    }

    pub(crate) fn refund_receipts(&self) -> impl Iterator<Item = &str> {
        self.of_kind(ReferenceKind::RefundReceipt)
    }

    fn of_kind(&self, kind: ReferenceKind) -> impl Iterator<Item = &str> {
        let of_kind = self.references.iter().filter(move |reference| reference.kind == kind);
        of_kind.take(MAX_REFERENCES_SHOWN).map(|reference| reference.text.as_str())
    }

    pub(crate) fn last(&self) -> Option<&Event> {
        self.events.last()
    }

    /// Returns type, time and size of the last event.
    pub(crate) fn last_summary(&self) -> Option<Text> {
        let (event, payload) = (self.last()?, self.payload.as_ref()?);
        let event_type: Arg = event.event_type.as_deref().map_or_else(|| t::unknown_type().to_arg(), code);
        let time = DisplayTime::of_moment(event.received_at, self.now);
        Some(t::last_event(event_type, time, messages::bytes(payload.size)))
    }

    /// Returns the type of the last event, which names its payload.
    pub(crate) fn last_type(&self) -> Text {
        let event_type = self.last().and_then(|event| event.event_type.as_deref());
        event_type.map_or_else(events::unknown_type, Text::verbatim)
    }

    pub(crate) fn last_url(&self) -> String {
        self.last().map(|event| urls::event(event.app_id, event.id)).unwrap_or_default()
    }

    pub(crate) fn created(&self) -> DisplayTime {
        DisplayTime::of_day(self.transaction.created_at, self.now)
    }

    pub(crate) fn updated(&self) -> DisplayTime {
        messages::when(self.transaction.updated_at, self.now)
    }

    /// Returns the category of the reason of a failed payment, with the list of those that failed for it.
    pub(crate) fn failure(&self) -> Option<(String, Text)> {
        let (failure, payment) = (self.transaction.failure?, &self.transaction);
        let query = [("mode", payment.mode.slug()), ("failure", failure.as_str())];
        Some((urls::query(&urls::transactions(payment.app), &query), messages::failure(failure.0)))
    }

    pub(crate) fn method(&self) -> Text {
        messages::method(self.transaction.method.as_deref())
    }
}

fn less(money: Money, gone: impl IntoIterator<Item = i64>) -> Money {
    Money { subunits: gone.into_iter().fold(money.subunits, i64::saturating_sub), ..money }
}

fn negative(money: Money) -> Money {
    Money { subunits: money.subunits.saturating_neg(), ..money }
}
