//! The password field of a form that asks for the password each time, however fresh the session is.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use askama::Template;

use super::{
    error::AppError,
    form::{FieldError, FieldErrors},
    page::RequestContext,
};
use crate::{
    accounts::sign_in::AuthError,
    messages::{self, text::access},
};

/// The name of the field.
const FIELD: &str = "current_password";

/// A password that was not accepted.
pub(crate) struct Unconfirmed {
    error: FieldError,
    /// The seconds until the next attempt, if attempts are limited.
    wait: Option<u64>,
}

impl Unconfirmed {
    /// The field is empty, and the form needs it.
    pub(crate) fn missing() -> Self {
        Self { error: FieldError::new("no-password", access::no_password()), wait: None }
    }

    /// Returns the errors of a form in which only the password is wrong.
    pub(crate) fn errors(&self) -> FieldErrors {
        self.error.clone().at(FIELD)
    }

    /// Adds the error to those of the form's other fields.
    pub(crate) fn add_to(&self, errors: &mut FieldErrors) {
        errors.add(FIELD, self.error.reason, self.error.sentence.clone());
    }

    /// Shows the form again.
    pub(crate) fn answer(self, page: &RequestContext, view: &impl Template) -> Result<HttpResponse, AppError> {
        let mut response = page.unprocessable(view)?;
        if let Some(wait) = self.wait {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            response.headers_mut().insert(header::RETRY_AFTER, wait.into());
        }
        Ok(response)
    }
}

/// Checks the password of a form; `None` if it is the user's.
pub(crate) async fn check(page: &RequestContext, password: &str) -> Result<Option<Unconfirmed>, AppError> {
    if password.is_empty() {
        return Ok(Some(Unconfirmed::missing()));
    }
    match page.confirm_password(password).await {
        Ok(()) => Ok(None),
        Err(AuthError::Wrong) => {
            Ok(Some(Unconfirmed { error: FieldError::new("wrong-password", access::wrong_password()), wait: None }))
        }
        Err(AuthError::RateLimited(wait)) => {
            let error = FieldError::new("too-many-attempts", messages::access::too_many_attempts(wait));
            Ok(Some(Unconfirmed { error, wait: Some(wait.as_secs()) }))
        }
        Err(other) => Err(other.into()),
    }
}
