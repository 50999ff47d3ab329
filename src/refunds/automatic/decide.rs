//! What users do with automatic refunds: see, confirm and decline them.
//!
//! Invariant: what is confirmed is what was shown. Everything is read from the gateway again, and if that gives another amount, nothing is
//! refunded.

use super::{
    AutomaticRefund, Reason, State,
    reserve::{Reserved, Wanted},
    store,
};
use crate::{
    accounts::{
        authz::{Actor, Denied, Permission, UseCaseError},
        security_log::{self, Action},
    },
    apps::App,
    db::{Exec, Reader, Tx},
    gateways::{Mode, refunds::ApiPayment},
    ledger::payments::Transaction,
    primitives::{id::AutomaticRefundId, money::Money, time::Timestamp},
    refunds::{RefundError, RefundRequest, Refunder},
};

/// The most automatic refunds of a list.
pub(crate) const MAX_LISTED: i64 = 50;

/// What would be refunded now, by the gateway's responses.
#[derive(Debug)]
pub(crate) enum Proposal {
    Refund {
        /// The payment to refund.
        payment: Box<Transaction>,
        amount: Money,
        /// The same payment as the gateway has it.
        api: Box<ApiPayment>,
        /// The order that was paid twice.
        order: Option<OrderAmounts>,
    },
    Nothing(Reason),
    /// The program cannot know the amount: a user refunds on the page of a payment.
    Person(Reason),
}

/// The amounts of an order as the gateway has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OrderAmounts {
    /// What the merchant asked for.
    pub(crate) asked: Money,
    /// What was captured for it, less what was refunded.
    pub(crate) held: Money,
}

/// The result of a confirmation.
#[derive(Debug)]
pub(crate) enum Confirmed {
    /// The gateway was asked; the request has the outcome, as far as it is known.
    Requested(Box<RefundRequest>),
    /// What was shown is no longer what would be refunded. Nothing was refunded.
    Changed(Proposal),
    /// It was confirmed, declined or skipped in the meantime, or has expired.
    NotOpen,
    /// The limit of the day was reached.
    DailyLimit,
    /// The app's automations refund nothing at present.
    Stopped,
}

/// Finds an automatic refund of an app.
///
/// # Errors
/// [`Denied::OtherCompany`] if the app has no such refund.
pub(crate) async fn find(
    on: impl Into<Exec<'_>>,
    app: &App,
    id: AutomaticRefundId,
    actor: &Actor<'_>,
) -> Result<AutomaticRefund, UseCaseError> {
    actor.require(Permission::RefundPayments, app.company_id)?;
    let found = store::find(on, id).await?;
    Ok(found.filter(|refund| (refund.company, refund.app) == (app.company_id, app.id)).ok_or(Denied::OtherCompany)?)
}

/// Lists the automatic refunds of an app in a mode: those that a user is asked to confirm, the oldest first, and the newest of all.
pub(crate) async fn list(
    reader: &mut Reader,
    (app, mode): (&App, Mode),
    actor: &Actor<'_>,
) -> Result<(Vec<AutomaticRefund>, Vec<AutomaticRefund>), UseCaseError> {
    actor.require(Permission::RefundPayments, app.company_id)?;
    let to_confirm = store::list_to_confirm(&mut *reader, (app.id, mode), MAX_LISTED).await?;
    Ok((to_confirm, store::list_recent(reader, (app.id, mode), MAX_LISTED).await?))
}

/// Declines an automatic refund: nothing is refunded. Returns false if it is no longer to be confirmed.
pub(crate) async fn decline(
    tx: &mut Tx,
    app: &App,
    refund: &AutomaticRefund,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<bool, UseCaseError> {
    actor.require(Permission::RefundPayments, app.company_id)?;
    if refund.state != State::ToConfirm || refund.app != app.id {
        return Ok(false);
    }
    if !store::write::skip(tx, refund, (Reason::Declined, Some(actor.name)), now).await? {
        return Ok(false);
    }
    security_log::append(tx, actor, Action::AutomaticRefundDeclined, refund.id, now).await?;
    Ok(true)
}

impl Refunder {
    /// Reads from the gateway what would be refunded now. Changes nothing.
    ///
    /// # Errors
    /// If the gateway does not say, a refund of one of the payments is in progress, or the actor may not refund.
    pub(crate) async fn propose(&self, app: &App, refund: &AutomaticRefund, by: &Actor<'_>) -> Result<Proposal, RefundError> {
        by.require(Permission::RefundPayments, app.company_id)?;
        Ok(self.read(app, refund).await?.proposal)
    }

    /// Refunds what was shown to the user, unless the gateway says something else now.
    ///
    /// # Errors
    /// As [`Refunder::propose`].
    pub(crate) async fn confirm_automatic(
        &self,
        app: &App,
        refund: &AutomaticRefund,
        shown: Money,
        by: &Actor<'_>,
    ) -> Result<Confirmed, RefundError> {
        by.require(Permission::RefundPayments, app.company_id)?;
        let now = self.clock.now();
        let is_open = refund.state == State::ToConfirm && refund.due_at.is_some_and(|due| due > now);
        if !is_open || (refund.company, refund.app) != (app.company_id, app.id) {
            return Ok(Confirmed::NotOpen);
        }
        if store::settings::find(&mut self.db.bulk_reader().await?, (app.id, refund.mode)).await?.is_stopped {
            return Ok(Confirmed::Stopped);
        }
        let read = self.read(app, refund).await?;
        let (payment, amount) = match &read.proposal {
            Proposal::Refund { payment, amount, .. } => (payment, *amount),
            Proposal::Nothing(reason) => {
                self.skip(refund, *reason).await?;
                return Ok(Confirmed::Changed(read.proposal));
            }
            Proposal::Person(_) => return Ok(Confirmed::Changed(read.proposal)),
        };
        let is_same_payment = refund.refunded.is_none_or(|proposed| proposed == payment.id);
        if amount != shown || !is_same_payment {
            let (reason, due_at) = (refund.reason.unwrap_or(Reason::Confirmation), refund.due_at.unwrap_or(now));
            if !self.propose_to_user(refund, reason, Some((payment.id, amount)), due_at).await? {
                self.skip(refund, Reason::AlreadyRefunded).await?;
                return Ok(Confirmed::Changed(Proposal::Nothing(Reason::AlreadyRefunded)));
            }
            return Ok(Confirmed::Changed(read.proposal));
        }
        let reserved = self.reserve_automatic((app, refund), &read, (payment, amount), Wanted::ByUser(by)).await?;
        let request = match reserved {
            Reserved::Made(request) => *request,
            Reserved::Stopped => return Ok(Confirmed::Stopped),
            Reserved::DailyLimit => return Ok(Confirmed::DailyLimit),
            Reserved::Taken => return Ok(Confirmed::Changed(Proposal::Nothing(Reason::AlreadyRefunded))),
            Reserved::Outdated => return Ok(Confirmed::Changed(read.proposal)),
            Reserved::NotOpen => return Ok(Confirmed::NotOpen),
        };
        Ok(Confirmed::Requested(Box::new(self.send_stored(&read.opened, request, by).await)))
    }
}
