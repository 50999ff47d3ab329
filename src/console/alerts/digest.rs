//! The panel of the daily digest on the page of alerts, and its form.

use actix_web::{HttpResponse, web::Path};
use serde::Deserialize;

use super::{
    index::{self, Typed, mode_of},
    recipients::{Choice, ChosenForm, choices},
};
use crate::{
    alerting::digests,
    alerts::{
        digest::{self, DigestSettings},
        manage::{self, Settings},
        schedule::{format_minutes, parse_minutes},
    },
    apps::App,
    connections::app_health::Webhook,
    console::http::{error::AppError, form::FieldErrors, page::RequestContext, signed_form::SignedForm},
    db::Reader,
    gateways::Mode,
    messages::text::digests as t,
    notifications::Content,
    urls,
};

/// The panel.
pub(super) struct Panel {
    pub(super) is_on: bool,
    /// The time of day, as typed.
    pub(super) time: String,
    pub(super) is_everyone: bool,
    pub(super) choices: Vec<Choice>,
    pub(super) preview: Content,
}

/// What a user has entered and cannot be saved.
pub(super) struct TypedDigest {
    settings: DigestSettings,
    time: String,
}

/// The form as submitted.
#[derive(Debug, Default)]
pub(crate) struct DigestForm {
    mode: String,
    is_on: bool,
    time: String,
    chosen: ChosenForm,
}

impl<'de> Deserialize<'de> for DigestForm {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut form = Self::default();
        for (name, value) in Vec::<(String, String)>::deserialize(deserializer)? {
            match name.as_str() {
                "mode" => form.mode = value,
                "on" => form.is_on = true,
                "time" => form.time = value,
                name => drop(form.chosen.take(name, &value)),
            }
        }
        Ok(form)
    }
}

/// Reads the panel of an app in a mode.
pub(super) async fn panel(
    page: &RequestContext,
    reader: &mut Reader,
    (app, mode): (&App, Mode),
    (settings, typed): (&Settings, Option<TypedDigest>),
) -> Result<Panel, AppError> {
    let near = page.near_apps();
    let webhooks: Vec<&Webhook> = near.webhooks_in(app.id, mode).filter(|webhook| webhook.connection.is_enabled).collect();
    let read = digest::read(reader, (app, mode), &webhooks, page.now).await?;
    let shown =
        typed.unwrap_or_else(|| TypedDigest { settings: settings.digest.clone(), time: format_minutes(settings.digest.minute) });
    Ok(Panel {
        is_on: shown.settings.is_on,
        time: shown.time,
        is_everyone: shown.settings.recipients.is_none(),
        choices: choices(page, settings, (shown.settings.recipients.as_deref(), None)),
        preview: digests::render(&read, (app, mode), (page.state.base(), page.reader()), page.now),
    })
}

/// `POST …/alerts/digest`
pub(crate) async fn update(posted: SignedForm<DigestForm>, app: Path<String>) -> Result<HttpResponse, AppError> {
    let (page, form) = (posted.page, posted.form);
    let app = page.app(&app).await?;
    let mode = mode_of(&form.mode)?;
    let settings = manage::settings(&mut page.state.db.page_reader().await?, (&app, mode), &page.actor()).await?;
    let (chosen, errors) = parse(&form, &settings);
    if !errors.is_empty() {
        let typed = TypedDigest { settings: chosen, time: form.time };
        let view = index::view(&page, &app, mode.slug(), Typed { digest: Some(typed), errors, ..Typed::default() }).await?;
        return page.unprocessable(&view);
    }
    let mut tx = page.state.db.begin().await?;
    manage::set_digest(&mut tx, (&app, mode), &chosen, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    Ok(page.redirect(&urls::in_mode(&urls::alerts(app.id), mode), t::saved()))
}

/// Returns the settings, and what cannot be saved of them.
fn parse(form: &DigestForm, settings: &Settings) -> (DigestSettings, FieldErrors) {
    let mut errors = FieldErrors::default();
    let minute = parse_minutes(&form.time);
    if minute.is_none() {
        errors.add("time", "not-a-time", t::time_invalid());
    }
    let (recipients, error) = form.chosen.parse(settings);
    if let Some(error) = error {
        errors.add("recipient", error.reason, error.sentence);
    }
    let minute = minute.unwrap_or(settings.digest.minute);
    (DigestSettings { is_on: form.is_on, minute, recipients, last_day: None }, errors)
}
