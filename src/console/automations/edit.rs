//! The forms that add a rule and change one. Both also show a preview, and send a test to the user alone.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    web::{Path, Query},
};

use super::{
    editor::{self, Editor},
    find,
    form::RuleForm,
    index::Asked,
    refund_choice::RefundChoice,
};
use crate::{
    apps::App,
    automating::content::Audience,
    automations::{
        Automation, MAX_AUTOMATIONS, Rule,
        manage::{self, Known},
    },
    console::{
        http::{
            error::AppError,
            form::{FieldError, FieldErrors},
            layout::Flash,
            page::{RequestContext, see_other},
            signed_form::SignedForm,
        },
        read_models::mode_selection::shown,
    },
    gateways::Mode,
    i18n::{Text, isolate},
    messages::{access, automations::Template, channels, text::automations as t},
    notifications::{self, NewNotification, Purpose},
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// How long a test is attempted before it expires.
const TEST_LIFETIME: Duration = Duration::from_hours(1);

/// The outcome of a submitted form.
enum Submitted {
    /// It is shown again: with errors, a preview, or the result of a test.
    Answer(HttpResponse),
    /// It is to be stored.
    Rule { rule: Rule, turn_on: bool },
}

/// What a rule can do in an app and mode.
type Possible = (Known, RefundChoice);

async fn possible(page: &RequestContext, app: &App, mode: Mode) -> Result<Possible, AppError> {
    let mut reader = page.state.db.page_reader().await?;
    let known = manage::known(&mut reader, (app, mode), &page.actor()).await?;
    Ok((known, RefundChoice::read(&mut reader, page, (app, mode)).await?))
}

fn of_new<'a>(page: &'a RequestContext, (app, mode): (&'a App, Mode), (known, refund): &'a Possible) -> Editor<'a> {
    let action = urls::new_automation(app.id, mode, "");
    let back = urls::in_mode(&urls::automations(app.id), mode);
    Editor { page, app, mode, known, title: t::new(), action, back, can_turn_on: true, refund }
}

fn of_existing<'a>(
    page: &'a RequestContext,
    (app, automation): (&'a App, &Automation),
    (known, refund): &'a Possible,
) -> Editor<'a> {
    let back = urls::automation(app.id, automation.id);
    let (action, can_turn_on) = (urls::edit(&back), !automation.is_on);
    Editor { page, app, mode: automation.mode, known, title: t::edit_title(), action, back, can_turn_on, refund }
}

/// `GET /ks-pay/apps/{app}/automations/new`
pub(crate) async fn new(page: RequestContext, app: Path<String>, asked: Query<Asked>) -> Answer {
    let app = page.app(&app).await?;
    let mode = shown(&page, &app, page.chosen_mode(app.id, &asked.mode)?).mode;
    let possible = possible(&page, &app, mode).await?;
    let (known, refund) = &possible;
    let template = asked.template.parse::<Template>().ok();
    if known.destinations.is_empty() && template.is_some_and(Template::is_for_destinations) {
        return Ok(see_other(&urls::new_destination(app.id, mode)));
    }
    if !refund.is_offered() && template.is_some_and(Template::starts_refund) {
        return Ok(see_other(&urls::in_mode(&urls::automations(app.id), mode)));
    }
    let by = (page.signed_in.user.id, known);
    let form = template.map_or_else(|| RuleForm::empty(page.locale), |one| RuleForm::of_template(one, by, page.locale));
    page.ok(&of_new(&page, (&app, mode), &possible).view(form, FieldErrors::default(), None))
}

/// `POST /ks-pay/apps/{app}/automations/new`
pub(crate) async fn create(posted: SignedForm<RuleForm>, app: Path<String>, asked: Query<Asked>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let app = page.app(&app).await?;
    let mode: Mode = asked.mode.parse().map_err(|_| AppError::BadRequest)?;
    let possible = possible(&page, &app, mode).await?;
    let editor = of_new(&page, (&app, mode), &possible);
    let (rule, turn_on) = match submit(&editor, &form).await? {
        Submitted::Answer(response) => return Ok(response),
        Submitted::Rule { rule, turn_on } => (rule, turn_on),
    };
    let mut tx = page.state.db.begin().await?;
    if manage::list(&mut tx, (&app, mode), &page.actor()).await?.len() >= MAX_AUTOMATIONS {
        let errors = FieldError::new("too-many", t::too_many(MAX_AUTOMATIONS)).at("on");
        return page.unprocessable(&editor.view(form, errors, None));
    }
    let id = manage::add(&mut tx, (&app, mode), (rule, turn_on), (&page.actor(), page.now)).await?;
    tx.commit().await?;
    Ok(page.redirect(&urls::automation(app.id, id), if turn_on { t::added_on() } else { t::added() }))
}

/// `GET …/{automation}/edit`
pub(crate) async fn edit(page: RequestContext, path: Path<(String, String)>) -> Answer {
    let (app, automation) = find(&page, (&path.0, &path.1)).await?;
    let possible = possible(&page, &app, automation.mode).await?;
    let editor = of_existing(&page, (&app, &automation), &possible);
    page.ok(&editor.view(RuleForm::of_automation(&automation), FieldErrors::default(), None))
}

/// `POST …/{automation}/edit`
pub(crate) async fn update(posted: SignedForm<RuleForm>, path: Path<(String, String)>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let (app, automation) = find(&page, (&path.0, &path.1)).await?;
    let possible = possible(&page, &app, automation.mode).await?;
    let editor = of_existing(&page, (&app, &automation), &possible);
    let (rule, turn_on) = match submit(&editor, &form).await? {
        Submitted::Answer(response) => return Ok(response),
        Submitted::Rule { rule, turn_on } => (rule, turn_on),
    };
    let mut tx = page.state.db.begin().await?;
    manage::change(&mut tx, &automation, &rule, (&page.actor(), page.now)).await?;
    if turn_on {
        manage::turn(&mut tx, &automation, true, (&page.actor(), page.now)).await?;
    }
    tx.commit().await?;
    Ok(page.redirect(&editor.back, if turn_on { t::now_on() } else { t::saved() }))
}

/// Parses a form, and answers unless its rule is to be stored.
async fn submit(editor: &Editor<'_>, form: &RuleForm) -> Result<Submitted, AppError> {
    let (rule, mut errors) = form.parse(editor.known, editor.refund.is_offered());
    editor.check_body(&rule, &mut errors);
    let answer = if !errors.is_empty() {
        editor.page.unprocessable(&editor.view(form.clone(), errors, None))
    } else if form.intent == "preview" {
        if let Err(wait) = editor.page.state.searches.check(&editor.page.signed_in.user.id) {
            let errors = FieldError::new("too-many-attempts", access::too_many_attempts(wait)).at("test");
            return editor.page.unprocessable(&editor.view(form.clone(), errors, None)).map(Submitted::Answer);
        }
        let preview = editor.preview(&rule, editor::audience(&rule)).await?;
        editor.page.ok(&editor.view(form.clone(), errors, Some(preview)))
    } else if form.intent == "test" {
        test(editor, form, &rule).await
    } else {
        return Ok(Submitted::Rule { rule, turn_on: form.intent == "on" });
    };
    answer.map(Submitted::Answer)
}

/// Sends the message to the user alone.
async fn test(editor: &Editor<'_>, form: &RuleForm, rule: &Rule) -> Answer {
    let (page, app) = (editor.page, editor.app);
    let refuse = |reason, sentence: Text| {
        page.unprocessable(&editor.view(form.clone(), FieldError::new(reason, sentence).at("test"), None))
    };
    if page.state.mail.settings.is_none() {
        return refuse("no-email", t::test_no_email());
    }
    let permit = match page.state.checks.acquire(app.company_id) {
        Ok(permit) => permit,
        Err(busy) => return refuse(busy.reason(), channels::busy(busy)),
    };
    if let Err(wait) = page.state.test_emails.check(&app.company_id) {
        return refuse("too-many-attempts", access::too_many_attempts(wait));
    }
    let sent = editor.preview(rule, Audience::Test).await?;
    let Some(content) = &sent.content else { return refuse("no-message", t::test_no_message()) };
    let new = NewNotification {
        company: Some(app.company_id),
        recipient: notifications::Recipient::Email(&page.signed_in.user.email),
        purpose: Purpose::Test,
        content,
        valid_for: TEST_LIFETIME,
        alert: None,
        run: None,
    };
    let mut tx = page.state.db.begin().await?;
    manage::record_test(&mut tx, app, (&page.actor(), page.now)).await?;
    notifications::queue(&mut tx, &new, (&page.state.vault, page.now)).await?;
    tx.commit().await?;
    drop(permit);
    let mut view = editor.view(form.clone(), FieldErrors::default(), None);
    view.layout.flash = Some(Flash::good(&t::test_sent(isolate(&page.signed_in.user.email)).to_plain(page.reader())));
    page.ok(&view)
}
