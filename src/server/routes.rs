//! The route table of the server, and the middleware of the pages.
//!
//! Webhook endpoints are intercepted earlier (`ingestion::routes::intercept_webhooks`). They, the health checks and what `ks-pay listen` asks for
//! need no middleware of the pages: no session, no CSRF protection, no compression.

use std::time::Duration;

use actix_web::{
    HttpMessage as _, HttpResponse, Scope,
    dev::ServiceRequest,
    http::{StatusCode, header},
    middleware::{Compress, Next, from_fn},
    web::{self, Data, ServiceConfig},
};

use tokio::time::Instant;

use crate::{
    accounts::authz::Permission,
    console::{
        accounts, alerts, apps, automations, channels, company, dashboard, destinations, events,
        http::{self as site, state::State},
        mailbox, overview, payments, rejections, search,
        setup::{
            self, account_mismatch, credentials, import_secret, integration, list, retirement, rotation, secrets_view, security,
            stream, webhook,
        },
        tokens,
    },
    listening,
    server::master_key,
    telemetry, urls,
};

/// Registers a path with the handler of each of its methods; `get` includes HEAD. A method names the permission that its caller
/// needs; what needs no sign-in is `get_signed_out` and `post_signed_out`, so that no `get` or `post` can omit it. The page of a
/// form needs the form's permission; a path that leads a `GET` to another page needs that page's.
macro_rules! route {
    ($scope:expr, $path:expr, $($method:ident $(($permission:ident))? = $handler:expr),+) => {{
        let resource = web::resource($path);
        $(let resource = route!(@ resource, $method $(($permission))?, $handler);)+
        $scope.service(resource)
    }};
    (@ $resource:ident, get_signed_out, $handler:expr) => {
        $resource.route(web::get().to($handler)).route(web::head().to($handler))
    };
    (@ $resource:ident, get($permission:ident), $handler:expr) => {
        $resource
            .route(web::get().to($handler).wrap(from_fn(requires!($permission))))
            .route(web::head().to($handler).wrap(from_fn(requires!($permission))))
    };
    (@ $resource:ident, post($permission:ident), $handler:expr) => {
        $resource.route(web::post().to($handler).wrap(from_fn(requires!($permission))))
    };
    (@ $resource:ident, post_signed_out, $handler:expr) => {
        $resource.route(web::post().to($handler))
    };
}

/// Makes the permission of a route known to the extractor of the signed-in user, which enforces it.
macro_rules! requires {
    ($permission:ident) => {
        |request: ServiceRequest, next: Next<_>| {
            request.extensions_mut().insert(Permission::$permission);
            next.call(request)
        }
    };
}

/// Registers all routes.
pub(crate) fn configure(config: &mut ServiceConfig) {
    route!(config, urls::HEALTHZ, get_signed_out = healthz);
    route!(config, urls::READYZ, get_signed_out = readyz);
    config.service(listening::routes::resource());
    config.service(pages());
}

/// Registers all pages. Routes are matched in order, hottest first. The middleware added last is outermost, so error pages have the
/// headers too. `GET` of a form's action redirects to the page with the form, since browsers request it after Back or when the URL
/// of a response is opened again; only sign-out has no such page.
fn pages() -> impl actix_web::dev::HttpServiceFactory {
    let scope = route!(web::scope(""), urls::STATIC, get_signed_out = site::assets::serve);
    let scope =
        automation_routes(alert_routes(destination_routes(setup_routes(app_routes(account_routes(payment_routes(scope)))))));
    scope
        .app_data(web::QueryConfig::default().error_handler(|_, _| site::error::AppError::BadRequest.into()))
        .app_data(web::PathConfig::default().error_handler(|_, _| site::error::AppError::NotFound.into()))
        .default_service(web::to(HttpResponse::NotFound))
        .wrap(from_fn(site::error::pages))
        .wrap(Compress::default())
        .wrap(from_fn(site::headers::add))
}

/// Registers payments, events and rejections.
fn payment_routes(scope: Scope) -> Scope {
    let scope = route!(scope, urls::TRANSACTIONS, get(ViewPayments) = payments::routes::index);
    let scope = route!(scope, urls::TRANSACTION, get(ViewPayments) = payments::show::show);
    let scope = route!(
        scope,
        urls::TRANSACTION_REFUND,
        get(RefundPayments) = payments::refund::ask,
        post(RefundPayments) = payments::refund::create
    );
    let scope = route!(scope, urls::EVENTS, get(ViewPayments) = events::routes::index);
    let scope = route!(scope, urls::EVENT, get(ViewPayments) = events::routes::show);
    let scope = route!(scope, urls::REJECTIONS, get(ViewPayments) = rejections::routes::index);
    let scope = route!(scope, urls::TRANSACTIONS_CSV, get(ExportPayments) = payments::routes::download);
    let scope = route!(scope, urls::EVENT_BODY, get(ViewPayments) = events::routes::body);
    let scope = route!(scope, urls::REJECTION, get(ViewPayments) = rejections::routes::show);
    let scope = route!(scope, urls::REJECTION_BODY, get(ViewPayments) = rejections::routes::body);
    let scope = route!(
        scope,
        urls::REJECTION_ACCEPTANCE,
        get(ViewPayments) = rejections::routes::form_page,
        post(ManageSecrets) = rejections::routes::accept
    );
    route!(
        scope,
        urls::REJECTION_RECOVERY,
        get(ViewPayments) = rejections::routes::form_page,
        post(RecoverRequests) = rejections::routes::recover
    )
}

/// Registers sign-in, Personal Info, the dashboard and the company's settings.
fn account_routes(scope: Scope) -> Scope {
    let scope =
        route!(scope, urls::SETUP, get_signed_out = accounts::routes::setup_form, post_signed_out = accounts::routes::set_up);
    let scope = route!(scope, urls::LOGIN, get_signed_out = accounts::routes::login, post_signed_out = accounts::routes::sign_in);
    let scope =
        route!(scope, urls::FORGOTTEN, get_signed_out = accounts::reset::forgotten, post_signed_out = accounts::reset::request);
    let scope = route!(scope, urls::FORGOTTEN_SENT, get_signed_out = accounts::reset::requested);
    let scope =
        route!(scope, urls::RESET, get_signed_out = accounts::reset::form_page, post_signed_out = accounts::reset::complete);
    let scope = route!(scope, urls::RESET_DONE, get_signed_out = accounts::reset::done);
    let scope = route!(scope, urls::DEMO_MAILBOX, get_signed_out = mailbox::index);
    let scope = route!(
        scope,
        urls::LANGUAGE,
        get_signed_out = accounts::language::form_page,
        post_signed_out = accounts::language::switch
    );
    let scope = route!(scope, urls::LOGOUT, post(ManageOwnAccount) = accounts::routes::sign_out);
    let scope = route!(
        scope,
        urls::PERSONAL_INFO,
        get(ManageOwnAccount) = accounts::person::show,
        post(ManageOwnAccount) = accounts::person::update
    );
    let scope = route!(
        scope,
        urls::PASSWORD,
        get(ManageOwnAccount) = accounts::person::form_page,
        post(ManageOwnAccount) = accounts::person::update_password
    );
    let scope = route!(
        scope,
        urls::CONFIRMATION,
        get(ManageOwnAccount) = accounts::person::ask,
        post(ManageOwnAccount) = accounts::person::confirm
    );
    let scope = route!(
        scope,
        urls::OTHER_SESSIONS_REMOVAL,
        get(ManageOwnAccount) = accounts::person::form_page,
        post(ManageOwnAccount) = accounts::person::sign_out_elsewhere
    );
    let scope = route!(scope, urls::DASHBOARD, get(ViewApps) = dashboard::routes::show);
    let scope = route!(scope, urls::APPLICATIONS, get(ViewApps) = dashboard::routes::applications);
    let scope = route!(scope, urls::SEARCH, get(ViewPayments) = search::routes::show);
    let scope = route!(scope, urls::CHANNELS, get(ManageAlerts) = channels::index, post(ManageAlerts) = channels::create);
    let scope = route!(scope, urls::CHANNELS_NEW, get(ManageAlerts) = channels::new);
    let scope = route!(scope, urls::CHANNEL_TEST, get(ManageAlerts) = channels::form_page, post(ManageAlerts) = channels::test);
    let scope =
        route!(scope, urls::CHANNEL_REMOVAL, get(ManageAlerts) = channels::ask_removal, post(ManageAlerts) = channels::remove);
    let scope = route!(
        scope,
        urls::TEST_EMAIL,
        get(ManageCompany) = company::email::form_page,
        post(ManageCompany) = company::email::send_test
    );
    route!(scope, urls::SETTINGS, get(ManageCompany) = company::routes::settings, post(ManageCompany) = company::routes::update)
}

/// Registers the list of apps, an app's overview and its settings.
fn app_routes(scope: Scope) -> Scope {
    let scope = route!(scope, urls::APPS, get(ViewApps) = apps::routes::index);
    let scope = route!(scope, urls::APPS_NEW, get(ManageApps) = apps::routes::new);
    let scope =
        route!(scope, urls::APPS_CREATE, get(ManageApps) = apps::routes::form_page, post(ManageApps) = apps::routes::create);
    let scope = route!(scope, urls::APPS_CHOOSE, get(ViewApps) = apps::routes::choose);
    let scope =
        route!(scope, urls::APP_SETTINGS, get(ManageApps) = apps::routes::settings, post(ManageApps) = apps::routes::update);
    let scope =
        route!(scope, urls::APP_DOMAIN, get(ManageApps) = apps::routes::domain, post(ManageApps) = apps::routes::update_domain);
    let scope = route!(
        scope,
        urls::APP_ENABLED,
        get(ManageApps) = apps::routes::enabled_page,
        post(ManageApps) = apps::routes::update_enabled
    );
    let scope = route!(scope, urls::TOKENS, get(ManageTokens) = tokens::index, post(ManageTokens) = tokens::create);
    let scope = route!(scope, urls::TOKEN_REMOVAL, get(ManageTokens) = tokens::ask_removal, post(ManageTokens) = tokens::remove);
    route!(scope, urls::APP, get(ViewPayments) = overview::routes::show)
}

/// Registers Payment Gateway Settings and the wizard.
fn setup_routes(scope: Scope) -> Scope {
    let scope = route!(scope, urls::CONNECTIONS, get(ManageConnections) = list::index, post(ManageConnections) = list::create);
    let scope = route!(scope, urls::CONNECTION, get(ManageConnections) = list::show);
    let scope = route!(
        scope,
        urls::CONNECTION_ENABLED,
        get(ManageConnections) = list::form_page,
        post(ManageConnections) = list::update_enabled
    );
    let scope = route!(
        scope,
        urls::CREDENTIALS,
        get(ManageConnections) = credentials::show,
        post(ManageConnections) = credentials::update
    );
    let scope = route!(
        scope,
        urls::CREDENTIALS_CHECK,
        get(ManageConnections) = credentials::form_page,
        post(ManageConnections) = credentials::check
    );
    let scope = route!(scope, urls::WEBHOOK_STEP, get(ManageConnections) = webhook::show);
    let scope =
        route!(scope, urls::WEBHOOK_REVEAL, get(ManageConnections) = webhook::form_page, post(ManageSecrets) = webhook::reveal);
    let scope = route!(scope, urls::WEBHOOK_ROTATION, get(ManageSecrets) = rotation::ask, post(ManageSecrets) = rotation::create);
    let scope = route!(scope, urls::WEBHOOK_SECRETS_NEW, get(ManageSecrets) = import_secret::new);
    let scope = route!(
        scope,
        urls::WEBHOOK_SECRETS,
        get(ManageSecrets) = secrets_view::show,
        post(ManageSecrets) = import_secret::create
    );
    let scope =
        route!(scope, urls::WEBHOOK_RETIREMENT, get(ManageSecrets) = retirement::ask, post(ManageSecrets) = retirement::create);
    let scope = route!(
        scope,
        urls::WEBHOOK_ACCOUNTS,
        get(ManageConnections) = webhook::form_page,
        post(ManageConnections) = account_mismatch::accept
    );
    let scope = route!(
        scope,
        urls::WEBHOOK_CHECK,
        get(ManageConnections) = webhook::form_page,
        post(ManageConnections) = setup::url_check::check
    );
    let scope = route!(
        scope,
        urls::WEBHOOK_TEST,
        get(ManageConnections) = webhook::form_page,
        post(ManageConnections) = setup::test_event::send
    );
    let scope = route!(scope, urls::WEBHOOK_STREAM, get(ManageConnections) = stream::show);
    let scope = route!(
        scope,
        urls::WEBHOOK_DONE,
        get(ManageConnections) = webhook::form_page,
        post(ManageConnections) = webhook::complete
    );
    let scope = route!(
        scope,
        urls::WEBHOOK_UNDONE,
        get(ManageConnections) = webhook::form_page,
        post(ManageConnections) = webhook::reopen
    );
    let scope = route!(scope, urls::INTEGRATION, get(ManageConnections) = integration::show);
    let scope = route!(
        scope,
        urls::INTEGRATION_DONE,
        get(ManageConnections) = integration::form_page,
        post(ManageConnections) = integration::complete
    );
    let scope = route!(
        scope,
        urls::INTEGRATION_UNDONE,
        get(ManageConnections) = integration::form_page,
        post(ManageConnections) = integration::reopen
    );
    route!(scope, urls::SECURITY, get(ManageApps) = security::show, post(ManageApps) = security::update)
}

/// Registers destinations and their deliveries.
fn destination_routes(scope: Scope) -> Scope {
    use destinations::{actions, delivery, detail, edit, headers, list, replay, secret, test_event};
    let scope = route!(scope, urls::DESTINATIONS, get(ManageDestinations) = list::index, post(ManageDestinations) = edit::create);
    let scope = route!(scope, urls::DESTINATIONS_NEW, get(ManageDestinations) = edit::new);
    let scope = route!(scope, urls::DESTINATION, get(ManageDestinations) = detail::show, post(ManageDestinations) = edit::update);
    let scope = route!(scope, urls::DESTINATION_EDIT, get(ManageDestinations) = edit::ask);
    let scope = route!(
        scope,
        urls::DESTINATION_PAUSE,
        get(ManageDestinations) = detail::form_page,
        post(ManageDestinations) = actions::pause
    );
    let scope = route!(
        scope,
        urls::DESTINATION_RESUME,
        get(ManageDestinations) = detail::form_page,
        post(ManageDestinations) = actions::resume
    );
    let scope = route!(
        scope,
        urls::DESTINATION_DELETION,
        get(ManageDestinations) = actions::ask_deletion,
        post(ManageDestinations) = actions::delete
    );
    let scope = route!(
        scope,
        urls::DESTINATION_TEST,
        get(ManageDestinations) = detail::form_page,
        post(ManageDestinations) = test_event::send
    );
    let scope = route!(
        scope,
        urls::DESTINATION_REPLAY,
        get(ManageDestinations) = replay::ask_failed,
        post(ManageDestinations) = replay::start_failed
    );
    let scope =
        route!(scope, urls::DESTINATION_REPLAYS, get(ManageDestinations) = replay::ask, post(ManageDestinations) = replay::start);
    let scope = route!(
        scope,
        urls::DESTINATION_REPLAY_CANCELLATION,
        get(ManageDestinations) = detail::form_page,
        post(ManageDestinations) = replay::cancel
    );
    let scope = route!(
        scope,
        urls::DESTINATION_SEND_WAITING,
        get(ManageDestinations) = detail::form_page,
        post(ManageDestinations) = actions::send_waiting
    );
    let scope = route!(
        scope,
        urls::DESTINATION_ROTATION,
        get(ManageDestinations) = secret::ask,
        post(ManageDestinations) = secret::rotate
    );
    let scope = route!(
        scope,
        urls::DESTINATION_HEADERS,
        get(ManageDestinations) = headers::show,
        post(ManageDestinations) = headers::set
    );
    let scope = route!(
        scope,
        urls::DESTINATION_HEADER_REMOVAL,
        get(ManageDestinations) = headers::form_page,
        post(ManageDestinations) = headers::remove
    );
    let scope = route!(
        scope,
        urls::DESTINATION_REVEAL,
        get(ManageDestinations) = detail::form_page,
        post(ManageDestinations) = secret::reveal
    );
    let scope = route!(scope, urls::DELIVERY, get(ManageDestinations) = delivery::show);
    let scope = route!(
        scope,
        urls::DELIVERY_REPLAY,
        get(ManageDestinations) = delivery::form_page,
        post(ManageDestinations) = delivery::replay
    );
    route!(scope, urls::DELIVERY_SKIP, get(ManageDestinations) = delivery::form_page, post(ManageDestinations) = delivery::skip)
}

/// Registers automations. The routes of a new one and of automatic refunds stand before that of one.
fn automation_routes(scope: Scope) -> Scope {
    use automations::{actions, detail, edit, index, run};
    let scope = automatic_refund_routes(scope);
    let scope = route!(scope, urls::AUTOMATIONS, get(ManageAutomations) = index::index);
    let scope = route!(scope, urls::AUTOMATION_NEW, get(ManageAutomations) = edit::new, post(ManageAutomations) = edit::create);
    let scope = route!(scope, urls::AUTOMATION, get(ManageAutomations) = detail::show);
    let scope = route!(scope, urls::AUTOMATION_EDIT, get(ManageAutomations) = edit::edit, post(ManageAutomations) = edit::update);
    let scope = route!(
        scope,
        urls::AUTOMATION_STATE,
        get(ManageAutomations) = actions::form_page,
        post(ManageAutomations) = actions::turn
    );
    let scope = route!(
        scope,
        urls::AUTOMATION_REMOVAL,
        get(ManageAutomations) = actions::ask_removal,
        post(ManageAutomations) = actions::remove
    );
    let scope = route!(scope, urls::AUTOMATION_RUN, get(ManageAutomations) = run::show);
    route!(scope, urls::AUTOMATION_RUN_REQUEST, get(ManageAutomations) = run::ask, post(ManageAutomations) = run::request)
}

/// Registers the refunds that automations start. The routes of the settings stand before that of one refund.
fn automatic_refund_routes(scope: Scope) -> Scope {
    use automations::refunds::{confirm, list, settings};
    let scope = route!(scope, urls::AUTOMATIC_REFUNDS, get(RefundPayments) = list::index);
    let scope = route!(
        scope,
        urls::AUTOMATIC_REFUND_LIMITS,
        get(RefundPayments) = settings::form_page,
        post(RefundPayments) = settings::set_limits
    );
    let scope = route!(
        scope,
        urls::AUTOMATIC_REFUND_SWITCH,
        get(RefundPayments) = settings::form_page,
        post(RefundPayments) = settings::turn
    );
    route!(scope, urls::AUTOMATIC_REFUND, get(RefundPayments) = confirm::show, post(RefundPayments) = confirm::decide)
}

/// Registers alerts. The routes of all of them stand before that of one.
fn alert_routes(scope: Scope) -> Scope {
    use alerts::{detail, digest, index, rule};
    let scope = route!(scope, urls::ALERTS, get(ManageAlerts) = index::index);
    let scope = route!(scope, urls::ALERTS_MUTE, get(ManageAlerts) = index::form_page, post(ManageAlerts) = index::mute);
    let scope = route!(scope, urls::ALERTS_QUIET, get(ManageAlerts) = index::form_page, post(ManageAlerts) = index::set_quiet);
    let scope = route!(scope, urls::ALERTS_DIGEST, get(ManageAlerts) = index::form_page, post(ManageAlerts) = digest::update);
    let scope = route!(scope, urls::ALERT_RULE, get(ManageAlerts) = rule::show, post(ManageAlerts) = rule::update);
    let scope = route!(scope, urls::ALERT_RULE_TEST, get(ManageAlerts) = rule::form_page, post(ManageAlerts) = rule::test);
    let scope = route!(scope, urls::ALERT, get(ManageAlerts) = detail::show);
    route!(scope, urls::ALERT_ACKNOWLEDGEMENT, get(ManageAlerts) = detail::form_page, post(ManageAlerts) = detail::acknowledge)
}

/// Liveness check.
async fn healthz() -> HttpResponse {
    health(StatusCode::OK, "ok\n")
}

/// Builds a response that no cache stores: a cached one would be outdated.
fn health(status: StatusCode, text: &'static str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/plain")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(text)
}

/// Timeout of a readiness probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(4);

/// Readiness check: the server can store an event now. A probe writes to the database, and requests are not authenticated, so
/// all requests that arrive during a probe share the next one.
async fn readyz(state: Data<State>) -> HttpResponse {
    let asked = Instant::now();
    let mut probed = state.probed.lock().await;
    let is_ready = match *probed {
        Some((begun, is_ready)) if begun >= asked => is_ready,
        _ => {
            let begun = Instant::now();
            let is_ready = !state.ingestion.has_recent_write_failure() && probe(&state).await;
            *probed = Some((begun, is_ready));
            is_ready
        }
    };
    if is_ready {
        health(StatusCode::OK, "ready\n")
    } else {
        health(StatusCode::SERVICE_UNAVAILABLE, "not ready: nothing can be stored\n")
    }
}

/// Returns whether the database accepts a commit, and its secrets are encrypted with this server's key.
async fn probe(state: &State) -> bool {
    let probing = async {
        state.db.probe().await?;
        master_key::fits(&state.db, &state.vault).await
    };
    match tokio::time::timeout(PROBE_TIMEOUT, probing).await {
        Ok(Ok(true)) => true,
        Ok(Ok(false)) => {
            tracing::error!(target: telemetry::OUTSIDE, "the database is bound to another master key: use the same key on every server");
            false
        }
        Ok(Err(error)) => {
            tracing::warn!(target: telemetry::OUTSIDE, %error, "not ready");
            false
        }
        Err(_) => false,
    }
}
