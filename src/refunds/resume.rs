//! Continues a refund request whose outcome is not known: after a lost response, an error of the gateway, or the end of a process.
//!
//! Invariant: before a request is repeated, the refunds of the payment are read. The gateway's list may lag behind by minutes, which
//! the idempotency key covers; so a request is only given up once a list that was read later than that does not have its refund.

use std::time::Duration;

use super::{
    Reason, RefundError, RefundRequest, State,
    automatic::store as automatic,
    send::{OpenedApi, Refunder, reject, words},
    store,
};
use crate::{
    db::DbError,
    gateways::refunds::{ApiError, ApiRefund},
    primitives::{base62, id::RefundRequestId, time::Timestamp},
};

/// How long a request is repeated. A refund that was requested long ago may no longer be wanted.
const REPEAT_FOR: Duration = Duration::from_hours(24);
/// The longest time that a gateway's list of refunds lags behind.
pub(super) const LIST_LAG: Duration = Duration::from_mins(15);
const MIN_PAUSE: Duration = Duration::from_secs(5);
const MAX_PAUSE: Duration = Duration::from_mins(30);

impl Refunder {
    /// Continues an open request.
    pub(super) async fn resume(&self, request: RefundRequest) -> Result<(), DbError> {
        if request.state == State::Reserved && request.automatic().is_some() {
            return self.release(&request).await;
        }
        let opened = match self.open(request.gateway, request.connection).await {
            Ok(opened) => opened,
            Err(RefundError::Db(error)) => return Err(error),
            Err(_) if request.state == State::Reserved => return self.give_up(&request, (Reason::NoKeys, None)).await,
            Err(_) => return self.wait(&request, (Reason::NoKeys, None)).await,
        };
        if request.state == State::Reserved {
            self.resume_reserved(&opened, request).await
        } else {
            self.resume_sent(&opened, request).await
        }
    }

    /// Withdraws the request of an automatic refund that was not sent: the refund is due again, so everything it depends on, the order
    /// included, is read again.
    async fn release(&self, request: &RefundRequest) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        if store::withdraw(&mut tx, request.id).await? {
            automatic::write::release(&mut tx, request.id, self.clock.now()).await?;
        }
        tx.commit().await
    }

    /// Sends a request that was not sent to the gateway yet.
    async fn resume_reserved(&self, opened: &OpenedApi, request: RefundRequest) -> Result<(), DbError> {
        if self.is_old(&request) {
            return self.give_up(&request, (Reason::Expired, None)).await;
        }
        match self.check(opened, &request).await {
            Ok(()) => self.send(opened, request, None).await,
            Err(RefundError::Db(error)) => Err(error),
            Err(RefundError::Refused(refusal)) => self.give_up(&request, (Reason::of_refusal(&refusal), None)).await,
            Err(RefundError::Api(error)) => {
                let why = (Reason::of_error(&error), words(&error));
                let is_final = matches!(why.0, Reason::KeysRejected | Reason::GatewayRejected);
                if is_final { self.give_up(&request, why).await } else { self.wait(&request, why).await }
            }
            Err(_) => self.wait(&request, (Reason::NoKeys, None)).await,
        }
    }

    /// Looks for the refund of a request, and repeats the request if there is none.
    async fn resume_sent(&self, opened: &OpenedApi, request: RefundRequest) -> Result<(), DbError> {
        // The list is at least as old as its request.
        let read_at = self.clock.now();
        let listed = match (opened.api.list_refunds)(opened.access(), &request.payment_id).await {
            Ok(listed) => listed,
            Err(error) => {
                let why = match error {
                    _ if is_repeat_rejected(&request) => rejection(&request),
                    // It rejected the request for the list, which says nothing about the refund.
                    ApiError::Rejected(_) => (Reason::GatewayError, None),
                    error => (Reason::of_error(&error), None),
                };
                return self.wait(&request, why).await;
            }
        };
        let is_own =
            |refund: &&ApiRefund| refund.reference.as_deref() == Some(request.reference()) && refund.amount == request.amount;
        if let Some(refund) = listed.iter().find(is_own) {
            return self.confirm(&request, refund).await;
        }
        let is_over = is_repeat_rejected(&request) || self.is_old(&request);
        if !is_over {
            let is_stopped = self.is_stopped(&mut self.db.bulk_reader().await?, &request).await?;
            let why = (request.reason.unwrap_or(Reason::Unreachable), request.answer.clone());
            return if is_stopped { self.wait(&request, why).await } else { self.send(opened, request, None).await };
        }
        let why = if is_repeat_rejected(&request) { rejection(&request) } else { (Reason::Expired, None) };
        let certain_at = request.sent_at.unwrap_or(request.created_at).plus(LIST_LAG);
        if read_at < certain_at {
            return self.postpone(&request, why, certain_at).await;
        }
        self.give_up(&request, why).await
    }

    /// Continues a request later that could not be continued now.
    pub(super) async fn look_later(&self, id: RefundRequestId, pause: Duration) -> Result<(), DbError> {
        let due_at = self.clock.now().plus(pause);
        self.db.write_with_timeout(async |tx| store::look_later(tx, id, due_at).await).await
    }

    fn is_old(&self, request: &RefundRequest) -> bool {
        self.clock.now().since(request.created_at) >= REPEAT_FOR
    }

    /// Stores that no refund was made, and none will be.
    async fn give_up(&self, request: &RefundRequest, (reason, answer): (Reason, Option<String>)) -> Result<(), DbError> {
        let mut tx = self.db.begin().await?;
        reject(&mut tx, request, (reason, answer.as_deref()), self.clock.now()).await?;
        tx.commit().await?;
        tracing::warn!(request = %request.id, reason = reason.as_str(), "a refund was given up: none was made");
        Ok(())
    }

    /// Continues later.
    async fn wait(&self, request: &RefundRequest, why: (Reason, Option<String>)) -> Result<(), DbError> {
        let now = self.clock.now();
        self.postpone(request, why, now.plus(pause_after(now.since(request.created_at)))).await
    }

    async fn postpone(
        &self,
        request: &RefundRequest,
        (reason, answer): (Reason, Option<String>),
        until: Timestamp,
    ) -> Result<(), DbError> {
        let state = if request.state == State::Reserved { State::Reserved } else { State::Unknown };
        let mut tx = self.db.begin().await?;
        store::postpone(&mut tx, request, (state, reason, answer.as_deref()), until).await?;
        tx.commit().await
    }
}

/// True if the gateway has rejected a repeated request, so that it is not repeated any more.
fn is_repeat_rejected(request: &RefundRequest) -> bool {
    request.reason == Some(Reason::GatewayRejected)
}

fn rejection(request: &RefundRequest) -> (Reason, Option<String>) {
    (Reason::GatewayRejected, request.answer.clone())
}

/// Returns the pause of a request of that age: half the age within limits, plus up to 19% at random, so that requests that an outage
/// delayed are not all repeated at the same time.
pub(super) fn pause_after(age: Duration) -> Duration {
    let pause = (age / 2).clamp(MIN_PAUSE, MAX_PAUSE);
    pause + pause * base62::below(20) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_the_age_of_a_request_and_have_a_limit() {
        let within = |age, least: Duration| {
            let pause = pause_after(age);
            assert!(pause >= least && pause < least * 6 / 5, "{age:?}: {pause:?}");
        };
        within(Duration::ZERO, MIN_PAUSE);
        within(Duration::from_mins(1), Duration::from_secs(30));
        within(Duration::from_hours(20), MAX_PAUSE);
    }
}
