//! The leased job that continues automatic refunds, apart from the runs of automations, which must not wait for a gateway.

use std::time::Duration;

use super::{
    AutomaticRefund, Reason, State,
    decide::Proposal,
    read::Read,
    reserve::{LOOK_AFTER, Reserved, Wanted},
    settings::RefundSettings,
    store::{self, write},
};
use crate::{
    accounts::{Role, authz::Actor},
    apps::{self, App},
    db::DbError,
    gateways::refunds::ApiError,
    jobs::Periodic,
    ledger::payments::{Transaction, changes::ChangeKind},
    primitives::{
        id::TransactionId,
        money::Money,
        time::{CLOCK_TOLERANCE, Timestamp},
    },
    refunds::{RefundError, Refunder, State as RequestState, job::ERROR_PAUSE, resume::pause_after, store as requests},
};

/// The number of due refunds that are read at a time.
const BATCH: i64 = 20;
/// How long a user may confirm a refund.
pub(super) const CONFIRM_WITHIN: Duration = Duration::from_hours(7 * 24);
/// How long the gateway is asked what can be refunded. A refund that was wanted long ago may no longer be.
const ASK_FOR: Duration = Duration::from_hours(24);

/// Continues the automatic refunds that are due, one after the other: gateways limit how often they are asked.
pub(crate) struct AutomaticRefunding(pub(crate) Refunder);

impl AutomaticRefunding {
    async fn list_due(&self, limit: i64) -> Result<Vec<AutomaticRefund>, DbError> {
        let now = self.0.clock.now();
        let ahead = now.plus(CONFIRM_WITHIN + CLOCK_TOLERANCE);
        store::list_due(&mut self.0.db.bulk_reader().await?, (now, ahead), limit).await
    }
}

impl Periodic for AutomaticRefunding {
    const NAME: &'static str = "automatic_refunds";

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn has_work(&mut self) -> Result<bool, DbError> {
        Ok(!self.list_due(1).await?.is_empty())
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let due = self.list_due(BATCH).await?;
        let mut outcome = Ok(());
        // A failure does not stop the others.
        for refund in due {
            let continued = Box::pin(self.0.continue_automatic(&refund)).await;
            if continued.is_err() {
                // Those that always fail must not be all that a batch has.
                self.0.later(&refund, self.0.clock.now().plus(ERROR_PAUSE)).await.ok();
            }
            outcome = continued.and(outcome);
        }
        outcome
    }
}

impl Refunder {
    /// Continues an automatic refund that is due.
    async fn continue_automatic(&self, refund: &AutomaticRefund) -> Result<(), DbError> {
        let now = self.clock.now();
        match refund.state {
            State::Due => self.begin_automatic(refund).await,
            State::ToConfirm if refund.due_at.is_some_and(|due| due > now) => self.later(refund, now.plus(CONFIRM_WITHIN)).await,
            State::ToConfirm => self.skip(refund, Reason::Expired).await,
            State::Requested => self.look_at_request(refund).await,
            State::Done | State::Failed | State::Skipped => Ok(()),
        }
    }

    /// Reads what can be refunded, and refunds it or asks a user.
    async fn begin_automatic(&self, refund: &AutomaticRefund) -> Result<(), DbError> {
        let mut reader = self.db.bulk_reader().await?;
        let app = apps::store::find(&mut reader, refund.company, refund.app).await?;
        let settings = store::settings::find(&mut reader, (refund.app, refund.mode)).await?;
        // What is refunded for an order may be another payment.
        let is_of_order = refund.change == ChangeKind::OrderPaidTwice;
        let is_taken = !is_of_order && write::is_taken(&mut reader, refund.transaction, refund.id).await?;
        drop(reader);
        let Some(app) = app.filter(|_| !settings.is_stopped) else { return self.skip(refund, Reason::Stopped).await };
        if is_taken {
            return self.skip(refund, Reason::AlreadyRefunded).await;
        }
        let read = match self.read(&app, refund).await {
            Ok(read) => read,
            Err(error) => return self.not_read(refund, error).await,
        };
        match &read.proposal {
            Proposal::Nothing(reason) => self.skip(refund, *reason).await,
            Proposal::Person(reason) => self.ask(refund, *reason, None).await,
            Proposal::Refund { payment, amount, .. } => {
                self.refund_or_ask((&app, refund), &settings, &read, (payment, *amount)).await
            }
        }
    }

    async fn refund_or_ask(
        &self,
        (app, refund): (&App, &AutomaticRefund),
        settings: &RefundSettings,
        read: &Read,
        (payment, amount): (&Transaction, Money),
    ) -> Result<(), DbError> {
        let part = Some((payment.id, amount));
        if !settings.allows_unconfirmed(amount) {
            let reason = if settings.max_unconfirmed.is_some() { Reason::AboveLimit } else { Reason::Confirmation };
            return self.ask(refund, reason, part).await;
        }
        let name = format!("automation {}", refund.automation);
        let by = Actor { company: refund.company, user: None, role: Role::Owner, name: &name, address: None };
        match self.reserve_automatic((app, refund), read, (payment, amount), Wanted::ByRule(&by)).await? {
            Reserved::Made(request) => self.send(&read.opened, *request, Some(&by)).await,
            Reserved::Stopped => self.skip(refund, Reason::Stopped).await,
            Reserved::Taken => self.skip(refund, Reason::AlreadyRefunded).await,
            Reserved::DailyLimit => self.ask(refund, Reason::DailyLimit, part).await,
            Reserved::Outdated => self.later(refund, self.pause(refund)).await,
            Reserved::NotOpen => Ok(()),
        }
    }

    /// Continues later, or ends the refund, if the gateway does not say what can be refunded.
    async fn not_read(&self, refund: &AutomaticRefund, error: RefundError) -> Result<(), DbError> {
        let reason = match error {
            RefundError::Db(error) => return Err(error),
            RefundError::Denied(_) => Reason::PaymentUnknown,
            RefundError::Unsupported => Reason::Unsupported,
            RefundError::NoKeys | RefundError::KeysUnreadable => Reason::NoKeys,
            RefundError::Api(ApiError::KeysRejected) => Reason::KeysRejected,
            RefundError::Api(ApiError::Rejected(_)) | RefundError::Refused(_) => Reason::GatewayRejected,
            RefundError::Api(ApiError::Unknown(_)) | RefundError::InProgress(_) => {
                let is_old = self.clock.now().since(refund.created_at) >= ASK_FOR;
                if !is_old {
                    return self.later(refund, self.pause(refund)).await;
                }
                Reason::Unreachable
            }
        };
        self.skip(refund, reason).await
    }

    /// Asks a user to confirm a refund, or to refund by hand.
    async fn ask(&self, refund: &AutomaticRefund, reason: Reason, part: Option<(TransactionId, Money)>) -> Result<(), DbError> {
        let due_at = self.clock.now().plus(CONFIRM_WITHIN);
        if self.propose_to_user(refund, reason, part, due_at).await? {
            return Ok(());
        }
        self.skip(refund, Reason::AlreadyRefunded).await
    }

    /// Ends an automatic refund whose request has ended. Usually both are stored together.
    async fn look_at_request(&self, refund: &AutomaticRefund) -> Result<(), DbError> {
        let Some(id) = refund.request else { return Ok(()) };
        let request = requests::find(&mut self.db.bulk_reader().await?, id).await?;
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        match request.map(|request| request.state) {
            Some(RequestState::Confirmed) => write::settle(&mut tx, id, (true, now)).await?,
            Some(RequestState::Rejected) => write::settle(&mut tx, id, (false, now)).await?,
            Some(RequestState::Reserved | RequestState::Sent | RequestState::Unknown) => {
                write::look_later(&mut tx, refund, now.plus(LOOK_AFTER)).await?;
            }
            None => write::release(&mut tx, id, now).await?,
        }
        tx.commit().await
    }

    pub(super) async fn skip(&self, refund: &AutomaticRefund, reason: Reason) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        write::skip(&mut tx, refund, (reason, None), self.clock.now()).await?;
        tx.commit().await
    }

    async fn later(&self, refund: &AutomaticRefund, at: Timestamp) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        write::look_later(&mut tx, refund, at).await?;
        tx.commit().await
    }

    fn pause(&self, refund: &AutomaticRefund) -> Timestamp {
        let now = self.clock.now();
        now.plus(pause_after(now.since(refund.created_at)))
    }
}
