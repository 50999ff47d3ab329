//! Reads from the gateway what an automatic refund would refund.
//!
//! Invariant: nothing that events report takes part, except which payment changed, and in which order it is sought. Responses that contradict
//! each other give no result.

use super::{
    AutomaticRefund, Reason,
    decide::{OrderAmounts, Proposal},
    excess,
    excess::Excess,
};
use crate::{
    accounts::authz::Denied,
    apps::App,
    gateways::{
        api::Unavailable,
        payment::Status,
        refunds::{ApiError, ApiPayment},
    },
    ledger::payments::{self, Transaction, changes::ChangeKind},
    primitives::{id::TransactionId, money::Money, time::Timestamp},
    refunds::{RefundError, Refunder, rule, rule::Refusal, send::OpenedApi},
};

/// What the gateway reports.
pub(super) struct Read {
    pub(super) proposal: Proposal,
    /// The payments whose refunds take part in it, as far as they are stored.
    pub(super) payments: Vec<TransactionId>,
    /// The time before the gateway was called.
    pub(super) at: Timestamp,
    pub(super) opened: OpenedApi,
}

impl Read {
    fn of(proposal: Proposal, payments: Vec<TransactionId>, (at, opened): (Timestamp, OpenedApi)) -> Self {
        Self { proposal, payments, at, opened }
    }
}

impl Reason {
    const fn of_refusal(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::NotCaptured(_) => Self::NotCaptured,
            Refusal::FullyRefunded | Refusal::AllPending => Self::FullyRefunded,
            Refusal::MoreThanLeft(_)
            | Refusal::OtherCurrency(_)
            | Refusal::BelowMin(_)
            | Refusal::RestTooSmall(_)
            | Refusal::NoMultiple(_) => Self::AmountInvalid,
        }
    }
}

impl Refunder {
    /// Reads from the gateway what would be refunded now.
    ///
    /// # Errors
    /// If the gateway does not say, or a refund of one of the payments is in progress.
    pub(super) async fn read(&self, app: &App, refund: &AutomaticRefund) -> Result<Read, RefundError> {
        let changed = payments::store::find(&mut self.db.bulk_reader().await?, app.id, refund.transaction).await?;
        let changed = changed.ok_or(Denied::OtherCompany)?;
        let opened = self.open(changed.gateway, changed.connection).await?;
        let at = self.clock.now();
        // Saves the calls; what is decisive is the check under the lock.
        self.require_settled(&[changed.id], at).await?;
        let found = (opened.api.find_payment)(opened.access(), &changed.payment_id).await.map_err(RefundError::Api)?;
        let (proposal, payments) = match refund.change {
            ChangeKind::OrderPaidTwice => self.read_order(&opened, (refund, &changed), found).await?,
            ChangeKind::Captured
            | ChangeKind::Failed
            | ChangeKind::Refunded
            | ChangeKind::DisputeOpened
            | ChangeKind::DisputeDeadline => {
                let id = changed.id;
                (rest(&opened, changed, found), vec![id])
            }
        };
        self.require_settled(&payments, at).await?;
        Ok(Read::of(proposal, payments, (at, opened)))
    }

    /// Reads the order of the payment that changed, and compares its payments with its amount.
    async fn read_order(
        &self,
        opened: &OpenedApi,
        (refund, changed): (&AutomaticRefund, &Transaction),
        found: ApiPayment,
    ) -> Result<(Proposal, Vec<TransactionId>), RefundError> {
        let without_payments = |proposal| Ok((proposal, vec![changed.id]));
        if !matches!(found.status, Status::Captured | Status::Refunded) {
            return without_payments(Proposal::Nothing(Reason::NotCaptured));
        }
        let unknown = Proposal::Person(Reason::OrderAmountUnknown);
        let Some(order_id) = found.order_id.as_deref().filter(|id| Some(*id) == refund.order_id.as_deref()) else {
            return without_payments(unknown);
        };
        let order = (opened.api.find_order)(opened.access(), order_id).await;
        let Some(order) = unless_rejected(order)?.filter(|order| order.amount.is_some()) else {
            return without_payments(unknown);
        };
        let all = (opened.api.list_order_payments)(opened.access(), order_id).await;
        let Some(all) = unless_rejected(all)? else { return without_payments(unknown) };
        // The list may lag behind.
        if !all.contains(&found) {
            return Err(contradiction());
        }
        let known = self.known(changed, &all).await?;
        let ids = known.iter().map(|payment| payment.id).collect();
        let (last, amount) = match excess::of(&order, &all) {
            Excess::Of(..) if known.iter().any(has_dispute) => return Ok((Proposal::Person(Reason::Disputed), ids)),
            Excess::Of(last, amount) => (last, amount),
            Excess::Nothing => return Ok((Proposal::Nothing(Reason::NotPaidTwice), ids)),
            Excess::OfParts => return Ok((Proposal::Nothing(Reason::PaidInParts), ids)),
            Excess::Doubtful => return Ok((Proposal::Person(Reason::PaidInParts), ids)),
            Excess::Unknown => return Ok((unknown, ids)),
        };
        let now = (opened.api.find_payment)(opened.access(), &last.id).await.map_err(RefundError::Api)?;
        if now != *last {
            return Err(contradiction());
        }
        let mut proposal = match known.into_iter().find(|payment| payment.payment_id == last.id) {
            Some(payment) => allowed(opened, payment, (now, amount)),
            None => Proposal::Person(Reason::PaymentUnknown),
        };
        if let Proposal::Refund { order: of, .. } = &mut proposal {
            *of = order.amount.map(|asked| OrderAmounts { asked, held: excess::total(&all, asked.currency) });
        }
        Ok((proposal, ids))
    }

    /// Finds the payments of an order that are stored.
    async fn known(&self, changed: &Transaction, all: &[ApiPayment]) -> Result<Vec<Transaction>, RefundError> {
        let mut reader = self.db.bulk_reader().await?;
        let mut known = Vec::new();
        for payment in all {
            known.extend(payments::store::find_of_connection(&mut reader, changed.connection, &payment.id).await?);
        }
        Ok(known)
    }
}

/// Returns a result; `None` if the gateway rejected the request.
fn unless_rejected<T>(result: Result<T, ApiError>) -> Result<Option<T>, RefundError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(ApiError::Rejected(_)) => Ok(None),
        Err(error) => Err(RefundError::Api(error)),
    }
}

const fn contradiction() -> RefundError {
    RefundError::Api(ApiError::Unknown(Unavailable::Busy))
}

/// True if a dispute of the payment is open or was lost. The gateway's payment does not have it, so its money could be returned twice.
const fn has_dispute(payment: &Transaction) -> bool {
    payment.is_disputed || payment.is_dispute_lost || payment.lost > 0
}

/// Proposes what is left of a payment.
fn rest(opened: &OpenedApi, payment: Transaction, found: ApiPayment) -> Proposal {
    match rule::left(&found, &[]) {
        Ok(_) if has_dispute(&payment) => Proposal::Person(Reason::Disputed),
        Ok(left) => allowed(opened, payment, (found, left)),
        Err(refusal) => Proposal::Nothing(Reason::of_refusal(&refusal)),
    }
}

/// Proposes an amount, if it is one that the gateway refunds.
fn allowed(opened: &OpenedApi, payment: Transaction, (found, amount): (ApiPayment, Money)) -> Proposal {
    match rule::check(&found, &[], (opened.api.limits)(amount.currency), amount) {
        Ok(()) => Proposal::Refund { payment: Box::new(payment), amount, api: Box::new(found), order: None },
        Err(refusal) => Proposal::Nothing(Reason::of_refusal(&refusal)),
    }
}
