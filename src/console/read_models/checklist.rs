//! The checklist of an app's set-up, as the dashboard and App Overview show it until an event is verified in Live mode.

use crate::{
    apps::App,
    connections::{
        Step,
        app_health::AppWithWebhooks,
        checklist::{Checklist, Task},
    },
    i18n::{Text, isolate},
    messages::text::checklist as t,
    urls,
};

/// A task with a link to where it is done.
pub(crate) struct TaskRow {
    /// The stored value of the task.
    pub(crate) hook: &'static str,
    pub(crate) label: Text,
    /// `None` if it is done, or cannot be done yet.
    pub(crate) url: Option<String>,
    pub(crate) is_done: bool,
}

/// The panel.
pub(crate) struct ChecklistView {
    pub(crate) heading: Text,
    pub(crate) progress: Text,
    pub(crate) rows: Vec<TaskRow>,
    /// URL and label of the next task.
    pub(crate) next: Option<(String, Text)>,
}

impl ChecklistView {
    /// Returns the panel of an app; `None` once it is complete.
    pub(crate) fn of(app: &App, list: &Checklist) -> Option<Self> {
        if list.is_complete() {
            return None;
        }
        let row = |&task: &Task| {
            let is_done = list.is_done(task);
            let url = url(app, list, task).filter(|_| !is_done);
            TaskRow { hook: task.as_str(), label: label(task), url, is_done }
        };
        Some(Self {
            heading: t::heading(isolate(&app.name)),
            progress: t::progress(list.count_done(), Task::ALL.len()),
            rows: Task::ALL.iter().map(row).collect(),
            next: list.next().and_then(|task| Some((url(app, list, task)?, label(task)))),
        })
    }

    /// Returns the panel of the app that is furthest, of several the newest; `None` once any app of the company is complete.
    pub(crate) fn of_company(all: &[AppWithWebhooks]) -> Option<Self> {
        let lists = || all.iter().map(|listed| (&listed.app, Checklist::of(&listed.webhooks)));
        if lists().any(|(_, list)| list.is_complete()) {
            return None;
        }
        let (app, list) = lists().filter(|(app, _)| app.is_enabled).max_by_key(|(app, list)| (list.count_done(), app.id))?;
        Self::of(app, &list)
    }
}

/// Returns the page on which a task is done.
fn url(app: &App, list: &Checklist, task: Task) -> Option<String> {
    let mode = task.mode()?;
    match (task, list.gateway(mode)) {
        (Task::ConnectTest | Task::ConnectLive, _) => Some(urls::add_gateway(app.id, mode)),
        (_, Some(gateway)) => Some(urls::step(app.id, gateway, mode, Step::Webhook)),
        (_, None) => None,
    }
}

const fn label(task: Task) -> Text {
    match task {
        Task::RegisterApp => t::register_app(),
        Task::ConnectTest => t::connect_test(),
        Task::VerifyTest => t::verify_test(),
        Task::MarkTest => t::mark_test(),
        Task::ConnectLive => t::connect_live(),
        Task::VerifyLive => t::verify_live(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connections::{
            ConnectionState,
            app_health::tests::{app, webhook},
        },
        gateways::Mode,
    };

    #[test]
    fn the_dashboard_shows_the_app_that_is_furthest_until_one_is_live() {
        let [new, connected] = ["New", "Connected"].map(app);
        let webhooks = vec![webhook(&connected, Mode::Test, ConnectionState::NotStarted)];
        let mut all = vec![AppWithWebhooks { app: connected, webhooks }, AppWithWebhooks { app: new, webhooks: Vec::new() }];
        let shown = ChecklistView::of_company(&all).unwrap();
        assert!(shown.heading.in_english().contains("Connected") && shown.next.unwrap().0.ends_with("/razorpay/test/webhook"));
        let live = webhook(&all[1].app, Mode::Live, ConnectionState::Verified);
        all[1].webhooks.push(live);
        assert!(ChecklistView::of_company(&all).is_none());
        assert!(ChecklistView::of_company(&[]).is_none());
    }
}
