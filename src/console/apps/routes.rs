//! Pages of KS Pay: the list of apps, registration, and settings.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use serde::Deserialize;

use super::{
    forms::{AppForm, DomainForm, EnabledForm},
    views,
};
use crate::{
    accounts::authz::UseCaseError,
    apps::{
        self, App, store,
        zones::{AskOutcome, MAX_ZONE_CHANGES},
    },
    connections::{self, Connection, app_health},
    console::{
        http::{
            confirmation::{self, SensitiveAction},
            error::AppError,
            form::{FieldError, FieldErrors, domain_error},
            layout::{AppEntry, ConsoleEntry, Layout},
            page::{RequestContext, see_other},
            signed_form::SignedForm,
        },
        read_models::{alerts::of_viewers_destinations, rejection_summary},
    },
    db::DbError,
    i18n::{Text, code, isolate},
    messages::{
        self, countries,
        text::{self, apps as t, layout, time_zones},
    },
    primitives::{id::AppId, zone::Zone},
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// The search text and page number of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    q: String,
    page: String,
}

/// The query of the page that selects an app.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Choice {
    app: String,
    q: String,
    go: String,
    /// The tab to open, and the mode to keep.
    tab: String,
    mode: String,
}

impl Choice {
    /// Returns the page of the app's settings to open.
    fn target(&self, app: AppId) -> String {
        let tab = urls::SETTINGS_TABS.into_iter().find(|tab| *tab == self.tab).unwrap_or(urls::SETTINGS_TABS[0]);
        let page = urls::in_settings(app, tab);
        self.mode.parse().map_or(page.clone(), |mode| urls::in_mode(&page, mode))
    }
}

/// `GET /ks-pay`
pub(crate) async fn index(page: RequestContext, search: Query<Search>) -> Answer {
    let mut reader = page.state.db.page_reader().await?;
    let all = app_health::list(&mut reader, page.signed_in.company.id, page.now).await?;
    // The page shows only the most urgent one.
    let worst = app_health::list_needing_attention(&all, page.now).into_iter().take(1);
    let causes = rejection_summary::causes(&mut reader, worst.map(|(app, webhook)| (app, &webhook.activity))).await?;
    let destinations = of_viewers_destinations(&page, &mut reader, &all).await?;
    drop(reader);
    let layout = page.layout(layout::ks_pay_dashboard()).console(ConsoleEntry::Applications);
    let layout = layout.crumb(text::layout::applications(), urls::APPLICATIONS);
    let view = views::Index::new(layout, (&all, &causes, destinations), &search.q, search.page.parse().unwrap_or(1), page.now);
    if view.search_error.is_some() { page.unprocessable(&view) } else { page.ok(&view) }
}

/// `GET /ks-pay/apps/new`
pub(crate) async fn new(page: RequestContext) -> Answer {
    page.ok(&new_page(&page, AppForm::fresh(), FieldErrors::default()))
}

/// `POST /ks-pay/apps`
pub(crate) async fn create(posted: SignedForm<AppForm>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let details = match form.parse() {
        Ok(details) => details,
        Err(errors) => return page.unprocessable(&new_page(&page, form, errors)),
    };
    let mut tx = page.state.db.begin().await?;
    match apps::create(&mut tx, page.signed_in.company.id, &details, (&page.actor(), page.now)).await {
        Err(UseCaseError::Db(DbError::NotUnique)) => {
            drop(tx);
            page.unprocessable(&new_page(&page, form, name_taken()))
        }
        created => {
            let app = created?;
            tx.commit().await?;
            Ok(page.redirect(&urls::app(app), t::registered_now(isolate(&details.name))))
        }
    }
}

/// `GET /ks-pay/settings`: selects the app for those who come from outside an app; its select on top of an app's settings leads
/// through here as well.
pub(crate) async fn choose(page: RequestContext, choice: Query<Choice>) -> Answer {
    let chosen = if choice.app.is_empty() { None } else { Some(page.app(&choice.app).await?) };
    if let Some(app) = chosen.as_ref().filter(|_| !choice.go.is_empty()) {
        return Ok(see_other(&choice.target(app.id)));
    }
    let mut reader = page.state.db.page_reader().await?;
    let apps = store::list(&mut reader, page.signed_in.company.id).await?;
    drop(reader);
    let layout = page.layout(t::settings_of_app()).below_ks_pay().console(ConsoleEntry::Applications);
    let mut choose = views::Choose::new(layout, &apps, chosen.map(|app| app.id), &choice.q);
    if choose.search_error.is_some() {
        return page.unprocessable(&choose);
    }
    if choice.go.is_empty() {
        return page.ok(&choose);
    }
    choose.error = Some(t::choose_first());
    page.unprocessable(&choose)
}

/// `GET /ks-pay/apps/{app}/settings`
pub(crate) async fn settings(page: RequestContext, path: Path<String>) -> Answer {
    let app = page.app(&path).await?;
    let form = AppForm::of(&app);
    page.ok(&settings_page(&page, app, form, FieldErrors::default()))
}

/// `POST /ks-pay/apps/{app}/settings`
pub(crate) async fn update(path: Path<String>, posted: SignedForm<AppForm>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let app = page.app(&path).await?;
    let details = match form.parse() {
        Ok(details) => details,
        Err(errors) => return page.unprocessable(&settings_page(&page, app, form, errors)),
    };
    let asked = details.zone.filter(|zone| form.is_chosen(*zone) && *zone != app.next_zone.unwrap_or(app.zone));
    if let Some(zone) = asked.filter(|zone| *zone != app.zone && !form.is_confirmed()) {
        let layout = app_shell(&page, &app, time_zones::change_title(zone.name()));
        return page.ask(&views::TimeZone { layout, app, zone, form });
    }
    let (mut tx, by) = (page.state.db.begin().await?, (&page.actor(), page.now));
    match apps::update(&mut tx, &app, &details, by).await {
        Err(UseCaseError::Db(DbError::NotUnique)) => {
            drop(tx);
            return page.unprocessable(&settings_page(&page, app, form, name_taken()));
        }
        updated => updated?,
    }
    if let Some(zone) = asked {
        // A pending change can always be cancelled.
        let is_too_often = zone != app.zone && page.state.zone_changes.check(&app.company_id).is_err();
        let refused = if is_too_often {
            Some(zone_error("changed-too-often", time_zones::changed_too_often()))
        } else if apps::zones::ask(&mut tx, &app, zone, by).await? == AskOutcome::LimitReached {
            Some(zone_error("too-many-changes", time_zones::too_many_changes(MAX_ZONE_CHANGES)))
        } else {
            None
        };
        if let Some(errors) = refused {
            drop(tx);
            return page.unprocessable(&settings_page(&page, app, form, errors));
        }
    }
    tx.commit().await?;
    Ok(page.redirect(&urls::app_settings(app.id), saved(&app, asked)))
}

/// `GET /ks-pay/apps/{app}/settings/domain`
pub(crate) async fn domain(page: RequestContext, path: Path<String>) -> Answer {
    let app = page.app(&path).await?;
    let typed = app.domain.clone().unwrap_or_default();
    page.ok(&domain_page(&page, app, typed, None))
}

/// `POST /ks-pay/apps/{app}/settings/domain`
pub(crate) async fn update_domain(path: Path<String>, posted: SignedForm<DomainForm>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let app = page.app(&path).await?;
    let domain = match apps::domain::parse(&form.domain) {
        Ok(domain) => domain,
        Err(fault) => return page.unprocessable(&domain_page(&page, app, form.domain, Some(domain_error(fault)))),
    };
    let mut tx = page.state.db.begin().await?;
    apps::update_domain(&mut tx, &app, &domain, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    Ok(page.redirect(&urls::app_domain(app.id), t::domain_saved(code(&domain))))
}

/// `POST /ks-pay/apps/{app}/enabled`: enabling takes effect immediately, disabling asks first, also for the password.
pub(crate) async fn update_enabled(path: Path<String>, posted: SignedForm<EnabledForm>) -> Answer {
    let SignedForm { page, form, action } = posted;
    let app = page.app(&path).await?;
    if !form.is_enabled && !form.is_confirmed() {
        let mut reader = page.state.db.page_reader().await?;
        let connected = connections::store::list_of_app(&mut reader, app.company_id, app.id).await?;
        drop(reader);
        let gateways: Vec<_> = connected.iter().filter(|one: &&Connection| one.is_enabled).map(|one| one.gateway).collect();
        let layout = app_shell(&page, &app, t::disable_title(isolate(&app.name)));
        return page.ask(&views::Disable::new(layout, app, form.back(), &gateways));
    }
    if !form.is_enabled {
        let layout = || app_shell(&page, &app, confirmation::TITLE);
        let of = SensitiveAction { what: messages::access::disable(isolate(&app.name)), back: form.back(), layout };
        confirmation::require(&page, &action, of).await?;
    }
    let mut tx = page.state.db.begin().await?;
    apps::set_enabled(&mut tx, &app, form.is_enabled, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    tracing::info!(app = %app.id, by = %page.signed_in.user.id, is_enabled = form.is_enabled, "an app was enabled or disabled");
    let name = isolate(&app.name);
    Ok(page.redirect(&form.back(), if form.is_enabled { t::now_enabled(name) } else { t::now_disabled(name) }))
}

/// `GET /ks-pay/apps`
pub(crate) async fn form_page(_: RequestContext) -> Answer {
    Ok(see_other(urls::APPS_NEW))
}

/// `GET /ks-pay/apps/{app}/enabled`
pub(crate) async fn enabled_page(page: RequestContext, path: Path<String>) -> Answer {
    Ok(see_other(&urls::app_settings(page.app(&path).await?.id)))
}

/// Returns what was saved, and the time zone that was asked for.
fn saved(app: &App, asked: Option<Zone>) -> Text {
    match asked {
        None => t::saved(),
        Some(zone) if zone == app.zone => time_zones::change_cancelled(zone.name()),
        Some(zone) => time_zones::change_asked(zone.name(), app.zone.name()),
    }
}

fn name_taken() -> FieldErrors {
    FieldError::new("known", text::forms::app_name_taken()).at("name")
}

fn zone_error(reason: &'static str, text: Text) -> FieldErrors {
    FieldError::new(reason, text).at("time_zone")
}

fn new_page(page: &RequestContext, form: AppForm, errors: FieldErrors) -> views::New {
    let layout = page.layout(text::shared::add_app()).console(ConsoleEntry::Applications).below_ks_pay();
    let zone_texts = (time_zones::by_country(page.signed_in.company.zone.name()), time_zones::of_new_app());
    views::New { layout, form, errors, zone_texts, countries: countries::sorted(page.locale) }
}

/// Creates the layout of an app's settings pages.
fn app_shell(page: &RequestContext, app: &App, title: Text) -> Layout {
    page.layout(title).app(app, AppEntry::Settings, None).below_app(app)
}

fn settings_page(page: &RequestContext, app: App, form: AppForm, errors: FieldErrors) -> views::Settings {
    let layout = app_shell(page, &app, t::general_settings());
    let zone_texts = (Text::default(), time_zones::of_app());
    let countries = countries::sorted(page.locale);
    views::Settings { layout, app_id: app.id, tab: "general", app, form, errors, zone_texts, countries }
}

fn domain_page(page: &RequestContext, app: App, typed: String, error: Option<FieldError>) -> views::Domain {
    let layout = app_shell(page, &app, t::domain());
    views::Domain { layout, app_id: app.id, tab: "domain", app, typed, error }
}
