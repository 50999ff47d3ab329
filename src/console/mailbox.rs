//! The mailbox of the demo: the emails that it would have sent. There is no such page outside the demo.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use super::http::{
    error::{AppError, html},
    locale,
    state::State,
};
use crate::{
    messages::{self, DisplayTime, Warning, text::mailbox as t},
    notifications::mailbox::StoredMail,
};

/// `/demo/mailbox`
#[derive(Template)]
#[template(path = "demo/mailbox.html")]
struct Index<'a> {
    mails: Vec<(StoredMail, DisplayTime)>,
    warnings: &'a [Warning],
}

/// `GET /demo/mailbox`. Without sign-in, since a link for a new password is read by users who cannot sign in.
pub(crate) async fn index(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, AppError> {
    let mailbox = state.mail.mailbox.as_ref().ok_or(AppError::NotFound)?;
    let now = state.clock.now();
    let with_time = |mail: StoredMail| {
        let at = messages::when(mail.at, now);
        (mail, at)
    };
    let mails = mailbox.list().into_iter().map(with_time).collect();
    html(StatusCode::OK, &Index { mails, warnings: state.warnings() }, locale::of(&request))
}
