//! `…/webhook/secrets`: the list of secrets, with author, latest use and a link to retire each one, and the form for an existing
//! secret. Contains no secret values.

use actix_web::HttpResponse;
use askama::Template;

use super::{
    import_secret::ImportFields,
    wizard::{ConnectionPath, StepChrome, Wizard},
};
use crate::{
    connections::{
        Step,
        secret_set::{SecretSet, SecretWithUsage},
    },
    console::http::{error::AppError, layout::Layout, page::RequestContext},
    i18n::Text,
    messages::{
        self, Badge, DisplayTime, Notice,
        text::{secrets as t, setup, shared},
    },
    urls,
};

/// `…/webhook/secrets`
#[derive(Template)]
#[template(path = "setup/secrets.html")]
pub(crate) struct Secrets {
    pub(crate) layout: Layout,
    pub(crate) chrome: StepChrome,
    pub(crate) secrets: SecretsView,
    pub(crate) import: ImportFields,
    pub(crate) stream: String,
}

/// `GET …/webhook/secrets`
pub(crate) async fn show(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(page, &names).await?;
    let mut reader = wizard.page.state.db.page_reader().await?;
    let secrets = SecretSet::load(&mut reader, &wizard.connection, wizard.page.now).await?;
    drop(reader);
    let (layout, chrome) = wizard.chrome(Step::Webhook, t::title());
    wizard.page.ok(&Secrets {
        layout: layout.crumb(setup::webhook(), wizard.url(Step::Webhook)),
        secrets: view(&wizard, &secrets, &chrome.url),
        import: ImportFields::new(&wizard, urls::secrets(&chrome.url)),
        stream: urls::evidence_stream(&chrome.url),
        chrome,
    })
}

/// A valid secret.
pub(crate) struct LiveRow {
    pub(crate) id: String,
    pub(crate) badge: Badge,
    pub(crate) is_active: bool,
    pub(crate) until: Option<DisplayTime>,
    pub(crate) origin: Text,
    pub(crate) last: Option<DisplayTime>,
    pub(crate) advice: Option<Text>,
    /// True if its sealed value opens.
    pub(crate) is_readable: bool,
    pub(crate) retirement: String,
}

/// An expired or retired secret.
pub(crate) struct EndedRow {
    pub(crate) id: String,
    pub(crate) origin: Text,
    pub(crate) ended: Option<DisplayTime>,
    /// The user who retired it.
    pub(crate) retired_by: Option<String>,
    pub(crate) last: Option<DisplayTime>,
}

/// The form for a secret that the gateway generates.
pub(crate) struct SecretEntry {
    pub(crate) action: String,
    pub(crate) hint: Text,
    /// What happens without a secret; `None` once there is one.
    pub(crate) missing: Option<Text>,
}

impl SecretsView {
    /// True if the active secret can be shown.
    pub(crate) fn can_reveal(&self) -> bool {
        self.live.iter().any(|row| row.is_active && row.is_readable)
    }
}

/// All secrets of a connection, as shown on the page.
pub(crate) struct SecretsView {
    pub(crate) live: Vec<LiveRow>,
    pub(crate) ended: Vec<EndedRow>,
    /// What to do with a new secret that is not in use at the gateway yet.
    pub(crate) unproven: Option<Notice>,
    /// What to do about secrets whose sealed value does not open.
    pub(crate) unreadable: Option<Notice>,
    /// URL of the page with the list.
    pub(crate) url: String,
    pub(crate) rotation: String,
    /// The form that takes the place of showing the secret, for a gateway that generates it.
    pub(crate) entry: Option<SecretEntry>,
}

/// Returns the list; `url` is that of the step.
pub(crate) fn view(wizard: &Wizard, secrets: &SecretSet, url: &str) -> SecretsView {
    let now = wizard.page.now;
    let gateway = wizard.connection.gateway;
    let rows: Vec<LiveRow> = secrets.live.iter().map(|held| live(wizard, secrets, held, url)).collect();
    SecretsView {
        unreadable: messages::secrets::unreadable(gateway, rows.iter().filter(|row| !row.is_readable).map(|row| row.id.as_str())),
        live: rows,
        ended: secrets.ended.iter().map(|held| ended(wizard, held)).collect(),
        unproven: secrets.awaiting_first_use().map(|before| messages::secrets::unproven(gateway, before, now)),
        url: urls::secrets(url),
        rotation: urls::rotation(url),
        entry: gateway.generates_secret().then(|| SecretEntry {
            action: urls::secrets(url),
            hint: messages::secrets::own_hint(gateway),
            missing: secrets.active().is_none().then(t::missing),
        }),
    }
}

fn live(wizard: &Wizard, secrets: &SecretSet, held: &SecretWithUsage, url: &str) -> LiveRow {
    let (stored, now) = (&held.stored, wizard.page.now);
    LiveRow {
        id: stored.id.to_string(),
        badge: messages::secrets::state(stored),
        is_active: stored.is_active(),
        until: stored.valid_until.map(|until| DisplayTime::of_expiry(until, now)),
        origin: messages::secrets::origin(stored, now),
        last: held.used.map(|used| messages::when(used.last_at, now)),
        advice: secrets.safe_to_retire_after(held, now).map(messages::secrets::advice),
        is_readable: stored.open(&wizard.page.state.vault).is_ok(),
        retirement: urls::retirement(url, stored.id),
    }
}

fn ended(wizard: &Wizard, held: &SecretWithUsage) -> EndedRow {
    let (stored, now) = (&held.stored, wizard.page.now);
    EndedRow {
        id: stored.id.to_string(),
        origin: messages::secrets::origin(stored, now),
        ended: stored.valid_until.map(|until| DisplayTime::of_day(until, now)),
        retired_by: stored.retired_by.clone(),
        last: held.used.map(|used| messages::when(used.last_at, now)),
    }
}
