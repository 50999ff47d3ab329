//! The tokens of an app, a tab of its settings.
//!
//! Invariant: a token's value is in one response only, that of the form which creates it.

use actix_web::{HttpResponse, web::Path};
use askama::Template;
use serde::Deserialize;

use super::http::{
    confirmation::{self, SensitiveAction},
    error::AppError,
    form::{FieldError, FieldErrors},
    layout::{AppEntry, Layout},
    page::RequestContext,
    signed_form::{EmptyForm, SignedForm},
};
use crate::{
    accounts::{self, authz::UseCaseError},
    apps::App,
    db::DbError,
    i18n::{Text, code, isolate},
    messages::{
        self, DisplayTime,
        text::{shared, tokens as t},
    },
    primitives::{id::AppId, text_input},
    tokens::{self, AppToken, MAX_NAME_CHARS, MAX_TOKENS, NewToken, TokenError, TokenValue},
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// The command that a token is for.
const COMMAND: &str = "ks-pay listen";
/// An address at which the developer's own server listens.
const EXAMPLE_LOCAL_URL: &str = "http://localhost:3000/webhooks";
/// The variable from which scripts give the command a token.
const VARIABLE: &str = "KS_PAY_TOKEN";

/// `/ks-pay/apps/{app}/settings/tokens`
#[derive(Template)]
#[template(path = "tokens/index.html")]
struct Index {
    layout: Layout,
    app_id: AppId,
    tab: &'static str,
    rows: Vec<Row>,
    form: TokenForm,
    errors: FieldErrors,
    created: Option<Created>,
}

/// A token in the list.
struct Row {
    id: String,
    name: String,
    modes: Text,
    /// The user for whom it acts, unless there is none any more.
    user: Option<String>,
    created: DisplayTime,
    last_used: Option<DisplayTime>,
    expires: Text,
    removal: String,
}

/// The token that was just created.
struct Created {
    value: TokenValue,
    command: String,
}

/// The form as submitted.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TokenForm {
    name: String,
    /// Not empty if events of Live mode are allowed.
    live: String,
}

/// The confirmation before a token is removed.
#[derive(Template)]
#[template(path = "tokens/removal.html")]
struct Removal {
    layout: Layout,
    name: String,
    action: String,
    back: String,
}

impl Index {
    fn url(&self) -> String {
        urls::tokens(self.app_id)
    }

    fn intro() -> Text {
        t::intro(code(COMMAND))
    }

    fn command_note() -> Text {
        t::command_note(code(VARIABLE))
    }

    fn is_live(&self) -> bool {
        !self.form.live.is_empty()
    }
}

impl Removal {
    fn effect() -> Text {
        t::remove_effect(code(COMMAND))
    }
}

/// `GET /ks-pay/apps/{app}/settings/tokens`
pub(crate) async fn index(page: RequestContext, app: Path<String>) -> Answer {
    let app = page.app(&app).await?;
    page.ok(&view(&page, &app, (TokenForm::default(), FieldErrors::default()), None).await?)
}

/// `POST /ks-pay/apps/{app}/settings/tokens`: responds 200 with the page that shows the token.
pub(crate) async fn create(app: Path<String>, posted: SignedForm<TokenForm>) -> Answer {
    let SignedForm { page, form, action } = posted;
    let app = page.app(&app).await?;
    let name = match text_input::line(&form.name, 1, MAX_NAME_CHARS) {
        Ok(name) => name,
        Err(fault) => {
            let mut errors = FieldErrors::default();
            errors.add_line("name", t::enter_name(), fault);
            return page.unprocessable(&view(&page, &app, (form, errors), None).await?);
        }
    };
    let layout = || layout(&page, &app, confirmation::TITLE);
    let of = SensitiveAction { what: t::to_create(), back: urls::tokens(app.id), layout };
    confirmation::require(&page, &action, of).await?;
    let new = NewToken { user: &page.signed_in.user, name: Some(&name), is_live: !form.live.is_empty() };
    let mut tx = page.state.db.begin().await?;
    let error = match tokens::create(&mut tx, &app, &new, (&page.actor(), page.now)).await {
        Ok((token, value)) => {
            tx.commit().await?;
            tracing::info!(token = %token.id, app = %app.id, user = %page.signed_in.user.id, "a token was created");
            let created = Created { command: command(page.state.base(), &app, token.is_live), value };
            return page.ok(&view(&page, &app, (TokenForm::default(), FieldErrors::default()), Some(created)).await?);
        }
        Err(TokenError::TooMany) => FieldError::new("too-many", t::too_many(MAX_TOKENS)),
        Err(TokenError::UseCase(UseCaseError::Db(DbError::NotUnique))) => FieldError::new("known", t::name_taken()),
        Err(TokenError::UseCase(error)) => return Err(error.into()),
    };
    drop(tx);
    page.unprocessable(&view(&page, &app, (form, error.at("name")), None).await?)
}

/// `GET …/tokens/{token}/removal`
pub(crate) async fn ask_removal(page: RequestContext, path: Path<(String, String)>) -> Answer {
    let (app, token) = find(&page, &path).await?;
    let back = urls::tokens(app.id);
    let layout = layout(&page, &app, t::remove()).crumb(t::title(), back.clone());
    page.ok(&Removal { layout, name: token.name, action: urls::token_removal(app.id, token.id), back })
}

/// `POST …/tokens/{token}/removal`: needs no password, since it only takes access away.
pub(crate) async fn remove(posted: SignedForm<EmptyForm>, path: Path<(String, String)>) -> Answer {
    let page = posted.page;
    let (app, token) = find(&page, &path).await?;
    let mut tx = page.state.db.begin().await?;
    tokens::remove(&mut tx, &token, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    tracing::info!(token = %token.id, app = %app.id, user = %page.signed_in.user.id, "a token was removed");
    Ok(page.redirect(&urls::tokens(app.id), t::now_removed(isolate(&token.name))))
}

async fn find(page: &RequestContext, (app, token): &(String, String)) -> Result<(App, AppToken), AppError> {
    let app = page.app(app).await?;
    let id = token.parse().map_err(|_| AppError::NotFound)?;
    let mut reader = page.state.db.page_reader().await?;
    let token = tokens::find(&mut reader, &app, id, &page.actor()).await?;
    Ok((app, token))
}

fn layout(page: &RequestContext, app: &App, title: impl Into<Text>) -> Layout {
    page.layout(title).app(app, AppEntry::Settings, None).below_app(app)
}

/// Returns the command to copy; it asks for the token, which must not be an argument.
fn command(base: &str, app: &App, is_live: bool) -> String {
    let live = if is_live { " --live" } else { "" };
    format!("{COMMAND} --url {base} --app {} --forward-to {EXAMPLE_LOCAL_URL}{live}", app.id)
}

async fn view(
    page: &RequestContext,
    app: &App,
    (form, errors): (TokenForm, FieldErrors),
    created: Option<Created>,
) -> Result<Index, AppError> {
    let mut reader = page.state.db.page_reader().await?;
    let mut rows = Vec::new();
    for token in tokens::list(&mut reader, app, &page.actor()).await? {
        let user = accounts::store::find(&mut reader, token.user_id).await?;
        rows.push(row(page, token, user.map(|user| user.name)));
    }
    drop(reader);
    Ok(Index { layout: layout(page, app, t::title()), app_id: app.id, tab: "tokens", rows, form, errors, created })
}

fn row(page: &RequestContext, token: AppToken, user: Option<String>) -> Row {
    let now = page.now;
    let expires = DisplayTime::of_expiry(token.expires_at, now);
    Row {
        id: token.id.to_string(),
        modes: if token.is_live { t::test_and_live() } else { t::test_only() },
        user,
        created: messages::when(token.created_at, now),
        last_used: token.last_used_at.map(|at| messages::when(at, now)),
        expires: if token.is_valid(now) { t::expires(expires) } else { t::expired(expires) },
        removal: urls::token_removal(token.app_id, token.id),
        name: token.name,
    }
}
