//! Detects mismatches at the gateway: events of an unexpected account, and one payment reported in both modes.
//!
//! Invariant: an authentic event is always stored and processed; a mismatch only raises a prominent warning. Nothing is
//! claimed that the body does not state: Razorpay's events do not name their mode.

use actix_web::HttpResponse;
use serde::Deserialize;

use super::wizard::{ConnectionPath, Wizard};
use crate::{
    connections::{self, Step},
    console::http::{error::AppError, signed_form::SignedForm},
    db::{DbError, Reader},
    ledger::payments::store::cross_mode,
    messages::{self, text::setup as t},
};

/// The mismatches of a connection.
pub(crate) struct AccountMismatch {
    /// The latest payment reported in both modes.
    pub(crate) payment: Option<String>,
    /// The latest unexpected account that an event named.
    pub(crate) account: Option<String>,
}

impl AccountMismatch {
    /// Finds the mismatches of the wizard's connection.
    pub(super) async fn find(reader: &mut Reader, wizard: &Wizard) -> Result<Self, DbError> {
        let payment = cross_mode::latest_payment_in_both_modes(reader, wizard.app.id, wizard.connection.mode).await?;
        Ok(Self { payment, account: wizard.activity.other_account.clone() })
    }
}

/// The account to accept, as submitted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AccountForm {
    account: String,
}

/// `POST …/webhook/accounts`: adds the account to the expected ones.
pub(crate) async fn accept(posted: SignedForm<AccountForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(posted.page, &names).await?;
    wizard.confirm(Step::Webhook, &posted.action, messages::access::ACCEPT_ACCOUNT).await?;
    let mut tx = wizard.page.state.db.begin().await?;
    let by = (&wizard.page.actor(), wizard.page.state.clock.now());
    let is_done = connections::accept_account(&mut tx, &wizard.connection, &posted.form.account, by).await?;
    if is_done {
        tx.commit().await?;
    }
    let (page, webhook) = (&wizard.page, wizard.url(Step::Webhook));
    Ok(if is_done {
        page.redirect(&webhook, t::account_accepted())
    } else {
        page.redirect_warning(&webhook, "another-by-now", t::account_changed())
    })
}
