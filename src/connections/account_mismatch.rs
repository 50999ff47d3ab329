//! Mix-ups at the gateway: events of another account, and one payment in both modes.
//!
//! The rule: what is authentic is kept and processed whatever it is mixed up with, and told where nobody can miss it. What
//! a body does not say is not claimed: Razorpay's events do not tell in which mode they were made.

use actix_web::HttpResponse;
use serde::Deserialize;

use super::{
    Step, activity,
    activity::Evidence,
    wizard::{ConnectionPath, Wizard},
};
use crate::{
    db::{DbError, Reader},
    messages,
    transactions::store::cross_mode,
    web::{error::AppError, signed_form::SignedForm},
};

/// What is mixed up at a connection.
pub(crate) struct AccountMismatch {
    /// The last payment that came in both modes.
    pub(crate) payment: Option<String>,
    /// The last other account that an event was of.
    pub(crate) account: Option<String>,
}

impl AccountMismatch {
    /// Those of the connection.
    pub(super) async fn find(reader: &mut Reader, wizard: &Wizard) -> Result<Self, DbError> {
        let payment = cross_mode::latest_payment_in_both_modes(reader, wizard.app.id, wizard.connection.mode).await?;
        Ok(Self { payment, account: wizard.evidence.other_account.clone() })
    }
}

/// Whether an event's account is none of those that this connection's events may be of.
pub(crate) fn is_unexpected(evidence: &Evidence, account: &str) -> bool {
    evidence.accounts().next().is_some() && evidence.accounts().all(|known| known != account)
}

/// An account that the merchant says is theirs, too.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AccountForm {
    account: String,
}

/// `POST …/webhook/accounts`: from now on events may be of this account.
pub(crate) async fn accept(posted: SignedForm<AccountForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(posted.page, &names).await?;
    wizard.confirm(Step::Webhook, &posted.action, messages::access::ACCEPT_ACCOUNT).await?;
    let mut tx = wizard.page.state.db.begin().await?;
    let is_done = activity::accept_account(&mut tx, wizard.connection.id, &posted.form.account).await?;
    tx.commit().await?;
    let (page, webhook) = (&wizard.page, wizard.url(Step::Webhook));
    Ok(if is_done {
        page.redirect(&webhook, messages::mixups::ACCEPTED)
    } else {
        page.redirect_warning(&webhook, messages::mixups::ANOTHER_BY_NOW)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_another_account_before_the_first_is_known() {
        assert!(!is_unexpected(&Evidence::default(), "acc_1"));
    }
}
