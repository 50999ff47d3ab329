//! The route table of the server, and the middleware of the pages.
//!
//! Webhook endpoints are intercepted earlier (`ingestion::routes::intercept_webhooks`). They and the health checks need no
//! middleware of the pages: no session, no CSRF protection, no compression.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    middleware::{Compress, from_fn},
    web::{self, Data, ServiceConfig},
};

use tokio::time::Instant;

use crate::{
    console::{
        dashboard,
        http::{self as site, state::State},
        overview,
        setup::{
            account_mismatch, credentials, import_secret, integration, list, retirement, rotation, security, stream, webhook,
        },
    },
    server::master_key,
    telemetry, urls,
};

/// Registers a path with the handler of each of its methods; `get` includes HEAD.
macro_rules! route {
    ($scope:expr, $path:expr, $($method:ident = $handler:expr),+) => {{
        let resource = web::resource($path);
        $(let resource = route!(@ resource, $method, $handler);)+
        $scope.service(resource)
    }};
    (@ $resource:ident, get, $handler:expr) => {
        $resource.route(web::get().to($handler)).route(web::head().to($handler))
    };
    (@ $resource:ident, post, $handler:expr) => {
        $resource.route(web::post().to($handler))
    };
}

/// Registers all routes.
pub(crate) fn configure(config: &mut ServiceConfig) {
    route!(config, urls::HEALTHZ, get = healthz);
    route!(config, urls::READYZ, get = readyz);
    config.service(pages());
}

/// Registers all pages. Routes are matched in order, hottest first. The middleware added last is outermost, so error pages have the
/// headers too. `GET` of a form's action redirects to the page with the form, since browsers request it after Back or when the URL
/// of a response is opened again; only sign-out has no such page.
fn pages() -> impl actix_web::dev::HttpServiceFactory {
    let scope = web::scope("");
    let scope = route!(scope, urls::STATIC, get = site::assets::serve);
    let scope = route!(scope, urls::TRANSACTIONS, get = crate::console::payments::routes::index);
    let scope = route!(scope, urls::TRANSACTION, get = crate::console::payments::routes::show);
    let scope = route!(scope, urls::EVENTS, get = crate::console::events::routes::index);
    let scope = route!(scope, urls::EVENT, get = crate::console::events::routes::show);
    let scope = route!(scope, urls::REJECTIONS, get = crate::console::rejections::routes::index);
    let scope = route!(
        scope,
        urls::SETUP,
        get = crate::console::accounts::routes::setup_form,
        post = crate::console::accounts::routes::set_up
    );
    let scope = route!(
        scope,
        urls::LOGIN,
        get = crate::console::accounts::routes::login,
        post = crate::console::accounts::routes::sign_in
    );
    let scope = route!(scope, urls::FORGOTTEN, get = crate::console::accounts::routes::forgotten);
    let scope = route!(scope, urls::LOGOUT, post = crate::console::accounts::routes::sign_out);
    let scope = route!(
        scope,
        urls::PERSONAL_INFO,
        get = crate::console::accounts::person::show,
        post = crate::console::accounts::person::update
    );
    let scope = route!(
        scope,
        urls::PASSWORD,
        get = crate::console::accounts::person::form_page,
        post = crate::console::accounts::person::update_password
    );
    let scope = route!(
        scope,
        urls::CONFIRMATION,
        get = crate::console::accounts::person::ask,
        post = crate::console::accounts::person::confirm
    );
    let scope = route!(
        scope,
        urls::OTHER_SESSIONS_REMOVAL,
        get = crate::console::accounts::person::form_page,
        post = crate::console::accounts::person::sign_out_elsewhere
    );
    let scope = route!(scope, urls::CONNECTIONS, get = list::index, post = list::create);
    let scope = route!(scope, urls::CONNECTION, get = list::show);
    let scope = route!(scope, urls::CONNECTION_ENABLED, get = list::form_page, post = list::update_enabled);
    let scope = route!(scope, urls::CREDENTIALS, get = credentials::show, post = credentials::update);
    let scope = route!(scope, urls::CREDENTIALS_CHECK, get = credentials::form_page, post = credentials::check);
    let scope = route!(scope, urls::WEBHOOK_STEP, get = webhook::show);
    let scope = route!(scope, urls::WEBHOOK_REVEAL, get = webhook::form_page, post = webhook::reveal);
    let scope = route!(scope, urls::WEBHOOK_ROTATION, get = rotation::ask, post = rotation::create);
    let scope = route!(scope, urls::WEBHOOK_SECRETS_NEW, get = import_secret::new);
    let scope = route!(scope, urls::WEBHOOK_SECRETS, get = import_secret::form_page, post = import_secret::create);
    let scope = route!(scope, urls::WEBHOOK_RETIREMENT, get = retirement::ask, post = retirement::create);
    let scope = route!(scope, urls::WEBHOOK_ACCOUNTS, get = webhook::form_page, post = account_mismatch::accept);
    let scope = route!(scope, urls::WEBHOOK_CHECK, get = webhook::form_page, post = crate::console::setup::url_check::check);
    let scope = route!(scope, urls::WEBHOOK_STREAM, get = stream::show);
    let scope = route!(scope, urls::WEBHOOK_DONE, get = webhook::form_page, post = webhook::complete);
    let scope = route!(scope, urls::WEBHOOK_UNDONE, get = webhook::form_page, post = webhook::reopen);
    let scope = route!(scope, urls::INTEGRATION, get = integration::show);
    let scope = route!(scope, urls::INTEGRATION_DONE, get = integration::form_page, post = integration::complete);
    let scope = route!(scope, urls::INTEGRATION_UNDONE, get = integration::form_page, post = integration::reopen);
    let scope = route!(scope, urls::SECURITY, get = security::show, post = security::update);
    let scope = route!(scope, urls::DASHBOARD, get = dashboard::routes::show);
    let scope = route!(scope, urls::APPLICATIONS, get = dashboard::routes::applications);
    let scope = route!(
        scope,
        urls::SETTINGS,
        get = crate::console::company::routes::settings,
        post = crate::console::company::routes::update
    );
    let scope = route!(scope, urls::APPS, get = crate::console::apps::routes::index);
    let scope = route!(scope, urls::APPS_NEW, get = crate::console::apps::routes::new);
    let scope = route!(
        scope,
        urls::APPS_CREATE,
        get = crate::console::apps::routes::form_page,
        post = crate::console::apps::routes::create
    );
    let scope = route!(scope, urls::APPS_CHOOSE, get = crate::console::apps::routes::choose);
    let scope = route!(
        scope,
        urls::APP_SETTINGS,
        get = crate::console::apps::routes::settings,
        post = crate::console::apps::routes::update
    );
    let scope = route!(
        scope,
        urls::APP_DOMAIN,
        get = crate::console::apps::routes::domain,
        post = crate::console::apps::routes::update_domain
    );
    let scope = route!(
        scope,
        urls::APP_ENABLED,
        get = crate::console::apps::routes::enabled_page,
        post = crate::console::apps::routes::update_enabled
    );
    let scope = route!(scope, urls::APP, get = overview::routes::show);
    let scope = route!(scope, urls::TRANSACTIONS_CSV, get = crate::console::payments::routes::download);
    let scope = route!(scope, urls::EVENT_BODY, get = crate::console::events::routes::body);
    let scope = route!(scope, urls::REJECTION, get = crate::console::rejections::routes::show);
    let scope = route!(scope, urls::REJECTION_BODY, get = crate::console::rejections::routes::body);
    let scope = route!(
        scope,
        urls::REJECTION_ACCEPTANCE,
        get = crate::console::rejections::routes::form_page,
        post = crate::console::rejections::routes::accept
    );
    let scope = route!(
        scope,
        urls::REJECTION_RECOVERY,
        get = crate::console::rejections::routes::form_page,
        post = crate::console::rejections::routes::recover
    );
    scope
        .app_data(web::QueryConfig::default().error_handler(|_, _| site::error::AppError::BadRequest.into()))
        .app_data(web::PathConfig::default().error_handler(|_, _| site::error::AppError::NotFound.into()))
        .default_service(web::to(HttpResponse::NotFound))
        .wrap(from_fn(site::error::pages))
        .wrap(Compress::default())
        .wrap(from_fn(site::headers::add))
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
            let is_ready = !state.ingestion.is_in_trouble() && probe(&state).await;
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
