//! The reservation of an automatic refund: its request and what it counts against the limits of the day, stored before the gateway is asked.
//!
//! Invariant: no unit of work lasts during a call of the gateway. So what was read is used only if, under the locks, no refund of the same
//! payments was requested since, and none was confirmed so recently that the gateway may not have shown it. The settings of the app
//! are locked first, so its automatic refunds are reserved one after the other; then the order, which users' refunds lock too.

use std::time::Duration;

use super::{
    AutomaticRefund, Reason,
    read::Read,
    settings::RefundSettings,
    store::{
        self,
        write::{self, Requested},
    },
};
use crate::{
    accounts::{
        authz::Actor,
        security_log::{self, Action},
    },
    apps::App,
    db::{DbError, Exec, Tx},
    ledger::{
        orders,
        payments::{self, Transaction},
    },
    primitives::{id::TransactionId, money::Money, time::Timestamp},
    refunds::{NewRequest, RefundError, RefundRequest, Refunder, resume::LIST_LAG, send::TAKEOVER_AFTER, store as requests},
};

/// When a request is looked at whose outcome was stored without its automatic refund.
pub(super) const LOOK_AFTER: Duration = Duration::from_mins(10);

/// Who wants a refund.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// An automation, without confirmation.
    ByRule(&'a Actor<'a>),
    /// A user who confirmed it.
    ByUser(&'a Actor<'a>),
}

impl<'a> Wanted<'a> {
    const fn actor(self) -> &'a Actor<'a> {
        match self {
            Self::ByRule(actor) | Self::ByUser(actor) => actor,
        }
    }

    const fn user(self) -> Option<&'a Actor<'a>> {
        match self {
            Self::ByRule(_) => None,
            Self::ByUser(actor) => Some(actor),
        }
    }
}

/// The result of a reservation; only the first has stored anything.
pub(super) enum Reserved {
    Made(Box<RefundRequest>),
    Stopped,
    DailyLimit,
    /// The payment has another automatic refund.
    Taken,
    /// A refund of one of the payments was requested in the meantime, or a user must confirm it now.
    Outdated,
    /// It was decided in the meantime.
    NotOpen,
}

/// What is refunded of which payment.
pub(super) type Part<'a> = (&'a Transaction, Money);

impl Refunder {
    /// Rejects what was read at a time, if the gateway may not have shown a refund of one of the payments.
    pub(super) async fn require_settled(&self, payments: &[TransactionId], read_at: Timestamp) -> Result<(), RefundError> {
        let mut reader = self.db.bulk_reader().await?;
        for payment in payments {
            if let Some(request) = find_unsettled(&mut reader, *payment, read_at).await? {
                return Err(RefundError::InProgress(Box::new(request)));
            }
        }
        Ok(())
    }

    /// Stores the request of an automatic refund, if what was read still holds.
    pub(super) async fn reserve_automatic(
        &self,
        (app, refund): (&App, &AutomaticRefund),
        read: &Read,
        (payment, amount): Part<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Reserved, DbError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let settings = store::settings::lock(&mut tx, (app.id, refund.mode), now).await?;
        if settings.is_stopped {
            return Ok(Reserved::Stopped);
        }
        if wanted.user().is_none() && !settings.allows_unconfirmed(amount) {
            return Ok(Reserved::Outdated);
        }
        lock_order(&mut tx, payment, refund.order_id.as_deref()).await?;
        for id in &read.payments {
            if find_unsettled(&mut tx, *id, read.at).await?.is_some() {
                return Ok(Reserved::Outdated);
            }
        }
        if write::is_taken(&mut tx, payment.id, refund.id).await? {
            return Ok(Reserved::Taken);
        }
        let day = app.zone.day(now);
        if !has_room(&mut tx, (app, refund), &settings, (day, amount)).await? {
            return Ok(Reserved::DailyLimit);
        }
        let origin = refund.id.to_string();
        let new = NewRequest { app, payment, amount, note: None, origin: &origin, by: wanted.actor() };
        let request = self.draft(&mut tx, &new).await?;
        if !requests::insert(&mut tx, &request, request.created_at.plus(TAKEOVER_AFTER)).await? {
            return Ok(Reserved::Outdated);
        }
        let by = wanted.user().map(|actor| actor.name);
        let (payment, due_at) = (payment.id, now.plus(LOOK_AFTER));
        let requested = Requested { payment, amount, request: request.id, day, by, due_at };
        if !write::request(&mut tx, refund, &requested).await? {
            return Ok(Reserved::NotOpen);
        }
        if let Some(actor) = wanted.user() {
            let object = format!("{} {} {}", refund.id, amount.currency, amount.plain());
            security_log::append(&mut tx, actor, Action::AutomaticRefundConfirmed, object, now).await?;
        }
        tx.commit().await?;
        Ok(Reserved::Made(Box::new(request)))
    }

    /// Proposes a refund to a user. Returns false if the payment has another one.
    pub(super) async fn propose_to_user(
        &self,
        refund: &AutomaticRefund,
        reason: Reason,
        part: Option<(TransactionId, Money)>,
        due_at: Timestamp,
    ) -> Result<bool, DbError> {
        let mut tx = self.db.begin().await?;
        store::settings::lock(&mut tx, (refund.app, refund.mode), self.clock.now()).await?;
        if let Some((payment, _)) = part
            && write::is_taken(&mut tx, payment, refund.id).await?
        {
            return Ok(false);
        }
        write::ask(&mut tx, refund, (reason, part), due_at).await?;
        tx.commit().await?;
        Ok(true)
    }
}

async fn find_unsettled(
    on: impl Into<Exec<'_>>,
    payment: TransactionId,
    read_at: Timestamp,
) -> Result<Option<RefundRequest>, DbError> {
    requests::find_unsettled(on, payment, read_at.minus(LIST_LAG)).await
}

async fn has_room(
    tx: &mut Tx,
    (app, refund): (&App, &AutomaticRefund),
    settings: &RefundSettings,
    (day, amount): (i64, Money),
) -> Result<bool, DbError> {
    let today = write::day_total(tx, (app.id, refund.mode), (day, settings.daily_amount.currency)).await?;
    Ok(settings.has_room(today, amount))
}

/// Locks the order of a payment until the unit of work ends; where none is stored, the payment.
pub(in crate::refunds) async fn lock_order(tx: &mut Tx, payment: &Transaction, order: Option<&str>) -> Result<(), DbError> {
    let scope = (payment.app, payment.mode, payment.gateway);
    if let Some(order) = order
        && orders::store::lock_row(&mut *tx, scope, order).await?
    {
        return Ok(());
    }
    payments::store::lock_row(tx, payment.id).await
}
