//! The form of a rule: the submitted values, and the rule or the errors that they parse to.

use serde::{Deserialize, Deserializer};

use crate::{
    automations::{
        Automation, MAX_RECIPIENTS, Recipient, Rule, Texts, Wording,
        conditions::{AmountCondition, Comparison, Conditions, MAX_NOTE_CHARS, NoteComparison, NoteCondition},
        json_template,
        manage::Known,
        template,
    },
    console::http::form::FieldErrors,
    deliveries::normalized::change,
    gateways::Gateway,
    i18n::Locale,
    ledger::payments::changes::ChangeKind,
    messages::{
        METHODS,
        automations::{self, Template},
        text::automations as t,
    },
    primitives::{
        id::UserId,
        money::{Currency, Money},
        text_input::{self, Fault},
    },
};

/// The longest submitted text that is shown again in its field.
const MAX_FIELD_CHARS: usize = 10_000;
/// The same for the JSON template.
const MAX_BODY_CHARS: usize = 20_000;

/// The form as submitted: recipients are separate fields of one name.
#[derive(Debug, Clone, Default)]
pub(crate) struct RuleForm {
    pub(super) mode: String,
    pub(super) intent: String,
    pub(super) on: String,
    pub(super) comparison: String,
    pub(super) amount: String,
    pub(super) currency: String,
    pub(super) method: String,
    pub(super) gateway: String,
    pub(super) note_comparison: String,
    pub(super) note_name: String,
    pub(super) note_value: String,
    pub(super) recipients: Vec<String>,
    pub(super) language: String,
    pub(super) subject_en: String,
    pub(super) message_en: String,
    pub(super) subject_hi: String,
    pub(super) message_hi: String,
    /// The JSON template for destinations.
    pub(super) body: String,
    /// True if it starts a refund.
    pub(super) refunds: bool,
}

impl<'de> Deserialize<'de> for RuleForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut form = Self::default();
        for (name, value) in Vec::<(String, String)>::deserialize(deserializer)? {
            let most = if name == "body" { MAX_BODY_CHARS } else { MAX_FIELD_CHARS };
            let value: String = value.chars().take(most).collect();
            match name.as_str() {
                "mode" => form.mode = value,
                "intent" => form.intent = value,
                "on" => form.on = value,
                "comparison" => form.comparison = value,
                "amount" => form.amount = value,
                "currency" => form.currency = value,
                "method" => form.method = value,
                "gateway" => form.gateway = value,
                "note_comparison" => form.note_comparison = value,
                "note_name" => form.note_name = value,
                "note_value" => form.note_value = value,
                "recipient" => form.recipients.push(value),
                "language" => form.language = value,
                "subject_en" => form.subject_en = value,
                "message_en" => form.message_en = value,
                "subject_hi" => form.subject_hi = value,
                "message_hi" => form.message_hi = value,
                "body" => form.body = value,
                "refund" => form.refunds = true,
                _ => {}
            }
        }
        Ok(form)
    }
}

impl RuleForm {
    /// Returns the form of a rule.
    pub(super) fn of(rule: &Rule) -> Self {
        let (amount, note) = (rule.conditions.amount, rule.conditions.note.clone());
        let wording = |language| rule.texts.get(language).cloned().unwrap_or_default();
        let (en, hi): (Wording, Wording) = (wording(Locale::English), wording(Locale::Hindi));
        Self {
            on: rule.on.to_string(),
            comparison: amount.map(|condition| condition.comparison.to_string()).unwrap_or_default(),
            amount: amount.map(|condition| condition.amount.plain()).unwrap_or_default(),
            currency: amount.map_or(Currency::INR, |condition| condition.amount.currency).to_string(),
            method: rule.conditions.method.clone().unwrap_or_default(),
            gateway: rule.conditions.gateway.map(|gateway| gateway.slug().to_owned()).unwrap_or_default(),
            note_comparison: note.as_ref().map(|note| note.comparison.to_string()).unwrap_or_default(),
            note_name: note.as_ref().map(|note| note.name.clone()).unwrap_or_default(),
            note_value: note.map(|note| note.value).unwrap_or_default(),
            recipients: rule.recipients.iter().map(ToString::to_string).collect(),
            language: rule.language.to_string(),
            subject_en: en.subject,
            message_en: en.message,
            subject_hi: hi.subject,
            message_hi: hi.message,
            body: rule.body.clone().unwrap_or_default(),
            refunds: rule.starts_refund,
            ..Self::default()
        }
    }

    pub(super) fn of_automation(automation: &Automation) -> Self {
        Self { mode: automation.mode.slug().to_owned(), ..Self::of(&automation.rule) }
    }

    /// Returns the form of a template for the user who adds it; if it is for destinations, with one that receives nothing else, or else the
    /// first.
    pub(super) fn of_template(template: Template, (user, known): (UserId, &Known), language: Locale) -> Self {
        let recipients = if template.starts_refund() {
            Vec::new()
        } else if template.is_for_destinations() {
            let all = &known.destinations;
            let only = all.iter().find(|destination| destination.settings.events.as_str() == change::EVENT_TYPE);
            only.or(all.first()).map(|destination| Recipient::Destination(destination.id)).into_iter().collect()
        } else if template.is_for_customers() {
            vec![Recipient::Customer]
        } else {
            vec![Recipient::User(user)]
        };
        let (texts, body) = (template.texts(), template.body());
        Self::of(&Rule {
            on: template.kind(),
            conditions: Conditions::default(),
            recipients,
            texts,
            language,
            body,
            starts_refund: template.starts_refund(),
        })
    }

    /// Returns an empty form.
    pub(super) fn empty(language: Locale) -> Self {
        Self {
            on: ChangeKind::Captured.to_string(),
            currency: Currency::INR.to_string(),
            language: language.to_string(),
            ..Self::default()
        }
    }

    pub(super) fn has(&self, recipient: &str) -> bool {
        self.recipients.iter().any(|chosen| chosen == recipient)
    }

    /// Returns the rule; if there are errors, as much of it as is valid. `can_refund` if the app has keys of a gateway that refunds.
    pub(super) fn parse(&self, known: &Known, can_refund: bool) -> (Rule, FieldErrors) {
        let mut errors = FieldErrors::default();
        let on = self.on.parse().unwrap_or_else(|_| {
            errors.add("on", "unknown", t::unknown_choice());
            ChangeKind::Captured
        });
        let conditions = Conditions {
            amount: self.amount_condition(&mut errors),
            method: self.method(&mut errors),
            gateway: self.gateway(&mut errors),
            note: self.note(&mut errors),
        };
        let starts_refund = self.starts_refund(&mut errors, on, can_refund);
        let recipients = self.recipients(&mut errors, known);
        // Destinations receive no message, and a refund needs none.
        let needs_text =
            recipients.is_empty() && !self.refunds || recipients.iter().any(|to| to.reads_message()) || self.has_text();
        let texts = if needs_text { self.texts(&mut errors, on) } else { Texts::default() };
        let language = self.language.parse().unwrap_or_else(|_| {
            errors.add("language", "unknown", t::unknown_choice());
            Locale::English
        });
        if recipients.contains(&Recipient::Customer) && texts.get(language).is_none() {
            errors.add("language", "no-text", t::no_text_in_language());
        }
        let body = self.body(&mut errors, on);
        (Rule { on, conditions, recipients, texts, language, body, starts_refund }, errors)
    }

    fn starts_refund(&self, errors: &mut FieldErrors, on: ChangeKind, can_refund: bool) -> bool {
        if self.refunds && on == ChangeKind::Failed {
            errors.add("refund", "nothing-to-refund", t::refund_of_failed());
        } else if self.refunds && !can_refund {
            errors.add("refund", "no-keys", t::refund_without_keys());
        }
        self.refunds
    }

    fn amount_condition(&self, errors: &mut FieldErrors) -> Option<AmountCondition> {
        if self.comparison.is_empty() {
            return None;
        }
        let Ok(comparison) = self.comparison.parse::<Comparison>() else {
            errors.add("comparison", "unknown", t::unknown_choice());
            return None;
        };
        let Ok(currency) = self.currency.trim().to_uppercase().parse::<Currency>() else {
            errors.add("currency", "not-a-currency", t::enter_currency());
            return None;
        };
        let Some(amount) = Money::parse(&self.amount, currency) else {
            errors.add("amount", "not-an-amount", t::enter_amount());
            return None;
        };
        Some(AmountCondition { comparison, amount })
    }

    fn method(&self, errors: &mut FieldErrors) -> Option<String> {
        if !self.method.is_empty() && !METHODS.contains(&self.method.as_str()) {
            errors.add("method", "unknown", t::unknown_choice());
        }
        Some(self.method.clone()).filter(|method| !method.is_empty())
    }

    fn gateway(&self, errors: &mut FieldErrors) -> Option<Gateway> {
        let gateway = self.gateway.parse().ok();
        if gateway.is_none() && !self.gateway.is_empty() {
            errors.add("gateway", "unknown", t::unknown_choice());
        }
        gateway
    }

    fn note(&self, errors: &mut FieldErrors) -> Option<NoteCondition> {
        if self.note_comparison.is_empty() {
            return None;
        }
        let comparison: Option<NoteComparison> = self.note_comparison.parse().ok();
        if comparison.is_none() {
            errors.add("note_comparison", "unknown", t::unknown_choice());
        }
        let mut text = |field, text: &str| match text_input::line(text, 1, MAX_NOTE_CHARS) {
            Ok(text) => Some(text),
            Err(fault) => {
                let (reason, sentence) = match fault {
                    Fault::Empty | Fault::ShorterThan(_) => ("empty", t::enter_text()),
                    Fault::LongerThan(max) => ("too-long", t::text_too_long(max)),
                    Fault::Control => ("invisible", t::note_invisible()),
                };
                errors.add(field, reason, sentence);
                None
            }
        };
        let (name, value) = (text("note_name", &self.note_name), text("note_value", &self.note_value));
        Some(NoteCondition { comparison: comparison?, name: name?, value: value? })
    }

    fn recipients(&self, errors: &mut FieldErrors, known: &Known) -> Vec<Recipient> {
        let mut recipients: Vec<Recipient> = Vec::new();
        for text in self.recipients.iter().take(MAX_RECIPIENTS + 1) {
            match text.parse().ok().filter(|recipient| known.has(*recipient)) {
                Some(recipient) if recipients.contains(&recipient) => {}
                Some(recipient) => recipients.push(recipient),
                None => errors.add("recipient", "unknown", t::unknown_recipient()),
            }
        }
        if self.recipients.is_empty() && !self.refunds {
            errors.add("recipient", "empty", t::choose_recipient());
        } else if recipients.len() > MAX_RECIPIENTS {
            errors.add("recipient", "too-many", t::too_many_recipients(MAX_RECIPIENTS));
        }
        recipients
    }

    fn body(&self, errors: &mut FieldErrors, kind: ChangeKind) -> Option<String> {
        let body = self.body.replace("\r\n", "\n");
        if body.trim().is_empty() {
            return None;
        }
        if let Err(fault) = json_template::check(&body, kind) {
            let (reason, sentence) = automations::json_fault(&fault);
            errors.add("body", reason, sentence);
        }
        Some(body)
    }

    fn has_text(&self) -> bool {
        [&self.subject_en, &self.message_en, &self.subject_hi, &self.message_hi].iter().any(|text| !text.trim().is_empty())
    }

    fn texts(&self, errors: &mut FieldErrors, kind: ChangeKind) -> Texts {
        let is_blank = |subject: &str, message: &str| subject.trim().is_empty() && message.trim().is_empty();
        let has_hindi = !is_blank(&self.subject_hi, &self.message_hi);
        let has_english = !is_blank(&self.subject_en, &self.message_en) || !has_hindi;
        let mut wording = |(subject_field, message_field), subject: &str, message: &str| {
            // A subject is one line, whatever was pasted.
            let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
            let checked = [
                (subject_field, template::check_subject(&subject, kind)),
                (message_field, template::check_message(message, kind)),
            ];
            for (field, fault) in checked {
                if let Err(fault) = fault {
                    let (reason, sentence) = automations::fault(&fault);
                    errors.add(field, reason, sentence);
                }
            }
            Wording { subject, message: message.replace("\r\n", "\n").trim().to_owned() }
        };
        Texts {
            en: has_english.then(|| wording(("subject_en", "message_en"), &self.subject_en, &self.message_en)),
            hi: has_hindi.then(|| wording(("subject_hi", "message_hi"), &self.subject_hi, &self.message_hi)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_back_from_its_form() {
        let known = Known::default();
        let of_template = |template: Template| RuleForm::of_template(template, (UserId::unique(), &known), Locale::Hindi);
        let of_order = of_template(Template::OrderStatus);
        assert!(
            of_order.recipients.is_empty() && json_template::check(&of_order.body, ChangeKind::Captured).is_ok(),
            "{}",
            of_order.body
        );
        let refund = of_template(Template::RefundPaidTwice);
        let (rule, errors) = refund.parse(&known, true);
        assert!(errors.is_empty() && rule.starts_refund && rule.recipients.is_empty() && rule.texts == Texts::default());
        assert_eq!(RuleForm::of(&rule).parse(&known, true).0, rule);
        assert_eq!(refund.parse(&known, false).1.of("refund").unwrap().reason, "no-keys");
        let of_failed = RuleForm { on: ChangeKind::Failed.to_string(), ..refund };
        assert_eq!(of_failed.parse(&known, true).1.of("refund").unwrap().reason, "nothing-to-refund");
        let has_text = |template: &&Template| !template.is_for_destinations() && !template.starts_refund();
        for template in Template::ALL.iter().filter(has_text) {
            let form = of_template(*template);
            let form = RuleForm { recipients: vec!["customer".to_owned(), "customer".to_owned()], ..form };
            let (rule, errors) = form.parse(&known, false);
            assert!(errors.is_empty(), "{template}: {:?}", errors.first());
            assert_eq!((rule.on, rule.recipients.len(), rule.language), (template.kind(), 1, Locale::Hindi));
            assert_eq!(RuleForm::of(&rule).parse(&known, false).0, rule);
        }
    }
}
