//! The shared part of the four steps: the user, the connection, and the page around a step's content.
//!
//! Invariant: every step opens its connection through [`Wizard::open`], so that none can omit the access check.

use actix_web::HttpResponse;

use crate::{
    apps::App,
    connections::{
        self, Connection, ConnectionState, MarkedStep, SetupProgress, Step,
        activity::{self, Activity},
        store,
    },
    console::http::{
        confirmation::{self, Action, SensitiveAction},
        error::AppError,
        layout::{AppEntry, Layout},
        page::RequestContext,
    },
    gateways::{Gateway, Mode, texts::SetupTexts},
    i18n::Text,
    messages::{
        self, Badge,
        setup::step as step_name,
        text::{layout, setup as t},
    },
    primitives::time::Timestamp,
    urls,
};

/// `{app}/{gateway}/{mode}` of a path.
pub(crate) type ConnectionPath = actix_web::web::Path<(String, String, String)>;

/// The context of a step's page.
pub(crate) struct Wizard {
    pub(crate) page: RequestContext,
    pub(crate) app: App,
    pub(crate) connection: Connection,
    pub(crate) activity: Activity,
    has_twin: bool,
}

/// A link in the list of steps.
pub(crate) struct StepLink {
    pub(crate) number: usize,
    pub(crate) label: Text,
    pub(crate) url: String,
    pub(crate) badge: Badge,
    /// A user's own mark, shown next to the state of the step.
    pub(crate) note: Option<Text>,
    pub(crate) is_current: bool,
}

/// The values that the templates of all steps share.
pub(crate) struct StepChrome {
    pub(crate) gateway: &'static str,
    /// The sender of its requests in a sentence.
    pub(crate) sender: Text,
    pub(crate) texts: &'static SetupTexts,
    pub(crate) mode: Badge,
    pub(crate) steps: Vec<StepLink>,
    /// URL to enable the connection, if only the connection is disabled and the step does not offer that itself.
    pub(crate) enable_url: Option<String>,
    /// The step's own URL; its actions are below it.
    pub(crate) url: String,
    /// URL and name of the next step that is not done, if there is one.
    pub(crate) next: Option<(String, Text)>,
    /// URL and label of the way on: to that step, else to the app's overview.
    pub(crate) way_on: (String, Text),
}

impl Wizard {
    /// Opens a connection of the user's company; any other is not found.
    pub(crate) async fn open(page: RequestContext, names: &ConnectionPath) -> Result<Self, AppError> {
        let (app, gateway, mode) = &**names;
        let app = page.app(app).await?;
        let gateway: Gateway = gateway.parse().map_err(|_| AppError::NotFound)?;
        let mode: Mode = mode.parse().map_err(|_| AppError::NotFound)?;
        let mut reader = page.state.db.page_reader().await?;
        let all = store::list_of_app(&mut reader, app.company_id, app.id).await?;
        let has_twin = all.iter().any(|other| other.gateway == gateway && other.mode != mode);
        let found = all.into_iter().find(|connection| connection.gateway == gateway && connection.mode == mode);
        let connection = found.ok_or(AppError::NotFound)?;
        let activity = activity::get(&mut reader, connection.id).await?;
        drop(reader);
        Ok(Self { page, app, connection, activity, has_twin })
    }

    /// Allows what concerns a secret that KS Pay has generated; for a gateway that generates the secret, there is no such page.
    pub(crate) fn require_own_secret(&self) -> Result<(), AppError> {
        if self.connection.gateway.generates_secret() { Err(AppError::NotFound) } else { Ok(()) }
    }

    /// Allows a sensitive action of a step, or asks for the password first.
    pub(crate) async fn confirm(&self, step: Step, action: &Action, what: Text) -> Result<(), AppError> {
        let back = self.url(step);
        let layout = || self.chrome(step, confirmation::TITLE).0.crumb(step_name(step), back.clone());
        confirmation::require(&self.page, action, SensitiveAction { what, back: back.clone(), layout }).await
    }

    /// Returns the set-up progress of the connection.
    pub(crate) fn setup(&self) -> SetupProgress<'_> {
        SetupProgress {
            connection: &self.connection,
            activity: &self.activity,
            domain: self.app.domain.as_deref(),
            is_app_enabled: self.app.is_enabled,
        }
    }

    /// Returns the URL to enable the connection, if only the connection is disabled; a disabled app has its own message.
    pub(crate) fn enable_url(&self) -> Option<String> {
        messages::off_connection(&self.app, &self.connection).map(|off| off.enable_url)
    }

    /// Returns the URL of a step.
    pub(crate) fn url(&self, step: Step) -> String {
        urls::step(self.app.id, self.connection.gateway, self.connection.mode, step)
    }

    /// Marks a step as done, or undoes that. Keeps the first name and time.
    pub(crate) async fn set_step_done(&self, step: MarkedStep, is_done: bool) -> Result<HttpResponse, AppError> {
        let mut tx = self.page.state.db.begin().await?;
        connections::set_step_done(&mut tx, &self.connection, (step, is_done), (&self.page.actor(), self.page.now)).await?;
        tx.commit().await?;
        let step = Step::from(step);
        Ok(self.page.redirect(&self.url(step), messages::setup::step_marked(step, is_done)))
    }

    /// Builds the layout and the chrome of a step's page.
    pub(crate) fn chrome(&self, current: Step, heading: impl Into<Text>) -> (Layout, StepChrome) {
        let (app, gateway, mode) = (&self.app, self.connection.gateway, self.connection.mode);
        self.page.remember_mode(app.id, mode);
        let twin = |mode| {
            if self.has_twin || mode == self.connection.mode {
                urls::step(app.id, gateway, mode, current)
            } else {
                urls::add_gateway(app.id, mode)
            }
        };
        let layout = self
            .page
            .layout(heading)
            .app(app, AppEntry::Settings, Some(mode))
            .with_mode_urls(mode, twin(Mode::Test), twin(Mode::Live))
            .below_app(app)
            .crumb(layout::settings(), urls::app_settings(app.id))
            .crumb(t::payment_gateway_settings(), urls::connections(app.id));
        let steps: Vec<StepLink> =
            Step::of(gateway).enumerate().map(|(index, step)| self.link(index + 1, step, current)).collect();
        let next = self.next_step(current).map(|step| (self.url(step), step_name(step)));
        let to_overview = || (urls::in_mode(&urls::app(app.id), mode), t::go_to_overview());
        let way_on = next.clone().map_or_else(to_overview, |(url, name)| (url, t::next_step(name)));
        let profile = gateway.profile();
        let chrome = StepChrome {
            gateway: gateway.label(),
            sender: profile.sender.clone(),
            texts: &profile.texts.setup,
            mode: messages::mode(mode),
            steps,
            // The Webhook page has the button in its panel.
            enable_url: self.enable_url().filter(|_| current != Step::Webhook),
            url: self.url(current),
            next,
            way_on,
        };
        (layout, chrome)
    }

    /// Returns the next step that is not done: the first after the current one, else the first before it.
    fn next_step(&self, current: Step) -> Option<Step> {
        let setup = self.setup();
        let steps: Vec<Step> = Step::of(self.connection.gateway).collect();
        let (before, from) = steps.split_at(steps.iter().position(|step| *step == current)?);
        from.iter().skip(1).chain(before).find(|step| !setup.is_done(**step)).copied()
    }

    fn link(&self, number: usize, step: Step, current: Step) -> StepLink {
        let badge = badge(&self.setup(), step, self.page.now);
        let note = (step == Step::Webhook && self.connection.webhook_done_at.is_some()).then(t::marked);
        StepLink { number, label: step_name(step), url: self.url(step), badge, note, is_current: step == current }
    }
}

/// Returns the badge of a step's state. What is disabled shows nothing but that.
pub(crate) fn badge(setup: &SetupProgress<'_>, step: Step, now: Timestamp) -> Badge {
    let state = setup.state(now);
    match step {
        _ if state == ConnectionState::Off => messages::connection_state(state),
        Step::Credentials => messages::keys_state(setup.connection.keys_state),
        Step::Webhook => messages::webhook_state(state, setup.activity),
        Step::Integration | Step::Security => messages::step_state(setup.is_done(step), step.is_optional()),
    }
}
