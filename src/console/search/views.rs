//! The page of the search.

use askama::Template;

use super::find::{Found, MAX_RESULTS};
use crate::{
    apps::App,
    console::http::{form::FieldError, layout::Layout},
    gateways::Mode,
    i18n::{self, Locale, Text, code, isolate},
    messages::{
        self,
        text::{apps, company, layout, overview, search as t, shared},
    },
    primitives::id::AppId,
    urls,
};

/// A result: what it is, and where it belongs.
pub(crate) struct Hit {
    pub(crate) url: String,
    pub(crate) icon: &'static str,
    pub(crate) text: Text,
    pub(crate) note: Text,
}

/// The results of a kind.
pub(crate) struct Group {
    /// Identifies it in tests and in the page.
    pub(crate) hook: &'static str,
    pub(crate) title: Text,
    pub(crate) hits: Vec<Hit>,
}

/// `/search`
#[derive(Template)]
#[template(path = "search/show.html")]
pub(crate) struct Search {
    pub(crate) layout: Layout,
    pub(crate) typed: String,
    pub(crate) error: Option<FieldError>,
    pub(crate) groups: Vec<Group>,
}

impl Search {
    pub(super) fn new(layout: Layout, typed: &str) -> Self {
        Self { layout, typed: typed.to_owned(), error: None, groups: Vec::new() }
    }

    /// Shows what was found, and the pages whose name matches. Without a text: the pages.
    pub(super) fn fill(&mut self, found: &Found, app: Option<&App>, (text, locale): (&str, Locale)) {
        let group = |hook, title, hits| Group { hook, title, hits };
        let names = |of: AppId| found.all_apps.iter().find(|app| app.id == of).map(|app| app.name.as_str()).unwrap_or_default();
        let note = |app: AppId, mode: Mode| t::of_app(isolate(names(app)), mode.label());
        let to_app = |app: &App| Hit {
            url: self.layout.keeping_mode(urls::app(app.id)),
            icon: "apps",
            text: Text::verbatim(isolate(&app.name)),
            note: Text::verbatim(code(app.id.to_string())),
        };
        let to_transaction = |payment: &crate::ledger::payments::Transaction| Hit {
            url: urls::transaction(payment.app, payment.id),
            icon: "transactions",
            text: t::payment(messages::payment_title(payment), code(&payment.payment_id)),
            note: note(payment.app, payment.mode),
        };
        let to_event = |event: &crate::events::Event| Hit {
            url: urls::event(event.app_id, event.id),
            icon: "events",
            text: messages::event_sentence(event),
            note: note(event.app_id, event.mode),
        };
        let to_rejection = |rejection: &crate::rejections::Rejection| Hit {
            url: urls::rejection(rejection.app_id, rejection.id),
            icon: "block",
            text: t::rejection(code(rejection.id.to_string())),
            note: note(rejection.app_id, rejection.mode),
        };
        let all = [
            group("found-apps", t::apps(), found.apps.iter().map(to_app).collect::<Vec<_>>()),
            group("found-transactions", layout::transactions(), found.transactions.iter().map(to_transaction).collect()),
            group("found-events", layout::events(), found.events.iter().map(to_event).collect()),
            group("found-rejections", layout::rejections(), found.rejections.iter().map(to_rejection).collect()),
            group("found-pages", t::pages(), self.pages(app, (text, locale))),
        ];
        self.groups = all.into_iter().filter(|group| !group.hits.is_empty()).collect();
    }

    /// Returns the pages whose name contains the text, in the reader's language or in English; all of them without a text.
    fn pages(&self, app: Option<&App>, (text, locale): (&str, Locale)) -> Vec<Hit> {
        let wanted = text.to_lowercase();
        let is_wanted = |hit: &Hit| {
            [locale, Locale::English].iter().any(|locale| hit.text.to_plain(*locale).to_lowercase().contains(&wanted))
        };
        let most = if text.is_empty() { usize::MAX } else { MAX_RESULTS };
        let own = app.map(|app| self.pages_of(app)).unwrap_or_default();
        own.into_iter().chain(pages_of_console()).filter(is_wanted).take(most).collect()
    }

    fn pages_of(&self, app: &App) -> Vec<Hit> {
        let page = |url: String, icon, text| Hit { url: self.layout.keeping_mode(url), icon, text, note: Text::default() };
        let of_settings = |url: String, text| Hit { note: layout::settings(), ..page(url, "settings", text) };
        vec![
            page(urls::app(app.id), "overview", overview::title()),
            page(urls::transactions(app.id), "transactions", layout::transactions()),
            page(urls::events(app.id), "events", layout::events()),
            page(urls::rejections(app.id), "block", layout::rejections()),
            of_settings(urls::connections(app.id), apps::gateways()),
            of_settings(urls::app_settings(app.id), apps::general_settings()),
            of_settings(urls::app_domain(app.id), apps::domain()),
        ]
    }

    /// Returns the number of results.
    fn count(&self) -> usize {
        self.groups.iter().map(|group| group.hits.len()).sum()
    }
}

fn pages_of_console() -> Vec<Hit> {
    let page = |url: &str, icon, text| Hit { url: url.to_owned(), icon, text, note: Text::default() };
    vec![
        page(urls::APPS, "apps", layout::ks_pay_dashboard()),
        page(urls::APPS_NEW, "add", shared::add_app()),
        page(urls::DASHBOARD, "overview", messages::text::dashboard::dashboard()),
        page(urls::PERSONAL_INFO, "person", layout::personal_info()),
        page(urls::SETTINGS, "settings", company::company()),
    ]
}
