//! The forms of sign-in, set-up and Personal Info. No password is ever shown again.

use serde::Deserialize;

use crate::{
    accounts::password::PasswordFault,
    companies,
    console::http::form::FieldErrors,
    messages::{access, text::forms as t},
    primitives::{email, text_input, zone::Zone},
};

/// The sign-in form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SignInForm {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) redirect_url: String,
}

/// The set-up form: a company and its owner.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SetupForm {
    pub(crate) company: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) password: String,
}

impl SetupForm {
    /// Returns company, name and email, or the errors by field; `password_fault` is what the password policy says.
    pub(crate) fn parse(&self, password_fault: Option<PasswordFault>) -> Result<(String, String, String), FieldErrors> {
        let mut errors = FieldErrors::default();
        let company = text_input::line(&self.company, companies::MIN_NAME_CHARS, companies::MAX_NAME_CHARS);
        let company = errors.take("company", t::enter_company_name(), company);
        let name = errors.take("name", t::enter_your_name(), text_input::line(&self.name, 1, 100));
        let email = errors.take_email("email", email::parse(&self.email));
        if let Some(fault) = password_fault {
            errors.add("password", password_reason(fault), access::password_fault(fault));
        }
        if errors.is_empty() { Ok((company, name, email)) } else { Err(errors) }
    }
}

const fn password_reason(fault: PasswordFault) -> &'static str {
    match fault {
        PasswordFault::TooShort => "too-short",
        PasswordFault::TooLong => "too-long",
        PasswordFault::EasilyGuessed => "easily-guessed",
        PasswordFault::ContainsEmail => "contains-email",
    }
}

/// The form of **Personal Info**. A new email requires the password, because the email is the sign-in name.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PersonForm {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) time_zone: String,
    pub(crate) current_password: String,
}

impl PersonForm {
    /// Returns name, email and the chosen time zone, or the errors by field.
    pub(crate) fn parse(&self) -> Result<(String, String, Option<Zone>), FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", t::enter_your_name(), text_input::line(&self.name, 1, 100));
        let email = errors.take_email("email", email::parse(&self.email));
        let zone = errors.take_zone("time_zone", &self.time_zone);
        if errors.is_empty() { Ok((name, email, zone)) } else { Err(errors) }
    }
}

/// The form that asks for the link of a password reset.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ForgottenForm {
    pub(crate) email: String,
}

impl ForgottenForm {
    /// Returns the email as accounts have it, or the error.
    pub(crate) fn parse(&self) -> Result<String, FieldErrors> {
        let mut errors = FieldErrors::default();
        let email = errors.take_email("email", email::normalize(&self.email));
        if errors.is_empty() { Ok(email) } else { Err(errors) }
    }
}

/// The form of a password reset.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NewPasswordForm {
    pub(crate) new_password: String,
    pub(crate) confirm_password: String,
}

impl NewPasswordForm {
    /// See [`PasswordForm::errors`].
    pub(crate) fn errors(&self, password_fault: Option<PasswordFault>) -> FieldErrors {
        new_password_errors((&self.new_password, &self.confirm_password), password_fault)
    }
}

/// The form that changes the password.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PasswordForm {
    pub(crate) old_password: String,
    pub(crate) new_password: String,
    pub(crate) confirm_password: String,
}

impl PasswordForm {
    /// Validates the new password; `password_fault` is what the password policy says.
    pub(crate) fn errors(&self, password_fault: Option<PasswordFault>) -> FieldErrors {
        new_password_errors((&self.new_password, &self.confirm_password), password_fault)
    }
}

/// Validates a new password that was entered twice.
fn new_password_errors((new, again): (&str, &str), password_fault: Option<PasswordFault>) -> FieldErrors {
    let mut errors = FieldErrors::default();
    if let Some(fault) = password_fault {
        errors.add("new_password", password_reason(fault), access::password_fault(fault));
    } else if new != again {
        errors.add("confirm_password", "not-the-same", t::passwords_differ());
    }
    errors
}
