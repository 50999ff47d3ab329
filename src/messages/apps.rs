//! Messages on apps in lists: the state of their webhooks, what needs attention, and the effect of disabling an app.

use super::{
    Badge, DISABLED, DisplayTime, NOT_CONNECTED, Notice, StatusLine,
    activity::{BAD, WARN, latest_cause, see_whether_enabled},
    connection_name, countdown, health, line,
    rejections::Explanation,
    text::{apps as t, dashboard},
    webhook_state, when,
};
use crate::{
    apps::App,
    connections::{
        Connection, ConnectionState,
        app_health::{AppWithWebhooks, Webhook},
        baseline,
    },
    gateways::{Gateway, Mode},
    i18n::{Text, isolate, link},
    primitives::time::Timestamp,
    urls,
};

/// The status line of one webhook, with the name of its connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Health {
    pub(crate) whose: Text,
    pub(crate) line: StatusLine,
    /// URL to enable the connection, if only the connection is disabled.
    pub(crate) enable_url: Option<String>,
}

/// Returns the status of the app's webhooks, the worst first.
pub(crate) fn webhook_health(listed: &AppWithWebhooks, now: Timestamp) -> Vec<Health> {
    if listed.webhooks.is_empty() {
        return vec![Health { whose: Text::default(), line: StatusLine::quiet(NOT_CONNECTED), enable_url: None }];
    }
    let gateway = listed.webhooks[0].connection.gateway;
    let has_many = listed.webhooks.iter().any(|webhook| webhook.connection.gateway != gateway);
    listed.webhooks.iter().map(|webhook| health(&listed.app, webhook, has_many, now)).collect()
}

/// Returns the worst state of an app, and the mode of the webhook whose state it is.
pub(crate) fn app_state(listed: &AppWithWebhooks) -> (Badge, Option<Mode>) {
    match listed.webhooks.first() {
        _ if !listed.app.is_enabled => (DISABLED, None),
        None => (NOT_CONNECTED, None),
        Some(worst) => (webhook_state(worst.state, &worst.activity), Some(worst.connection.mode)),
    }
}

fn health(app: &App, webhook: &Webhook, has_many: bool, now: Timestamp) -> Health {
    let connection = &webhook.connection;
    let (gateway, mode) = (connection.gateway.label(), connection.mode.label());
    let whose = if has_many { t::gateway_and_mode(gateway, mode) } else { Text::verbatim(mode) };
    let line = line(connection.gateway, webhook.state, &webhook.activity, now);
    // A disabled app has its own switch.
    let is_off_alone = app.is_enabled && !connection.is_enabled;
    let enable_url = is_off_alone.then(|| urls::connection_enabled(app.id, connection.gateway, connection.mode));
    Health { whose, line, enable_url }
}

/// A webhook that needs attention: its own requests are rejected, or nothing arrives any more.
pub(crate) fn trouble(app: &App, webhook: &Webhook, explanation: Option<&Explanation>, now: Timestamp) -> Notice {
    match baseline::silence(&webhook.activity, now) {
        Some(silence) if webhook.alert_state() == ConnectionState::Silent => {
            let mode = webhook.connection.mode.label();
            let advice = see_whether_enabled(webhook.connection.gateway);
            Notice::new(
                "trouble-silent",
                ("is-warn", "silent"),
                t::trouble_silent(isolate(&app.name), mode, super::span(silence.lasts)),
                t::silent_reason(health::silence(&silence), advice),
            )
        }
        _ => failing(app, webhook, explanation, now),
    }
}

/// A webhook that rejects genuine requests: how many, not counting unproven ones, why, and, once it has worked, how long the
/// gateway tolerates that.
fn failing(app: &App, webhook: &Webhook, explanation: Option<&Explanation>, now: Timestamp) -> Notice {
    let (gateway, mode, activity) = (webhook.connection.gateway, webhook.connection.mode.label(), &webhook.activity);
    // Without a time the failure is unproven, which raises no alert.
    let since = activity.failing_since.unwrap_or(now);
    let (name, time, count) = (isolate(&app.name), DisplayTime::of_start(since, now), activity.failing_count);
    let cause = latest_cause(gateway, activity, explanation);
    let reason = t::latest_reason(cause.why);
    let notice = if webhook.state == ConnectionState::Failing {
        let notice = Notice::new("trouble-failing", BAD, t::trouble_failing(name, count, mode, time), reason);
        Notice { countdown: countdown(gateway, since, now), ..notice }
    } else {
        Notice::new("trouble-not-verified-yet", WARN, t::trouble_not_verified(name, count, mode, time), reason)
    };
    notice.because(cause.known)
}

/// An app, or one connection of it, that is disabled.
pub(crate) fn off(app: &App, connection: Option<&Connection>) -> Notice {
    let name = isolate(&app.name);
    let (hook, headline) = match connection {
        Some(connection) => ("trouble-connection-off", t::connection_off(name, connection_name(connection))),
        None => ("trouble-app-off", t::app_off(name)),
    };
    Notice::new(hook, WARN, headline, t::off_reason())
}

/// The dashboard's summary if nothing fails.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AllClear {
    /// Identifies it in tests.
    pub(crate) hook: &'static str,
    pub(crate) class: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) text: Text,
}

/// Returns the dashboard's summary if nothing fails.
pub(crate) fn standing(last_verified: Option<Timestamp>, now: Timestamp) -> AllClear {
    match last_verified {
        Some(at) => AllClear { hook: "all-clear", class: "check-good", icon: "good", text: dashboard::all_clear(when(at, now)) },
        None => AllClear {
            hook: "nothing-verified-yet",
            class: "",
            icon: "pending",
            text: dashboard::nothing_verified_yet(link(urls::APPS_CHOOSE)),
        },
    }
}

/// Returns how a gateway reacts to rejected events.
pub(crate) fn loss(gateway: Gateway) -> Text {
    gateway.profile().texts.setup.disabled.clone()
}

/// Returns the consequences of disabling an app, depending on its connected gateways.
pub(crate) fn disabling(gateways: &[Gateway]) -> Vec<Text> {
    let mut explanation: Vec<Text> = Gateway::all().filter(|gateway| gateways.contains(gateway)).map(loss).collect();
    if explanation.is_empty() {
        explanation.push(t::no_gateway_loses());
    }
    explanation.push(t::stays());
    explanation
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        connections::app_health::tests::{app, webhook},
        gateways::Mode,
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);

    #[test]
    fn an_app_tells_how_each_of_its_webhooks_is() {
        let app = app("Dabba Club");
        let webhooks =
            vec![webhook(&app, Mode::Live, ConnectionState::Failing), webhook(&app, Mode::Test, ConnectionState::Verified)];
        let mut listed = AppWithWebhooks { app, webhooks };
        let said = |listed: &AppWithWebhooks| -> Vec<String> {
            let line = |one: Health| {
                let StatusLine { text, rest, .. } = one.line;
                let rest = rest.map_or(String::new(), |(_, rest)| format!("; {rest}"));
                format!("{}|{}{rest}", one.whose, text.in_english())
            };
            webhook_health(listed, NOW).into_iter().map(line).map(|line| line.replace('\u{a0}', " ")).collect()
        };
        assert_eq!(
            said(&listed),
            [
                "Live|Failing since 7:41 pm; Razorpay will disable the webhook in 24 h unless this is fixed",
                "Test|Verified, just now"
            ]
        );
        listed.webhooks[0].connection.gateway = Gateway::STANDARD_WEBHOOKS;
        (listed.webhooks[1].connection.is_enabled, listed.webhooks[1].state) = (false, ConnectionState::Off);
        assert_eq!(said(&listed), ["Standard Webhooks Live|Failing since 7:41 pm", "Razorpay Test|Off"]);
        let offers = |listed: &AppWithWebhooks| {
            webhook_health(listed, NOW).into_iter().map(|one| one.enable_url.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(offers(&listed), [false, true]);
        listed.app.is_enabled = false;
        assert_eq!(offers(&listed), [false, false], "the app is enabled by its own switch");
        listed.webhooks.clear();
        assert_eq!(said(&listed), ["|Nothing connected"]);
    }

    #[test]
    fn trouble_says_how_long_the_gateway_bears_it() {
        let app = app("Dabba Club");
        let webhook = webhook(&app, Mode::Live, ConnectionState::Failing);
        assert_eq!(trouble(&app, &webhook, None, NOW).headline, "Dabba Club: 1 Live request rejected since 7:41\u{a0}pm");
        let after = |hours| trouble(&app, &webhook, None, NOW.plus(Duration::from_hours(hours))).countdown.unwrap().1;
        assert_eq!(
            after(1).in_english().replace('\u{a0}', " "),
            "Razorpay will disable the webhook in 23 h unless this is fixed."
        );
        assert!(after(30).in_english().ends_with("disabled the webhook already: check Razorpay’s Dashboard."), "{}", after(30));
    }

    #[test]
    fn what_has_never_worked_is_not_verified_yet_and_has_no_countdown() {
        let app = app("Dabba Club");
        let mut webhook = webhook(&app, Mode::Live, ConnectionState::Pending);
        (webhook.activity.failing_since, webhook.activity.failing_count) = (Some(NOW), 3);
        let said = trouble(&app, &webhook, None, NOW);
        assert_eq!(
            (said.class, said.headline.in_english().as_str()),
            ("is-warn", "Dabba Club: not verified yet, 3 Live requests rejected since 7:41\u{a0}pm")
        );
        assert_eq!(said.countdown, None);
    }

    #[test]
    fn disabling_names_what_is_lost() {
        let said = |gateways: &[Gateway]| disabling(gateways).iter().map(Text::in_english).collect::<String>();
        assert!(said(&[Gateway::RAZORPAY]).contains("Razorpay") && !said(&[Gateway::STANDARD_WEBHOOKS]).contains("Razorpay"));
        assert_eq!(disabling(&[]).len(), 2);
    }
}
