//! Requests a refund: stores the request, reads the payment from the gateway, and asks the gateway to refund.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    KEY_CHARS, NewRequest, Offer, Reason, RefundError, RefundRequest, State,
    automatic::{reserve::lock_order, store as refunds_of_automations},
    resume::pause_after,
    rule, shown_words, store,
};
use crate::{
    accounts::{
        Role,
        authz::{Actor, Permission},
        security_log::{self, Action},
    },
    apps::App,
    connections::credentials,
    db::{Db, DbError, Exec, Tx, ids},
    gateways::{
        Gateway,
        credentials::CredentialValues,
        refunds::{Access, ApiError, ApiRefund, RefundApi, RefundOrder},
    },
    ledger::payments::Transaction,
    primitives::{
        base62,
        id::{ConnectionId, RefundRequestId, TransactionId},
        money::Money,
        time::{Clock, Timestamp},
        vault::Vault,
    },
};

/// How long a request may have no outcome before another task continues it: longer than two calls can take.
pub(super) const TAKEOVER_AFTER: Duration = Duration::from_mins(1);
/// The maximum number of attempts to store a request when a conflicting one has just ended.
const RESERVE_ATTEMPTS: usize = 3;

/// Requests refunds. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Refunder {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    /// The address of each gateway's API, by the gateway's slug.
    pub(crate) addresses: Arc<BTreeMap<&'static str, String>>,
}

/// A gateway's API with the keys of a connection.
pub(super) struct OpenedApi {
    pub(super) api: &'static RefundApi,
    base: String,
    keys: CredentialValues,
}

impl OpenedApi {
    pub(super) fn access(&self) -> Access<'_> {
        Access { base: &self.base, keys: &self.keys }
    }
}

/// A stored request, or the one that its origin has.
enum Reserved {
    New(RefundRequest),
    Known(RefundRequest),
}

impl Refunder {
    /// Reads a payment from the gateway, and what is left of it.
    ///
    /// # Errors
    /// If the gateway does not say, or the actor may not refund.
    pub(crate) async fn offer(&self, app: &App, payment: &Transaction, by: &Actor<'_>) -> Result<Offer, RefundError> {
        by.require(Permission::RefundPayments, app.company_id)?;
        let opened = self.open(payment.gateway, payment.connection).await?;
        // Read before the payment: one that is confirmed in between is counted twice rather than not at all.
        let pending = self.pending(payment.id, None).await?;
        let found = (opened.api.find_payment)(opened.access(), &payment.payment_id).await.map_err(RefundError::Api)?;
        let limits = (opened.api.limits)(found.amount.currency);
        Ok(Offer { left: rule::refundable(&found, &pending, limits), payment: found })
    }

    /// Requests a refund once for its origin, and returns the request with its outcome, as far as it is known.
    ///
    /// # Errors
    /// If the gateway was not asked to refund, and will not be. Once the request is stored, a database that fails is no error: the job
    /// continues the request.
    pub(crate) async fn request(&self, new: &NewRequest<'_>) -> Result<RefundRequest, RefundError> {
        new.by.require(Permission::RefundPayments, new.app.company_id)?;
        let opened = self.open(new.payment.gateway, new.payment.connection).await?;
        let request = match self.reserve(new).await? {
            Reserved::New(request) => request,
            Reserved::Known(request) => return Ok(request),
        };
        if let Err(error) = self.check(&opened, &request).await {
            match self.withdraw(&request).await {
                Ok(true) => return Err(error),
                // Another task has continued it.
                Ok(false) => {}
                Err(failure) => log_continued(&request, &failure),
            }
            return Ok(self.find(request.id).await.unwrap_or(request));
        }
        Ok(self.send_stored(&opened, request, new.by).await)
    }

    /// Sends a stored request for a user, and returns it with its outcome, as far as it is known. A database that fails is no error: the job
    /// continues the request.
    pub(super) async fn send_stored(&self, opened: &OpenedApi, request: RefundRequest, by: &Actor<'_>) -> RefundRequest {
        if let Err(failure) = self.send(opened, request.clone(), Some(by)).await {
            log_continued(&request, &failure);
        }
        self.find(request.id).await.unwrap_or(request)
    }

    /// Deletes a request that was not sent; returns false if it was.
    async fn withdraw(&self, request: &RefundRequest) -> Result<bool, DbError> {
        let mut tx = self.db.begin().await?;
        let is_withdrawn = store::withdraw(&mut tx, request.id).await?;
        tx.commit().await.map(|()| is_withdrawn)
    }

    async fn reserve(&self, new: &NewRequest<'_>) -> Result<Reserved, RefundError> {
        for _ in 0..RESERVE_ATTEMPTS {
            let mut tx = self.db.begin().await?;
            // An automatic refund of the order either sees this request, or was stored before it.
            lock_order(&mut tx, new.payment, new.payment.order_id.as_deref()).await?;
            let request = self.draft(&mut tx, new).await?;
            if store::insert(&mut tx, &request, request.created_at.plus(TAKEOVER_AFTER)).await? {
                tx.commit().await?;
                return Ok(Reserved::New(request));
            }
            drop(tx);
            let mut reader = self.db.bulk_reader().await?;
            if let Some(known) = store::find_by_origin(&mut reader, new.payment.id, new.origin).await? {
                return Ok(Reserved::Known(known));
            }
            if let Some(open) = store::find_open(&mut reader, new.payment.id).await? {
                return Err(RefundError::InProgress(Box::new(open)));
            }
        }
        Err(DbError::NotUnique.into())
    }

    pub(super) async fn draft(&self, tx: &mut Tx, new: &NewRequest<'_>) -> Result<RefundRequest, DbError> {
        let id: RefundRequestId = ids::next(tx).await?;
        Ok(RefundRequest {
            id,
            company: new.app.company_id,
            app: new.app.id,
            connection: new.payment.connection,
            gateway: new.payment.gateway,
            transaction: new.payment.id,
            payment_id: new.payment.payment_id.clone(),
            amount: new.amount,
            note: new.note.map(ToOwned::to_owned),
            origin: new.origin.to_owned(),
            idempotency_key: format!("{id}-{}", base62::random(KEY_CHARS)),
            user: new.by.user,
            requested_by: new.by.name.to_owned(),
            state: State::Reserved,
            reason: None,
            answer: None,
            refund_id: None,
            attempts: 0,
            created_at: self.clock.now(),
            sent_at: None,
        })
    }

    /// Reads the payment from the gateway, and checks the amount. The request is stored, so that no other one of the payment can be
    /// made in between.
    pub(super) async fn check(&self, opened: &OpenedApi, request: &RefundRequest) -> Result<(), RefundError> {
        let pending = self.pending(request.transaction, Some(request.id)).await?;
        let found = (opened.api.find_payment)(opened.access(), &request.payment_id).await.map_err(RefundError::Api)?;
        let limits = (opened.api.limits)(request.amount.currency);
        rule::check(&found, &pending, limits, request.amount).map_err(RefundError::Refused)
    }

    /// Asks the gateway to refund, and stores the outcome. Does nothing if another task does, or if automatic refunds were stopped.
    pub(super) async fn send(
        &self,
        opened: &OpenedApi,
        mut request: RefundRequest,
        by: Option<&Actor<'_>>,
    ) -> Result<(), DbError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if self.is_stopped(&mut tx, &request).await? {
            return Ok(());
        }
        if !store::begin_attempt(&mut tx, &request, (now, now.plus(TAKEOVER_AFTER))).await? {
            return Ok(());
        }
        if request.attempts == 0 {
            let own = Actor {
                company: request.company,
                user: request.user,
                role: Role::Owner,
                name: &request.requested_by,
                address: None,
            };
            let object = format!("{} {} {}", request.id, request.amount.currency, request.amount.plain());
            security_log::append(&mut tx, by.unwrap_or(&own), Action::RefundRequested, object, now).await?;
        }
        tx.commit().await?;
        (request.attempts, request.sent_at) = (request.attempts + 1, Some(now));
        let order = RefundOrder {
            payment_id: &request.payment_id,
            amount: request.amount,
            key: &request.idempotency_key,
            reference: request.reference(),
            note: request.note.as_deref(),
        };
        let made = (opened.api.create)(opened.access(), &order).await;
        self.settle(&request, made).await
    }

    /// Stores the outcome of an attempt. Only the first can be rejected for good: a later one may be rejected because an earlier one
    /// has refunded, which its list of refunds tells.
    async fn settle(&self, request: &RefundRequest, made: Result<ApiRefund, ApiError>) -> Result<(), DbError> {
        let error = match made {
            Ok(refund) => return self.confirm(request, &refund).await,
            Err(error) => error,
        };
        let (reason, answer) = (Reason::of_error(&error), words(&error));
        let now = self.clock.now();
        let is_final = request.attempts == 1 && !matches!(error, ApiError::Unknown(_));
        let mut tx = self.db.begin().await?;
        if is_final {
            reject(&mut tx, request, (reason, answer.as_deref()), now).await?;
        } else {
            let due_at = now.plus(pause_after(now.since(request.created_at)));
            store::postpone(&mut tx, request, (State::Unknown, reason, answer.as_deref()), due_at).await?;
        }
        tx.commit().await?;
        tracing::warn!(request = %request.id, reason = reason.as_str(), is_final, "the gateway did not confirm a refund");
        Ok(())
    }

    pub(super) async fn confirm(&self, request: &RefundRequest, refund: &ApiRefund) -> Result<(), DbError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        store::confirm(&mut tx, request.id, &refund.id, now).await?;
        refunds_of_automations::write::settle(&mut tx, request.id, (true, now)).await?;
        tx.commit().await?;
        tracing::info!(request = %request.id, "the gateway confirmed a refund");
        Ok(())
    }

    /// True if a request came from an automation, and the automations of its app refund nothing at present.
    pub(super) async fn is_stopped(&self, on: impl Into<Exec<'_>>, request: &RefundRequest) -> Result<bool, DbError> {
        let Some(id) = request.automatic() else { return Ok(false) };
        refunds_of_automations::is_stopped(on, id).await
    }

    /// Opens the API keys of a connection.
    pub(super) async fn open(&self, gateway: Gateway, connection: ConnectionId) -> Result<OpenedApi, RefundError> {
        let profile = gateway.profile();
        let (Some(api), Some(keys)) = (&profile.refunds, &profile.api_keys) else { return Err(RefundError::Unsupported) };
        let stored = credentials::store::list_of_connection(&mut self.db.bulk_reader().await?, connection).await?;
        if !credentials::is_complete(&stored, keys) {
            return Err(RefundError::NoKeys);
        }
        let keys = credentials::open_all(&stored, keys, &self.vault).map_err(|field| {
            tracing::error!(%connection, field, "a stored credential cannot be decrypted: it was damaged or replaced");
            RefundError::KeysUnreadable
        })?;
        let base = self.addresses.get(gateway.slug()).cloned().unwrap_or_default();
        Ok(OpenedApi { api, base, keys })
    }

    /// Returns the amounts of a payment's other requests whose outcome is not known.
    async fn pending(&self, payment: TransactionId, own: Option<RefundRequestId>) -> Result<Vec<Money>, DbError> {
        let open = store::find_open(&mut self.db.bulk_reader().await?, payment).await?;
        Ok(open.into_iter().filter(|request| Some(request.id) != own).map(|request| request.amount).collect())
    }

    async fn find(&self, id: RefundRequestId) -> Result<RefundRequest, DbError> {
        let found = store::find(&mut self.db.bulk_reader().await?, id).await?;
        found.ok_or(DbError::Internal(sqlx::Error::RowNotFound))
    }
}

fn log_continued(request: &RefundRequest, error: &DbError) {
    tracing::warn!(request = %request.id, %error, "the outcome of a refund could not be stored, and a job continues it");
}

/// Stores that no refund was made, unless another attempt has begun.
pub(super) async fn reject(
    tx: &mut Tx,
    request: &RefundRequest,
    why: (Reason, Option<&str>),
    now: Timestamp,
) -> Result<(), DbError> {
    if store::reject(tx, request, why, now).await? {
        refunds_of_automations::write::settle(tx, request.id, (false, now)).await?;
    }
    Ok(())
}

/// Returns the gateway's words of an error.
pub(super) fn words(error: &ApiError) -> Option<String> {
    match error {
        ApiError::Rejected(words) => shown_words(words),
        ApiError::KeysRejected | ApiError::Unknown(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        accounts::authz::{
            Denied,
            denial::{MaybeDenied, assert_denied},
        },
        apps,
        db::test_db::TestDb,
        gateways::Mode,
        messages::payments_tests::paid,
        primitives::{
            id::{AppId, CompanyId},
            money::Currency,
            vault::MasterKey,
        },
        refunds::automatic::{self, decide, testing},
    };

    impl MaybeDenied for RefundError {
        fn denied(self) -> Option<Denied> {
            match self {
                Self::Denied(denied) => Some(denied),
                _ => None,
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn only_a_user_of_the_company_with_the_permission_reads_and_refunds_at_the_gateway() {
        let test = TestDb::new("refunds_denied").await;
        let refunder = Refunder {
            db: test.db.clone(),
            vault: Vault::new(MasterKey::generate()),
            clock: Clock::fixed(Timestamp::from_seconds(1_795_343_400)),
            addresses: Arc::default(),
        };
        let (app, payment) = (apps::tests::app(CompanyId::unique()), paid());
        assert_denied(app.company_id, async |actor: Actor<'static>| refunder.offer(&app, &payment, &actor).await).await;
        let request = async |by: Actor<'static>| {
            let amount = Money::new(100, Currency::INR);
            refunder.request(&NewRequest { app: &app, payment: &payment, amount, note: None, origin: "form", by: &by }).await
        };
        assert_denied(app.company_id, request).await;
        let proposed = testing::refund(automatic::State::ToConfirm);
        assert_denied(app.company_id, async |actor: Actor<'static>| refunder.propose(&app, &proposed, &actor).await).await;
        let confirm = async |actor: Actor<'static>| {
            refunder.confirm_automatic(&app, &proposed, Money::new(100, Currency::INR), &actor).await
        };
        assert_denied(app.company_id, confirm).await;
        let now = refunder.clock.now();
        let decline = async |actor: Actor<'static>| {
            decide::decline(&mut test.db.begin().await.unwrap(), &app, &proposed, (&actor, now)).await
        };
        assert_denied(app.company_id, decline).await;
        let list =
            async |actor: Actor<'static>| decide::list(&mut test.db.reader().await.unwrap(), (&app, Mode::Live), &actor).await;
        assert_denied(app.company_id, list).await;
        drop(refunder);
        test.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn only_an_open_question_of_the_app_can_be_confirmed_until_it_expires() {
        let test = TestDb::new("refunds_expired").await;
        let now = Timestamp::from_seconds(1_795_343_400);
        let refunder = Refunder {
            db: test.db.clone(),
            vault: Vault::new(MasterKey::generate()),
            clock: Clock::fixed(now),
            addresses: Arc::default(),
        };
        let (app, shown) = (apps::tests::app(CompanyId::unique()), Money::new(100, Currency::INR));
        let owner = Actor { company: app.company_id, user: None, role: Role::Owner, name: "The Owner", address: None };
        let due_at = Some(now.plus(Duration::from_secs(1)));
        let question = testing::refund(automatic::State::ToConfirm);
        let question =
            automatic::AutomaticRefund { company: app.company_id, app: app.id, due_at, amount: Some(shown), ..question };
        let confirm = async |refund: &automatic::AutomaticRefund| refunder.confirm_automatic(&app, refund, shown, &owner).await;
        // It is read again, and its payment does not exist.
        assert!(matches!(confirm(&question).await, Err(RefundError::Denied(Denied::OtherCompany))));
        let expired = automatic::AutomaticRefund { due_at: Some(now), ..question.clone() };
        let of_other = automatic::AutomaticRefund { app: AppId::unique(), ..question.clone() };
        for closed in [expired, of_other] {
            assert!(matches!(confirm(&closed).await, Ok(decide::Confirmed::NotOpen)), "{closed:?}");
        }
        for state in automatic::State::ALL.iter().filter(|state| **state != automatic::State::ToConfirm) {
            let closed = automatic::AutomaticRefund { state: *state, ..question.clone() };
            assert!(matches!(confirm(&closed).await, Ok(decide::Confirmed::NotOpen)), "{closed:?}");
        }
        drop(refunder);
        test.end().await;
    }
}
