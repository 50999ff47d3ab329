//! Email on the company's settings page: whether it is set up, whether it works, and a test.

use std::time::Duration;

use actix_web::HttpResponse;

use crate::{
    accounts::{
        authz::Permission,
        security_log::{self, Action},
    },
    console::http::{
        error::AppError,
        page::{RequestContext, see_other},
        signed_form::{EmptyForm, SignedForm},
    },
    db::DbError,
    i18n::{Text, code, isolate, link},
    messages::{
        access, emails,
        notifications::{self as outcome, Delivery},
        text::company as t,
    },
    notifications::{self, Kind, NewNotification, Purpose, Recipient, store},
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// How long a test email is attempted.
const TEST_LIFETIME: Duration = Duration::from_mins(30);

/// Email, as the page shows it.
pub(crate) struct EmailPanel {
    /// How email is sent; `None` if it is not set up.
    pub(crate) sent_as: Option<Text>,
    /// Since when no email can be sent, and why. What the mail server says is for the operator.
    pub(crate) trouble: Option<(Text, Text)>,
    /// The address that a test goes to.
    pub(crate) own_address: Text,
    pub(crate) last_test: Option<Delivery>,
}

impl EmailPanel {
    /// Reads the panel.
    pub(crate) async fn read(page: &RequestContext) -> Result<Self, DbError> {
        let (mail, company) = (&page.state.mail, page.signed_in.company.id);
        let sent_as = mail.settings.as_ref().map(|settings| match &settings.sender {
            Some((sender, server)) => t::email_sent_as(code(sender), code(server)),
            None => t::email_in_demo(link(urls::DEMO_MAILBOX)),
        });
        let trouble = mail.health.trouble();
        let trouble = trouble.map(|own| (outcome::email_fails(&own, page.now), outcome::failure(own.failure)));
        let last = store::find_latest(&mut page.state.db.page_reader().await?, company, (Purpose::Test, Kind::Email)).await?;
        Ok(Self {
            sent_as,
            trouble,
            own_address: t::send_test_note(isolate(&page.signed_in.user.email)),
            last_test: last.map(|message| Delivery::new(&message, page.now)),
        })
    }

    pub(crate) fn advice() -> Text {
        t::email_not_set_up_advice(code("KS_PAY_SMTP_URL"), code("KS_PAY_MAIL_FROM"), code("ks-pay doctor"))
    }
}

/// `GET /settings/test-email`
pub(crate) async fn form_page(_: RequestContext) -> Answer {
    Ok(see_other(urls::SETTINGS))
}

/// `POST /settings/test-email`: sends a test to the user's own address.
pub(crate) async fn send_test(posted: SignedForm<EmptyForm>) -> Answer {
    let page = posted.page;
    let (company, user) = (&page.signed_in.company, &page.signed_in.user);
    page.actor().require(Permission::ManageCompany, company.id)?;
    if page.state.mail.settings.is_none() {
        return Ok(see_other(urls::SETTINGS));
    }
    if let Err(wait) = page.state.test_emails.check(&company.id) {
        return Ok(page.redirect_warning(urls::SETTINGS, "too-many-attempts", access::too_many_attempts(wait)));
    }
    let new = NewNotification {
        company: Some(company.id),
        recipient: Recipient::Email(&user.email),
        purpose: Purpose::Test,
        content: &emails::test(&company.name, page.state.base(), page.locale),
        valid_for: TEST_LIFETIME,
        alert: None,
        run: None,
    };
    let mut tx = page.state.db.begin().await?;
    let id = notifications::queue(&mut tx, &new, (&page.state.vault, page.now)).await?;
    security_log::append(&mut tx, &page.actor(), Action::TestEmailSent, id, page.now).await?;
    tx.commit().await?;
    Ok(page.redirect(urls::SETTINGS, t::test_queued()))
}
