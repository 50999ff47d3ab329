//! View models of the list of apps, registration, settings, and the confirmation before an app is disabled.

use askama::Template;

use super::forms::AppForm;
use crate::{
    apps::App,
    connections::app_health::{self, AppWithWebhooks},
    console::{
        http::{
            form::{FieldError, FieldErrors},
            layout::Layout,
            page_slice::Slice,
        },
        read_models::alerts::{Alert, trouble},
    },
    gateways::Gateway,
    i18n::{self, Text},
    messages::{
        self, countries,
        rejections::Causes,
        text::{apps as t, shared, time_zones},
    },
    primitives::{email, id::AppId, time::Timestamp, zone::Zone},
    urls,
};

/// Number of apps on a page of the list.
const PAGE_SIZE: usize = 50;
/// Number of apps offered without a search: few enough to keep the button below them visible.
const MAX_CHOICES: usize = 10;

/// An app in the list.
pub(crate) struct Row<'a> {
    pub(crate) app: &'a App,
    pub(crate) country: Text,
    pub(crate) health: Vec<messages::Health>,
}

impl Row<'_> {
    fn url(&self) -> String {
        urls::app(self.app.id)
    }

    fn enabled_url(&self) -> String {
        urls::app_enabled(self.app.id)
    }

    /// The email address in the parts between which a line may break.
    fn email_parts(&self) -> Vec<String> {
        let read = email::to_unicode(&self.app.email);
        read.split_inclusive(['@', '.', '-', '_', '+']).map(str::to_owned).collect()
    }
}

/// `/ks-pay`
#[derive(Template)]
#[template(path = "apps/index.html")]
pub(crate) struct Index<'a> {
    pub(crate) layout: Layout,
    pub(crate) search: &'a str,
    pub(crate) search_error: Option<FieldError>,
    pub(crate) slice: Slice<'a, AppWithWebhooks>,
    /// Number of the company's apps, regardless of the search.
    pub(crate) count: usize,
    pub(crate) trouble: Vec<Alert>,
    pub(crate) now: Timestamp,
}

impl<'a> Index<'a> {
    pub(crate) fn new(
        layout: Layout,
        (all, causes, destinations): (&'a [AppWithWebhooks], &Causes, Vec<Alert>),
        search: &'a str,
        page: usize,
        now: Timestamp,
    ) -> Self {
        let search_error =
            (!app_health::is_searchable(search)).then(|| FieldError::new("unsearchable", messages::text::lists::no_search()));
        let is_found = |listed: &&AppWithWebhooks| search_error.is_none() && app_health::matches(&listed.app, search);
        let found = all.iter().filter(is_found).collect();
        Self {
            layout,
            search_error,
            search: search.trim(),
            slice: Slice::of(found, PAGE_SIZE, page),
            count: all.len(),
            trouble: trouble(all, causes, now).into_iter().chain(destinations).collect(),
            now,
        }
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.slice.rows.iter().map(|listed| Row {
            app: &listed.app,
            country: countries::name(&listed.app.country).unwrap_or_else(|| Text::verbatim(&listed.app.country)),
            health: messages::webhook_health(listed, self.now),
        })
    }

    /// Summary of the list, shown next to its heading.
    fn sum(&self) -> Text {
        if self.trouble.is_empty() { t::count_newest_first(self.count) } else { t::count_urgent_first(self.count) }
    }

    /// URL of this page, used to return to it.
    fn here(&self) -> String {
        urls::apps_found(self.search, self.slice.number)
    }

    fn newer(&self) -> Option<String> {
        self.slice.newer().map(|page| urls::apps_found(self.search, page))
    }

    fn older(&self) -> Option<String> {
        self.slice.older().map(|page| urls::apps_found(self.search, page))
    }
}

/// `/ks-pay/apps/new`
#[derive(Template)]
#[template(path = "apps/new.html")]
pub(crate) struct New {
    pub(crate) layout: Layout,
    pub(crate) form: AppForm,
    pub(crate) errors: FieldErrors,
    /// The first option of the time zones, and their hint.
    pub(crate) zone_texts: (Text, Text),
    /// Codes and names.
    pub(crate) countries: Vec<(&'static str, Text)>,
}

/// `/ks-pay/settings`
#[derive(Template)]
#[template(path = "apps/choose.html")]
pub(crate) struct Choose<'a> {
    pub(crate) layout: Layout,
    pub(crate) search: &'a str,
    pub(crate) search_error: Option<FieldError>,
    pub(crate) chosen: Option<AppId>,
    pub(crate) slice: Slice<'a, App>,
    /// Number of the company's apps, regardless of the search.
    pub(crate) count: usize,
    pub(crate) error: Option<Text>,
}

impl<'a> Choose<'a> {
    /// Lists the chosen app first, whether or not the search matches it.
    pub(crate) fn new(layout: Layout, apps: &'a [App], chosen: Option<AppId>, search: &'a str) -> Self {
        let is_chosen = |app: &App| Some(app.id) == chosen;
        let search_error =
            (!app_health::is_searchable(search)).then(|| FieldError::new("unsearchable", messages::text::lists::no_search()));
        let is_found = |app: &App| search_error.is_none() && (is_chosen(app) || app_health::matches(app, search));
        let mut found: Vec<&App> = apps.iter().filter(|app| is_found(app)).collect();
        found.sort_by_key(|app| (!is_chosen(app), std::cmp::Reverse(app.id)));
        Self {
            layout,
            search: search.trim(),
            search_error,
            chosen,
            slice: Slice::of(found, MAX_CHOICES, 1),
            count: apps.len(),
            error: None,
        }
    }

    fn is_chosen(&self, app: &App) -> bool {
        Some(app.id) == self.chosen
    }
}

/// `/ks-pay/apps/{app}/settings`
#[derive(Template)]
#[template(path = "apps/settings.html")]
pub(crate) struct Settings {
    pub(crate) layout: Layout,
    pub(crate) app_id: AppId,
    pub(crate) tab: &'static str,
    pub(crate) app: App,
    pub(crate) form: AppForm,
    pub(crate) errors: FieldErrors,
    /// See [`New`].
    pub(crate) zone_texts: (Text, Text),
    pub(crate) countries: Vec<(&'static str, Text)>,
}

impl Settings {
    fn url(&self) -> String {
        urls::app_settings(self.app.id)
    }

    fn enabled_url(&self) -> String {
        urls::app_enabled(self.app.id)
    }
}

/// The confirmation before an app's time zone is changed.
#[derive(Template)]
#[template(path = "apps/time_zone.html")]
pub(crate) struct TimeZone {
    pub(crate) layout: Layout,
    pub(crate) app: App,
    pub(crate) zone: Zone,
    pub(crate) form: AppForm,
}

impl TimeZone {
    fn url(&self) -> String {
        urls::app_settings(self.app.id)
    }
}

/// `/ks-pay/apps/{app}/settings/domain`
#[derive(Template)]
#[template(path = "apps/domain.html")]
pub(crate) struct Domain {
    pub(crate) layout: Layout,
    pub(crate) app_id: AppId,
    pub(crate) tab: &'static str,
    pub(crate) app: App,
    pub(crate) typed: String,
    pub(crate) error: Option<FieldError>,
}

impl Domain {
    fn url(&self) -> String {
        urls::app_domain(self.app.id)
    }
}

/// The confirmation before an app is disabled.
#[derive(Template)]
#[template(path = "apps/disable.html")]
pub(crate) struct Disable {
    pub(crate) layout: Layout,
    pub(crate) app: App,
    pub(crate) back: String,
    pub(crate) losses: Vec<Text>,
}

impl Disable {
    pub(crate) fn new(layout: Layout, app: App, back: String, gateways: &[Gateway]) -> Self {
        Self { layout, app, back, losses: messages::disabling(gateways) }
    }

    fn enabled_url(&self) -> String {
        urls::app_enabled(self.app.id)
    }
}
