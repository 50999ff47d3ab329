//! The settings of automatic refunds: the panel on their page, and its two forms.
//!
//! Invariant: what allows more than before needs the password, which `refunds::automatic::manage` demands.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use serde::Deserialize;

use super::{
    list::{self, Asked},
    list_url,
};
use crate::{
    apps::App,
    console::{
        http::{
            error::AppError,
            form::FieldErrors,
            own_password::{self, Unconfirmed},
            page::RequestContext,
            signed_form::SignedForm,
        },
        read_models::mode_selection::shown,
    },
    gateways::Mode,
    i18n::Text,
    messages::text::automatic_refunds as t,
    primitives::{
        money::{Currency, Money},
        text_input,
    },
    refunds::automatic::{
        manage::{self, Saved},
        settings::RefundSettings,
    },
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// The most refunds a day that can be set.
const MAX_DAILY_COUNT: i64 = 1_000;
/// An amount as an example, in subunits.
const EXAMPLE: i64 = 500_000;

/// The panel.
pub(super) struct Panel {
    /// The page's own address without its mode.
    pub(super) url: String,
    pub(super) is_stopped: bool,
    pub(super) may_change: bool,
    pub(super) form: LimitsForm,
    pub(super) currencies: Vec<Currency>,
    pub(super) zone: &'static str,
    pub(super) errors: FieldErrors,
    /// The errors of the form that starts refunds again.
    pub(super) switch_errors: FieldErrors,
}

/// The form of the limits, as submitted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LimitsForm {
    mode: String,
    /// `each` or `up_to`.
    pub(super) confirmation: String,
    pub(super) max_unconfirmed: String,
    pub(super) daily_count: String,
    pub(super) daily_amount: String,
    pub(super) currency: String,
    current_password: String,
}

/// The form that stops refunds, and starts them again.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SwitchForm {
    mode: String,
    /// `true` or `false`.
    stopped: String,
    current_password: String,
}

impl Panel {
    pub(super) fn of(page: &RequestContext, (app, mode): (&App, Mode), settings: &RefundSettings) -> Self {
        Self::typed(page, (app, mode), settings, LimitsForm::of(settings), FieldErrors::default())
    }

    fn typed(
        page: &RequestContext,
        (app, mode): (&App, Mode),
        settings: &RefundSettings,
        form: LimitsForm,
        errors: FieldErrors,
    ) -> Self {
        Self {
            url: urls::automatic_refunds(app.id),
            is_stopped: settings.is_stopped,
            may_change: manage::may_change(app, &page.actor()),
            form,
            currencies: currencies(page, (app, mode), settings),
            zone: app.zone.name(),
            errors,
            switch_errors: FieldErrors::default(),
        }
    }
}

impl Panel {
    /// Adds the currency to the label of an amount, unless the currency has a field of its own.
    pub(super) fn labelled(&self, label: Text) -> Text {
        match self.currencies.as_slice() {
            [currency] => t::in_currency(label, currency.to_string()),
            _ => label,
        }
    }
}

/// Returns the currencies of the app's gateways in the mode, and that of the settings.
fn currencies(page: &RequestContext, (app, mode): (&App, Mode), settings: &RefundSettings) -> Vec<Currency> {
    let connections = shown(page, app, Some(mode)).connections;
    let known = connections.iter().filter_map(|(connection, _)| connection.currency.parse().ok());
    let mut all: Vec<Currency> = [settings.currency()].into_iter().chain(known).collect();
    all.sort_unstable_by_key(ToString::to_string);
    all.dedup();
    all
}

impl LimitsForm {
    fn of(settings: &RefundSettings) -> Self {
        Self {
            confirmation: if settings.max_unconfirmed.is_some() { "up_to" } else { "each" }.to_owned(),
            max_unconfirmed: settings.max_unconfirmed.map(Money::plain).unwrap_or_default(),
            daily_count: settings.daily_count.to_string(),
            daily_amount: settings.daily_amount.plain(),
            currency: settings.currency().to_string(),
            ..Self::default()
        }
    }

    /// Returns the limits; whether refunds are stopped is not among them.
    fn parse(&self, currencies: &[Currency]) -> Result<RefundSettings, FieldErrors> {
        let mut errors = FieldErrors::default();
        let currency = self.currency.parse().ok().filter(|currency| currencies.contains(currency)).unwrap_or_else(|| {
            errors.add("currency", "unknown", t::unknown_currency());
            Currency::INR
        });
        let max_unconfirmed = match self.confirmation.as_str() {
            "each" => None,
            "up_to" => Some(amount(&mut errors, ("max_unconfirmed", &self.max_unconfirmed), currency)),
            _ => {
                errors.add("confirmation", "unknown", t::unknown_choice());
                None
            }
        };
        let count = text_input::ascii_digits(self.daily_count.trim()).parse().ok();
        let daily_count = count.filter(|count| (1..=MAX_DAILY_COUNT).contains(count)).unwrap_or_else(|| {
            errors.add("daily_count", "not-a-count", t::enter_count(MAX_DAILY_COUNT));
            1
        });
        let daily_amount = amount(&mut errors, ("daily_amount", &self.daily_amount), currency);
        let is_valid = errors.is_empty();
        if max_unconfirmed.is_some_and(|max| is_valid && max.subunits > daily_amount.subunits) {
            errors.add("max_unconfirmed", "above-daily", t::above_daily(daily_amount));
        }
        let settings = RefundSettings { is_stopped: false, max_unconfirmed, daily_count, daily_amount };
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }
}

fn amount(errors: &mut FieldErrors, (field, typed): (&'static str, &str), currency: Currency) -> Money {
    Money::parse(typed, currency).unwrap_or_else(|| {
        errors.add(field, "not-an-amount", t::enter_amount(Money::new(EXAMPLE, currency).plain()));
        Money::new(0, currency)
    })
}

fn mode_of(text: &str) -> Result<Mode, AppError> {
    text.parse().map_err(|_| AppError::BadRequest)
}

/// `GET` of the path of a form: leads to the page with it.
pub(crate) async fn form_page(page: RequestContext, app: Path<String>, asked: Query<Asked>) -> Answer {
    let app = page.app(&app).await?;
    let mode = shown(&page, &app, page.chosen_mode(app.id, &asked.mode)?).mode;
    Ok(list::see(&app, mode))
}

/// `POST …/limits`
pub(crate) async fn set_limits(posted: SignedForm<LimitsForm>, app: Path<String>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let app = page.app(&app).await?;
    let of = (&app, mode_of(&form.mode)?);
    let old = manage::settings(&mut page.state.db.page_reader().await?, of, &page.actor()).await?;
    let limits = match form.parse(&currencies(&page, of, &old)) {
        Ok(limits) => limits,
        Err(errors) => return page.unprocessable(&list::view(&page, of, Panel::typed(&page, of, &old, form, errors)).await?),
    };
    let checked =
        if form.current_password.is_empty() { None } else { Some(own_password::check(&page, &form.current_password).await?) };
    let unconfirmed = match checked {
        Some(Some(unconfirmed)) => Some(unconfirmed),
        checked => {
            let mut tx = page.state.db.begin().await?;
            let saved = manage::set_limits(&mut tx, of, (&limits, checked.is_some()), (&page.actor(), page.now)).await?;
            tx.commit().await?;
            (saved == Saved::NeedsPassword).then(Unconfirmed::missing)
        }
    };
    let Some(unconfirmed) = unconfirmed else { return Ok(page.redirect(&list_url(&app, of.1), t::saved())) };
    let panel = Panel::typed(&page, of, &old, form, unconfirmed.errors());
    unconfirmed.answer(&page, &list::view(&page, of, panel).await?)
}

/// `POST …/switch`
pub(crate) async fn turn(posted: SignedForm<SwitchForm>, app: Path<String>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let app = page.app(&app).await?;
    let of = (&app, mode_of(&form.mode)?);
    let is_stopped: bool = form.stopped.parse().map_err(|_| AppError::BadRequest)?;
    // Stopping needs no password, and no attempt is counted for it.
    let unconfirmed = if is_stopped { None } else { own_password::check(&page, &form.current_password).await? };
    if let Some(unconfirmed) = unconfirmed {
        let settings = manage::settings(&mut page.state.db.page_reader().await?, of, &page.actor()).await?;
        let panel = Panel { switch_errors: unconfirmed.errors(), ..Panel::of(&page, of, &settings) };
        return unconfirmed.answer(&page, &list::view(&page, of, panel).await?);
    }
    let mut tx = page.state.db.begin().await?;
    manage::set_stopped(&mut tx, of, (is_stopped, !is_stopped), (&page.actor(), page.now)).await?;
    tx.commit().await?;
    Ok(page.redirect(&list_url(&app, of.1), if is_stopped { t::now_stopped() } else { t::now_started() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(confirmation: &str, max_unconfirmed: &str, daily_count: &str, daily_amount: &str) -> LimitsForm {
        LimitsForm {
            confirmation: confirmation.to_owned(),
            max_unconfirmed: max_unconfirmed.to_owned(),
            daily_count: daily_count.to_owned(),
            daily_amount: daily_amount.to_owned(),
            currency: "INR".to_owned(),
            ..LimitsForm::default()
        }
    }

    #[test]
    fn limits_are_read_back_from_their_form() {
        let rupees = |rupees: i64| Money::new(rupees * 100, Currency::INR);
        let own = RefundSettings {
            is_stopped: false,
            max_unconfirmed: Some(rupees(1_500)),
            daily_count: 7,
            daily_amount: rupees(20_000),
        };
        for settings in [own, RefundSettings::default()] {
            assert_eq!(LimitsForm::of(&settings).parse(&[Currency::INR]), Ok(settings));
        }
        assert_eq!(form("up_to", "₹1,500", " ७ ", "20,000").parse(&[Currency::INR]), Ok(own));
        assert_eq!(
            form("each", "what was typed", "1", "1").parse(&[Currency::INR]).map(|limits| limits.max_unconfirmed),
            Ok(None)
        );
    }

    #[test]
    fn each_error_is_at_its_field() {
        for (form, field, reason) in [
            (form("", "", "1", "1"), "confirmation", "unknown"),
            (form("up_to", "", "1", "1"), "max_unconfirmed", "not-an-amount"),
            (form("up_to", "0", "1", "1"), "max_unconfirmed", "not-an-amount"),
            (form("up_to", "2", "1", "1"), "max_unconfirmed", "above-daily"),
            (form("each", "", "0", "1"), "daily_count", "not-a-count"),
            (form("each", "", "1001", "1"), "daily_count", "not-a-count"),
            (form("each", "", "two", "1"), "daily_count", "not-a-count"),
            (form("each", "", "1", "1.234"), "daily_amount", "not-an-amount"),
            (LimitsForm { currency: "USD".to_owned(), ..form("each", "", "1", "1") }, "currency", "unknown"),
        ] {
            let errors = form.parse(&[Currency::INR]).unwrap_err();
            assert_eq!(errors.of(field).map(|error| error.reason), Some(reason), "{form:?}");
        }
    }
}
