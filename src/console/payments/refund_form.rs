//! The form that refunds a payment: what was submitted, and the refund or the errors that it parses to.

use serde::Deserialize;

use crate::{
    console::http::{
        error::AppError,
        form::{FieldErrors, sentence},
    },
    messages::text::refunds as t,
    primitives::{
        base62,
        money::{Currency, Money},
        text_input,
    },
};

/// The number of random characters that identify a form that was shown.
const ORIGIN_CHARS: usize = 22;

/// The form as submitted.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct RefundForm {
    /// Identifies the form, which requests one refund.
    pub(super) origin: String,
    pub(super) amount: String,
    pub(super) note: String,
    pub(super) current_password: String,
}

/// What a valid form asks for.
pub(super) struct Wanted {
    pub(super) amount: Money,
    pub(super) note: Option<String>,
}

impl RefundForm {
    /// Returns a form that was not shown before.
    pub(super) fn new() -> Self {
        Self { origin: base62::random(ORIGIN_CHARS), ..Self::default() }
    }

    /// Checks that the form is one of those that were shown.
    pub(super) fn check_origin(&self) -> Result<(), AppError> {
        let is_plain = self.origin.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_plain && self.origin.len() == ORIGIN_CHARS { Ok(()) } else { Err(AppError::BadRequest) }
    }

    pub(super) fn parse(&self, currency: Currency, max_note_chars: usize) -> Result<Wanted, FieldErrors> {
        let mut errors = FieldErrors::default();
        let amount = Money::parse(&self.amount, currency);
        if amount.is_none() {
            let is_empty = self.amount.trim().is_empty();
            let example = Money::new(50_000, currency).plain();
            let (reason, sentence) =
                if is_empty { ("empty", t::enter_amount()) } else { ("not-an-amount", t::amount_invalid(example)) };
            errors.add("amount", reason, sentence);
        }
        let note = text_input::optional_line(&self.note, max_note_chars).unwrap_or_else(|fault| {
            errors.add_line("note", sentence(t::note(), fault), fault);
            None
        });
        match amount {
            Some(amount) if errors.is_empty() => Ok(Wanted { amount, note }),
            _ => Err(errors),
        }
    }
}
