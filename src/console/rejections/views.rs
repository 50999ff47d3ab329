//! The page of a rejection.

use std::collections::HashMap;

use askama::Template;

use crate::{
    apps::App,
    connections::{Connection, Step},
    console::http::{form::FieldErrors, layout::Layout, payload::StoredContent},
    events::{Event, State},
    i18n::Text,
    ledger::payments::disputes::Dispute,
    messages::{
        self, Badge, DisplayTime,
        rejections::{self, Explanation},
        text::rejections as t,
    },
    primitives::{id::RequestId, time::Timestamp},
    rejections::{
        Cause, RETENTION, Rejection, Request,
        adopt_secret::Offer,
        advice::{Finding, Start},
        recovery::Count,
    },
    urls,
};

/// The most links to other rejections whose requests adopting the secret would also verify.
const OTHERS_SHOWN: usize = 5;

/// A row of the list of stored requests.
pub(crate) struct RequestRow {
    pub(crate) url: String,
    pub(crate) when: DisplayTime,
    pub(crate) note: Text,
    /// The claimed event type, and the length.
    pub(crate) what: Text,
    pub(crate) is_current: bool,
}

/// `/ks-pay/apps/{app}/rejections/{rejection}`
#[derive(Template)]
#[template(path = "rejections/show.html")]
pub(crate) struct Show {
    pub(crate) layout: Layout,
    pub(crate) app: App,
    pub(crate) connection: Connection,
    pub(crate) rejection: Rejection,
    pub(crate) explanation: Explanation,
    /// The displayed request, with its content if that is stored.
    pub(crate) request: Option<(Request, StoredContent)>,
    pub(crate) requests: Vec<Request>,
    /// The claimed event types of the requests that can be read.
    pub(crate) types: HashMap<RequestId, String>,
    /// The number of stored requests.
    pub(crate) stored: i64,
    pub(crate) count: Count,
    /// The newest events recovered from it.
    pub(crate) recovered_events: Vec<Event>,
    /// The disputes of their payments, if they report lost ones.
    pub(crate) disputes: Vec<Dispute>,
    /// The effect of adopting the secret that the stored requests were signed with, if it is known and may be adopted.
    pub(crate) offer: Option<Offer>,
    /// The URL of the webhook whose secret was used, if it is another one.
    pub(crate) other: Option<String>,
    pub(crate) errors: FieldErrors,
    pub(crate) now: Timestamp,
}

impl Show {
    pub(crate) fn badge(&self) -> Badge {
        rejections::badge(self.rejection.reason)
    }

    pub(crate) fn times(&self) -> Text {
        t::times(self.rejection.count)
    }

    pub(crate) fn counted(&self) -> Text {
        rejections::counted(&self.rejection, self.now)
    }

    pub(crate) fn first(&self) -> DisplayTime {
        DisplayTime::of_moment(self.rejection.first_at, self.now)
    }

    pub(crate) fn last(&self) -> DisplayTime {
        DisplayTime::of_moment(self.rejection.last_at, self.now)
    }

    /// Returns the links to where the fix starts on the console, with labels. Empty if it starts elsewhere.
    pub(crate) fn starts(&self) -> Vec<(String, Text)> {
        let webhook = urls::step(self.app.id, self.connection.gateway, self.connection.mode, Step::Webhook);
        let start = match self.finding().start() {
            Start::Secret => Some((webhook, t::open_webhook())),
            Start::UrlCheck => Some((format!("{webhook}#check"), t::check_url())),
            Start::Gateways => self.is_off().then(|| (urls::connections(self.app.id), t::open_gateways())),
            Start::Nowhere => None,
        };
        start.into_iter().chain(self.other.clone().map(|url| (url, t::open_other_webhook()))).collect()
    }

    fn finding(&self) -> Finding {
        Finding::from(&self.rejection)
    }

    /// While the app or the connection is disabled, nothing can be recovered.
    pub(crate) fn is_off(&self) -> bool {
        !self.connection.is_enabled || !self.app.is_enabled
    }

    /// True if the requests came while the webhook was disabled, and it is not any more.
    pub(crate) fn is_enabled_again(&self) -> bool {
        self.rejection.cause == Cause::Disabled && !self.is_off()
    }

    pub(crate) fn recovery(&self) -> String {
        urls::rejection_recovery(self.app.id, self.rejection.id)
    }

    pub(crate) fn standing(&self) -> (&'static str, Text) {
        rejections::standing(
            &self.count,
            rejections::Left { stored: self.stored, recovered: self.rejection.recovered_count },
            self.is_off(),
            self.finding(),
            self.offer.is_some(),
        )
    }

    /// Returns the URL for adopting the secret of the stored requests, if none of them verifies without it.
    pub(crate) fn acceptance(&self) -> Option<String> {
        self.offer.as_ref().map(|_| urls::rejection_acceptance(self.app.id, self.rejection.id))
    }

    /// Returns how many requests that makes verify, and since when they were received.
    pub(crate) fn offered(&self) -> Option<Text> {
        self.offer.as_ref().map(|offer| rejections::offered(offer, self.now))
    }

    /// Returns the other rejections with some of these requests: URL and label.
    pub(crate) fn offered_elsewhere(&self) -> Vec<(String, String)> {
        let others = self.offer.iter().flat_map(|offer| &offer.others);
        others.take(OTHERS_SHOWN).map(|id| (urls::rejection(self.app.id, *id), id.to_string())).collect()
    }

    /// Returns the warning before a secret is adopted.
    pub(crate) fn before_accepting(&self) -> Option<Text> {
        rejections::before_accepting(self.rejection.cause)
    }

    /// Returns the page for entering a secret that is not known here.
    pub(crate) fn bringing(&self) -> Option<String> {
        let can = self.count.stored > 0 && self.count.verify() == 0 && self.finding().is_of_unknown_key() && !self.is_off();
        let step = urls::step(self.app.id, self.connection.gateway, self.connection.mode, Step::Webhook);
        can.then(|| urls::query(&urls::own_secret(&step), &[("back", &urls::rejection(self.app.id, self.rejection.id))]))
    }

    /// Returns the displayed request if it is one of several that verify.
    pub(crate) fn only(&self) -> Option<RequestId> {
        let shown = self.request.as_ref()?.0.id;
        (self.count.verify() > 1 && self.count.verified.contains(&shown)).then_some(shown)
    }

    pub(crate) fn until(&self) -> DisplayTime {
        let received_at = self.request.as_ref().map_or(self.rejection.last_at, |(request, _)| request.received_at);
        // A time stored while the clock was ahead is treated as now, as deletion does.
        DisplayTime::of_expiry(received_at.min(self.now).plus(RETENTION), self.now)
    }

    pub(crate) fn recovered(&self) -> Option<DisplayTime> {
        self.request.as_ref()?.0.recovered_at.map(|at| DisplayTime::of_day(at, self.now))
    }

    pub(crate) fn rows(&self) -> Vec<RequestRow> {
        let shown = self.request.as_ref().map(|(request, _)| request.id);
        self.requests
            .iter()
            .map(|request| RequestRow {
                url: self.address_of(request.id),
                when: DisplayTime::of_moment(request.received_at, self.now),
                note: rejections::note(request, self.offer.as_ref().is_some_and(|offer| offer.own.contains(&request.id))),
                what: rejections::what(request, self.types.get(&request.id).map(String::as_str)),
                is_current: shown == Some(request.id),
            })
            .collect()
    }

    /// Returns the recovered events: URL, sentence, and the state unless that is the usual one.
    pub(crate) fn events(&self) -> impl Iterator<Item = (String, Text, Option<Badge>)> + '_ {
        let row = |event: &Event| {
            let sentence = messages::event_sentence_with_costs(event, &self.disputes);
            let badge = (event.state != State::Processed).then(|| messages::event_state(event.state));
            (urls::event(self.app.id, event.id), sentence, badge)
        };
        self.recovered_events.iter().map(row)
    }

    /// Returns the label and URL of the list of all events, if there are more.
    pub(crate) fn more_events(&self) -> Option<(Text, String)> {
        let shown = i64::try_from(self.recovered_events.len()).unwrap_or(i64::MAX);
        let all = urls::in_mode(&urls::events(self.app.id), self.rejection.mode);
        (shown > 0 && self.rejection.recovered_count > shown).then(|| (t::more_recovered(self.rejection.recovered_count), all))
    }

    fn address_of(&self, request: RequestId) -> String {
        urls::query(&urls::rejection(self.app.id, self.rejection.id), &[("request", &request.to_string())])
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "a template passes references")]
    pub(crate) fn body(&self, request: &RequestId) -> String {
        urls::rejection_body(self.app.id, self.rejection.id, *request)
    }

    /// Returns a note if there are more stored requests than the list shows.
    pub(crate) fn more(&self) -> Option<Text> {
        let shown = i64::try_from(self.requests.len()).unwrap_or(i64::MAX);
        (self.stored > shown).then(|| t::more_stored(self.stored, shown))
    }
}
