//! The editor of a rule, with its preview and a test for the user alone.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};

use super::{find, form::RuleForm, index::Asked, layout, recipient};
use crate::{
    apps::App,
    automating::{
        content::{self, Audience, Place},
        dry_run::{self, DryRun, MAX_EXAMINED},
        values::{self, Occurrence},
    },
    automations::{
        MAX_AUTOMATIONS, Recipient, Rule,
        conditions::Comparison,
        manage::{self, Known},
        template::{NOTE, Values, Variable},
    },
    console::{
        http::{
            error::AppError,
            form::{FieldError, FieldErrors},
            layout::{Flash, Layout},
            page::RequestContext,
            signed_form::SignedForm,
        },
        read_models::mode_selection::shown,
    },
    gateways::{Gateway, Mode},
    i18n::{Locale, Reader, Text},
    ledger::payments::changes::ChangeKind,
    messages::{
        METHODS, access,
        automations::{self, Template, placeholder},
        channels, method,
        text::automations as t,
    },
    notifications::{self, Content, NewNotification, Purpose},
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// How long a test is worth sending.
const TEST_LIFETIME: Duration = Duration::from_hours(1);

/// `/ks-pay/apps/{app}/automations/new` and `…/{automation}/edit`
#[derive(askama::Template)]
#[template(path = "automations/edit.html")]
struct Edit {
    layout: Layout,
    action: String,
    back: String,
    mode: Mode,
    has_email: bool,
    /// True for a rule that is on, or that is new.
    can_turn_on: bool,
    form: RuleForm,
    errors: FieldErrors,
    choices: Vec<(String, Text)>,
    gateways: Vec<Gateway>,
    preview: Option<Preview>,
}

/// What would be sent, and for how many payments it would have been.
struct Preview {
    content: Content,
    is_example: bool,
    run: DryRun,
}

/// What the editor is of.
struct Of<'a> {
    page: &'a RequestContext,
    app: &'a App,
    mode: Mode,
    known: &'a Known,
    /// The form's own URL, and where Cancel leads.
    urls: (String, String),
    title: Text,
    can_turn_on: bool,
}

impl Edit {
    fn kinds() -> Vec<(&'static str, Text)> {
        ChangeKind::ALL.iter().map(|kind| (kind.as_str(), automations::change(*kind))).collect()
    }

    fn comparisons() -> [(&'static str, Text); 3] {
        [("", t::any_amount()), (Comparison::Over.as_str(), t::over()), (Comparison::AtMost.as_str(), t::at_most())]
    }

    fn methods() -> Vec<(&'static str, Text)> {
        METHODS.iter().map(|code| (*code, t::is_by(method(Some(code))))).collect()
    }

    fn languages() -> [(&'static str, Text); 2] {
        [(Locale::English.as_str(), t::english()), (Locale::Hindi.as_str(), t::hindi())]
    }

    /// Returns the variables, and the changes that have those which not all have.
    fn variables() -> Vec<(String, Option<Text>)> {
        let of = |variable: &Variable| {
            let kinds: Vec<_> = ChangeKind::ALL.iter().copied().filter(|kind| variable.is_of(*kind)).collect();
            let only = (kinds.len() < ChangeKind::ALL.len())
                .then(|| kinds.into_iter().map(automations::change).reduce(t::list_and).map(t::variables_of));
            (placeholder(*variable), only.flatten())
        };
        let note = (format!("{{{{{NOTE}name}}}}"), Some(t::variable_note()));
        Variable::ALL.iter().map(of).chain([note]).collect()
    }

    fn is_hindi_open(&self) -> bool {
        !self.form.subject_hi.is_empty() || !self.form.message_hi.is_empty()
    }
}

fn view(of: Of<'_>, form: RuleForm, errors: FieldErrors, preview: Option<Preview>) -> Edit {
    let Of { page, app, mode, known, urls: (action, back), title, can_turn_on } = of;
    let users = known.users.iter().map(|user| Recipient::User(user.id));
    let all = [Recipient::Customer].into_iter().chain(users).chain(known.channels.iter().map(|one| Recipient::Channel(one.id)));
    let shown = shown(page, app, Some(mode));
    Edit {
        layout: layout(page, (app, mode), title),
        action,
        back,
        mode,
        has_email: page.state.mail.settings.is_some(),
        can_turn_on,
        choices: all.map(|to| (to.to_string(), recipient(known, to))).collect(),
        gateways: shown.gateways(),
        form,
        errors,
        preview,
    }
}

async fn known(page: &RequestContext, app: &App) -> Result<Known, AppError> {
    Ok(manage::known(&mut page.state.db.page_reader().await?, app, &page.actor()).await?)
}

fn new_of<'a>(page: &'a RequestContext, (app, mode): (&'a App, Mode), known: &'a Known) -> Of<'a> {
    let urls = (urls::new_automation(app.id, mode, ""), urls::in_mode(&urls::automations(app.id), mode));
    Of { page, app, mode, known, urls, title: t::new(), can_turn_on: true }
}

/// `GET /ks-pay/apps/{app}/automations/new`
pub(crate) async fn new(page: RequestContext, app: Path<String>, asked: Query<Asked>) -> Answer {
    let app = page.app(&app).await?;
    let mode = shown(&page, &app, page.chosen_mode(app.id, &asked.mode)?).mode;
    let known = known(&page, &app).await?;
    let template = asked.template.parse::<Template>().ok();
    let user = page.signed_in.user.id;
    let form = template.map_or_else(|| RuleForm::empty(page.locale), |one| RuleForm::of_template(one, user, page.locale));
    page.ok(&view(new_of(&page, (&app, mode), &known), form, FieldErrors::default(), None))
}

/// `POST /ks-pay/apps/{app}/automations/new`
pub(crate) async fn create(posted: SignedForm<RuleForm>, app: Path<String>, asked: Query<Asked>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let app = page.app(&app).await?;
    let mode: Mode = asked.mode.parse().map_err(|_| AppError::BadRequest)?;
    let known = known(&page, &app).await?;
    let (rule, errors) = form.parse(&known);
    if !errors.is_empty() {
        return page.unprocessable(&view(new_of(&page, (&app, mode), &known), form, errors, None));
    }
    if form.intent == "preview" {
        let preview = preview(&page, (&app, mode), &rule).await?;
        return page.ok(&view(new_of(&page, (&app, mode), &known), form, errors, Some(preview)));
    }
    if form.intent == "test" {
        return test(new_of(&page, (&app, mode), &known), form, &rule).await;
    }
    let is_on = form.intent == "on";
    let mut tx = page.state.db.begin().await?;
    if manage::list(&mut tx, (&app, mode), &page.actor()).await?.len() >= MAX_AUTOMATIONS {
        let errors = FieldError::new("too-many", t::too_many(MAX_AUTOMATIONS)).at("on");
        return page.unprocessable(&view(new_of(&page, (&app, mode), &known), form, errors, None));
    }
    let id = manage::add(&mut tx, (&app, mode), (rule, is_on), (&page.actor(), page.now)).await?;
    tx.commit().await?;
    Ok(page.redirect(&urls::automation(app.id, id), if is_on { t::added_on() } else { t::added() }))
}

/// `GET …/{automation}/edit`
pub(crate) async fn edit(page: RequestContext, path: Path<(String, String)>) -> Answer {
    let (app, automation) = find(&page, (&path.0, &path.1)).await?;
    let known = known(&page, &app).await?;
    let own = urls::automation(app.id, automation.id);
    let urls = (urls::edit(&own), own);
    let of = Of {
        page: &page,
        app: &app,
        mode: automation.mode,
        known: &known,
        urls,
        title: t::edit_title(),
        can_turn_on: !automation.is_on,
    };
    page.ok(&view(of, RuleForm::of_automation(&automation), FieldErrors::default(), None))
}

/// `POST …/{automation}/edit`
pub(crate) async fn update(posted: SignedForm<RuleForm>, path: Path<(String, String)>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let (app, automation) = find(&page, (&path.0, &path.1)).await?;
    let known = known(&page, &app).await?;
    let own = urls::automation(app.id, automation.id);
    let of = || Of {
        page: &page,
        app: &app,
        mode: automation.mode,
        known: &known,
        urls: (urls::edit(&own), own.clone()),
        title: t::edit_title(),
        can_turn_on: !automation.is_on,
    };
    let (rule, errors) = form.parse(&known);
    if !errors.is_empty() {
        return page.unprocessable(&view(of(), form, errors, None));
    }
    if form.intent == "preview" {
        let preview = preview(&page, (&app, automation.mode), &rule).await?;
        return page.ok(&view(of(), form, errors, Some(preview)));
    }
    if form.intent == "test" {
        return test(of(), form, &rule).await;
    }
    let mut tx = page.state.db.begin().await?;
    manage::change(&mut tx, &automation, &rule, (&page.actor(), page.now)).await?;
    if form.intent == "on" {
        manage::turn(&mut tx, &automation, true, (&page.actor(), page.now)).await?;
    }
    tx.commit().await?;
    Ok(page.redirect(&own, if form.intent == "on" { t::now_on() } else { t::saved() }))
}

/// Renders the message with the newest payment that fits.
async fn preview(page: &RequestContext, (app, mode): (&App, Mode), rule: &Rule) -> Result<Preview, AppError> {
    let mut reader = page.state.db.page_reader().await?;
    let mut run = dry_run::count(&mut reader, (app, mode), (rule.on, &rule.conditions), page.now).await?;
    let occurrence = match run.newest.take() {
        Some(payment) => Some(Occurrence::of_payment(&mut reader, app, rule.on, payment).await?),
        None => None,
    };
    drop(reader);
    let wanted = if rule.recipients.contains(&Recipient::Customer) { rule.language } else { page.locale };
    let (language, wording) = rule.texts.closest(wanted).ok_or(AppError::BadRequest)?;
    let reader = Reader { locale: language, zone: app.zone };
    let values: Values = match &occurrence {
        Some(occurrence) => occurrence.values(app, reader, page.now),
        None => values::example(app, reader, page.now),
    };
    let place = Place { base: page.state.base(), path: urls::app(app.id) };
    let content = content::render((app, mode), (wording, language), &values, (Audience::Test, &place));
    Ok(Preview { content, is_example: occurrence.is_none(), run })
}

/// Sends the message to the user alone.
async fn test(of: Of<'_>, form: RuleForm, rule: &Rule) -> Answer {
    let (page, app, mode) = (of.page, of.app, of.mode);
    let refuse = |of: Of<'_>, form: RuleForm, reason, sentence: Text| {
        page.unprocessable(&view(of, form, FieldError::new(reason, sentence).at("test"), None))
    };
    if page.state.mail.settings.is_none() {
        return refuse(of, form, "no-email", t::test_no_email());
    }
    let permit = match page.state.checks.acquire(app.company_id) {
        Ok(permit) => permit,
        Err(busy) => return refuse(of, form, busy.reason(), channels::busy(busy)),
    };
    if let Err(wait) = page.state.test_emails.check(&app.company_id) {
        return refuse(of, form, "too-many-attempts", access::too_many_attempts(wait));
    }
    let shown = preview(page, (app, mode), rule).await?;
    let new = NewNotification {
        company: Some(app.company_id),
        recipient: notifications::Recipient::Email(&page.signed_in.user.email),
        purpose: Purpose::Test,
        content: &shown.content,
        valid_for: TEST_LIFETIME,
        alert: None,
        run: None,
    };
    let mut tx = page.state.db.begin().await?;
    manage::record_test(&mut tx, app, (&page.actor(), page.now)).await?;
    notifications::queue(&mut tx, &new, (&page.state.vault, page.now)).await?;
    tx.commit().await?;
    drop(permit);
    let mut view = view(of, form, FieldErrors::default(), Some(shown));
    view.layout.flash = Some(Flash::good(&t::test_sent().to_plain(page.reader())));
    page.ok(&view)
}
