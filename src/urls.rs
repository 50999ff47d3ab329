//! All paths of the server, as functions and route patterns, in the order of a site map.
//!
//! Invariant: templates and redirects use these; there are no path literals elsewhere.

pub(crate) use crate::primitives::local_url::{is_local, local_or};
use crate::{
    connections::Step,
    gateways::{Gateway, Mode},
    primitives::id::{
        AlertId, AppId, AutomaticRefundId, AutomationId, ChannelId, DeliveryId, DestinationId, EventId, RejectionId, RequestId,
        RunId, SecretId, TokenId, TransactionId,
    },
};

// --- for gateways and machines

/// The path prefix of an endpoint's id.
pub(crate) const WEBHOOKS: &str = "/webhooks/";
pub(crate) const HEALTHZ: &str = "/healthz";
pub(crate) const READYZ: &str = "/readyz";
pub(crate) const STATIC: &str = "/static/{name}";

/// Returns the webhook URL of an endpoint.
pub(crate) fn webhook_url(base: &str, endpoint: &str) -> String {
    format!("{base}{WEBHOOKS}{endpoint}")
}

/// Returns the single segment after `/webhooks/`, as sent; `None` for a deeper path.
pub(crate) fn endpoint_of(raw_path: &str) -> Option<&str> {
    raw_path.strip_prefix(WEBHOOKS).filter(|segment| !segment.is_empty() && !segment.contains('/'))
}

// --- accounts

pub(crate) const SETUP: &str = "/setup";
pub(crate) const LOGIN: &str = "/login";
pub(crate) const FORGOTTEN: &str = "/login/forgotten";
pub(crate) const FORGOTTEN_SENT: &str = "/login/forgotten/sent";
pub(crate) const RESET: &str = "/login/reset";
pub(crate) const RESET_DONE: &str = "/login/reset/done";
pub(crate) const LOGOUT: &str = "/logout";
pub(crate) const DASHBOARD: &str = "/";
pub(crate) const PERSONAL_INFO: &str = "/personal-info";
pub(crate) const PASSWORD: &str = "/personal-info/password";
pub(crate) const CONFIRMATION: &str = "/personal-info/confirmation";
pub(crate) const OTHER_SESSIONS_REMOVAL: &str = "/personal-info/other-sessions/removal";
pub(crate) const LANGUAGE: &str = "/language";
pub(crate) const APPLICATIONS: &str = "/applications";
pub(crate) const SETTINGS: &str = "/settings";
pub(crate) const TEST_EMAIL: &str = "/settings/test-email";
pub(crate) const DEMO_MAILBOX: &str = "/demo/mailbox";

/// Returns the one-time setup link. Its token and that of [`reset_link`] are the only secrets in a URL.
pub(crate) fn setup_link(base: &str, token: &str) -> String {
    format!("{base}{SETUP}?token={token}")
}

/// Returns the link with which a user chooses a new password.
pub(crate) fn reset_link(base: &str, token: &str) -> String {
    format!("{base}{RESET}?token={token}")
}

/// The sign-in page, which returns to that page afterwards.
pub(crate) fn login_for(return_to: &str) -> String {
    format!("{LOGIN}?redirect_url={}", percent(return_to))
}

/// The page that asks for the password, continues to `target`, and returns to `back` on cancel.
pub(crate) fn confirmation_for(target: &str, back: &str) -> String {
    query(CONFIRMATION, &[("return_to", target), ("back", back)])
}

// --- apps

pub(crate) const APPS: &str = "/ks-pay";
pub(crate) const APPS_CREATE: &str = "/ks-pay/apps";
pub(crate) const APPS_NEW: &str = "/ks-pay/apps/new";
pub(crate) const APPS_CHOOSE: &str = "/ks-pay/settings";
pub(crate) const APP: &str = "/ks-pay/apps/{app}";
pub(crate) const APP_SETTINGS: &str = "/ks-pay/apps/{app}/settings";
pub(crate) const APP_DOMAIN: &str = "/ks-pay/apps/{app}/settings/domain";
pub(crate) const TOKENS: &str = "/ks-pay/apps/{app}/settings/tokens";
pub(crate) const TOKEN_REMOVAL: &str = "/ks-pay/apps/{app}/settings/tokens/{token}/removal";
pub(crate) const APP_ENABLED: &str = "/ks-pay/apps/{app}/enabled";

pub(crate) fn app(app: AppId) -> String {
    format!("/ks-pay/apps/{app}")
}

/// Returns the app whose page or form is at a path.
pub(crate) fn app_of(path: &str) -> Option<AppId> {
    path.strip_prefix(APPS_CREATE)?.strip_prefix('/')?.split('/').next()?.parse().ok()
}

/// The tabs of an app's settings, below the app: general, domain, gateways, tokens.
pub(crate) const SETTINGS_TABS: [&str; 4] = ["settings", "settings/domain", "settings/payment-gateways", "settings/tokens"];
/// The pages of an app that each app has, below the app.
const SECTIONS: [&str; 7] = ["", "transactions", "events", "rejections", "destinations", "automations", "alerts"];

/// Returns what follows the app in the path of one of its pages; empty for the overview, and for a page of no app.
fn below_app(path: &str) -> &str {
    path.strip_prefix(APPS_CREATE).and_then(|rest| rest.get(1..)?.split_once('/')).map_or("", |(_, rest)| rest)
}

/// Returns the tab of an app's settings that is at a path.
pub(crate) fn settings_tab(path: &str) -> Option<&'static str> {
    app_of(path)?;
    SETTINGS_TABS.into_iter().find(|tab| *tab == below_app(path))
}

/// A tab of an app's settings.
pub(crate) fn in_settings(app: AppId, tab: &str) -> String {
    format!("/ks-pay/apps/{app}/{tab}")
}

/// Returns the page of another app that corresponds to the page at a path; its overview for a page of one object.
pub(crate) fn same_page(path: &str, other: AppId) -> String {
    let rest = below_app(path);
    let is_section = SECTIONS.contains(&rest) || SETTINGS_TABS.contains(&rest);
    match rest {
        "" => app(other),
        rest if is_section => format!("/ks-pay/apps/{other}/{rest}"),
        rest if rest.starts_with("settings/payment-gateways/") => connections(other),
        _ => app(other),
    }
}

/// A page of the apps that match a search.
pub(crate) fn apps_found(search: &str, page: usize) -> String {
    match (search, page) {
        ("", ..=1) => APPS.to_owned(),
        ("", page) => format!("{APPS}?page={page}"),
        (search, ..=1) => format!("{APPS}?q={}", percent(search)),
        (search, page) => format!("{APPS}?q={}&page={page}", percent(search)),
    }
}

pub(crate) fn app_settings(app: AppId) -> String {
    format!("/ks-pay/apps/{app}/settings")
}

pub(crate) fn app_domain(app: AppId) -> String {
    format!("/ks-pay/apps/{app}/settings/domain")
}

pub(crate) fn tokens(app: AppId) -> String {
    format!("/ks-pay/apps/{app}/settings/tokens")
}

/// The action that removes a token, and the page that asks first.
pub(crate) fn token_removal(app: AppId, token: TokenId) -> String {
    format!("/ks-pay/apps/{app}/settings/tokens/{token}/removal")
}

pub(crate) fn app_enabled(app: AppId) -> String {
    format!("/ks-pay/apps/{app}/enabled")
}

// --- listening

/// Where `ks-pay listen` asks for events.
pub(crate) const LISTEN: &str = "/api/listen";

// --- channels

pub(crate) const CHANNELS: &str = "/settings/channels";
pub(crate) const CHANNELS_NEW: &str = "/settings/channels/new";
pub(crate) const CHANNEL_TEST: &str = "/settings/channels/{channel}/test";
pub(crate) const CHANNEL_REMOVAL: &str = "/settings/channels/{channel}/removal";

/// The form that adds a channel of a service.
pub(crate) fn new_channel(service: &str) -> String {
    format!("{CHANNELS_NEW}?service={service}")
}

pub(crate) fn channel_test(channel: ChannelId) -> String {
    format!("{CHANNELS}/{channel}/test")
}

pub(crate) fn channel_removal(channel: ChannelId) -> String {
    format!("{CHANNELS}/{channel}/removal")
}

// --- search

pub(crate) const SEARCH: &str = "/search";

/// The search of an app in a mode, or of the company.
pub(crate) fn search(of: Option<(AppId, Mode)>) -> String {
    of.map_or_else(|| SEARCH.to_owned(), |(app, mode)| format!("{SEARCH}?app={app}&mode={mode}"))
}

// --- transactions, events, rejections

pub(crate) const TRANSACTIONS: &str = "/ks-pay/apps/{app}/transactions";
pub(crate) const TRANSACTIONS_CSV: &str = "/ks-pay/apps/{app}/transactions.csv";
pub(crate) const TRANSACTION: &str = "/ks-pay/apps/{app}/transactions/{transaction}";
pub(crate) const TRANSACTION_REFUND: &str = "/ks-pay/apps/{app}/transactions/{transaction}/refund";
pub(crate) const EVENTS: &str = "/ks-pay/apps/{app}/events";
pub(crate) const EVENT: &str = "/ks-pay/apps/{app}/events/{event}";
pub(crate) const EVENT_BODY: &str = "/ks-pay/apps/{app}/events/{event}/body";

pub(crate) const REJECTIONS: &str = "/ks-pay/apps/{app}/rejections";
pub(crate) const REJECTION: &str = "/ks-pay/apps/{app}/rejections/{rejection}";
pub(crate) const REJECTION_BODY: &str = "/ks-pay/apps/{app}/rejections/{rejection}/requests/{request}/body";
pub(crate) const REJECTION_ACCEPTANCE: &str = "/ks-pay/apps/{app}/rejections/{rejection}/acceptance";
pub(crate) const REJECTION_RECOVERY: &str = "/ks-pay/apps/{app}/rejections/{rejection}/recovery";

pub(crate) fn transactions(app: AppId) -> String {
    format!("/ks-pay/apps/{app}/transactions")
}

pub(crate) fn transactions_csv(app: AppId) -> String {
    format!("/ks-pay/apps/{app}/transactions.csv")
}

pub(crate) fn transaction(app: AppId, transaction: TransactionId) -> String {
    format!("/ks-pay/apps/{app}/transactions/{transaction}")
}

pub(crate) fn transaction_refund(app: AppId, transaction: TransactionId) -> String {
    format!("/ks-pay/apps/{app}/transactions/{transaction}/refund")
}

/// The page of a transaction, relative to a list of the same app.
pub(crate) fn transaction_from_list(transaction: TransactionId) -> String {
    format!("transactions/{transaction}")
}

/// The page of an event, relative to a list of the same app.
pub(crate) fn event_from_list(event: EventId) -> String {
    format!("events/{event}")
}

pub(crate) fn events(app: AppId) -> String {
    format!("/ks-pay/apps/{app}/events")
}

pub(crate) fn event(app: AppId, event: EventId) -> String {
    format!("/ks-pay/apps/{app}/events/{event}")
}

pub(crate) fn event_body(app: AppId, event: EventId) -> String {
    format!("/ks-pay/apps/{app}/events/{event}/body")
}

pub(crate) fn rejections(app: AppId) -> String {
    format!("/ks-pay/apps/{app}/rejections")
}

pub(crate) fn rejection(app: AppId, rejection: RejectionId) -> String {
    format!("/ks-pay/apps/{app}/rejections/{rejection}")
}

pub(crate) fn rejection_body(app: AppId, rejection: RejectionId, request: RequestId) -> String {
    format!("/ks-pay/apps/{app}/rejections/{rejection}/requests/{request}/body")
}

pub(crate) fn rejection_acceptance(app: AppId, rejection: RejectionId) -> String {
    format!("/ks-pay/apps/{app}/rejections/{rejection}/acceptance")
}

pub(crate) fn rejection_recovery(app: AppId, rejection: RejectionId) -> String {
    format!("/ks-pay/apps/{app}/rejections/{rejection}/recovery")
}

// --- destinations and deliveries

pub(crate) const DESTINATIONS: &str = "/ks-pay/apps/{app}/destinations";
pub(crate) const DESTINATIONS_NEW: &str = "/ks-pay/apps/{app}/destinations/new";
pub(crate) const DESTINATION: &str = "/ks-pay/apps/{app}/destinations/{destination}";
pub(crate) const DESTINATION_EDIT: &str = "/ks-pay/apps/{app}/destinations/{destination}/edit";
pub(crate) const DESTINATION_PAUSE: &str = "/ks-pay/apps/{app}/destinations/{destination}/pause";
pub(crate) const DESTINATION_RESUME: &str = "/ks-pay/apps/{app}/destinations/{destination}/resume";
pub(crate) const DESTINATION_DELETION: &str = "/ks-pay/apps/{app}/destinations/{destination}/deletion";
pub(crate) const DESTINATION_ROTATION: &str = "/ks-pay/apps/{app}/destinations/{destination}/rotation";
pub(crate) const DESTINATION_REVEAL: &str = "/ks-pay/apps/{app}/destinations/{destination}/reveal";
pub(crate) const DESTINATION_REPLAY: &str = "/ks-pay/apps/{app}/destinations/{destination}/failed-deliveries/replay";
pub(crate) const DESTINATION_REPLAYS: &str = "/ks-pay/apps/{app}/destinations/{destination}/replays";
pub(crate) const DESTINATION_REPLAY_CANCELLATION: &str = "/ks-pay/apps/{app}/destinations/{destination}/replays/cancellation";
pub(crate) const DESTINATION_HEADERS: &str = "/ks-pay/apps/{app}/destinations/{destination}/headers";
pub(crate) const DESTINATION_HEADER_REMOVAL: &str = "/ks-pay/apps/{app}/destinations/{destination}/headers/removal";
pub(crate) const DESTINATION_SEND_WAITING: &str = "/ks-pay/apps/{app}/destinations/{destination}/waiting-deliveries";
pub(crate) const DESTINATION_TEST: &str = "/ks-pay/apps/{app}/destinations/{destination}/test-event";
pub(crate) const DELIVERY: &str = "/ks-pay/apps/{app}/destinations/{destination}/deliveries/{delivery}";
pub(crate) const DELIVERY_REPLAY: &str = "/ks-pay/apps/{app}/destinations/{destination}/deliveries/{delivery}/replay";
pub(crate) const DELIVERY_SKIP: &str = "/ks-pay/apps/{app}/destinations/{destination}/deliveries/{delivery}/skip";

pub(crate) fn destinations(app: AppId) -> String {
    format!("/ks-pay/apps/{app}/destinations")
}

/// The form that adds a destination in that mode.
pub(crate) fn new_destination(app: AppId, mode: Mode) -> String {
    in_mode(&format!("/ks-pay/apps/{app}/destinations/new"), mode)
}

/// A destination. Its pages and actions are below.
pub(crate) fn destination(app: AppId, destination: DestinationId) -> String {
    format!("/ks-pay/apps/{app}/destinations/{destination}")
}

/// A delivery of the destination at that URL. Its actions are below.
pub(crate) fn delivery(destination_url: &str, delivery: DeliveryId) -> String {
    format!("{destination_url}/deliveries/{delivery}")
}

/// A page in one mode.
pub(crate) fn in_mode(path: &str, mode: Mode) -> String {
    format!("{path}?mode={mode}")
}

/// A page with query parameters; empty ones are omitted.
pub(crate) fn query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

// --- alerts

pub(crate) const ALERTS: &str = "/ks-pay/apps/{app}/alerts";
pub(crate) const ALERTS_MUTE: &str = "/ks-pay/apps/{app}/alerts/mute";
pub(crate) const ALERTS_DIGEST: &str = "/ks-pay/apps/{app}/alerts/digest";
pub(crate) const ALERTS_QUIET: &str = "/ks-pay/apps/{app}/alerts/quiet-hours";
pub(crate) const ALERT_RULE: &str = "/ks-pay/apps/{app}/alerts/kinds/{kind}";
pub(crate) const ALERT_RULE_TEST: &str = "/ks-pay/apps/{app}/alerts/kinds/{kind}/test";
pub(crate) const ALERT: &str = "/ks-pay/apps/{app}/alerts/{alert}";
pub(crate) const ALERT_ACKNOWLEDGEMENT: &str = "/ks-pay/apps/{app}/alerts/{alert}/acknowledgement";

pub(crate) fn alerts(app: AppId) -> String {
    format!("/ks-pay/apps/{app}/alerts")
}

/// The settings of a kind of alert. Its test is below.
pub(crate) fn alert_rule(app: AppId, kind: &str) -> String {
    format!("/ks-pay/apps/{app}/alerts/kinds/{kind}")
}

pub(crate) fn alert(app: AppId, alert: AlertId) -> String {
    format!("/ks-pay/apps/{app}/alerts/{alert}")
}

// --- automations

pub(crate) const AUTOMATIONS: &str = "/ks-pay/apps/{app}/automations";
pub(crate) const AUTOMATION_NEW: &str = "/ks-pay/apps/{app}/automations/new";
pub(crate) const AUTOMATION: &str = "/ks-pay/apps/{app}/automations/{automation}";
pub(crate) const AUTOMATION_EDIT: &str = "/ks-pay/apps/{app}/automations/{automation}/edit";
pub(crate) const AUTOMATION_STATE: &str = "/ks-pay/apps/{app}/automations/{automation}/state";
pub(crate) const AUTOMATION_REMOVAL: &str = "/ks-pay/apps/{app}/automations/{automation}/removal";
pub(crate) const AUTOMATION_RUN: &str = "/ks-pay/apps/{app}/automations/{automation}/runs/{run}";
pub(crate) const AUTOMATION_RUN_REQUEST: &str = "/ks-pay/apps/{app}/automations/{automation}/runs/{run}/request";

pub(crate) const AUTOMATIC_REFUNDS: &str = "/ks-pay/apps/{app}/automations/refunds";
pub(crate) const AUTOMATIC_REFUND_LIMITS: &str = "/ks-pay/apps/{app}/automations/refunds/limits";
pub(crate) const AUTOMATIC_REFUND_SWITCH: &str = "/ks-pay/apps/{app}/automations/refunds/switch";
pub(crate) const AUTOMATIC_REFUND: &str = "/ks-pay/apps/{app}/automations/refunds/{refund}";

pub(crate) fn automations(app: AppId) -> String {
    format!("/ks-pay/apps/{app}/automations")
}

/// The form of a new automation; `template` is empty for an empty one.
pub(crate) fn new_automation(app: AppId, mode: Mode, template: &str) -> String {
    query(&format!("/ks-pay/apps/{app}/automations/new"), &[("mode", mode.slug()), ("template", template)])
}

pub(crate) fn automation(app: AppId, automation: AutomationId) -> String {
    format!("/ks-pay/apps/{app}/automations/{automation}")
}

/// The refunds that automations have started, and their settings.
pub(crate) fn automatic_refunds(app: AppId) -> String {
    format!("/ks-pay/apps/{app}/automations/refunds")
}

/// The form of the limits of automatic refunds; `list` is their page.
pub(crate) fn refund_limits(list: &str) -> String {
    format!("{list}/limits")
}

/// The form that stops automatic refunds, and starts them again.
pub(crate) fn refund_switch(list: &str) -> String {
    format!("{list}/switch")
}

pub(crate) fn automatic_refund(app: AppId, refund: AutomaticRefundId) -> String {
    format!("/ks-pay/apps/{app}/automations/refunds/{refund}")
}

/// A run; `automation` is the page of its automation.
pub(crate) fn automation_run(automation: &str, run: RunId) -> String {
    format!("{automation}/runs/{run}")
}

// --- connections

pub(crate) const CONNECTIONS: &str = "/ks-pay/apps/{app}/settings/payment-gateways";
pub(crate) const CONNECTION: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}";
pub(crate) const CONNECTION_ENABLED: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/enabled";
pub(crate) const CREDENTIALS: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/credentials";
pub(crate) const CREDENTIALS_CHECK: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/credentials/check";
pub(crate) const WEBHOOK_STEP: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/webhook";
pub(crate) const WEBHOOK_REVEAL: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/webhook/reveal";
pub(crate) const WEBHOOK_STREAM: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/webhook/evidence/stream";
pub(crate) const WEBHOOK_CHECK: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/webhook/check";
pub(crate) const WEBHOOK_TEST: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/webhook/test";
pub(crate) const WEBHOOK_ACCOUNTS: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/webhook/accounts";
pub(crate) const WEBHOOK_DONE: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/webhook/completion";
pub(crate) const WEBHOOK_UNDONE: &str =
    "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/webhook/completion/removal";
pub(crate) const WEBHOOK_ROTATION: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/webhook/rotation";
pub(crate) const WEBHOOK_SECRETS: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/webhook/secrets";
pub(crate) const WEBHOOK_SECRETS_NEW: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/webhook/secrets/new";
pub(crate) const WEBHOOK_RETIREMENT: &str =
    "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/webhook/secrets/{secret}/retirement";
pub(crate) const INTEGRATION: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/integration";
pub(crate) const INTEGRATION_DONE: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/integration/completion";
pub(crate) const INTEGRATION_UNDONE: &str =
    "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/integration/completion/removal";
pub(crate) const SECURITY: &str = "/ks-pay/apps/{app}/settings/payment-gateways/{gateway}/{mode}/security";

pub(crate) fn connections(app: AppId) -> String {
    format!("/ks-pay/apps/{app}/settings/payment-gateways")
}

/// The form that adds a gateway in that mode.
pub(crate) fn add_gateway(app: AppId, mode: Mode) -> String {
    format!("{}#add", in_mode(&connections(app), mode))
}

/// A connection, or a page below it, with `rest` such as `/webhook/reveal`.
pub(crate) fn connection(app: AppId, gateway: Gateway, mode: Mode, rest: &str) -> String {
    format!("{}/{gateway}/{mode}{rest}", connections(app))
}

/// The panel of the Webhook page with the status, its reason, and what to do.
pub(crate) fn activity(app: AppId, gateway: Gateway, mode: Mode) -> String {
    format!("{}#evidence-panel", step(app, gateway, mode, Step::Webhook))
}

/// The action that enables or disables a connection.
pub(crate) fn connection_enabled(app: AppId, gateway: Gateway, mode: Mode) -> String {
    connection(app, gateway, mode, "/enabled")
}

/// A step's page.
pub(crate) fn step(app: AppId, gateway: Gateway, mode: Mode, step: Step) -> String {
    let rest = match step {
        Step::Credentials => "/credentials",
        Step::Webhook => "/webhook",
        Step::Integration => "/integration",
        Step::Security => "/security",
    };
    connection(app, gateway, mode, rest)
}

/// Defines functions for the pages below the URL of a connection, of one of its steps, of a destination or of a delivery.
macro_rules! below {
    ($($(#[$doc:meta])* $name:ident = $rest:literal;)+) => {$(
        $(#[$doc])*
        pub(crate) fn $name(url: &str) -> String {
            format!(concat!("{}", $rest), url)
        }
    )+};
}

below! {
    /// Shows the secret.
    reveal = "/reveal";
    /// Generates a new secret.
    rotation = "/rotation";
    /// The webhook's secrets; a POST imports one that the gateway already has.
    secrets = "/secrets";
    /// The form for that secret, on a page of its own.
    own_secret = "/secrets/new";
    /// Marks a step as done.
    completion = "/completion";
    /// Undoes that.
    completion_removal = "/completion/removal";
    /// Checks the webhook's URL.
    url_check = "/check";
    /// The report of that check.
    url_check_report = "#check";
    /// Sends a test event.
    test_event = "/test";
    /// Accepts another gateway account.
    accounts = "/accounts";
    /// Checks the API keys again.
    credentials_check = "/check";
    /// Streams changes of the activity to a page.
    evidence_stream = "/evidence/stream";
    /// The form that changes a destination.
    edit = "/edit";
    /// Pauses a destination, and resumes it.
    pause = "/pause";
    resume = "/resume";
    /// Deletes a destination.
    deletion = "/deletion";
    /// Sends the failed deliveries of a destination again.
    failed_replay = "/failed-deliveries/replay";
    /// Sends the events of a range of time to a destination again.
    range_replay = "/replays";
    /// Cancels the replay that is running.
    replay_cancellation = "/replays/cancellation";
    /// The fixed headers of a destination.
    fixed_headers = "/headers";
    /// Removes one of them.
    header_removal = "/headers/removal";
    /// Sends the waiting deliveries of a destination now.
    send_waiting = "/waiting-deliveries";
    /// Sends a test event to a destination.
    destination_test = "/test-event";
    /// Sends a delivery again.
    replay = "/replay";
    /// Skips a delivery.
    skip = "/skip";
    /// Turns an automation on or off.
    automation_state = "/state";
    /// Deletes an automation.
    removal = "/removal";
    /// Runs a run again.
    run_request = "/request";
    /// Sends a test of a kind of alert.
    rule_test = "/test";
    /// Mutes the alerts of an app, or ends that.
    mute = "/mute";
    /// Their quiet hours.
    quiet_hours = "/quiet-hours";
    /// The daily digest of an app.
    daily_digest = "/digest";
    /// Stops the reminders of an alert.
    acknowledgement = "/acknowledgement";
}

/// The action that retires one of a webhook's secrets; `url` is that of the step.
pub(crate) fn retirement(url: &str, secret: SecretId) -> String {
    format!("{url}/secrets/{secret}/retirement")
}

/// Percent-encodes a query value.
fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Returns the page to which a form asks to return, if it is one of ours, else `otherwise`.
pub(crate) fn back_to(asked: &str, otherwise: String) -> String {
    let is_page =
        asked == DASHBOARD || asked == APPS || asked.strip_prefix(APPS).is_some_and(|rest| rest.starts_with(['/', '?']));
    if is_page && is_local(asked) { asked.to_owned() } else { otherwise }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_one_raw_segment() {
        assert_eq!(endpoint_of("/webhooks/wh_a%2Fb"), Some("wh_a%2Fb"));
        assert_eq!(endpoint_of("/webhooks/a/b"), None);
        assert_eq!(endpoint_of("/Webhooks/a"), None);
    }
}
