//! The way of an app from its registration to the first verified event in Live mode.
//!
//! Invariant: each task is done by what is stored of the connections, and nothing but that.

use super::app_health::Webhook;
use crate::{
    gateways::{Gateway, Mode},
    primitives::text_enum::text_enum,
};

text_enum! {
    /// A task, in the order in which they are done.
    pub(crate) enum Task, "a task of the set-up" {
        RegisterApp = "register_app",
        ConnectTest = "connect_test",
        VerifyTest = "verify_test",
        MarkTest = "mark_test",
        ConnectLive = "connect_live",
        VerifyLive = "verify_live",
    }
}

impl Task {
    /// The mode that the task is about.
    pub(crate) const fn mode(self) -> Option<Mode> {
        match self {
            Self::RegisterApp => None,
            Self::ConnectTest | Self::VerifyTest | Self::MarkTest => Some(Mode::Test),
            Self::ConnectLive | Self::VerifyLive => Some(Mode::Live),
        }
    }
}

/// How far the connections of one mode are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reached {
    gateway: Gateway,
    is_verified: bool,
    is_marked: bool,
}

/// How far an app is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Checklist {
    test: Option<Reached>,
    live: Option<Reached>,
}

impl Checklist {
    /// Reads it from the webhooks of an app. Of several in one mode, the one that is furthest is shown.
    pub(crate) fn of<'a>(webhooks: impl IntoIterator<Item = &'a Webhook>) -> Self {
        let mut list = Self::default();
        for Webhook { connection, activity, .. } in webhooks {
            let reached = Reached {
                gateway: connection.gateway,
                is_verified: activity.first_verified_at.is_some(),
                is_marked: connection.webhook_done_at.is_some(),
            };
            let furthest = if connection.mode == Mode::Test { &mut list.test } else { &mut list.live };
            let rank = |one: &Reached| (one.is_verified, one.is_marked);
            if furthest.as_ref().is_none_or(|before| rank(before) < rank(&reached)) {
                *furthest = Some(reached);
            }
        }
        list
    }

    /// True once an event was verified in Live mode.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_done(Task::VerifyLive)
    }

    pub(crate) fn is_done(&self, task: Task) -> bool {
        match task {
            Task::RegisterApp => true,
            Task::ConnectTest => self.test.is_some(),
            Task::VerifyTest => self.test.is_some_and(|test| test.is_verified),
            Task::MarkTest => self.test.is_some_and(|test| test.is_marked),
            Task::ConnectLive => self.live.is_some(),
            Task::VerifyLive => self.live.is_some_and(|live| live.is_verified),
        }
    }

    pub(crate) fn count_done(&self) -> usize {
        Task::ALL.iter().filter(|task| self.is_done(**task)).count()
    }

    /// Returns the task to do next. An app that began with Live has no need of Test.
    pub(crate) fn next(&self) -> Option<Task> {
        let is_skipped = |task: Task| task.mode() == Some(Mode::Test) && self.test.is_none() && self.live.is_some();
        Task::ALL.iter().copied().find(|task| !self.is_done(*task) && !is_skipped(*task))
    }

    /// Returns the gateway whose webhook the tasks of a mode are about, once there is one.
    pub(crate) fn gateway(&self, mode: Mode) -> Option<Gateway> {
        match mode {
            Mode::Test => self.test,
            Mode::Live => self.live,
        }
        .map(|reached| reached.gateway)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::{
        ConnectionState,
        app_health::tests::{app, webhook},
    };

    fn next(known: &[(Mode, ConnectionState)]) -> Option<Task> {
        let app = app("Neem Tree Store");
        let webhooks: Vec<Webhook> = known.iter().map(|(mode, state)| webhook(&app, *mode, *state)).collect();
        Checklist::of(&webhooks).next()
    }

    #[test]
    fn it_leads_from_test_to_live() {
        use ConnectionState::{NotStarted, Pending, Verified};
        assert_eq!(next(&[]), Some(Task::ConnectTest));
        assert_eq!(next(&[(Mode::Test, NotStarted)]), Some(Task::VerifyTest));
        assert_eq!(next(&[(Mode::Test, Pending)]), Some(Task::VerifyTest), "marked is not verified");
        assert_eq!(next(&[(Mode::Test, Verified)]), Some(Task::MarkTest));
        let marked = [(Mode::Test, Verified), (Mode::Live, NotStarted)];
        assert_eq!(next(&marked), Some(Task::MarkTest));
        assert_eq!(next(&[(Mode::Live, NotStarted)]), Some(Task::VerifyLive), "Live alone needs no Test");
        assert_eq!(next(&[(Mode::Live, Verified)]), None);
    }

    #[test]
    fn of_two_gateways_the_one_that_is_furthest_is_shown() {
        let app = app("Neem Tree Store");
        let mut sender = webhook(&app, Mode::Test, ConnectionState::Verified);
        sender.connection.gateway = Gateway::STANDARD_WEBHOOKS;
        let list = Checklist::of(&[webhook(&app, Mode::Test, ConnectionState::NotStarted), sender]);
        assert_eq!(list.gateway(Mode::Test), Some(Gateway::STANDARD_WEBHOOKS));
        assert_eq!((list.count_done(), list.is_complete()), (3, false));
    }
}
