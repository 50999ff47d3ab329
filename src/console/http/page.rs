//! Request context of signed-in pages: the user, the flash message, and the response helpers.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    net::IpAddr,
    pin::Pin,
    rc::Rc,
};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest, HttpResponse,
    dev::Payload,
    http::{Method, StatusCode, header},
    web::Data,
};
use askama::Template;

use super::{
    cookies, csrf,
    error::{AppError, html},
    layout::{AppEntry, Flash, Frame, Layout, role},
    locale,
    mode_memory::{self, ModeMemory},
    session::{self, SignedIn},
};
use crate::{
    accounts::{
        authz::{Actor, Permission},
        sign_in::AuthError,
    },
    apps::{self, App},
    connections::near_apps::NearApps,
    console::http::state::State,
    gateways::Mode,
    i18n::{Locale, PageValues, Reader, Text},
    messages::text::{errors as t, time_zones},
    net::client_ip,
    primitives::{id::AppId, time::Timestamp},
    urls,
};

const FLASH: &str = "ks_pay_flash";

/// The context of a request from a signed-in user.
pub(crate) struct RequestContext {
    pub(crate) state: Data<State>,
    pub(crate) signed_in: SignedIn,
    pub(crate) now: Timestamp,
    /// The language of the page.
    pub(crate) locale: Locale,
    address: IpAddr,
    flash: Option<Flash>,
    /// URL of the page. Of a form that was posted, it leads to the page of the form.
    here: String,
    modes: ModeMemory,
    /// True if the visitor navigated to this page, so that its mode is remembered.
    is_own_choice: bool,
    chosen: Cell<Option<(AppId, Mode)>>,
    /// The app of the page, once it was looked up.
    app: RefCell<Option<App>>,
    /// The same for the frame of the page.
    near: RefCell<Rc<NearApps>>,
    /// The permission that the route table names.
    permission: Permission,
}

/// A page of an app whose address asks for a mode that does not exist.
#[derive(Template)]
#[template(path = "errors/mode.html")]
struct UnknownMode {
    layout: Layout,
    test_url: String,
    live_url: String,
}

impl FromRequest for RequestContext {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::find(&request).await })
    }
}

impl RequestContext {
    /// Confirms the user's password.
    pub(crate) async fn confirm_password(&self, password: &str) -> Result<(), AuthError> {
        let session = (self.signed_in.user.id, &self.signed_in.token.hash());
        self.state.authenticator().confirm(session, password).await
    }

    /// Finds the signed-in user; else returns a redirect to sign-in, which for a `GET` leads back to this page.
    pub(super) async fn find(request: &HttpRequest) -> Result<Self, AppError> {
        let state = state(request)?;
        let Some(signed_in) = session::find(request, &state).await? else {
            let is_get = request.method() == Method::GET;
            let path = request.uri().path_and_query().map(ToString::to_string);
            return Err(AppError::SignedOut { return_to: path.filter(|path| is_get && path != "/") });
        };
        let permission = request.extensions().get::<Permission>().copied();
        let permission = permission.ok_or_else(|| AppError::Internal("the route names no permission".into()))?;
        let flash = cookies::read_signed(request, &state, FLASH).and_then(|carried| Flash::read(&carried));
        let modes = ModeMemory::of(request, &state);
        let here = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let now = state.clock.now();
        let is_own_choice = mode_memory::is_own_choice(request);
        let page = Self {
            now,
            locale: locale::of(request),
            address: client_ip::address(request, &state.settings.trusted_proxies),
            state,
            signed_in,
            flash,
            here,
            modes,
            is_own_choice,
            chosen: Cell::new(None),
            app: RefCell::new(None),
            near: RefCell::new(Rc::new(NearApps::none(now))),
            permission,
        };
        // Before the permission and the form: another company's app is not found.
        if let Some(app) = request.match_info().get("app") {
            let app = page.app(app).await?;
            page.choose_mode_of_settings(request, app.id)?;
        } else {
            page.actor().require(permission, page.signed_in.company.id)?;
        }
        Ok(page)
    }

    /// Returns the user as the actor of what this request does.
    pub(crate) fn actor(&self) -> Actor<'_> {
        Actor::user(&self.signed_in.user, self.address)
    }

    /// Returns for whom the page is written. The zone of times of day is that of the user's profile, else of the app, else of the
    /// company.
    pub(crate) fn reader(&self) -> Reader {
        let of_app = self.app.borrow().as_ref().map(|app| app.zone);
        let zone = self.signed_in.user.zone.or(of_app).unwrap_or(self.signed_in.company.zone);
        Reader { locale: self.locale, zone }
    }

    /// Names the zones of days and of times of day on a page that has both, where they differ.
    pub(crate) fn zones_note(&self, app: &App) -> Option<Text> {
        let times = self.reader().zone;
        (times != app.zone).then(|| time_zones::both(app.zone.name(), times.name()))
    }

    /// Creates the layout of the page.
    pub(crate) fn layout(&self, title: impl Into<Text>) -> Layout {
        let of_app = self.app.borrow().as_ref().map(|app| app.id);
        let last = self.chosen.get().map(|(_, mode)| mode);
        let frame = Frame { near: self.near_apps(), chosen: last.or_else(|| self.modes.get(of_app?)) };
        Layout { flash: self.flash.clone(), ..layout(&self.state, &self.signed_in, (title.into(), self.here.clone()), frame) }
    }

    /// Finds an app for a user with the permission of the route; an app of another company is reported as not found.
    pub(crate) async fn app(&self, id: &str) -> Result<App, AppError> {
        let id = id.parse().map_err(|_| AppError::NotFound)?;
        if let Some(app) = self.app.borrow().as_ref().filter(|app| app.id == id) {
            return Ok(app.clone());
        }
        let mut reader = self.state.db.page_reader().await?;
        let app = apps::find(&mut reader, id, (&self.actor(), self.permission)).await?;
        let is_settings = urls::settings_tab(self.path()).is_some();
        let near = NearApps::read(&mut reader, &app, self.modes.apps(), (is_settings, self.now)).await?;
        self.near.replace(Rc::new(near));
        self.app.replace(Some(app.clone()));
        Ok(app)
    }

    /// Returns the apps that were read for the frame of the page, its own with its webhooks.
    pub(crate) fn near_apps(&self) -> Rc<NearApps> {
        Rc::clone(&self.near.borrow())
    }

    fn path(&self) -> &str {
        self.here.split('?').next().unwrap_or_default()
    }

    /// Remembers the mode that a tab of the settings was asked for in. It shows both modes, but its links keep the mode.
    fn choose_mode_of_settings(&self, request: &HttpRequest, app: AppId) -> Result<(), AppError> {
        if urls::settings_tab(self.path()).is_none() {
            return Ok(());
        }
        let asked = url::form_urlencoded::parse(request.query_string().as_bytes()).find(|(name, _)| name == "mode");
        let asked = asked.map(|(_, mode)| mode).unwrap_or_default();
        self.chosen_mode(app, &asked).map(drop)
    }

    /// Returns the mode chosen for the app: the requested one, which is then remembered, else the remembered one.
    ///
    /// # Errors
    /// [`AppError::UnknownMode`] if the URL has an invalid mode: no other mode is shown instead.
    pub(crate) fn chosen_mode(&self, app: AppId, asked: &str) -> Result<Option<Mode>, AppError> {
        let Some(mode) = self.asked_mode(asked)? else { return Ok(self.modes.get(app)) };
        self.remember_mode(app, mode);
        Ok(Some(mode))
    }

    /// Parses the mode in a URL; `None` if there is none.
    ///
    /// # Errors
    /// [`AppError::UnknownMode`] with an error page that has the app's navigation, if there is no such mode.
    pub(crate) fn asked_mode(&self, asked: &str) -> Result<Option<Mode>, AppError> {
        if asked.is_empty() {
            return Ok(None);
        }
        asked.parse().map(Some).map_err(|_| self.unknown_mode())
    }

    fn unknown_mode(&self) -> AppError {
        let app = self.app.borrow();
        let Some(app) = app.as_ref() else { return AppError::NotFound };
        let path = self.path();
        let of = |mode| urls::in_mode(path, mode);
        let layout = self.layout(t::unknown_mode_title()).app(app, AppEntry::of(path), None).without_mode();
        let layout = layout.below_app(app);
        let values = PageValues::from(self.reader());
        match (UnknownMode { layout, test_url: of(Mode::Test), live_url: of(Mode::Live) }).render_with_values(&values) {
            Ok(html) => AppError::UnknownMode(html),
            Err(error) => error.into(),
        }
    }

    /// Remembers the mode of a page that shows a single mode.
    pub(crate) fn remember_mode(&self, app: AppId, mode: Mode) {
        if self.is_own_choice {
            self.chosen.set(Some((app, mode)));
        }
    }

    /// Renders the page with status 200.
    pub(crate) fn ok(&self, template: &impl Template) -> Result<HttpResponse, AppError> {
        self.answer(StatusCode::OK, template, self.reader())
    }

    /// Renders a page that asks to confirm what the form does, with status 422: nothing has been done yet.
    pub(crate) fn ask(&self, template: &impl Template) -> Result<HttpResponse, AppError> {
        self.answer(StatusCode::UNPROCESSABLE_ENTITY, template, self.reader())
    }

    /// Renders the page again with its errors, with status 422.
    pub(crate) fn unprocessable(&self, template: &impl Template) -> Result<HttpResponse, AppError> {
        self.answer(StatusCode::UNPROCESSABLE_ENTITY, template, PageValues::with_errors(self.reader()))
    }

    /// Renders the page again with status 429: the check that the form asks for was rate limited.
    pub(crate) fn too_many(&self, template: &impl Template) -> Result<HttpResponse, AppError> {
        self.answer(StatusCode::TOO_MANY_REQUESTS, template, PageValues::with_errors(self.reader()))
    }

    fn answer(
        &self,
        status: StatusCode,
        template: &impl Template,
        values: impl Into<PageValues>,
    ) -> Result<HttpResponse, AppError> {
        let mut response = html(status, template, values)?;
        if self.flash.is_some() {
            // A cookie that cannot be added would only show the flash twice.
            let _ = response.add_cookie(&cookies::removal(&self.state, FLASH));
        }
        if let Some(cookie) = self.chosen.get().and_then(|(app, mode)| self.modes.remember(&self.state, app, mode)) {
            let _ = response.add_cookie(&cookie);
        }
        Ok(response)
    }

    /// Redirects with a success message; without a message if `flash` is empty.
    pub(crate) fn redirect(&self, to: &str, flash: impl Into<Text>) -> HttpResponse {
        let flash = flash.into().to_plain(self.reader());
        if flash.is_empty() { see_other(to) } else { self.carry(to, &Flash::good(&flash)) }
    }

    /// Redirects with a warning; `reason` is in kebab case.
    pub(crate) fn redirect_warning(&self, to: &str, reason: &str, why: impl Into<Text>) -> HttpResponse {
        self.carry(to, &Flash::warning(reason, &why.into().to_plain(self.reader())))
    }

    fn carry(&self, to: &str, flash: &Flash) -> HttpResponse {
        let mut response = see_other(to);
        let _ = response.add_cookie(&cookies::signed(&self.state, FLASH, &flash.carried()));
        response
    }
}

/// `303 See Other`.
pub(crate) fn see_other(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}

/// Returns the layout of a signed-in user's page, without navigation.
fn layout(state: &State, signed_in: &SignedIn, (title, here): (Text, String), frame: Frame) -> Layout {
    Layout {
        title,
        here,
        frame,
        csrf: csrf::token(&state.vault, signed_in.token.expose()),
        user_name: signed_in.user.name.clone(),
        user_role: role(signed_in.user.role),
        company_name: signed_in.company.name.clone(),
        nav_label: Text::default(),
        nav: Vec::new(),
        crumbs: Vec::new(),
        app: None,
        mode: None,
        other_mode: None,
        off: Vec::new(),
        flash: None,
        warnings: state.warnings().to_vec(),
    }
}

/// Returns the layout of an error page for a signed-in user, with the navigation of the app in the URL if it is one of the
/// company's. `None` without a session, or if the database does not answer.
pub(super) async fn layout_if_signed_in(request: &HttpRequest, state: &State, title: Text) -> Option<Layout> {
    let signed_in = session::find(request, state).await.ok()??;
    let (now, here) = (state.clock.now(), request.uri().path_and_query().map(ToString::to_string).unwrap_or_default());
    let page = |here, frame| layout(state, &signed_in, (title, here), frame);
    let none = || Frame { near: Rc::new(NearApps::none(now)), chosen: None };
    let Some(app) = urls::app_of(request.path()) else { return Some(page(here, none()).console(None)) };
    let mut reader = state.db.page_reader().await.ok()?;
    let Some(app) = apps::store::find(&mut reader, signed_in.company.id, app).await.ok()? else {
        // The page of another company's app is that of none: it does not repeat the path either.
        return Some(page(String::new(), none()).console(None));
    };
    let modes = ModeMemory::of(request, state);
    let near = NearApps::read(&mut reader, &app, modes.apps(), (false, now)).await.ok()?;
    drop(reader);
    Some(page(here, Frame { near: Rc::new(near), chosen: modes.get(app.id) }).app(&app, None, None).below_app(&app))
}

/// The server's state.
pub(super) fn state(request: &HttpRequest) -> Result<Data<State>, AppError> {
    request.app_data::<Data<State>>().cloned().ok_or_else(|| AppError::Internal("no state".into()))
}
