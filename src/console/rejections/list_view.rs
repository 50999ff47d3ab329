//! The list of rejections.

use askama::Template;

use super::forms::RejectionQuery;
use crate::{
    console::http::{filters::Pill, layout::Layout, pagination::Pager},
    gateways::Gateway,
    i18n::Text,
    messages::{
        self, DisplayTime, EmptyState,
        rejections::{self, Explanation},
        text::{fixes, lists, rejections as t},
    },
    primitives::{id::RejectionId, time::Timestamp},
    rejections::{Cause, Reason, Rejection},
    urls,
};

/// `/ks-pay/apps/{app}/rejections`
#[derive(Template)]
#[template(path = "rejections/index.html")]
pub(crate) struct Index {
    pub(crate) layout: Layout,
    pub(crate) query: RejectionQuery,
    /// The gateways that are connected in the mode.
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) rows: Vec<Row>,
    pub(crate) pager: Pager,
    pub(crate) empty: Option<EmptyState>,
    pub(crate) zones_note: Option<Text>,
}

impl Index {
    pub(crate) fn pills(&self) -> Vec<Pill> {
        let list = &self.query.list;
        let reasons = Reason::ALL.iter().map(|reason| (reason.as_str(), rejections::badge(*reason).label));
        vec![list.date_pill(), list.choice_pill(("reason", t::column_reason()), reasons), list.gateway_pill(&self.gateways)]
    }
}

/// A row of the list.
pub(crate) struct Row {
    id: RejectionId,
    pub(crate) url: String,
    /// The stored value of its cause.
    pub(crate) cause: &'static str,
    pub(crate) why: Text,
    /// The end of its id, if another row has the same reason.
    pub(crate) mark: Option<String>,
    pub(crate) fix: Text,
    pub(crate) is_enabled_again: bool,
    pub(crate) gateway: &'static str,
    pub(crate) address: String,
    pub(crate) count: Text,
    pub(crate) recovered: Option<Text>,
    pub(crate) last: DisplayTime,
}

impl Row {
    /// `is_enabled` is true if its app and its connection are enabled.
    pub(crate) fn new(rejection: &Rejection, (explanation, is_enabled): (Explanation, bool), now: Timestamp) -> Self {
        let is_left = rejection.recovered_count < rejection.count;
        let fix = match rejection.cause {
            Cause::Disabled if is_enabled && is_left => fixes::enabled_in_list(),
            Cause::Disabled if is_enabled => fixes::enabled(),
            // The rest is on the page of the rejection.
            _ => explanation.short_fix(),
        };
        Self {
            id: rejection.id,
            url: urls::rejection(rejection.app_id, rejection.id),
            cause: explanation.cause,
            why: explanation.why,
            fix,
            is_enabled_again: rejection.cause == Cause::Disabled && is_enabled,
            mark: None,
            gateway: rejection.gateway.label(),
            address: rejection.address.clone(),
            count: times(rejection, now),
            recovered: (rejection.recovered_count > 0).then(|| t::some_recovered(rejection.recovered_count)),
            last: messages::when(rejection.last_at, now),
        }
    }
}

/// Returns how often requests were rejected, and since when if that was more than once.
fn times(rejection: &Rejection, now: Timestamp) -> Text {
    match rejection.count {
        0 | 1 => t::times(rejection.count),
        count => t::times_since(count, DisplayTime::of_start(rejection.first_at, now)),
    }
}

/// The number of characters of an id that tell rows apart.
const MARK_CHARS: usize = 6;

/// Marks rows with equal reasons, so that their links differ.
pub(crate) fn tell_apart(rows: &mut [Row]) {
    let is_alike: Vec<bool> = rows.iter().map(|row| rows.iter().filter(|other| other.why == row.why).count() > 1).collect();
    for (row, _) in rows.iter_mut().zip(is_alike).filter(|(_, is_alike)| *is_alike) {
        let id = row.id.to_string();
        row.mark = Some(format!("…{}", &id[id.len().saturating_sub(MARK_CHARS)..]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connections, gateways::Gateway, i18n::Locale, rejections::recovery::tests::rejection};

    /// The order of the words differs, so it is one message.
    #[test]
    fn the_count_and_its_begin_are_one_sentence_in_each_language() {
        let of = |count| Rejection { count, ..rejection(&connections::tests::connection(Gateway::RAZORPAY)) };
        let said = |count, locale| times(&of(count), of(count).last_at).to_plain(locale);
        assert_eq!(said(1, Locale::English), "once");
        let [english, hindi] = [Locale::English, Locale::Hindi].map(|locale| said(3, locale));
        assert!(english.starts_with("3 times since "), "{english}");
        assert!(hindi.ends_with(" से 3 बार"), "{hindi}");
    }
}
