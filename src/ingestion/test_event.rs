//! Stores the test events of KS Pay itself, each in a unit of work of its own, so that batches know nothing of them.
//!
//! Invariant: a request with a valid challenge is stored once as a test event, whichever servers it reaches. A copy of a stored test
//! event, with a challenge or without one, changes nothing. Any other request of this type is an ordinary event.

use super::{group_commit::WriteError, store, store_batch::WriteOutcome};
use crate::{
    db::{Db, DbError, with_timeout},
    events::append::VerifiedRequest,
    gateways::adapter::{Incoming, TEST_EVENT_TYPE},
    pipeline,
    primitives::vault::Vault,
    test_events::{challenge, store as test_events},
};

/// Stores test events. One per server.
pub(super) struct TestEventStore {
    db: Db,
    vault: Vault,
}

/// The outcome of a unit of work.
enum Claim {
    Stored,
    /// The endpoints have changed since the request was verified.
    Stale,
    /// The body is an event already.
    Known,
}

impl TestEventStore {
    pub(super) const fn new(db: Db, vault: Vault) -> Self {
        Self { db, vault }
    }

    /// Returns the outcome for a test event or a copy of one; `None` for any other request, which is an ordinary event.
    ///
    /// # Errors
    /// If it is not certain that the event was stored.
    pub(super) async fn store(
        &self,
        (endpoint, incoming): (&str, &Incoming<'_>),
        request: &VerifiedRequest,
        version: i64,
    ) -> Result<Option<WriteOutcome>, WriteError> {
        if !request.is_unhandled(TEST_EVENT_TYPE) {
            return Ok(None);
        }
        self.store_or_recognize((endpoint, incoming), request, version).await.map_err(|error| {
            tracing::error!(%error, "a test event could not be stored");
            if matches!(error, DbError::Internal(_) | DbError::NotUnique) { WriteError::Poisoned } else { WriteError::Transient }
        })
    }

    async fn store_or_recognize(
        &self,
        (endpoint, incoming): (&str, &Incoming<'_>),
        request: &VerifiedRequest,
        version: i64,
    ) -> Result<Option<WriteOutcome>, DbError> {
        if self.is_known(request).await? {
            return Ok(Some(WriteOutcome::Stored));
        }
        if !challenge::is_valid(&self.vault, endpoint, incoming, request.at) {
            return Ok(None);
        }
        match with_timeout(self.claim(request, version)).await? {
            Claim::Stored => Ok(Some(WriteOutcome::Stored)),
            Claim::Stale => Ok(Some(WriteOutcome::Stale)),
            // Another server has stored it meanwhile, or it arrived before without its challenge.
            Claim::Known => Ok(self.is_known(request).await?.then_some(WriteOutcome::Stored)),
        }
    }

    async fn is_known(&self, request: &VerifiedRequest) -> Result<bool, DbError> {
        let reading =
            async { test_events::is_claimed(&mut self.db.reader().await?, request.scope.connection, &request.sha256).await };
        with_timeout(reading).await
    }

    async fn claim(&self, request: &VerifiedRequest, version: i64) -> Result<Claim, DbError> {
        let mut tx = self.db.begin().await?;
        if store::version(&mut tx).await? != version {
            return Ok(Claim::Stale);
        }
        let Some(event) = pipeline::ingest_test_event(&mut tx, request).await? else { return Ok(Claim::Known) };
        if !test_events::claim(&mut tx, &request.scope, (event, &request.sha256), request.at).await? {
            return Ok(Claim::Known);
        }
        tx.commit().await?;
        self.db.check_files().await?;
        Ok(Claim::Stored)
    }
}
