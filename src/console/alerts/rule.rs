//! The settings of a kind of alert: on or off, recipients, who is notified if a channel fails, a preview, and a test.

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{
    index::{Asked, mode_of},
    recipients::{Choice, ChosenForm, choices, parse_known, unknown},
};
use crate::{
    alerting::{
        recipients::{Everyone, Reachable},
        send::{self, Context},
    },
    alerts::{
        Event, Kind, Rule,
        manage::{self, Settings},
    },
    apps::App,
    console::{
        http::{
            error::AppError,
            form::{FieldError, FieldErrors},
            layout::{AppEntry, Layout},
            page::{RequestContext, see_other},
            signed_form::{EmptyForm, SignedForm},
        },
        read_models::mode_selection::shown,
    },
    gateways::Mode,
    i18n::Text,
    messages::{self, access, alerts::Subject, text::alerts as t},
    notifications::Content,
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `/ks-pay/apps/{app}/alerts/kinds/{kind}`
#[derive(Template)]
#[template(path = "alerts/rule.html")]
struct Show {
    layout: Layout,
    mode: Mode,
    url: String,
    back: String,
    when: Text,
    is_on: bool,
    is_everyone: bool,
    choices: Vec<Choice>,
    errors: FieldErrors,
    preview: Content,
}

/// The form as submitted.
#[derive(Debug, Default)]
pub(crate) struct RuleForm {
    mode: String,
    is_on: bool,
    chosen: ChosenForm,
    fallback: String,
}

impl<'de> Deserialize<'de> for RuleForm {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut form = Self::default();
        for (name, value) in Vec::<(String, String)>::deserialize(deserializer)? {
            match name.as_str() {
                "mode" => form.mode = value,
                "on" => form.is_on = true,
                "fallback" => form.fallback = value,
                name => drop(form.chosen.take(name, &value)),
            }
        }
        Ok(form)
    }
}

fn kind_of(text: &str) -> Result<Kind, AppError> {
    text.parse().map_err(|_| AppError::NotFound)
}

/// `GET …/alerts/kinds/{kind}`
pub(crate) async fn show(page: RequestContext, path: Path<(String, String)>, asked: Query<Asked>) -> Answer {
    let app = page.app(&path.0).await?;
    let kind = kind_of(&path.1)?;
    let mode = shown(&page, &app, page.chosen_mode(app.id, &asked.mode)?).mode;
    let settings = read(&page, &app, mode).await?;
    let rule = Rule::of(&settings.rules, kind);
    page.ok(&view(&page, (&app, mode), (&settings, &rule), FieldErrors::default()))
}

async fn read(page: &RequestContext, app: &App, mode: Mode) -> Result<Settings, AppError> {
    let mut reader = page.state.db.page_reader().await?;
    Ok(manage::settings(&mut reader, (app, mode), &page.actor()).await?)
}

fn view(page: &RequestContext, (app, mode): (&App, Mode), (settings, rule): (&Settings, &Rule), errors: FieldErrors) -> Show {
    let (back, url) = (urls::in_mode(&urls::alerts(app.id), mode), urls::alert_rule(app.id, rule.kind.as_str()));
    let layout = page.layout(messages::alerts::title(rule.kind)).app(app, AppEntry::Alerts, Some(mode)).in_mode(&url, mode);
    let subject =
        Subject { app_name: &app.name, mode, event: Event::Problem, base: page.state.base(), path: back.clone(), is_test: false };
    Show {
        layout: layout.below_app(app).crumb(t::title(), back.clone()),
        mode,
        when: messages::alerts::when_sent(rule.kind),
        is_on: rule.is_on,
        is_everyone: rule.recipients.is_none(),
        choices: choices(page, settings, (rule.recipients.as_deref(), rule.fallback)),
        errors,
        preview: messages::alerts::content(&messages::alerts::example(rule.kind, page.now), &subject, page.reader(), page.now),
        url,
        back,
    }
}

/// `POST …/alerts/kinds/{kind}`
pub(crate) async fn update(posted: SignedForm<RuleForm>, path: Path<(String, String)>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let app = page.app(&path.0).await?;
    let (kind, mode) = (kind_of(&path.1)?, mode_of(&form.mode)?);
    let settings = read(&page, &app, mode).await?;
    let (rule, error) = parse(kind, &form, &settings);
    if let Some(error) = error {
        return page.unprocessable(&view(&page, (&app, mode), (&settings, &rule), error.at("recipient")));
    }
    let mut tx = page.state.db.begin().await?;
    manage::set_rule(&mut tx, (&app, mode), &rule, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    Ok(page.redirect(&urls::in_mode(&urls::alerts(app.id), mode), t::saved()))
}

/// Returns the rule, and the error if it cannot be saved.
fn parse(kind: Kind, form: &RuleForm, settings: &Settings) -> (Rule, Option<FieldError>) {
    let (recipients, error) = form.chosen.parse(settings);
    let fallback = (!form.fallback.is_empty()).then(|| parse_known(&form.fallback, settings));
    let error = if fallback == Some(None) { Some(unknown()) } else { error };
    let rule = Rule { kind, is_on: form.is_on, recipients, fallback: fallback.flatten() };
    (rule, error)
}

/// `GET …/test`: leads to the page with the form.
pub(crate) async fn form_page(page: RequestContext, path: Path<(String, String)>) -> Answer {
    let app = page.app(&path.0).await?;
    let kind = kind_of(&path.1)?;
    Ok(see_other(&urls::alert_rule(app.id, kind.as_str())))
}

/// `POST …/test`: to the user who asks for it, and to the channels that are saved.
pub(crate) async fn test(posted: SignedForm<EmptyForm>, path: Path<(String, String)>, asked: Query<Asked>) -> Answer {
    let page = posted.page;
    let app = page.app(&path.0).await?;
    let (kind, mode) = (kind_of(&path.1)?, mode_of(&asked.mode)?);
    let url = urls::in_mode(&urls::alert_rule(app.id, kind.as_str()), mode);
    let permit = match page.state.checks.acquire(app.company_id) {
        Ok(permit) => permit,
        Err(busy) => return Ok(page.redirect_warning(&url, busy.reason(), messages::channels::busy(busy))),
    };
    let has_email = page.state.mail.settings.is_some();
    if has_email && let Err(wait) = page.state.test_emails.check(&app.company_id) {
        return Ok(page.redirect_warning(&url, "too-many-attempts", access::too_many_attempts(wait)));
    }
    let settings = read(&page, &app, mode).await?;
    let rule = Rule::of(&settings.rules, kind);
    let everyone = Everyone { users: settings.users, channels: settings.channels, has_email };
    let own = has_email.then_some(Reachable::User(&page.signed_in.user));
    let channels = everyone.of(&rule).into_iter().filter(|one| matches!(one, Reachable::Channel(_)));
    let to: Vec<Reachable<'_>> = own.into_iter().chain(channels).collect();
    if to.is_empty() {
        return Ok(page.redirect_warning(&url, "no-one", t::test_none()));
    }
    let context = Context { vault: &page.state.vault, base: page.state.base(), app: &app, mode, now: page.now };
    let mut tx = page.state.db.begin().await?;
    manage::record_test(&mut tx, &app, (&page.actor(), page.now)).await?;
    send::queue_test(&mut tx, context, &messages::alerts::example(kind, page.now), &to).await?;
    tx.commit().await?;
    drop(permit);
    Ok(page.redirect(&url, t::test_sent(to.len())))
}
