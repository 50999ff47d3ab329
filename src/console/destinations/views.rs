//! Parts of several pages of destinations.

use url::{Position, Url};

use crate::{automations::Automation, deliveries::DeliveryState, i18n::Text, messages, urls};

/// A URL in the parts in which it is shown: what is before the host, the host, and the rest.
pub(crate) struct ShownUrl {
    pub(crate) before: String,
    pub(crate) host: String,
    pub(crate) after: String,
}

impl ShownUrl {
    pub(crate) fn new(url: &str) -> Self {
        match Url::parse(url) {
            Ok(url) => Self {
                before: url[..Position::BeforeHost].to_owned(),
                host: url[Position::BeforeHost..Position::AfterPort].to_owned(),
                after: url[Position::AfterPort..].to_owned(),
            },
            Err(_) => Self { before: String::new(), host: url.to_owned(), after: String::new() },
        }
    }

    /// Returns the host in parts between which a line may break.
    pub(crate) fn host_parts(&self) -> impl Iterator<Item = &str> {
        self.host.split_inclusive('.')
    }

    /// Returns the rest in parts between which a line may break.
    pub(crate) fn after_parts(&self) -> impl Iterator<Item = &str> {
        self.after.split_inclusive(['/', '?', '&', '-', '_', '='])
    }
}

/// Returns the page and the sentence of an automation that sends to a destination.
pub(super) fn named(automation: &Automation) -> (String, Text) {
    let sentence = messages::automations::sentence(&automation.rule);
    (urls::automation(automation.app_id, automation.id), sentence)
}

/// How many of the latest deliveries that have ended were delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) delivered: usize,
    /// Those that were delivered or failed.
    pub(crate) ended: usize,
}

impl Rate {
    /// Returns the rate; `None` if no delivery was delivered or failed.
    pub(crate) fn of(states: &[DeliveryState]) -> Option<Self> {
        let count = |wanted| states.iter().filter(|state| **state == wanted).count();
        let delivered = count(DeliveryState::Delivered);
        let ended = delivered + count(DeliveryState::Exhausted);
        (ended > 0).then_some(Self { delivered, ended })
    }

    /// Returns the share in percent; below 100 unless all were delivered.
    pub(crate) const fn percent(self) -> usize {
        self.delivered * 100 / self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_with_its_host_apart() {
        let shown = ShownUrl::new("https://api.shop.example:8443/hooks/in?x=1");
        assert_eq!(
            (shown.before.as_str(), shown.host.as_str(), shown.after.as_str()),
            ("https://", "api.shop.example:8443", "/hooks/in?x=1")
        );
        assert_eq!(shown.host_parts().collect::<Vec<_>>(), ["api.", "shop.", "example:8443"]);
    }

    #[test]
    fn the_rate_is_of_those_that_were_delivered_or_failed() {
        use DeliveryState::{Canceled, Delivered, Exhausted, Sending, Waiting};
        assert_eq!(Rate::of(&[Waiting, Sending, Canceled]), None);
        let rate = Rate::of(&[Delivered, Delivered, Exhausted, Waiting, Canceled]).unwrap();
        assert_eq!((rate.delivered, rate.ended, rate.percent()), (2, 3, 66));
    }
}
