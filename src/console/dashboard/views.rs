//! The pages of the main dashboard and of Applications.

use askama::Template;

use crate::{
    connections::app_health::{self, AppWithWebhooks},
    console::{
        http::layout::Layout,
        read_models::{
            alerts::{self, Alert, disabled, mixed_up, trouble, with_disputes},
            checklist::ChecklistView,
        },
    },
    i18n::{self, Text},
    ledger::{orders::Order, payments::disputes::OpenDispute},
    messages::{self, rejections::Causes, text::dashboard as t},
    primitives::time::Timestamp,
};

/// The maximum number of problems listed; the list of apps shows the others.
pub(super) const MAX_PROBLEMS: usize = 8;

/// `/`
#[derive(Template)]
#[template(path = "dashboard/show.html")]
pub(crate) struct Dashboard {
    pub(crate) layout: Layout,
    /// What is left until an event is verified in Live mode.
    pub(crate) checklist: Option<ChecklistView>,
    pub(crate) trouble: Vec<Alert>,
    /// The number of problems that are not listed.
    pub(crate) more: usize,
    pub(crate) standing: messages::AllClear,
    pub(crate) count: usize,
}

impl Dashboard {
    pub(crate) fn new(
        layout: Layout,
        all: &[AppWithWebhooks],
        (causes, (disputes, paid_twice), destinations): (&Causes, (&[OpenDispute], &[Order]), Vec<Alert>),
        now: Timestamp,
    ) -> Self {
        let name = |id| all.iter().find(|listed| listed.app.id == id).map(|listed| listed.app.name.as_str());
        let own = alerts::paid_twice(paid_twice, name).into_iter().chain(trouble(all, causes, now)).collect();
        let mut trouble = with_disputes(own, disputes, name, now);
        trouble.extend(destinations);
        trouble.extend(mixed_up(all, now));
        trouble.extend(disabled(all));
        let more = trouble.len().saturating_sub(MAX_PROBLEMS);
        trouble.truncate(MAX_PROBLEMS);
        let standing = messages::standing(app_health::last_verified(all), now);
        Self { layout, checklist: ChecklistView::of_company(all), trouble, more, standing, count: all.len() }
    }
}

/// `/applications`
#[derive(Template)]
#[template(path = "dashboard/applications.html")]
pub(crate) struct Applications {
    pub(crate) layout: Layout,
    pub(crate) count: usize,
}

/// Returns the number of a company's apps, for the card of KS Pay.
fn apps(count: usize) -> Text {
    if count == 0 { t::no_app() } else { t::apps(count) }
}

impl Dashboard {
    fn apps(&self) -> Text {
        apps(self.count)
    }

    /// True if the card has the primary action of the page, which fixing a problem and the checklist take precedence over.
    fn is_way_on(&self) -> bool {
        self.trouble.is_empty() && self.checklist.is_none()
    }
}

impl Applications {
    fn apps(&self) -> Text {
        apps(self.count)
    }

    #[expect(clippy::unused_self, reason = "the card asks the page it stands on")]
    const fn is_way_on(&self) -> bool {
        true
    }
}
