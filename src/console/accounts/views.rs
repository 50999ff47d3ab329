//! View models of sign-in, set-up and Personal Info.

use askama::Template;

use super::forms::{PersonForm, SetupForm};
use crate::{
    console::http::{form::FieldErrors, layout::Layout},
    i18n::Text,
    messages::{
        Warning,
        text::{accounts as t, shared},
    },
};

/// `/login`
#[derive(Template)]
#[template(path = "accounts/login.html")]
pub(crate) struct Login<'a> {
    pub(crate) csrf: String,
    pub(crate) email: &'a str,
    pub(crate) redirect_url: &'a str,
    pub(crate) error: Option<Text>,
    /// True if there is no user yet.
    pub(crate) is_fresh: bool,
    pub(crate) warnings: &'a [Warning],
}

/// `/login/forgotten`, with a mail server.
#[derive(Template)]
#[template(path = "accounts/request_reset.html")]
pub(crate) struct RequestReset<'a> {
    pub(crate) csrf: String,
    pub(crate) email: &'a str,
    pub(crate) errors: FieldErrors,
    pub(crate) warnings: &'a [Warning],
}

/// `/login/forgotten/sent`
#[derive(Template)]
#[template(path = "accounts/reset_requested.html")]
pub(crate) struct ResetRequested<'a> {
    /// True in the demo.
    pub(crate) has_mailbox: bool,
    pub(crate) warnings: &'a [Warning],
}

/// `/login/reset`
#[derive(Template)]
#[template(path = "accounts/new_password.html")]
pub(crate) struct NewPassword<'a> {
    pub(crate) csrf: String,
    pub(crate) email: String,
    pub(crate) errors: FieldErrors,
    pub(crate) warnings: &'a [Warning],
}

/// `/login/reset` with a link that is not valid.
#[derive(Template)]
#[template(path = "accounts/reset_expired.html")]
pub(crate) struct ResetExpired<'a> {
    pub(crate) warnings: &'a [Warning],
}

/// `/login/reset/done`
#[derive(Template)]
#[template(path = "accounts/reset_done.html")]
pub(crate) struct ResetDone<'a> {
    pub(crate) warnings: &'a [Warning],
}

/// `/login/forgotten`, without a mail server.
#[derive(Template)]
#[template(path = "accounts/forgotten.html")]
pub(crate) struct Forgotten<'a> {
    pub(crate) warnings: &'a [Warning],
}

/// `/setup`
#[derive(Template)]
#[template(path = "accounts/setup.html")]
pub(crate) struct Setup<'a> {
    pub(crate) csrf: String,
    pub(crate) form: &'a SetupForm,
    pub(crate) errors: FieldErrors,
    pub(crate) warnings: &'a [Warning],
}

/// `/setup` with an expired or invalid link.
#[derive(Template)]
#[template(path = "accounts/setup_over.html")]
pub(crate) struct SetupOver<'a> {
    pub(crate) warnings: &'a [Warning],
}

/// `/personal-info`
#[derive(Template)]
#[template(path = "accounts/personal_info.html")]
pub(crate) struct PersonalInfo {
    pub(crate) layout: Layout,
    pub(crate) form: PersonForm,
    pub(crate) errors: FieldErrors,
    pub(crate) password_errors: FieldErrors,
    /// Describes the user's other sessions.
    pub(crate) sessions: Text,
    pub(crate) has_other_sessions: bool,
}
