//! *New secret*: asks for the overlap, and rotates the active secret.
//!
//! Invariant: a rotation is one unit of work, so that the webhook always has an active secret.

use actix_web::HttpResponse;
use askama::Template;
use serde::Deserialize;

use super::wizard::{ConnectionPath, StepChrome, Wizard};
use crate::{
    connections::{ConnectError, Step, overlap::Overlap, secrets},
    console::http::{
        error::AppError,
        form::{FieldError, FieldErrors},
        layout::Layout,
        page::RequestContext,
        signed_form::SignedForm,
    },
    i18n::Text,
    messages::{
        self,
        text::{secrets as t, setup, shared},
    },
    urls,
};

/// A choice of the form: value, label, reason, and whether it is selected.
pub(crate) type Choice = (u64, Text, Text, bool);

/// `…/webhook/rotation`
#[derive(Template)]
#[template(path = "setup/rotation.html")]
pub(crate) struct Rotation {
    pub(crate) layout: Layout,
    pub(crate) chrome: StepChrome,
    pub(crate) effects: Vec<Text>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) errors: FieldErrors,
}

/// The overlap as submitted; empty for the default.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RotationForm {
    overlap_hours: String,
}

/// `GET …/webhook/rotation`
pub(crate) async fn ask(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(page, &names).await?;
    wizard.require_own_secret()?;
    wizard.page.ok(&view(&wizard, FieldErrors::default()))
}

/// `POST …/webhook/rotation`
pub(crate) async fn create(posted: SignedForm<RotationForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(posted.page, &names).await?;
    wizard.require_own_secret()?;
    let (page, id) = (&wizard.page, wizard.connection.id);
    let Some(overlap) = Overlap::chosen(&posted.form.overlap_hours) else {
        let errors = FieldError::new("unknown", t::choose_overlap()).at("overlap_hours");
        return page.unprocessable(&view(&wizard, errors));
    };
    wizard.confirm(Step::Webhook, &posted.action, messages::access::ROTATE).await?;
    let user = &page.signed_in.user;
    let mut tx = page.state.db.begin().await?;
    let until = match secrets::rotate(&mut tx, &page.state.vault, &wizard.connection, (overlap, &page.actor()), page.now).await {
        Err(ConnectError::TooManySecrets) => {
            drop(tx);
            let errors = FieldError::new("too-many-valid", messages::secrets::too_many_valid()).at("overlap_hours");
            return page.unprocessable(&view(&wizard, errors));
        }
        rotated => rotated?,
    };
    tx.commit().await?;
    tracing::info!(connection = %id, user = %user.id, %until, "a secret was rotated");
    Ok(page.redirect(&wizard.url(Step::Webhook), messages::secrets::rotated(until, page.now)))
}

fn view(wizard: &Wizard, errors: FieldErrors) -> Rotation {
    let gateway = wizard.connection.gateway;
    let (layout, chrome) = wizard.chrome(Step::Webhook, setup::new_secret());
    let choices = Overlap::CHOICES.into_iter().map(|choice| {
        let (label, reason) = messages::secrets::overlap(gateway, choice);
        (choice.hours(), label, reason, errors.is_empty() && choice == Overlap::CHOICES[0])
    });
    Rotation {
        layout: layout.crumb(setup::webhook(), wizard.url(Step::Webhook)),
        effects: messages::secrets::rotating(gateway),
        choices: choices.collect(),
        chrome,
        errors,
    }
}

impl Rotation {
    pub(crate) fn action(&self) -> String {
        urls::rotation(&self.chrome.url)
    }
}
