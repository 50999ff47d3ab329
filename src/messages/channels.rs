//! What pages say of channels: what is wrong with what was pasted, their health, and the outcome of a post.

use super::{Badge, badge, text::channels as t, when};
use crate::{
    companies::check_limiter::CheckDenied,
    i18n::{Text, isolate},
    notifications::{
        channels::{Channel, sender::Posted},
        chat::{Invalid, Problem, Service},
    },
    primitives::time::Timestamp,
};

/// States what is wrong with what was pasted, with the reason for tests.
pub(crate) fn invalid(service: Service, invalid: Invalid) -> (&'static str, Text) {
    match invalid {
        Invalid::Empty if service == Service::Telegram => ("empty", t::enter_token()),
        Invalid::Empty => ("empty", t::enter_url()),
        Invalid::TooLong => ("too-long", t::url_too_long()),
        Invalid::NotAUrl => ("not-a-url", t::not_a_url()),
        Invalid::NotHttps => ("not-https", t::not_https()),
        Invalid::OtherService(other) => ("other-service", t::other_service(other.name())),
        Invalid::OtherHost => ("other-host", other_host(service)),
        Invalid::SlackNotIncoming => ("slack-not-incoming", t::slack_not_incoming()),
        Invalid::TeamsConnector => ("teams-connector", t::teams_connector()),
        Invalid::TeamsIncomplete => ("teams-incomplete", t::teams_incomplete()),
        Invalid::DiscordNotWebhook => ("discord-not-webhook", t::discord_not_webhook()),
        Invalid::TelegramToken => ("telegram-token", t::telegram_token()),
        Invalid::TelegramChat => ("telegram-chat", t::telegram_chat()),
    }
}

const fn other_host(service: Service) -> Text {
    match service {
        Service::Slack => t::other_host_slack(),
        Service::Teams => t::other_host_teams(),
        // Telegram has no URL to paste.
        Service::Discord | Service::Telegram => t::other_host_discord(),
    }
}

/// Returns the steps to what is pasted.
pub(crate) const fn steps(service: Service) -> [Text; 3] {
    match service {
        Service::Slack => [t::slack_step_1(), t::slack_step_2(), t::slack_step_3()],
        Service::Teams => [t::teams_step_1(), t::teams_step_2(), t::teams_step_3()],
        Service::Discord => [t::discord_step_1(), t::discord_step_2(), t::discord_step_3()],
        Service::Telegram => [t::telegram_step_1(), t::telegram_step_2(), t::telegram_step_3()],
    }
}

/// Returns the state of a channel, with a sentence on its last post.
pub(crate) fn health(channel: &Channel, now: Timestamp) -> (Badge, Option<Text>) {
    match (channel.failing_since, channel.last_sent_at) {
        (Some(since), _) => (badge("failing", ("status-bad", "bad"), t::failing()), Some(t::failing_since(when(since, now)))),
        (None, Some(at)) => (badge("working", ("status-off", "good"), t::working()), Some(t::last_sent(when(at, now)))),
        (None, None) => (badge("unused", ("status-off", "not-started"), t::unused()), None),
    }
}

/// States why a post failed and what to do.
pub(crate) fn problem(service: Service, problem: Problem) -> Text {
    let name = service.name();
    match problem {
        Problem::RateLimited => t::problem_rate_limited(name),
        Problem::ServiceFault => t::problem_service_fault(name),
        Problem::Removed => t::problem_removed(name),
        Problem::NotAllowed => t::problem_not_allowed(name),
        Problem::ChatNotFound => t::problem_chat_not_found(),
        Problem::MessageRejected => t::problem_message_rejected(name),
        Problem::Unreachable => t::problem_unreachable(name),
        Problem::Unreadable => t::problem_unreadable(),
    }
}

/// Repeats what the service said.
pub(crate) fn answer(service: Service, words: &str) -> Option<Text> {
    (!words.is_empty()).then(|| t::answer(service.name(), isolate(words)))
}

/// States the outcome of a test; the reason is that of a warning.
pub(crate) fn test_outcome(service: Service, posted: &Posted) -> (Option<&'static str>, Text) {
    match posted {
        Posted::Accepted if service == Service::Teams => (None, t::test_accepted_teams()),
        Posted::Accepted => (None, t::test_accepted(service.name())),
        Posted::Later { problem: why, .. } | Posted::Never { problem: why, .. } => {
            (Some("test-failed"), t::test_failed(problem(service, *why)))
        }
    }
}

/// States why a test cannot be sent now.
pub(crate) const fn busy(busy: CheckDenied) -> Text {
    match busy {
        CheckDenied::Running => t::test_running(),
        CheckDenied::TooMany => t::too_many_tests(),
    }
}
