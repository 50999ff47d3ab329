//! Payment Gateway Settings: the connections of an app, adding one, and disabling and enabling one.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::wizard::{ConnectionPath, Wizard, badge};
use crate::{
    apps::App,
    connections::{
        self, ConnectError, Connection, ConnectionState, NewConnection, SetupProgress, Step,
        activity::{self, Activity},
        store,
    },
    console::http::{
        confirmation::{self, SensitiveAction},
        error::AppError,
        form::{FieldError, FieldErrors},
        layout::{AppEntry, Layout},
        page::{RequestContext, see_other},
        signed_form::SignedForm,
    },
    db::DbError,
    gateways::{Gateway, Mode},
    i18n::Text,
    messages::{
        self, Badge, StatusLine,
        text::{gateways_list as t, layout as menu, setup, shared},
    },
    primitives::money::Currency,
    urls,
};

/// The currencies offered; INR first, since Indian accounts settle in it.
const CURRENCIES: &[&str] = &["INR", "USD", "EUR", "GBP", "AED", "SGD", "AUD", "CAD", "JPY", "KWD"];

/// The card of a connection.
pub(crate) struct Card {
    pub(crate) gateway: &'static str,
    pub(crate) mode: Badge,
    pub(crate) currency: String,
    pub(crate) url: String,
    pub(crate) enabled_url: String,
    pub(crate) is_enabled: bool,
    /// URL to enable the app, if only the app is disabled.
    pub(crate) app_enabled_url: Option<String>,
    /// Number and name, URL and state.
    pub(crate) steps: Vec<(Text, String, Badge)>,
    pub(crate) line: StatusLine,
}

/// `…/settings/payment-gateways`
#[derive(Template)]
#[template(path = "setup/index.html")]
pub(crate) struct Index {
    pub(crate) layout: Layout,
    pub(crate) app_id: crate::primitives::id::AppId,
    pub(crate) tab: &'static str,
    pub(crate) cards: Vec<Card>,
    pub(crate) form: AddForm,
    pub(crate) errors: FieldErrors,
    pub(crate) currencies: &'static [&'static str],
}

/// The confirmation page for disabling a connection.
#[derive(Template)]
#[template(path = "setup/disable.html")]
pub(crate) struct Disable {
    pub(crate) layout: Layout,
    pub(crate) name: Text,
    /// How the gateway reacts to a disabled connection.
    pub(crate) loss: Text,
    pub(crate) action: String,
    pub(crate) back: String,
}

/// A connection to add, as submitted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AddForm {
    pub(crate) gateway: String,
    pub(crate) mode: String,
    pub(crate) currency: String,
}

impl AddForm {
    fn parse(&self) -> Result<(Gateway, Mode, Currency), FieldErrors> {
        let mut errors = FieldErrors::default();
        let gateway = self.gateway.parse().map_err(|_| errors.add("gateway", "unknown", t::choose_gateway()));
        let mode = self.mode.parse().map_err(|_| errors.add("mode", "unknown", t::choose_mode()));
        let currency = if self.currency.is_empty() { "INR" } else { &self.currency };
        let currency = currency.parse().map_err(|_| errors.add("currency", "unknown", t::choose_currency()));
        match (gateway, mode, currency) {
            (Ok(gateway), Ok(mode), Ok(currency)) => Ok((gateway, mode, currency)),
            _ => Err(errors),
        }
    }
}

/// The mode preselected in the form for adding a connection.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct IndexQuery {
    mode: String,
}

/// `GET …/{gateway}/{mode}/enabled`
pub(crate) async fn form_page(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    Ok(see_other(&urls::connections(Wizard::open(page, &names).await?.app.id)))
}

/// `GET …/payment-gateways`
pub(crate) async fn index(page: RequestContext, app: Path<String>, asked: Query<IndexQuery>) -> Result<HttpResponse, AppError> {
    let app = page.app(&app).await?;
    let asked = page.asked_mode(&asked.mode)?;
    let mut reader = page.state.db.page_reader().await?;
    let taken = store::list_of_app(&mut reader, app.company_id, app.id).await?;
    drop(reader);
    let is_free = |(gateway, mode)| !taken.iter().any(|one| one.gateway == gateway && one.mode == mode);
    let (gateway, mode) = proposal(asked, is_free);
    let form = AddForm { gateway: gateway.slug().to_owned(), mode: mode.slug().to_owned(), ..AddForm::default() };
    let view = view(&page, &app, form, FieldErrors::default()).await?;
    page.ok(&view)
}

/// Returns the gateway and mode to preselect: the first that can be added, in the requested mode if there is one.
fn proposal(asked: Option<Mode>, is_free: impl Fn((Gateway, Mode)) -> bool) -> (Gateway, Mode) {
    let gateways = || std::iter::once(Gateway::proposed()).chain(Gateway::all());
    let modes = || [Mode::Test, Mode::Live].into_iter().filter(|mode| asked.is_none_or(|asked| asked == *mode));
    let all = gateways().flat_map(|gateway| modes().map(move |mode| (gateway, mode)));
    let first = (Gateway::proposed(), asked.unwrap_or(Mode::Test));
    all.into_iter().find(|one| is_free(*one)).unwrap_or(first)
}

/// `POST …/payment-gateways`
pub(crate) async fn create(posted: SignedForm<AddForm>, app: Path<String>) -> Result<HttpResponse, AppError> {
    let (page, form) = (posted.page, posted.form);
    let app = page.app(&app).await?;
    let (gateway, mode, currency) = match form.parse() {
        Ok(parsed) => parsed,
        Err(errors) => {
            let view = view(&page, &app, form, errors).await?;
            return page.unprocessable(&view);
        }
    };
    let new = NewConnection { company: app.company_id, app: app.id, gateway, mode, currency };
    let mut tx = page.state.db.begin().await?;
    match connections::create(&mut tx, &page.state.vault, &new, (&page.actor(), page.now)).await {
        Ok(_) => tx.commit().await?,
        Err(ConnectError::Db(DbError::NotUnique)) => {
            drop(tx);
            let sentence = t::already_added(gateway.label(), mode.label());
            let view = view(&page, &app, form, FieldError::new("known", sentence).at("gateway")).await?;
            return page.unprocessable(&view);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(page.redirect(&urls::step(app.id, gateway, mode, Step::Webhook), messages::setup::added(gateway, mode)))
}

/// `GET …/{gateway}/{mode}`: redirects to the current step.
pub(crate) async fn show(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(page, &names).await?;
    Ok(see_other(&wizard.url(wizard.setup().current_step(wizard.page.now))))
}

/// The form that enables or disables a connection.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct EnabledForm {
    is_enabled: bool,
    confirm: String,
    /// The page to return to.
    back: String,
}

/// `POST …/{gateway}/{mode}/enabled`: enabling takes effect immediately; disabling asks for confirmation and the password
/// first.
pub(crate) async fn update_enabled(posted: SignedForm<EnabledForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(posted.page, &names).await?;
    let (page, connection) = (&wizard.page, &wizard.connection);
    let (gateway, mode) = (connection.gateway, connection.mode);
    let back = urls::back_to(&posted.form.back, urls::connections(wizard.app.id));
    let asking =
        |title: Text| layout(page, &wizard.app, title).crumb(setup::payment_gateway_settings(), urls::connections(wizard.app.id));
    if !posted.form.is_enabled && posted.form.confirm != "yes" {
        let layout = asking(t::disable_title());
        let action = urls::connection_enabled(wizard.app.id, gateway, mode);
        let (name, loss) = (messages::connection_name(connection), messages::loss(gateway));
        return page.ask(&Disable { layout, name, loss, action, back });
    }
    if !posted.form.is_enabled {
        let what = messages::access::disable(messages::connection_name(connection));
        let of = SensitiveAction { what, back: back.clone(), layout: || asking(confirmation::TITLE) };
        confirmation::require(page, &posted.action, of).await?;
    }
    let mut tx = page.state.db.begin().await?;
    connections::set_enabled(&mut tx, connection, posted.form.is_enabled, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    tracing::info!(connection = %connection.id, is_enabled = posted.form.is_enabled, "a connection was enabled or disabled");
    let name = messages::connection_name(connection);
    Ok(match (posted.form.is_enabled, wizard.app.is_enabled) {
        (false, _) => page.redirect(&back, t::disabled(name)),
        (true, true) => page.redirect(&back, t::enabled(name)),
        (true, false) => page.redirect_warning(&back, "app-disabled", t::enabled_app_disabled(name)),
    })
}

async fn view(page: &RequestContext, app: &App, form: AddForm, errors: FieldErrors) -> Result<Index, AppError> {
    let mut reader = page.state.db.page_reader().await?;
    let connections = store::list_of_app(&mut reader, app.company_id, app.id).await?;
    let activity = activity::list_of_app(&mut reader, app.id).await?;
    drop(reader);
    let known = connections.iter().filter_map(|connection| {
        let activity = activity.iter().find(|activity| activity.connection_id == connection.id)?;
        let state = SetupProgress { connection, activity, domain: None, is_app_enabled: app.is_enabled }.state(page.now);
        Some((state, card(page, app, connection, activity)))
    });
    let mut cards: Vec<(ConnectionState, Card)> = known.collect();
    // Connections that need attention first; the others keep their usual order.
    cards.sort_by_key(|(state, _)| if *state > ConnectionState::Silent { ConnectionState::Verified } else { *state });
    Ok(Index {
        layout: layout(page, app, setup::payment_gateway_settings()),
        app_id: app.id,
        tab: "payment-gateways",
        cards: cards.into_iter().map(|(_, card)| card).collect(),
        form,
        errors,
        currencies: CURRENCIES,
    })
}

/// Returns the layout of a page below the app's settings.
fn layout(page: &RequestContext, app: &App, title: impl Into<Text>) -> Layout {
    page.layout(title).app(app, AppEntry::Settings, None).below_app(app).crumb(menu::settings(), urls::app_settings(app.id))
}

fn card(page: &RequestContext, app: &App, connection: &Connection, activity: &Activity) -> Card {
    let setup = SetupProgress { connection, activity, domain: app.domain.as_deref(), is_app_enabled: app.is_enabled };
    let (gateway, mode) = (connection.gateway, connection.mode);
    let steps = Step::of(gateway).enumerate().map(|(index, step)| {
        let label = t::step(index + 1, messages::setup::step(step));
        (label, urls::step(app.id, gateway, mode, step), badge(&setup, step, page.now))
    });
    let is_off_with_app = connection.is_enabled && !app.is_enabled;
    let line = messages::line(gateway, setup.state(page.now), activity, page.now);
    Card {
        gateway: gateway.label(),
        mode: messages::mode(mode),
        currency: connection.currency.clone(),
        url: urls::connection(app.id, gateway, mode, ""),
        enabled_url: urls::connection_enabled(app.id, gateway, mode),
        is_enabled: connection.is_enabled,
        app_enabled_url: is_off_with_app.then(|| urls::app_enabled(app.id)),
        steps: steps.collect(),
        line: if is_off_with_app { line.because_of_app() } else { line },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_proposed_can_be_added() {
        let (razorpay, other) = (Gateway::RAZORPAY, Gateway::STANDARD_WEBHOOKS);
        let without = |taken: &[(Gateway, Mode)], asked| proposal(asked, |one| !taken.contains(&one));
        assert_eq!(without(&[], None), (razorpay, Mode::Test));
        assert_eq!(without(&[(razorpay, Mode::Test)], None), (razorpay, Mode::Live));
        let both = [(razorpay, Mode::Test), (razorpay, Mode::Live)];
        assert!(!both.contains(&without(&both, None)));
        assert_eq!(without(&[(razorpay, Mode::Live)], Some(Mode::Live)), (other, Mode::Live));
        assert_eq!(proposal(Some(Mode::Live), |_| false), (razorpay, Mode::Live), "nothing is free");
    }
}
