//! The layout of signed-in pages: top bar, mode, navigation, breadcrumbs, flash message.

use std::{borrow::Borrow, fmt, rc::Rc};

use askama::{FastWritable, Values, filters::HtmlSafe};
use unicode_segmentation::UnicodeSegmentation as _;

use super::shell::{self, ShellApp};
use crate::{
    accounts::Role,
    apps::App,
    connections::near_apps::NearApps,
    gateways::Mode,
    i18n::{HAS_ERRORS, Text, isolate},
    messages::{self, OffConnection, OtherMode, Warning, text::layout as t},
    urls,
};

/// Entry of the console's left menu.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConsoleEntry {
    Dashboard,
    PersonalInfo,
    Applications,
    Settings,
}

/// Entry of an app's left menu.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppEntry {
    Overview,
    Transactions,
    Events,
    Rejections,
    Destinations,
    Automations,
    Alerts,
    Settings,
}

impl AppEntry {
    /// Returns the entry of the page at a path below an app; `None` for a page of no entry.
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path.split('/').nth(4) {
            None | Some("") => Some(Self::Overview),
            Some("transactions" | "transactions.csv") => Some(Self::Transactions),
            Some("events") => Some(Self::Events),
            Some("rejections") => Some(Self::Rejections),
            Some("destinations") => Some(Self::Destinations),
            Some("automations") => Some(Self::Automations),
            Some("alerts") => Some(Self::Alerts),
            Some("settings") => Some(Self::Settings),
            Some(_) => None,
        }
    }
}

/// A link of the left menu.
pub(crate) struct NavLink {
    pub(crate) url: String,
    pub(crate) icon: &'static str,
    pub(crate) label: Text,
    pub(crate) is_current: bool,
    /// The title of the group that begins with it; without text for a rule alone.
    pub(crate) group: Option<Text>,
    /// True if it is in the menu *More* on a phone.
    pub(crate) is_in_more: bool,
}

impl NavLink {
    const fn new(url: String, icon: &'static str, label: Text, is_current: bool) -> Self {
        Self { url, icon, label, is_current, group: None, is_in_more: false }
    }

    fn begins(self, group: Text) -> Self {
        Self { group: Some(group), ..self }
    }

    fn in_more(self) -> Self {
        Self { is_in_more: true, ..self }
    }
}

/// A breadcrumb.
pub(crate) struct Breadcrumb {
    pub(crate) label: Text,
    pub(crate) url: String,
}

/// The mode of a page, with the URLs of the page in both modes.
pub(crate) struct ModeSwitch {
    pub(crate) current: Mode,
    pub(crate) test_url: String,
    pub(crate) live_url: String,
    /// The other mode, if a webhook of it needs attention.
    pub(crate) needs_attention: Option<Mode>,
    /// True if all that the page shows is of the mode.
    pub(crate) is_of_page: bool,
}

impl ModeSwitch {
    pub(crate) fn is_test(&self) -> bool {
        self.current == Mode::Test
    }

    /// True if that half of the switch has a mark.
    pub(crate) fn is_marked(&self, mode: Mode) -> bool {
        self.needs_attention == Some(mode)
    }
}

/// What was read for the frame of an app's page.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) near: Rc<NearApps>,
    /// The mode that was chosen for the app.
    pub(crate) chosen: Option<Mode>,
}

/// A flash message, shown once: a success, or a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flash {
    text: String,
    /// The reason of a warning, in kebab case; tests tell warnings apart by it.
    warning: Option<String>,
}

impl Flash {
    pub(crate) fn good(text: &str) -> Self {
        Self { text: text.to_owned(), warning: None }
    }

    pub(crate) fn warning(reason: &str, text: &str) -> Self {
        Self { text: text.to_owned(), warning: Some(reason.to_owned()) }
    }

    /// Encodes the message for the flash cookie.
    pub(super) fn carried(&self) -> String {
        match &self.warning {
            None => format!("{SUCCESS_PREFIX}{}", self.text),
            Some(reason) => format!("{WARNING_PREFIX}{reason}{WARNING_PREFIX}{}", self.text),
        }
    }

    pub(super) fn read(carried: &str) -> Option<Self> {
        let warning = || carried.strip_prefix(WARNING_PREFIX)?.split_once(WARNING_PREFIX);
        let read = carried.strip_prefix(SUCCESS_PREFIX).map(Self::good);
        read.or_else(|| warning().map(|(reason, text)| Self::warning(reason, text)))
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the reason of a warning, or that it is a success.
    pub(crate) fn reason(&self) -> &str {
        self.warning.as_deref().unwrap_or("success")
    }

    pub(crate) const fn class(&self) -> &'static str {
        if self.warning.is_none() { "is-good" } else { "is-warn" }
    }

    pub(crate) const fn icon(&self) -> &'static str {
        if self.warning.is_none() { "good" } else { "warn" }
    }
}

/// Prefixes of an encoded flash message; the one of warnings is also around the reason.
const SUCCESS_PREFIX: char = '+';
const WARNING_PREFIX: char = '!';

/// The layout around a page's content.
pub(crate) struct Layout {
    pub(crate) title: Text,
    pub(crate) csrf: String,
    pub(crate) user_name: String,
    pub(crate) user_role: Text,
    pub(crate) company_name: String,
    pub(crate) nav_label: Text,
    pub(crate) nav: Vec<NavLink>,
    pub(crate) crumbs: Vec<Breadcrumb>,
    /// URL of the page, used to return to it.
    pub(crate) here: String,
    pub(crate) frame: Frame,
    pub(crate) app: Option<ShellApp>,
    pub(crate) mode: Option<ModeSwitch>,
    /// What needs attention in the other mode.
    pub(crate) other_mode: Option<OtherMode>,
    /// Disabled connections of the mode.
    pub(crate) off: Vec<OffConnection>,
    pub(crate) flash: Option<Flash>,
    /// Warnings shown on every page.
    pub(crate) warnings: Vec<Warning>,
}

impl Layout {
    /// Returns up to two initials of the user.
    pub(crate) fn initials(&self) -> String {
        initials(&self.user_name)
    }

    /// Returns the window title: page, app with mode, product.
    pub(crate) fn window_title(&self) -> WindowTitle {
        WindowTitle(match (&self.app, &self.mode) {
            (None, _) => t::window_title(&self.title),
            (Some(app), Some(mode)) if mode.is_of_page => {
                t::window_title_in_mode(&self.title, isolate(&app.name), messages::mode(mode.current).label)
            }
            (Some(app), _) => t::window_title_in_app(&self.title, isolate(&app.name)),
        })
    }

    /// True for the last breadcrumb, the parent, which is the only one shown on phones.
    pub(crate) fn is_parent(&self, index: usize) -> bool {
        index + 1 == self.crumbs.len()
    }

    /// Appends a breadcrumb.
    pub(crate) fn crumb(mut self, label: impl Into<Text>, url: impl Into<String>) -> Self {
        self.crumbs.push(Breadcrumb { label: label.into(), url: url.into() });
        self
    }

    /// Appends the breadcrumbs of KS Pay, the parents of every page of an app.
    pub(crate) fn below_ks_pay(self) -> Self {
        self.crumb(t::applications(), urls::APPLICATIONS).crumb(t::ks_pay_dashboard(), urls::APPS)
    }

    /// Appends the breadcrumbs to an app.
    pub(crate) fn below_app(self, app: &App) -> Self {
        let overview = self.keeping_mode(urls::app(app.id));
        self.below_ks_pay().crumb(Text::verbatim(isolate(&app.name)), overview)
    }

    /// Returns a page of the app in the mode of this page.
    pub(crate) fn keeping_mode(&self, url: impl Into<String>) -> String {
        let url = url.into();
        self.mode.as_ref().map_or(url.clone(), |mode| urls::in_mode(&url, mode.current))
    }

    /// Returns the search, which keeps the app and the mode.
    pub(crate) fn search_url(&self) -> String {
        urls::search(self.app.as_ref().zip(self.mode.as_ref()).map(|(app, mode)| (app.id, mode.current)))
    }

    /// True if the page is one of the menu *More*.
    pub(crate) fn is_in_more(&self) -> bool {
        self.nav.iter().any(|link| link.is_in_more && link.is_current)
    }

    /// Sets the menu of the console.
    pub(crate) fn console(mut self, current: impl Into<Option<ConsoleEntry>>) -> Self {
        let current = current.into();
        let link = |url: &str, icon, label, entry| NavLink::new(url.to_owned(), icon, label, current == Some(entry));
        self.nav_label = t::console();
        self.nav = vec![
            link(urls::PERSONAL_INFO, "person", t::personal_info(), ConsoleEntry::PersonalInfo),
            link(urls::APPLICATIONS, "apps", t::applications(), ConsoleEntry::Applications),
            link(urls::SETTINGS, "settings", t::settings(), ConsoleEntry::Settings),
        ];
        self
    }

    /// Sets the menu of an app, whose links keep the mode. A page without a mode of its own is in the mode chosen for the app.
    pub(crate) fn app(mut self, app: &App, current: impl Into<Option<AppEntry>>, mode: Option<Mode>) -> Self {
        let (id, current) = (app.id, current.into());
        let shown = mode.or(self.frame.chosen).unwrap_or_else(|| self.frame.near.proposed_mode(id));
        let path = self.here.split('?').next().unwrap_or_default();
        let link =
            |path: String, icon, label, entry| NavLink::new(urls::in_mode(&path, shown), icon, label, current == Some(entry));
        self.nav_label = Text::verbatim(isolate(&app.name));
        self.nav = vec![
            link(urls::app(id), "overview", t::overview(), AppEntry::Overview),
            link(urls::transactions(id), "transactions", t::transactions(), AppEntry::Transactions),
            link(urls::events(id), "events", t::events(), AppEntry::Events).begins(t::webhooks()),
            link(urls::rejections(id), "block", t::rejections(), AppEntry::Rejections).in_more(),
            link(urls::destinations(id), "destination", t::destinations(), AppEntry::Destinations).in_more(),
            link(urls::automations(id), "bolt", t::automations(), AppEntry::Automations).begins(t::automate()).in_more(),
            link(urls::alerts(id), "alert", t::alerts(), AppEntry::Alerts).in_more(),
            link(urls::app_settings(id), "settings", t::settings(), AppEntry::Settings).begins(Text::default()),
        ];
        let own = ShellApp::new(app, shown, (path, &self.frame.near));
        let has_days = matches!(current, Some(AppEntry::Overview | AppEntry::Transactions));
        let switch = shell::switch_of_settings(id, shown, path);
        self.app = Some(if has_days { own.with_zone_change(app) } else { own });
        self.with_switch(switch)
    }

    /// Removes the mode, from a page that was asked for in one that does not exist.
    pub(crate) fn without_mode(self) -> Self {
        Self { mode: None, ..self }
    }

    fn with_switch(mut self, switch: ModeSwitch) -> Self {
        let other = switch.current.other();
        let is_troubled = self.app.as_ref().is_some_and(|app| self.frame.near.needs_attention(app.id, other));
        self.mode = Some(ModeSwitch { needs_attention: is_troubled.then_some(other), ..switch });
        self
    }

    /// Adds notices about the other mode, and about disabled connections of the current mode.
    pub(crate) fn notices(mut self, other: Option<OtherMode>, off: Vec<OffConnection>) -> Self {
        (self.other_mode, self.off) = (other, off);
        self
    }

    /// Sets the mode of a page that has the same path in both modes.
    pub(crate) fn in_mode(self, path: &str, current: Mode) -> Self {
        let (test, live) = (urls::in_mode(path, Mode::Test), urls::in_mode(path, Mode::Live));
        self.with_mode_urls(current, test, live)
    }

    /// Sets the mode of a page that has a separate URL in each mode.
    pub(crate) fn with_mode_urls(self, current: Mode, test_url: String, live_url: String) -> Self {
        self.with_switch(ModeSwitch { current, test_url, live_url, needs_attention: None, is_of_page: true })
    }
}

/// The title of a window. That of a form with errors starts with the word, which a screen reader reads first.
pub(crate) struct WindowTitle(Text);

impl WindowTitle {
    /// Returns the window title of a page without navigation.
    pub(crate) fn of(page: impl Borrow<Text>) -> Self {
        Self(t::window_title(page.borrow()))
    }
}

impl FastWritable for WindowTitle {
    fn write_into(&self, out: &mut dyn fmt::Write, values: &dyn Values) -> askama::Result<()> {
        let has_errors = askama::get_value::<bool>(values, HAS_ERRORS).is_ok_and(|has_errors| *has_errors);
        let title = if has_errors { t::title_with_errors(&self.0) } else { self.0.clone() };
        title.attr().write_into(out, values)
    }
}

impl HtmlSafe for WindowTitle {}

/// askama asks for it although it writes with [`FastWritable`].
impl fmt::Display for WindowTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.in_english())
    }
}

/// Returns the name of a user's role.
pub(super) const fn role(role: Role) -> Text {
    match role {
        Role::Owner => t::role_owner(),
        Role::Admin => t::role_admin(),
        Role::Developer => t::role_developer(),
        Role::Viewer => t::role_viewer(),
    }
}

/// The most code points that fit the circle.
const MAX_INITIAL_CHARS: usize = 5;

/// The first letters of up to two words, as many as fit; a letter may have several code points, as one of Devanagari with its
/// vowel sign.
fn initials(name: &str) -> String {
    let letters = name.split_whitespace().filter_map(|word| word.graphemes(true).next());
    let mut initials = String::new();
    for letter in letters.take(2).map(str::to_uppercase) {
        if initials.is_empty() || initials.chars().count() + letter.chars().count() <= MAX_INITIAL_CHARS {
            initials.push_str(&letter);
        }
    }
    initials
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::{Locale, PageValues};

    #[test]
    fn the_title_of_a_form_with_errors_says_so_in_both_languages() {
        let written = |values: PageValues| {
            let mut title = String::new();
            WindowTitle::of(Text::verbatim("Sign in")).write_into(&mut title, &values).unwrap();
            title
        };
        assert_eq!(written(Locale::English.into()), "Sign in – KS Pay");
        assert_eq!(written(PageValues::with_errors(Locale::English)), "Error: Sign in – KS Pay");
        assert_eq!(written(PageValues::with_errors(Locale::Hindi)), "गड़बड़ी: Sign in – KS Pay");
    }

    #[test]
    fn letters_that_do_not_fit_the_circle_together_are_not_shown_together() {
        assert_eq!(initials("क्षितिज श्रीवास्तव"), "क्षि");
    }

    #[test]
    fn an_initial_is_a_whole_letter() {
        for (name, letters) in [("Meera Iyer", "MI"), ("मीरा शर्मा देवी", "मीश"), ("श्री लक्ष्मी", "श्रील"), ("émile", "É"), ("", "")]
        {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
