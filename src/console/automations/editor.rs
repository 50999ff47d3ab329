//! The editor of a rule: its page, and what the rule would send.

use super::{form::RuleForm, layout, recipient, refund_choice::RefundChoice};
use crate::{
    apps::App,
    automating::{
        content::{self, Audience, Place},
        deliver,
        dry_run::{self, DryRun},
        values::{self, Occurrence},
    },
    automations::{
        Recipient, Rule,
        conditions::{Comparison, NoteComparison},
        json_template::{self, MAX_BODY_BYTES},
        manage::Known,
        template::{NOTE, Values, Variable},
    },
    console::{
        http::{error::AppError, form::FieldErrors, layout::Layout, page::RequestContext, payload::Payload},
        read_models::mode_selection::shown,
    },
    gateways::{Gateway, Mode},
    i18n::{Locale, Reader, Text, code},
    ledger::payments::changes::ChangeKind,
    messages::{
        METHODS,
        automations::{self, placeholder},
        method,
        text::automations as t,
    },
    notifications::{
        Content,
        markup::{Block, Span},
    },
    primitives::id::{AutomationId, RunId},
    urls,
};

/// `/ks-pay/apps/{app}/automations/new` and `…/{automation}/edit`
#[derive(askama::Template)]
#[template(path = "automations/edit.html")]
pub(super) struct Edit {
    pub(super) layout: Layout,
    action: String,
    back: String,
    mode: Mode,
    has_email: bool,
    /// True for a rule that is off or new.
    can_turn_on: bool,
    form: RuleForm,
    errors: FieldErrors,
    choices: Vec<(String, Text)>,
    gateways: Vec<Gateway>,
    variables: Vec<VariableRow>,
    /// True if the rule can refund, or does.
    has_refund: bool,
    /// What happens with a refund, or what is missing for it.
    refund_note: Option<Text>,
    /// The page with the settings of automatic refunds.
    refund_settings: String,
    preview: Option<Preview>,
}

/// A variable in the list below the message.
struct VariableRow {
    placeholder: String,
    example: String,
    /// The changes that have it, if not all do.
    only: Option<Text>,
}

/// The preview: the rendered message and the dry run.
pub(super) struct Preview {
    /// `None` if only destinations are recipients.
    pub(super) content: Option<Content>,
    recipients: Text,
    /// What destinations receive, if they are recipients.
    body: Option<Payload>,
    is_example: bool,
    /// What it would refund.
    refund: Option<Text>,
    run: DryRun,
}

/// What is edited: a new rule, or that of an automation.
pub(super) struct Editor<'a> {
    pub(super) page: &'a RequestContext,
    pub(super) app: &'a App,
    pub(super) mode: Mode,
    pub(super) known: &'a Known,
    pub(super) title: Text,
    /// The form's own URL.
    pub(super) action: String,
    /// Where Cancel leads.
    pub(super) back: String,
    pub(super) can_turn_on: bool,
    pub(super) refund: &'a RefundChoice,
}

impl Edit {
    fn kinds() -> Vec<(&'static str, Text)> {
        ChangeKind::ALL.iter().map(|kind| (kind.as_str(), automations::change(*kind))).collect()
    }

    fn comparisons() -> Vec<(&'static str, Text)> {
        vec![("", t::any_amount()), (Comparison::Over.as_str(), t::over()), (Comparison::AtMost.as_str(), t::at_most())]
    }

    fn methods() -> Vec<(&'static str, Text)> {
        let all = METHODS.iter().map(|code| (*code, t::is_by(method(Some(code)))));
        [("", t::any_method())].into_iter().chain(all).collect()
    }

    fn gateways(&self) -> Vec<(&'static str, Text)> {
        let shown = self.gateways.iter().map(|gateway| (gateway.slug(), t::is_at(gateway.label())));
        [("", t::any_gateway())].into_iter().chain(shown).collect()
    }

    fn note_comparisons() -> Vec<(&'static str, Text)> {
        let (is, contains) = (NoteComparison::Is.as_str(), NoteComparison::Contains.as_str());
        vec![("", t::any_notes()), (is, t::a_note_is()), (contains, t::a_note_contains())]
    }

    fn languages() -> Vec<(&'static str, Text)> {
        vec![(Locale::English.as_str(), t::english()), (Locale::Hindi.as_str(), t::hindi())]
    }

    /// True if a text has a variable that the change does not have.
    fn are_variables_open(&self) -> bool {
        let texts = ["subject_en", "message_en", "subject_hi", "message_hi", "body"];
        let mut faults = texts.iter().filter_map(|field| self.errors.of(field));
        faults.any(|fault| ["unknown-variable", "unclosed"].contains(&fault.reason))
    }

    fn has_destinations(&self) -> bool {
        self.choices.iter().any(|(id, _)| matches!(id.parse(), Ok(Recipient::Destination(_))))
    }

    /// True if the JSON template is shown: it applies only to destinations.
    fn has_body(&self) -> bool {
        self.has_destinations() || !self.form.body.is_empty()
    }

    fn is_body_open(&self) -> bool {
        !self.form.body.is_empty()
    }

    fn body_hint() -> Text {
        t::json_hint(code(placeholder(Variable::Amount)))
    }

    fn is_hindi_open(&self) -> bool {
        !self.form.subject_hi.is_empty() || !self.form.message_hi.is_empty()
    }
}

impl Editor<'_> {
    pub(super) fn view(&self, form: RuleForm, errors: FieldErrors, preview: Option<Preview>) -> Edit {
        let users = self.known.users.iter().map(|user| Recipient::User(user.id));
        let channels = self.known.channels.iter().map(|channel| Recipient::Channel(channel.id));
        let destinations = self.known.destinations.iter().map(|destination| Recipient::Destination(destination.id));
        let all = [Recipient::Customer].into_iter().chain(users).chain(channels).chain(destinations);
        Edit {
            layout: layout(self.page, (self.app, self.mode), self.title.clone()),
            action: self.action.clone(),
            back: self.back.clone(),
            mode: self.mode,
            has_email: self.page.state.mail.settings.is_some(),
            can_turn_on: self.can_turn_on,
            choices: all.map(|to| (to.to_string(), recipient(self.known, to))).collect(),
            gateways: shown(self.page, self.app, Some(self.mode)).gateways(),
            variables: self.variables(),
            has_refund: self.refund.is_offered() || form.refunds,
            refund_note: self.refund.note(self.app),
            refund_settings: urls::in_mode(&urls::automatic_refunds(self.app.id), self.mode),
            form,
            errors,
            preview,
        }
    }

    fn variables(&self) -> Vec<VariableRow> {
        let examples = values::example(self.app, Reader { locale: self.page.locale, zone: self.app.zone }, self.page.now);
        let row = |variable: &Variable| {
            let kinds: Vec<_> = ChangeKind::ALL.iter().copied().filter(|kind| variable.is_of(*kind)).collect();
            let is_of_all = kinds.len() == ChangeKind::ALL.len();
            let only = kinds.into_iter().map(automations::change).reduce(t::list_and).filter(|_| !is_of_all);
            let example = examples.get(variable.as_str()).to_owned();
            VariableRow { placeholder: placeholder(*variable), example, only: only.map(t::variables_of) }
        };
        let note =
            VariableRow { placeholder: format!("{{{{{NOTE}name}}}}"), example: String::new(), only: Some(t::variable_note()) };
        Variable::ALL.iter().map(row).chain([note]).collect()
    }

    /// Renders the message with the newest payment that matches.
    pub(super) async fn preview(&self, rule: &Rule, audience: Audience) -> Result<Preview, AppError> {
        let Self { page, app, mode, .. } = self;
        let mut reader = page.state.db.bulk_reader().await?;
        let mut run = dry_run::count(&mut reader, (app, *mode), (rule.on, &rule.conditions), page.now).await?;
        let occurrence = match run.newest.take() {
            Some(payment) => Some(Occurrence::of_payment(&mut reader, app, rule.on, payment).await?),
            None => None,
        };
        drop(reader);
        let base = page.state.base();
        let is_delivered = rule.recipients.iter().any(|to| !to.reads_message());
        let body = if is_delivered { self.body(rule, occurrence.as_ref()) } else { None };
        let wanted = if rule.recipients.contains(&Recipient::Customer) { rule.language } else { page.locale };
        let place = Place { base, path: urls::app(app.id) };
        let content = rule.texts.closest(wanted).map(|(language, wording)| {
            let reader = Reader { locale: language, zone: app.zone };
            let values: Values = match &occurrence {
                Some(occurrence) => occurrence.values(app, reader, page.now),
                None => values::example(app, reader, page.now),
            };
            content::render((app, *mode), (wording, language), &values, (audience, &place))
        });
        let recipient = |to: &Recipient| match to {
            Recipient::Customer if *mode == Mode::Test => t::letter_instead(),
            other => recipient(self.known, *other),
        };
        let recipients = rule.recipients.iter().map(recipient).reduce(t::list_and).unwrap_or_default();
        let refund = rule.starts_refund.then(|| automations::would_refund(rule.on));
        Ok(Preview { content, recipients, body, is_example: occurrence.is_none(), refund, run })
    }

    /// Returns what destinations would receive for a change; without one, a template is shown with example values.
    fn body(&self, rule: &Rule, occurrence: Option<&Occurrence>) -> Option<Payload> {
        let run = (RunId::least(), self.page.now);
        let body = match (occurrence, &rule.body) {
            (Some(found), _) => deliver::body((rule, AutomationId::least()), self.app, found, (run, self.page.state.base()))?,
            (None, Some(template)) => self.example_body(template)?.into_bytes(),
            (None, None) => return None,
        };
        Some(Payload::new(&body))
    }

    fn example_body(&self, template: &str) -> Option<String> {
        json_template::render(template, &values::json_example(self.app, self.page.now))
    }

    /// Adds an error if what destinations would receive is too large even with example values.
    pub(super) fn check_body(&self, rule: &Rule, errors: &mut FieldErrors) {
        let is_valid = errors.of("body").is_none();
        if let Some(template) = rule.body.as_deref().filter(|_| is_valid)
            && self.example_body(template).is_none()
        {
            errors.add("body", "body-too-large", t::json_body_too_large(MAX_BODY_BYTES / 1024));
        }
    }
}

/// Returns the audience of the preview: customers, if they are recipients.
pub(super) fn audience(rule: &Rule) -> Audience {
    if rule.recipients.contains(&Recipient::Customer) { Audience::Customer } else { Audience::Company }
}
