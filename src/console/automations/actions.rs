//! Turns an automation on or off, and deletes it.

use actix_web::{HttpResponse, web::Path};
use serde::Deserialize;

use super::{find, layout};
use crate::{
    automations::manage,
    console::http::{
        error::AppError,
        layout::Layout,
        page::{RequestContext, see_other},
        signed_form::{EmptyForm, SignedForm},
    },
    i18n::Text,
    messages::{automations, text::automations as t},
    urls,
};

type Answer = Result<HttpResponse, AppError>;
type AutomationPath = Path<(String, String)>;

/// The form that turns an automation on or off.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StateForm {
    /// `true` or `false`.
    on: String,
}

/// `GET …/state`: leads to the automation.
pub(crate) async fn form_page(page: RequestContext, path: AutomationPath) -> Answer {
    let (app, automation) = find(&page, (&path.0, &path.1)).await?;
    Ok(see_other(&urls::automation(app.id, automation.id)))
}

/// `POST …/state`
pub(crate) async fn turn(posted: SignedForm<StateForm>, path: AutomationPath) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let (app, automation) = find(&page, (&path.0, &path.1)).await?;
    let is_on: bool = form.on.parse().map_err(|_| AppError::BadRequest)?;
    let mut tx = page.state.db.begin().await?;
    manage::turn(&mut tx, &automation, is_on, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    Ok(page.redirect(&urls::automation(app.id, automation.id), if is_on { t::now_on() } else { t::now_off() }))
}

/// `…/removal`
#[derive(askama::Template)]
#[template(path = "automations/remove.html")]
struct Removal {
    layout: Layout,
    sentence: Text,
    action: String,
    back: String,
}

/// `GET …/removal`
pub(crate) async fn ask_removal(page: RequestContext, path: AutomationPath) -> Answer {
    let (app, automation) = find(&page, (&path.0, &path.1)).await?;
    let back = urls::automation(app.id, automation.id);
    let sentence = automations::sentence(&automation.rule);
    let layout = layout(&page, (&app, automation.mode), t::remove()).crumb(sentence.clone(), back.clone());
    page.ok(&Removal { layout, sentence, action: urls::removal(&back), back })
}

/// `POST …/removal`
pub(crate) async fn remove(posted: SignedForm<EmptyForm>, path: AutomationPath) -> Answer {
    let page = posted.page;
    let (app, automation) = find(&page, (&path.0, &path.1)).await?;
    let mut tx = page.state.db.begin().await?;
    manage::remove(&mut tx, &automation, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    Ok(page.redirect(&urls::in_mode(&urls::automations(app.id), automation.mode), t::removed()))
}
