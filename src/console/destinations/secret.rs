//! **Reveal** and **Rotate secret** of a destination.

use actix_web::HttpResponse;
use askama::Template;
use serde::Deserialize;

use super::{
    detail::{self, DeliveryParams, Outcome},
    forms::has_gateway_secret,
    scope::{DestinationPath, Found},
};
use crate::{
    connections::overlap::Overlap,
    console::http::{
        error::AppError,
        form::{FieldError, FieldErrors},
        layout::Layout,
        page::RequestContext,
        signed_form::{EmptyForm, SignedForm},
    },
    deliveries::{
        manage::{self, DestinationError},
        store::secrets::MAX_SIGNING_SECRETS,
    },
    i18n::Text,
    messages::{
        self, DisplayTime,
        text::{destinations as t, shared},
    },
};

type Answer = Result<HttpResponse, AppError>;

/// A choice of the overlap.
struct Choice {
    /// Hours; 0 for none.
    value: u64,
    label: Text,
    note: Option<Text>,
    is_chosen: bool,
}

/// The value of the choice without an overlap.
const NO_OVERLAP: &str = "0";

/// `…/{destination}/rotation`
#[derive(Template)]
#[template(path = "destinations/rotation.html")]
struct Rotation {
    layout: Layout,
    url: String,
    /// What is said of the gateway's signature, if that has a secret of its own.
    gateway_effect: Option<Text>,
    choices: Vec<Choice>,
    errors: FieldErrors,
}

/// The overlap as submitted; empty for the default.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RotationForm {
    overlap_hours: String,
}

/// `POST …/{destination}/reveal`: responds 200 with the page.
pub(crate) async fn reveal(posted: SignedForm<EmptyForm>, path: DestinationPath) -> Answer {
    let found = Found::open(posted.page, (&path.0, &path.1)).await?;
    found.confirm(&posted.action, messages::access::REVEAL).await?;
    let (page, destination) = (&found.page, &found.destination);
    let mut tx = page.state.db.begin().await?;
    let revealed = manage::reveal(&mut tx, &page.state.vault, destination, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    tracing::info!(destination = %destination.id, user = %page.signed_in.user.id, "a destination's secret was revealed");
    // One that does not open is not shown; the page says so.
    let view = detail::view(&found, DeliveryParams::default(), Outcome { revealed: revealed.ok(), test: None }).await?;
    page.ok(&view)
}

/// `GET …/{destination}/rotation`
pub(crate) async fn ask(page: RequestContext, path: DestinationPath) -> Answer {
    let found = Found::open(page, (&path.0, &path.1)).await?;
    found.page.ok(&view(&found, FieldErrors::default()).await?)
}

/// `POST …/{destination}/rotation`
pub(crate) async fn rotate(posted: SignedForm<RotationForm>, path: DestinationPath) -> Answer {
    let found = Found::open(posted.page, (&path.0, &path.1)).await?;
    let (page, destination) = (&found.page, &found.destination);
    let hours = posted.form.overlap_hours.as_str();
    let overlap = Overlap::chosen(hours);
    if overlap.is_none() && hours != NO_OVERLAP {
        let errors = FieldError::new("unknown", t::choose_overlap()).at("overlap_hours");
        return page.unprocessable(&view(&found, errors).await?);
    }
    found.confirm(&posted.action, messages::access::ROTATE).await?;
    let by = (&page.actor(), page.now);
    let mut tx = page.state.db.begin().await?;
    let until = match manage::rotate(&mut tx, &page.state.vault, destination, overlap, by).await {
        Err(DestinationError::TooManySecrets) => {
            drop(tx);
            let errors = FieldError::new("too-many-valid", t::too_many_secrets(MAX_SIGNING_SECRETS)).at("overlap_hours");
            return page.unprocessable(&view(&found, errors).await?);
        }
        rotated => rotated?,
    };
    tx.commit().await?;
    tracing::info!(destination = %destination.id, user = %page.signed_in.user.id, %until, "a destination's secret was rotated");
    let said = if overlap.is_some() { t::rotated(DisplayTime::of_expiry(until, page.now)) } else { t::rotated_without() };
    Ok(page.redirect(&found.url(), said))
}

async fn view(found: &Found, errors: FieldErrors) -> Result<Rotation, AppError> {
    let gateway = found.gateway(&mut found.page.state.db.page_reader().await?).await?;
    let gateway = gateway.filter(|gateway| has_gateway_secret(&found.destination.settings, *gateway));
    let choice = |choice: Overlap| {
        let is_chosen = errors.is_empty() && choice == Overlap::CHOICES[0];
        Choice { value: choice.hours(), label: messages::destinations::overlap(choice), note: None, is_chosen }
    };
    let none = Choice { value: 0, label: t::overlap_none(), note: Some(t::overlap_none_note()), is_chosen: false };
    Ok(Rotation {
        layout: found.layout_below(t::rotate_title()),
        url: found.url(),
        gateway_effect: gateway.map(|gateway| t::rotate_gateway_effect(gateway.label())),
        choices: Overlap::CHOICES.into_iter().map(choice).chain([none]).collect(),
        errors,
    })
}
